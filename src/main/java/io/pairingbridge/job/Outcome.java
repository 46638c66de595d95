package io.pairingbridge.job;

/**
 * How a job ended, as the outcome event, the dead letter and the metrics name it. A job ends in exactly one of these.
 */
public enum Outcome {
    /** The credentials are on the credentials queue. */
    PAIRED,
    /** The endpoint refused the one-time password, and no earlier attempt can have spent it. */
    REJECTED,
    /** The request could not be understood; the endpoint was not called. */
    INVALID,
    /** The job's time ran out before any attempt could have spent the one-time password. */
    EXPIRED,
    /** The endpoint does not accept this bridge's URL, integrator or request format. */
    MISCONFIGURED,
    /** The same job id with another one-time password, while the first is running or after it was paired. */
    DUPLICATE,
    /** The one-time password may have been spent without the credentials reaching this machine. */
    IN_DOUBT
}
