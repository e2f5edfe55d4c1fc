package dev.orbifold.train;

/** What a training reached, as every command tells it. */
public interface Reached {
    /** Whether the target, or every goal, was met. */
    boolean met();

    /** One sentence for people. */
    String verdict();
}
