package dev.orbifold.symmetry;

/** Which scales pass through an operator unchanged: f(s·x) = s·f(x). */
enum Passes {
    /** Any scale: linear maps. */
    ALL,
    /** Positive scales: ReLU and its like, maxima. */
    POSITIVE,
    /** Signs: odd functions. */
    SIGNS,
    /** None. */
    NONE;

    /** The relations that say so for one of several rows. */
    Scales[] scales(int row, int rows) {
        return switch (this) {
            case ALL -> new Scales[0];
            case POSITIVE -> new Scales[] {Scales.positive(row, rows)};
            case SIGNS -> new Scales[] {Scales.unit(row, rows)};
            case NONE -> new Scales[] {Scales.none(row, rows)};
        };
    }
}
