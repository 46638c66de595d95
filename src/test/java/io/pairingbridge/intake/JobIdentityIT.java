package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.MessageMaker;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which job a message belongs to, and what a second message of the same job brings. */
class JobIdentityIT {
    private static Stage stage;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        stage = new Stage(folder, Stage::withoutPlugin)
                .set("pairing.intake.close-after", "1000")
                .set("pairing.requests.concurrency", "4")
                .set("pairing.integrators.south.id", "5057h00001");
        stage.startBridge();
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    // ---- where the id comes from ----------------------------------------------------------------------------------

    @Test
    void takesThePropertyBeforeTheCorrelationId() throws Exception {
        stage.send(session -> {
            Message message = Stage.request("by-property", "otp-by-property").make(session);
            message.setJMSCorrelationID("by-correlation-not");
            return message;
        });

        EndedJob.await(stage, "by-property", "otp-by-property").paired().posts(1);
    }

    @Test
    void takesTheCorrelationIdBeforeTheMessageId() throws Exception {
        stage.send(session -> {
            Message message = session.createTextMessage(Stage.body("otp-by-correlation"));
            message.setStringProperty("PairingJobId", "");
            message.setJMSCorrelationID("by-correlation");
            return message;
        });

        EndedJob.await(stage, "by-correlation", "otp-by-correlation").paired().posts(1);
    }

    @Test
    void takesTheMessageIdWhereThereIsNothingElse() throws Exception {
        Message[] sent = new Message[1];
        stage.send(session -> sent[0] = session.createTextMessage(Stage.body("otp-by-message-id")));

        EndedJob.await(stage, sent[0].getJMSMessageID(), "otp-by-message-id")
                .paired()
                .posts(1);
    }

    @Test
    void keepsTheMessageIdAsIdWhileTheJobWaits() throws Exception {
        stage.ledger().when("otp-waits-unnamed", call -> {
            if (call.number() == 1) {
                call.status(503);
            } else {
                call.pairOnce();
            }
        });
        Message[] sent = new Message[1];
        stage.send(session -> sent[0] = session.createTextMessage(Stage.body("otp-waits-unnamed")));

        EndedJob.await(stage, sent[0].getJMSMessageID(), "otp-waits-unnamed")
                .paired()
                .attempts(2)
                .posts(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"with space", "../../etc", "caf\u00e9", "a/b", "x\n", "{{env:HOME}}"})
    void refusesAnIdThatCouldBreakSomething(String jobId) throws Exception {
        Message[] sent = new Message[1];
        stage.send(session -> {
            sent[0] = Stage.request(jobId, "otp-bad-id").make(session);
            return sent[0];
        });

        EndedJob.await(stage, sent[0].getJMSMessageID(), "otp-bad-id")
                .ended("INVALID", "JOB_ID")
                .detail("job id", "128")
                .keepsOtp()
                .posts(0);
    }

    @Test
    void takesAnIdOf128CharactersAndNoneOf129() throws Exception {
        String longest = "A-Za-z0-9._:" + "x".repeat(116);
        Message[] sent = new Message[1];
        stage.send(Stage.request(longest, "otp-longest-id"), session -> {
            sent[0] = Stage.request("y".repeat(129), "otp-too-long-id").make(session);
            return sent[0];
        });

        EndedJob.await(stage, longest, "otp-longest-id").paired();
        EndedJob.await(stage, sent[0].getJMSMessageID(), "otp-too-long-id")
                .ended("INVALID", "JOB_ID")
                .posts(0);
    }

