package io.pairingbridge.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.pairingbridge.Bridge;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What keeps the bridge from starting is named in one message, and nothing of it goes on running. */
class StartIT {
    private static final String SETTINGS = "settings";
    private static Stage stage;
    private static Map<String, String> untouched;
    private static int folders;

    @BeforeAll
    static void open(@TempDir Path folder) throws IOException {
        stage = new Stage(folder);
        untouched = new TreeMap<>(stage.settingTexts());
    }

    @AfterAll
    static void close() throws IOException {
        stage.close();
    }

    /** Whatever was refused, with the right settings the bridge then starts, on the same data directory. */
    @AfterEach
    void startsOnceItIsMended(TestInfo test) throws Exception {
        stage.stopBridge();
        stage.restoreSettings(untouched);
        if (test.getTags().contains(SETTINGS)) {
            return; // nothing was begun
        }
        stage.startBridge();
        String job = "job-" + ++folders;
        stage.send(Stage.request(job, "otp-" + job));
        EndedJob.await(stage, job, "otp-" + job).paired();
        stage.stopBridge();
    }

    private static AbstractThrowableAssert<?, ?> assertRefused() {
        return assertThatThrownBy(() -> stage.startBridge());
    }

    @Test
    void namesAMissingRecipientKey() {
        Path missing = stage.folder().resolve("nowhere.jwks");
        stage.set("pairing.seal.recipient-keys", missing.toString());

        assertRefused().hasMessageContaining(missing.toString());
    }

    @Test
    void namesARecipientKeyThatIsTooSmall() throws Exception {
        Path small = stage.folder().resolve("small.jwks");
        Files.writeString(
                small,
                new JWKSet(new RSAKeyGenerator(2048)
                                .keyID("small")
                                .keyUse(KeyUse.ENCRYPTION)
                                .generate()
                                .toPublicJWK())
                        .toString());
        stage.set("pairing.seal.recipient-keys", small.toString());

        assertRefused()
                .hasMessageContaining(small.toString())
                .hasMessageContaining("2048 bits")
                .hasMessageContaining("3072");
    }

