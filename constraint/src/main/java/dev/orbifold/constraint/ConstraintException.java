package dev.orbifold.constraint;

/** A Constraint cannot be put on a Graph, or its target cannot be reached; the message gives the values. */
public class ConstraintException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public ConstraintException(String message) {
        super(message);
    }
}
