package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.job.RequestGone;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that somebody takes off their queue while the bridge is away: each of their jobs ends and is told once, also
 * over a crash.
 */
class RequestGoneIT {
    private Stage stage;

    @Test
    void endsJobsWhoseRequestSomebodyRemoved(@TempDir Path folder) throws Exception {
        try (Stage opened = new Stage(folder)) {
            stage = opened;
            stage.set("pairing.endpoint.deadline", "1s")
                    .set("pairing.requests.concurrency", "4")
                    .set("pairing.retry.first-delay", "8s")
                    .set("pairing.retry.max-delay", "8s");
            Set<String> seen = ConcurrentHashMap.newKeySet();
            stage.ledger().otherwise(call -> {
                seen.add(call.otp());
                if (call.otp().startsWith("otp-called")) {
                    call.pair();
                    call.silence();
                } else if (call.otp().startsWith("otp-waits")) {
                    call.status(503);
                } else {
                    call.pairOnce();
                }
            });
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            Path log = folder.resolve("bridge.log");
            try (Child bridge =
                    Child.java(CrashingBridge.class, log, settings.toString(), "before:journal-answered", "called")) {
                bridge.awaitLog("started", 1);
                stage.send(Stage.request("waits", "otp-waits"));
                document(
                        "north",
                        "[{\"name\":\"A\",\"otp\":\"otp-waits-a\",\"job_id\":\"row-a\",\"store\":\"S-1\"},"
                                + "{\"name\":\"B\",\"otp\":\"otp-b\",\"job_id\":\"row-b\"}]");
                Awaitility.await()
                        .atMost(Stage.PATIENCE)
                        .until(() -> seen.contains("otp-waits") && seen.contains("otp-waits-a"));
                stage.awaitOutcome("row-b");
                stage.send(Stage.request("called", "otp-called"));
                assertThat(bridge.awaitEnd()).isEqualTo(CrashingBridge.KILLED);
            }
            remove("called", "waits", "row-a");
            forge("forged");

            // Found, and written down; and the process dies before it is told.
            try (Child bridge =
                    Child.java(CrashingBridge.class, log, settings.toString(), "before:send-event", "called")) {
                assertThat(bridge.awaitEnd()).isEqualTo(CrashingBridge.KILLED);
            }
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                stage.awaitOutcome("called", "waits", "row-a", "forged");
                stage.awaitUntil(
                        () -> stage.events().stream().anyMatch(e -> e.body().contains("io.pairingbridge.batch")));
                bridge.kill();
            }
            stage.gather();

            assertThat(end("called").path("outcome").asText()).isEqualTo("IN_DOUBT");
            assertThat(end("called").path("reason").asText()).isEqualTo("REQUEST_GONE");
            assertThat(end("called").path("reference").path("store").asText()).isEqualTo("S-1");
            assertThat(end("waits").path("outcome").asText()).isEqualTo("EXPIRED");
            assertThat(end("row-a").path("outcome").asText()).isEqualTo("EXPIRED");
            assertThat(end("forged").path("reason").asText()).isEqualTo("TOO_OLD");
            assertThat(stage.inDoubt()).extracting(Stage.Received::jobId).containsExactly("called");
            assertThat(stage.deadLetters())
                    .extracting(Stage.Received::jobId)
                    .contains("waits", "row-a")
                    .doesNotHaveDuplicates()
                    .doesNotContain("called");
            assertThat(stage.deadLetters())
                    .allSatisfy(letter -> assertThat(letter.body()).doesNotContain("otp-waits"));
            assertThat(stage.ledger().posts("otp-called")).hasSize(1);
            assertThat(Child.said(log, "otp-")).isZero();
        }
    }

    private JsonNode end(String jobId) {
        List<JsonNode> events = stage.outcomes(jobId);
        assertThat(new HashSet<>(events)).as("one outcome of " + jobId).hasSize(1);
        return events.get(0);
    }

    private void document(String batchId, String json) throws Exception {
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            BytesMessage message = session.createBytesMessage();
            message.writeBytes(json.getBytes(StandardCharsets.UTF_8));
            message.setStringProperty("PairingBatchId", batchId);
            session.createProducer(session.createQueue("pairing.batches")).send(message);
        }
    }

    /** As an administrator would: takes requests off their queue; those that wait for their time when they are due. */
    private void remove(String... jobs) {
        Set<String> removed = new HashSet<>();
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> {
            try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                    MessageConsumer consumer = session.createConsumer(session.createQueue("pairing.requests"))) {
                for (Message m = consumer.receive(200); m != null; m = consumer.receive(200)) {
                    removed.add(m.getStringProperty("PairingJobId"));
                }
            }
            return removed.containsAll(List.of(jobs));
        });
    }

    /** Nobody but the bridge says that a request is gone, not even by letting one expire. */
    private void forge(String jobId) throws Exception {
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            Message message = Stage.request(jobId, "otp-forged").make(session);
            message.setStringProperty(RequestGone.PROPERTY, "1." + "0".repeat(32));
            producer.setTimeToLive(1);
            producer.send(message);
        }
    }
}
