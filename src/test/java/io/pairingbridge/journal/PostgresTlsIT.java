package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal behind TLS as production asks for it: {@code sslmode=verify-full}. */
class PostgresTlsIT {
  private static final char[] PASSWORD = "password of a key store".toCharArray();

  @TempDir
  private Path folder;

  @Test
  void speaksToNoServerThatItsAuthorityDoesNotVouchFor() throws Exception {
    Path right = certificate("right", "ip:127.0.0.1");
    Path stranger = certificate("stranger", "ip:127.0.0.1");
    Path elsewhere = certificate("elsewhere", "ip:127.0.0.2");
    try (PostgresServer server = PostgresServer.start(List.of())) {
      Settings.JournalStore plain = server.journal();
      assertThatThrownBy(() -> open(verified(plain, right))).isInstanceOf(JournalException.class).hasMessageContaining("does not support SSL");

      server.configureTls(right, key(right));
      open(verified(plain, right)).close();
      assertThat(encrypted(verified(plain, right))).isEqualTo("t");
      assertThat(encrypted(with(plain, "sslmode=disable"))).as("the same server, not asked for TLS").isEqualTo("f");
      assertThatThrownBy(() -> open(verified(plain, stranger))).isInstanceOf(JournalException.class)
          .hasMessageContaining("unable to find valid certification path");

      server.configureTls(elsewhere, key(elsewhere));
      assertThatThrownBy(() -> open(verified(plain, elsewhere))).isInstanceOf(JournalException.class)
          .hasMessageContaining("hostname 127.0.0.1 could not be verified");
    }
  }

  private static Settings.JournalStore verified(Settings.JournalStore store, Path authority) {
    return with(store, "sslmode=verify-full&sslrootcert=" + authority);
  }

  private static Settings.JournalStore with(Settings.JournalStore store, String parameters) {
    return new Settings.JournalStore(store.url() + "?" + parameters, store.username(), store.password(),
        store.retention(), "");
  }

  private static String encrypted(Settings.JournalStore store) throws SQLException {
    try (Connection connection = new PostgresDialect(store.url(), store.username(), store.password(), null).openForReading();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) {
      row.next();
      return row.getString(1);
    }
  }

  private static JdbcJournal open(Settings.JournalStore store) {
    Limits limits = new Limits(Duration.ofSeconds(30), Duration.ofHours(1), 3,
        new RetryPolicy(Duration.ofSeconds(2), Duration.ofMinutes(2), 2, 0.2));
    return JdbcJournal.open(store, limits, new Owner("a", "1"), new OtpHash(new byte[32]), Clock.systemUTC());
  }

  /** A certificate that vouches for itself, as PEM, with its key beside it. */
  private Path certificate(String name, String address) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", name,
        "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=" + name, "-ext", "san=" + address, "-storetype", "PKCS12", "-keystore",
        store.toString(), "-storepass", new String(PASSWORD)).start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore pair = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      pair.load(in, PASSWORD);
    }
    Path certificate = pem(folder.resolve(name + ".crt"), "CERTIFICATE", pair.getCertificate(name).getEncoded());
    pem(key(certificate), "PRIVATE KEY", pair.getKey(name, PASSWORD).getEncoded());
    return certificate;
  }

  private static Path key(Path certificate) {
    return certificate.resolveSibling(certificate.getFileName() + ".key");
  }

  private static Path pem(Path file, String what, byte[] content) throws IOException {
    return Files.writeString(file, "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
        + "\n-----END " + what + "-----\n");
  }
}
