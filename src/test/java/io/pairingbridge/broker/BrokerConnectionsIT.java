package io.pairingbridge.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Keytool;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.ObjectMessage;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerConnectionsIT {

    private static final String STORE_PASSWORD = "store-password";

    @TempDir
    Path directory;

    @Test
    void connectsThroughTlsToTheBrokerItTrustsAndToNoOther() throws Exception {
        Path store = store("broker.p12", "localhost");
        Path otherStore = store("other.p12", "localhost");
        try (TestBroker broker = TestBroker.startChanged(
                directory,
                text -> text.replace(
                        "${pairing.broker.tls:sslEnabled=false}",
                        "sslEnabled=true;keyStorePath=" + store + ";keyStorePassword=" + STORE_PASSWORD))) {
            String tls = "tcp://localhost:" + broker.port() + "?sslEnabled=true";

            assertThat(BrokerCheck.run(through(tls, store))).isEmpty();
            assertThatThrownBy(() -> through(tls, otherStore).createConnection().close())
                    .isInstanceOf(JMSException.class);
            // Without a trust store, Java's own authorities count, and they have not signed this certificate.
            assertThatThrownBy(() -> through(tls, null).createConnection().close())
                    .isInstanceOf(JMSException.class);
            assertThatThrownBy(() -> through(tls + "&trustAll=true", otherStore)
                            .createConnection()
                            .close())
                    .isInstanceOf(JMSException.class);
        }
    }

    @Test
    void showsItsCertificateToABrokerThatAsksForOne() throws Exception {
        Path store = store("broker.p12", "localhost");
        Path client = store("client.p12", "client");
        Path stranger = store("stranger.p12", "client");
        try (TestBroker broker = TestBroker.startChanged(
                directory,
                text -> text.replace(
                        "${pairing.broker.tls:sslEnabled=false}",
                        "sslEnabled=true;keyStorePath=" + store + ";keyStorePassword=" + STORE_PASSWORD
                                + ";needClientAuth=true;trustStorePath=" + client + ";trustStorePassword="
                                + STORE_PASSWORD))) {
            String tls = "tcp://localhost:" + broker.port() + "?sslEnabled=true";

            assertThat(BrokerCheck.run(through(tls, store, client))).isEmpty();
            assertThatThrownBy(
                            () -> through(tls, store, null).createConnection().close())
                    .isInstanceOf(JMSException.class);
            assertThatThrownBy(() ->
                            through(tls, store, stranger).createConnection().close())
                    .isInstanceOf(JMSException.class);
        }
    }

    @Test
    void refusesABrokerWithAnotherName() throws Exception {
        Path store = store("broker.p12", "broker.example");
        try (TestBroker broker = TestBroker.startChanged(
                directory,
                text -> text.replace(
                        "${pairing.broker.tls:sslEnabled=false}",
                        "sslEnabled=true;keyStorePath=" + store + ";keyStorePassword=" + STORE_PASSWORD))) {
            String tls = "tcp://localhost:" + broker.port() + "?sslEnabled=true&verifyHost=false";

            assertThatThrownBy(() -> through(tls, store).createConnection().close())
                    .isInstanceOf(JMSException.class);
        }
    }

    @Test
    void neverDeserialisesAJavaObject() throws JMSException {
        // A broker without the plugin takes one from anybody.
        try (TestBroker broker = TestBroker.startChanged(
                        directory, xml -> xml.replaceAll("(?s)<broker-plugins>.*?</broker-plugins>", ""));
                Connection requester = broker.factory(BrokerUsers.ERP_REQUESTER).createConnection();
                Session sending = requester.createSession(false, Session.AUTO_ACKNOWLEDGE);
                Connection bridge = broker.factory(BrokerUsers.BRIDGE).createConnection();
                Session receiving = bridge.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            var producer = sending.createProducer(sending.createQueue(BrokerQueue.REQUESTS.address()));
            producer.send(sending.createObjectMessage(new Trap()));
            producer.send(sending.createObjectMessage(new ArrayList<>(List.of("a class of Java itself"))));
            bridge.start();
            var consumer = receiving.createConsumer(receiving.createQueue(BrokerQueue.REQUESTS.address()));

            for (int i = 0; i < 2; i++) {
                ObjectMessage message = (ObjectMessage) consumer.receive(10_000);
                assertThatThrownBy(message::getObject).isInstanceOf(JMSException.class);
            }
            assertThat(Trap.SPRUNG).isFalse();
        }
    }

    private static ConnectionFactory through(String url, Path truststore) {
        return through(url, truststore, null);
    }

    private static ConnectionFactory through(String url, Path truststore, Path keystore) {
        return BrokerConnections.factory(new BrokerAddress(
                url,
                BrokerUsers.BRIDGE,
                TestBroker.password(BrokerUsers.BRIDGE),
                truststore,
                truststore == null ? null : STORE_PASSWORD,
                keystore,
                keystore == null ? null : STORE_PASSWORD));
    }

    /** A self-signed certificate in a store of its own, which serves as key store here and as trust store there. */
    private Path store(String file, String host) throws IOException, InterruptedException {
        Path store = directory.resolve(file);
        Keytool.run(
                store,
                STORE_PASSWORD,
                "-genkeypair",
                "-alias",
                "broker",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=" + host,
                "-ext",
                "san=dns:" + host,
                "-validity",
                "2");
        return store;
    }

    /** Notices that it is deserialised. */
    private static final class Trap implements Serializable {

        private static final long serialVersionUID = 1L;
        private static final AtomicBoolean SPRUNG = new AtomicBoolean();

        private void readObject(java.io.ObjectInputStream in) throws IOException, ClassNotFoundException {
            SPRUNG.set(true);
            in.defaultReadObject();
        }
    }
}
