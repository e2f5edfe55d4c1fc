package dev.orbifold.engine;

/** The engine cannot do what was asked; the message says what is wrong, where, and what was expected. */
public class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public EngineException(String message) {
        super(message);
    }

    /** Creates the exception with its one-sentence message and its cause. */
    public EngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
