package io.pairingbridge.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.Version;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.EndedJob;
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
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a sender writes into the headers of a message, the wire shows one and the same request. */
class HostileHeadersIT {
    private static Stage stage;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        stage = new Stage(folder);
        stage.startBridge();
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    @Test
    void postsExactlyWhatThePageOfTheVendorAsksFor() throws Exception {
        stage.send(Stage.text("plain", "{\"name\":\"Till\",\"otp\":\"otp-plain\",\"reference\":{\"a\":\"b\"}}"));
        EndedJob.await(stage, "plain", "otp-plain").paired();

        assertThat(stage.ledger().bodies("otp-plain")).containsExactly("{\"name\":\"Till\",\"otp\":\"otp-plain\"}");
        assertThat(lines("otp-plain"))
                .containsExactlyInAnyOrder(
                        "POST /v1/pay-connect/pair/ HTTP/1.1",
                        "Host: 127.0.0.1:" + stage.ledger().port(),
                        "Content-Type: application/json",
                        "Content-Length: 33",
                        "Accept: application/json",
                        "X-Pay-Connect-Integrator-Id: 5f3a1c9e7b20",
                        "User-Agent: pairing-bridge/" + Version.get(),
                        "Connection: keep-alive");
    }

    static List<Map<String, Object>> hostile() {
        return List.of(
                Map.of("CamelHttpUri", "http://127.0.0.1:1/", "CamelHttpPath", "/evil", "CamelHttpQuery", "a=b"),
                Map.of("cAmelHttpPath", "/evil", "cAmElHttpMethod", "DELETE", "camelhttpuri", "http://127.0.0.1:1/"),
                Map.of("CamelHttpMethod", "GET", "CamelHttpResponseCode", 200, "CamelHttpCharacterEncoding", "UTF-16"),
                Map.of("CamelRestHttpUri", "http://127.0.0.1:1/", "CamelDestinationOverrideUrl", "http://127.0.0.1:1/"),
                Map.of(
                        "CamelJmsDestinationName",
                        "pairing.dead-letters",
                        "CamelJmsDestination",
                        "queue://pairing.in-doubt",
                        "CamelJmsDeliveryMode",
                        1),
                Map.of(
                        "CamelToEndpoint",
                        "direct:finish",
                        "CamelSlipEndpoint",
                        "direct:finish",
                        "CamelBeanMethodName",
                        "inDoubt"),
                Map.of("CamelJacksonUnmarshalType", "java.lang.String", "CamelCharsetName", "UTF-16"),
                Map.of(
                        "Host",
                        "evil.example",
                        "Content_HYPHEN_Length",
                        "1",
                        "Content_HYPHEN_Encoding",
                        "gzip",
                        "Transfer_HYPHEN_Encoding",
                        "chunked",
                        "Authorization",
                        "Basic x",
                        "X_HYPHEN_Pay_HYPHEN_Connect_HYPHEN_Integrator_HYPHEN_Id",
                        "evil"),
                Map.of(
                        "Content_HYPHEN_Type",
                        "text/plain",
                        "Accept",
                        "text/plain",
                        "User_HYPHEN_Agent",
                        "evil",
                        "Connection",
                        "close",
                        "Cookie",
                        "a=b"),
                Map.of("a", "{{env:HOME}}", "b", "${env:HOME}", "c", "{{pairing.broker.password}}", "d", "${body}"),
                Map.of(
                        "JMSXGroupID",
                        "one",
                        "JMSXGroupSeq",
                        1,
                        "breadcrumbId",
                        "{{env:HOME}}",
                        "job",
                        "evil",
                        "credentials",
                        "evil"),
                Map.of(
                        "_AMQ_ORIG_ADDRESS",
                        "evil",
                        "_AMQ_INGRESS_TIMESTAMP",
                        1L,
                        "_AMQ_LVQ_NAME",
                        "one",
                        "_AMQ_VALIDATED_USER",
                        "bridge"),
                Map.of(
                        "_AMQ_SCHED_DELIVERY",
                        System.currentTimeMillis() - 1_000,
                        "PairingReplay",
                        "true",
                        "PairingOutcome",
                        "PAIRED"),
                Map.of(
                        "PairingPayConnectId",
                        "evil",
                        "PairingAttempts",
                        99,
                        "PairingFailedAt",
                        "evil",
                        "PairingKeyId",
                        "evil"));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void dropsAtTheDoorWhatItDoesNotKnow(Map<String, Object> properties) throws Exception {
        String job = "hostile-" + Integer.toHexString(properties.hashCode());
        String otp = "otp-" + job;
        stage.send(with(job, otp, properties), Stage.request("same-" + job, otp + "+"));

        EndedJob ended = EndedJob.await(stage, job, otp).paired().attempts(1).posts(1);
        EndedJob.await(stage, "same-" + job, otp + "+").paired();
        assertThat(lines(otp).stream().filter(l -> !l.startsWith("Content-Length")))
                .containsExactlyInAnyOrderElementsOf(lines(otp + "+").stream()
                        .filter(l -> !l.startsWith("Content-Length"))
                        .toList());
        assertThat(stage.ledger().bodies(otp))
                .containsExactly(Stage.JSON
                        .createObjectNode()
                        .put("name", Stage.json(Stage.body(otp)).path("name").asText())
                        .put("otp", otp)
                        .toString());
        assertThat(ended.credentials().properties().keySet())
                .containsExactlyInAnyOrder(
                        "PairingJobId",
                        "PairingPayConnectId",
                        "PairingPayConnectName",
                        "PairingTerminalId",
                        "PairingEnvironment",
                        "PairingKeyId",
                        "PairingContentType",
                        "PairingReference",
                        "_AMQ_DUPL_ID",
                        "JMSXDeliveryCount");
        assertThat(ended.credentials().text("PairingPayConnectId")).isNotEqualTo("evil");
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void carriesNothingOfItOverAWait(Map<String, Object> properties) throws Exception {
        String job = "waits-" + Integer.toHexString(properties.hashCode());
        stage.ledger().when("otp-" + job, call -> {
            if (call.number() == 1) {
                call.status(503);
            } else {
                call.pairOnce();
            }
        });
        stage.send(with(job, "otp-" + job, properties));

        EndedJob.await(stage, job, "otp-" + job).paired().attempts(2).posts(2);
        assertThat(lines("otp-" + job)).contains("POST /v1/pay-connect/pair/ HTTP/1.1");
    }

    /** STOMP lets names through that JMS does not. */
    @Test
    void dropsWhatOnlyStompCanSend() throws Exception {
        String body = Stage.body("otp-stomp");
        stomp(
                "SEND\ndestination:pairing.requests\npersistent:true\nreceipt:r1\nPairingJobId:stomp\nCamelHttpUri:http://127.0.0.1:1/\n"
                        + "Content-Encoding:gzip\nTransfer-Encoding:chunked\nHost:evil.example\nX-Pay-Connect-Integrator-Id:evil\n"
                        + "reply-to:pairing.in-doubt\n\n" + body);

        EndedJob.await(stage, "stomp", "otp-stomp").paired().posts(1);
        assertThat(lines("otp-stomp"))
                .contains("Host: 127.0.0.1:" + stage.ledger().port(), "X-Pay-Connect-Integrator-Id: 5f3a1c9e7b20")
                .noneMatch(line -> line.contains("evil") || line.contains("Encoding"));
        assertThat(stage.inDoubt()).isEmpty();
    }

    @Test
    void answersToNobodyWhoAsksForAReply() throws Exception {
        for (String queue :
                List.of("pairing.in-doubt", "pairing.dead-letters", "pairing.requests", "pairing.credentials")) {
            stage.send(session -> {
                Message message =
                        Stage.request("reply-" + queue, "otp-reply-" + queue).make(session);
                message.setJMSReplyTo(session.createQueue(queue));
                message.setJMSType("reply");
                return message;
            });
        }

        for (String queue :
                List.of("pairing.in-doubt", "pairing.dead-letters", "pairing.requests", "pairing.credentials")) {
            EndedJob.await(stage, "reply-" + queue, "otp-reply-" + queue)
                    .paired()
                    .posts(1);
        }
        assertThat(stage.credentials()).noneMatch(m -> m.jobId() == null);
        assertThat(stage.deadLetters())
                .noneMatch(m -> m.jobId() == null || m.jobId().startsWith("reply"));
        assertThat(stage.inDoubt()).isEmpty();
    }

    /** A duplicate id that somebody else has used would drop this job, and its sender was told that it is accepted. */
    @Test
    void pairsEveryJobOfOneDuplicateId() throws Exception {
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            producer.send(
                    with("dup-1", "otp-dup-1", Map.of("_AMQ_DUPL_ID", "one")).make(session));
            producer.send(
                    with("dup-2", "otp-dup-2", Map.of("_AMQ_DUPL_ID", "one")).make(session));
        }
        stage.send(
                Stage.request("dup-3", "otp-dup-3"),
                with("dup-4", "otp-dup-4", Map.of("_AMQ_DUPL_ID", "one"))); // in a transaction
        for (int i = 1; i <= 4; i++) {
            EndedJob.await(stage, "dup-" + i, "otp-dup-" + i).paired().posts(1);
        }
    }

    /**
     * Taken along to the message that waits, the id would make the broker refuse it: the job would come back for ever.
     */
    @Test
    void lets503WaitForAJobWithADuplicateId() throws Exception {
        stage.ledger().when("otp-dup-waits", call -> {
            if (call.number() < 3) {
                call.status(503);
            } else {
                call.pairOnce();
            }
        });
        stage.send(with("dup-waits", "otp-dup-waits", Map.of("_AMQ_DUPL_ID", "waits")));

        EndedJob.await(stage, "dup-waits", "otp-dup-waits").paired().attempts(3).posts(3);
    }

    private static List<String> lines(String otp) {
        return List.of(stage.ledger().heads(otp).get(0).strip().split("\r\n"));
    }

    private static MessageMaker with(String jobId, String otp, Map<String, Object> properties) {
        return session -> {
            Message message = Stage.request(jobId, otp).make(session);
            for (Map.Entry<String, Object> property : properties.entrySet()) {
                message.setObjectProperty(property.getKey(), property.getValue());
            }
            return message;
        };
    }

    private static void stomp(String send) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), stage.broker().port())) {
            socket.setSoTimeout((int) Stage.PATIENCE.toMillis());
            assertThat(frame(
                            socket,
                            "CONNECT\naccept-version:1.2\nhost:localhost\nlogin:" + BrokerUsers.ERP_REQUESTER
                                    + "\npasscode:" + stage.users().password(BrokerUsers.ERP_REQUESTER) + "\n\n"))
                    .startsWith("CONNECTED");
            assertThat(frame(socket, send)).startsWith("RECEIPT");
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
