package io.pairingbridge.sealing;

import static java.util.Objects.requireNonNull;

/**
 * What a {@link Sealer} made of an answer: the body of a credentials message and the properties that tell its reader
 * how to open it.
 *
 * @param body the text that goes on the queue, whole and unchanged
 * @param keyId {@code kid} of the key that opens it ({@code PairingKeyId}); {@code none} if nothing was encrypted
 * @param contentType media type of {@code body} ({@code PairingContentType})
 * @param breakGlass the body's content key, sealed to the break-glass key ({@code PairingBreakGlass}); null if there is
 *     none
 */
public record Sealed(String body, String keyId, String contentType, String breakGlass) {

    public Sealed {
        requireNonNull(body, "body");
        requireNonNull(keyId, "keyId");
        requireNonNull(contentType, "contentType");
    }

    /** Without a break-glass key. */
    public Sealed(String body, String keyId, String contentType) {
        this(body, keyId, contentType, null);
    }

    /** Without the body: with {@link PlainSealer} that is the credentials themselves. */
    @Override
    public String toString() {
        return "Sealed[keyId=" + keyId + ", contentType=" + contentType + ", body of " + body.length() + " characters]";
    }
}
