package io.pairingbridge.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerException;
import java.nio.file.Path;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrokerConnectionsTest {

    private static final Path STORE = TestBroker.SHIPPED;

    @Test
    void losesNoJobAndWaitsForEveryAnswerWhateverTheUrlSays() {
        BrokerAddress address = new BrokerAddress(
                "tcp://localhost:61616?consumerWindowSize=1048576&reconnectAttempts=-1&blockOnDurableSend=false"
                        + "&blockOnNonDurableSend=false&blockOnAcknowledge=false&useTopologyForLoadBalancing=true",
                "bridge",
                "secret");
        try (ActiveMQConnectionFactory factory = BrokerConnections.factory(address, "pairing-1")) {
            assertThat(factory.getConsumerWindowSize()).isZero();
            assertThat(factory.getReconnectAttempts()).isZero();
            assertThat(factory.isBlockOnDurableSend()).isTrue();
            assertThat(factory.isBlockOnNonDurableSend()).isTrue();
            assertThat(factory.isBlockOnAcknowledge()).isTrue();
            assertThat(factory.getCallTimeout()).isEqualTo(30_000);
            assertThat(factory.getConnectionTTL()).isEqualTo(60_000);
            assertThat(factory.isUseTopologyForLoadBalancing()).isFalse();
            assertThat(factory.getClientID()).isEqualTo("pairing-1");
            assertThat(factory.getUser()).isEqualTo("bridge");
        }
    }

    @Test
    void makesAFactoryOfItsOwnEachTime() {
        BrokerAddress address = new BrokerAddress("tcp://localhost:61616", "bridge", "secret");
        try (ActiveMQConnectionFactory one = BrokerConnections.factory(address);
                ActiveMQConnectionFactory other = BrokerConnections.factory(address)) {
            assertThat(one).isNotSameAs(other);
        }
    }

    @Test
    void verifiesTheHostAndTheAuthorityWhateverTheUrlSays() {
        BrokerAddress address = new BrokerAddress(
                "(tcp://a:61617,tcp://b:61617)?sslEnabled=true&verifyHost=false&trustAll=true",
                "bridge",
                "secret",
                STORE,
                "trust-secret",
                STORE,
                "key-secret");
        try (ActiveMQConnectionFactory factory = BrokerConnections.factory(address)) {
            assertThat(factory.getStaticConnectors())
                    .hasSize(2)
                    .allSatisfy(broker -> assertThat(broker.getParams())
                            .containsEntry(TransportConstants.VERIFY_HOST_PROP_NAME, true)
                            .containsEntry(TransportConstants.TRUST_ALL_PROP_NAME, false)
                            .containsEntry(
                                    TransportConstants.TRUSTSTORE_PATH_PROP_NAME,
                                    STORE.toAbsolutePath().toString())
                            .containsEntry(
                                    TransportConstants.KEYSTORE_PATH_PROP_NAME,
                                    STORE.toAbsolutePath().toString()));
            assertThat(factory.toString()).doesNotContain("secret");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost:61616", "http://localhost", "tcp://localhost:port", "udp://231.7.7.7:9876"})
    void refusesAUrlThatIsNoneAndDoesNotRepeatItsPassword(String url) {
        BrokerAddress address = new BrokerAddress(url + "?keyStorePassword=hidden", "bridge", "hidden");
        assertThatThrownBy(() -> BrokerConnections.factory(address).close())
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("pairing.broker.url")
                .hasMessageNotContaining("hidden")
                .hasNoCause();
    }

    @Test
    void namesAStoreThatIsMissing() {
        BrokerAddress address = new BrokerAddress(
                "tcp://a:61617?sslEnabled=true", "bridge", "secret", Path.of("missing.p12"), null, null, null);
        assertThatThrownBy(() -> BrokerConnections.factory(address).close())
                .isInstanceOf(BrokerException.class)
                .hasMessageContainingAll("pairing.broker.truststore", "missing.p12");
    }

    @Test
    void masksSecretsInAnAddress() {
        assertThat(new BrokerAddress(
                                "tcp://a:61617?sslEnabled=true&keyStorePassword=hidden1",
                                "bridge",
                                "hidden2",
                                STORE,
                                "hidden3",
                                STORE,
                                "hidden4")
                        .toString())
                .contains("tcp://a:61617", "bridge")
                .doesNotContain("hidden");
    }
}
