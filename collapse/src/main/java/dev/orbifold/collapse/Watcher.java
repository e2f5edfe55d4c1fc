package dev.orbifold.collapse;

/** Who wants to know how far a forecast has come. */
@FunctionalInterface
public interface Watcher {
    /** Nobody. */
    Watcher NONE = (what, done, all) -> {
    };

    /**
     * So much is done of a part.
     *
     * @param what a Space, or what else is looked at
     * @param done mirrors, or steps
     * @param all how many there will be
     */
    void at(String what, int done, int all);

    /**
     * How long all of it will take, before it begins.
     *
     * @param seconds a guess from the time of one pass over the data
     */
    default void expect(double seconds) {
    }
}
