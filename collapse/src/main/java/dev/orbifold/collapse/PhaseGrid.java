package dev.orbifold.collapse;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Learning rates and weight decays of a phase diagram, in equal factors.
 *
 * @param rates η, ascending
 * @param decays wd, ascending
 */
public record PhaseGrid(double[] rates, double[] decays) {
    private static final int RATES = 9;
    private static final int DECAYS = 25;
    /** Between neighbouring rates. */
    private static final double FACTOR = Math.pow(10, 0.25);
    /** How far decays may lie apart. */
    private static final double DECADES = 1e6;
    /** Where nothing says how large a decay is. */
    private static final double USUAL = 1e-3;

    /** A grid with a rate in its middle, whose decays hold a given one and the thresholds that were found. */
    public static PhaseGrid around(List<SpaceForecast> spaces, double rate, double decay) {
        double[] found = spaces.stream().flatMapToDouble(s -> IntStream.range(0, s.predictions().size())
                .mapToDouble(i -> s.predictions().get(i).threshold())).filter(t -> t > 0).sorted().toArray();
        double asked = decay > 0 ? decay : found.length > 0 ? found[found.length / 2] : USUAL;
        double high = 3 * (found.length > 0 ? Math.max(asked, found[found.length - 1]) : asked);
        double low = Math.max(high / DECADES,
                (found.length > 0 ? Math.min(asked, found[found.length / 10]) : asked) / 3);
        return new PhaseGrid(
                IntStream.range(0, RATES).mapToDouble(i -> rate * Math.pow(FACTOR, i - RATES / 2)).toArray(),
                IntStream.range(0, DECAYS).mapToDouble(i -> low * Math.pow(high / low, i / (DECAYS - 1.0)))
                        .toArray());
    }
}
