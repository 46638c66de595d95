package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** When a job is due, when its time is over, and what a clock that was turned back changes of that: nothing. */
interface TimeContract extends JournalFixture {
    @Test
    default void putsADeliveryBackThatComesBeforeItIsDue() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.THROTTLED));
        clock().move(Duration.ofMillis(400));

        Job early = job("j", "otp");
        journal.admit(early);
        assertThat(early.next()).isEqualTo(NextStep.WAIT);
        assertThat(early.delay().plusMillis(400)).isEqualTo(job.delay());

        clock().move(Duration.ofMillis(600));
        Job due = job("j", "otp");
        journal.admit(due);
        assertThat(due.next()).as("to the millisecond").isEqualTo(NextStep.CALL);
    }

    @Test
    default void callsAJobThatWaitsForATimeTheClockWasTurnedBackFrom() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.THROTTLED));
        clock().move(Duration.ofDays(-3));

        Job again = job("j", "otp");
        journal.admit(again);

        assertThat(again.next()).isEqualTo(NextStep.CALL);
    }

    @Test
    default void doesNotWaitForDaysWhenTheClockWasTurnedBack() {
        open("a", "1").admit(job("j", "otp"));
        clock().move(Duration.ofDays(-3));
        Journal other = open("b", "1");
        Job first = job("j", "otp");
        other.admit(first);
        assertThat(clock().instant().plus(first.delay()))
                .isEqualTo(clock().instant().plus(CALL).plus(GRACE));

        clock().move(CALL.plus(GRACE));
        other.admit(job("j", "otp"));
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
    }

    @Test
    default void waitsLongerEachTimeAndNotBeyondTheJobsEnd() {
        Journal journal = open("a", "1");
        Instant requested = clock().instant();
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Job job = new Job(
                    new Job.Origin("j", null, null, "m" + i, requested, null, 4, false, false),
                    new PairingRequest("Till", "otp", null, Map.of()),
                    "{}");
            journal.admit(job);
            assertThat(job.next()).isEqualTo(NextStep.CALL);
            journal.answered(job, report(Result.THROTTLED));
            waits.add(job.delay().toSeconds());
            clock().move(job.delay());
        }
        assertThat(waits).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L);
        clock().move(Duration.between(
                clock().instant(), requested.plus(Duration.ofMinutes(59)).plusSeconds(50)));
        Job last = new Job(
                new Job.Origin("j", null, null, "last", requested, null, 4, false, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
        journal.admit(last);
        journal.answered(last, new AttemptReport(Result.THROTTLED, 503, "later", null, Duration.ofHours(1)));
        assertThat(clock().instant().plus(last.delay())).isEqualTo(requested.plus(Duration.ofHours(1)));
    }

    @Test
    default void saysWhatTheLastAttemptFailedOfWhenTheTimeIsUp() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, new AttemptReport(Result.NOT_SENT, null, "the endpoint refuses connections", null, null));
        clock().move(Duration.ofHours(2));
        Job late = job("j", "otp");
        journal.admit(late);
        assertThat(late.ending().outcome()).isEqualTo(Outcome.EXPIRED);
        assertThat(late.ending().detail()).contains("time ran out").endsWith("the endpoint refuses connections");
    }

    @Test
    default void endsAJobWhoseTimeRanOutDuringItsCall() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        clock().move(Duration.ofHours(1));
        journal.answered(job, report(Result.NOT_SENT));
        assertThat(job.ending().outcome()).isEqualTo(Outcome.EXPIRED);
        assertThat(job.ending().attempts()).as("nobody heard it").isZero();
    }

    @Test
    default void endsAJobAtItsExpirationIfThatComesBeforeTheMaximumAge() {
        Journal journal = open("a", "1");
        Instant expires = clock().instant().plusSeconds(60);
        Job inTime = expiring("in-time", clock().instant(), expires);
        Job late = expiring("late", clock().instant(), expires);
        clock().move(Duration.ofMillis(59_999));
        journal.admit(inTime);
        assertThat(inTime.next()).isEqualTo(NextStep.CALL);
        clock().move(Duration.ofMillis(1));
        journal.admit(late);
        assertThat(late.ending().outcome()).isEqualTo(Outcome.EXPIRED);

        Job aged = expiring("aged", clock().instant(), clock().instant().plus(Duration.ofDays(1)));
        clock().move(Duration.ofHours(1));
        journal.admit(aged);
        assertThat(aged.ending().outcome()).as("the maximum age comes first").isEqualTo(Outcome.EXPIRED);
    }

    @Test
    default void countsTheAgeOfAJobFromItsFirstRequestAndOfANewTryFromItsOwn() {
        Journal journal = open("a", "1");
        Job first = job("j", "otp");
        journal.admit(first);
        journal.answered(first, report(Result.THROTTLED));
        clock().move(Duration.ofHours(1));
        Job sentAgain = job("j", "otp");
        journal.admit(sentAgain);
        assertThat(sentAgain.ending().outcome())
                .as("sent again, and no younger for it")
                .isEqualTo(Outcome.EXPIRED);

        Job newTry = job("j", "another");
        journal.admit(newTry);
        assertThat(newTry.next()).isEqualTo(NextStep.CALL);
    }

    /** A request that was put back to wait arrives anew in its queue; who asked for the job does not care. */
    @Test
    default void tellsWhenAJobWasFirstAskedFor() {
        Journal journal = open("a", "1");
        Instant asked = clock().instant();
        Job first = job("j", "otp");
        journal.admit(first);
        journal.answered(first, report(Result.THROTTLED));
        clock().move(Duration.ofMinutes(2));
        Job putBack = job("j", "otp");
        journal.admit(putBack);
        journal.answered(putBack, report(Result.REJECTED));

        assertThat(putBack.ending().outcome()).isEqualTo(Outcome.REJECTED);
        assertThat(putBack.requestedAt()).isEqualTo(asked);
    }

    @Test
    default void endsWhatTheBrokerGaveUpWhateverItsAge() {
        Journal journal = open("a", "1");
        Job expired = new Job(
                new Job.Origin("j", null, null, "m1", clock().instant(), null, 4, true, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
        journal.admit(expired);
        assertThat(expired.ending().outcome()).isEqualTo(Outcome.EXPIRED);

        Job waiting = job("k", "otp");
        journal.admit(waiting);
        journal.answered(waiting, report(Result.AMBIGUOUS));
        Job gaveUp = new Job(
                new Job.Origin("k", null, null, "m2", clock().instant(), null, 4, true, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
        journal.admit(gaveUp);
        assertThat(gaveUp.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
    }

    private Job expiring(String id, Instant requestedAt, Instant expiresAt) {
        return new Job(
                new Job.Origin(id, null, null, nextMessageId(), requestedAt, expiresAt, 4, false, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
    }
}