    @Test
    void refusesAPrivateKeyWithoutShowingIt() throws Exception {
        Path file = stage.folder().resolve("recipient.private.jwk");
        stage.set("pairing.seal.recipient-keys", file.toString());
        String secret = Stage.json(Files.readString(file)).findValue("d").asText();

        assertRefused()
                .hasMessageContaining(file.toString())
                .hasMessageContaining("PRIVATE")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain(secret.substring(0, 20)));
    }

    @ParameterizedTest
    @Tag(SETTINGS)
    @CsvSource(
            delimiter = '|',
            value = {
                "pairing.retry.max-dealy            | 5s       | did you mean pairing.retry.max-delay?",
                "pairing.nonsense                   | 1        | unknown setting pairing.nonsense",
                "pairing.endpoint.deadline          | 20       | pairing.endpoint.deadline is no duration; write 500ms, 20s",
                "pairing.endpoint.deadline          | 1d       | pairing.endpoint.deadline must be from 500ms to 5m",
                "pairing.requests.concurrency       | many     | pairing.requests.concurrency must be a whole number",
                "pairing.requests.concurrency       | 0        | pairing.requests.concurrency must be a whole number from 1",
                "pairing.rate-limit                 | NaN      | pairing.rate-limit must be a number",
                "pairing.environment                | staging  | pairing.environment must be one of sandbox, production, simulator",
                "pairing.endpoint.url               | /pair/   | pairing.endpoint.url must be an absolute http or https URL",
                "pairing.environment                | sandbox  | pairing.endpoint.url must be https",
                "pairing.seal                       | none     | pairing.seal=none needs",
                "pairing.integrator-id              | 'a b'    | pairing.integrator-id holds a character",
                "pairing.journal.url                | jdbc:h2: | pairing.journal.url must",
                "pairing.retry.first-delay          | 10m      | pairing.retry.first-delay is longer than pairing.retry.max-delay"
            })
    void namesAWrongSetting(String key, String value, String message) {
        stage.set(key, value);

        assertRefused().hasMessageContaining(message);
    }

    @Test
    @Tag(SETTINGS)
    void namesAllWrongSettingsAtOnce() {
        stage.set("pairing.typo", "x").set("pairing.endpoint.deadline", "soon").set("pairing.seal", "rot13");

        assertRefused()
                .hasMessageContaining("pairing.typo")
                .hasMessageContaining("pairing.endpoint.deadline")
                .hasMessageContaining("pairing.seal must be");
    }

    @Test
    void namesABrokerThatCannotBeReached() throws Exception {
        String url = "tcp://127.0.0.1:" + Stage.freePort();
        stage.set("pairing.broker.url", url);

        assertRefused().hasMessageContaining(url).hasMessageContaining("pairing.broker.url");
    }

    @Test
    void namesALoginThatTheBrokerRefuses() {
        stage.set("pairing.broker.password", "wrong-secret-password");

        assertRefused()
                .hasMessageContaining("user bridge")
                .hasMessageContaining(stage.broker().url())
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("wrong-secret-password"));
    }

    @Test
    void refusesABrokerThatMayLoseJobs(@TempDir Path folder) throws Exception {
        try (Stage unsafe = new Stage(
                folder,
                config -> config.replace(
                        "<max-delivery-attempts>-1</max-delivery-attempts>",
                        "<max-delivery-attempts>10</max-delivery-attempts>"))) {
            assertThatThrownBy(unsafe::startBridge)
                    .hasMessageContaining("the broker is not safe for this work")
                    .hasMessageContaining("pairing.requests")
                    .hasMessageContaining("max-delivery-attempts is 10");
        }
    }

    @Test
    void refusesADataDirectoryThatIsInUse() throws Exception {
        stage.startBridge();
        try (Bridge second = new Bridge(
                stage.set("pairing.management.port", "" + Stage.freePort()).settings())) {
            assertThatThrownBy(second::start)
                    .hasMessageContaining("the data directory " + stage.data())
                    .hasMessageContaining("in use by another bridge")
                    .hasMessageContaining("pairing.data-directory");
        }
        stage.send(Stage.request("still-running", "otp-still-running"));
        EndedJob.await(stage, "still-running", "otp-still-running").paired();
    }

    @Test
    void namesAJournalThatIsADirectory() throws Exception {
        Path directory = Files.createDirectories(stage.folder().resolve("journal-directory"));
        stage.set("pairing.journal.url", "jdbc:sqlite:" + directory);

        assertRefused().hasMessageContaining(directory.toString());
    }

    @Test
    void namesAJournalThatIsNone() throws Exception {
        Path file = Files.writeString(stage.folder().resolve("no.db"), "this is no database".repeat(100));
        stage.set("pairing.journal.url", "jdbc:sqlite:" + file);

        assertRefused().hasMessageContaining(file.toString());
    }

    /** A folder that nobody can write to, not even root. */
    @Test
    void namesAJournalAndADataDirectoryThatCannotBeWritten() {
        stage.set("pairing.journal.url", "jdbc:sqlite:/proc/self/journal.db");
        assertRefused().hasMessageContaining("/proc/self/journal.db");

        stage.restoreSettings(untouched);
        stage.set("pairing.data-directory", "/proc/pairing-data");
        assertRefused().hasMessageContaining("the data directory /proc/pairing-data cannot be used");
    }

    @Test
    void namesATrustStoreThatIsNone() throws Exception {
        Path file = Files.writeString(stage.folder().resolve("trust.p12"), "no trust");
        stage.set("pairing.endpoint.truststore", file.toString());

        assertRefused().message().startsWith("pairing.endpoint.truststore " + file);
    }

    @Test
    void namesAManagementPortThatIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            stage.set("pairing.management.port", "" + taken.getLocalPort());

            assertRefused()
                    .hasMessageContaining("127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("pairing.management.port");
        }
    }
}