    @Test
    void refusesABadBatchId() throws Exception {
        stage.send(
                with("bad-batch", "otp-bad-batch", "PairingBatchId", "a b"),
                with("good-batch", "otp-good-batch", "PairingBatchId", "2026-11:north"));

        EndedJob bad = EndedJob.await(stage, "bad-batch", "otp-bad-batch")
                .ended("INVALID", "BATCH_ID")
                .detail("PairingBatchId")
                .keepsOtp()
                .posts(0);
        EndedJob good = EndedJob.await(stage, "good-batch", "otp-good-batch").paired();
        assertThat(bad.letter().properties()).doesNotContainKey("PairingBatchId");
        assertThat(good.data().path("batch_id").asText()).isEqualTo("2026-11:north");
        assertThat(good.credentials().text("PairingBatchId")).isEqualTo("2026-11:north");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PairingBatchId", "PairingIntegrator", "PairingReplay"})
    void refusesAPropertyThatIsNoText(String property) throws Exception {
        String jobId = "number-in-" + property;
        stage.send(with(jobId, "otp-" + jobId, property, 42L));

        EndedJob.await(stage, jobId, "otp-" + jobId)
                .ended("INVALID", "PROPERTY")
                .detail(property)
                .keepsOtp()
                .posts(0);
    }

    @Test
    void refusesAJobIdThatIsNoText() throws Exception {
        Message[] sent = new Message[1];
        stage.send(session -> {
            sent[0] = session.createTextMessage(Stage.body("otp-number-as-id"));
            sent[0].setIntProperty("PairingJobId", 42);
            return sent[0];
        });

        EndedJob.await(stage, sent[0].getJMSMessageID(), "otp-number-as-id")
                .ended("INVALID", "PROPERTY")
                .detail("PairingJobId")
                .keepsOtp()
                .posts(0);
    }

    // ---- integrators ----------------------------------------------------------------------------------------------

    @Test
    void sendsTheIdOfAKnownIntegrator() throws Exception {
        stage.send(with("south", "otp-south", "PairingIntegrator", "south"), Stage.request("default", "otp-default"));

        EndedJob.await(stage, "south", "otp-south").paired();
        EndedJob.await(stage, "default", "otp-default").paired();
        assertThat(stage.ledger().heads("otp-south"))
                .singleElement()
                .asString()
                .contains("X-Pay-Connect-Integrator-Id: 5057h00001\r\n");
        assertThat(stage.ledger().heads("otp-default"))
                .singleElement()
                .asString()
                .contains("X-Pay-Connect-Integrator-Id: 5f3a1c9e7b20\r\n");
    }

    @Test
    void sendsTheIdOfTheIntegratorAgainAfterAWait() throws Exception {
        stage.ledger().when("otp-south-waits", call -> {
            if (call.number() == 1) {
                call.status(503);
            } else {
                call.pairOnce();
            }
        });
        stage.send(with("south-waits", "otp-south-waits", "PairingIntegrator", "south"));

        EndedJob.await(stage, "south-waits", "otp-south-waits").paired();
        assertThat(stage.ledger().heads("otp-south-waits"))
                .hasSize(2)
                .allSatisfy(head -> assertThat(head).contains("X-Pay-Connect-Integrator-Id: 5057h00001\r\n"));
    }

    @Test
    void refusesAnUnknownIntegrator() throws Exception {
        stage.send(with("north", "otp-north", "PairingIntegrator", "north"));

        EndedJob job = EndedJob.await(stage, "north", "otp-north")
                .ended("INVALID", "UNKNOWN_INTEGRATOR")
                .detail("PairingIntegrator", "[south]")
                .keepsOtp()
                .posts(0);
        assertThat(job.letter().properties()).doesNotContainKey("PairingIntegrator");
    }

    // ---- the same job once more -----------------------------------------------------------------------------------

    @Test
    void pairsOnceHoweverOftenTheSameJobIsSent() throws Exception {
        MessageMaker request = Stage.request("thrice", "otp-thrice");
        stage.send(request, request);
        awaitEvents("thrice", 2);
        stage.send(request);
        awaitEvents("thrice", 3);

        assertThat(stage.ledger().posts("otp-thrice")).hasSize(1);
        assertThat(stage.credentials().stream().filter(m -> m.jobId().equals("thrice")))
                .hasSize(1);
        assertThat(outcomes("thrice")).containsOnly("PAIRED");
        assertThat(eventIds("thrice")).hasSize(1);
    }

    @Test
    void refusesAnotherPasswordWhileTheJobRuns() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        stage.ledger().when("otp-runs", call -> {
            called.countDown();
            assertThat(answer.await(1, TimeUnit.MINUTES)).isTrue();
            call.pairOnce();
        });
        stage.send(Stage.request("runs", "otp-runs"));
        assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();

        stage.send(Stage.request("runs", "otp-runs-other"));
        JsonNode refused = stage.awaitOutcome("runs");
        answer.countDown();
        awaitEvents("runs", 2);

        assertThat(refused.path("outcome").asText() + " "
                        + refused.path("reason").asText())
                .isEqualTo("DUPLICATE DUPLICATE_JOB_ID");
        assertThat(refused.path("detail").asText()).contains("still running");
        assertThat(letters("runs")).hasSize(1).first().asString().contains("otp-runs-other");
        assertThat(outcomes("runs")).containsExactly("DUPLICATE", "PAIRED");
        assertThat(eventIds("runs")).hasSize(2);
        assertThat(stage.ledger().posts("otp-runs-other")).isEmpty();
    }

