package io.pairingbridge.batch.document;

import io.pairingbridge.text.Text;

/**
 * A document of which nothing more can be read. The message names the line and what to do; never a value of the
 * document.
 */
public final class DocumentException extends Exception {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 2_000;

    DocumentException(String message) {
        super(Text.line(message, LONGEST));
    }

    DocumentException(String message, Throwable cause) {
        super(Text.line(message, LONGEST), cause);
    }
}
