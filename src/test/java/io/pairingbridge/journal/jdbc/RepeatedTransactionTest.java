package io.pairingbridge.journal.jdbc;

import static io.pairingbridge.journal.jdbc.JournalFixture.HASH;
import static io.pairingbridge.journal.jdbc.JournalFixture.LIMITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work that shares its commit, and work that is run again: what the process knows is what was decided in the end. */
class RepeatedTransactionTest {
    @TempDir
    private Path folder;

    private final Owner owner = new Owner("a", "1");
    private final CallsUnderWay calls = new CallsUnderWay(owner, LIMITS);
    private FaultyDialect dialect;
    private GroupCommit transactions;
    private Admissions admissions;

    @BeforeEach
    void open() throws Exception {
        dialect = new FaultyDialect(new SqliteDialect("jdbc:sqlite:" + folder.resolve("journal.db")));
        JdbcJournal.open(dialect, LIMITS, owner, HASH, Clock.systemUTC()).close();
        transactions = new GroupCommit(dialect);
        Leases leases = new Leases(transactions, null, false, "a", Clock.systemUTC());
        admissions = new Admissions(
                transactions, new Decisions(LIMITS, leases), calls, LIMITS, owner, HASH, Clock.systemUTC());
    }

    @AfterEach
    void close() {
        transactions.close();
    }

    @Test
    void beginsOneAttemptHoweverOftenTheDatabaseUndoesIt() {
        dialect.undoing().set(3);
        Job job = job("j");

        admissions.admit(job);

        assertThat(job.next()).isEqualTo(NextStep.CALL);
        assertThat(calls.size()).as("attempts that the process knows of").isEqualTo(1);
        assertThat(calls.mayRun(entry("j"), Clock.systemUTC().instant())).isTrue();
        assertThat(entry("j").attemptId()).isEqualTo(job.attempt().id());
    }

    @Test
    void knowsOfNoAttemptThatWasNotBegun() {
        admissions.admit(job("j"));
        Job again = job("j");

        admissions.admit(again);

        assertThat(again.next()).isEqualTo(NextStep.WAIT);
        assertThat(calls.size()).isEqualTo(1);
    }

    /** Whether the commit is durable is unknown: if it is, the call has its full time, like one that was begun. */
    @Test
    void takesNoCallForLostWhoseCommitWasReportedAsFailed() {
        dialect.lying().set(true);
        assertThatThrownBy(() -> admissions.admit(job("j"))).isInstanceOf(JournalException.class);
        dialect.lying().set(false);
        transactions.reopen();
        assertThat(entry("j").state()).isEqualTo(State.CALLING);

        Job again = job("j");
        admissions.admit(again);

        assertThat(again.next()).isEqualTo(NextStep.WAIT);
        assertThat(entry("j").state()).isEqualTo(State.CALLING);
    }

    /** Of two deliveries that are decided in one commit, the second meets a call that nobody has in hand yet. */
    @Test
    void takesNoCallForLostThatWasBegunInTheSameCommit() throws Exception {
        CountDownLatch together = new CountDownLatch(1);
        List<Job> deliveries = List.of(job("j"), job("j"));
        List<Thread> callers = new ArrayList<>();
        callers.add(waiting(() -> transactions.write(tx -> {
            hold(together);
            return 0;
        })));
        for (Job delivery : deliveries) {
            callers.add(waiting(() -> admissions.admit(delivery)));
        }
        together.countDown();
        for (Thread caller : callers) {
            caller.join();
        }

        assertThat(deliveries).extracting(Job::next).containsExactly(NextStep.CALL, NextStep.WAIT);
        assertThat(entry("j").state()).isEqualTo(State.CALLING);
        assertThat(entry("j").ambiguous()).isZero();
    }

    @Test
    void runsOnceWhatChangesMoreThanRows() {
        AtomicInteger runs = new AtomicInteger();
        dialect.undoing().set(1);

        assertThatThrownBy(() -> transactions.writeOnce(tx -> runs.incrementAndGet()))
                .isInstanceOf(JournalException.class);

        assertThat(runs).hasValue(1);
        assertThat(transactions.failure()).isEmpty();
        int again = transactions.writeOnce(tx -> runs.incrementAndGet());
        assertThat(again).as("the store is sound").isEqualTo(2);
    }

    /** A group is run again for the mistake of one of its works; what may run once only is in no group. */
    @Test
    void runsOnceWhatChangesMoreThanRowsThoughAnotherWorkBesideItIsAMistake() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        CountDownLatch together = new CountDownLatch(1);
        List<Thread> callers = new ArrayList<>();
        callers.add(waiting(() -> transactions.write(tx -> {
            hold(together);
            return 0;
        })));
        callers.add(waiting(() -> transactions.writeOnce(tx -> runs.incrementAndGet())));
        callers.add(waiting(() -> transactions.write(tx -> {
            throw new IllegalArgumentException("a mistake");
        })));
        together.countDown();
        for (Thread caller : callers) {
            caller.join();
        }

        assertThat(runs).hasValue(1);
    }

    private static void hold(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns once the caller waits for its work to be done. */
    private static Thread waiting(Runnable caller) {
        Thread thread = new Thread(() -> {
            try {
                caller.run();
            } catch (IllegalStateException e) {
                assertThat(e).hasRootCauseMessage("a mistake");
            }
        });
        thread.start();
        Awaitility.await().until(() -> thread.getState() == Thread.State.WAITING);
        return thread;
    }

    private Entry entry(String jobId) {
        return transactions.write(tx -> tx.jobs().find(jobId)).orElseThrow();
    }

    private static Job job(String id) {
        return new Job(
                new Job.Origin(id, null, null, "m-" + id, Clock.systemUTC().instant(), null, 4, false, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
    }
}
