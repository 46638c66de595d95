package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.journal.State;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
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
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several bridges on one journal, each with its own connections. */
class PostgresClusterIT {
    private static final OtpHash HASH =
            new OtpHash("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));
    private static final Limits LIMITS = new Limits(
            Duration.ofSeconds(60),
            Duration.ofHours(1),
            3,
            new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0));

    private final ExecutorService threads = Executors.newFixedThreadPool(16);
    private final List<JdbcJournal> journals = Collections.synchronizedList(new ArrayList<>());
    private Settings.JournalStore store;

    @BeforeEach
    void empty() throws IOException, SQLException {
        store = PostgresServer.shared().journal();
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        journals.forEach(JdbcJournal::close);
    }

    private JdbcJournal open(String instance) {
        JdbcJournal journal = JdbcJournal.open(store, LIMITS, new Owner(instance, "1"), HASH, Clock.systemUTC());
        journals.add(journal);
        return journal;
    }

    private static Job job(String id, String otp, String messageId) {
        return new Job(
                new Job.Origin(id, null, null, messageId, Instant.now(), null, 4, false, false),
                new PairingRequest("Till", otp, null, Map.of()),
                "{}");
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
        atOnce(starts).forEach(Journal::recover);
        assertThat(PostgresServer.shared()
                        .ask(
                                store,
                                "SELECT count(*) = count(DISTINCT version) FROM pairing.flyway_schema_history"
                                        + " WHERE version IS NOT NULL AND success"))
                .isEqualTo("t");
    }

    /** What bridges of the version before left, four of this one find, that start at once: one of them sends it. */
    @Test
    void goesOnWithWhatTheVersionBeforeSealed() throws Exception {
        Flyway.configure()
                .dataSource(store.url(), store.username(), store.password())
                .locations("classpath:io/pairingbridge/journal")
                .target("5")
                .load()
                .migrate();
        PostgresServer.shared().ask(store, """
        INSERT INTO pairing.job (job_id, state, otp_hash, carrier, reference, requested_at, attempts, attempt_id, owner, deadline, updated_at)
        SELECT 'old-' || i, 'SEALED', 'hash', i, '{}', 1, 1, 'attempt-' || i, 'x/1', 1, 1 FROM generate_series(1, 200) i""");
        PostgresServer.shared().ask(store, """
        INSERT INTO pairing.attempt (attempt_id, job_id, number, owner, started_at, deadline, ended_at, result, sealed, key_id, content_type)
        SELECT 'attempt-' || i, 'old-' || i, 1, 'x/1', 1, 1, 1, 'PAIRED', 'sealed-bytes', 'key-1', 'application/jose'
        FROM generate_series(1, 200) i""");
        List<Callable<JdbcJournal>> starts = new ArrayList<>();
        for (String instance : List.of("a", "b", "c", "d")) {
            starts.add(() -> open(instance));
        }
        List<JdbcJournal> all = atOnce(starts);
        for (JdbcJournal journal : all) {
            assertThat(journal.unpublished(Instant.now(), 500)).hasSize(200);
        }
        List<Credentials> left = all.get(0).unpublished(Instant.now(), 500);
        AtomicInteger turns = new AtomicInteger();
        atOnce(all.stream()
                .<Callable<Void>>map(journal -> () -> {
                    left.forEach(credentials -> turns.addAndGet(journal.acquireLease(credentials) ? 1 : 0));
                    return null;
                })
                .toList());
        assertThat(turns).as("turns for 200 answers").hasValue(200);
        assertThat(all.get(3).published("old-7", "attempt-7").state()).isEqualTo(State.PUBLISHED);
    }

    /** A newer bridge has changed the schema in a way that this one can live with: it goes on, and starts again. */
    @Test
    void startsOnTheSchemaOfTheNextVersion() throws Exception {
        JdbcJournal old = open("a");
        for (int i = 0; i < 10; i++) { // so often that the driver would have the server keep its plans
            old.admit(job("before-" + i, "otp", "before-" + i));
        }
        PostgresServer.shared().ask(store, "ALTER TABLE pairing.job ADD COLUMN of_the_next_version TEXT");
        PostgresServer.shared()
                .ask(
                        store,
                        "INSERT INTO pairing.flyway_schema_history SELECT installed_rank + 1000, '1000', 'next', type, 'V1000__next.sql',"
                                + " 1, installed_by, installed_on, 1, true FROM pairing.flyway_schema_history ORDER BY installed_rank DESC LIMIT 1");
        Job job = job("j", "otp", "1");
        old.admit(job);
        assertThat(job.next()).isEqualTo(NextStep.CALL);
        assertThat(old.failure()).isEmpty();
        assertThat(open("b").find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }

    /** Each job is delivered to both, in groups whose jobs come in another order. */
    @Test
    void permitsOneCallForAJobThatBothAreGiven() throws Exception {
        List<JdbcJournal> both = List.of(open("a"), open("b"));
        AtomicInteger messages = new AtomicInteger();
        for (int round = 0; round < 25; round++) {
            Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
            List<Callable<Void>> deliveries = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String first = "job-" + round + "-" + i;
                String second = "job-" + round + "-" + (7 - i);
                for (JdbcJournal journal : both) {
                    String id = journal == both.get(0) ? first : second;
                    deliveries.add(() -> {
                        Job job = job(id, "otp of " + id, Integer.toString(messages.incrementAndGet()));
                        journal.admit(job);
                        if (job.next() == NextStep.CALL) {
                            calls.computeIfAbsent(id, key -> new AtomicInteger())
                                    .incrementAndGet();
                        }
                        return null;
                    });
                }
            }
            Collections.shuffle(deliveries);
            atOnce(deliveries);
            assertThat(calls)
                    .hasSize(8)
                    .allSatisfy((id, count) ->
                            assertThat(count.get()).as("calls of %s", id).isEqualTo(1));
        }
        assertThat(both).allSatisfy(journal -> assertThat(journal.failure()).isEmpty());
    }

