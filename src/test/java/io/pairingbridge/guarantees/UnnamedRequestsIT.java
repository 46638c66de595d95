package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.jms.client.ActiveMQSession;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests to which their senders gave no job id, by clients that we did not write, and a bridge that is killed while
 * the endpoint pairs all of them: the redelivered message is the same job, so that its lost answer is never taken for a
 * refusal.
 */
class UnnamedRequestsIT {
    private final Map<String, String> ids = new LinkedHashMap<>();
    private Stage stage;

    @Test
    void areTheSameJobsAfterACrashDuringTheirCalls(@TempDir Path folder) throws Exception {
        try (Stage opened = new Stage(folder)) {
            stage = opened;
            stage.set("pairing.requests.concurrency", "16").set("pairing.endpoint.deadline", "20s");
            Set<String> calling = ConcurrentHashMap.newKeySet();
            stage.ledger().otherwise(call -> {
                if (call.number() == 1) {
                    call.pair();
                    calling.add(call.otp());
                    call.silence();
                } else {
                    call.status(400);
                }
            });
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            try (Child bridge = Child.java(CrashingBridge.class, folder.resolve("bridge.log"), settings.toString())) {
                bridge.awaitLog("started", 1);
                for (String policy : List.of("DEFAULT", "UUID", "UUID_STRING", "PREFIXED_UUID_STRING")) {
                    amqp("otp-amqp-" + policy, "jms.messageIDPolicy.messageIDType=" + policy, false);
                }
                amqp("otp-amqp-none", "", true);
                stomp("otp-stomp", "");
                stomp("otp-stomp-expires", "expires:" + (System.currentTimeMillis() + 4_000) + "\n");
                stage.send(session -> session.createTextMessage(Stage.body("otp-core")));
                Awaitility.await().atMost(Stage.PATIENCE).until(() -> calling.size() == 8);
                bridge.kill();
            }
            Awaitility.await().atMost(Stage.PATIENCE).until(() -> depth("pairing.expired") == 1);
            try (Child bridge = Child.java(CrashingBridge.class, folder.resolve("bridge.log"), settings.toString())) {
                stage.awaitUntil(() -> stage.inDoubt().size() >= 8);
                stage.gather();

                assertThat(stage.events())
                        .extracting(e -> data(e).path("outcome").asText())
                        .hasSize(8)
                        .containsOnly("IN_DOUBT");
                assertThat(stage.inDoubt()).extracting(Stage.Received::jobId).doesNotHaveDuplicates();
                assertThat(stage.deadLetters()).isEmpty();
                ids.forEach((otp, id) -> assertThat(stage.inDoubt())
                        .extracting(Stage.Received::jobId)
                        .contains(id));
                assertThat(calling)
                        .allSatisfy(otp ->
                                assertThat(stage.ledger().posts(otp).size()).isLessThanOrEqualTo(3));
                bridge.kill();
            }
        }
    }

    private long depth(String queue) throws Exception {
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            return ((ActiveMQSession) session)
                    .getCoreSession()
                    .queueQuery(SimpleString.of(queue))
                    .getMessageCount();
        }
    }

    private static JsonNode data(Stage.Received event) {
        return Stage.json(event.body()).path("data");
    }

    /** What a sender of Qpid JMS knows the message by is what the bridge calls the job, where it can be a name. */
    private void amqp(String otp, String options, boolean noId) throws Exception {
        JmsConnectionFactory amqp = new JmsConnectionFactory(
                BrokerUsers.ERP_REQUESTER,
                stage.users().password(BrokerUsers.ERP_REQUESTER),
                "amqp://127.0.0.1:" + stage.broker().port() + "?" + options);
        try (Connection connection = amqp.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            producer.setDisableMessageID(noId);
            Message message = session.createTextMessage(Stage.body(otp));
            producer.send(message);
            if (!noId) {
                ids.put(
                        otp,
                        message.getJMSMessageID()
                                .replace("ID:AMQP_UUID:", "ID:")
                                .replace("ID:AMQP_NO_PREFIX:", ""));
            }
        }
    }

    private void stomp(String otp, String headers) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), stage.broker().port())) {
            socket.setSoTimeout((int) Stage.PATIENCE.toMillis());
            assertThat(frame(
                            socket,
                            "CONNECT\naccept-version:1.2\nhost:localhost\nlogin:" + BrokerUsers.ERP_REQUESTER
                                    + "\npasscode:" + stage.users().password(BrokerUsers.ERP_REQUESTER) + "\n\n"))
                    .startsWith("CONNECTED");
            assertThat(frame(
                            socket,
                            "SEND\ndestination:pairing.requests\npersistent:true\nreceipt:r1\n" + headers + "\n"
                                    + Stage.body(otp)))
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
}
