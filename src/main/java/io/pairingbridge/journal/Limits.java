package io.pairingbridge.journal;

import java.time.Duration;

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
}
