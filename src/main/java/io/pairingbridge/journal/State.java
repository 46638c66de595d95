package io.pairingbridge.journal;

import io.pairingbridge.job.Outcome;

/** Where the journal holds a job. {@link Transitions} is the one table of how a job moves between these. */
public enum State {
    /** An attempt is, or may be, under way. */
    CALLING(null),
    /** Will be tried again; the broker delivers it when it is due. */
    WAITING(null),
    /** Credentials are here, sealed, and not yet on the credentials queue. */
    SEALED(Outcome.PAIRED),
    /** Credentials are on the credentials queue; a tombstone is left. */
    PUBLISHED(Outcome.PAIRED),
    IN_DOUBT(Outcome.IN_DOUBT),
    REJECTED(Outcome.REJECTED),
    INVALID(Outcome.INVALID),
    EXPIRED(Outcome.EXPIRED),
    MISCONFIGURED(Outcome.MISCONFIGURED);

    private final Outcome outcome;

    State(Outcome outcome) {
        this.outcome = outcome;
    }

    /** The outcome that this state stands for, or null while the job is still running. */
    public Outcome outcome() {
        return outcome;
    }

    /** True once nothing more will be done for the job, unless credentials come in late. */
    public boolean ended() {
        return outcome != null && this != SEALED;
    }

    /** True if the one-time password is certainly unspent, so that the same one may be tried again on purpose. */
    public boolean unspent() {
        return this == INVALID || this == EXPIRED || this == MISCONFIGURED;
    }
}
