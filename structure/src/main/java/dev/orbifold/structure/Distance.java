package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Symmetries;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * How far two checkpoints of one architecture are apart once units are matched: permutations, signs and scalings that
 * change no function are divided out. Distances are Euclidean over all weights, and relative to the
 * first's norm; constants that mask scores ({@link dev.orbifold.symmetry.Masks}) are no weights.
 *
 * <p>
 * Units are matched one Space at a time by an optimal assignment while the other Spaces stay, in turn, until nothing
 * changes: the weight matching of Ainsworth, Hayase and Srinivasa, Git Re-Basin: Merging Models modulo Permutation
 * Symmetries, 2022 (arXiv:2209.04836), with signs and scalings beside the permutations. It finds a near element, not
 * always the nearest: that is a hard problem in general. Maps that mix coordinates are not divided out.
 *
 * @param before the distance of the checkpoints as they are
 * @param after the distance of the first to {@code matched}; never larger
 * @param matched the second checkpoint moved towards the first; it computes what the second computes
 * @param left the names of Spaces that were left as they are, because the checkpoints disagree on what may move them or
 *            a parameter does not show its units one by one
 */
public record Distance(double before, double after, Graph matched, List<String> left) {
    /** Copies the list. */
    public Distance {
        left = List.copyOf(left);
    }

    /**
     * Matches a second checkpoint with a first.
     *
     * @param first a Graph; parameters that its exporter merged should be un-shared in both
     *            ({@link dev.orbifold.symmetry.Unshare})
     * @param second a Graph with the same parameters, by name and shape
     * @throws StructureException if the parameters differ
     */
    public static Distance of(Graph first, Graph second) {
        compare(first, second);
        double before = Matching.apart(first, second);
        Matching matching = new Matching(Symmetries.of(first), Symmetries.of(second));
        Graph matched = matching.run();
        return new Distance(before, Matching.apart(first, matched), matched, matching.left());
    }

    private static void compare(Graph first, Graph second) {
        if (!first.parameters().keySet().equals(second.parameters().keySet())) {
            throw new StructureException("two checkpoints of one architecture have the same parameters; found "
                    + first.parameters().keySet() + " and " + second.parameters().keySet());
        }
        for (Map.Entry<String, TensorData> parameter : first.parameters().entrySet()) {
            TensorData other = second.parameters().getOrDefault(parameter.getKey(), parameter.getValue());
            if (!Arrays.equals(parameter.getValue().dims(), other.dims())) {
                throw new StructureException("two checkpoints of one architecture have parameters of the same shapes; "
                        + parameter.getKey() + " is " + parameter.getValue().shape() + " and " + other.shape());
            }
        }
    }
}
