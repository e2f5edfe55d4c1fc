package dev.orbifold.constraint;

/**
 * What a Graph costs as a function of the widths of its Spaces: multiply-adds, or parameters. Widths are indexed like
 * the Spaces of the {@link GateLayout} they go with.
 */
public interface Price {
    /** The cost at the given widths. */
    double at(int[] widths);

    /** What the cost falls by when {@code units} units leave one Space at the given widths. */
    default double saving(int space, int units, int[] widths) {
        int[] fewer = widths.clone();
        fewer[space] -= units;
        return at(widths) - at(fewer);
    }
}
