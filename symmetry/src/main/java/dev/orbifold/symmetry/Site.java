package dev.orbifold.symmetry;

import java.util.List;

/**
 * One place where an operator lines coordinates up: position by position, the rows move together. Units are
 * exchangeable only if they meet every site alike.
 *
 * @param rows the rows, all of the same size
 * @param label for every position a mark that a permutation must keep; empty where there is none
 * @param scales relations between the rows' scales
 */
record Site(List<Elements> rows, int[] label, List<Scales> scales) {
    /** Copies the lists. */
    Site {
        rows = List.copyOf(rows);
        scales = List.copyOf(scales);
    }
}
