package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.testing.AmqpSender;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.api.core.client.ClientProducer;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.amqp.messaging.Header;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A bridge in the smallest heap that docs/operate/containers.md allows (256 MB, see {@link Child}), at a broker that
 * takes requests of any size: whatever size one has, it ends, the others go on, and the process lives.
 */
class SmallHeapIT {
    private static final int PART = 1 << 16;

    @Test
    void noRequestIsTooLargeForIt(@TempDir Path folder) throws Exception {
        try (Stage stage = new Stage(folder, xml -> xml.replaceAll("(?s)<broker-plugins>.*?</broker-plugins>", ""))) {
            int port = stage.broker().port();
            stage.set("pairing.requests.concurrency", "16").set("pairing.endpoint.deadline", "30s");
            Path settings = folder.resolve("bridge.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            Path log = folder.resolve("bridge.log");
            List<String> large = new ArrayList<>();
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                bridge.awaitLog("started", 1, Stage.PATIENCE.multipliedBy(3));
                amqp(stage, port, large, 1, 100);
                stage.send(Stage.request("beside-one", "otp-beside-one"));
                amqp(stage, port, large, 4, 24);
                core(stage, port, large, ClientMessage.BYTES_TYPE, 8, 24);
                core(stage, port, large, ClientMessage.TEXT_TYPE, 8, 24);
                stage.send(Stage.request("beside-many", "otp-beside-many"));

                assertThat(stage.awaitOutcome("beside-one", "beside-many")
                                .path("outcome")
                                .asText())
                        .isEqualTo("PAIRED");
                stage.awaitOutcome(large.toArray(String[]::new));
                for (String jobId : large) {
                    assertThat(stage.awaitOutcome(jobId).path("reason").asText())
                            .as(jobId)
                            .isEqualTo("TOO_LONG");
                }
                assertThat(stage.deadLetters())
                        .hasSize(large.size())
                        .allMatch(letter -> letter.body().isEmpty());
                assertThat(bridge.alive()).isTrue();
                bridge.stop();
            }
            assertThat(Files.readString(log)).doesNotContain("OutOfMemoryError");
        }
    }

    private static void amqp(Stage stage, int port, List<String> jobIds, int count, int megabytes) throws Exception {
        Header durable = new Header();
        durable.setDurable(true);
        byte[] part = AmqpSender.encode(new Data(new Binary(new byte[PART])));
        try (AmqpSender amqp = new AmqpSender(
                "tcp://127.0.0.1:" + port,
                BrokerUsers.ERP_REQUESTER,
                stage.users().password(BrokerUsers.ERP_REQUESTER),
                "pairing.requests")) {
            for (int i = 0; i < count; i++) {
                String jobId = "amqp-" + megabytes + "-" + i;
                assertThat(amqp.send(
                                AmqpSender.encode(durable, new ApplicationProperties(Map.of("PairingJobId", jobId))),
                                part,
                                megabytes * (1 << 20) / PART))
                        .isTrue();
                jobIds.add(jobId);
            }
        }
    }

    private static void core(Stage stage, int port, List<String> jobIds, byte type, int count, int megabytes)
            throws Exception {
        try (ActiveMQConnectionFactory factory = BrokerConnections.factory(new BrokerAddress(
                        "tcp://127.0.0.1:" + port,
                        BrokerUsers.ERP_REQUESTER,
                        stage.users().password(BrokerUsers.ERP_REQUESTER)));
                ClientSession session = factory.getServerLocator()
                        .createSessionFactory()
                        .createSession(
                                BrokerUsers.ERP_REQUESTER,
                                stage.users().password(BrokerUsers.ERP_REQUESTER),
                                false,
                                true,
                                true,
                                false,
                                1);
                ClientProducer producer = session.createProducer("pairing.requests")) {
            for (int i = 0; i < count; i++) {
                String jobId = "core-" + type + "-" + i;
                ClientMessage message = session.createMessage(type, true);
                message.putStringProperty("PairingJobId", jobId);
                message.setBodyInputStream(new Zeros((long) megabytes << 20));
                producer.send(message);
                jobIds.add(jobId);
            }
        }
    }

    /** So many of them, without holding them. */
    private static final class Zeros extends InputStream {
        private long left;

        Zeros(long length) {
            left = length;
        }

        @Override
        public int read() {
            return left-- > 0 ? 0 : -1;
        }

        @Override
        public int read(byte[] into, int from, int length) {
            int read = (int) Math.min(left, length);
            left -= read;
            return read == 0 && length > 0 ? -1 : read;
        }
    }
}
