package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A row of positions.
 *
 * @param node for every position its coordinate, or -1 where it is fixed
 * @param leg for every position which of the coordinate's positions it is
 */
record Elements(int[] node, int[] leg) {
    /** Coordinates with one leg each. */
    static Elements of(int[] node) {
        return new Elements(node, new int[node.length]);
    }

    /** Fixed positions. */
    static Elements fixed(int size) {
        int[] node = new int[size];
        Arrays.fill(node, -1);
        return of(node);
    }

    /** The number of positions. */
    int size() {
        return node.length;
    }

    /** The positions at the given places. */
    Elements at(int[] places) {
        return new Elements(IntStream.of(places).map(i -> node[i]).toArray(),
                IntStream.of(places).map(i -> leg[i]).toArray());
    }

    /** The same positions with legs that tell repeated ones apart, in order of appearance. */
    Elements distinct() {
        Map<Long, Integer> seen = new HashMap<>();
        int[] turn = new int[node.length];
        int most = 1;
        for (int i = 0; i < node.length; i++) {
            if (node[i] >= 0) {
                turn[i] = seen.merge(((long) node[i] << 32) | leg[i], 1, Integer::sum) - 1;
                most = Math.max(most, turn[i] + 1);
            }
        }
        if (most == 1) {
            return this;
        }
        int[] legs = new int[leg.length];
        for (int i = 0; i < legs.length; i++) {
            legs[i] = leg[i] * most + turn[i];
        }
        return new Elements(node, legs);
    }
}
