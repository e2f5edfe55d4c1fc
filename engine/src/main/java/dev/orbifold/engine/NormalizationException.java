package dev.orbifold.engine;

/** Data cannot be normalised with the mean or the standard deviation that was given for them. */
public class NormalizationException extends DataException {
    private static final long serialVersionUID = 1L;

    private final String number;
    private final String problem;

    /**
     * Creates the exception; its message names the option of the command line.
     *
     * @param number what was given, {@code mean} or {@code std}
     * @param problem what is wrong with it, the end of a sentence
     */
    public NormalizationException(String number, String problem) {
        super("--" + number + " " + problem);
        this.number = number;
        this.problem = problem;
    }

    /** What was given: {@code mean} or {@code std}. */
    public String number() {
        return number;
    }

    /** What is wrong with it, for those who read it elsewhere than behind its option. */
    public String problem() {
        return problem;
    }
}
