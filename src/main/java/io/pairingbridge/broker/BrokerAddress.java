package io.pairingbridge.broker;

import java.nio.file.Path;
import java.util.Objects;

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
