package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.EndingDescriptions;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import io.pairingbridge.journal.Transitions;
import io.pairingbridge.journal.Transitions.Delivery;
import io.pairingbridge.journal.Transitions.Move;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What a delivery means: of a valid request, which may begin a call, of one that cannot be understood, of a row that
 * was refused, and of a job that stops the process again and again.
 */
final class Admissions {
    private final GroupCommit transactions;
    private final Decisions decisions;
    private final CallsUnderWay calls;
    private final Limits limits;
    private final Owner owner;
    private final OtpHash otpHash;
    private final Clock clock;

    Admissions(
            GroupCommit transactions,
            Decisions decisions,
            CallsUnderWay calls,
            Limits limits,
            Owner owner,
            OtpHash otpHash,
            Clock clock) {
        this.transactions = transactions;
        this.decisions = decisions;
        this.calls = calls;
        this.limits = limits;
        this.owner = owner;
        this.otpHash = otpHash;
        this.clock = clock;
    }

    /** @see io.pairingbridge.journal.Journal#admit */
    void admit(Job job) {
        String hash = otpHash.of(job.request().otp());
        String attemptId = calls.announce();
        Decision decision = null;
        try {
            decision = transactions.write(job.id(), tx -> decide(tx, job, hash, attemptId));
        } finally {
            calls.settle(attemptId, decision);
        }
        decision.applyTo(job);
    }

    private Decision decide(Transaction tx, Job job, String hash, String attemptId) {
        tx.deliveryCounts().reset(job.origin().originalMessageId());
        Entry known = tryOf(tx, job, hash).orElse(null);
        Instant now = clock.instant();
        Move move = Transitions.delivered(
                known == null ? null : known.known(), delivery(job, hash, known, now), limits.maxAmbiguous());
        if (move.lostAttempt()) {
            decisions.closeLost(tx, known, now);
        }
        if (move.duplicate()) {
            tx.batchRows()
                    .end(
                            job.origin().batchId(),
                            job.id(),
                            hash,
                            Outcome.DUPLICATE,
                            Transitions.DUPLICATE,
                            "the job id belongs to a job with another one-time password",
                            now);
            Ending duplicate = duplicate(job, known, now);
            return Decision.of(j -> j.finish(duplicate, false));
        }
        return move.next() == NextStep.CALL
                ? begin(tx, job, hash, known, attemptId, now)
                : decisions.follow(tx, job, hash, known, move, null, now);
    }

    /**
     * What the delivery is about: the job as it stands, or an earlier try of it with this one-time password, whose
     * ending may never have been told: the process may have died between writing it down and the acknowledgement, and
     * another try begun before this message came again.
     */
    private static Optional<Entry> tryOf(Transaction tx, Job job, String hash) {
        Optional<Entry> known = tx.jobs().find(job.id());
        if (known.isEmpty() || hash.equals(known.get().otpHash())) {
            return known;
        }
        Optional<Entry> earlier = tx.endedTries().find(job.id(), hash);
        boolean anew = earlier.isEmpty()
                || job.origin().replay() && earlier.get().state().unspent();
        return anew ? known : earlier;
    }

    private Delivery delivery(Job job, String hash, Entry known, Instant now) {
        boolean expired = job.origin().expired();
        boolean requestExpired = expired
                || limits.expired(job.origin().requestedAt(), job.origin().expiresAt(), now);
        if (known == null) {
            return new Delivery(true, false, job.origin().replay(), !requestExpired, true, false);
        }
        boolean sameOtp = hash.equals(known.otpHash());
        boolean newTry = !sameOtp || known.state().unspent();
        return new Delivery(
                sameOtp,
                job.origin().originalMessageId().equals(known.originalMessageId()),
                job.origin().replay(),
                newTry ? !requestExpired : !expired && !limits.expired(known.requestedAt(), known.expiresAt(), now),
                due(known.dueAt(), now),
                calls.mayRun(known, now));
    }

    /** An instant further ahead than it can ever be set means that the wall clock was turned back since. */
    private boolean due(Instant dueAt, Instant now) {
        Duration furthest = limits.retry().max();
        return dueAt == null || !dueAt.isAfter(now) || dueAt.isAfter(now.plus(furthest));
    }

