package io.pairingbridge.site;

import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Collections;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.camel.support.jsse.KeyManagersParameters;
import org.apache.camel.support.jsse.KeyStoreParameters;
import org.apache.camel.support.jsse.SSLContextParameters;

/** TLS on the management port: the server's side and that of the commands. */
public final class ManagementTls {
    private ManagementTls() {}

    /**
     * The server's certificate and key.
     *
     * @throws SettingsException naming the key store if it cannot be opened or holds no private key
     */
    public static SSLContextParameters server(Settings.Management management) {
        KeyStore store = open("pairing.management.keystore", management.keystore(), management.keystorePassword());
        try {
            boolean key = false;
            for (String alias : Collections.list(store.aliases())) {
                if (store.isKeyEntry(alias)) {
                    key = true;
                    store.getKey(
                            alias,
                            management
                                    .keystorePassword()
                                    .toCharArray()); // that it opens is found out now, not at a request
                }
            }
            if (!key) {
                throw new SettingsException(
                        "pairing.management.keystore: " + management.keystore() + " holds no private key, only"
                                + " certificates; put the server's key and certificate into it");
            }
        } catch (GeneralSecurityException e) {
            throw new SettingsException("pairing.management.keystore: the key in " + management.keystore()
                    + " cannot be opened (" + e.getMessage()
                    + "); it must have the store's own password, pairing.management.keystore-password");
        }
        KeyStoreParameters file = new KeyStoreParameters();
        file.setKeyStore(store);
        KeyManagersParameters keys = new KeyManagersParameters();
        keys.setKeyStore(file);
        keys.setKeyPassword(management.keystorePassword());
        SSLContextParameters parameters = new SSLContextParameters();
        parameters.setKeyManagers(keys);
        return parameters;
    }

    /**
     * What a command trusts when it talks to that server: the trust store of the settings; else, where there is a key
     * store that it may read, the certificate in that; else null, for what Java trusts.
     */
    public static SSLContext client(Settings.Management management) {
        KeyStore trusted = null;
        if (management.truststore() != null) {
            trusted = open("pairing.management.truststore", management.truststore(), management.truststorePassword());
        } else if (management.tls() && management.keystore().toFile().canRead()) {
            trusted = certificates(
                    open("pairing.management.keystore", management.keystore(), management.keystorePassword()));
        }
        if (trusted == null) {
            return null;
        }
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new SettingsException(
                    "the certificates to trust at the management port cannot be used: " + e.getMessage());
        }
    }

    /** The certificates of the keys, as ones to trust. */
    private static KeyStore certificates(KeyStore keys) {
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            for (String alias : Collections.list(keys.aliases())) {
                trusted.setCertificateEntry(alias, keys.getCertificate(alias));
            }
            return trusted;
        } catch (GeneralSecurityException | IOException e) {
            throw new SettingsException(
                    "pairing.management.keystore: its certificates cannot be read (" + e.getMessage() + ")");
        }
    }

    private static KeyStore open(String setting, Path file, String password) {
        try {
            return KeyStore.getInstance(file.toFile(), password.toCharArray());
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw new SettingsException(setting + ": " + file + " cannot be opened (" + e.getMessage()
                    + "); check the path, the format (PKCS12 or JKS) and the password");
        }
    }
}
