package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.State;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Endings, told again to whom they belong, and what a new try leaves of the ones before. */
interface TryContract extends JournalFixture {
    @Test
    default void knowsAMessageComeBackFromOneSentAgain() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp", "m1");
        journal.admit(job);
        journal.answered(job, report(Result.REJECTED));
        assertThat(job.ending().outcome()).isEqualTo(Outcome.REJECTED);

        Job comeBack = job("j", "otp", "m1");
        journal.admit(comeBack);
        assertThat(comeBack.repeated())
                .as("its acknowledgement was lost: told in full")
                .isFalse();
        assertThat(comeBack.ending()).isEqualTo(job.ending());

        Job sentAgain = job("j", "otp", "m2");
        journal.admit(sentAgain);
        assertThat(sentAgain.repeated()).as("only the event is told again").isTrue();
        assertThat(sentAgain.ending()).isEqualTo(job.ending());
    }

    /**
     * The process died between writing an ending and its acknowledgement, and another try came before the message came
     * again.
     */
    @Test
    default void tellsTheEndOfATryAlthoughAnotherOneHasBegunSince() {
        Journal journal = open("a", "1");
        Job first = job("j", "otp");
        for (int attempt = 0; attempt < 3; attempt++) {
            journal.admit(first);
            journal.answered(first, report(Result.AMBIGUOUS));
            clock().move(Duration.ofMinutes(1));
        }
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.IN_DOUBT);
        Job other = job("j", "another");
        journal.admit(other);
        journal.answered(other, paired());

        Job again = job("j", "otp", first.origin().originalMessageId());
        journal.admit(again);
        Job repeated = job("j", "otp");
        journal.admit(repeated);

        assertThat(again.next()).isEqualTo(NextStep.FINISH);
        assertThat(again.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(again.ending().attempts()).isEqualTo(3);
        assertThat(again.repeated())
                .as("told before, so that nobody is asked to look")
                .isFalse();
        assertThat(repeated.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(repeated.repeated()).isTrue();
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.SEALED);
    }

    /**
     * A password that may be spent stays so: asked for again after another try, it is neither called for nor refused.
     */
    @Test
    default void keepsTheDoubtOfATryThatAnotherOneFollowed() {
        Journal journal = open("a", "1");
        Job first = job("j", "otp");
        journal.admit(first);
        journal.answered(
                first,
                new AttemptReport(
                        Result.UNREADABLE,
                        200,
                        "no JSON",
                        new SealedAnswer("sealed-bytes", "key-1", "application/jose", null),
                        null));
        Job other = job("j", "another");
        journal.admit(other);
        journal.answered(other, report(Result.REJECTED));

        Job again = job("j", "otp");
        journal.admit(again);
        Job otherAgain = job("j", "another");
        journal.admit(otherAgain);

        assertThat(again.next()).isEqualTo(NextStep.FINISH);
        assertThat(again.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(otherAgain.ending().outcome()).isEqualTo(Outcome.REJECTED);
    }

    @Test
    default void replaysAnUnspentPasswordAlthoughAnotherTryCameInBetween() {
        Journal journal = open("a", "1");
        Job first = job("j", "otp");
        journal.admit(first);
        journal.answered(first, report(Result.MISCONFIGURED));
        Job other = job("j", "another");
        journal.admit(other);
        Job whileRunning = replay("j", "otp");
        journal.admit(whileRunning);
        journal.answered(other, report(Result.REJECTED));
        Job replayed = replay("j", "otp");
        journal.admit(replayed);

        assertThat(whileRunning.ending().outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(replayed.next()).isEqualTo(NextStep.CALL);
        journal.answered(replayed, report(Result.REJECTED));
        Job otherAgain = job("j", "another");
        journal.admit(otherAgain);
        assertThat(otherAgain.ending().outcome()).isEqualTo(Outcome.REJECTED);
        clock().move(Duration.ofDays(100));
        journal.purge(Duration.ofDays(90));
        Job much = job("j", "another");
        journal.admit(much);
        assertThat(much.next()).as("after the retention nothing is known of it").isEqualTo(NextStep.CALL);
    }

    @Test
    default void beginsANewTryWithANewOtpAndKeepsTheHistory() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.REJECTED));

        Job newTry = job("j", "another");
        journal.admit(newTry);

        assertThat(newTry.next()).isEqualTo(NextStep.CALL);
        Entry entry = journal.find("j").orElseThrow();
        assertThat(entry.attempts()).isZero();
        assertThat(entry.reason()).isNull();
        assertThat(journal.reader().attempts("j")).hasSize(2);
    }

    private Job replay(String id, String otp) {
        return new Job(
                new Job.Origin(id, "batch-1", null, nextMessageId(), clock().instant(), null, 4, false, true),
                new PairingRequest("Till", otp, null, Map.of("store", "S-1")),
                "{}");
    }
}
