package io.pairingbridge.sealing;

/**
 * An answer, or the trial before it, could not be sealed. The message names the key and the next step, and no content.
 */
public final class SealingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public SealingException(String message, Throwable cause) {
        super(message, cause);
    }
}
