package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pairingbridge.PairingBridge;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.PostgresServer;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bridges in processes of their own on one broker and one journal on PostgreSQL, of which one is killed, paused or
 * replaced.
 */
@Tag("heavy")
class SharedJournalIT {
    private static final int JOBS = 200;
    private static final int MAX_AMBIGUOUS = 3;
    private final Map<String, String> jobs = new LinkedHashMap<>();

    @Test
    void goesOnWithTheJobsOfOneThatIsKilled(@TempDir Path folder) throws Exception {
        try (Stage stage = stage(folder);
                Child a = bridge(stage, "a");
                Child b = bridge(stage, "b")) {
            send(stage);
            workHasBegun(a, b);
            a.kill();
            stage.awaitOutcome(jobs.keySet().toArray(String[]::new));
            stage.gather();
            assertThat(b.alive()).isTrue();
            assertThat(stage.inDoubt().size())
                    .as("jobs that were in a call at the kill")
                    .isLessThanOrEqualTo(8);
            Invariants.check(stage, jobs, MAX_AMBIGUOUS, List.of(a.log(), b.log()));
            noSecretIn(stage);
        }
    }

    /**
     * The paused one's calls are taken for lost after their deadline; what it finds in its sockets when it wakes is
     * told all the same.
     */
    @Test
    void goesOnWithTheJobsOfOneThatIsPausedAndTakesItsAnswers(@TempDir Path folder) throws Exception {
        try (Stage stage = stage(folder);
                Child a = bridge(stage, "a");
                Child b = bridge(stage, "b")) {
            send(stage);
            workHasBegun(a, b);
            a.pause();
            stage.awaitOutcome(jobs.keySet().toArray(String[]::new));
            a.resume();
            Awaitility.await().atMost(Stage.PATIENCE).until(() -> {
                stage.gather();
                Set<String> credentials = ids(stage.credentials());
                return count(stage, "SELECT count(*) FROM attempt WHERE sealed IS NOT NULL OR result IS NULL") == 0
                        && credentials.size()
                                == count(stage, "SELECT count(DISTINCT job_id) FROM attempt WHERE result = 'PAIRED'");
            });
            a.stop(); // both have nothing left to tell
            b.stop();
            stage.gather();

            List<String> broken = new ArrayList<>();
            Set<String> credentials = ids(stage.credentials());
            Set<String> doubtful = ids(stage.inDoubt());
            jobs.forEach((job, otp) -> {
                if (!credentials.contains(job) && !doubtful.contains(job)) {
                    broken.add("job " + job + " has no ending");
                }
                Invariants.posts(stage.ledger().posts(otp), job, MAX_AMBIGUOUS, broken);
            });
            assertThat(broken).isEmpty();
            assertThat(stage.credentials())
                    .as("each attempt once")
                    .doesNotHaveDuplicates()
                    .hasSameSizeAs(credentials);
            noSecretIn(stage);
        }
    }

    /** One after the other is stopped and started anew, while jobs come in: nobody notices, and nothing is in doubt. */
    @Test
    void areReplacedOneByOne(@TempDir Path folder) throws Exception {
        try (Stage stage = stage(folder);
                Child a = bridge(stage, "a");
                Child b = bridge(stage, "b")) {
            send(stage);
            workHasBegun(a, b);
            a.stop();
            try (Child again = bridge(stage, "a")) {
                b.stop();
                try (Child other = bridge(stage, "b")) {
                    stage.awaitOutcome(jobs.keySet().toArray(String[]::new));
                    stage.gather();
                    assertThat(stage.inDoubt()).isEmpty();
                    assertThat(ids(stage.credentials())).hasSize(JOBS);
                    assertThat(stage.ledger().posts().values())
                            .allSatisfy(posts -> assertThat(posts).hasSize(1));
                    Invariants.check(stage, jobs, MAX_AMBIGUOUS, List.of(a.log(), b.log(), again.log(), other.log()));
                }
            }
        }
    }

