package dev.orbifold.cli;

/** What a process leaves with; docs/reference/command-line.md says the same. */
final class ExitCode {
    /** Everything was done. */
    static final int DONE = 0;
    /** Everything was done, but a check or a target was missed; the output says which. */
    static final int MISSED = 1;
    /** The command was typed wrongly. */
    static final int USAGE = 2;
    /** The input cannot be handled, or the work failed. */
    static final int INPUT = 3;
    /** Stopped before the end; {@code resume} continues. */
    static final int INTERRUPTED = 4;

    private ExitCode() {
    }
}
