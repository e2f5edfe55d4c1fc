package dev.orbifold.report;

/** A report cannot be made; the message says why and what to do. */
public class ReportException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with its one-sentence message. */
    public ReportException(String message) {
        super(message);
    }

    /** Creates the exception with its one-sentence message and its cause. */
    public ReportException(String message, Throwable cause) {
        super(message, cause);
    }
}