    /**
     * A bridge of the version before has the journal open while this version brings the schema up to date; both work,
     * the older one is ended, and what it left goes on. {@code .ci/run} makes the bundle of the version before from the
     * history.
     */
    @Test
    void goesOnBesideTheVersionBefore(@TempDir Path folder) throws Exception {
        String before = System.getProperty("version-before");
        assumeTrue(
                before != null, "-Dversion-before=<folder of the unpacked bundle of the version before> is not given");
        // So slow that work is left when the second one has started.
        try (Stage stage = stage(folder).set("pairing.rate-limit", "4");
                Child a = bridge(stage, "a", Path.of(before, "lib") + "/*", Path.of(before))) {
            send(stage);
            a.awaitLog("is PAIRED", 3);
            try (Child b = bridge(stage, "b")) {
                workHasBegun(a, b);
                a.stop();
                stage.awaitOutcome(jobs.keySet().toArray(String[]::new));
                stage.gather();
                assertThat(stage.inDoubt()).isEmpty();
                assertThat(ids(stage.credentials())).hasSize(JOBS);
                assertThat(stage.ledger().posts().values())
                        .allSatisfy(posts -> assertThat(posts).hasSize(1));
                Invariants.check(stage, jobs, MAX_AMBIGUOUS, List.of(a.log(), b.log()));
            }
        }
    }

    /**
     * What is in calls when the database goes is sealed in memory, and written when it is back: nothing is called
     * again.
     */
    @Test
    void closesTheIntakeWhileTheDatabaseIsAway(@TempDir Path folder) throws Exception {
        try (PostgresServer server = PostgresServer.start(List.of());
                Stage stage = stage(folder, server.journal())
                        .set("pairing.rate-limit", "20")
                        .set("pairing.reconcile.interval", "1s");
                Child bridge = bridge(stage, "a")) {
            send(stage);
            bridge.awaitLog("is PAIRED", 20);
            server.kill();
            bridge.awaitLog("Intake closed, jobs stay in their queue: the journal", 1);
            assertThat(stage.ledger().posts())
                    .as("jobs that were called before")
                    .hasSizeLessThan(JOBS);
            server.start();
            bridge.awaitLog("Intake open", 1);
            stage.awaitOutcome(jobs.keySet().toArray(String[]::new));
            stage.gather();
            assertThat(stage.inDoubt()).isEmpty();
            assertThat(ids(stage.credentials())).hasSize(JOBS);
            assertThat(stage.ledger().posts().values())
                    .allSatisfy(posts -> assertThat(posts).hasSize(1));
            Invariants.check(stage, jobs, MAX_AMBIGUOUS, List.of(bridge.log()));
        }
    }

