package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.NewRow;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Batches.Row;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.JournalReader.FoundJob;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.MovingClock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every journal promises of batches. A database's own test extends this and says how to open it. */
abstract class BatchesContract {
    private static final Limits LIMITS = new Limits(
            Duration.ofSeconds(10),
            Duration.ofHours(1),
            1,
            new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0));
    private static final OtpHash HASH =
            new OtpHash("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));
    private static final AttemptReport PAIRED = new AttemptReport(
            Result.PAIRED,
            200,
            "ok",
            new SealedAnswer("sealed-bytes", "key-1", "application/jose"),
            new PairedTerminal("pc-1", "Till", "T1"),
            null);

    private final MovingClock clock = new MovingClock();
    private Journal journal;
    private Batches batches;
    private int messages;

    abstract Dialect dialect();

    @BeforeEach
    void open() {
        journal = JdbcJournal.open(dialect(), LIMITS, new Owner("a", "1"), HASH, clock);
        batches = journal.batches();
    }

    @AfterEach
    void close() {
        journal.close();
    }

    @Test
    void endsARowWithItsJobWhateverItsEnd() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1"), row(2, "j-2"), row(3, "j-3"), refused(4), row(5, "j-5")), 0);
        batches.read("b", null);

        call("j-1", PAIRED);
        assertThat(find().open()).as("credentials that are not on their queue").isEqualTo(4);
        journal.published("j-1", attempt("j-1"));
        call("j-2", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        call("j-3", new AttemptReport(Result.AMBIGUOUS, null, "lost", null, null));
        assertThat(batches.ended()).isEmpty();
        journal.quarantine(
                job("j-5", "otp of j-5"),
                Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "1", clock.instant()));

        assertThat(find().outcomes())
                .isEqualTo(Map.of(Outcome.PAIRED, 1L, Outcome.REJECTED, 1L, Outcome.IN_DOUBT, 1L, Outcome.INVALID, 2L));
        assertThat(batches.ended()).extracting(Batch::id).containsExactly("b");
        List<Row> rows = rows("b");
        assertThat(rows).extracting(Row::line).containsExactly(10L, 20L, 30L, 40L, 50L);
        assertThat(rows.get(0).terminalId()).isEqualTo("T1");
        assertThat(rows.get(1).fields()).isEqualTo(Map.of("name", "Till"));
        assertThat(rows.get(3).detail()).isEqualTo("the name is blank");
        finish();
        assertThat(batches.ended()).isEmpty();
        assertThat(batches.running()).isEmpty();
        assertThat(find().batch().phase()).isEqualTo(Phase.FINISHED);
    }

    @Test
    void findsARowByItsColumnsWhetherItsJobWasBegunOrNot() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(till(1, "j-1", "Till 1"), till(2, "j-2", "Kiosk"), till(3, "j-3", "Kiosk 3")), 0);
        call("j-1", new AttemptReport(Result.REJECTED, 400, "refused", null, null));

        assertThat(journal.reader().search(List.of("kiosk"), 9))
                .containsExactlyInAnyOrder(
                        new FoundJob("j-2", "Kiosk", null, "b", 20, Map.of("store", "0815"), null, null),
                        new FoundJob("j-3", "Kiosk 3", null, "b", 30, Map.of("store", "0815"), null, null));
        assertThat(journal.reader().search(List.of("0815"), 9))
                .hasSize(3)
                .first()
                .extracting(FoundJob::name, FoundJob::state, FoundJob::line)
                .containsExactly("Till 1", State.REJECTED, 10L);
        assertThat(journal.reader().search(List.of("j-1"), 9))
                .extracting(FoundJob::name)
                .containsExactly("Till 1");
        assertThat(journal.reader().search(List.of("0815"), 2)).hasSize(2);
    }

    private NewRow till(long number, String jobId, String name) {
        return new NewRow(
                number, number * 10, jobId, HASH.of("otp of " + jobId), Map.of("name", name, "store", "0815"), null);
    }

    @Test
    void endsARowAtOnceWhoseJobHasEndedBefore() {
        call("j-1", PAIRED);
        journal.published("j-1", attempt("j-1"));
        call("j-2", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        journal.admit(job("j-3", "otp of j-3"));
        batches.begin("b", "file-1");

        batches.take("b", List.of(row(1, "j-1"), row(2, "j-2", "another"), row(3, "j-3")), 0);

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.PAIRED, null, null);
        assertThat(batches.known(Map.of(
                        "j-1",
                        HASH.of("otp of j-1"),
                        "j-2",
                        HASH.of("another"),
                        "j-3",
                        HASH.of("otp of j-3"),
                        "j-4",
                        "x")))
                .containsExactlyInAnyOrder("j-1", "j-3");
    }

    @Test
    void endsARowThatIsADuplicateAndLeavesTheOtherJobsRowsAlone() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1"), row(2, "j-1", "another")), 0);
        journal.admit(job("j-1", "otp of j-1"));
        journal.admit(job("j-1", "another"));

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(null, Outcome.DUPLICATE);
    }

    @Test
    void endsARowWhoseTryWasFollowedByAnother() {
        call("j-1", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        Job other = job("j-1", "another");
        journal.admit(other);
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1")), 0);

        journal.admit(job("j-1", "otp of j-1"));

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.REJECTED);
    }

    @Test
    void turnsADoubtIntoAPairingWhenTheCredentialsCome() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1")), 0);
        Job job = job("j-1", "otp of j-1");
        journal.admit(job);
        clock.move(Duration.ofMinutes(1));
        Journal nextRun = JdbcJournal.open(dialect(), LIMITS, new Owner("a", "2"), HASH, clock);
        nextRun.admit(job("j-1", "otp of j-1"));
        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.IN_DOUBT);

        nextRun.answered(job, PAIRED);
        nextRun.published(job.id(), job.attempt().id());

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.PAIRED);
        nextRun.close();
    }

    /** A message that is not JSON, from whoever knows the ids, ended a row that paired afterwards. */
    @Test
    void endsARowByAMessageOfItsOwnPasswordOnly() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1"), row(2, "j-2"), row(3, "j-3")), 0);

        Ending notJson = Ending.uncalled(Outcome.INVALID, "NOT_JSON", "the body is no JSON", "1", clock.instant());
        journal.refused(unread("j-1"), notJson);
        journal.quarantine(unread("j-1"), notJson);
        journal.quarantine(unread("j-2"), notJson);
        journal.quarantine(unread("j-3").ofRow(HASH.of("otp of j-3")), notJson);

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(null, null, Outcome.INVALID);
        call("j-1", PAIRED);
        journal.published("j-1", attempt("j-1"));
        assertThat(rows("b").get(0).outcome()).isEqualTo(Outcome.PAIRED);
    }

    @Test
    void tellsOfARefusedRowOnceHoweverManyMessagesSaySo() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(refused(1)), 0);
        Ending ending = Ending.uncalled(Outcome.INVALID, "ROW_REFUSED", "the name is blank", "7", clock.instant());
        Job first = unread("b.row-1").ofRow(HASH.of("refused row 1"));
        Job firstAgain = new Job(first.origin(), null, "{}").ofRow(first.rowHash());
        Job second = unread("b.row-1").ofRow(first.rowHash());

        journal.refusedRow(first, ending);
        journal.refusedRow(firstAgain, ending);
        journal.refusedRow(second, ending);

        assertThat(first.repeated()).isFalse();
        assertThat(firstAgain.repeated()).as("its acknowledgement was lost").isFalse();
        assertThat(second.repeated()).as("sent once more after a crash").isTrue();
        assertThat(second.ending().key())
                .as("what the event's id is made of")
                .isEqualTo(first.ending().key());
        assertThat(batches.known(Map.of("b.row-1", first.rowHash())))
                .as("need not be sent again")
                .containsExactly("b.row-1");
    }

    @Test
    void leavesTheJobAloneWhoseIdARefusedRowHas() {
        call("j-1", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        Ending ending = Ending.uncalled(Outcome.INVALID, "ROW_REFUSED", "the name is blank", "7", clock.instant());
        Job row = unread("j-1").ofRow(HASH.of("refused row 1"));
        journal.refusedRow(row, ending);
        Job again = unread("j-1").ofRow(row.rowHash());
        journal.refusedRow(again, ending);

        assertThat(row.ending().outcome()).isEqualTo(Outcome.INVALID);
        assertThat(again.repeated()).isTrue();
        assertThat(journal.find("j-1").orElseThrow().state()).isEqualTo(State.REJECTED);
    }

    @Test
    void keepsARowRefusedThatAnEarlierReadingHasRefused() {
        batches.begin("b", "file-1");
        assertThat(batches.take("b", List.of(refused(1), row(2, "j-2")), 0)).isEmpty();
        assertThat(batches.take("b", List.of(row(1, "j-1"), row(2, "j-2"), refused(3)), 0))
                .contains(1L)
                .doesNotContain(2L);
        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.INVALID, null, Outcome.INVALID);
    }

    /** On PostgreSQL the character 0 made each of these fail, and the document come again for ever. */
    @Test
    void holdsWhateverCharactersADocumentHas() {
        String odd = "a\u0000b\u001b\ud83d\n\u202e";
        batches.begin("b", odd);
        batches.take("b", List.of(new NewRow(1, 1, "b.row-1", HASH.of("1"), Map.of(odd, odd), odd)), 0);
        batches.read("b", odd);
        assertThat(find().batch().problem()).isEqualTo("a\\u0000b\\u001b\\ud83d\\n\\u202e");
        assertThat(find().batch().source()).isEqualTo(find().batch().problem());
        assertThat(rows("b").get(0).detail()).isEqualTo(find().batch().problem());
        finish();
        assertThat(find().batch().phase()).isEqualTo(Phase.FINISHED);
    }

    @Test
    void callsABatchFailedOfWhichNoRowCouldBeRead() {
        batches.begin("b", "file-1");
        batches.read("b", "no header");
        finish();
        assertThat(find().batch().phase()).isEqualTo(Phase.FAILED);
        assertThat(batches.running()).isEmpty();
        assertThat(batches.begin("b", "file-2").source()).isEqualTo("file-2");
    }

    @Test
    void endsARowWhoseRequestNeverCame() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1"), row(2, "j-2")), 2);
        clock.move(Duration.ofMinutes(5));
        assertThat(journal.orphans(true, 10))
                .as("the document is still being read")
                .isEmpty();
        batches.read("b", null);
        call("j-1", PAIRED);
        journal.published("j-1", attempt("j-1"));
        assertThat(journal.orphans(true, 10)).as("just read").isEmpty();
        clock.move(Duration.ofMinutes(5));
        assertThat(journal.orphans(false, 10)).as("it may lie behind others").isEmpty();

        Orphan orphan = journal.orphans(true, 10).get(0);
        assertThat(orphan.jobId()).isEqualTo("j-2");
        assertThat(orphan.fields()).containsEntry("name", "Till");
        Job notice = notice(orphan, "n-1");
        journal.gone(notice, orphan);

        assertThat(notice.ending().outcome()).isEqualTo(Outcome.EXPIRED);
        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.PAIRED, Outcome.EXPIRED);
        assertThat(batches.ended()).extracting(Batch::id).containsExactly("b");
        Job again = notice(orphan, "n-1");
        journal.gone(again, orphan);
        assertThat(again.repeated()).as("its acknowledgement was lost").isFalse();
        assertThat(again.ending().key()).isEqualTo(notice.ending().key());
        Job second = notice(orphan, "n-2");
        journal.gone(second, orphan);
        assertThat(second.next()).isEqualTo(NextStep.DROP);

        Job late = job("j-2", "otp of j-2");
        journal.admit(late);
        assertThat(late.next())
                .as("its request comes after all: told again, no call")
                .isEqualTo(NextStep.FINISH);
        assertThat(late.repeated()).isTrue();
    }

    @Test
    void endsARowAsADuplicateWhoseRequestNeverCameAndWhoseJobIsAnothers() {
        call("j-1", PAIRED);
        journal.published("j-1", attempt("j-1"));
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1", "another otp")), 1);
        batches.read("b", null);
        clock.move(Duration.ofMinutes(5));

        Orphan orphan = journal.orphans(true, 10).get(0);
        Job notice = notice(orphan, "n-1");
        journal.gone(notice, orphan);

        assertThat(notice.ending().outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.DUPLICATE);
        assertThat(journal.find("j-1").orElseThrow().state()).isEqualTo(State.PUBLISHED);
    }

    private Job notice(Orphan orphan, String messageId) {
        return new Job(
                new Job.Origin(
                        orphan.jobId(), orphan.batchId(), null, messageId, orphan.requestedAt(), null, 4, true, false),
                new PairingRequest(orphan.fields().get("name"), "***", null, Map.of()),
                "{}");
    }

    @Test
    void goesOnBehindWhatWasSentAndTakesNothingTwice() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1"), row(2, "j-2")), 0);
        batches.take("b", List.of(row(3, "j-3")), 2);

        Batch again = batches.begin("b", "file-1");
        assertThat(again.phase()).isEqualTo(Phase.READING);
        assertThat(again.taken()).isEqualTo(2);
        batches.take("b", List.of(row(3, "j-3"), row(4, "j-4")), 2);
        batches.read("b", "the rest is missing");

        assertThat(rows("b")).extracting(Row::number).containsExactly(1L, 2L, 3L, 4L);
        assertThat(find().batch().problem()).isEqualTo("the rest is missing");
        assertThat(batches.begin("b", "file-2").source())
                .as("who has the batch")
                .isEqualTo("file-1");
    }

    @Test
    void beginsAFinishedBatchAnew() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(refused(1), row(2, "j-1")), 0);
        call("j-1", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        batches.read("b", "problem");
        finish();
        clock.move(Duration.ofMinutes(1));

        Batch anew = batches.begin("b", "file-2");
        batches.take("b", List.of(row(1, "j-1")), 0);

        assertThat(anew.source()).isEqualTo("file-2");
        assertThat(anew.problem()).isNull();
        assertThat(anew.startedAt()).isEqualTo(clock.instant());
        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.REJECTED);
    }

    @Test
    void readsMoreRowsThanItHoldsAndForgetsThemAfterTheRetention() {
        batches.begin("b", "file-1");
        batches.take(
                "b", LongStream.rangeClosed(1, 2_500).mapToObj(this::refused).toList(), 0);
        batches.read("b", null);
        assertThat(rows("b")).hasSize(2_500).extracting(Row::number).isSorted();
        clock.move(Duration.ofDays(100));
        assertThat(journal.purge(Duration.ofDays(90)))
                .as("while it is not finished")
                .isZero();

        finish();
        clock.move(Duration.ofDays(100));
        assertThat(portions()).as("rows, and last the batch").containsExactly(1_000, 1_000, 500, 1);
        assertThat(batches.all()).isEmpty();
        assertThat(rows("b")).isEmpty();
    }

    @Test
    void forgetsTheRowsOfAFinishedBatchWhenItBeginsAnew() {
        batches.begin("b", "file-1");
        batches.take(
                "b", LongStream.rangeClosed(1, 2_500).mapToObj(this::refused).toList(), 0);
        batches.read("b", null);
        finish();

        batches.begin("b", "file-2");
        assertThat(rows("b")).isEmpty();
    }

    // ---- a row follows its job for good ---------------------------------------------------------------------------

    @Test
    void followsItsJobThroughANewTryWithAnotherOneTimePassword() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1"), row(2, "j-2"), row(3, "j-3")), 0);
        batches.read("b", null);
        call("j-1", new AttemptReport(Result.AMBIGUOUS, null, "lost", null, null));
        call("j-2", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        call("j-3", PAIRED);
        journal.published("j-3", attempt("j-3"));
        assertThat(finish().revision()).isEqualTo(1);
        assertThat(find().batch().report()).isEqualTo("b.report.html");
        assertThat(batches.ended()).as("nothing has changed").isEmpty();
        clock.move(Duration.ofMinutes(1));

        pair("j-1", "another");
        pair("j-2", "another");

        assertThat(find().outcomes()).isEqualTo(Map.of(Outcome.PAIRED, 3L));
        assertThat(find().batch().phase()).isEqualTo(Phase.FINISHED);
        assertThat(rows("b")).extracting(Row::terminalId).containsOnly("T1");
        assertThat(rows("b")).extracting(Row::detail).containsOnlyNulls();
        assertThat(batches.ended()).extracting(Batch::id).containsExactly("b");
        Batch revised = finish();
        assertThat(revised.revision()).isEqualTo(2);
        assertThat(revised.revisedAt()).isEqualTo(clock.instant());
        assertThat(batches.ended()).isEmpty();
        assertThat(find().batch().finishedAt())
                .as("when its last row first ended")
                .isBefore(clock.instant());
    }

    @Test
    void showsTheTryBeforeWhileAnotherOneRunsAndEndsAsThatDoes() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1")), 0);
        batches.read("b", null);
        call("j-1", new AttemptReport(Result.AMBIGUOUS, null, "lost", null, null));
        finish();
        clock.move(Duration.ofMinutes(1));
        Job again = job("j-1", "another");
        journal.admit(again);
        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.IN_DOUBT);
        assertThat(batches.ended()).isEmpty();

        journal.answered(again, new AttemptReport(Result.REJECTED, 400, "refused", null, null));

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.REJECTED);
        assertThat(finish().revision()).isEqualTo(2);
        clock.move(Duration.ofMinutes(1));
        Job third = job("j-1", "a third");
        journal.admit(third);
        journal.answered(third, new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        assertThat(rows("b").get(0).endedAt()).as("refused once more, later").isEqualTo(clock.instant());
        assertThat(finish().revision()).isEqualTo(3);
    }

    @Test
    void reportsAnewWhenAnAnswerComesLateAfterTheReport() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1")), 0);
        batches.read("b", null);
        Job job = job("j-1", "otp of j-1");
        journal.admit(job);
        clock.move(Duration.ofMinutes(1));
        Journal nextRun = JdbcJournal.open(dialect(), LIMITS, new Owner("a", "2"), HASH, clock);
        nextRun.admit(job("j-1", "otp of j-1"));
        finish();

        nextRun.answered(job, PAIRED);
        nextRun.published(job.id(), job.attempt().id());
        nextRun.published(job.id(), job.attempt().id());

        assertThat(batches.ended()).hasSize(1);
        assertThat(finish().revision()).isEqualTo(2);
        nextRun.published(job.id(), job.attempt().id());
        assertThat(batches.ended()).as("told again, nothing new").isEmpty();
        nextRun.close();
    }

    /**
     * The process died between the job's end and the report, or the event: whoever comes next makes it, with a number
     * of its own.
     */
    @Test
    void remembersThatAReportIsDueUntilThatRevisionIsOut() {
        finishedWithARowInDoubt();
        pair("j-1", "another");
        close();
        open();
        assertThat(batches.ended()).extracting(Batch::id).containsExactly("b");
        Batch second = batches.reporting("b").orElseThrow().batch();
        assertThat(second.revision()).isEqualTo(2);
        close();
        open();
        assertThat(batches.ended())
                .as("the report was begun, and its end not told")
                .hasSize(1);
        assertThat(batches.reporting("b").orElseThrow().batch().revision())
                .as("the same once more")
                .isEqualTo(2);

        pair("j-2", "another"); // a row changes while the report of the second revision is written
        batches.finished(second, "b.report.html");
        assertThat(batches.ended()).hasSize(1);
        assertThat(finish().revision()).isEqualTo(3);
        assertThat(batches.ended()).isEmpty();
    }

    @Test
    void takesNoWordOfARevisionThatIsNotTheLastOne() {
        finishedWithARowInDoubt();
        pair("j-1", "another");
        Batch second = batches.reporting("b").orElseThrow().batch();
        pair("j-2", "another");
        Batch third = batches.reporting("b").orElseThrow().batch();
        batches.finished(second, "second.html");
        assertThat(batches.ended()).as("the third is not out").hasSize(1);
        batches.finished(third, "third.html");
        assertThat(batches.ended()).isEmpty();
        assertThat(find().batch().report()).isEqualTo("third.html");
    }

    private void finishedWithARowInDoubt() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1"), row(2, "j-2")), 0);
        batches.read("b", null);
        call("j-1", new AttemptReport(Result.AMBIGUOUS, null, "lost", null, null));
        call("j-2", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        finish();
    }

    @Test
    void leavesARowAloneThatWasPairedOrNeverWasThatJob() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1"), row(2, "j-1", "another")), 0);
        batches.read("b", null);
        Job first = job("j-1", "otp of j-1");
        journal.admit(first);
        journal.admit(job("j-1", "another"));
        journal.answered(first, new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        finish();

        pair("j-1", "a third");

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.PAIRED, Outcome.DUPLICATE);
    }

    @Test
    void endsARowOfAnOldPasswordAsItsJobStandsNow() {
        call("j-1", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        pair("j-1", "another");
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "j-1")), 0); // the same document again

        journal.admit(job("j-1", "otp of j-1"));

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.PAIRED);
    }

    @Test
    void marksNoRowForARefusalThatItsMessageTellsAgain() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(refused(1)), 0);
        batches.read("b", null);
        finish();
        clock.move(Duration.ofMinutes(1));
        Job row = unread("b.row-1").ofRow(HASH.of("refused row 1"));
        journal.refusedRow(
                row, Ending.uncalled(Outcome.INVALID, "ROW_REFUSED", "the name is blank", "7", clock.instant()));

        assertThat(batches.ended()).isEmpty();
    }

    @Test
    void followsTheJobOfARefusedRowThatIsPairedAfterwardsOrWasBefore() {
        batches.begin("b", "file-1");
        batches.take(
                "b",
                List.of(new NewRow(
                        1, 2, "j-1", HASH.of("refused row 1"), Map.of("name", "Till"), "otp is a rounded number")),
                0);
        batches.read("b", null);
        Job row = unread("j-1").ofRow(HASH.of("refused row 1"));
        journal.refusedRow(
                row, Ending.uncalled(Outcome.INVALID, "ROW_REFUSED", "otp is a rounded number", "7", clock.instant()));
        finish();

        pair("j-1", "the right one");

        assertThat(rows("b")).extracting(Row::outcome).containsExactly(Outcome.PAIRED);
        finish();
        batches.begin("b", "file-2");
        batches.take(
                "b",
                List.of(new NewRow(
                        1, 2, "j-1", HASH.of("refused row 1"), Map.of("name", "Till"), "otp is a rounded number")),
                0);
        assertThat(rows("b"))
                .as("the same document again")
                .extracting(Row::outcome)
                .containsExactly(Outcome.PAIRED);
    }

    @Test
    void reportsNoBatchThatIsBeingForgotten() {
        finishedWithARowInDoubt();
        pair("j-1", "another");
        assertThat(batches.begin("b", "file-2").revision()).isEqualTo(1);
        assertThat(batches.ended()).isEmpty();
        batches.finished(
                new Batch(
                        "b", "file-1", Phase.FINISHED, 0, null, clock.instant().minusSeconds(9), null, null),
                "old.html");
        assertThat(find().batch().phase())
                .as("an older run's report changes nothing")
                .isEqualTo(Phase.READING);
    }

    @Test
    void reportsNoBatchThatIsHalfForgotten() {
        batches.begin("b", "file-1");
        List<NewRow> taken = new ArrayList<>(
                LongStream.rangeClosed(1, 1_500).mapToObj(this::refused).toList());
        taken.add(row(1_501, "j-1"));
        taken.add(row(1_502, "j-2"));
        batches.take("b", taken, 0);
        batches.read("b", null);
        call("j-1", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        call("j-2", new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        finish();
        clock.move(Duration.ofDays(100));
        pair("j-1", "another");
        assertThat(batches.reporting("b")).as("begun, and not out").isPresent();
        pair("j-2", "another");
        assertThat(batches.ended()).hasSize(1);

        assertThat(journal.purge(Duration.ofDays(90))).isGreaterThanOrEqualTo(1_000);

        assertThat(rows("b")).isNotEmpty();
        assertThat(batches.ended()).isEmpty();
    }

    @Test
    void knowsWhatCameOfTheRowThatHasTheSameOneTimePassword() {
        batches.begin("b", "file-1");
        batches.take(
                "b",
                List.of(
                        row(1, "j-1"),
                        new NewRow(2, 20, "b.row-2", HASH.of("x"), Map.of(), "otp is the same as in line 10", 1L)),
                0);
        assertThat(rows("b").get(1).twin().outcome()).isNull();
        call("j-1", PAIRED);
        journal.published("j-1", attempt("j-1"));

        assertThat(rows("b").get(1).twin()).isEqualTo(new Batches.Twin(10, "j-1", Outcome.PAIRED, "T1"));
        assertThat(rows("b").get(0).twin()).isNull();
    }

    @Test
    void warnsOfRowsThatWerePairedInAnotherBatch() {
        batches.begin("b", "file-1");
        batches.take("b", List.of(row(1, "b.1", "otp-1"), row(2, "b.2", "otp-2"), row(3, "b.3", "otp-3")), 0);
        batches.read("b", null);
        pair("b.1", "otp-1");
        pair("b.2", "otp-2");
        pair("b.3", "otp-3");
        assertThat(find().batch().warning()).isNull();

        batches.begin("copy", "file-2");
        batches.take(
                "copy",
                List.of(
                        row(1, "copy.1", "otp-1"),
                        new NewRow(2, 20, "copy.2", HASH.of("otp-2"), Map.of("name", "Another till"), null),
                        row(3, "copy.3", "otp-9"),
                        row(4, "b.3", "otp-3")),
                0);
        batches.read("copy", null);

        assertThat(rows("copy")).extracting(Row::pairedBefore).containsExactly("b", null, null, null);
        assertThat(batches.find("copy").orElseThrow().batch().warning())
                .startsWith("1 row was paired before, in batch b,")
                .contains("do not unpair");
    }

    @Test
    void knowsItsPlaceByTheJobAndItsBatchByTheNameThatPeopleUse() {
        batches.begin("b", "T\u00f6pfer", "file-1");
        batches.take("b", List.of(row(1, "j-1")), 0);
        clock.move(Duration.ofMinutes(1));
        batches.begin("b2", "T\u00f6pfer", "file-2");
        batches.take("b2", List.of(row(1, "j-x"), row(2, "j-1")), 0);

        assertThat(batches.place("j-1")).hasValue(new Batches.Place("b2", 20, Map.of("name", "Till")));
        assertThat(batches.place("nobody")).isEmpty();
        assertThat(batches.named("T\u00f6pfer").orElseThrow().batch().id()).isEqualTo("b2");
        assertThat(batches.named("b").orElseThrow().batch().name()).isEqualTo("T\u00f6pfer");
        assertThat(batches.named("nobody")).isEmpty();
    }

    private void pair(String jobId, String otp) {
        Job job = job(jobId, otp);
        journal.admit(job);
        journal.answered(job, PAIRED);
        journal.published(jobId, job.attempt().id());
    }

    private List<Integer> portions() {
        List<Integer> portions = new ArrayList<>();
        for (int purged = journal.purge(Duration.ofDays(90)); purged > 0; purged = journal.purge(Duration.ofDays(90))) {
            portions.add(purged);
        }
        return portions;
    }

    /** As the report's route does. */
    private Batch finish() {
        Batch batch = batches.reporting("b").orElseThrow().batch();
        batches.finished(batch, "b.report.html");
        return batch;
    }

    private Progress find() {
        return batches.find("b").orElseThrow();
    }

    private List<Row> rows(String batchId) {
        List<Row> rows = new ArrayList<>();
        batches.rows(batchId, rows::add);
        return rows;
    }

    private NewRow row(long number, String jobId) {
        return row(number, jobId, "otp of " + jobId);
    }

    private NewRow row(long number, String jobId, String otp) {
        return new NewRow(number, 10 * number, jobId, HASH.of(otp), Map.of("name", "Till"), null);
    }

    private NewRow refused(long number) {
        return new NewRow(
                number,
                10 * number,
                "b.row-" + number,
                HASH.of("refused row " + number),
                Map.of(),
                "the name is blank");
    }

    /** A message with the ids of a job, and a body that nobody could read. */
    private Job unread(String jobId) {
        return new Job(job(jobId, "").origin(), null, "no JSON");
    }

    private Job job(String jobId, String otp) {
        return new Job(
                new Job.Origin(jobId, "b", null, Integer.toString(++messages), clock.instant(), null, 4, false, false),
                new PairingRequest("Till", otp, null, Map.of()),
                "{}");
    }

    private void call(String jobId, AttemptReport report) {
        Job job = job(jobId, "otp of " + jobId);
        journal.admit(job);
        journal.answered(job, report);
    }

    private String attempt(String jobId) {
        return journal.find(jobId).orElseThrow().attemptId();
    }
}
