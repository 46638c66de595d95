package io.pairingbridge.job;

/**
 * What one attempt came to. {@code endpoint.AnswerTable} decides it, {@code journal.Transitions} what follows from it.
 */
public enum Result {
    /** No byte of the request left this machine; the one-time password is untouched. */
    NOT_SENT,
    /** 2xx with every required field: the credentials are sealed. */
    PAIRED,
    /** 2xx that cannot be understood; what arrived is sealed. */
    UNREADABLE,
    /** 400. */
    REJECTED,
    /** 429 or 503: asked to come back later; nothing was spent. */
    THROTTLED,
    /** Any other 3xx or 4xx: the fault lies in the bridge's settings, not in the job. */
    MISCONFIGURED,
    /** The one-time password may or may not have been spent. */
    AMBIGUOUS
}
