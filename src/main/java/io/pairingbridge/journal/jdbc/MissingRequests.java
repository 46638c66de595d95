package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.State;
import io.pairingbridge.journal.Transitions;
import io.pairingbridge.journal.Transitions.Move;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Jobs and rows of batches whose request is not in the broker any more: finds candidates, and ends those that are. */
final class MissingRequests {
    private final GroupCommit transactions;
    private final ReadPool reads;
    private final Decisions decisions;
    private final CallsUnderWay calls;
    private final Limits limits;
    private final Clock clock;

    MissingRequests(
            GroupCommit transactions,
            ReadPool reads,
            Decisions decisions,
            CallsUnderWay calls,
            Limits limits,
            Clock clock) {
        this.transactions = transactions;
        this.reads = reads;
        this.decisions = decisions;
        this.calls = calls;
        this.limits = limits;
        this.clock = clock;
    }

    /** @see io.pairingbridge.journal.Journal#orphans */
    List<Orphan> find(boolean nothingWaits, int limit) {
        Instant now = clock.instant();
        Instant untouchedSince = now.minus(limits.callMayRun().multipliedBy(2));
        Instant readBefore = nothingWaits ? untouchedSince : untouchedSince.minus(limits.maxAge());
        return reads.read(tables -> {
            List<Orphan> orphans =
                    new ArrayList<>(tables.jobs().orphans(nothingWaits, untouchedSince, limits.maxAge(), now, limit));
            orphans.addAll(tables.batchRows().orphans(readBefore, limit - orphans.size()));
            return orphans;
        });
    }

    /** @see io.pairingbridge.journal.Journal#gone */
    void end(Job notice, Orphan orphan) {
        transactions
                .write(notice.id(), tx -> {
                    Instant now = clock.instant();
                    Entry known = tx.jobs().find(notice.id()).orElse(null);
                    return orphan.touchedAt() == 0
                            ? endRow(tx, notice, known, now)
                            : endJob(tx, notice, orphan, known, now);
                })
                .applyTo(notice);
    }

    private Decision endJob(Transaction tx, Job notice, Orphan orphan, Entry known, Instant now) {
        boolean sameMessage =
                known != null && notice.origin().originalMessageId().equals(known.originalMessageId());
        if (known == null || !sameMessage && tx.jobs().touchedAt(notice.id()) != orphan.touchedAt()) {
            return Decision.of(Job::drop); // somebody has handled it since
        }
        Move move = Transitions.gone(known.known(), sameMessage, calls.mayRun(known, now));
        if (move.lostAttempt()) {
            decisions.closeLost(tx, known, now);
        }
        return decisions.follow(tx, notice, known.otpHash(), known, move, null, now);
    }

    /** A row of a batch whose request was sent and never came; its job may bear the id of another one. */
    private Decision endRow(Transaction tx, Job notice, Entry known, Instant now) {
        if (known != null && notice.origin().originalMessageId().equals(known.originalMessageId())) {
            return decisions.repeat(tx, notice, known.otpHash(), known, now);
        }
        String hash =
                tx.batchRows().openRow(notice.origin().batchId(), notice.id()).orElse(null);
        if (hash == null) {
            return Decision.of(Job::drop);
        }
        if (known != null && hash.equals(known.otpHash())) {
            tx.batchRows().endWith(notice.id()); // if the job has ended; else it takes the row along when it does
            return Decision.of(Job::drop);
        }
        if (known == null || known.state().ended() && known.state() != State.PUBLISHED) {
            Move move = new Move(State.EXPIRED, NextStep.FINISH, Transitions.REQUEST_GONE, false);
            return decisions.follow(tx, notice, hash, known, move, null, now);
        }
        Ending duplicate = Admissions.duplicate(notice, known, now);
        tx.batchRows()
                .end(
                        notice.origin().batchId(),
                        notice.id(),
                        hash,
                        duplicate.outcome(),
                        duplicate.reason(),
                        duplicate.detail(),
                        now);
        return Decision.of(j -> j.finish(duplicate, false));
    }
}
