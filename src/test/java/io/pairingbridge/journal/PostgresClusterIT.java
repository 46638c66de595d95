package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.Next;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Batches.NewRow;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.SealedAnswer;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.MovingClock;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several bridges on one journal, each with its own connections. */
class PostgresClusterIT {
  private static final OtpHash HASH = new OtpHash("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));
  private static final Limits LIMITS = new Limits(Duration.ofSeconds(60), Duration.ofHours(1), 3,
      new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0));

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<JdbcJournal> journals = Collections.synchronizedList(new ArrayList<>());
  private Settings.JournalStore store;

  @BeforeAll
  static void needsAServer() {
    PostgresServer.missing().ifPresent(why -> assumeTrue(false, why));
  }

  @BeforeEach
  void empty() throws IOException {
    store = PostgresServer.shared().journal();
  }

  @AfterEach
  void close() {
    threads.shutdownNow();
    journals.forEach(JdbcJournal::close);
  }

  private JdbcJournal open(String instance) {
    return open(instance, Clock.systemUTC());
  }

  private JdbcJournal open(String instance, Clock clock) {
    JdbcJournal journal = JdbcJournal.open(store, LIMITS, new Owner(instance, "1"), HASH, clock);
    journals.add(journal);
    return journal;
  }

  private static Job job(String id, String otp, String carrier) {
    return new Job(new Job.Origin(id, null, null, carrier, Instant.now(), null, 4, false, false),
        new PairingRequest("Till", otp, null, Map.of()), "{}");
  }

  private static Job at(Clock clock, String id, String carrier) {
    return new Job(new Job.Origin(id, null, null, carrier, clock.instant(), null, 4, false, false),
        new PairingRequest("Till", "otp of " + id, null, Map.of()), "{}");
  }

  /** Runs both at the same moment, as far as a latch can. */
  private <T> List<T> atOnce(List<Callable<T>> tasks) throws Exception {
    CountDownLatch ready = new CountDownLatch(tasks.size());
    List<Future<T>> running = new ArrayList<>();
    for (Callable<T> task : tasks) {
      running.add(threads.submit(() -> {
        ready.countDown();
        ready.await();
        return task.call();
      }));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> one : running) {
      results.add(one.get());
    }
    return results;
  }

  @Test
  void startsAllAtOnceOnAnEmptyDatabase() throws Exception {
    List<Callable<JdbcJournal>> starts = new ArrayList<>();
    for (String instance : List.of("a", "b", "c", "d")) {
      starts.add(() -> open(instance));
    }
    atOnce(starts).forEach(Journal::heal);
    assertThat(PostgresServer.shared().ask(store, "SELECT count(*) = count(DISTINCT version) FROM pairing.flyway_schema_history"
        + " WHERE version IS NOT NULL AND success")).isEqualTo("t");
  }

  /** A newer bridge has changed the schema in a way that this one can live with: it goes on, and starts again. */
  @Test
  void startsOnTheSchemaOfTheNextVersion() throws Exception {
    JdbcJournal old = open("a");
    for (int i = 0; i < 10; i++) { // so often that the driver would have the server keep its plans
      old.admit(job("before-" + i, "otp", "before-" + i));
    }
    PostgresServer.shared().ask(store, "ALTER TABLE pairing.job ADD COLUMN of_the_next_version TEXT");
    PostgresServer.shared().ask(store, "INSERT INTO pairing.flyway_schema_history SELECT installed_rank + 1000, '1000', 'next', type, 'V1000__next.sql',"
        + " 1, installed_by, installed_on, 1, true FROM pairing.flyway_schema_history ORDER BY installed_rank DESC LIMIT 1");
    Job job = job("j", "otp", "1");
    old.admit(job);
    assertThat(job.next()).isEqualTo(Next.CALL);
    assertThat(old.failure()).isEmpty();
    assertThat(open("b").find("j").orElseThrow().state()).isEqualTo(State.CALLING);
  }