    @Test
    void refusesAnotherPasswordAfterThePairing() throws Exception {
        stage.send(Stage.request("paired", "otp-paired"));
        awaitEvents("paired", 1);
        stage.send(Stage.request("paired", "otp-paired-other"));
        awaitEvents("paired", 2);

        assertThat(outcomes("paired")).containsExactly("PAIRED", "DUPLICATE");
        assertThat(stage.outcomes("paired").get(1).path("detail").asText()).contains("already paired");
        assertThat(letters("paired")).hasSize(1).first().asString().contains("otp-paired-other");
        assertThat(stage.ledger().posts("otp-paired-other")).isEmpty();
    }

    @Test
    void triesAgainWithANewPasswordAfterARefusal() throws Exception {
        stage.ledger().when("otp-wrong", call -> call.status(400));
        stage.send(Stage.request("again", "otp-wrong"));
        awaitEvents("again", 1);
        stage.send(Stage.request("again", "otp-right"));
        awaitEvents("again", 2);

        assertThat(outcomes("again")).containsExactly("REJECTED", "PAIRED");
        assertThat(stage.outcomes("again").get(1).path("attempts").asInt()).isEqualTo(1);
        assertThat(eventIds("again")).hasSize(2);
    }

    @Test
    void triesAgainWithANewPasswordAfterADoubt() throws Exception {
        stage.ledger().when("otp-lost", call -> call.status(500));
        stage.send(Stage.request("lost", "otp-lost"));
        awaitEvents("lost", 1);
        stage.send(Stage.request("lost", "otp-found"));
        awaitEvents("lost", 2);

        assertThat(outcomes("lost")).containsExactly("IN_DOUBT", "PAIRED");
    }

    @Test
    void repeatsOnlyTheEventForTheSamePasswordAfterARefusal() throws Exception {
        stage.ledger().when("otp-refused", call -> call.status(400));
        stage.send(Stage.request("refused", "otp-refused"));
        awaitEvents("refused", 1);
        stage.send(Stage.request("refused", "otp-refused"));
        awaitEvents("refused", 2);

        assertThat(outcomes("refused")).containsExactly("REJECTED", "REJECTED");
        assertThat(eventIds("refused")).hasSize(1);
        assertThat(letters("refused")).hasSize(1);
        assertThat(stage.ledger().posts("otp-refused")).hasSize(1);
    }