    /** The file that a bridge was reading when it was killed, another one reads to its end. */
    @Test
    void goesOnWithTheBatchFileOfOneThatIsGone(@TempDir Path folder) throws Exception {
        int rows = 10_000;
        Path inbox = Files.createDirectories(folder.resolve("inbox"));
        StringBuilder csv = new StringBuilder("name,otp\n");
        for (int i = 0; i < rows; i++) {
            csv.append("Till ").append(i).append(",otp-canary-").append(i).append('\n');
        }
        try (Stage stage = stage(folder)
                        .set("pairing.batch.inbox", inbox.toString())
                        .set("pairing.endpoint.url", "http://127.0.0.1:1/pair");
                Child a = bridge(stage, "a")) {
            Files.writeString(inbox.resolve("estate.csv"), csv);
            Files.createFile(inbox.resolve("estate.csv.done"));
            Awaitility.await()
                    .atMost(Stage.PATIENCE)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> count(stage, "SELECT count(*) FROM batch_row") > 0);
            a.kill();
            assertThat(count(stage, "SELECT count(*) FROM batch WHERE phase = 'READING'"))
                    .as("killed while it read")
                    .isEqualTo(1);
            try (Child b = bridge(stage, "b")) {
                Awaitility.await()
                        .atMost(Stage.PATIENCE)
                        .until(() -> count(stage, "SELECT count(*) FROM batch WHERE phase = 'RUNNING'") == 1);
                assertThat(count(stage, "SELECT count(DISTINCT otp_hash) FROM batch_row"))
                        .isEqualTo(rows);
                assertThat(Files.readString(b.log())).contains("Taken over from bridge a");
                try (var files = Files.walk(inbox.resolve("processing/b"))) {
                    assertThat(files.filter(file -> file.toString().endsWith("~estate.csv")))
                            .hasSize(1);
                }
            }
        }
    }

    private static Stage stage(Path folder) throws Exception {
        return stage(folder, PostgresServer.shared().journal());
    }

    private static Stage stage(Path folder, Settings.JournalStore store) throws Exception {
        Stage stage =
                new Stage(folder).set("pairing.broker.connection-ttl", "5s").set("pairing.endpoint.deadline", "4s");
        stage.set("pairing.journal.url", store.url())
                .set("pairing.journal.username", store.username())
                .set("pairing.journal.password", store.password())
                .set("pairing.journal.otp-key", "the key that all these bridges share");
        stage.ledger().otherwise(call -> {
            call.think(100);
            call.pairOnce();
        });
        return stage;
    }

    private static Child bridge(Stage stage, String name) throws Exception {
        return bridge(stage, name, System.getProperty("java.class.path"), Path.of(""));
    }

    private static Child bridge(Stage stage, String name, String classPath, Path home) throws Exception {
        stage.set("pairing.instance-id", name)
                .set("pairing.data-directory", stage.data().resolve(name).toString())
                .set("pairing.management.port", Integer.toString(Stage.freePort()));
        Path log = stage.folder().resolve(name + ".log");
        int before = Files.exists(log) ? Files.readString(log).split("takes requests from", -1).length - 1 : 0;
        return Child.start(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-Xmx256m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-Dpairing.home=" + home.toAbsolutePath(),
                                "-cp",
                                classPath,
                                PairingBridge.class.getName(),
                                "run"),
                        log,
                        stage.environment())
                .awaitLog("takes requests from", before + 1, Duration.ofMinutes(2));
    }

    private void send(Stage stage) throws Exception {
        List<Stage.MessageMaker> requests = new ArrayList<>();
        for (int i = 0; i < JOBS; i++) {
            jobs.put("job-" + i, "otp-canary-" + i);
            requests.add(Stage.request("job-" + i, "otp-canary-" + i));
        }
        stage.send(requests.toArray(Stage.MessageMaker[]::new));
    }

    private static void workHasBegun(Child a, Child b) {
        a.awaitLog("is PAIRED", 3);
        b.awaitLog("is PAIRED", 3);
    }

    private static Set<String> ids(Collection<Received> messages) {
        return messages.stream().map(Received::jobId).collect(Collectors.toSet());
    }

    private static long count(Stage stage, String query) throws Exception {
        try (Connection journal = stage.journal();
                Statement statement = journal.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }

    /** What a dump of the database would show. */
    private void noSecretIn(Stage stage) throws Exception {
        StringBuilder dump = new StringBuilder();
        try (Connection journal = stage.journal();
                Statement statement = journal.createStatement()) {
            for (String table : List.of("job", "attempt", "ended_try", "setback", "batch_row", "fact")) {
                try (ResultSet rows = statement.executeQuery("SELECT CAST(t AS TEXT) FROM " + table + " t")) {
                    while (rows.next()) {
                        dump.append(rows.getString(1)).append('\n');
                    }
                }
            }
        }
        List<String> broken = new ArrayList<>();
        List<String> secrets = new ArrayList<>(jobs.values());
        jobs.values().forEach(otp -> secrets.add(LedgerEndpoint.secret(otp)));
        Invariants.find("the journal on PostgreSQL", dump.toString().getBytes(StandardCharsets.UTF_8), secrets, broken);
        assertThat(dump).contains("job-0");
        assertThat(broken).isEmpty();
    }
}
