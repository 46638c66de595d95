package io.pairingbridge.sealing;

/**
 * A sealed text could not be opened. The message says what a person can do about it, and no content. It has no cause on
 * purpose: the texts of parsers and ciphers below are not ours, and a log prints causes too.
 */
public final class OpeningException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public OpeningException(String message) {
        super(message);
    }
}
