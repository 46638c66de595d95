package io.pairingbridge.access;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/**
 * Where a broker is and how to log in to it.
 *
 * @param url an Artemis URL such as {@code tcp://host:61616} or {@code tcp://host:61617?sslEnabled=true}, without
 *     passwords
 * @param username the user to log in as
 * @param password the user's password
 * @param truststore JKS or PKCS#12 file with the authority that signed the broker's certificate; {@code null} for those
 *     that Java trusts. Used with TLS only, like the three below
 * @param truststorePassword its password, or {@code null}
 * @param keystore JKS or PKCS#12 file with a client certificate, or {@code null} if the broker asks for none
 * @param keystorePassword its password, or {@code null}
 */
public record BrokerAddress(
        String url,
        String username,
        String password,
        Path truststore,
        String truststorePassword,
        Path keystore,
        String keystorePassword) {

    public BrokerAddress {
        Objects.requireNonNull(url, "url");
        Objects.requireNonNull(username, "username");
        Objects.requireNonNull(password, "password");
    }

    /**
     * An address without stores, as the embedded broker needs it.
     *
     * @param url the broker's URL
     * @param username the user to log in as
     * @param password the user's password
     */
    public BrokerAddress(String url, String username, String password) {
        this(url, username, password, null, null, null, null);
    }

    /**
     * Each broker that the URL names, as the client reads it.
     *
     * @return at least one, each with a port
     * @throws BrokerException if the URL cannot be used
     */
    public List<TransportConfiguration> transports() {
        TransportConfiguration[] brokers;
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url)) {
            brokers = factory.getStaticConnectors();
        } catch (RuntimeException e) {
            // Without the cause: its text may hold the URL, and the URL a password.
            throw new BrokerException("pairing.broker.url is not an Artemis URL (" + this
                    + "): write it like tcp://host:61616 or tcp://host:61617?sslEnabled=true");
        }
        if (brokers == null || brokers.length == 0 || !Stream.of(brokers).allMatch(BrokerAddress::hasPort)) {
            throw new BrokerException("pairing.broker.url names no broker, or one without a port (" + this
                    + "): write it like tcp://host:61616; discovery by multicast is not supported");
        }
        return List.of(brokers);
    }

    /**
     * Whether every broker that the URL names is reached through TLS, for settings that are only allowed then.
     *
     * @throws BrokerException if the URL cannot be used
     */
    public boolean usesTls() {
        return transports().stream().allMatch(BrokerAddress::tls);
    }

    /** Whether the client reaches this broker through TLS. */
    public static boolean tls(TransportConfiguration broker) {
        return Boolean.parseBoolean(
                String.valueOf(broker.getParams().getOrDefault(TransportConstants.SSL_ENABLED_PROP_NAME, false)));
    }

    private static boolean hasPort(TransportConfiguration broker) {
        return String.valueOf(broker.getParams().get(TransportConstants.PORT_PROP_NAME))
                .matches("[1-9][0-9]{0,4}");
    }

    /** Without what a person may have put into the URL behind the question mark, which could be a password. */
    @Override
    public String toString() {
        return "BrokerAddress[url=" + withoutParameters() + ", username=" + username + ", password=***, truststore="
                + truststore + ", keystore=" + keystore + "]";
    }

    private String withoutParameters() {
        int question = url.indexOf('?');
        return question < 0 ? url : url.substring(0, question) + "?***";
    }
}
