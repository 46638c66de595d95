package io.pairingbridge.sealing;

import static java.util.Objects.requireNonNull;

import io.pairingbridge.job.SealedAnswer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * {@code pairing.seal=none}: nothing is encrypted, the body is the answer itself as {@code application/json}.
 *
 * <p>Bytes that are not valid UTF-8 have no text that would give them back, so they are written in base64 (RFC 4648,
 * section 4, one line, with padding) with the content type {@value #BINARY}: still byte for byte, as the contract of
 * {@link Sealer} wants it. This one also repeats itself: the same bytes give the same body.
 */
public final class PlainSealer implements Sealer {

    /** The {@code kid} that says that no key is needed. */
    public static final String KEY_ID = "none";

    /** Content type of a body in base64. */
    public static final String BINARY = "application/octet-stream;base64";

    @Override
    public SealedAnswer seal(byte[] plaintext, String jobId) {
        requireNonNull(jobId, "jobId");
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(plaintext))
                    .toString();
            return new SealedAnswer(text, KEY_ID, "application/json");
        } catch (CharacterCodingException e) {
            return new SealedAnswer(Base64.getEncoder().encodeToString(plaintext), KEY_ID, BINARY);
        }
    }

    @Override
    public String keyId() {
        return KEY_ID;
    }

    /** Always able: there is no key that could be missing. */
    @Override
    public void verify() {}
}
