package io.pairingbridge.job;

import static java.util.Objects.requireNonNull;

/**
 * A sealed answer of the endpoint, from the wire to the queue: the text, and what tells its reader how to open it.
 *
 * @param body the text that goes on the queue, whole and unchanged
 * @param keyId {@code kid} of the key that opens it ({@code PairingKeyId}); {@code none} if nothing was encrypted
 * @param contentType media type of {@code body} ({@code PairingContentType})
 * @param breakGlass the body's content key, sealed to the break-glass key ({@code PairingBreakGlass}); null if there is
 *     none
 */
public record SealedAnswer(String body, String keyId, String contentType, String breakGlass) {

    public SealedAnswer {
        requireNonNull(body, "body");
        requireNonNull(keyId, "keyId");
        requireNonNull(contentType, "contentType");
    }

    /** Without a break-glass key. */
    public SealedAnswer(String body, String keyId, String contentType) {
        this(body, keyId, contentType, null);
    }

    /** Without the texts: sealed or not, they belong in no log. */
    @Override
    public String toString() {
        return "SealedAnswer[keyId=" + keyId + ", contentType=" + contentType + ", body of " + body.length()
                + " characters]";
    }
}
