package dev.orbifold.engine;

/** Items of a data set do not have the shape or the element type of a model's input; the message states both. */
public class MisfitException extends DataException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public MisfitException(String message) {
        super(message);
    }
}
