package io.pairingbridge;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerCheck;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.broker.CachedDestinations;
import io.pairingbridge.broker.DeliveryInterceptor;
import io.pairingbridge.broker.EmbeddedBroker;
import io.pairingbridge.broker.Finding;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.util.List;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.LoggingLevel;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.component.jms.JmsEndpointUriFactory;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The broker, the bridge's connections to it, and Camel's components over them. */
final class BrokerSetup implements AutoCloseable {
    /** The component whose sends are on the broker's disk when they return. */
    static final String PUBLISHER = "jms-publish";

    private static final Logger LOG = LoggerFactory.getLogger(BrokerSetup.class);
    /** For the batches, the operator and the pre-flight, beside one for each consumer. */
    private static final int MORE_SESSIONS = 8;

    private final Settings.Broker settings;
    private final EmbeddedBroker embedded;
    private final BrokerAddress address;
    private final String operatorsPassword;
    private final JmsPoolConnectionFactory publishers;

    /**
     * Starts the embedded broker if there is to be one, and connects.
     *
     * @param consumers of requests at most; each may publish
     * @throws SettingsException if the broker cannot be used, or is not safe for this work
     */
    BrokerSetup(Settings all, int consumers) {
        settings = all.broker();
        if (settings.embedded()) {
            BrokerUsers users = BrokerUsers.load(all.dataDirectory(), settings.users());
            operatorsPassword = users.password(BrokerUsers.OPERATOR);
            embedded = EmbeddedBroker.start(
                    settings.config(), all.dataDirectory(), settings.embeddedHost(), settings.embeddedPort(), users);
            address = as(BrokerUsers.BRIDGE, users.password(BrokerUsers.BRIDGE));
        } else {
            operatorsPassword = settings.users().get(BrokerUsers.OPERATOR);
            embedded = null;
            address = as(settings.username(), settings.password());
        }
        publishers = new JmsPoolConnectionFactory();
        publishers.setConnectionFactory(connections());
        publishers.setMaxConnections(1);
        publishers.setMaxSessionsPerConnection(consumers + MORE_SESSIONS);
        publishers.setUseProviderJMSContext(false);
        publishers.start();
        try {
            refuseUnsafe();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private BrokerAddress as(String username, String password) {
        if (embedded != null) {
            return new BrokerAddress(embedded.url(), username, password);
        }
        return new BrokerAddress(
                settings.url(),
                username,
                password,
                settings.truststore(),
                settings.truststorePassword(),
                settings.keystore(),
                settings.keystorePassword());
    }

    /** Where the broker listens, and the bridge's login. */
    BrokerAddress address() {
        return address;
    }

    /** Pooled; what is sent over them is in no consumer's session. */
    JmsPoolConnectionFactory publishers() {
        return publishers;
    }

    /** Checks the way to the credentials queue: a live connection, on which a session can be had. */
    void checkPublisher() throws JMSException {
        try (Connection connection = publishers.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            session.getTransacted();
        }
    }

    /** For what the operator may do at the broker and the bridge may not; null if that login is not known. */
    ActiveMQConnectionFactory operators() {
        if (operatorsPassword == null) {
            return null;
        }
        ActiveMQConnectionFactory connections = BrokerConnections.factory(as(BrokerUsers.OPERATOR, operatorsPassword));
        // Bytes. Attention messages are browsed, thousands at a time; with more, a page that needs only the first ones
        // is often closed while the broker is still sending, which the broker logs as an error (AMQ224046).
        connections.setConsumerWindowSize(64 * 1024);
        return connections;
    }

    /**
     * What is sent here is sent when the consumer's session commits, together with its acknowledgement, or not at all.
     *
     * @param consumerRemoved told when the broker has removed a consumer
     */
    JmsComponent consumerComponent(Runnable consumerRemoved) {
        ActiveMQConnectionFactory connections = connections();
        connections.getServerLocator().addIncomingInterceptor(new DeliveryInterceptor(consumerRemoved));
        // The commit is what is waited for. When the broker goes away, the client sends what was not yet acknowledged
        // on the dead connection, one session after the other, and would wait half a minute for each before it connects
        // again.
        connections.setBlockOnAcknowledge(false);
        JmsComponent jms = component(new JmsComponent());
        jms.setConnectionFactory(connections);
        jms.setTransacted(true);
        jms.setLazyCreateTransactionManager(false);
        jms.setCacheLevelName("CACHE_CONSUMER");
        jms.setRecoveryInterval(1_000);
        return jms;
    }

    /**
     * What is sent here is on the broker's disk when the send returns. Another connection factory, or Camel would join
     * the consumer's session.
     */
    JmsComponent publisherComponent() {
        JmsComponent jms = component(new JmsComponent());
        jms.setConnectionFactory(publishers);
        jms.setTransacted(false);
        return jms;
    }

    private static JmsComponent component(JmsComponent jms) {
        jms.setDeliveryPersistent(true);
        jms.setDisableReplyTo(true);
        jms.setErrorHandlerLogStackTrace(false);
        jms.setErrorHandlerLoggingLevel(LoggingLevel.DEBUG); // the routes' own error handler has said it
        jms.setAcceptMessagesWhileStopping(false);
        jms.setDestinationResolver(new CachedDestinations());
        return jms;
    }

    /**
     * Makes {@code destinationType} mean the same on {@link #PUBLISHER} as on {@code jms}. Camel knows a component's
     * parameters by its own name only; of any other name it would take each destination for a queue.
     */
    static final class PublisherUris extends JmsEndpointUriFactory {
        @Override
        public boolean isEnabled(String scheme) {
            return PUBLISHER.equals(scheme);
        }
    }

    private ActiveMQConnectionFactory connections() {
        ActiveMQConnectionFactory connections = BrokerConnections.factory(address);
        BrokerConnections.giveUpAfter(connections, settings.connectionTtl());
        return connections;
    }

    private void refuseUnsafe() {
        List<Finding> findings;
        try {
            findings = BrokerCheck.run(BrokerConnections.factory(address));
        } catch (JMSException e) {
            throw new SettingsException("the broker " + address.url() + " cannot be used as user " + address.username()
                    + ": " + Bridge.rootMessage(e) + "; check pairing.broker.url, the login and that the broker runs");
        }
        findings.stream()
                .filter(f -> f.severity() == Finding.Severity.UNKNOWN)
                .forEach(f -> LOG.warn("Broker not checked: {}: {} {}", f.subject(), f.problem(), f.remedy()));
        List<String> unsafe = findings.stream()
                .filter(f -> f.severity() == Finding.Severity.UNSAFE)
                .map(f ->
                        "the broker is not safe for this work: " + f.subject() + ": " + f.problem() + " " + f.remedy())
                .toList();
        if (!unsafe.isEmpty()) {
            throw new SettingsException(unsafe);
        }
    }

    @Override
    public void close() {
        publishers.stop();
        if (embedded != null) {
            embedded.close();
        }
    }
}
