package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.KeptAnswer;
import io.pairingbridge.job.Next;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.Journal.SealedAnswer;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.JournalReader.FoundJob;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.MovingClock;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every journal promises, whatever database holds it. A database's own test extends this and says how to open it.
 */
abstract class JournalContract {
    private static final Duration CALL = Duration.ofSeconds(10);
    private static final Duration GRACE = Duration.ofSeconds(2);
    private static final Limits LIMITS = new Limits(
            CALL, Duration.ofHours(1), 3, new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0));
    private static final OtpHash HASH =
            new OtpHash("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));

    final MovingClock clock = new MovingClock();
    private final List<Journal> opened = new ArrayList<>();
    private int messages;

    /** The dialect of a database that is empty before each test and the same for all calls within one. */
    abstract Dialect dialect();

    /** The same database, for somebody who may change its tables. */
    Dialect ownersDialect() {
        return dialect();
    }

    JdbcJournal open(String instance, String run) {
        return open(dialect(), instance, run);
    }

    private JdbcJournal open(Dialect dialect, String instance, String run) {
        return open(dialect, LIMITS, instance, run);
    }

    private JdbcJournal open(Dialect dialect, Limits limits, String instance, String run) {
        JdbcJournal journal = JdbcJournal.open(dialect, limits, new Owner(instance, run), HASH, clock);
        opened.add(journal);
        return journal;
    }

    @AfterEach
    void close() {
        opened.forEach(Journal::close);
    }

    Job job(String id, String otp) {
        return job(id, otp, Integer.toString(++messages));
    }

    private Job job(String id, String otp, String carrier) {
        return new Job(
                new Job.Origin(id, "batch-1", null, carrier, clock.instant(), null, 4, false, false),
                new PairingRequest("Till", otp, null, Map.of("store", "S-1")),
                "{}");
    }

    private static AttemptReport report(Result result) {
        return new AttemptReport(result, null, "as the test wants it", null, null);
    }

    /** A job whose answer the journal has sealed, and which is on its way to its queue. */
    Job sealed(Journal journal) {
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, paired());
        return job;
    }

    private static AttemptReport paired() {
        return new AttemptReport(
                Result.PAIRED,
                200,
                "ok",
                new SealedAnswer("sealed-bytes", "key-1", "application/jose", "glass-bytes", "pc", "Till", "T1"),
                null);
    }

    @Test
    void permitsOneCallAndKnowsOfItAfterReopening() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        assertThat(job.next()).isEqualTo(Next.CALL);
        journal.close();

        Entry entry = open("a", "2").find("j").orElseThrow();

        assertThat(entry.state()).isEqualTo(State.CALLING);
        assertThat(entry.attemptId()).isEqualTo(job.attempt().id());
        assertThat(entry.reference()).containsEntry("store", "S-1");
        assertThat(entry.otpHash()).isEqualTo(HASH.of("otp")).doesNotContain("otp");
    }

    // ---- looking for jobs
    // ---------------------------------------------------------------------------------------------

    @Test
    void findsJobsByEachWordOfWhatPeopleKnow() {
        Journal journal = open("a", "1");
        journal.admit(till("till-1", Map.of("Store", "7 Main Street", "Serial", "SN_1")));
        clock.move(Duration.ofSeconds(1));
        journal.admit(
                till("till-2", Map.of("Store", "70 Main Street", "Serial", "SN-1", "Note", "said \"closed\" 100%")));
        clock.move(Duration.ofSeconds(1));
        journal.admit(till("TILL-3", Map.of("Store", "8 Market Square")));
        clock.move(Duration.ofSeconds(1));
        Job paired = till("kiosk", Map.of());
        journal.admit(paired);
        journal.answered(paired, paired());

        assertThat(found(journal, "till"))
                .containsExactly("kiosk", "TILL-3", "till-2", "till-1"); // the kiosk's name is Till
        assertThat(found(journal, "MAIN", "street")).containsExactly("till-2", "till-1");
        assertThat(found(journal, "store", "8")).containsExactly("TILL-3");
        assertThat(found(journal, "t1")).as("its terminal's id").containsExactly("kiosk");
        assertThat(found(journal, "\"closed\"")).containsExactly("till-2");
        assertThat(found(journal, "100%")).containsExactly("till-2");
        assertThat(found(journal, "N_1")).as("no pattern").containsExactly("till-1");
        assertThat(found(journal, "!")).isEmpty();
        assertThat(found(journal, "otp"))
                .as("the one-time password, or its hash")
                .isEmpty();
        assertThat(journal.reader().search(List.of("till"), 2))
                .extracting(FoundJob::jobId)
                .containsExactly("kiosk", "TILL-3");
        assertThat(journal.reader().search(List.of("kiosk"), 9))
                .containsExactly(
                        new FoundJob("kiosk", "Till", State.SEALED, "batch-1", 0, Map.of(), "T1", clock.instant()));
    }

    private Job till(String id, Map<String, String> reference) {
        return new Job(
                new Job.Origin(
                        id, "batch-1", null, Integer.toString(++messages), clock.instant(), null, 4, false, false),
                new PairingRequest("not in the journal", "otp", null, reference),
                "{}");
    }

    private static List<String> found(Journal journal, String... words) {
        return journal.reader().search(List.of(words), 9).stream()
                .map(FoundJob::jobId)
                .toList();
    }

    @Test
    void tellsSinceWhenTheOldestCredentialsWait() {
        Journal journal = open("a", "1");
        assertThat(journal.reader().oldestUnpublished()).isEmpty();
        Job job = sealed(journal);
        Instant sealed = clock.instant();
        clock.move(Duration.ofSeconds(5));

        assertThat(journal.reader().oldestUnpublished()).hasValue(sealed);
        journal.published("j", job.attempt().id());
        assertThat(journal.reader().oldestUnpublished()).isEmpty();
    }

    // ---- requests that are not in the broker any more
    // ----------------------------------------------------------------

    private static Job notice(Orphan orphan, String carrier, Instant now) {
        return new Job(
                new Job.Origin(orphan.jobId(), orphan.batchId(), null, carrier, now, null, 4, true, false),
                new PairingRequest(null, "***", null, orphan.fields()),
                "{}");
    }

    @Test
    void endsACallInDoubtWhoseRequestIsGone() {
        Journal before = open("a", "1");
        before.admit(job("j", "otp"));
        before.close();
        Journal journal = open("a", "2");
        assertThat(journal.orphans(true, 10)).as("just touched").isEmpty();
        clock.move(CALL.plus(GRACE).multipliedBy(2).plusMillis(1));

        assertThat(journal.orphans(false, 10))
                .as("its request may still lie behind others")
                .isEmpty();
        Orphan orphan = journal.orphans(true, 10).get(0);
        Job notice = notice(orphan, "n-1", clock.instant());
        journal.gone(notice, orphan);

        assertThat(notice.next()).isEqualTo(Next.FINISH);
        assertThat(notice.repeated()).isFalse();
        assertThat(notice.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(notice.ending().reason()).isEqualTo("REQUEST_GONE");
        assertThat(notice.reference()).containsEntry("store", "S-1");
        assertThat(journal.reader().attempts("j"))
                .extracting(JournalReader.AttemptRecord::result)
                .containsExactly(Result.AMBIGUOUS);
        assertThat(journal.orphans(true, 10)).isEmpty();

        Job again = notice(orphan, "n-1", clock.instant());
        journal.gone(again, orphan);
        assertThat(again.next()).as("its acknowledgement was lost").isEqualTo(Next.FINISH);
        assertThat(again.repeated()).isFalse();
        assertThat(again.ending().key()).isEqualTo(notice.ending().key());

        Job second = notice(orphan, "n-2", clock.instant());
        journal.gone(second, orphan);
        assertThat(second.next()).as("told by another bridge before").isEqualTo(Next.DROP);
    }

    @Test
    void endsAWaitingJobWhoseRequestIsGoneAndTellsWhetherItWasCalled() {
        Journal journal = open("a", "1");
        Job unsent = job("unsent", "otp-1");
        Job lost = job("lost", "otp-2");
        journal.admit(unsent);
        journal.answered(unsent, report(Result.NOT_SENT));
        journal.admit(lost);
        journal.answered(lost, report(Result.AMBIGUOUS));
        clock.move(Duration.ofMinutes(5));

        List<Orphan> orphans = journal.orphans(true, 10);
        assertThat(orphans).extracting(Orphan::jobId).containsExactlyInAnyOrder("unsent", "lost");
        orphans.forEach(orphan -> journal.gone(notice(orphan, "n-" + orphan.jobId(), clock.instant()), orphan));

        assertThat(journal.find("unsent").orElseThrow().state()).isEqualTo(State.EXPIRED);
        assertThat(journal.find("lost").orElseThrow().state()).isEqualTo(State.IN_DOUBT);
    }

    @Test
    void leavesAJobAloneThatMovedAfterItsRequestWasMissed() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.THROTTLED));
        clock.move(Duration.ofMinutes(5));
        Orphan orphan = journal.orphans(true, 10).get(0);
        Job delivered = job("j", "otp", job.origin().carrier());
        journal.admit(delivered);
        assertThat(delivered.next()).isEqualTo(Next.CALL);

        Job notice = notice(orphan, "n-1", clock.instant());
        journal.gone(notice, orphan);

        assertThat(notice.next()).isEqualTo(Next.DROP);
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }

    @Test
    void endsAJobWithoutARequestWhenItsTimeIsOverThoughOthersWait() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.NOT_SENT));
        clock.move(Duration.ofHours(1).plusMinutes(2));

        assertThat(journal.orphans(false, 10)).extracting(Orphan::jobId).containsExactly("j");
    }

    @Test
    void takesTheCredentialsThatComeAfterTheRequestWasMissed() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        clock.move(Duration.ofMinutes(5));
        Orphan orphan = new Orphan(
                "j", null, clock.instant().minus(Duration.ofMinutes(5)).toEpochMilli(), clock.instant(), Map.of());
        job.attempt().hold(true);
        Job early = notice(orphan, "n-1", clock.instant());
        journal.gone(early, orphan);
        assertThat(early.next()).as("somebody is still in the call").isEqualTo(Next.DROP);
        job.attempt().hold(false);

        journal.answered(job, paired());

        assertThat(job.next()).isEqualTo(Next.PUBLISH);
        Job late = notice(orphan, "n-2", clock.instant());
        journal.gone(late, orphan);
        assertThat(late.next()).isEqualTo(Next.DROP);
    }

    @Test
    void knowsARunningJobByItsMessage() {
        Journal journal = open("a", "1");
        Job job = job("ID:of-an-earlier-version", "otp", "4711");
        journal.admit(job);

        assertThat(journal.runningJob("4711", job.origin().requestedAt())).contains("ID:of-an-earlier-version");
        assertThat(journal.runningJob("4711", job.origin().requestedAt().plusMillis(1)))
                .as("another broker's message")
                .isEmpty();
        assertThat(journal.runningJob("4712", job.origin().requestedAt())).isEmpty();
    }

    /** No database's idea of a text may cost credentials. */
    @Test
    void takesAnAnswerWhateverCharactersItHolds() {
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
                        new SealedAnswer("sealed-bytes", "key-1", "application/jose", null, odd, odd, odd),
                        null));
        assertThat(job.next()).isEqualTo(Next.PUBLISH);
        assertThat(job.credentials().payConnectName()).startsWith("Till ").endsWith(" 'x' \\ %");
    }

    @Test
    void countsTheCallOfAnEarlierRunAsLost() {
        open("a", "1").admit(job("j", "otp"));

        Job again = job("j", "otp");
        Journal journal = open("a", "2");
        journal.admit(again);

        assertThat(again.next()).isEqualTo(Next.WAIT);
        assertThat(clock.instant().plus(again.delay()))
                .isEqualTo(clock.instant().plusSeconds(1));
        assertThat(journal.find("j").orElseThrow().ambiguous()).isEqualTo(1);
        assertThat(journal.reader().attempts("j"))
                .extracting(JournalReader.AttemptRecord::result)
                .containsExactly(Result.AMBIGUOUS);
    }

    @Test
    void waitsForAnotherInstancesDeadlineAndThenGoesOn() {
        open("a", "1").admit(job("j", "otp"));
        Journal other = open("b", "1");

        Job early = job("j", "otp");
        other.admit(early);
        assertThat(early.next()).isEqualTo(Next.WAIT);
        assertThat(clock.instant().plus(early.delay()))
                .isEqualTo(clock.instant().plus(CALL).plus(GRACE));
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.CALLING);

        clock.move(CALL.plus(GRACE));
        Job late = job("j", "otp");
        other.admit(late);
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
    }

    @Test
    void waitsForACallOfItsOwnThatIsUnderWay() {
        Journal journal = open("a", "1");
        journal.admit(job("j", "otp"));
        clock.move(Duration.ofDays(1)); // the wall clock says nothing about a call of this process
        // within its time limits, or the job would be too old
        Job again = job("j", "otp");
        journal.admit(again);
        assertThat(again.next()).isEqualTo(Next.WAIT);
        assertThat(clock.instant().plus(again.delay()))
                .as("looks again in a moment")
                .isEqualTo(clock.instant().plusMillis(200));
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }

    @Test
    void leavesACallToTheDeliveryThatHoldsItLongAfterItsDeadline() {
        Limits passed = new Limits(CALL.negated(), LIMITS.maxAge(), LIMITS.maxAmbiguous(), LIMITS.retry());
        JdbcJournal journal = JdbcJournal.open(dialect(), passed, new Owner("a", "1"), HASH, clock);
        opened.add(journal);
        Job job = job("j", "otp");
        journal.admit(job);
        job.attempt().hold(true);
        journal.purge(Duration.ofDays(1)); // as it runs first thing after a long pause

        Job again = job("j", "otp");
        journal.admit(again);
        assertThat(again.next()).isEqualTo(Next.WAIT);
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);

        job.attempt().hold(false);
        journal.admit(job("j", "otp"));
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
    }

    @Test
    void goesOnFromACallOfItsOwnThatOutlivedItsDeadline() {
        Limits noTime = new Limits(Duration.ZERO, LIMITS.maxAge(), LIMITS.maxAmbiguous(), LIMITS.retry());
        Journal journal = open(dialect(), noTime, "a", "1");
        journal.admit(job("j", "otp"));

        Job again = job("j", "otp");
        journal.admit(again);

        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
        assertThat(journal.find("j").orElseThrow().ambiguous()).isEqualTo(1);
    }

    @Test
    void putsADeliveryBackThatComesBeforeItIsDue() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.THROTTLED));
        clock.move(Duration.ofMillis(400));

        Job early = job("j", "otp");
        journal.admit(early);
        assertThat(early.next()).isEqualTo(Next.WAIT);
        assertThat(early.delay().plusMillis(400)).isEqualTo(job.delay());

        clock.move(Duration.ofMillis(600));
        Job due = job("j", "otp");
        journal.admit(due);
        assertThat(due.next()).as("to the millisecond").isEqualTo(Next.CALL);
    }

    @Test
    void callsAJobThatWaitsForATimeTheClockWasTurnedBackFrom() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.THROTTLED));
        clock.move(Duration.ofDays(-3));

        Job again = job("j", "otp");
        journal.admit(again);

        assertThat(again.next()).isEqualTo(Next.CALL);
    }

    @Test
    void doesNotWaitForDaysWhenTheClockWasTurnedBack() {
        open("a", "1").admit(job("j", "otp"));
        clock.move(Duration.ofDays(-3));
        Journal other = open("b", "1");
        Job first = job("j", "otp");
        other.admit(first);
        assertThat(clock.instant().plus(first.delay()))
                .isEqualTo(clock.instant().plus(CALL).plus(GRACE));

        clock.move(CALL.plus(GRACE));
        other.admit(job("j", "otp"));
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
    }

    @Test
    void publishesWhatWasSealedBeforeTheClockWasTurnedBack() {
        Job job = job("j", "otp");
        Journal journal = open("a", "1");
        journal.admit(job);
        journal.answered(job, paired());
        assertThat(journal.unpublished(clock.instant(), 10)).as("just sealed").isEmpty();

        clock.move(Duration.ofHours(-3));

        assertThat(journal.unpublished(clock.instant(), 10))
                .extracting(Credentials::body)
                .containsExactly("sealed-bytes");
    }

    @Test
    void keepsSealedBytesUntilTheyArePublished() {
        Journal journal = open("a", "1");
        Job job = sealed(journal);
        assertThat(job.next()).isEqualTo(Next.PUBLISH);
        assertThat(job.credentials().body()).isEqualTo("sealed-bytes");
        assertThat(job.credentials().breakGlass()).isEqualTo("glass-bytes");
        journal.close();

        Journal reopened = open("a", "2");
        clock.move(Duration.ofSeconds(1));
        assertThat(reopened.unpublished(clock.instant(), 10))
                .extracting(Credentials::attemptId, Credentials::body, Credentials::breakGlass, Credentials::jobId)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(job.attempt().id(), "sealed-bytes", "glass-bytes", "j"));
        assertThat(reopened.reader().counts()).containsEntry(State.SEALED, 1L);

        Entry entry = reopened.published(job.id(), job.attempt().id());
        assertThat(entry.state()).isEqualTo(State.PUBLISHED);
        assertThat(reopened.published(job.id(), job.attempt().id()).state())
                .as("repeatable")
                .isEqualTo(State.PUBLISHED);
        assertThat(reopened.unpublished(clock.instant(), 10)).isEmpty();
        assertThat(reopened.reader().attempts("j")).noneMatch(JournalReader.AttemptRecord::holdsSealedBytes);
        assertThat(entry.ending().outcome()).isEqualTo(Outcome.PAIRED);
        assertThat(entry.ending().attempts()).isEqualTo(1);
    }

    @Test
    void publishesASealedJobInsteadOfCallingAgain() {
        Journal journal = open("a", "1");
        Job job = sealed(journal);

        Job again = job("j", "otp");
        open("a", "2").admit(again);

        assertThat(again.next()).isEqualTo(Next.PUBLISH);
        assertThat(again.credentials().attemptId()).isEqualTo(job.attempt().id());
    }

    @Test
    void takesCredentialsThatComeLateFromAnOwnerGivenUp() {
        Journal paused = open("a", "1");
        Job job = job("j", "otp", "m1");
        paused.admit(job);
        Journal other = open("b", "1");
        for (int i = 0; i < 3; i++) {
            clock.move(Duration.ofMinutes(2));
            Job taken = job("j", "otp", "m" + i);
            other.admit(taken);
            if (taken.next() == Next.WAIT && other.find("j").orElseThrow().state() == State.WAITING) {
                clock.move(Duration.ofMinutes(2));
                taken = job("j", "otp", "n" + i);
                other.admit(taken);
            }
            if (taken.next() == Next.CALL) {
                other.answered(taken, report(Result.AMBIGUOUS));
            }
        }
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.IN_DOUBT);

        paused.answered(job, paired());

        assertThat(job.next()).isEqualTo(Next.PUBLISH);
        assertThat(job.credentials().late()).as("owes a second event").isTrue();
        assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.SEALED);
        assertThat(other.published(job.id(), job.attempt().id()).ending().outcome())
                .isEqualTo(Outcome.PAIRED);
    }

    @Test
    void keepsTheSealedBytesOfAnUnreadableAnswerForTheInDoubtMessage() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp", "m1");
        journal.admit(job);
        journal.answered(
                job,
                new AttemptReport(
                        Result.UNREADABLE,
                        200,
                        "no JSON",
                        new SealedAnswer("sealed-html", "key-1", "application/jose", "glass-html", null, null, null),
                        null));
        assertThat(job.sealedAnswer()).isEqualTo(new KeptAnswer("sealed-html", "glass-html"));

        Job comeBack = job("j", "otp", "m1");
        open("a", "2").admit(comeBack);

        assertThat(comeBack.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(comeBack.repeated()).isFalse();
        assertThat(comeBack.sealedAnswer()).isEqualTo(new KeptAnswer("sealed-html", "glass-html"));
        assertThat(journal.unpublished(clock.instant().plusSeconds(9), 9))
                .as("no credentials")
                .isEmpty();
    }

    @Test
    void knowsAMessageComeBackFromOneSentAgain() {
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
    void tellsTheEndOfATryAlthoughAnotherOneHasBegunSince() {
        Journal journal = open("a", "1");
        Job first = job("j", "otp");
        for (int attempt = 0; attempt < 3; attempt++) {
            journal.admit(first);
            journal.answered(first, report(Result.AMBIGUOUS));
            clock.move(Duration.ofMinutes(1));
        }
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.IN_DOUBT);
        Job other = job("j", "another");
        journal.admit(other);
        journal.answered(other, paired());

        Job again = job("j", "otp", first.origin().carrier());
        journal.admit(again);
        Job repeated = job("j", "otp");
        journal.admit(repeated);

        assertThat(again.next()).isEqualTo(Next.FINISH);
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
    void keepsTheDoubtOfATryThatAnotherOneFollowed() {
        Journal journal = open("a", "1");
        Job first = job("j", "otp");
        journal.admit(first);
        journal.answered(
                first,
                new AttemptReport(
                        Result.UNREADABLE,
                        200,
                        "no JSON",
                        new SealedAnswer("sealed-bytes", "key-1", "application/jose", null, null, null, null),
                        null));
        Job other = job("j", "another");
        journal.admit(other);
        journal.answered(other, report(Result.REJECTED));

        Job again = job("j", "otp");
        journal.admit(again);
        Job otherAgain = job("j", "another");
        journal.admit(otherAgain);

        assertThat(again.next()).isEqualTo(Next.FINISH);
        assertThat(again.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(otherAgain.ending().outcome()).isEqualTo(Outcome.REJECTED);
    }

    @Test
    void replaysAnUnspentPasswordAlthoughAnotherTryCameInBetween() {
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
        assertThat(replayed.next()).isEqualTo(Next.CALL);
        journal.answered(replayed, report(Result.REJECTED));
        Job otherAgain = job("j", "another");
        journal.admit(otherAgain);
        assertThat(otherAgain.ending().outcome()).isEqualTo(Outcome.REJECTED);
        clock.move(Duration.ofDays(100));
        journal.purge(Duration.ofDays(90));
        Job much = job("j", "another");
        journal.admit(much);
        assertThat(much.next()).as("after the retention nothing is known of it").isEqualTo(Next.CALL);
    }

    private Job replay(String id, String otp) {
        return new Job(
                new Job.Origin(
                        id, "batch-1", null, Integer.toString(++messages), clock.instant(), null, 4, false, true),
                new PairingRequest("Till", otp, null, Map.of("store", "S-1")),
                "{}");
    }

    @Test
    void refusesAnotherOtpAndLeavesTheJobAlone() {
        Journal journal = open("a", "1");
        journal.admit(job("j", "otp"));
        Entry before = journal.find("j").orElseThrow();

        Job other = job("j", "another");
        journal.admit(other);

        assertThat(other.ending().outcome()).isEqualTo(Outcome.DUPLICATE);
        assertThat(journal.find("j")).contains(before);
    }

    @Test
    void beginsANewTryWithANewOtpAndKeepsTheHistory() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, report(Result.REJECTED));

        Job newTry = job("j", "another");
        journal.admit(newTry);

        assertThat(newTry.next()).isEqualTo(Next.CALL);
        Entry entry = journal.find("j").orElseThrow();
        assertThat(entry.attempts()).isZero();
        assertThat(entry.reason()).isNull();
        assertThat(journal.reader().attempts("j")).hasSize(2);
    }

    @Test
    void waitsLongerEachTimeAndNotBeyondTheJobsEnd() {
        Journal journal = open("a", "1");
        Instant requested = clock.instant();
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Job job = new Job(
                    new Job.Origin("j", null, null, "m" + i, requested, null, 4, false, false),
                    new PairingRequest("Till", "otp", null, Map.of()),
                    "{}");
            journal.admit(job);
            assertThat(job.next()).isEqualTo(Next.CALL);
            journal.answered(job, report(Result.THROTTLED));
            waits.add(job.delay().toSeconds());
            clock.move(job.delay());
        }
        assertThat(waits).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L);
        clock.move(Duration.between(
                clock.instant(), requested.plus(Duration.ofMinutes(59)).plusSeconds(50)));
        Job last = new Job(
                new Job.Origin("j", null, null, "last", requested, null, 4, false, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
        journal.admit(last);
        journal.answered(last, new AttemptReport(Result.THROTTLED, 503, "later", null, Duration.ofHours(1)));
        assertThat(clock.instant().plus(last.delay())).isEqualTo(requested.plus(Duration.ofHours(1)));
    }

    @Test
    void saysWhatTheLastAttemptFailedOfWhenTheTimeIsUp() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, new AttemptReport(Result.NOT_SENT, null, "the endpoint refuses connections", null, null));
        clock.move(Duration.ofHours(2));
        Job late = job("j", "otp");
        journal.admit(late);
        assertThat(late.ending().outcome()).isEqualTo(Outcome.EXPIRED);
        assertThat(late.ending().detail()).contains("time ran out").endsWith("the endpoint refuses connections");
    }

    @Test
    void countsDeliveriesThatGetNowhere() {
        Journal journal = open("a", "1");
        assertThat(journal.countDelivery("m1", "j")).isEqualTo(1);
        assertThat(open("a", "2").countDelivery("m1", "j")).isEqualTo(2);
        journal.admit(job("j", "otp", "m1"));
        assertThat(journal.countDelivery("m1", "j")).as("it got somewhere").isEqualTo(1);
    }

    @Test
    void setsAJobAsideInDoubtOnlyIfItWasEverCalled() {
        Journal journal = open("a", "1");
        Ending nowhere = Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "m1", clock.instant());
        assertThat(journal.quarantine(job("never", "otp", "m1"), nowhere)
                        .ending()
                        .outcome())
                .isEqualTo(Outcome.INVALID);

        journal.admit(job("called", "otp", "m2"));
        assertThat(journal.quarantine(job("called", "otp", "m2"), nowhere)
                        .ending()
                        .outcome())
                .isEqualTo(Outcome.IN_DOUBT);
    }

    @Test
    void leavesAReadableJobAloneWhenAnInvalidRequestUsesItsId() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.refused(
                new Job(job("j", "x").origin(), null, "{"),
                Ending.uncalled(Outcome.INVALID, "NOT_JSON", "why", "m9", clock.instant()));
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }

    @Test
    void purgesWhatEndedLongAgoAndNothingElse() {
        Journal journal = open("a", "1");
        Job ended = job("ended", "otp-1");
        journal.admit(ended);
        journal.answered(ended, report(Result.REJECTED));
        Job sealed = job("sealed", "otp-2");
        journal.admit(sealed);
        journal.answered(sealed, paired());
        Job running = job("running", "otp-3");
        journal.admit(running);
        clock.move(Duration.ofDays(91));
        Job fresh = job("fresh", "otp-4");
        journal.admit(fresh);
        journal.answered(fresh, report(Result.REJECTED));

        assertThat(journal.purge(Duration.ofDays(90))).isEqualTo(1);

        assertThat(journal.find("ended")).isEmpty();
        assertThat(journal.reader().attempts("ended")).isEmpty();
        assertThat(List.of("sealed", "running", "fresh"))
                .allMatch(id -> journal.find(id).isPresent());
    }

    @Test
    void permitsExactlyOneOfManyConcurrentDeliveriesOfAJob() throws Exception {
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
                if (job.next() == Next.CALL) {
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
    void sharesCommitsBetweenCallers() throws Exception {
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
    void refusesEverythingAfterAFailedCommitUntilItIsHealed() {
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
        assertThat(job.next()).isEqualTo(Next.CALL);
    }

    @Test
    void keepsASealedAnswerThatTheStoreRefusedAndWritesItWhenHealed() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), broken), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        broken.set(true);
        assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);
        broken.set(false);

        journal.recover();

        clock.move(Duration.ofSeconds(1));
        assertThat(journal.unpublished(clock.instant(), 10))
                .extracting(Credentials::body)
                .containsExactly("sealed-bytes");
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.SEALED);
        journal.published(job.id(), job.attempt().id());
        journal.recover();
        assertThat(journal.unpublished(clock.instant(), 10)).as("written once").isEmpty();
    }

    @Test
    void writesAtTheStopASealedAnswerThatTheStoreRefused() {
        AtomicBoolean broken = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), broken), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        broken.set(true);
        assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);
        broken.set(false);

        journal.close();

        assertThat(open("a", "2").unpublished(clock.instant().plusSeconds(1), 10))
                .extracting(Credentials::body)
                .containsExactly("sealed-bytes");
    }

    @Test
    void stopsEvenIfTheStoreStillRefusesWhatItOwes() {
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
    void keepsNoAnswerWithoutCredentialsThatTheStoreRefused() {
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
    void doesNotBringPublishedCredentialsBackWhenItIsHealed() {
        AtomicBoolean lying = new AtomicBoolean();
        Journal journal = open(new FaultyDialect(dialect(), new AtomicInteger(), new AtomicBoolean(), lying), "a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        lying.set(true);
        assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);
        lying.set(false);
        open("b", "1").published(job.id(), job.attempt().id());

        journal.recover();

        assertThat(journal.unpublished(clock.instant().plusSeconds(1), 10)).isEmpty();
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.PUBLISHED);
        assertThat(journal.failure()).isEmpty();
    }

    /**
     * As after a standby was promoted that had not got everything: what came of the attempt is entered all the same.
     */
    @Test
    void takesTheAnswerOfAnAttemptThatTheStoreHasForgotten() throws SQLException {
        Journal journal = open("a", "1");
        for (String lost : List.of("DELETE FROM job; DELETE FROM attempt", "DELETE FROM attempt", "DELETE FROM job")) {
            Job job = job("job-" + lost.length(), "otp");
            journal.admit(job);
            for (String statement : lost.split("; ")) {
                change(statement);
            }
            journal.answered(job, paired());
            assertThat(job.next()).as(lost).isEqualTo(Next.PUBLISH);
            assertThat(job.credentials().attemptId())
                    .as(lost)
                    .isEqualTo(job.attempt().id());
            assertThat(journal.published(job.id(), job.attempt().id()).state())
                    .as(lost)
                    .isEqualTo(State.PUBLISHED);
        }
    }

    @Test
    void isHealedEvenIfTheStoreHasForgottenTheAttemptOfAnAnswer() throws SQLException {
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
        assertThat(next.next()).isEqualTo(Next.CALL);
    }

    @Test
    void leavesTheOtherWritesOfAGroupAloneWhenOneIsAMistake() throws Exception {
        Journal journal = open("a", "1");
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                Job job = job("j" + i, "otp");
                if (i % 4 == 0) {
                    job.call(new io.pairingbridge.job.Attempt("unheard-of-" + i, 1, CALL));
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
    void saysThatItCannotBeRead() throws SQLException {
        Journal journal = open("a", "1");
        change("DROP TABLE job");
        assertThatThrownBy(() -> journal.find("j"))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining(dialect().name() + " cannot be read")
                .hasMessageContaining("job");
    }

    private void change(String sql) throws SQLException {
        try (Connection connection = ownersDialect().openForWriting();
                var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    @Test
    void setsAJobAsideAgainIfItsAcknowledgementWasLost() {
        Journal journal = open("a", "1");
        Ending nowhere = Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "m1", clock.instant());
        int begun = 0;
        for (int i = 0; i < 4; i++) {
            begun = journal.countDelivery("m1", "j");
        }
        journal.quarantine(job("j", "otp", "m1"), nowhere);
        assertThat(journal.countDelivery("m1", "j")).isGreaterThan(begun);
        assertThat(journal.quarantine(job("j", "otp", "m1"), nowhere).ending().reason())
                .isEqualTo("BEGUN_TOO_OFTEN");
    }

    @Test
    void leavesAnotherCallAloneWhenAnEarlierOneReportsItsLossLate() {
        Journal paused = open("a", "1");
        Job job = job("j", "otp");
        paused.admit(job);
        clock.move(CALL.plus(GRACE));
        Journal other = open("b", "1");
        other.admit(job("j", "otp"));
        paused.answered(job, report(Result.AMBIGUOUS));
        assertThat(job.next()).isEqualTo(Next.WAIT);
        assertThat(clock.instant().plus(job.delay()))
                .as("when it is due")
                .isEqualTo(clock.instant().plusSeconds(1));
        clock.move(Duration.ofSeconds(1));
        Job second = job("j", "otp");
        other.admit(second);
        Entry calling = other.find("j").orElseThrow();

        paused.answered(job, report(Result.AMBIGUOUS));

        assertThat(job.next()).isEqualTo(Next.WAIT);
        assertThat(clock.instant().plus(job.delay()))
                .as("the other's deadline")
                .isEqualTo(clock.instant().plus(CALL).plus(GRACE));
        assertThat(other.find("j")).contains(calling);
        assertThat(calling.attemptId()).isEqualTo(second.attempt().id());
        assertThat(calling.ambiguous()).as("counted once").isEqualTo(1);
    }

    @Test
    void endsAJobWhoseTimeRanOutDuringItsCall() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        clock.move(Duration.ofHours(1));
        journal.answered(job, report(Result.NOT_SENT));
        assertThat(job.ending().outcome()).isEqualTo(Outcome.EXPIRED);
        assertThat(job.ending().attempts()).as("nobody heard it").isZero();
    }

    @Test
    void endsAJobAtItsExpirationIfThatComesBeforeTheMaximumAge() {
        Journal journal = open("a", "1");
        Instant expires = clock.instant().plusSeconds(60);
        Job inTime = expiring("in-time", clock.instant(), expires);
        Job late = expiring("late", clock.instant(), expires);
        clock.move(Duration.ofMillis(59_999));
        journal.admit(inTime);
        assertThat(inTime.next()).isEqualTo(Next.CALL);
        clock.move(Duration.ofMillis(1));
        journal.admit(late);
        assertThat(late.ending().outcome()).isEqualTo(Outcome.EXPIRED);

        Job aged = expiring("aged", clock.instant(), clock.instant().plus(Duration.ofDays(1)));
        clock.move(Duration.ofHours(1));
        journal.admit(aged);
        assertThat(aged.ending().outcome()).as("the maximum age comes first").isEqualTo(Outcome.EXPIRED);
    }

    private Job expiring(String id, Instant requestedAt, Instant expiresAt) {
        return new Job(
                new Job.Origin(id, null, null, Integer.toString(++messages), requestedAt, expiresAt, 4, false, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
    }

    @Test
    void countsTheAgeOfAJobFromItsFirstRequestAndOfANewTryFromItsOwn() {
        Journal journal = open("a", "1");
        Job first = job("j", "otp");
        journal.admit(first);
        journal.answered(first, report(Result.THROTTLED));
        clock.move(Duration.ofHours(1));
        Job sentAgain = job("j", "otp");
        journal.admit(sentAgain);
        assertThat(sentAgain.ending().outcome())
                .as("sent again, and no younger for it")
                .isEqualTo(Outcome.EXPIRED);

        Job newTry = job("j", "another");
        journal.admit(newTry);
        assertThat(newTry.next()).isEqualTo(Next.CALL);
    }

    /** A request that was put back to wait arrives anew in its queue; who asked for the job does not care. */
    @Test
    void tellsWhenAJobWasFirstAskedFor() {
        Journal journal = open("a", "1");
        Instant asked = clock.instant();
        Job first = job("j", "otp");
        journal.admit(first);
        journal.answered(first, report(Result.THROTTLED));
        clock.move(Duration.ofMinutes(2));
        Job putBack = job("j", "otp");
        journal.admit(putBack);
        journal.answered(putBack, report(Result.REJECTED));

        assertThat(putBack.ending().outcome()).isEqualTo(Outcome.REJECTED);
        assertThat(putBack.requestedAt()).isEqualTo(asked);
    }

    @Test
    void endsWhatTheBrokerGaveUpWhateverItsAge() {
        Journal journal = open("a", "1");
        Job expired = new Job(
                new Job.Origin("j", null, null, "m1", clock.instant(), null, 4, true, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
        journal.admit(expired);
        assertThat(expired.ending().outcome()).isEqualTo(Outcome.EXPIRED);

        Job waiting = job("k", "otp");
        journal.admit(waiting);
        journal.answered(waiting, report(Result.AMBIGUOUS));
        Job gaveUp = new Job(
                new Job.Origin("k", null, null, "m2", clock.instant(), null, 4, true, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
        journal.admit(gaveUp);
        assertThat(gaveUp.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
    }

    @Test
    void remembersARequestThatCouldNotBeUnderstoodAndTakesItsCorrection() {
        Journal journal = open("a", "1");
        Ending notJson = Ending.uncalled(Outcome.INVALID, "NOT_JSON", "why", "m1", clock.instant());
        Job unreadable = new Job(job("j", "x", "m1").origin(), null, "{");
        assertThat(journal.refused(unreadable, notJson)).isEqualTo(notJson);
        assertThat(journal.find("j").orElseThrow().ending()).isEqualTo(notJson);

        Ending schema = Ending.uncalled(Outcome.INVALID, "SCHEMA", "why", "m2", clock.instant());
        journal.refused(new Job(job("j", "x", "m2").origin(), null, "{}"), schema);
        assertThat(journal.find("j").orElseThrow().ending())
                .as("the latest mistake")
                .isEqualTo(schema);

        Job corrected = job("j", "otp");
        journal.admit(corrected);
        assertThat(corrected.next()).isEqualTo(Next.CALL);
    }

    @Test
    void setsNoJobAsideThatHasEndedAndCountsTheCallItWasIn() {
        Journal journal = open("a", "1");
        Ending nowhere = Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "m1", clock.instant());
        Job refused = job("refused", "otp");
        journal.admit(refused);
        journal.answered(refused, report(Result.REJECTED));
        assertThat(journal.quarantine(job("refused", "otp"), nowhere).ending()).isEqualTo(refused.ending());

        journal.admit(job("called", "otp"));
        Ending called = journal.quarantine(job("called", "otp"), nowhere).ending();
        assertThat(called.attempts()).isEqualTo(1);
        assertThat(journal.reader().attempts("called"))
                .extracting(JournalReader.AttemptRecord::result)
                .containsExactly(Result.AMBIGUOUS);

        Job waiting = job("waiting", "otp");
        journal.admit(waiting);
        journal.answered(waiting, report(Result.AMBIGUOUS));
        Ending doubt = journal.quarantine(job("waiting", "otp"), nowhere).ending();
        assertThat(doubt.outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(doubt.attempts()).as("the lost one, once").isEqualTo(1);

        Job unheard = job("unheard", "otp");
        journal.admit(unheard);
        journal.answered(unheard, report(Result.NOT_SENT));
        assertThat(journal.quarantine(job("unheard", "otp"), nowhere).ending().outcome())
                .isEqualTo(Outcome.INVALID);
    }

    @Test
    void stillWaitsForACallOfItsOwnAfterAPurge() {
        Journal journal = open("a", "1");
        journal.admit(job("j", "otp"));
        clock.move(Duration.ofMinutes(1));
        journal.purge(Duration.ofDays(90));
        Job again = job("j", "otp");
        journal.admit(again);
        assertThat(again.next()).isEqualTo(Next.WAIT);
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }
}
