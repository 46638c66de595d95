package io.pairingbridge.access;

/**
 * The broker cannot be used as it is set up. The message is meant for the person who starts the bridge: it says what is
 * wrong, where, and what to do next. It holds no password.
 */
public final class BrokerException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** @param message what is wrong and what to do next */
    public BrokerException(String message) {
        super(message);
    }

    /**
     * @param message what is wrong and what to do next
     * @param cause what was thrown by the broker or the file system
     */
    public BrokerException(String message, Throwable cause) {
        super(message, cause);
    }
}
