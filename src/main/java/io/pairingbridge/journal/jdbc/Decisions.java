package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.EndingDescriptions;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.State;
import io.pairingbridge.journal.Transitions.Move;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes what a move of {@link io.pairingbridge.journal.Transitions} says, unless it is a call, and says what that
 * means for the delivery.
 */
final class Decisions {
    private final Limits limits;
    private final Leases leases;

    Decisions(Limits limits, Leases leases) {
        this.limits = limits;
        this.leases = leases;
    }

    /**
     * Follows a move, inside the transaction in which it was decided.
     *
     * @param hash of the one-time password that the delivery brings
     * @param known the job before the move; null if the journal never heard of it
     * @param report what the attempt brought that the move is about, or null
     */
    Decision follow(Transaction tx, Job job, String hash, Entry known, Move move, AttemptReport report, Instant now) {
        return switch (move.next()) {
            case CALL -> throw new IllegalStateException("only an admission begins a call");
            case PUBLISH -> publish(tx, job, now);
            case WAIT -> {
                Instant until = move.to() == State.WAITING ? await(tx, job, known, report, now) : wait(tx, known, now);
                Duration delay = Duration.between(now, until);
                yield Decision.of(j -> j.waitFor(delay));
            }
            case FINISH ->
                move.to() == null ? repeat(tx, job, hash, known, now) : end(tx, job, hash, known, move, report, now);
            case DROP -> Decision.of(Job::drop);
        };
    }

    /** The delivery ends as the job has ended before. */
    Decision repeat(Transaction tx, Job job, String hash, Entry known, Instant now) {
        boolean endedRow = tx.batchRows()
                .end(
                        job.origin().batchId(),
                        job.id(),
                        hash,
                        known.state().outcome(),
                        known.reason(),
                        known.detail(),
                        now);
        if (endedRow) {
            tx.batchRows().endWith(job.id()); // of an earlier try; the job may have been paired since
        }
        return finish(tx, known, !job.origin().originalMessageId().equals(known.originalMessageId()));
    }

    /** The process that made the call is gone. */
    void closeLost(Transaction tx, Entry known, Instant now) {
        tx.attempts().closeLost(known.attemptId(), now);
        tx.jobs().countLost(known.jobId());
    }

    private Decision publish(Transaction tx, Job job, Instant now) {
        Credentials credentials = tx.attempts().credentials(job.id());
        Duration heldByAnother = leases.heldByAnother(credentials, now);
        return Decision.of(
                heldByAnother.isNegative() || heldByAnother.isZero()
                        ? j -> j.publish(credentials)
                        : j -> j.waitFor(heldByAnother));
    }

    private Decision end(
            Transaction tx, Job job, String hash, Entry known, Move move, AttemptReport report, Instant now) {
        if (known == null || known.state().ended()) {
            tx.jobs().replace(job, move.to(), hash, now);
        }
        String last = report == null ? tx.attempts().lastDetail(known) : report.detail();
        tx.jobs().end(job, move.to(), move.why(), EndingDescriptions.of(move.why(), last), report, now);
        return finish(tx, tx.jobs().find(job.id()).orElseThrow(), false);
    }

    private static Decision finish(Transaction tx, Entry ended, boolean toldBefore) {
        SealedAnswer answer = ended.state() == State.IN_DOUBT ? tx.attempts().unreadable(ended.attemptId()) : null;
        return Decision.of(j -> ended.finish(j, toldBefore, answer));
    }

    private Instant await(Transaction tx, Job job, Entry known, AttemptReport report, Instant now) {
        Duration retryAfter = report == null ? null : report.retryAfter();
        Instant due = now.plus(limits.retry()
                .delay(known.waits(), retryAfter, ThreadLocalRandom.current().nextDouble()));
        // Not beyond the job's own end: that it came is to be noticed when it comes.
        Instant end = limits.end(known.requestedAt(), known.expiresAt());
        Instant until = due.isBefore(end) ? due : end;
        tx.jobs().await(job, report, until, now);
        return until;
    }

    private Instant wait(Transaction tx, Entry known, Instant now) {
        if (known.state() != State.CALLING) {
            Instant furthest = now.plus(limits.retry().max());
            return known.dueAt() == null ? now : known.dueAt().isAfter(furthest) ? furthest : known.dueAt();
        }
        Instant furthest = now.plus(limits.callMayRun());
        if (known.deadline().isAfter(furthest)) {
            // The wall clock was turned back since the call began; from here its full time is granted once more, not
            // days.
            tx.jobs().moveDeadline(known.jobId(), furthest);
            return furthest;
        }
        // A call of this process may end before that, or not: coming back a moment later costs nothing.
        return known.deadline().isAfter(now) ? known.deadline() : now.plusMillis(200);
    }
}
