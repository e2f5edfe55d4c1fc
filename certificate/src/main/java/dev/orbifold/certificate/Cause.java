package dev.orbifold.certificate;

/**
 * Why a direction of parameter space changes no output at first order (theory, 7). A direction that has several causes is
 * counted under the first.
 */
public enum Cause {
    /** A generator of the Group of a Space. */
    GROUP("Group"),
    /** Weights of a unit that is off, or whose gradient is zero, on all data. */
    DEAD("dead"),
    /** Constants that one bias hands to another, or that nobody sees: a key bias, a value bias before an output bias. */
    SHIFT("shift"),
    /** Directions of what a weight reads that no data excites. */
    NEVER_EXCITED("never excited"),
    /** Directions of what a weight writes that no reader sees. */
    NEVER_READ("never read"),
    /** Weights around units that stay in one linear piece on all data where anybody looks: neighbours compose linearly. */
    LINEAR_PIECE("linear piece"),
    /** Constants that one writer of a stream hands to the next, or that a table of inputs does, while the readers between adapt. */
    HANDED_ON("handed on");

    private final String words;

    Cause(String words) {
        this.words = words;
    }

    /** The cause in words, for tables. */
    public String words() {
        return words;
    }
}
