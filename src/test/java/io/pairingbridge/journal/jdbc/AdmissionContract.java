package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What a delivery means while a call of its job is, or may be, under way. */
interface AdmissionContract extends JournalFixture {
    @Test
    default void permitsOneCallAndKnowsOfItAfterReopening() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        assertThat(job.next()).isEqualTo(NextStep.CALL);
        journal.close();

        Entry entry = open("a", "2").find("j").orElseThrow();

        assertThat(entry.state()).isEqualTo(State.CALLING);
        assertThat(entry.attemptId()).isEqualTo(job.attempt().id());
        assertThat(entry.reference()).containsEntry("store", "S-1");
        assertThat(entry.otpHash()).isEqualTo(HASH.of("otp")).doesNotContain("otp");
    }

    @Test
    default void knowsARunningJobByItsMessage() {
        Journal journal = open("a", "1");
        Job job = job("ID:of-an-earlier-version", "otp", "4711");
        journal.admit(job);

        assertThat(journal.runningJob("4711", job.origin().requestedAt())).contains("ID:of-an-earlier-version");
        assertThat(journal.runningJob("4711", job.origin().requestedAt().plusMillis(1)))
                .as("another broker's message")
                .isEmpty();
        assertThat(journal.runningJob("4712", job.origin().requestedAt())).isEmpty();
    }

    @Test
    default void countsTheCallOfAnEarlierRunAsLost() {
        open("a", "1").admit(job("j", "otp"));

        Job again = job("j", "otp");
        Journal journal = open("a", "2");
        journal.admit(again);

        assertThat(again.next()).isEqualTo(NextStep.WAIT);
        assertThat(clock().instant().plus(again.delay()))
                .isEqualTo(clock().instant().plusSeconds(1));
        assertThat(journal.find("j").orElseThrow().ambiguous()).isEqualTo(1);
        assertThat(journal.reader().attempts("j"))
                .extracting(JournalReader.AttemptRecord::result)
                .containsExactly(Result.AMBIGUOUS);
    }

    @Test
    default void waitsForAnotherInstancesDeadlineAndThenGoesOn() {
        open("a", "1").admit(job("j", "otp"));
        Journal other = open("b", "1");

        Job early = job("j", "otp");
        other.admit(early);
        assertThat(early.next()).isEqualTo(NextStep.WAIT);
        assertThat(clock().instant().plus(early.delay()))
                .isEqualTo(clock().instant().plus(CALL).plus(GRACE));
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.CALLING);

        clock().move(CALL.plus(GRACE));
        Job late = job("j", "otp");
        other.admit(late);
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
    }

    @Test
    default void waitsForACallOfItsOwnThatIsUnderWay() {
        Journal journal = open("a", "1");
        journal.admit(job("j", "otp"));
        clock().move(Duration.ofDays(1)); // the wall clock says nothing about a call of this process
        // within its time limits, or the job would be too old
        Job again = job("j", "otp");
        journal.admit(again);
        assertThat(again.next()).isEqualTo(NextStep.WAIT);
        assertThat(clock().instant().plus(again.delay()))
                .as("looks again in a moment")
                .isEqualTo(clock().instant().plusMillis(200));
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }

    @Test
    default void leavesACallToTheDeliveryThatHoldsItLongAfterItsDeadline() {
        Limits passed = new Limits(CALL.negated(), LIMITS.maxAge(), LIMITS.maxAmbiguous(), LIMITS.retry());
        Journal journal = open(dialect(), passed, "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        job.attempt().hold(true);
        journal.purge(Duration.ofDays(1)); // as it runs first thing after a long pause

        Job again = job("j", "otp");
        journal.admit(again);
        assertThat(again.next()).isEqualTo(NextStep.WAIT);
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);

        job.attempt().hold(false);
        journal.admit(job("j", "otp"));
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
    }

    @Test
    default void goesOnFromACallOfItsOwnThatOutlivedItsDeadline() {
        Limits noTime = new Limits(Duration.ZERO, LIMITS.maxAge(), LIMITS.maxAmbiguous(), LIMITS.retry());
        Journal journal = open(dialect(), noTime, "a", "1");
        journal.admit(job("j", "otp"));

        Job again = job("j", "otp");
        journal.admit(again);

        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
        assertThat(journal.find("j").orElseThrow().ambiguous()).isEqualTo(1);
    }

    @Test
    default void permitsExactlyOneOfManyConcurrentDeliveriesOfAJob() throws Exception {
        Journal journal = open("a", "1");
        ExecutorService pool = Executors.newFixedThreadPool(16);
        try {
            List<Callable<Job>> all = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                Job job = job("j" + i % 100, "otp" + i % 100);
                all.add(() -> {
                    journal.admit(job);
                    return job;
                });
            }
            Set<String> called = new HashSet<>();
            for (Future<Job> done : pool.invokeAll(all)) {
                Job job = done.get();
                if (job.next() == NextStep.CALL) {
                    assertThat(called.add(job.id()))
                            .as("one call for " + job.id())
                            .isTrue();
                }
            }
            assertThat(called).hasSize(100);
        } finally {
            pool.shutdown();
        }
    }

    @Test
    default void stillWaitsForACallOfItsOwnAfterAPurge() {
        Journal journal = open("a", "1");
        journal.admit(job("j", "otp"));
        clock().move(Duration.ofMinutes(1));
        journal.purge(Duration.ofDays(90));
        Job again = job("j", "otp");
        journal.admit(again);
        assertThat(again.next()).isEqualTo(NextStep.WAIT);
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }

    @Test
    default void leavesAnotherCallAloneWhenAnEarlierOneReportsItsLossLate() {
        Journal paused = open("a", "1");
        Job job = job("j", "otp");
        paused.admit(job);
        clock().move(CALL.plus(GRACE));
        Journal other = open("b", "1");
        other.admit(job("j", "otp"));
        paused.answered(job, report(Result.AMBIGUOUS));
        assertThat(job.next()).isEqualTo(NextStep.WAIT);
        assertThat(clock().instant().plus(job.delay()))
                .as("when it is due")
                .isEqualTo(clock().instant().plusSeconds(1));
        clock().move(Duration.ofSeconds(1));
        Job second = job("j", "otp");
        other.admit(second);
        Entry calling = other.find("j").orElseThrow();

        paused.answered(job, report(Result.AMBIGUOUS));

        assertThat(job.next()).isEqualTo(NextStep.WAIT);
        assertThat(clock().instant().plus(job.delay()))
                .as("the other's deadline")
                .isEqualTo(clock().instant().plus(CALL).plus(GRACE));
        assertThat(other.find("j")).contains(calling);
        assertThat(calling.attemptId()).isEqualTo(second.attempt().id());
        assertThat(calling.ambiguous()).as("counted once").isEqualTo(1);
    }

    @Test
    default void refusesAnotherOtpAndLeavesTheJobAlone() {
        Journal journal = open("a", "1");
        journal.admit(job("j", "otp"));
        Entry before = journal.find("j").orElseThrow();

        Job other = job("j", "another");
        journal.admit(other);

        assertThat(other.ending().outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(journal.find("j")).contains(before);
    }
}
