package io.pairingbridge.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.batch.BatchSubmitter.Taken;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.testing.Journals;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rows of a document on their way, with a real journal and a real broker, and nobody who takes them from there. */
class BatchSubmitterIT {
    private static final int ROWS = 20_000;
    private static final OtpHash HASH = new OtpHash(new byte[32]);

    /**
     * What the journal holds for sent is not sent again, so the broker must have it, although many groups wait for the
     * broker at a time.
     */
    @Test
    void goesOnAfterTheLastRowThatTheBrokerHas(@TempDir Path folder) throws Exception {
        byte[] document = document();
        try (Stage stage = new Stage(folder.resolve("stage"));
                Journal journal = Journals.open(Journals.file(folder), HASH)) {
            BatchSubmitter intake = intake(stage, journal);
            InputStream brokerGoes = new FilterInputStream(new ByteArrayInputStream(document)) {
                private boolean gone;

                @Override
                public int read(byte[] bytes, int from, int length) throws IOException {
                    if (!gone && available() < document.length / 2) {
                        gone = true;
                        stage.stopBroker();
                    }
                    return super.read(bytes, from, length);
                }
            };

            assertThatThrownBy(() -> intake.take("estate", "estate.csv", brokerGoes))
                    .isInstanceOf(JMSException.class);

            long taken = journal.batches().find("estate").orElseThrow().batch().taken();
            stage.restartBroker();
            Set<Integer> there = there(stage);
            assertThat(taken).as("rows that are taken for sent").isBetween(500L, ROWS / 2L);
            assertThat(there).as("rows that were sent before the broker went").hasSizeBetween(1, ROWS - 1);
            for (int row = 1; row <= taken; row++) {
                assertThat(there).contains(row);
            }

            assertThat(intake.take("estate", "estate.csv", new ByteArrayInputStream(document)))
                    .isEqualTo(Taken.READ);
            assertThat(there(stage)).hasSize(ROWS);
        }
    }

    private static byte[] document() {
        StringBuilder rows = new StringBuilder("job_id,name,otp\n");
        for (int row = 1; row <= ROWS; row++) {
            rows.append(row).append(",Till,otp-canary-").append(row).append('\n');
        }
        return rows.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Set<Integer> there(Stage stage) throws JMSException {
        Set<Integer> rows = new HashSet<>();
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                MessageConsumer consumer = session.createConsumer(session.createQueue("pairing.requests"))) {
            for (Message message = consumer.receiveNoWait(); message != null; message = consumer.receiveNoWait()) {
                rows.add(Integer.valueOf(message.getStringProperty("PairingJobId")));
            }
            session.rollback(); // it was only a look
        }
        return rows;
    }

    private static BatchSubmitter intake(Stage stage, Journal journal) {
        BrokerAddress bridge = new BrokerAddress(
                stage.settings().broker().url(),
                BrokerUsers.BRIDGE,
                stage.users().password(BrokerUsers.BRIDGE));
        return new BatchSubmitter(
                journal.batches(),
                BrokerConnections.factory(bridge),
                new RequestBody(Path.of("config/schema/pairing-request.schema.json")),
                Set.of(),
                HASH,
                Duration.ofHours(1),
                Clock.systemUTC());
    }
}
