package dev.orbifold.graph;

/** A Graph or one of its files cannot be handled; the message says what is wrong, where, and what was expected. */
public class GraphException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public GraphException(String message) {
        super(message);
    }

    /** Creates the exception with its one-sentence message and its cause. */
    public GraphException(String message, Throwable cause) {
        super(message, cause);
    }
}
