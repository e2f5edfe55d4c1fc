package dev.orbifold.certificate;

/** A certificate that cannot be made; the message says why and what to do. */
public final class CertificateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the reason. */
    public CertificateException(String message) {
        super(message);
    }
}
