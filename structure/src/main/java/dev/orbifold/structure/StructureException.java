package dev.orbifold.structure;

/** A Graph cannot be made smaller as asked; the message says what is wrong, where, and what was expected. */
public class StructureException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public StructureException(String message) {
        super(message);
    }

    /** Creates the exception with its one-sentence message and its cause. */
    public StructureException(String message, Throwable cause) {
        super(message, cause);
    }
}
