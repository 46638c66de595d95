package io.pairingbridge.intake;

import java.time.Instant;

/**
 * The intake as operators see it.
 *
 * @param reason why it is not open; null while it is
 * @param since when it came to be so
 */
public record IntakeStatus(Gate gate, String reason, Instant since) {}
