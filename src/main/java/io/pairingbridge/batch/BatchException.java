package io.pairingbridge.batch;

import io.pairingbridge.text.Text;

/**
 * A document of which nothing more can be read. The message names the line and what to do; never a value of the
 * document.
 */
public final class BatchException extends Exception {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 2_000;

    BatchException(String message) {
        super(Text.line(message, LONGEST));
    }

    BatchException(String message, Throwable cause) {
        super(Text.line(message, LONGEST), cause);
    }
}
