package dev.orbifold.engine;

/** A data set cannot be used; the message says in one sentence what is wrong and in which file and row. */
public class DataException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public DataException(String message) {
        super(message);
    }

    /** Creates the exception with its one-sentence message and its cause. */
    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
