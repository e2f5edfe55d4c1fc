package dev.orbifold.cli;

import dev.orbifold.collapse.EigenPair;
import dev.orbifold.collapse.Forecast;
import dev.orbifold.collapse.HessianSummary;
import dev.orbifold.collapse.Lyapunov;
import dev.orbifold.collapse.PhaseGrid;
import dev.orbifold.collapse.Prediction;
import dev.orbifold.collapse.SpaceForecast;
import dev.orbifold.report.Table;
import dev.orbifold.report.Units;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** A forecast as people and as programs read it. */
final class Predictions {
    /** Mirrors that are shown one by one. */
    private static final int SHOWN = 5;

    private Predictions() {
    }

    /** The word for a verdict. */
    static String word(Lyapunov.Verdict verdict) {
        return switch (verdict) {
            case COLLAPSES -> "attracts";
            case ESCAPES -> "repels";
            case OPEN -> "open";
        };
    }

    /** The tables. */
    static String text(Forecast forecast, double accuracy, double rate, double decay, int batch, double seconds) {
        StringBuilder text = new StringBuilder();
        if (!forecast.spaces().isEmpty()) {
            Table table = new Table().left("Space").left("collapse").right("looked at").right("attract").right("repel")
                    .right("open").right("least wd*").right("median").right("largest").left("by");
            for (SpaceForecast space : forecast.spaces()) {
                double[] thresholds = space.thresholds();
                table.row(space.space(), space.kind().collapse(), looked(space),
                        count(space, Lyapunov.Verdict.COLLAPSES), count(space, Lyapunov.Verdict.ESCAPES),
                        count(space, Lyapunov.Verdict.OPEN), number(thresholds[0]),
                        number(thresholds[thresholds.length / 2]), number(thresholds[thresholds.length - 1]),
                        space.method().words());
            }
            text.append(table.text()).append(String.format(Locale.ROOT,
                    "%nAt a learning rate of %s, a weight decay of %s and batches of %d. A mirror attracts where its exponent, the"
                            + " growth of the distance in nats per step, is negative, and is open where the 95 %% interval holds 0.%n",
                    number(rate), number(decay), batch));
        }
        List<Prediction> worst = worst(forecast);
        if (!worst.isEmpty()) {
            Table table = new Table().left("collapses first").left("").right("‖Oᵀθ‖").right("wd*").right("exponent")
                    .right("95 %: from").right("to").right("critical rate");
            for (Prediction p : worst) {
                table.row(p.space(), p.mirror(), number(p.distance()), number(p.threshold()),
                        number(p.exponent().value()), number(p.exponent().low()), number(p.exponent().high()),
                        p.critical().isEmpty() ? Units.UNKNOWN : number(p.critical().getAsDouble()));
            }
            text.append('\n').append(table.text());
        }
        forecast.hessian().ifPresent(h -> text.append('\n').append(text(h)));
        return text.append(String.format(Locale.ROOT, "%nLoss %s%s; %s.%n", number(forecast.loss()),
                Double.isNaN(accuracy) ? ""
                        : String.format(Locale.ROOT, ", accuracy %.2f %% of these training samples", accuracy),
                Units.seconds(seconds))).toString();
    }

    private static String text(HessianSummary hessian) {
        List<String> top = hessian.top().stream().map(p -> number(p.value())).toList();
        return "Hessian of the loss: largest eigenvalues " + String.join(", ", top)
                + (hessian.converged() ? "" : " (not settled)") + "; trace " + number(hessian.trace().trace()) + " ± "
                + number(hessian.trace().standardError()) + " (" + hessian.products() + " products).\n";
    }

    private static String looked(SpaceForecast space) {
        return space.predictions().size()
                + (space.mirrors() < 0 || space.mirrors() == space.predictions().size() ? ""
                        : " of " + space.mirrors());
    }

    private static String count(SpaceForecast space, Lyapunov.Verdict verdict) {
        return String.valueOf(space.count(verdict));
    }

    /** Those that attract the most, the nearest first among equals. */
    private static List<Prediction> worst(Forecast forecast) {
        return forecast.spaces().stream().flatMap(s -> s.predictions().stream())
                .filter(p -> p.verdict() == Lyapunov.Verdict.COLLAPSES)
                .sorted(Comparator.comparingDouble((Prediction p) -> p.exponent().value())
                        .thenComparingDouble(Prediction::distance))
                .limit(SHOWN).toList();
    }

    private static String number(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.3g", value);
    }

    /** The parts of the JSON document that a forecast fills. */
    static Map<String, Object> fields(Forecast forecast, double rate, double decay) {
        Map<String, Object> fields = new LinkedHashMap<>();
        PhaseGrid grid = PhaseGrid.around(forecast.spaces(), rate, decay);
        fields.put("spaces", forecast.spaces().stream().map(s -> space(s, grid)).toList());
        fields.put("phase", Map.of("rates", grid.rates(), "weightDecays", grid.decays()));
        forecast.hessian().ifPresent(h -> fields.put("hessian", hessian(h)));
        return fields;
    }

    private static Map<String, @Nullable Object> space(SpaceForecast space, PhaseGrid grid) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        double[] thresholds = space.thresholds();
        fields.put("name", space.space());
        fields.put("collapse", space.kind().collapse());
        fields.put("method", space.method().words());
        if (space.mirrors() >= 0) {
            fields.put("mirrors", space.mirrors());
        }
        fields.put("looked", space.predictions().size());
        fields.put("attract", space.count(Lyapunov.Verdict.COLLAPSES));
        fields.put("repel", space.count(Lyapunov.Verdict.ESCAPES));
        fields.put("open", space.count(Lyapunov.Verdict.OPEN));
        fields.put("threshold", Map.of("least", thresholds[0], "median", thresholds[thresholds.length / 2], "largest",
                thresholds[thresholds.length - 1]));
        fields.put("newUnit", orNull(space.fresh()));
        fields.put("predictions", space.predictions().stream().map(Predictions::prediction).toList());
        fields.put("attracting", space.attracting(grid.rates(), grid.decays()));
        return fields;
    }

    private static Map<String, @Nullable Object> prediction(Prediction p) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("mirror", p.mirror());
        fields.put("distance", p.distance());
        fields.put("threshold", p.threshold());
        fields.put("thresholdError", p.error());
        fields.put("exponent", Map.of("value", p.exponent().value(), "low", p.exponent().low(), "high",
                p.exponent().high()));
        fields.put("criticalRate", orNull(p.critical()));
        fields.put("verdict", word(p.verdict()));
        return fields;
    }

    private static @Nullable Double orNull(OptionalDouble number) {
        return number.isPresent() ? number.getAsDouble() : null;
    }

    private static Map<String, Object> hessian(HessianSummary hessian) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("eigenvalues", hessian.top().stream().map(EigenPair::value).toList());
        fields.put("residuals", hessian.top().stream().map(EigenPair::residual).toList());
        fields.put("settled", hessian.converged());
        fields.put("trace", hessian.trace().trace());
        fields.put("traceError", hessian.trace().standardError());
        double[][] density = hessian.density().drawn();
        fields.put("density", Map.of("values", density[0], "density", density[1]));
        fields.put("products", hessian.products());
        return fields;
    }
}
