package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.Journals;
import io.pairingbridge.testing.Keytool;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal behind TLS as production asks for it: {@code sslmode=verify-full}. */
class PostgresTlsIT {
    private static final String PASSWORD = "password-of-the-store";

    @TempDir
    private Path folder;

    @Test
    void speaksToNoServerThatItsAuthorityDoesNotVouchFor() throws Exception {
        Path right = certificate("right", "ip:127.0.0.1");
        Path stranger = certificate("stranger", "ip:127.0.0.1");
        Path elsewhere = certificate("elsewhere", "ip:127.0.0.2");
        try (PostgresServer server = PostgresServer.start(List.of())) {
            Settings.JournalStore plain = server.journal();
            assertThatThrownBy(() -> open(verified(plain, right)))
                    .isInstanceOf(JournalException.class)
                    .hasMessageContaining("does not support SSL");

            server.configureTls(right, key(right));
            open(verified(plain, right)).close();
            assertThat(encrypted(verified(plain, right))).isEqualTo("t");
            assertThat(encrypted(with(plain, "sslmode=disable")))
                    .as("the same server, not asked for TLS")
                    .isEqualTo("f");
            assertThatThrownBy(() -> open(verified(plain, stranger)))
                    .isInstanceOf(JournalException.class)
                    .hasMessageContaining("unable to find valid certification path");

            server.configureTls(elsewhere, key(elsewhere));
            assertThatThrownBy(() -> open(verified(plain, elsewhere)))
                    .isInstanceOf(JournalException.class)
                    .hasMessageContaining("hostname 127.0.0.1 could not be verified");
        }
    }

    private static Settings.JournalStore verified(Settings.JournalStore store, Path authority) {
        return with(store, "sslmode=verify-full&sslrootcert=" + authority);
    }

    private static Settings.JournalStore with(Settings.JournalStore store, String parameters) {
        return new Settings.JournalStore(
                store.url() + "?" + parameters, store.username(), store.password(), store.retention(), "");
    }

    private static String encrypted(Settings.JournalStore store) throws SQLException {
        try (Connection connection =
                        new PostgresDialect(store.url(), store.username(), store.password(), null).openForReading();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) {
            row.next();
            return row.getString(1);
        }
    }

    private static JdbcJournal open(Settings.JournalStore store) {
        return Journals.open(store, new OtpHash(new byte[32]));
    }

    /** A certificate that vouches for itself, as PEM, with its key beside it. */
    private Path certificate(String name, String address) throws Exception {
        Path store = folder.resolve(name + ".p12");
        Keytool.run(
                store,
                PASSWORD,
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=" + address);
        KeyStore pair = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        Path certificate = pem(
                folder.resolve(name + ".crt"),
                "CERTIFICATE",
                pair.getCertificate(name).getEncoded());
        pem(
                key(certificate),
                "PRIVATE KEY",
                pair.getKey(name, PASSWORD.toCharArray()).getEncoded());
        return certificate;
    }

    private static Path key(Path certificate) {
        return certificate.resolveSibling(certificate.getFileName() + ".key");
    }

    private static Path pem(Path file, String what, byte[] content) throws IOException {
        return Files.writeString(
                file,
                "-----BEGIN " + what + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + what
                        + "-----\n");
    }
}
