package io.pairingbridge.journal;

import java.time.Duration;

/**
 * How long a job waits before it is tried again: growing from {@code first} by {@code multiplier} up to {@code max},
 * with jitter so that jobs that failed together do not come back together.
 *
 * @param first delay after the first failure
 * @param max longest delay; also caps what the endpoint asks for in Retry-After
 * @param multiplier 1.0 or more
 * @param jitter share of the delay that is random, 0.0 to 1.0
 */
public record RetryPolicy(Duration first, Duration max, double multiplier, double jitter) {

    /**
     * @param waits how often the job has waited in a row before
     * @param retryAfter what the endpoint asked for, or null
     * @param random uniform in [0, 1)
     */
    public Duration delay(int waits, Duration retryAfter, double random) {
        double grown = Math.min(first.toMillis() * Math.pow(multiplier, waits), max.toMillis());
        double jittered = grown * (1 - jitter * random);
        long asked = retryAfter == null ? 0 : Math.min(retryAfter.toMillis(), max.toMillis());
        return Duration.ofMillis(Math.max(asked, Math.round(jittered)));
    }
}
