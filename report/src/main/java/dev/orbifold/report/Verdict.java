package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.RunState;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What came out of a Run, in one line and one proof. */
final class Verdict {
    /** Findings of a scan that say that its trial showed nothing, somewhere. */
    private static final Set<String> UNSHOWN =
            Set.of("symmetry-not-shown", "weights-not-finite", "outputs-not-finite", "ill-conditioned");

    private Verdict() {
    }

    /** The line: what got smaller, what it cost, whether the target was met; or how the Run stands. */
    static Html line(Optional<JsonNode> result, RunState state) {
        Html line = new Html().open("p", "class", "verdict");
        String gains = result.map(Verdict::gains).orElse("");
        if (!gains.isEmpty()) {
            line.element("strong", gains).text(". ");
        }
        result.filter(r -> isTransform(r) || isBalance(r)).ifPresent(r -> same(line, state));
        JsonNode target = result.map(r -> r.path("target")).orElse(Details.NOTHING);
        if (target.path("met").isBoolean()) {
            boolean met = target.path("met").asBoolean();
            line.text("Target: " + target(target) + " – ").element("span", met ? "met" : "missed", "class",
                    met ? "met" : "missed").text(". ");
        }
        result.filter(Verdict::isTrain).filter(r -> r.path("met").isBoolean() && hasGoal(r.path("constraints")))
                .ifPresent(r -> goals(line, r.path("met").asBoolean()));
        result.filter(r -> r.has("points") && r.path("met").isBoolean() && !r.path("met").asBoolean())
                .ifPresent(r -> line.text("Goals: ")
                        .element("span", state.status() == RunState.Status.DONE ? "missed" : "some missed so far",
                                "class",
                                "missed")
                        .text(", see the Findings. "));
        result.map(TrainFacts::sentences).orElse(List.of()).forEach(sentence -> line.text(sentence + " "));
        if (state.status() != RunState.Status.DONE) {
            unfinished(line, state);
        } else if (gains.isEmpty()) {
            line.text("The Run is done, exit code " + state.exitCode() + ".");
        }
        return line.end("p");
    }

    private static boolean hasGoal(JsonNode constraints) {
        for (JsonNode one : constraints) {
            if (one.path("goal").isNumber()) {
                return true;
            }
        }
        return false;
    }

    private static void goals(Html line, boolean met) {
        line.text("Constraints: ").element("span", met ? "met" : "missed", "class", met ? "met" : "missed").text(". ");
    }

    /** How a Run stands that is not done: what to type next, or why it cannot go on. */
    private static void unfinished(Html line, RunState state) {
        String stands = switch (state.status()) {
            case FAILED -> "The Run failed";
            case INTERRUPTED -> "The Run was interrupted";
            default -> "The Run is " + state.status().name().toLowerCase(Locale.ROOT);
        };
        String next = state.next();
        if (next.isEmpty()) {
            line.text(stands + ".");
        } else if (state.status() == RunState.Status.FAILED && !next.contains(" resume ")) {
            line.text(stands + ": " + next + (next.endsWith(".") ? "" : "."));
        } else {
            line.text(stands + ". Next: ").element("code", next);
        }
    }

    private static void same(Html line, RunState state) {
        if (state.status() == RunState.Status.DONE) {
            boolean same = state.exitCode() == 0;
            line.element("span", same ? "The same function" : "Not shown to be the same function", "class",
                    same ? "met" : "missed").text(". ");
        }
    }

    private static String gains(JsonNode result) {
        if (isScan(result)) {
            return found(result);
        }
        if (result.has("points")) {
            int done = result.path("points").size();
            int all = result.path("trainings").asInt(done);
            return done + (done < all ? " of " + all : "") + " trainings in " + result.path("series").size()
                    + " series";
        }
        if (result.path("schema").asText().startsWith("orbifold.predict/")) {
            return PredictSections.verdict(result);
        }
        if (isTransform(result)) {
            return Units.percent(100 * result.path("moved").asDouble(Double.NaN)).replace(" %", "\u00a0%")
                    + " of the weights moved";
        }
        if (isBalance(result)) {
            return "The weights' length went from " + BalanceSections.length(result.path("norm").path("before"))
                    + " to "
                    + BalanceSections.length(result.path("norm").path("after"));
        }
        JsonNode before = result.path("before");
        JsonNode after = result.path("after");
        List<String> gains = new ArrayList<>();
        boolean cheaper = !isTrain(result) || after.path("macs").asDouble() < before.path("macs").asDouble();
        if (cheaper && before.path("macs").isNumber() && after.path("macs").asDouble() > 0) {
            gains.add(Units.factor(before.path("macs").asDouble() / after.path("macs").asDouble()) + " fewer MACs");
        }
        if (before.path("accuracy").isNumber() && after.path("accuracy").isNumber()) {
            double from = before.path("accuracy").asDouble();
            double to = after.path("accuracy").asDouble();
            gains.add(result.path("fresh").asBoolean() ? "accuracy " + Units.percent(to)
                    : "accuracy " + Units.percent(from) + " → " + Units.percent(to) + " (" + Units.points(to - from)
                            + ")");
        } else if (isTrain(result) && before.path("loss").isNumber() && after.path("loss").isNumber()) {
            gains.add("loss "
                    + (result.path("fresh").asBoolean() ? "" : Units.loss(before.path("loss").asDouble()) + " → ")
                    + Units.loss(after.path("loss").asDouble()));
        }
        String all = String.join(", ", gains).replace(" %", "\u00a0%");
        return all.isEmpty() ? all : Character.toUpperCase(all.charAt(0)) + all.substring(1);
    }