    @Test
    void actsForABridgeOnlyWhileThatIsGone() throws Exception {
        JdbcJournal a = open("a");
        JdbcJournal b = open("b");
        List<String> done = new ArrayList<>();
        b.batches().whileGone("a", () -> done.add("for a"));
        assertThat(done).isEmpty();
        a.close();
        Awaitility.await()
                .until(
                        () -> { // the server notices a moment later
                            b.batches().whileGone("a", () -> done.add("for a"));
                            return !done.isEmpty();
                        });
        assertThat(done).containsExactly("for a");

        CountDownLatch acting = new CountDownLatch(1);
        Future<?> acts = threads.submit(() -> b.batches().whileGone("a", () -> {
            acting.countDown();
            Awaitility.await()
                    .until(() -> PostgresServer.shared()
                            .ask(store, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                            .equals("1"));
            done.add("before it comes back");
        }));
        acting.await();
        open("a");
        assertThat(done).containsExactly("for a", "before it comes back");
        acts.get();
    }

    @Test
    void leavesACallOfAnotherBridgeAloneAndTakesItsAnswer() {
        JdbcJournal a = open("a");
        JdbcJournal b = open("b");
        Job mine = job("j", "otp", "1");
        a.admit(mine);
        Job again = job("j", "otp", "1");
        b.admit(again);
        assertThat(again.next()).isEqualTo(NextStep.WAIT);
        b.admit(again = job("j", "otp", "1"));
        assertThat(again.next()).isEqualTo(NextStep.WAIT);

        a.answered(mine, new AttemptReport(Result.PAIRED, 200, "ok", answer(), null));
        Job later = job("j", "otp", "1");
        b.admit(later);
        assertThat(later.next()).as("it is the other one's turn to send").isEqualTo(NextStep.WAIT);
        assertThat(b.acquireLease(mine.credentials())).isFalse();
        assertThat(a.acquireLease(mine.credentials())).isTrue();
        assertThat(b.published(mine.id(), mine.attempt().id()).state()).isEqualTo(State.PUBLISHED);
        assertThat(a.published(mine.id(), mine.attempt().id()).state())
                .as("repeatable")
                .isEqualTo(State.PUBLISHED);
        b.admit(later = job("j", "otp", "1"));
        assertThat(later.next()).isEqualTo(NextStep.FINISH);
    }

    /**
     * Two transactions that wait for each other's job: the server ends one of them, whose writes are then done one by
     * one.
     */
    @Test
    void writesAgainWhatTheServerUndidBecauseOfOthers() throws Exception {
        Dialect dialect = new PostgresDialect(store.url(), store.username(), store.password(), null);
        open("a");
        try (Connection other = PostgresServer.shared().admin(store);
                Statement limits = other.createStatement();
                GroupCommit group = new GroupCommit(dialect)) {
            limits.execute("SET deadlock_timeout = '1h'"); // so that it is the group that is undone
            other.setAutoCommit(false);
            dialect.lock(other, Set.of("second"));
            AtomicInteger begun = new AtomicInteger();
            Future<String> written = threads.submit(() -> group.write(tx -> {
                begun.incrementAndGet();
                dialect.lock(tx.connection(), Set.of("first"));
                dialect.lock(tx.connection(), Set.of("second"));
                return "written";
            }));
            Awaitility.await()
                    .until(() -> PostgresServer.shared()
                            .ask(store, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                            .equals("1"));
            dialect.lock(other, Set.of("first")); // granted once the group is undone
            other.rollback();
            assertThat(written.get()).isEqualTo("written");
            assertThat(begun.get()).isGreaterThan(1);
            assertThat(group.failure()).isEmpty();
        }
    }

    /**
     * Of two bridges whose groups hold the same jobs, in whatever order, one waits for the other: the server has
     * nothing to undo.
     */
    @Test
    void locksJobsInTheSameOrderWhateverTheGroups() throws Exception {
        List<Future<?>> bridges = new ArrayList<>();
        for (List<String> names : List.of(List.of("first", "second"), List.of("second", "first"))) {
            bridges.add(threads.submit(() -> {
                Dialect dialect = new PostgresDialect(store.url(), store.username(), store.password(), null);
                try (Connection connection = dialect.openForWriting()) {
                    connection.setAutoCommit(false);
                    for (int i = 0; i < 500; i++) {
                        dialect.lock(connection, new LinkedHashSet<>(names));
                        connection.commit();
                    }
                }
                return null;
            }));
        }
        for (Future<?> bridge : bridges) {
            bridge.get();
        }
    }

    /**
     * The row is not stored yet when the other bridge looks for rows that end with the job, and the end not when the
     * row is entered.
     */
    @Test
    void endsARowThatWasTakenWhileItsJobEndedElsewhere() throws Exception {
        JdbcJournal a = open("a");
        JdbcJournal b = open("b");
        Batches batches = a.batches();
        batches.begin("estate", "file");
        Job job = job("j", "otp", "1");
        b.admit(job);
        try (Connection taking = PostgresServer.shared().admin(store);
                Statement take = taking.createStatement()) {
            taking.setAutoCommit(false);
            take.executeUpdate(
                    "INSERT INTO pairing.batch_row (batch_id, number, line, job_id, otp_hash, fields) VALUES ('estate', 1, 2, 'j', '"
                            + HASH.of("otp") + "', '{}')");
            b.answered(job, new AttemptReport(Result.REJECTED, 400, "the endpoint answered 400", null, null));
            taking.commit();
        }
        batches.read("estate", null);
        assertThat(batches.ended()).as("the row is open").isEmpty();
        PostgresServer.shared().ask(store, "UPDATE pairing.batch SET read_at = read_at - 61000");
        assertThat(batches.ended()).extracting(Batches.Batch::id).containsExactly("estate");
        assertThat(batches.find("estate").orElseThrow().outcomes()).containsOnlyKeys(Outcome.REJECTED);
    }

    /** A bridge that stands still in the middle of a transaction holds a job no longer than the server lets it. */
    @Test
    void isNotHeldUpByAPausedOne() throws Exception {
        JdbcJournal a = open("a");
        Connection paused = new PostgresDialect(store.url(), store.username(), store.password(), null).openForWriting();
        paused.setAutoCommit(false);
        new PostgresDialect(store.url(), store.username(), store.password(), null).lock(paused, Set.of("j"));
        Job job = job("j", "otp", "1");
        a.admit(job);
        assertThat(job.next()).isEqualTo(NextStep.CALL);
        assertThat(paused.isValid(5))
                .as("the server has ended the paused one's connection")
                .isFalse();
        paused.close();
    }

    /** Also one whose name is longer than what the server keeps of it. */
    @Test
    void namesTheBridgesThatHaveItOpenAndTheirCalls() throws Exception {
        JdbcJournal a = open("shop-a");
        JdbcJournal b = open("shop-b");
        a.admit(job("j", "otp-1", "1"));
        b.admit(job("k", "otp-2", "2"));
        b.admit(job("l", "otp-3", "3"));
        assertThat(a.reader().instances()).containsExactly(Map.entry("shop-a", 1L), Map.entry("shop-b", 2L));
        assertThat(b.reader().instances()).isEqualTo(a.reader().instances());
        JdbcJournal longOne = open("c".repeat(60));
        longOne.admit(job("m", "otp-4", "4"));
        assertThat(a.reader().instances()).containsEntry("c".repeat(48), 1L).hasSize(3);
        assertThat(longOne.reader().instances())
                .containsEntry("c".repeat(60), 1L)
                .hasSize(3);
        for (JdbcJournal gone : List.of(b, longOne)) {
            journals.remove(gone);
            gone.close();
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(a.reader().instances()).containsExactly(Map.entry("shop-a", 1L)));
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
        assertThat(anew.next()).isEqualTo(NextStep.CALL);
        List<Integer> portions = new ArrayList<>();
        for (int purged = a.purge(Duration.ofDays(1)); purged > 0; purged = a.purge(Duration.ofDays(1))) {
            portions.add(purged);
        }
        assertThat(portions).as("the first with one ended try").containsExactly(1001, 1000, 1000, 499);
        assertThat(b.find("old-3500").orElseThrow().state()).isEqualTo(State.CALLING);
        assertThat(PostgresServer.shared()
                        .ask(store, "SELECT count(*) FROM pairing.attempt WHERE job_id <> 'old-3500'"))
                .isEqualTo("0");
    }

    private static SealedAnswer answer() {
        return new SealedAnswer("sealed-bytes", "key-1", "application/jose");
    }
}
