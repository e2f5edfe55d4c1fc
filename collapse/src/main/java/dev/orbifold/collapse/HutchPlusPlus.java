package dev.orbifold.collapse;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The trace of a symmetric map by Hutch++ (Meyer, Musco, Musco and Woodruff, SOSA 2021, algorithm 1): exact on the range of a
 * random sketch, Hutchinson's estimate on what is at right angles to it.
 *
 * @param trace the estimate
 * @param standardError of the estimate, from the spread of its random part; 0 where nothing is left for it
 * @param products how many products it took
 */
public record HutchPlusPlus(double trace, double standardError, int products) {
    /**
     * Estimates a trace.
     *
     * @param length how many numbers the map's vectors have; it must act on all of them
     * @param products how many products may be used, at least 6: a third each for the sketch, its range, and the rest
     */
    public static HutchPlusPlus of(SymmetricOperator map, int length, int products, Seed seed) {
        int third = products / 3;
        if (third < 2) {
            throw new CollapseException("Hutch++ needs at least 6 products, found " + products);
        }
        RandomGenerator random = seed.generator();
        if (length <= third) {
            List<double[]> all = new ArrayList<>();
            for (int k = 0; k < length; k++) {
                double[] unit = new double[length];
                unit[k] = 1;
                all.add(unit);
            }
            return new HutchPlusPlus(trace(map, all), 0, length);
        }
        double[][] sketch = new double[third][];
        for (int k = 0; k < third; k++) {
            sketch[k] = Vectors.signs(length, random);
        }
        List<double[]> basis = new ArrayList<>();
        for (double[] image : map.times(sketch)) {
            double before = Vectors.length(image);
            Vectors.orthogonalize(image, basis);
            double after = Vectors.length(image);
            // What rounding leaves of a dependent vector is no direction.
            if (after > 1e-10 * before) {
                Vectors.scale(image, 1 / after);
                Vectors.orthogonalize(image, basis);
                Vectors.scale(image, 1 / Vectors.length(image));
                basis.add(image);
            }
        }
        double exact = trace(map, basis);
        double[][] probes = new double[third][];
        for (int k = 0; k < third; k++) {
            probes[k] = Vectors.signs(length, random);
            Vectors.orthogonalize(probes[k], basis);
        }
        double[][] images = map.times(probes);
        double[] terms = new double[third];
        double mean = 0;
        for (int k = 0; k < third; k++) {
            terms[k] = Vectors.dot(probes[k], images[k]);
            mean += terms[k] / third;
        }
        double squares = 0;
        for (double term : terms) {
            squares += (term - mean) * (term - mean);
        }
        return new HutchPlusPlus(exact + mean, Math.sqrt(squares / (third - 1) / third),
                third + basis.size() + third);
    }

    private static double trace(SymmetricOperator map, List<double[]> basis) {
        if (basis.isEmpty()) {
            return 0;
        }
        double[][] images = map.times(basis.toArray(new double[0][]));
        double sum = 0;
        for (int k = 0; k < images.length; k++) {
            sum += Vectors.dot(basis.get(k), images[k]);
        }
        return sum;
    }
}
