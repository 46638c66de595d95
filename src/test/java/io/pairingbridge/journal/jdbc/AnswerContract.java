package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.State;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sealed answers: taken whatever happened before, kept until they are published. */
interface AnswerContract extends JournalFixture {
    /** No database's idea of a text may cost credentials. */
    @Test
    default void takesAnAnswerWhateverCharactersItHolds() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        String odd = "Till \0 \uD800 \uFFFF 'x' \\ %";
        journal.answered(
                job,
                new AttemptReport(
                        Result.PAIRED,
                        200,
                        odd,
                        new SealedAnswer("sealed-bytes", "key-1", "application/jose", null),
                        new PairedTerminal(odd, odd, odd),
                        null));
        assertThat(job.next()).isEqualTo(NextStep.PUBLISH);
        assertThat(job.credentials().terminal().payConnectName())
                .startsWith("Till ")
                .endsWith(" 'x' \\ %");
    }

    @Test
    default void publishesWhatWasSealedBeforeTheClockWasTurnedBack() {
        Job job = job("j", "otp");
        Journal journal = open("a", "1");
        journal.admit(job);
        journal.answered(job, paired());
        assertThat(journal.unpublished(clock().instant(), 10)).as("just sealed").isEmpty();

        clock().move(Duration.ofHours(-3));

        assertThat(journal.unpublished(clock().instant(), 10))
                .extracting(credentials -> credentials.answer().body())
                .containsExactly("sealed-bytes");
    }

    @Test
    default void keepsSealedBytesUntilTheyArePublished() {
        Journal journal = open("a", "1");
        Job job = sealed(journal);
        assertThat(job.next()).isEqualTo(NextStep.PUBLISH);
        assertThat(job.credentials().answer().body()).isEqualTo("sealed-bytes");
        assertThat(job.credentials().answer().breakGlass()).isEqualTo("glass-bytes");
        journal.close();

        Journal reopened = open("a", "2");
        clock().move(Duration.ofSeconds(1));
        assertThat(reopened.unpublished(clock().instant(), 10))
                .extracting(
                        Credentials::attemptId,
                        credentials -> credentials.answer().body(),
                        credentials -> credentials.answer().breakGlass(),
                        Credentials::jobId)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(job.attempt().id(), "sealed-bytes", "glass-bytes", "j"));
        assertThat(reopened.reader().counts()).containsEntry(State.SEALED, 1L);

        Entry entry = reopened.published(job.id(), job.attempt().id());
        assertThat(entry.state()).isEqualTo(State.PUBLISHED);
        assertThat(reopened.published(job.id(), job.attempt().id()).state())
                .as("repeatable")
                .isEqualTo(State.PUBLISHED);
        assertThat(reopened.unpublished(clock().instant(), 10)).isEmpty();
        assertThat(reopened.reader().attempts("j")).noneMatch(JournalReader.AttemptRecord::holdsSealedBytes);
        assertThat(entry.ending().outcome()).isEqualTo(Outcome.PAIRED);
        assertThat(entry.ending().attempts()).isEqualTo(1);
    }

    @Test
    default void publishesASealedJobInsteadOfCallingAgain() {
        Journal journal = open("a", "1");
        Job job = sealed(journal);

        Job again = job("j", "otp");
        open("a", "2").admit(again);

        assertThat(again.next()).isEqualTo(NextStep.PUBLISH);
        assertThat(again.credentials().attemptId()).isEqualTo(job.attempt().id());
    }

    @Test
    default void takesCredentialsThatComeLateFromAnOwnerGivenUp() {
        Journal paused = open("a", "1");
        Job job = job("j", "otp", "m1");
        paused.admit(job);
        Journal other = open("b", "1");
        for (int i = 0; i < 3; i++) {
            clock().move(Duration.ofMinutes(2));
            Job taken = job("j", "otp", "m" + i);
            other.admit(taken);
            if (taken.next() == NextStep.WAIT && other.find("j").orElseThrow().state() == State.WAITING) {
                clock().move(Duration.ofMinutes(2));
                taken = job("j", "otp", "n" + i);
                other.admit(taken);
            }
            if (taken.next() == NextStep.CALL) {
                other.answered(taken, report(Result.AMBIGUOUS));
            }
        }
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.IN_DOUBT);

        paused.answered(job, paired());

        assertThat(job.next()).isEqualTo(NextStep.PUBLISH);
        assertThat(job.credentials().late()).as("owes a second event").isTrue();
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.SEALED);
        assertThat(other.published(job.id(), job.attempt().id()).ending().outcome())
                .isEqualTo(Outcome.PAIRED);
    }

    @Test
    default void keepsTheSealedBytesOfAnUnreadableAnswerForTheInDoubtMessage() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp", "m1");
        journal.admit(job);
        journal.answered(
                job,
                new AttemptReport(
                        Result.UNREADABLE,
                        200,
                        "no JSON",
                        new SealedAnswer("sealed-html", "key-1", "application/jose", "glass-html"),
                        null));
        assertThat(job.sealedAnswer())
                .isEqualTo(new SealedAnswer("sealed-html", "key-1", "application/jose", "glass-html"));

        Job comeBack = job("j", "otp", "m1");
        open("a", "2").admit(comeBack);

        assertThat(comeBack.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(comeBack.repeated()).isFalse();
        assertThat(comeBack.sealedAnswer())
                .isEqualTo(new SealedAnswer("sealed-html", "key-1", "application/jose", "glass-html"));
        assertThat(journal.unpublished(clock().instant().plusSeconds(9), 9))
                .as("no credentials")
                .isEmpty();
    }

    @Test
    default void tellsSinceWhenTheOldestCredentialsWait() {
        Journal journal = open("a", "1");
        assertThat(journal.reader().oldestUnpublished()).isEmpty();
        Job job = sealed(journal);
        Instant sealed = clock().instant();
        clock().move(Duration.ofSeconds(5));

        assertThat(journal.reader().oldestUnpublished()).hasValue(sealed);
        journal.published("j", job.attempt().id());
        assertThat(journal.reader().oldestUnpublished()).isEmpty();
    }

    /**
     * As after a standby was promoted that had not got everything: what came of the attempt is entered all the same.
     */
    @Test
    default void takesTheAnswerOfAnAttemptThatTheStoreHasForgotten() throws SQLException {
        Journal journal = open("a", "1");
        for (String lost : List.of("DELETE FROM job; DELETE FROM attempt", "DELETE FROM attempt", "DELETE FROM job")) {
            Job job = job("job-" + lost.length(), "otp");
            journal.admit(job);
            for (String statement : lost.split("; ")) {
                change(statement);
            }
            journal.answered(job, paired());
            assertThat(job.next()).as(lost).isEqualTo(NextStep.PUBLISH);
            assertThat(job.credentials().attemptId())
                    .as(lost)
                    .isEqualTo(job.attempt().id());
            assertThat(journal.published(job.id(), job.attempt().id()).state())
                    .as(lost)
                    .isEqualTo(State.PUBLISHED);
        }
    }
}
