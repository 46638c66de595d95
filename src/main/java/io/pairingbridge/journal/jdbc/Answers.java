package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import io.pairingbridge.journal.Transitions;
import io.pairingbridge.journal.Transitions.Move;
import io.pairingbridge.journal.jdbc.Leases.Lease;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What came of attempts. A sealed answer is entered from any state, also where the store has forgotten what it had
 * committed (a standby that was promoted too early, a backup that was put back under a running bridge): it is all there
 * is, and nobody can fetch it again.
 */
final class Answers {
    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

    private final GroupCommit transactions;
    private final Decisions decisions;
    private final Leases leases;
    private final CallsUnderWay calls;
    private final Limits limits;
    private final Owner owner;
    private final OtpHash otpHash;
    private final Clock clock;
    private final PendingWrites pending = new PendingWrites();

    /** @param forgotten the store had forgotten the attempt, and its answer was entered anew */
    private record Written(Decision decision, boolean forgotten) {}

    Answers(
            GroupCommit transactions,
            Decisions decisions,
            Leases leases,
            CallsUnderWay calls,
            Limits limits,
            Owner owner,
            OtpHash otpHash,
            Clock clock) {
        this.transactions = transactions;
        this.decisions = decisions;
        this.leases = leases;
        this.calls = calls;
        this.limits = limits;
        this.owner = owner;
        this.otpHash = otpHash;
        this.clock = clock;
    }

    /** @see io.pairingbridge.journal.Journal#answered */
    void answered(Job job, AttemptReport report) {
        Decision decision;
        try {
            decision = write(job, report);
        } catch (JournalException e) {
            if (report.sealed() != null) {
                pending.add(job, report);
            }
            throw e;
        }
        decision.applyTo(job);
        calls.answered(job.attempt());
    }

    /**
     * Writes the sealed answers that the store refused. Credentials are then published by the next delivery of their
     * job or by the reconciler, whichever comes first.
     */
    void writePending() {
        pending.write(this::write);
    }

    /** How many sealed answers only this process knows. */
    int pending() {
        return pending.size();
    }

    private Decision write(Job job, AttemptReport report) {
        Written written = transactions.write(job.id(), tx -> write(tx, job, report));
        if (written.forgotten()) {
            LOG.error(
                    "The journal {} has lost what it had committed: attempt {} of job {}; its sealed answer is entered anew",
                    transactions.name(),
                    job.attempt().id(),
                    job.id());
        }
        return written.decision();
    }

    private Written write(Transaction tx, Job job, AttemptReport report) {
        Attempt attempt = job.attempt();
        Instant now = clock.instant();
        Optional<Entry> found = tx.jobs().find(job.id());
        Entry known = found.or(() -> enterAnew(tx, job, report, now))
                .orElseThrow(() -> new IllegalStateException(
                        "attempt " + attempt.id() + " of job " + job.id() + " is not in the journal"));
        boolean paired = report.result() == Result.PAIRED;
        boolean current = known.state() == State.CALLING && attempt.id().equals(known.attemptId());
        boolean late = paired && known.state().ended() && known.state() != State.PUBLISHED;
        Lease lease = leases.grant(now);
        boolean closed = tx.attempts().close(attempt.id(), report, late, lease, now);
        if (!closed && (report.sealed() == null || tx.attempts().knows(attempt))) {
            // Written before, by a commit that was reported as failed, and published since.
            return new Written(Decision.of(j -> known.finish(j, true, null)), found.isEmpty());
        }
        if (!closed) {
            tx.attempts().enter(job, attempt, owner, now, now);
            tx.attempts().close(attempt.id(), report, late, lease, now);
        }
        Move move = Transitions.answered(
                known.known(),
                report.result(),
                current,
                !limits.expired(known.requestedAt(), known.expiresAt(), now),
                limits.maxAmbiguous());
        Decision decision;
        if (paired) {
            tx.jobs().seal(job.id(), attempt.id(), report, current, now);
        }
        if (paired && move.next() == NextStep.PUBLISH) {
            Credentials sealed = AttemptTable.sealed(known, attempt, report, late, current, lease);
            decision = Decision.of(j -> j.publish(sealed));
        } else {
            decision = decisions.follow(tx, job, known.otpHash(), known, move, report, now);
        }
        return new Written(decision, found.isEmpty() || !closed);
    }

    /** The job that the store has forgotten, if there is a sealed answer of it. */
    private Optional<Entry> enterAnew(Transaction tx, Job job, AttemptReport report, Instant now) {
        if (report.sealed() == null) {
            return Optional.empty();
        }
        tx.jobs().insert(job, State.CALLING, otpHash.of(job.request().otp()), now);
        return tx.jobs().find(job.id());
    }
}
