package io.pairingbridge.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What production refuses, and that it says how to mend it. */
class ProductionRulesTest {
    private static final String GOOD = "Zk3-canary-vR8q_hT51";

    @TempDir
    Path home;

    private final Map<String, String> settings = new TreeMap<>();

    @BeforeEach
    void cleanProduction() throws IOException {
        Files.createDirectories(home.resolve("config/keys"));
        Files.writeString(home.resolve("config/application.properties"), "");
        set("pairing.environment", "production");
        secret("integrator-id", "0123456789ab");
        set("pairing.integrator-id-file", "integrator-id");
        set("pairing.broker.embedded", "false");
        set("pairing.broker.url", "tcp://broker.example.com:61617?sslEnabled=true");
        secret("broker-password", GOOD);
        set("pairing.broker.password-file", "broker-password");
        file("config/keys/recipients.jwks", "rw-r--r--");
        file("authority.p12", "rw-r--r--");
        set("pairing.broker.truststore", "authority.p12");
        set("pairing.broker.truststore-password", "changeit");
        file("client.p12", "rw-------");
        set("pairing.broker.keystore", "client.p12");
        set("pairing.broker.keystore-password", GOOD);
    }

    @Test
    void acceptsACleanConfiguration() {
        assertThat(problems()).isEmpty();
    }

    @Test
    void acceptsTheEmbeddedBrokerOnThisMachine() {
        set("pairing.broker.embedded", "true");
        settings.remove("pairing.broker.url");
        assertThat(problems()).isEmpty();
    }

    @Test
    void acceptsWhatAContainerPlatformHandsOutThroughTheGroup() throws IOException {
        mode("broker-password", "r--r-----");
        assertThat(problems()).isEmpty();
    }

    @Test
    void acceptsTheManagementPortElsewhereWithACertificate() throws IOException {
        set("pairing.management.host", "0.0.0.0");
        file("management.p12", "rw-r-----");
        set("pairing.management.keystore", "management.p12");
        set("pairing.management.keystore-password", GOOD);
        assertThat(problems()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pairing.broker.url | tcp://broker.example.com:61616 | pairing.broker.url is without TLS | add ?sslEnabled=true",
                "pairing.broker.url | (tcp://b:1,tcp://a:1?sslEnabled=true) | pairing.broker.url is without TLS | add ?sslEnabled=true",
                "pairing.broker.url | tcp://b:1?sslEnabled=true&trustAll=true | switches off the check | remove trustAll",
                "pairing.broker.url | tcp://b:1?sslEnabled=true&verifyHost=false | switches off the check | remove trustAll",
                "pairing.endpoint.url | https://localhost:8443/v1/pay-connect/pair/ | only the simulator is | remove the setting",
                "pairing.endpoint.url | https://127.0.0.2/v1/pay-connect/pair/ | only the simulator is | remove the setting",
                "pairing.endpoint.url | https://[::1]/v1/pay-connect/pair/ | only the simulator is | remove the setting",
                "pairing.endpoint.url | http://pay.example.com/v1/ | must be https | credentials travel",
                "pairing.seal | none | pairing.seal=none is refused in production | set pairing.seal=jwe",
                "pairing.management.host | 0.0.0.0 | pairing.management.host is reached from other machines | pairing.management.keystore",
                "pairing.management.host | bridge.example.com | pairing.management.host is reached | pairing.management.keystore",
                "pairing.journal.url | jdbc:postgresql://db.example.com/pairing | pairing.journal.url reaches | add sslmode=verify-full",
                "pairing.journal.url | jdbc:postgresql://db/p?sslmode=verify-full&sslmode=disable | pairing.journal.url reaches | add sslmode",
                "pairing.journal.url | jdbc:postgresql://127.0.0.1/p?PGHOST=db.example.com | pairing.journal.url reaches | add sslmode",
                "pairing.journal.url | jdbc:postgresql://db/p?sslmode=verify-full&sslfactory=org.postgresql.ssl.NonValidatingFactory | a class of its own | remove sslfactory",
                "pairing.journal.otp-key | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | pairing.journal.otp-key | repeats fewer than 5 characters",
                "pairing.journal.url | jdbc:postgresql://127.0.0.1,db:5432/p?sslmode=require | pairing.journal.url reaches | add sslmode"
            })
    void refuses(String key, String value, String says, String mend) {
        set(key, value);
        assertThat(problems()).contains(says, mend);
    }

