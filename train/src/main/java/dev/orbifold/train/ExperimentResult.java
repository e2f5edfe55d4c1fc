package dev.orbifold.train;

import java.util.List;
import java.util.Map;

/**
 * What an experiment showed.
 *
 * @param points one for each training
 * @param met whether every goal was reached in every training
 * @param verdict one sentence for people
 */
public record ExperimentResult(List<Point> points, boolean met, String verdict) implements Reached {
    /**
     * One training.
     *
     * @param series its series
     * @param value what stood for {@code $}
     * @param seed of every random draw
     * @param measures everything that can be plotted, by the word a recipe uses
     * @param maxError largest output difference between the trained network and the one written
     * @param samples how many inputs that was checked on
     * @param run the folder of its own Run, from the experiment's
     */
    public record Point(String series, String value, long seed, Map<String, Double> measures, double maxError,
            int samples, String run) {
    }

    /** Copies the list. */
    public ExperimentResult {
        points = List.copyOf(points);
    }
}
