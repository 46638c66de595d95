package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Jobs whose request is not in the broker any more. */
interface MissingRequestContract extends JournalFixture {
    @Test
    default void endsACallInDoubtWhoseRequestIsGone() {
        Journal before = open("a", "1");
        before.admit(job("j", "otp"));
        before.close();
        Journal journal = open("a", "2");
        assertThat(journal.orphans(true, 10)).as("just touched").isEmpty();
        clock().move(CALL.plus(GRACE).multipliedBy(2).plusMillis(1));

        assertThat(journal.orphans(false, 10))
                .as("its request may still lie behind others")
                .isEmpty();
        Orphan orphan = journal.orphans(true, 10).get(0);
        Job notice = notice(orphan, "n-1", clock().instant());
        journal.gone(notice, orphan);

        assertThat(notice.next()).isEqualTo(NextStep.FINISH);
        assertThat(notice.repeated()).isFalse();
        assertThat(notice.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(notice.ending().reason()).isEqualTo("REQUEST_GONE");
        assertThat(notice.reference()).containsEntry("store", "S-1");
        assertThat(journal.reader().attempts("j"))
                .extracting(JournalReader.AttemptRecord::result)
                .containsExactly(Result.AMBIGUOUS);
        assertThat(journal.orphans(true, 10)).isEmpty();

        Job again = notice(orphan, "n-1", clock().instant());
        journal.gone(again, orphan);
        assertThat(again.next()).as("its acknowledgement was lost").isEqualTo(NextStep.FINISH);
        assertThat(again.repeated()).isFalse();
        assertThat(again.ending().key()).isEqualTo(notice.ending().key());

        Job second = notice(orphan, "n-2", clock().instant());
        journal.gone(second, orphan);
        assertThat(second.next()).as("told by another bridge before").isEqualTo(NextStep.DROP);
    }

    @Test
    default void endsAWaitingJobWhoseRequestIsGoneAndTellsWhetherItWasCalled() {
        Journal journal = open("a", "1");
        Job unsent = job("unsent", "otp-1");
        Job lost = job("lost", "otp-2");
        journal.admit(unsent);
        journal.answered(unsent, report(Result.NOT_SENT));
        journal.admit(lost);
        journal.answered(lost, report(Result.AMBIGUOUS));
        clock().move(Duration.ofMinutes(5));

        List<Orphan> orphans = journal.orphans(true, 10);
        assertThat(orphans).extracting(Orphan::jobId).containsExactlyInAnyOrder("unsent", "lost");
        orphans.forEach(orphan -> journal.gone(notice(orphan, "n-" + orphan.jobId(), clock().instant()), orphan));

        assertThat(journal.find("unsent").orElseThrow().state()).isEqualTo(State.EXPIRED);
        assertThat(journal.find("lost").orElseThrow().state()).isEqualTo(State.IN_DOUBT);
    }

    @Test
    default void leavesAJobAloneThatMovedAfterItsRequestWasMissed() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.THROTTLED));
        clock().move(Duration.ofMinutes(5));
        Orphan orphan = journal.orphans(true, 10).get(0);
        Job delivered = job("j", "otp", job.origin().originalMessageId());
        journal.admit(delivered);
        assertThat(delivered.next()).isEqualTo(NextStep.CALL);

        Job notice = notice(orphan, "n-1", clock().instant());
        journal.gone(notice, orphan);

        assertThat(notice.next()).isEqualTo(NextStep.DROP);
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }

    @Test
    default void endsAJobWithoutARequestWhenItsTimeIsOverThoughOthersWait() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.NOT_SENT));
        clock().move(Duration.ofHours(1).plusMinutes(2));

        assertThat(journal.orphans(false, 10)).extracting(Orphan::jobId).containsExactly("j");
    }

    @Test
    default void takesTheCredentialsThatComeAfterTheRequestWasMissed() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        clock().move(Duration.ofMinutes(5));
        Orphan orphan = new Orphan(
                "j", null, clock().instant().minus(Duration.ofMinutes(5)).toEpochMilli(), clock().instant(), Map.of());
        job.attempt().hold(true);
        Job early = notice(orphan, "n-1", clock().instant());
        journal.gone(early, orphan);
        assertThat(early.next()).as("somebody is still in the call").isEqualTo(NextStep.DROP);
        job.attempt().hold(false);

        journal.answered(job, paired());

        assertThat(job.next()).isEqualTo(NextStep.PUBLISH);
        Job late = notice(orphan, "n-2", clock().instant());
        journal.gone(late, orphan);
        assertThat(late.next()).isEqualTo(NextStep.DROP);
    }

    private static Job notice(Orphan orphan, String messageId, Instant now) {
        return new Job(
                new Job.Origin(orphan.jobId(), orphan.batchId(), null, messageId, now, null, 4, true, false),
                new PairingRequest(null, "***", null, orphan.fields()),
                "{}");
    }
}
