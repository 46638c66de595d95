package io.pairingbridge.sealing;

/**
 * A key file can't be used or can't be written. The message names the file, the key where there is one, and the fix.
 * Never key material, which is why only failures of the file system are kept as a cause.
 */
public final class KeyFileException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public KeyFileException(String message) {
        super(message);
    }

    public KeyFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
