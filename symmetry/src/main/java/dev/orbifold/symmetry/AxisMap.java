package dev.orbifold.symmetry;

/**
 * What happens along one axis of a parameter while its units stay apart: entries change places and are multiplied.
 *
 * @param sources for every index the index whose entries come there
 * @param factors for every index what the entries that come there are multiplied by
 */
record AxisMap(int[] sources, double[] factors) {
    /** This map first, another one of the same axis after it. */
    AxisMap then(AxisMap next) {
        int[] from = new int[sources.length];
        double[] by = new double[sources.length];
        for (int i = 0; i < from.length; i++) {
            int between = next.sources[i];
            from[i] = sources[between];
            by[i] = next.factors[i] * factors[between];
        }
        return new AxisMap(from, by);
    }
}
