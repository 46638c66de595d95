package io.pairingbridge.broker;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/** Makes connection factories that lose nothing and trust nobody, for every part that talks to the broker. */
public final class BrokerConnections {

    /**
     * A message's property that the broker writes into AMQP's content-type, by which libraries know a structured
     * CloudEvent.
     */
    public static final String AMQP_CONTENT_TYPE = "JMS_AMQP_CONTENT_TYPE";

    private static final Duration LONGEST_CALL = Duration.ofSeconds(30);
    private static final Duration CONNECTION_TTL = Duration.ofSeconds(60);

    private BrokerConnections() {}

    /**
     * Each call makes an object of its own. That matters: a Camel JMS producer on the consumer's factory object joins
     * the consumer's transaction.
     *
     * @param address where to connect to; what its URL says about the options below is overridden
     * @return a factory whose connections log in as the address says. Nothing is connected yet
     * @throws BrokerException if the URL or a store can't be used
     */
    public static ActiveMQConnectionFactory factory(BrokerAddress address) {
        return factory(address, null);
    }

    /**
     * As {@link #factory(BrokerAddress)}.
     *
     * @param address where to connect to
     * @param clientId the JMS client id, or {@code null}. The broker lets only one connection at a time have it, so a
     *     factory that a pool or several consumers share must not have one
     * @return a factory whose connections log in as the address says
     * @throws BrokerException if the URL or a store can't be used
     */
    public static ActiveMQConnectionFactory factory(BrokerAddress address, String clientId) {
        ActiveMQConnectionFactory factory = parse(address);
        for (TransportConfiguration broker : factory.getStaticConnectors()) {
            if (BrokerAddress.tls(broker)) {
                secure(broker.getParams(), address);
            }
        }
        factory.setUser(address.username());
        factory.setPassword(address.password());
        if (clientId != null) {
            factory.setClientID(clientId);
        }
        // No prefetch: what a killed consumer had only fetched would count as delivered, and one instance would hoard
        // jobs.
        factory.setConsumerWindowSize(0);
        // No silent reconnect: it would go on with a session whose transaction and whose unacknowledged job the broker
        // has already given to somebody else. Consumers and pools make a new connection instead, and see that they did.
        factory.setReconnectAttempts(0);
        factory.setInitialConnectAttempts(1);
        // An acknowledgement, a commit, and a send outside a transaction have happened when the call returns. Inside
        // one, Artemis never waits for a send: what the broker refuses there makes the commit fail.
        factory.setBlockOnDurableSend(true);
        factory.setBlockOnNonDurableSend(true);
        factory.setBlockOnAcknowledge(true);
        giveUpAfter(factory, CONNECTION_TTL);
        // The broker's address is the one that was configured, not one that a broker announces.
        factory.setUseTopologyForLoadBalancing(false);
        // Nobody needs a Java object in a message; deserialising one is how a sender would run code here. The deny list
        // alone decides; the allow list names nothing that exists, for readers that know no deny list.
        factory.setDeserializationDenyList("*");
        factory.setDeserializationAllowList("none.at.all");
        return factory;
    }

    /**
     * Sets for how long each side keeps what it holds for the other one when it hears nothing of it: the broker the
     * jobs of a silent client, the client a call that is not answered (30 s at most).
     *
     * @param silence longer than any pause that is not a crash; the client pings twice in that time
     */
    public static void giveUpAfter(ActiveMQConnectionFactory factory, Duration silence) {
        factory.setConnectionTTL(silence.toMillis());
        factory.setClientFailureCheckPeriod(silence.toMillis() / 2);
        factory.setCallTimeout(Math.min(silence.toMillis(), LONGEST_CALL.toMillis()));
    }

    /** Each broker that the address names, with what its TLS takes. */
    static List<TransportConfiguration> brokers(BrokerAddress address) {
        List<TransportConfiguration> brokers = address.transports();
        brokers.stream().filter(BrokerAddress::tls).forEach(broker -> secure(broker.getParams(), address));
        return brokers;
    }

    private static ActiveMQConnectionFactory parse(BrokerAddress address) {
        address.transports(); // says what is wrong with the URL in words of ours
        return new ActiveMQConnectionFactory(address.url());
    }

    private static void secure(Map<String, Object> parameters, BrokerAddress address) {
        // A broker with another name or from another authority is another broker, whatever the URL says.
        parameters.put(TransportConstants.VERIFY_HOST_PROP_NAME, true);
        parameters.put(TransportConstants.TRUST_ALL_PROP_NAME, false);
        store(
                parameters,
                address.truststore(),
                address.truststorePassword(),
                "pairing.broker.truststore",
                TransportConstants.TRUSTSTORE_PATH_PROP_NAME,
                TransportConstants.TRUSTSTORE_PASSWORD_PROP_NAME);
        store(
                parameters,
                address.keystore(),
                address.keystorePassword(),
                "pairing.broker.keystore",
                TransportConstants.KEYSTORE_PATH_PROP_NAME,
                TransportConstants.KEYSTORE_PASSWORD_PROP_NAME);
    }

    private static void store(
            Map<String, Object> parameters, Path file, String password, String setting, String path, String pass) {
        if (file == null) {
            return;
        }
        if (!Files.isReadable(file)) {
            throw new BrokerException(setting + " names " + file + ", which can't be read: give a JKS or PKCS#12 file");
        }
        parameters.put(path, file.toAbsolutePath().toString());
        if (password != null) {
            parameters.put(pass, password);
        }
    }
}
