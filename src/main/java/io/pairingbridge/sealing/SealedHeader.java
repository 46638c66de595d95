package io.pairingbridge.sealing;

import java.time.Instant;

/**
 * What a sealed text says about itself, readable without a key. True only once {@link Opener#open} has accepted the
 * same text: until then anybody may have written it.
 *
 * @param keyId {@code kid} of the key that opens it
 * @param jobId the job it belongs to ({@code job}); null if it was not sealed by a bridge
 * @param sealedAt when it was sealed ({@code iat}), to the second; null if it was not sealed by a bridge
 */
public record SealedHeader(String keyId, String jobId, Instant sealedAt) {}
