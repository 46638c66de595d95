package io.pairingbridge.journal;

import java.time.Duration;
import java.time.Instant;

/**
 * The limits that the journal decides by.
 *
 * @param callDeadline how long one call may take
 * @param maxAge how old a job may get
 * @param maxAmbiguous how many attempts of one job may end ambiguous
 * @param retry how long a job waits between attempts
 */
public record Limits(Duration callDeadline, Duration maxAge, int maxAmbiguous, RetryPolicy retry) {
    /**
     * What others grant a call beyond its deadline before they take its job over: sealing, a slow disk, a late abort.
     */
    private static final Duration GRACE = Duration.ofSeconds(2);

    /** How long after its begin an attempt may still be under way, as others must assume. */
    public Duration callMayRun() {
        return callDeadline.plus(GRACE);
    }

    /**
     * When a job's time is over: at its own expiry or at the maximum age, whichever comes first.
     *
     * @param expiresAt null if it has no expiry of its own
     */
    public Instant end(Instant requestedAt, Instant expiresAt) {
        Instant tooOld = requestedAt.plus(maxAge);
        return expiresAt == null || tooOld.isBefore(expiresAt) ? tooOld : expiresAt;
    }

    /** Whether that time has come. */
    public boolean expired(Instant requestedAt, Instant expiresAt, Instant now) {
        return !end(requestedAt, expiresAt).isAfter(now);
    }
}
