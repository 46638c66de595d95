package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.State;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Commits that are shared, that fail, and that are reported as failed. */
interface StoreFailureContract extends JournalFixture {
    @Test
    default void sharesCommitsBetweenCallers() throws Exception {
        AtomicInteger commits = new AtomicInteger();
        Journal journal = open(new FaultyDialect(dialect(), commits, new AtomicBoolean()), "a", "1");
        int before = commits.get();
        ExecutorService pool = Executors.newFixedThreadPool(32);
        try {
            List<Callable<Void>> all = new ArrayList<>();
            for (int i = 0; i < 640; i++) {
                Job job = job("j" + i, "otp");
                all.add(() -> {
                    journal.admit(job);
                    return null;
                });
            }
            for (Future<Void> done : pool.invokeAll(all)) {
                done.get();
            }
        } finally {
            pool.shutdown();
        }
        assertThat(commits.get() - before).isLessThan(640);
        assertThat(journal.reader().counts()).containsEntry(State.CALLING, 640L);
    }

    @Test
    default void refusesEverythingAfterAFailedCommitUntilItIsHealed() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), broken), "a", "1");
        journal.admit(job("i", "otp"));
        // Others see a write once it is committed: what fails from here on is none that was answered before.
        Awaitility.await().until(() -> journal.find("i").isPresent());
        broken.set(true);
        assertThatThrownBy(() -> journal.admit(job("j", "otp")))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("disk");
        broken.set(false);
        assertThatThrownBy(() -> journal.admit(job("k", "otp")))
                .as("not tried again over an error")
                .isInstanceOf(JournalException.class);
        assertThat(journal.failure()).isPresent();

        journal.recover();

        assertThat(journal.failure()).isEmpty();
        Job job = job("k", "otp");
        journal.admit(job);
        assertThat(job.next()).isEqualTo(NextStep.CALL);
    }

    @Test
    default void keepsASealedAnswerThatTheStoreRefusedAndWritesItWhenHealed() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), broken), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        broken.set(true);
        assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);
        broken.set(false);

        journal.recover();

        clock().move(Duration.ofSeconds(1));
        assertThat(journal.unpublished(clock().instant(), 10))
                .extracting(credentials -> credentials.answer().body())
                .containsExactly("sealed-bytes");
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.SEALED);
        journal.published(job.id(), job.attempt().id());
        journal.recover();
        assertThat(journal.unpublished(clock().instant(), 10))
                .as("written once")
                .isEmpty();
    }

    @Test
    default void writesAtTheStopASealedAnswerThatTheStoreRefused() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), broken), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        broken.set(true);
        assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);
        broken.set(false);

        journal.close();

        assertThat(open("a", "2").unpublished(clock().instant().plusSeconds(1), 10))
                .extracting(credentials -> credentials.answer().body())
                .containsExactly("sealed-bytes");
    }

    @Test
    default void stopsEvenIfTheStoreStillRefusesWhatItOwes() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), broken), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        broken.set(true);
        assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);

        journal.close();

        assertThat(open("a", "2").find("j").orElseThrow().state()).isEqualTo(State.CALLING);
        assertThatThrownBy(() -> journal.admit(job("k", "otp")))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("closed");
    }

    @Test
    default void keepsNoAnswerWithoutCredentialsThatTheStoreRefused() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), broken), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        broken.set(true);
        assertThatThrownBy(() -> journal.answered(job, report(Result.REJECTED))).isInstanceOf(JournalException.class);
        broken.set(false);

        journal.recover();

        assertThat(journal.find("j").orElseThrow().state())
                .as("its end is unknown")
                .isEqualTo(State.CALLING);
    }

    /** The commit was durable and its caller was told otherwise: another one published the credentials meanwhile. */
    @Test
    default void doesNotBringPublishedCredentialsBackWhenItIsHealed() {
        AtomicBoolean lying = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), new AtomicBoolean(), lying), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        lying.set(true);
        assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);
        lying.set(false);
        open("b", "1").published(job.id(), job.attempt().id());

        journal.recover();

        assertThat(journal.unpublished(clock().instant().plusSeconds(1), 10)).isEmpty();
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.PUBLISHED);
        assertThat(journal.failure()).isEmpty();
    }

    @Test
    default void isHealedEvenIfTheStoreHasForgottenTheAttemptOfAnAnswer() throws SQLException {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), broken), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        broken.set(true);
        assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);
        broken.set(false);
        change("DELETE FROM job"); // as a backup that was put back

        journal.recover();

        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.SEALED);
        Job next = job("k", "otp");
        journal.admit(next);
        assertThat(next.next()).isEqualTo(NextStep.CALL);
    }

    @Test
    default void leavesTheOtherWritesOfAGroupAloneWhenOneIsAMistake() throws Exception {
        Journal journal = open("a", "1");
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                Job job = job("j" + i, "otp");
                if (i % 4 == 0) {
                    job.call(new Attempt("unheard-of-" + i, 1, CALL));
                }
                all.add(() -> {
                    try {
                        if (job.attempt() == null) {
                            journal.admit(job);
                        } else {
                            journal.answered(job, report(Result.REJECTED)); // of a job that the journal never heard of
                        }
                        return true;
                    } catch (IllegalStateException mistake) {
                        return false;
                    }
                });
            }
            int refused = 0;
            for (Future<Boolean> done : pool.invokeAll(all)) {
                refused += done.get() ? 0 : 1;
            }
            assertThat(refused).isEqualTo(16);
        } finally {
            pool.shutdown();
        }
        assertThat(journal.reader().counts()).containsEntry(State.CALLING, 48L);
        assertThat(journal.failure()).isEmpty();
    }

    @Test
    default void saysThatItCannotBeRead() throws SQLException {
        Journal journal = open("a", "1");
        change("DROP TABLE job");
        assertThatThrownBy(() -> journal.find("j"))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining(dialect().name() + " cannot be read")
                .hasMessageContaining("job");
    }
}
