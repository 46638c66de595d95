package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Batches from a file and from the queue whose bridge is killed over and over, while they are read and while their jobs
 * run.
 */
@Tag("heavy")
class BatchKillIT {
    private static final int ROWS = 2_000;
    private static final int OF_THE_QUEUE = 400;
    private static final int KILLS = 10;
    private static final int MAX_AMBIGUOUS = 3;
    private static final String OTP = "otp-canary-";

    @Test
    void endsWithEveryRowInOneOutcomeAndNothingPairedTwice(@TempDir Path folder) throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (Stage stage = new Stage(folder)) {
            Path inbox = Files.createDirectories(folder.resolve("inbox"));
            stage.set("pairing.batch.inbox", inbox.toString());
            stage.ledger().otherwise(call -> {
                call.think(20); // so that the batch lasts for as long as the kills
                if (call.otp().endsWith("7")) {
                    call.status(400);
                } else {
                    call.pairOnce();
                }
            });
            Path log = folder.resolve("bridge.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            Files.writeString(inbox.resolve("estate.csv"), rows(0, ROWS));
            Files.createFile(inbox.resolve("estate.csv.done"));
            send(stage, "from-queue", rows(ROWS, ROWS + OF_THE_QUEUE));

            for (int kill = 0; kill < KILLS; kill++) {
                try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                    if (kill > 1) { // the first two die in their start, or soon after
                        bridge.awaitLog("started", 1);
                    }
                    Thread.sleep(random.nextInt(
                            kill > 1 ? 700 : 4_000)); // when a kill comes is the fault, nothing is waited for
                    bridge.kill();
                }
            }
            Path ofFile = inbox.resolve("done/estate.report.csv");
            Path ofQueue = stage.data().resolve("batches/from-queue.report.csv");
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                Awaitility.await()
                        .atMost(Stage.PATIENCE.multipliedBy(3))
                        .until(() -> Files.exists(inbox.resolve("done/estate.csv")) && Files.exists(ofQueue));
                stage.gather();
            }

            Map<String, String> jobs = new HashMap<>();
            Map<String, Integer> outcomes = new HashMap<>();
            for (Path report : List.of(ofFile, ofQueue)) {
                assertThat(Files.readString(report)).doesNotContain(OTP);
                assertThat(Files.readString(report.resolveSibling(
                                report.getFileName().toString().replace(".csv", ".html"))))
                        .doesNotContain(OTP);
                for (NamedCsvRecord row : read(report)) {
                    int serial = Integer.parseInt(row.getField("serial"));
                    String outcome = row.getField("outcome");
                    outcomes.merge(outcome, 1, Integer::sum);
                    if (serial % 50 == 0) {
                        assertThat(outcome).isEqualTo("INVALID");
                    } else {
                        jobs.put(row.getField("job_id"), OTP + serial);
                        assertThat(stage.outcomes(row.getField("job_id")))
                                .as("events of row %d, seed %d", serial, seed)
                                .anyMatch(
                                        event -> event.path("outcome").asText().equals(outcome));
                    }
                }
            }
            int all = ROWS + OF_THE_QUEUE;
            assertThat(outcomes.values().stream().mapToInt(Integer::intValue).sum())
                    .as("rows of the reports, seed %d", seed)
                    .isEqualTo(all);
            assertThat(jobs).hasSize(all - all / 50);
            Invariants.check(stage, jobs, MAX_AMBIGUOUS, List.of(log));
            // In doubt is at most what was in a call at a kill.
            assertThat(outcomes.getOrDefault("IN_DOUBT", 0))
                    .as("outcomes %s, seed %d", outcomes, seed)
                    .isLessThanOrEqualTo(KILLS * 8);
            assertThat(outcomes.get("REJECTED") + outcomes.getOrDefault("IN_DOUBT", 0))
                    .isGreaterThanOrEqualTo(all / 10);
        }
    }

    /** Rows of which every fiftieth lacks its one-time password. */
    private static String rows(int from, int to) {
        StringBuilder rows = new StringBuilder("serial,name,otp\n");
        for (int i = from; i < to; i++) {
            rows.append(i)
                    .append(",Till ")
                    .append(i)
                    .append(',')
                    .append(i % 50 == 0 ? "" : OTP + i)
                    .append('\n');
        }
        return rows.toString();
    }

    private static void send(Stage stage, String batchId, String document) throws JMSException {
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            Message message = session.createTextMessage(document);
            message.setStringProperty("PairingBatchId", batchId);
            session.createProducer(session.createQueue("pairing.batches")).send(message);
        }
    }

    private static List<NamedCsvRecord> read(Path report) throws IOException {
        try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(report)) {
            return reader.stream().toList();
        }
    }
}
