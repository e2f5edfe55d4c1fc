package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Symmetries;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The Noether charges of the positive scalings of a Graph's units, C = ‖u‖² − ‖w‖² of a unit with in-weights u and
 * out-weights w, and how SGD moves them (Ziyin et al., NeurIPS 2024, arXiv 2402.07193; theory, 4). Gradient flow keeps each.
 *
 * <p>
 * With C = θᵀAθ the symmetry says gᵀAθ = 0 for the gradient g of every sample, so that a step θ ← θ − η(g + wd·θ) takes C to
 * (1 − η·wd)²C + η²gᵀAg, and in the mean over batches, with t = η × steps,
 *
 * <pre>
 * dC/dt = −(2 − η·wd)·wd·C + η·(ḡᵀAḡ + Tr[ΣA]/S')
 * </pre>
 *
 * Σ is the covariance of per-sample gradients, ḡ their mean, and S' = S·(N − 1)/(N − S) for batches of S drawn without
 * replacement from N. The paper's equation is the limit of small η·wd without the part of ḡ, which finite steps have even
 * where there is no noise.
 */
public final class Charges {
    private final Map<String, UnitBalance> scaled = new LinkedHashMap<>();

    private Charges(Symmetries symmetries) {
        for (UnitBalance one : UnitBalance.all(symmetries)) {
            String name = one.space().name();
            int number = 1;
            while (scaled.putIfAbsent(number == 1 ? name : name + " " + number, one) != null) {
                number++;
            }
        }
    }

    /** Of the scalings that move what is trained and nothing else; a second one of a Space has a 2 behind its name. */
    public static Charges of(Symmetries symmetries) {
        return new Charges(symmetries);
    }

    /** The Spaces that have charges. */
    public Set<String> names() {
        return Set.copyOf(scaled.keySet());
    }

    /** The Parameters that a Space's charges are of. */
    public List<String> parameters(String name) {
        UnitBalance one = scaled.get(name);
        return one == null ? List.of() : one.parameters();
    }

    /** Per Space the charge of every unit. */
    public Map<String, double[]> of(Graph weights) {
        return each(weights, parameter -> true);
    }

    private Map<String, double[]> each(Graph graph, Predicate<String> counts) {
        Map<String, double[]> charges = new LinkedHashMap<>();
        scaled.forEach((name, one) -> charges.put(name, one.charges(graph, counts)));
        return charges;
    }

    /**
     * Per Space ‖g_u‖²/‖g_w‖² summed over units, 1 in the balanced state in the mean; not there where one side is 0.
     *
     * @param gradients a Graph with gradients in the place of its parameters
     */
    public Map<String, Double> balance(Graph gradients) {
        Map<String, Double> balance = new LinkedHashMap<>();
        scaled.forEach((name, one) -> {
            UnitBalance.Sides sides = one.sides(gradients);
            double in = Arrays.stream(sides.in()).sum();
            double out = Arrays.stream(sides.out()).sum();
            if (in > 0 && out > 0) {
                balance.put(name, in / out);
            }
        });
        return balance;
    }

    /**
     * How training moves.
     *
     * @param rate η
     * @param decay wd
     * @param decays which Parameters it acts on
     * @param batch S
     * @param of N, how many samples batches are drawn from
     */
    public record Step(double rate, double decay, Predicate<String> decays, int batch, int of) {
    }

    /** The gradients of single samples at some weights: their mean and mean square, per unit gᵀAg of both. */
    public record Noise(Map<String, double[]> mean, Map<String, double[]> square) {
    }

    /**
     * Measures gradients.
     *
     * @throws StructureException if there are no samples, or a gradient is not finite
     */
    public Noise noise(Graph weights, SampleGradients gradients) {
        GradientMoments moments = new GradientMoments();
        Graph doubles = Balance.converted(weights, DataType.FLOAT, DataType.DOUBLE, Set.of());
        gradients.each(doubles, moments::add);
        // What no gradient is given for has gradient 0.
        Predicate<String> given = moments.means()::containsKey;
        return new Noise(each(doubles.replacing(moments.means()), given),
                each(doubles.replacing(moments.roots()), given));
    }

    /** Per Space dC/dt of every unit, as the class says. */
    public Map<String, double[]> rates(Graph weights, Noise noise, Step step) {
        Map<String, double[]> decaying = each(weights, step.decays());
        double left = step.of() > 1 ? (step.of() - step.batch()) / (double) (step.of() - 1) : 0;
        Map<String, double[]> rates = new LinkedHashMap<>();
        decaying.forEach((name, charges) -> {
            double[] mean = noise.mean().getOrDefault(name, new double[charges.length]);
            double[] square = noise.square().getOrDefault(name, new double[charges.length]);
            double[] rate = new double[charges.length];
            Arrays.setAll(rate, u -> -(2 - step.rate() * step.decay()) * step.decay() * charges[u]
                    + step.rate() * (mean[u] + left / step.batch() * (square[u] - mean[u])));
            rates.put(name, rate);
        });
        return rates;
    }
}