    private Decision begin(Transaction tx, Job job, String hash, Entry known, String attemptId, Instant now) {
        int earlier = known == null ? 0 : tx.attempts().count(job.id());
        Attempt attempt = new Attempt(attemptId, 1 + earlier, limits.callDeadline());
        Instant deadline = now.plus(limits.callMayRun());
        if (known == null) {
            tx.jobs().insertCalling(job, hash, attempt, owner, deadline, now);
        } else {
            if (known.state() != State.WAITING) {
                tx.jobs().replace(job, State.CALLING, hash, now);
            }
            tx.jobs().begin(job, attempt, owner, deadline, now);
        }
        return Decision.call(attempt);
    }

    static Ending duplicate(Job job, Entry known, Instant now) {
        return Ending.uncalled(
                Outcome.DUPLICATE,
                Transitions.DUPLICATE,
                "the job id belongs to a job with another one-time password, which is "
                        + EndingDescriptions.of(known.state()),
                job.origin().originalMessageId(),
                now);
    }

    /** @see io.pairingbridge.journal.Journal#countDelivery */
    int countDelivery(String originalMessageId, String jobId) {
        return transactions.write(tx -> tx.deliveryCounts().count(originalMessageId, jobId, clock.instant()));
    }

    /** @see io.pairingbridge.journal.Journal#refused */
    Ending refused(Job job, Ending ending) {
        return transactions.write(job.id(), tx -> {
            Instant now = clock.instant();
            Optional<Entry> known = tx.jobs().find(job.id());
            if (known.isEmpty() || known.get().state() == State.INVALID) {
                endInvalid(tx, job, null, ending, now);
            }
            endRow(tx, job, ending, now);
            return ending;
        });
    }

    /** @see io.pairingbridge.journal.Journal#refusedRow */
    void refusedRow(Job job, Ending ending) {
        transactions.write(job.id(), tx -> refuseRow(tx, job, ending)).applyTo(job);
    }

    private Decision refuseRow(Transaction tx, Job job, Ending ending) {
        tx.deliveryCounts().reset(job.origin().originalMessageId());
        if (tryOfRow(tx, job).isEmpty()) {
            Instant now = clock.instant();
            Optional<Entry> known = tx.jobs().find(job.id());
            if (known.isEmpty() || known.get().state() == State.INVALID) {
                endInvalid(tx, job, job.rowHash(), ending, now);
            } else {
                tx.endedTries().insert(job, State.INVALID, job.rowHash(), ending, now);
            }
        }
        Entry ended = tryOfRow(tx, job).orElseThrow();
        boolean toldBefore = !job.origin().originalMessageId().equals(ended.originalMessageId());
        return Decision.of(j -> ended.finish(j, toldBefore, null));
    }

    private static Optional<Entry> tryOfRow(Transaction tx, Job job) {
        return tx.jobs()
                .find(job.id())
                .filter(known -> job.rowHash().equals(known.otpHash()))
                .or(() -> tx.endedTries().find(job.id(), job.rowHash()));
    }

    /** @see io.pairingbridge.journal.Journal#quarantine */
    Entry quarantine(Job job, Ending ending) {
        return transactions.write(job.id(), tx -> putAside(tx, job, ending));
    }

    private Entry putAside(Transaction tx, Job job, Ending ending) {
        // The count stays: should the acknowledgement be lost, the job is quarantined again and not taken for a new
        // one.
        Entry known = tx.jobs().find(job.id()).orElse(null);
        Instant now = clock.instant();
        if (known == null) {
            tx.jobs().insert(job, State.INVALID, null, now);
        } else if (known.state().outcome() != null) {
            return known;
        }
        boolean calling = known != null && known.state() == State.CALLING;
        boolean called = calling || known != null && known.attempts() > 0;
        if (calling) {
            decisions.closeLost(tx, known, now);
        }
        tx.jobs().end(job, called ? State.IN_DOUBT : State.INVALID, ending.reason(), ending.detail(), null, now);
        Entry aside = tx.jobs().find(job.id()).orElseThrow();
        endRow(tx, job, aside.ending(), now);
        return aside;
    }

    private static void endInvalid(Transaction tx, Job job, String hash, Ending ending, Instant now) {
        tx.jobs().replace(job, State.INVALID, hash, now);
        tx.jobs().end(job, State.INVALID, ending.reason(), ending.detail(), null, now);
    }

    /**
     * The row that this request is of, by its one-time password: whoever else gives its ids to a message ends no row.
     */
    private void endRow(Transaction tx, Job job, Ending ending, Instant now) {
        String hash = job.request() != null ? otpHash.of(job.request().otp()) : job.rowHash();
        if (hash != null) {
            tx.batchRows()
                    .end(
                            job.origin().batchId(),
                            job.id(),
                            hash,
                            ending.outcome(),
                            ending.reason(),
                            ending.detail(),
                            now);
        }
    }
}
