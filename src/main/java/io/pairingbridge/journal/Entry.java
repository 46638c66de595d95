package io.pairingbridge.journal;

import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.SealedAnswer;
import java.time.Instant;
import java.util.Map;

/**
 * One job as the journal holds it: a row of the table {@code job}.
 *
 * @param otpHash keyed hash of the one-time password; the password itself is never stored
 * @param originalMessageId the broker's number of the message that moved the job last, from when it first came; the
 *     column {@code carrier}
 * @param waits waits in a row, for the growing delay
 * @param attempts attempts that the endpoint may have heard
 * @param ambiguous those of them whose end is unknown
 */
public record Entry(
        String jobId,
        State state,
        String otpHash,
        String originalMessageId,
        String batchId,
        Map<String, String> reference,
        Instant requestedAt,
        Instant expiresAt,
        Instant dueAt,
        int waits,
        int attempts,
        int ambiguous,
        String attemptId,
        String owner,
        Instant deadline,
        String reason,
        String detail,
        Integer httpStatus,
        String payConnectId,
        String payConnectName,
        String terminalId,
        Instant finishedAt) {

    /** What {@link Transitions} looks at. */
    public Transitions.Known known() {
        return new Transitions.Known(state, ambiguous);
    }

    /** Whether the terminal is paired and its credentials are here, or were. */
    public boolean paired() {
        return state == State.SEALED || state == State.PUBLISHED;
    }

    /** How the job ended; only for a state that has an outcome. */
    public Ending ending() {
        return new Ending(
                state.outcome(),
                reason,
                detail,
                httpStatus,
                attempts,
                new PairedTerminal(payConnectId, payConnectName, terminalId),
                attemptId == null ? originalMessageId : attemptId,
                finishedAt);
    }

    /** Lets a delivery of the job end as it ended here, with what was kept of its request. */
    public void finish(Job job, boolean toldBefore, SealedAnswer keptAnswer) {
        job.finish(ending(), toldBefore, reference, requestedAt, keptAnswer);
    }

    @Override
    public String toString() {
        return "Entry[" + jobId + ", " + state + "]";
    }
}