    @Test
    void refusesABrokerElsewhereWithoutAClientCertificate() {
        settings.remove("pairing.broker.keystore");
        settings.remove("pairing.broker.keystore-password");
        assertThat(problems()).contains("pairing.broker.keystore is not set", "let it ask for one");
        set("pairing.broker.url", "(tcp://localhost:1,tcp://broker.example.com:1)?sslEnabled=true");
        assertThat(problems()).contains("pairing.broker.keystore is not set");
        for (String here : List.of(
                "tcp://localhost:61617?sslEnabled=true",
                "tcp://[::1]:1?sslEnabled=true",
                "(tcp://127.0.0.1:1,tcp://127.0.0.2:2?x=y)?sslEnabled=true")) {
            set("pairing.broker.url", here);
            assertThat(problems()).doesNotContain("pairing.broker.keystore");
        }
    }

    @Test
    void refusesTheEmbeddedBrokerForOtherMachines() {
        set("pairing.broker.embedded", "true");
        set("pairing.broker.embedded.host", "0.0.0.0");
        assertThat(problems()).contains("pairing.broker.embedded.host is reached", "set it to 127.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://127.0.0.1:5432/p",
                "jdbc:postgresql:pairing",
                "jdbc:postgresql://[::1]:5432/p",
                "jdbc:postgresql://db.example.com/p?sslmode=verify-full",
                "jdbc:postgresql://db/p?user=a&sslmode=verify-ca&sslrootcert=x"
            })
    void hasNothingAgainstADatabaseThatIsHereOrProven(String url) {
        set("pairing.journal.url", url);
        assertThat(problems()).doesNotContain("without checking its certificate");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "artemis        | is shorter than 12 characters",
                "Password1234   | is one that products and examples come with",
                "simetraehcapa  | is one that products and examples come with",
                "aaaaaaaaaaaaaaaa | repeats fewer than 5 characters",
                "bridge         | is its user's name"
            })
    void refusesAPasswordThatCanBeGuessedAndNeverShowsIt(String password, String says) throws IOException {
        secret("broker-password", password);
        assertThat(problems())
                .contains("pairing.broker.password " + says, "openssl rand", "pairing.broker.password-file");
        if (!"bridge".equals(password)) {
            assertThat(problems()).doesNotContain(password);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pairing.management.password",
                "pairing.broker.users.operator.password",
                "pairing.broker.keystore-password",
                "pairing.management.keystore-password",
                "pairing.journal.password"
            })
    void looksAtEveryPasswordThatIsOurs(String key) {
        set(key, "changeit");
        assertThat(problems()).contains(key + " is shorter than");
        set(key, GOOD);
        assertThat(problems()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw-----w-", "rw--w----", "r-----r--"})
    void refusesASecretFileThatOthersMayReadOrChange(String real) throws IOException {
        mode("broker-password", real);
        assertThat(problems())
                .contains("pairing.broker.password-file names", "(" + real + ")", "run 'chmod 600 ", "640");
        mode("broker-password", "rw-------");

        file("bridge.p12", real);
        set("pairing.broker.keystore", "bridge.p12");
        assertThat(problems()).contains("pairing.broker.keystore names bridge.p12");
        set("pairing.broker.keystore", "client.p12");
        set("pairing.management.keystore", "bridge.p12");
        assertThat(problems()).contains("pairing.management.keystore names bridge.p12");
        settings.remove("pairing.management.keystore");

        for (String name : new String[] {"broker-users.properties", "management-users.properties", "otp.key"}) {
            Files.createDirectories(home.resolve("data"));
            file("data/" + name, real);
            assertThat(problems()).contains("pairing.data-directory holds", name);
            mode("data/" + name, "rw-------");
        }
        assertThat(problems()).isEmpty();
    }

    @Test
    void refusesPasswordsInASettingsFileThatOthersMayRead() throws IOException {
        settings.remove("pairing.broker.password-file");
        Path file = home.resolve("config/application.properties");
        Files.writeString(file, "pairing.broker.password=" + GOOD);
        mode("config/application.properties", "rw-r--r--");
        assertThat(problems())
                .contains("settings file " + file + " holds pairing.broker.password and")
                .doesNotContain(GOOD);
        mode("config/application.properties", "rw-r-----");
        assertThat(problems()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "management-users.properties,anna,anna,is its user's name",
        "management-users.properties,anna,short,is shorter than",
        "broker-users.properties,bridge,changemechangeme,examples come with",
        "management-users.properties,ben,abababababababab,repeats fewer"
    })
    void refusesAWeakPasswordThatSomebodyAddedToAFileOfUsers(String file, String user, String password, String says)
            throws IOException {
        Files.createDirectories(home.resolve("data"));
        Files.writeString(home.resolve("data/" + file), "operator=" + GOOD + "\n" + user + "=" + password + "\n");
        mode("data/" + file, "rw-------");
        assertThat(problems())
                .contains("the password of user " + user, file, says, "openssl rand")
                .doesNotContain(GOOD);
        Files.writeString(home.resolve("data/" + file), "operator=" + GOOD + "\n" + user + "=" + GOOD + "\n");
        assertThat(problems()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pairing.seal.recipient-keys",
                "pairing.seal.break-glass-keys",
                "pairing.endpoint.truststore",
                "pairing.broker.truststore"
            })
    void refusesAPublicFileThatOthersMayChange(String key) throws IOException {
        file("trusted", "rw-rw-r--");
        set(key, "trusted");
        assertThat(problems()).contains(key + " names trusted, which others may change", "chmod go-w");
        mode("trusted", "rw-r--r--");
        assertThat(problems()).isEmpty();
    }

    @Test
    void tellsEverythingAtOnce() {
        set("pairing.seal", "none");
        set("pairing.broker.url", "tcp://broker.example.com:61616");
        set("pairing.management.host", "0.0.0.0");
        set("pairing.requests.concurrency", "many");
        assertThat(problems().lines()).hasSizeGreaterThanOrEqualTo(4);
    }

    @Test
    void leavesSandboxAndCommandsAlone() {
        set("pairing.seal", "none");
        set("pairing.broker.embedded", "true");
        set("pairing.management.host", "0.0.0.0");
        assertThat(Settings.loadForClient(home, null, Map.of(), settings).environment())
                .isEqualTo("production");
        set("pairing.environment", "sandbox");
        assertThat(problems()).isEmpty();
    }

    @Test
    void refusesTheProfileWithAnotherEnvironment() throws IOException {
        Files.writeString(home.resolve("config/application-production.properties"), "pairing.environment=production\n");
        settings.remove("pairing.environment");
        assertThat(problems("production")).isEmpty();
        set("pairing.environment", "sandbox");
        assertThat(problems("production"))
                .contains("the profile is production, but pairing.environment is sandbox")
                .contains("remove the other value");
        assertThat(problems("sandbox-of-ours")).doesNotContain("the profile is production");
    }

    private void set(String key, String value) {
        settings.put(key, value);
    }

    private void secret(String name, String content) throws IOException {
        Files.writeString(home.resolve(name), content);
        mode(name, "rw-------");
    }

    private void file(String name, String mode) throws IOException {
        Files.writeString(home.resolve(name), "x");
        mode(name, mode);
    }

    private void mode(String name, String mode) throws IOException {
        Files.setPosixFilePermissions(home.resolve(name), PosixFilePermissions.fromString(mode));
    }

    private String problems() {
        return problems(null);
    }

    private String problems(String profile) {
        SettingsException refused =
                catchThrowableOfType(SettingsException.class, () -> Settings.load(home, profile, Map.of(), settings));
        return refused == null ? "" : refused.getMessage();
    }
}
