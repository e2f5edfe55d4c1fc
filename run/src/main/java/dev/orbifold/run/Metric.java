package dev.orbifold.run;

import java.util.LinkedHashMap;
import java.util.Map;

/** One line of {@code metrics.jsonl}. */
public sealed interface Metric {
    /** When it was measured. */
    Point at();

    /**
     * A place in training.
     *
     * @param step optimizer steps done, over all phases
     * @param epoch epochs done, fractional, over all phases
     * @param phase such as {@code constrain}, {@code removal}, {@code heal}
     */
    record Point(long step, double epoch, String phase) {
    }

    /**
     * What training saw since the last line of this kind.
     *
     * @param loss mean nats per target
     * @param learningRate of the last step
     * @param values further named values, such as {@code accuracy} in percent of the training batches, or
     *        {@code lambda}
     */
    record Train(Point at, double loss, double learningRate, Map<String, Double> values) implements Metric {
    }

    /**
     * An evaluation without training.
     *
     * @param part of the data, such as {@code heldout} or {@code test}
     * @param accuracy in percent, NaN where the task has none
     * @param loss mean nats per target
     * @param macs of the Graph as it stands, batch 1
     * @param parameters of the Graph as it stands
     */
    record Evaluation(Point at, String part, double accuracy, double loss, long macs,
            long parameters) implements Metric {
    }

    /**
     * How wide every Space is.
     *
     * @param macs of the Graph with these widths, batch 1
     * @param widths units that are not collapsed, by Space name
     */
    record Widths(Point at, long macs, Map<String, Integer> widths) implements Metric {
    }

    /**
     * How much of every constraint has become zero.
     *
     * @param shares exactly zero cells over all cells, by constraint
     */
    record Zeros(Point at, Map<String, Double> shares) implements Metric {
    }

    /**
     * How a network in training stands to its mirrors.
     *
     * @param measures by measure, such as {@code distance-dead}; by what it was measured on, a Space or a Parameter; by which
     *        number of it, such as {@code least}, or {@link #ONLY} where there is one alone. Numbers that are not finite are
     *        left out
     */
    record Watch(Point at, Map<String, Map<String, Map<String, Double>>> measures) implements Metric {
        /** The name of a number that is the only one. */
        public static final String ONLY = "";

        /** The measures as they are written: a number that is the only one stands for itself. */
        private Map<String, Object> written() {
            Map<String, Object> all = new LinkedHashMap<>();
            measures.forEach((measure, places) -> {
                Map<String, Object> here = new LinkedHashMap<>();
                places.forEach((place, numbers) -> {
                    Map<String, Double> finite = new LinkedHashMap<>(numbers);
                    finite.values().removeIf(number -> !Double.isFinite(number));
                    if (finite.size() == 1 && finite.containsKey(ONLY)) {
                        here.put(place, finite.values().iterator().next());
                    } else if (!finite.isEmpty()) {
                        here.put(place, finite);
                    }
                });
                if (!here.isEmpty()) {
                    all.put(measure, here);
                }
            });
            return all;
        }
    }

    /** Something that happened once, such as the removal of collapsed units or a change of phase. */
    record Event(Point at, String name, String message) implements Metric {
    }

    /** The line's fields in the order they are written, {@code t} in seconds since the Run began. */
    default Map<String, Object> fields(double t) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("t", t);
        line.put("step", at().step());
        line.put("epoch", at().epoch());
        line.put("phase", at().phase());
        switch (this) {
            case Train train -> {
                line.put("kind", "train");
                line.put("loss", train.loss());
                line.put("lr", train.learningRate());
                line.putAll(train.values());
            }
            case Evaluation evaluation -> {
                line.put("kind", "eval");
                line.put("part", evaluation.part());
                line.put("accuracy", evaluation.accuracy());
                line.put("loss", evaluation.loss());
                line.put("macs", evaluation.macs());
                line.put("parameters", evaluation.parameters());
            }
            case Widths widths -> {
                line.put("kind", "widths");
                line.put("macs", widths.macs());
                line.put("widths", widths.widths());
            }
            case Zeros zeros -> {
                line.put("kind", "zeros");
                line.put("shares", zeros.shares());
            }
            case Watch watch -> {
                line.put("kind", "watch");
                line.putAll(watch.written());
            }
            case Event event -> {
                line.put("kind", "event");
                line.put("name", event.name());
                line.put("message", event.message());
            }
        }
        return line;
    }
}