    @Test
    void triesTheSamePasswordAgainOnlyWhenAskedTo() throws Exception {
        stage.ledger().when("otp-replayed", call -> {
            if (call.number() == 1) {
                call.status(404);
            } else {
                call.pairOnce();
            }
        });
        stage.send(Stage.request("replayed", "otp-replayed"));
        awaitEvents("replayed", 1);
        stage.send(
                Stage.request("replayed", "otp-replayed"), with("replayed", "otp-replayed", "PairingReplay", "false"));
        awaitEvents("replayed", 3);
        assertThat(stage.ledger().posts("otp-replayed")).hasSize(1);

        stage.send(with("replayed", "otp-replayed", "PairingReplay", "true"));
        awaitEvents("replayed", 4);

        assertThat(outcomes("replayed")).containsExactly("MISCONFIGURED", "MISCONFIGURED", "MISCONFIGURED", "PAIRED");
        assertThat(eventIds("replayed")).hasSize(2);
        assertThat(letters("replayed")).hasSize(1);
        assertThat(stage.ledger().posts("otp-replayed")).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 500})
    void neverReplaysAPasswordThatMayBeSpent(int status) throws Exception {
        String job = "spent-" + status;
        stage.ledger().when("otp-" + job, call -> call.status(status));
        stage.send(Stage.request(job, "otp-" + job));
        awaitEvents(job, 1);
        int posts = stage.ledger().posts("otp-" + job).size();
        stage.send(with(job, "otp-" + job, "PairingReplay", "true"));
        awaitEvents(job, 2);

        assertThat(eventIds(job)).hasSize(1);
        assertThat(stage.ledger().posts("otp-" + job)).hasSize(posts);
    }

    @Test
    void readsACorrectedRequestAsTheSameJob() throws Exception {
        stage.send(Stage.text("corrected", "{\"name\":\"Till\",\"otp\":\"otp-corrected\",\"typo\":1}"));
        awaitEvents("corrected", 1);
        stage.send(Stage.request("corrected", "otp-corrected"));
        awaitEvents("corrected", 2);

        assertThat(outcomes("corrected")).containsExactly("INVALID", "PAIRED");
    }

    @Test
    void leavesARunningJobAloneWhenAnUnreadableMessageBearsItsId() throws Exception {
        stage.send(Stage.request("shadowed", "otp-shadowed"));
        awaitEvents("shadowed", 1);
        stage.send(Stage.text("shadowed", "garbage"));
        awaitEvents("shadowed", 2);
        stage.send(Stage.request("shadowed", "otp-shadowed"));
        awaitEvents("shadowed", 3);

        assertThat(outcomes("shadowed")).containsExactly("PAIRED", "INVALID", "PAIRED");
        assertThat(stage.ledger().posts("otp-shadowed")).hasSize(1);
    }

    // ---- other protocols ------------------------------------------------------------------------------------------

    @Test
    void namesAJobThatCameOverAmqpWithoutAnyId() throws Exception {
        JmsConnectionFactory amqp = new JmsConnectionFactory(
                BrokerUsers.ERP_REQUESTER,
                stage.users().password(BrokerUsers.ERP_REQUESTER),
                "amqp://127.0.0.1:" + stage.broker().port());
        try (Connection connection = amqp.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            producer.setDisableMessageID(true);
            producer.send(session.createTextMessage(Stage.body("otp-amqp")));
        }

        EndedJob.await(stage, awaitJobOf("otp-amqp"), "otp-amqp").paired().posts(1);
    }

    @Test
    void namesAJobThatCameOverStompWithoutAnyId() throws Exception {
        stage.ledger().when("otp-stomp", call -> {
            if (call.number() == 1) {
                call.status(503);
            } else {
                call.pairOnce();
            }
        });
        stomp(Stage.body("otp-stomp"));

        EndedJob.await(stage, awaitJobOf("otp-stomp"), "otp-stomp")
                .paired()
                .attempts(2)
                .posts(2);
    }

    private static void stomp(String body) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), stage.broker().port())) {
            socket.setSoTimeout((int) Stage.PATIENCE.toMillis());
            assertThat(frame(
                            socket,
                            "CONNECT\naccept-version:1.2\nhost:localhost\nlogin:" + BrokerUsers.ERP_REQUESTER
                                    + "\npasscode:" + stage.users().password(BrokerUsers.ERP_REQUESTER) + "\n\n"))
                    .startsWith("CONNECTED");
            assertThat(frame(socket, "SEND\ndestination:pairing.requests\npersistent:true\nreceipt:r1\n\n" + body))
                    .startsWith("RECEIPT");
        }
    }

    private static String frame(Socket socket, String frame) throws IOException {
        socket.getOutputStream().write((frame + "\0").getBytes(StandardCharsets.UTF_8));
        StringBuilder answer = new StringBuilder();
        InputStream in = socket.getInputStream();
        for (int b; (b = in.read()) > 0; ) {
            answer.append((char) b);
        }
        return answer.toString().strip();
    }

    /** The id that the bridge gave to the job of this OTP: that of the credentials that hold its secret. */
    private static String awaitJobOf(String otp) {
        String[] found = new String[1];
        stage.awaitUntil(() -> stage.credentials().stream().anyMatch(m -> {
            found[0] = m.jobId();
            return new String(stage.opener().open(m.body()), StandardCharsets.UTF_8)
                    .contains(LedgerEndpoint.secret(otp));
        }));
        return found[0];
    }

    // ---- what came of them ----------------------------------------------------------------------------------------

    private static MessageMaker with(String jobId, String otp, String property, Object value) {
        return session -> {
            Message message = Stage.request(jobId, otp).make(session);
            message.setObjectProperty(property, value);
            return message;
        };
    }

    private static void awaitEvents(String jobId, int count) {
        stage.awaitUntil(() -> stage.outcomes(jobId).size() >= count);
        assertThat(stage.outcomes(jobId)).hasSize(count);
    }

    private static List<String> outcomes(String jobId) {
        return stage.outcomes(jobId).stream()
                .map(data -> data.path("outcome").asText())
                .toList();
    }

    private static List<String> eventIds(String jobId) {
        return stage.events().stream()
                .filter(e -> jobId.equals(e.jobId()))
                .map(e -> Stage.json(e.body()).path("id").asText())
                .distinct()
                .toList();
    }

    private static List<String> letters(String jobId) {
        return stage.deadLetters().stream()
                .filter(m -> jobId.equals(m.jobId()))
                .map(Stage.Received::body)
                .toList();
    }
}