    private static String target(JsonNode target) {
        double value = target.path("value").asDouble(Double.NaN);
        return switch (target.path("kind").asText()) {
            case "speedup" -> "at least " + plain(value) + "× fewer MACs";
            case "keep" -> "at most " + plain(value * 100) + " % of the parameters";
            case "max-drop" -> "lose at most " + plain(value) + " points of accuracy";
            default -> target.path("kind").asText("none") + " " + target.path("value").asText("");
        };
    }

    private static String plain(double value) {
        return new BigDecimal(String.format(Locale.ROOT, "%.4g", value)).stripTrailingZeros().toPlainString();
    }

    private static boolean isScan(JsonNode result) {
        return result.path("schema").asText().startsWith("orbifold.scan/");
    }

    private static boolean isTransform(JsonNode result) {
        return result.path("schema").asText().startsWith("orbifold.transform/");
    }

    private static boolean isBalance(JsonNode result) {
        return result.path("schema").asText().startsWith("orbifold.balance/");
    }

    private static boolean isTrain(JsonNode result) {
        return result.path("schema").asText().startsWith("orbifold.train/");
    }

    private static String found(JsonNode result) {
        int spaces = result.path("spaces").size();
        String found = spaces == 1 ? "1 Space" : spaces + " Spaces";
        int defects = 0;
        boolean shown = true;
        for (JsonNode finding : result.path("findings")) {
            String kind = finding.path("kind").asText();
            defects += kind.equals("symmetry-defect") ? 1 : 0;
            shown &= !UNSHOWN.contains(kind);
        }
        if (defects == 0 && !shown) {
            return found + ", not every symmetry could be shown";
        }
        return defects == 0 ? found + (spaces == 1 ? ", its symmetry verified" : ", all symmetries verified")
                : found + " whose symmetries hold, " + defects + " that " + (defects == 1 ? "does" : "do")
                        + " not hold and " + (defects == 1 ? "is" : "are") + " not used";
    }

    /** What a scan says beside how much it found: what shrinking would save, and what was verified how. */
    static List<String> scan(JsonNode result) {
        if (!isScan(result)) {
            return List.of();
        }
        JsonNode model = result.path("model");
        JsonNode shrunk = result.path("shrunk");
        double saved = model.path("parameters").asDouble() - shrunk.path("parameters").asDouble();
        JsonNode verification = result.path("verification");
        long samples = verification.path("samples").asLong();
        return List.of(saved == 0 ? "Nothing that the command shrink takes out has collapsed."
                : "The command shrink would take out " + share(model, shrunk, "parameters", " parameters") + " and "
                        + share(model, shrunk, "macs", " MACs") + ".",
                "Verified: a random element of every Group was applied and the outputs compared; they moved by at most "
                        + Units.scientific(verification.path("maxError").asDouble(Double.NaN))
                        + " of their range (ONNX Runtime, " + samples + (samples == 1 ? " sample)." : " samples)."));
    }

    private static String share(JsonNode before, JsonNode after, String field, String unit) {
        double all = before.path(field).asDouble(Double.NaN);
        double saved = all - after.path(field).asDouble(Double.NaN);
        return Units.count(saved) + " of " + Units.count(all) + unit + " (" + Units.percent(100 * saved / all) + ")";
    }

    /** How far the outputs moved when something was taken out or moved; empty where it was not measured. */
    static Optional<String> proof(JsonNode result) {
        JsonNode equality = result.path("equality");
        if (!equality.has("maxError")) {
            return Optional.empty();
        }
        long samples = equality.path("samples").asLong();
        String compared = "compared by ONNX Runtime on " + samples + (samples == 1 ? " sample." : " samples.");
        if (!equality.path("maxError").isNumber()) {
            return Optional
                    .of("Not all outputs are numbers, so that nothing shows whether they are equal, " + compared);
        }
        return Optional.of((isTransform(result) || isBalance(result) ? "No output moved by more than "
                : result.has("points") || isTrain(result) && unconstrained(result)
                        ? "Writing what was trained out moved no output by more than "
                        : isTrain(result)
                                ? "Cutting what is zero out of the folded network moved no output by more than "
                                : "Taking out what had collapsed moved no output by more than ")
                + Units.scientific(equality.path("maxError").asDouble()) + " of the output range, " + compared);
    }

    /** Whether no constraint made anything zero that could be cut out. */
    private static boolean unconstrained(JsonNode result) {
        return result.path("constraints").isArray() && result.path("constraints").isEmpty();
    }
}