  /** Each job is delivered to both, in groups whose jobs come in another order. */
  @Test
  void permitsOneCallForAJobThatBothAreGiven() throws Exception {
    List<JdbcJournal> both = List.of(open("a"), open("b"));
    AtomicInteger carriers = new AtomicInteger();
    for (int round = 0; round < 25; round++) {
      Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
      List<Callable<Void>> deliveries = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        String first = "job-" + round + "-" + i;
        String second = "job-" + round + "-" + (7 - i);
        for (JdbcJournal journal : both) {
          String id = journal == both.get(0) ? first : second;
          deliveries.add(() -> {
            Job job = job(id, "otp of " + id, Integer.toString(carriers.incrementAndGet()));
            journal.admit(job);
            if (job.next() == Next.CALL) {
              calls.computeIfAbsent(id, key -> new AtomicInteger()).incrementAndGet();
            }
            return null;
          });
        }
      }
      Collections.shuffle(deliveries);
      atOnce(deliveries);
      assertThat(calls).hasSize(8).allSatisfy((id, count) -> assertThat(count.get()).as("calls of %s", id).isEqualTo(1));
    }
    assertThat(both).allSatisfy(journal -> assertThat(journal.failure()).isEmpty());
  }

  @Test
  void leavesACallOfAnotherBridgeAloneAndTakesItsAnswer() {
    JdbcJournal a = open("a");
    JdbcJournal b = open("b");
    Job mine = job("j", "otp", "1");
    a.admit(mine);
    Job again = job("j", "otp", "1");
    b.admit(again);
    assertThat(again.next()).isEqualTo(Next.WAIT);

    a.answered(mine, paired());
    assertThat(mine.next()).isEqualTo(Next.PUBLISH);
    assertThat(b.published(mine.attempt().id()).state()).isEqualTo(State.PUBLISHED);
    assertThat(a.published(mine.attempt().id()).state()).as("the other one publishes it too").isEqualTo(State.PUBLISHED);
  }

  /** The call's owner was paused past its deadline, and the job went on elsewhere. */
  @Test
  void takesTheLateAnswerOfAPausedBridge() {
    MovingClock later = new MovingClock();
    JdbcJournal paused = open("a", later);
    JdbcJournal other = open("b", later);
    Job mine = at(later, "j", "1");
    paused.admit(mine);
    later.move(LIMITS.callMayRun().minusMillis(1));
    Job early = at(later, "j", "2");
    other.admit(early);
    assertThat(early.next()).as("to the last moment").isEqualTo(Next.WAIT);
    assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    later.move(Duration.ofMillis(1));
    other.admit(at(later, "j", "3"));
    later.move(Duration.ofSeconds(1));
    Job taken = at(later, "j", "4");
    other.admit(taken);
    assertThat(taken.next()).isEqualTo(Next.CALL);
    other.answered(taken, new AttemptReport(Result.REJECTED, 400, "refused", null, null));
    assertThat(taken.ending().outcome()).isEqualTo(Outcome.IN_DOUBT);

    paused.answered(mine, paired());

    assertThat(mine.next()).isEqualTo(Next.PUBLISH);
    assertThat(other.find("j").orElseThrow().state()).isEqualTo(State.SEALED);
  }

  /** Sent by two at the same moment, the recipient would see it twice. */
  @Test
  void letsOneBridgeAtATimeSendASealedAnswer() throws Exception {
    MovingClock later = new MovingClock();
    JdbcJournal a = open("a", later);
    List<JdbcJournal> others = List.of(open("b", later), open("c", later), open("d", later));
    for (int i = 0; i < 20; i++) {
      Job job = at(later, "j" + i, "m" + i);
      a.admit(job);
      a.answered(job, paired());
    }
    later.move(Duration.ofSeconds(5));
    Job comeBack = at(later, "j0", "m0");
    others.get(0).admit(comeBack);
    assertThat(comeBack.next()).as("its sealer has it in hand").isEqualTo(Next.WAIT);
    assertThat(comeBack.delay()).isEqualTo(Turn.LENGTH.minusSeconds(5));
    assertThat(others.get(0).unpublished(later.instant(), 100)).isEmpty();
    assertThat(a.unpublished(later.instant(), 100)).as("what its own routes did not send").hasSize(20);

    later.move(Turn.LENGTH.plusSeconds(1));
    List<Future<List<String>>> looks = new ArrayList<>();
    try (Connection held = PostgresServer.shared().admin(store); Statement rows = held.createStatement()) {
      held.setAutoCommit(false);
      rows.execute("SELECT 1 FROM pairing.attempt FOR UPDATE"); // until each of them has seen that the turns are over
      others.forEach(journal -> looks.add(threads.submit(
          () -> journal.unpublished(later.instant(), 100).stream().map(c -> c.attemptId()).toList())));
      Awaitility.await().until(() -> PostgresServer.shared().ask(store,
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").equals("3"));
      held.rollback();
    }
    List<String> told = new ArrayList<>();
    for (Future<List<String>> look : looks) {
      told.addAll(look.get());
    }
    assertThat(told).hasSize(20).doesNotHaveDuplicates();
  }

  /** The end of a job and the row that is that job are written by different bridges at the same moment. */
  @Test
  void missesNoEndOfARowThatIsBeingTaken() throws Exception {
    JdbcJournal a = open("a");
    JdbcJournal b = open("b");
    for (int round = 0; round < 20; round++) {
      String batch = "batch-" + round;
      Job job = job("row-of-" + batch, "otp", batch);
      b.admit(job);
      a.batches().begin(batch, "file");
      List<NewRow> rows = new ArrayList<>();
      for (int i = 1; i <= 200; i++) {
        rows.add(new NewRow(i, i, i == 1 ? job.id() : batch + "-" + i, HASH.of("otp"), Map.of(), i == 1 ? null : "not this time"));
      }
      atOnce(List.of(() -> {
        a.batches().take(batch, rows, 200);
        return null;
      }, () -> {
        b.answered(job, new AttemptReport(Result.REJECTED, 400, "refused", null, null));
        return null;
      }));
      assertThat(a.batches().find(batch).orElseThrow().open()).as("open rows of %s", batch).isZero();
    }
  }

  @Test
  void beginsABatchOnceAndReportsItOnce() throws Exception {
    MovingClock later = new MovingClock();
    List<JdbcJournal> all = List.of(open("a", later), open("b", later), open("c", later));
    for (int round = 0; round < 10; round++) {
      String batch = "batch-" + round;
      List<Callable<String>> begins = new ArrayList<>();
      for (JdbcJournal journal : all) {
        begins.add(() -> journal.batches().begin(batch, "document of " + journal).source());
      }
      assertThat(new HashSet<>(atOnce(begins))).as("who has it").hasSize(1);
      all.get(0).batches().read(batch, null);
    }
    assertThat(all.stream().mapToInt(journal -> journal.batches().ended().size()).sum()).as("each by the bridge that reads it").isEqualTo(10);

    later.move(Duration.ofMinutes(3)); // those are gone, it seems
    List<Callable<Integer>> ends = new ArrayList<>();
    for (JdbcJournal journal : all.subList(1, 3)) {
      ends.add(() -> journal.batches().ended().size());
    }
    assertThat(atOnce(ends).stream().mapToInt(Integer::intValue).sum()).isGreaterThanOrEqualTo(10);
  }

  /** Two transactions that wait for each other's job: the server ends one of them, whose writes are then done one by one. */
  @Test
  void writesAgainWhatTheServerUndidBecauseOfOthers() throws Exception {
    Dialect dialect = new PostgresDialect(store.url(), store.username(), store.password(), null);
    open("a");
    try (Connection other = PostgresServer.shared().admin(store); Statement limits = other.createStatement();
        GroupCommit group = new GroupCommit(dialect)) {
      limits.execute("SET deadlock_timeout = '1h'"); // so that it is the group that is undone
      other.setAutoCommit(false);
      dialect.lock(other, "second");
      AtomicInteger begun = new AtomicInteger();
      Future<String> written = threads.submit(() -> group.write(connection -> {
        begun.incrementAndGet();
        dialect.lock(connection, "first");
        dialect.lock(connection, "second");
        return "written";
      }));
      Awaitility.await().until(() -> PostgresServer.shared().ask(store,
          "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").equals("1"));
      dialect.lock(other, "first"); // granted once the group is undone
      other.rollback();
      assertThat(written.get()).isEqualTo("written");
      assertThat(begun.get()).isGreaterThan(1);
      assertThat(group.failure()).isEmpty();
    }
  }

  /** A bridge that stands still in the middle of a transaction holds a job no longer than the server lets it. */
  @Test
  void isNotHeldUpByAPausedOne() throws Exception {
    JdbcJournal a = open("a");
    Connection paused = new PostgresDialect(store.url(), store.username(), store.password(), null).openForWriting();
    paused.setAutoCommit(false);
    new PostgresDialect(store.url(), store.username(), store.password(), null).lock(paused, "j");
    Job job = job("j", "otp", "1");
    a.admit(job);
    assertThat(job.next()).isEqualTo(Next.CALL);
    assertThat(paused.isValid(5)).as("the server has ended the paused one's connection").isFalse();
    paused.close();
  }

  /** Between the portions of a purge others write, and a new try of an old job is not taken away. */
  @Test
  void purgesInPortions() throws Exception {
    JdbcJournal a = open("a");
    JdbcJournal b = open("b");
    PostgresServer.shared().ask(store, """
        INSERT INTO pairing.job (job_id, state, otp_hash, requested_at, finished_at, updated_at)
        SELECT 'old-' || i, 'REJECTED', 'hash', 1, 1, 1 FROM generate_series(1, 3500) i""");
    PostgresServer.shared().ask(store, """
        INSERT INTO pairing.attempt (attempt_id, job_id, number, owner, started_at, deadline, ended_at, result)
        SELECT 'attempt-' || i, 'old-' || i, 1, 'x/1', 1, 1, 1, 'REJECTED' FROM generate_series(1, 3500) i""");
    Job anew = job("old-3500", "another otp", "2");
    b.admit(anew);
    assertThat(anew.next()).isEqualTo(Next.CALL);
    PostgresServer.shared().ask(store, "INSERT INTO pairing.setback (carrier, begun, updated_at) SELECT 'old-' || i, 1, 1 FROM generate_series(1, 2500) i");
    List<Long> left = new ArrayList<>();
    while (a.purge(Duration.ofDays(1)) > 0) {
      Job between = job("between-" + left.size(), "otp", "between-" + left.size());
      b.admit(between);
      left.add(Long.parseLong(PostgresServer.shared().ask(store, "SELECT count(*) FROM pairing.job WHERE finished_at = 1")));
    }
    assertThat(left).containsExactly(2499L, 1499L, 499L, 0L);
    assertThat(PostgresServer.shared().ask(store, "SELECT count(*) FROM pairing.setback")).isEqualTo("0");
    assertThat(b.find("old-3500").orElseThrow().state()).isEqualTo(State.CALLING);
    assertThat(PostgresServer.shared().ask(store, "SELECT count(*) FROM pairing.attempt WHERE job_id LIKE 'old-%' AND job_id <> 'old-3500'")).isEqualTo("0");
  }

  private static AttemptReport paired() {
    return new AttemptReport(Result.PAIRED, 200, "ok", new SealedAnswer("sealed-bytes", "key-1", "application/jose", null, "pc", "Till", "T1"),
        null);
  }
}
