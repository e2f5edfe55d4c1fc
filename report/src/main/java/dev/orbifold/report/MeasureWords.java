package dev.orbifold.report;

/** What people call the measures of experiments, with their units. */
final class MeasureWords {
    private MeasureWords() {
    }

    /**
     * A measure in words.
     *
     * @param measure as a recipe names it
     * @param nats whether losses are cross-entropies; others have no unit of their own
     */
    static String of(String measure, boolean nats) {
        return switch (measure) {
            case "accuracy", "zeros" -> measure + " (%)";
            case "loss" -> loss(nats);
            case "compression", "speedup" -> measure + " (×)";
            case "macs" -> "MACs";
            case "fates" -> "units whose fate was as said (%)";
            case "dead" -> "dead units (%)";
            case "active" -> "active latents";
            case "divergence" -> "divergence (nats per item)";
            case "tasks" -> "mean accuracy of tasks (%)";
            case "tasks-loss" -> "mean " + loss(nats) + " of tasks";
            case "dead-units" -> "dead units";
            case "rank" -> "mean rank";
            case "output-rank" -> "rank of outputs";
            case "near-dead" -> "units near death (%)";
            case "near-twins" -> "units near another one (%)";
            case "near-lost" -> "coordinates nearly lost (%)";
            case "distance-dead" -> "median distance from dying";
            case "distance-twins" -> "median distance from the nearest other unit";
            case "distance-rank" -> "smallest over largest singular value";
            case "length" -> "mean length of units";
            case "stable-rank" -> "mean stable rank";
            case "effective-rank" -> "mean effective rank";
            case "balance" -> "balance of gradients";
            case "noise-cosine" -> "cosine of noise on both sides";
            case "alignment" -> "mean alignment";
            case "alignment-chance" -> "mean alignment by chance";
            case "pull" -> "weight decay that the loss makes up for";
            case "pull-shape" -> "correlation of −E[g hᵀ] and WWᵀ";
            case "dormant" -> "dormant units (%)";
            case "breaking" -> "symmetry-breaking distance";
            case "charge" -> "Noether charge";
            case "charge-predicted" -> "predicted Noether charge";
            default -> measure;
        };
    }

    /** The loss, with the unit that a cross-entropy has. */
    static String loss(boolean nats) {
        return nats ? "loss (nats)" : "loss";
    }
}
