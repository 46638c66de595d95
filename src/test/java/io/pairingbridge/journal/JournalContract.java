package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.Next;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.Journal.SealedAnswer;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every journal promises, whatever database holds it. A database's own test extends this and says how to open it. */
abstract class JournalContract {
  private static final Duration CALL = Duration.ofSeconds(10);
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Limits LIMITS =
      new Limits(CALL, Duration.ofHours(1), 3, new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0));
  private static final OtpHash HASH = new OtpHash("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));

  private final MovingClock clock = new MovingClock();
  private final List<Journal> opened = new ArrayList<>();
  private int messages;

  /** The dialect of a database that is empty before each test and the same for all calls within one. */
  abstract Dialect dialect();

  private JdbcJournal open(String instance, String run) {
    return open(dialect(), instance, run);
  }

  private JdbcJournal open(Dialect dialect, String instance, String run) {
    JdbcJournal journal = JdbcJournal.open(dialect, LIMITS, new Owner(instance, run), HASH, clock);
    opened.add(journal);
    return journal;
  }

  @AfterEach
  void close() {
    opened.forEach(Journal::close);
  }

  private Job job(String id, String otp) {
    return job(id, otp, Integer.toString(++messages));
  }

  private Job job(String id, String otp, String carrier) {
    return new Job(new Job.Origin(id, "batch-1", null, carrier, clock.instant(), null, 4, false, false),
        new PairingRequest("Till", otp, null, Map.of("store", "S-1")), "{}");
  }

  private static AttemptReport report(Result result) {
    return new AttemptReport(result, null, "as the test wants it", null, null);
  }

  private static AttemptReport paired() {
    return new AttemptReport(Result.PAIRED, 200, "ok", new SealedAnswer("sealed-bytes", "key-1", "application/jose", "pc", "Till", "T1"), null);
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

  @Test
  void countsTheCallOfAnEarlierRunAsLost() {
    open("a", "1").admit(job("j", "otp"));

    Job again = job("j", "otp");
    Journal journal = open("a", "2");
    journal.admit(again);

    assertThat(again.next()).isEqualTo(Next.WAIT);
    assertThat(again.waitUntil()).isEqualTo(clock.instant().plusSeconds(1));
    assertThat(journal.find("j").orElseThrow().ambiguous()).isEqualTo(1);
    assertThat(journal.attempts("j")).extracting(Journal.AttemptRecord::result).containsExactly(Result.AMBIGUOUS);
  }

  @Test
  void waitsForAnotherInstancesDeadlineAndThenGoesOn() {
    open("a", "1").admit(job("j", "otp"));
    Journal other = open("b", "1");

    Job early = job("j", "otp");
    other.admit(early);
    assertThat(early.next()).isEqualTo(Next.WAIT);
    assertThat(early.waitUntil()).isEqualTo(clock.instant().plus(CALL).plus(GRACE));
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
    assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
  }

  @Test
  void doesNotWaitForDaysWhenTheClockWasTurnedBack() {
    open("a", "1").admit(job("j", "otp"));
    clock.move(Duration.ofDays(-3));
    Journal other = open("b", "1");
    Job first = job("j", "otp");
    other.admit(first);
    assertThat(first.waitUntil()).isEqualTo(clock.instant().plus(CALL).plus(GRACE));

    clock.move(CALL.plus(GRACE));
    other.admit(job("j", "otp"));
    assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.WAITING);
  }

  @Test
  void keepsSealedBytesUntilTheyArePublished() {
    Journal journal = open("a", "1");
    Job job = job("j", "otp");
    journal.admit(job);
    journal.answered(job, paired());
    assertThat(job.next()).isEqualTo(Next.PUBLISH);
    assertThat(job.credentials().body()).isEqualTo("sealed-bytes");
    journal.close();

    Journal reopened = open("a", "2");
    clock.move(Duration.ofSeconds(1));
    assertThat(reopened.unpublished(clock.instant(), 10)).extracting(Credentials::attemptId, Credentials::body, Credentials::jobId)
        .containsExactly(org.assertj.core.groups.Tuple.tuple(job.attempt().id(), "sealed-bytes", "j"));
    assertThat(reopened.counts()).containsEntry(State.SEALED, 1L);

    Entry entry = reopened.published(job.attempt().id());
    assertThat(entry.state()).isEqualTo(State.PUBLISHED);
    assertThat(reopened.published(job.attempt().id()).state()).as("repeatable").isEqualTo(State.PUBLISHED);
    assertThat(reopened.unpublished(clock.instant(), 10)).isEmpty();
    assertThat(reopened.attempts("j")).noneMatch(Journal.AttemptRecord::holdsSealedBytes);
    assertThat(entry.ending().outcome()).isEqualTo(Outcome.PAIRED);
    assertThat(entry.ending().attempts()).isEqualTo(1);
  }

  @Test
  void publishesASealedJobInsteadOfCallingAgain() {
    Journal journal = open("a", "1");
    Job job = job("j", "otp");
    journal.admit(job);
    journal.answered(job, paired());

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
    assertThat(other.published(job.attempt().id()).ending().outcome()).isEqualTo(Outcome.PAIRED);
  }

  @Test
  void keepsTheSealedBytesOfAnUnreadableAnswerForTheInDoubtMessage() {
    Journal journal = open("a", "1");
    Job job = job("j", "otp", "m1");
    journal.admit(job);
    journal.answered(job, new AttemptReport(Result.UNREADABLE, 200, "no JSON",
        new SealedAnswer("sealed-html", "key-1", "application/jose", null, null, null), null));
    assertThat(job.sealedAnswer()).isEqualTo("sealed-html");

    Job comeBack = job("j", "otp", "m1");
    open("a", "2").admit(comeBack);

    assertThat(comeBack.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);
    assertThat(comeBack.repeated()).isFalse();
    assertThat(comeBack.sealedAnswer()).isEqualTo("sealed-html");
    assertThat(journal.unpublished(clock.instant().plusSeconds(9), 9)).as("no credentials").isEmpty();
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
    assertThat(comeBack.repeated()).as("its acknowledgement was lost: told in full").isFalse();
    assertThat(comeBack.ending()).isEqualTo(job.ending());

    Job sentAgain = job("j", "otp", "m2");
    journal.admit(sentAgain);
    assertThat(sentAgain.repeated()).as("only the event is told again").isTrue();
    assertThat(sentAgain.ending()).isEqualTo(job.ending());
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
    assertThat(journal.attempts("j")).hasSize(2);
  }

  @Test
  void waitsLongerEachTimeAndNotBeyondTheJobsEnd() {
    Journal journal = open("a", "1");
    Instant requested = clock.instant();
    List<Long> waits = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Job job = new Job(new Job.Origin("j", null, null, "m" + i, requested, null, 4, false, false),
          new PairingRequest("Till", "otp", null, Map.of()), "{}");
      journal.admit(job);
      assertThat(job.next()).isEqualTo(Next.CALL);
      journal.answered(job, report(Result.THROTTLED));
      waits.add(Duration.between(clock.instant(), job.waitUntil()).toSeconds());
      clock.move(Duration.between(clock.instant(), job.waitUntil()));
    }
    assertThat(waits).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L);
    clock.move(Duration.between(clock.instant(), requested.plus(Duration.ofMinutes(59)).plusSeconds(50)));
    Job last = new Job(new Job.Origin("j", null, null, "last", requested, null, 4, false, false),
        new PairingRequest("Till", "otp", null, Map.of()), "{}");
    journal.admit(last);
    journal.answered(last, new AttemptReport(Result.THROTTLED, 503, "later", null, Duration.ofHours(1)));
    assertThat(last.waitUntil()).isEqualTo(requested.plus(Duration.ofHours(1)));
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
    assertThat(journal.begun("m1", "j")).isEqualTo(1);
    assertThat(open("a", "2").begun("m1", "j")).isEqualTo(2);
    journal.admit(job("j", "otp", "m1"));
    assertThat(journal.begun("m1", "j")).as("it got somewhere").isEqualTo(1);
  }

  @Test
  void setsAJobAsideInDoubtOnlyIfItWasEverCalled() {
    Journal journal = open("a", "1");
    Ending nowhere = Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "m1", clock.instant());
    assertThat(journal.setAside(job("never", "otp", "m1"), nowhere).outcome()).isEqualTo(Outcome.INVALID);

    journal.admit(job("called", "otp", "m2"));
    assertThat(journal.setAside(job("called", "otp", "m2"), nowhere).outcome()).isEqualTo(Outcome.IN_DOUBT);
  }

  @Test
  void leavesAReadableJobAloneWhenAnInvalidRequestUsesItsId() {
    Journal journal = open("a", "1");
    Job job = job("j", "otp");
    journal.admit(job);
    journal.refused(new Job(job("j", "x").origin(), null, "{"), Ending.uncalled(Outcome.INVALID, "NOT_JSON", "why", "m9", clock.instant()));
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
    assertThat(journal.attempts("ended")).isEmpty();
    assertThat(List.of("sealed", "running", "fresh")).allMatch(id -> journal.find(id).isPresent());
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
          assertThat(called.add(job.id())).as("one call for " + job.id()).isTrue();
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
    Journal journal = open(new Faulty(dialect(), commits, new AtomicBoolean()), "a", "1");
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
    assertThat(journal.counts()).containsEntry(State.CALLING, 640L);
  }

  @Test
  void refusesEverythingAfterAFailedCommitUntilItIsHealed() {
    AtomicBoolean broken = new AtomicBoolean();
    Journal journal = open(new Faulty(dialect(), new AtomicInteger(), broken), "a", "1");
    broken.set(true);
    assertThatThrownBy(() -> journal.admit(job("j", "otp"))).isInstanceOf(JournalException.class).hasMessageContaining("disk");
    broken.set(false);
    assertThatThrownBy(() -> journal.admit(job("k", "otp"))).as("not tried again over an error").isInstanceOf(JournalException.class);
    assertThat(journal.failure()).isPresent();

    journal.heal();

    assertThat(journal.failure()).isEmpty();
    Job job = job("k", "otp");
    journal.admit(job);
    assertThat(job.next()).isEqualTo(Next.CALL);
  }

  @Test
  void keepsASealedAnswerThatTheStoreRefusedAndWritesItWhenHealed() {
    AtomicBoolean broken = new AtomicBoolean();
    Journal journal = open(new Faulty(dialect(), new AtomicInteger(), broken), "a", "1");
    Job job = job("j", "otp");
    journal.admit(job);
    broken.set(true);
    assertThatThrownBy(() -> journal.answered(job, paired())).isInstanceOf(JournalException.class);
    broken.set(false);

    journal.heal();

    clock.move(Duration.ofSeconds(1));
    assertThat(journal.unpublished(clock.instant(), 10)).extracting(Credentials::body).containsExactly("sealed-bytes");
    assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.SEALED);
    journal.published(job.attempt().id());
    journal.heal();
    assertThat(journal.unpublished(clock.instant(), 10)).as("written once").isEmpty();
  }

  @Test
  void setsAJobAsideAgainIfItsAcknowledgementWasLost() {
    Journal journal = open("a", "1");
    Ending nowhere = Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "m1", clock.instant());
    int begun = 0;
    for (int i = 0; i < 4; i++) {
      begun = journal.begun("m1", "j");
    }
    journal.setAside(job("j", "otp", "m1"), nowhere);
    assertThat(journal.begun("m1", "j")).isGreaterThan(begun);
    assertThat(journal.setAside(job("j", "otp", "m1"), nowhere).reason()).isEqualTo("BEGUN_TOO_OFTEN");
  }

  /** A database whose commits can be made to fail, and are counted. */
  private record Faulty(Dialect real, AtomicInteger commits, AtomicBoolean broken) implements Dialect {
    @Override
    public Connection openForWriting() throws SQLException {
      Connection connection = real.openForWriting();
      return (Connection) java.lang.reflect.Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Connection.class},
          (proxy, method, args) -> {
            if (method.getName().equals("commit")) {
              commits.incrementAndGet();
              if (broken.get()) {
                throw new SQLException("the disk is full (injected)");
              }
            }
            try {
              return method.invoke(connection, args);
            } catch (java.lang.reflect.InvocationTargetException e) {
              throw e.getCause();
            }
          });
    }

    @Override
    public Connection openForReading() throws SQLException {
      return real.openForReading();
    }

    @Override
    public void lock(Connection connection, String jobId) throws SQLException {
      real.lock(connection, jobId);
    }

    @Override
    public String name() {
      return real.name();
    }
  }
}
