package io.pairingbridge.monitor;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store of certificates that the settings name, and when the first of them ends.
 *
 * @param name the setting, without {@code pairing.}: {@code broker.truststore}
 * @param firstEnd null if it holds no certificate or cannot be read
 */
public record CertificateStore(String name, Instant firstEnd) {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateStore.class);

    /** @param file a PKCS12 or JKS file; read once, as by whoever uses it */
    public static CertificateStore read(String name, Path file, String password) {
        Instant first = null;
        try {
            KeyStore store = KeyStore.getInstance(file.toFile(), password.toCharArray());
            for (String alias : Collections.list(store.aliases())) {
                if (store.getCertificate(alias) instanceof X509Certificate certificate) {
                    Instant end = certificate.getNotAfter().toInstant();
                    first = first == null || end.isBefore(first) ? end : first;
                }
            }
        } catch (GeneralSecurityException | IOException e) {
            LOG.warn(
                    "When the certificates of pairing.{} end is not known: {} cannot be read ({})",
                    name,
                    file,
                    e.getMessage());
        }
        return new CertificateStore(name, first);
    }
}
