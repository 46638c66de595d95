package io.pairingbridge.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private static final String CANARY = "canary-4711-secret";

    @TempDir
    Path home;

    private final Map<String, String> environment = new TreeMap<>();
    private final Map<String, String> system = new TreeMap<>();

    @BeforeEach
    void bundle() throws IOException {
        Files.createDirectories(home.resolve("config"));
        file("application.properties", "pairing.integrator-id=0123456789ab");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pairing.endpoint.deadline     | 20        | is no duration; write 500ms, 20s, 5m, 2h or 90d; it is \"20\"",
                "pairing.endpoint.deadline     | 20 s      | is no duration",
                "pairing.endpoint.deadline     | 1ms       | must be from 500ms to 5m",
                "pairing.endpoint.deadline     | 6m        | must be from 500ms to 5m",
                "pairing.requests.concurrency  | many      | must be a whole number from 1 to 512",
                "pairing.requests.concurrency  | 0         | must be a whole number from 1 to 512",
                "pairing.requests.concurrency  | 513       | must be a whole number from 1 to 512",
                "pairing.requests.concurrency  | 1.5       | must be a whole number from 1 to 512",
                "pairing.retry.jitter          | 1.1       | must be a number from 0 to 1",
                "pairing.retry.jitter          | NaN       | must be a number from 0 to 1",
                "pairing.broker.embedded       | yes       | must be one of true, false",
                "pairing.environment           | prod      | must be one of sandbox, production, simulator",
                "pairing.endpoint.url          | ftp://a/b | must be an absolute http or https URL",
                "pairing.endpoint.url          | //a/b     | must be an absolute http or https URL",
                "pairing.endpoint.url          | https://u:p@a/b | must be an absolute http or https URL without user",
                "pairing.endpoint.url          | https://a:99999/b | must be an absolute http or https URL",
                "pairing.endpoint.url          | https://a b | is no URL"
            })
    void refusesAValueThatCannotBeMeant(String key, String value, String says) {
        system.put(key, value);

        assertThat(refused()).startsWith(key + " " + says).endsWith("(set in -D" + key + ")");
    }

    @Test
    void suggestsTheSettingThatWasProbablyMeant() throws IOException {
        file("application.properties", "pairing.integrator-id=0123456789ab", "pairing.endpoint.dealine=20s");
        assertThat(refused())
                .contains(
                        "unknown setting pairing.endpoint.dealine",
                        "config/application.properties",
                        "did you mean pairing.endpoint.deadline?");
    }

    @Test
    void suggestsTheVariableThatWasProbablyMeant() {
        environment.put("PAIRING_INTEGRATORID", "x");
        assertThat(refused())
                .isEqualTo("unknown setting PAIRING_INTEGRATORID (an environment variable);"
                        + " did you mean PAIRING_INTEGRATOR_ID?");
    }

    @Test
    void saysWhereAllSettingsAreWhenNothingIsSimilar() {
        system.put("pairing.colour", "green");
        assertThat(refused())
                .isEqualTo(
                        "unknown setting pairing.colour (set in -Dpairing.colour); see config/application.properties for all"
                                + " there are");
    }

    @Test
    void namesEveryMistakeAtOnce() throws IOException {
        file(
                "application.properties",
                "pairing.colour=green",
                "pairing.retry.first-delay=5m",
                "pairing.retry.max-delay=1m");
        environment.put("PAIRING_MANAGEMENT_PORT", "http");
        system.put("pairing.endpoint.url", "http://example.com/");

        assertThat(refused().lines())
                .hasSize(5)
                .anyMatch(line -> line.startsWith("unknown setting pairing.colour"))
                .anyMatch(line -> line.startsWith("pairing.management.port must be")
                        && line.endsWith("(set in environment variable PAIRING_MANAGEMENT_PORT)"))
                .anyMatch(line -> line.startsWith("pairing.integrator-id is not set"))
                .anyMatch(line -> line.startsWith("pairing.retry.first-delay is longer"))
                .anyMatch(line -> line.startsWith("pairing.endpoint.url must be https"));
    }

    @Test
    void doesNotBlameASettingForTheMistakeInAnother() {
        system.put("pairing.environment", "simulater");
        system.put("pairing.endpoint.url", "http://127.0.0.1:8078/v1/pay-connect/pair/");

        assertThat(refused().lines()).hasSize(1);
    }

    @Test
    void aLaterPlaceWins() throws IOException {
        file(
                "application.properties",
                "pairing.integrator-id=0123456789ab",
                "pairing.requests.concurrency=1",
                "pairing.management.port=1001",
                "pairing.simulator.port=2001",
                "pairing.requests.max-begun=11");
        file(
                "application-shop.properties",
                "pairing.requests.concurrency=2",
                "pairing.management.port=1002",
                "pairing.simulator.port=2002");
        environment.put("PAIRING_REQUESTS_CONCURRENCY", "3");
        environment.put("PAIRING_MANAGEMENT_PORT", "1003");
        system.put("pairing.requests.concurrency", "4");

        Settings settings = Settings.load(home, "shop", environment, system);

        assertThat(settings.requests().concurrency()).as("-D").isEqualTo(4);
        assertThat(settings.management().port()).as("environment").isEqualTo(1003);
        assertThat(settings.simulatorPort()).as("profile").isEqualTo(2002);
        assertThat(settings.requests().maxBegun()).as("file").isEqualTo(11);
        assertThat(settings.requests().maxAge()).as("default").isEqualTo(Duration.ofHours(1));
    }

    @Test
    void doesNotTakeAPlaceholderForAPassword() {
        system.put("pairing.broker.password", "{{hashicorp:secret:" + CANARY + "}}");
        system.put("pairing.endpoint.url", "{{env:URL}}");
        assertThat(refused().lines())
                .hasSize(2)
                .anyMatch(line -> line.startsWith("pairing.broker.password is a placeholder")
                        && line.contains("pairing.broker.password-file")
                        && !line.contains(CANARY))
                .anyMatch(line -> line.startsWith("pairing.endpoint.url is a placeholder")
                        && line.contains("PAIRING_ENDPOINT_URL"));
    }

    @Test
    void anEmptyValueMeansTheDefault() {
        system.put("pairing.requests.concurrency", "");
        assertThat(load().requests().concurrency()).isEqualTo(16);
    }

    @Test
    void aProfileMustExist() {
        SettingsException refused =
                catchThrowableOfType(SettingsException.class, () -> Settings.load(home, "shopp", environment, system));
        assertThat(refused).hasMessageContaining("application-shopp.properties does not exist");
    }

    @Test
    void variablesReachIntegratorsAndUsersOfTheBroker() throws IOException {
        file("application.properties", "pairing.integrator-id=0123456789ab", "pairing.integrators.East_1.id=file");
        Files.writeString(home.resolve("operator.txt"), "op\n");
        environment.put("PAIRING_INTEGRATORS_EAST_1_ID", "east");
        environment.put("PAIRING_INTEGRATORS_NORTH_SEA_ID", "north");
        environment.put("PAIRING_BROKER_USERS_ERP_REQUESTER_PASSWORD", "pw");
        environment.put("PAIRING_BROKER_USERS_OPERATOR_PASSWORD_FILE", "operator.txt");

        assertThat(load().integrators()).isEqualTo(Map.of("East_1", "east", "north-sea", "north"));
        assertThat(load().broker().users()).isEqualTo(Map.of("erp-requester", "pw", "operator", "op"));
    }

    @Test
    void namesOfOurOwnAreNoSettings() {
        environment.putAll(
                Map.of("PAIRING_HOME", "/x", "PAIRING_PROFILE", "y", "PAIRING_DEBUG", "true", "PAIRING_LOG", "json"));
        system.putAll(Map.of("pairing.home", "/x", "pairing.profile", "y"));
        assertThat(load().integratorId()).isEqualTo("0123456789ab");
    }

    @Test
    void anUnknownUserOfTheBrokerIsAMistake() {
        system.put("pairing.broker.users.bob.password", CANARY);
        assertThat(refused())
                .contains("pairing.broker.users.bob.password", "erp-requester, erp-credentials, bridge, operator");
    }

    @Test
    void secretsMayComeFromAFile() throws IOException {
        Files.writeString(home.resolve("secret.txt"), " " + CANARY + "\n");
        system.put("pairing.broker.password-file", "secret.txt");
        assertThat(load().broker().password()).isEqualTo(CANARY);
    }

    @Test
    void refusesASecretAndItsFileTogether() throws IOException {
        Files.writeString(home.resolve("secret.txt"), CANARY);
        system.put("pairing.broker.password-file", "secret.txt");
        environment.put("PAIRING_BROKER_PASSWORD", CANARY + "2");
        assertThat(refused()).contains("pairing.broker.password and pairing.broker.password-file are both set");
    }

    @Test
    void refusesASecretsFileThatIsMissingOrEmpty() throws IOException {
        file("application.properties", "pairing.integrator-id-file=none.txt", "pairing.broker.password-file=empty.txt");
        Files.writeString(home.resolve("empty.txt"), "\n");
        assertThat(refused().lines())
                .hasSize(2)
                .anyMatch(line ->
                        line.startsWith("pairing.integrator-id-file names the file none.txt, which cannot be read"))
                .anyMatch(line ->
                        line.startsWith("pairing.broker.password-file names the file empty.txt, which is empty"));
    }

    @Test
    void onlySecretsMayComeFromAFile() {
        system.put("pairing.environment-file", "x");
        assertThat(refused()).startsWith("unknown setting pairing.environment-file");
    }

    @Test
    void showsNoSecretInAnyMessage() throws IOException {
        Files.writeString(home.resolve("secret.txt"), CANARY);
        file(
                "application.properties",
                "pairing.integrator-id=" + CANARY + " with a space",
                "pairing.integrators.east.id=" + CANARY + " x",
                "pairing.integrators.east.idd=" + CANARY,
                "pairing.journal.otp-key=" + CANARY,
                "pairing.journal.url=jdbc:sqlite:x?password=" + CANARY,
                "pairing.broker.password=" + CANARY,
                "pairing.broker.password-file=secret.txt",
                "pairing.broker.embedded=false",
                "pairing.broker.url=tcp://a:1?keyStorePassword=" + CANARY,
                "pairing.broker.users.bob.password=" + CANARY);

        assertThat(refused())
                .contains(
                        "pairing.integrator-id ",
                        "pairing.integrators.east.id ",
                        "pairing.journal.otp-key",
                        "pairing.journal.url",
                        "pairing.broker.url")
                .doesNotContain(CANARY);
    }

    @Test
    void showsNoSecretAsText() {
        system.put("pairing.broker.password", CANARY);
        system.put("pairing.broker.users.operator.password", CANARY);
        system.put("pairing.endpoint.truststore-password", CANARY);
        system.put("pairing.endpoint.proxy.host", "proxy");
        system.put("pairing.endpoint.proxy.password", CANARY);
        system.put("pairing.integrator-id", CANARY);
        system.put("pairing.journal.otp-key", CANARY + CANARY);
        Settings settings = load();
        assertThat(settings + "" + settings.broker() + settings.endpoint()
                        + settings.endpoint().proxy() + settings.journal())
                .doesNotContain(CANARY);
    }

    @Test
    void plainHttpIsForTheSimulatorOnly() {
        system.put("pairing.endpoint.url", "http://127.0.0.1:1/");
        assertThat(refused()).startsWith("pairing.endpoint.url must be https");
        system.put("pairing.environment", "simulator");
        assertThat(load().endpoint().url()).hasToString("http://127.0.0.1:1/");
    }

    @Test
    void unsealedCredentialsCrossNoNetworkInTheOpen() {
        system.put("pairing.seal", "none");
        assertThat(load().seal().jwe()).isFalse();

        system.put("pairing.broker.embedded", "false");
        system.put("pairing.broker.password", "x");
        system.put("pairing.broker.url", "tcp://broker:61616");
        assertThat(refused()).startsWith("pairing.seal=none needs");
        system.put("pairing.broker.url", "tcp://broker:61616?sslEnabled=false;x=sslEnabled=true");
        assertThat(refused()).startsWith("pairing.seal=none needs");
        system.put("pairing.broker.url", "tcp://broker:61617?sslEnabled=true");
        assertThat(load().seal().jwe()).isFalse();
    }

    @Test
    void aBrokerOfOnesOwnNeedsAnAddressAndALogin() {
        system.put("pairing.broker.embedded", "false");
        assertThat(refused()).contains("pairing.broker.url is not set", "pairing.broker.password is not set");
        assertThat(Settings.loadForClient(home, null, environment, system)
                        .broker()
                        .url())
                .isEmpty();
    }

    @Test
    void whatAClientIsGivenMustBeRightAllTheSame() throws IOException {
        file("application.properties", "pairing.management.port=none");
        SettingsException refused = catchThrowableOfType(
                SettingsException.class, () -> Settings.loadForClient(home, null, environment, system));
        assertThat(refused.getMessage()).startsWith("pairing.management.port").doesNotContain("integrator-id");
    }

    @Test
    void relativePathsStartAtTheBundlesFolder() {
        system.put("pairing.endpoint.truststore", "trust.p12");
        system.put("pairing.data-directory", "/var/lib/x");
        Settings settings = load();

        assertThat(settings.endpoint().truststore()).isEqualTo(home.resolve("trust.p12"));
        assertThat(settings.seal().recipientKeys()).isEqualTo(home.resolve("config/keys/recipients.jwks"));
        assertThat(settings.broker().config()).isEqualTo(home.resolve("docker/artemis/broker.xml"));
        assertThat(settings.dataDirectory()).isEqualTo(Path.of("/var/lib/x"));
        assertThat(settings.journal().url()).isEqualTo("jdbc:sqlite:/var/lib/x/journal.db");
        assertThat(settings.broker().truststore()).isNull();
    }

    @Test
    void theJournalsUrlIsNoExceptionToThat() throws IOException {
        system.put("pairing.journal.url", "jdbc:sqlite:rel/journal.db");
        assertThat(load().journal().url()).isEqualTo("jdbc:sqlite:" + home.resolve("rel/journal.db"));
        for (String noFile : List.of(
                "jdbc:sqlite:", "jdbc:sqlite::memory:", "jdbc:sqlite:file:x.db", "jdbc:sqlite:x.db?cache=shared")) {
            system.put("pairing.journal.url", noFile);
            assertThat(refused()).as(noFile).contains("pairing.journal.url must name a file");
        }
        system.put("pairing.journal.username", "u");
        system.put("pairing.journal.password", "p");
        system.put(
                "pairing.journal.url",
                "jdbc:postgresql://h/d?sslmode=verify-full&sslrootcert=tls/ca%20x.crt&sslkey=/etc/key");
        assertThat(load().journal().url())
                .isEqualTo("jdbc:postgresql://h/d?sslmode=verify-full&sslrootcert="
                        + home.resolve("tls").toString() + "/ca%20x.crt&sslkey=/etc/key");
    }

    /** 0.1.0 took it from the working directory: another one, another journal, and a second call. */
    @Test
    void aJournalWhereAnEarlierVersionLookedIsNotLeftBehind() throws IOException {
        Path before = Files.createDirectories(home.resolve("before"));
        List<String> problems = new ArrayList<>();
        assertThat(JournalUrl.absolute("jdbc:sqlite:journal.db", home, before, problems))
                .isEqualTo("jdbc:sqlite:" + home.resolve("journal.db"));
        assertThat(problems).isEmpty();

        Files.createFile(before.resolve("journal.db"));
        JournalUrl.absolute("jdbc:sqlite:journal.db", home, before, problems);
        assertThat(problems)
                .singleElement()
                .asString()
                .contains(
                        "means " + home.resolve("journal.db") + ", which is not there",
                        before.resolve("journal.db").toString(),
                        "move it with its -wal and -shm");
        problems.clear();
        JournalUrl.absolute("jdbc:sqlite:journal.db", home, null, problems);
        assertThat(problems).as("a command that opens no journal").isEmpty();
        Files.createFile(home.resolve("journal.db"));
        JournalUrl.absolute("jdbc:sqlite:journal.db", home, before, problems);
        assertThat(problems).as("with a journal in both places").isEmpty();
    }

    @Test
    void whatThisMachineSetsWinsOverTheBundleFileByFile() throws IOException {
        Files.createDirectories(home.resolve("config/local"));
        file(
                "application.properties",
                "pairing.integrator-id=0123456789ab",
                "pairing.instance-id=bundle",
                "pairing.rate-limit=1");
        file("local/application.properties", "pairing.instance-id=machine", "pairing.data-directory=/var/lib/x");
        file("application-trial.properties", "pairing.data-directory=data/trial");
        assertThat(load().instanceId()).isEqualTo("machine");
        assertThat(load().rateLimit()).isEqualTo(1);
        assertThat(load().dataDirectory()).isEqualTo(Path.of("/var/lib/x"));
        assertThat(Settings.load(home, "trial", environment, system).dataDirectory())
                .as("a profile's, wherever it is")
                .isEqualTo(home.resolve("data/trial"));
        file("local/application-trial.properties", "pairing.data-directory=/var/lib/trial");
        file("local/application-own.properties", "pairing.rate-limit=2");
        assertThat(Settings.load(home, "trial", environment, system).dataDirectory())
                .isEqualTo(Path.of("/var/lib/trial"));
        assertThat(Settings.load(home, "own", environment, system).rateLimit())
                .as("a profile of this machine's")
                .isEqualTo(2);
    }

    /** What a pod has for each service of its name space whose name begins with "pairing-". */
    @Test
    void kubernetesServiceLinksAreNoSettings() {
        environment.putAll(Map.of(
                "PAIRING_BRIDGE_PORT",
                "tcp://10.96.0.7:8077",
                "PAIRING_BRIDGE_SERVICE_HOST",
                "10.96.0.7",
                "PAIRING_BRIDGE_SERVICE_PORT",
                "8077",
                "PAIRING_BRIDGE_SERVICE_PORT_MANAGEMENT",
                "8077",
                "PAIRING_BRIDGE_PORT_8077_TCP",
                "tcp://10.96.0.7:8077",
                "PAIRING_BRIDGE_PORT_8077_TCP_PROTO",
                "tcp",
                "PAIRING_BRIDGE_PORT_8077_TCP_PORT",
                "8077",
                "PAIRING_BRIDGE_PORT_8077_TCP_ADDR",
                "10.96.0.7",
                "PAIRING_MANAGEMENT_PORT",
                "tcp://10.96.0.8:8077"));
        assertThat(load().management().port()).isEqualTo(8077);
        environment.put("PAIRING_MANAGEMENT_PORT", "9077");
        assertThat(load().management().port()).isEqualTo(9077);
        environment.put("PAIRING_MANAGMENT_PORT", "9078");
        assertThat(refused())
                .isEqualTo(
                        "unknown setting PAIRING_MANAGMENT_PORT (an environment variable); did you mean PAIRING_MANAGEMENT_PORT?");
        environment.remove("PAIRING_MANAGMENT_PORT");
        environment.put("PAIRING_BRIDGE_PORT", "8077");
        assertThat(refused()).contains("unknown setting PAIRING_BRIDGE_PORT");
    }

    @Test
    void saysWhereEachSettingComesFromAndNoSecret() throws IOException {
        Files.writeString(home.resolve("secret.txt"), CANARY);
        Files.createDirectories(home.resolve("config/local"));
        file(
                "application.properties",
                "# first",
                "pairing.integrator-id=" + CANARY,
                "pairing.instance-id=",
                "pairing.colour=" + CANARY,
                "camel.ssl.password=" + CANARY,
                "camel.main.name=x");
        file("local/application.properties", "pairing.broker.password-file=secret.txt", "pairing.rate-limit=none");
        environment.put("PAIRING_MANAGEMENT_PORT", "9077");
        environment.put("PAIRING_BROKER_USERS_OPERATOR_PASSWORD", CANARY);
        system.put("pairing.journal.url", "jdbc:postgresql://u:" + CANARY + "@h/d");
        Map<String, String> lines = new TreeMap<>();
        Settings.inUse(home, null, environment, system)
                .forEach(one -> lines.put(one.name(), one.value() + " from " + one.from()));

        String file = home.resolve("config/application.properties") + ":";
        String local = home.resolve("config/local/application.properties") + ":";
        assertThat(lines)
                .containsEntry("pairing.integrator-id", "*** from " + file + 2)
                .containsEntry("pairing.instance-id", " from " + file + 3)
                .containsEntry("pairing.colour", "*** from " + file + 4)
                .containsEntry("camel.ssl.password", "*** from " + file + 5)
                .containsEntry("camel.main.name", "x from " + file + 6)
                .containsEntry("pairing.rate-limit", "none from " + local + 2)
                .containsEntry(
                        "pairing.broker.password",
                        "*** from " + home.resolve("secret.txt") + ", which pairing.broker.password-file names ("
                                + local + "1)")
                .containsEntry("pairing.management.port", "9077 from environment variable PAIRING_MANAGEMENT_PORT")
                .containsEntry(
                        "pairing.broker.users.operator.password",
                        "*** from environment variable PAIRING_BROKER_USERS_OPERATOR_PASSWORD")
                .containsEntry("pairing.journal.url", "jdbc:postgresql://***@h/d from -Dpairing.journal.url")
                .containsEntry("pairing.seal", "jwe from default");
        assertThat(lines.toString()).doesNotContain(CANARY);
        for (Setting setting : Setting.values()) {
            assertThat(lines).containsKey(setting.key());
        }
    }

    @Test
    void camelsOwnSettingsArePassedOn() throws IOException {
        file("application.properties", "pairing.integrator-id=0123456789ab", "camel.main.name=x");
        assertThat(load().camel()).isEqualTo(Map.of("camel.main.name", "x"));
    }

    @Test
    void readsTheFirstLineOfAFileThatBeginsWithAByteOrderMark() throws IOException {
        file("application.properties", "\ufeffpairing.environment=simulator", "pairing.integrator-id=0123456789ab");
        assertThat(load().environment()).isEqualTo("simulator");
        file("secret", "\ufeff0123456789ab\r");
        file("application.properties", "pairing.integrator-id-file=config/secret");
        assertThat(load().integratorId()).isEqualTo("0123456789ab");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pairing.environmet=simulator                          | did you mean pairing.environment",
                "PAIRING_ENVIRONMENT=simulator                         | line 2; did you mean pairing.environment?",
                "canary-4711-secret of two lines                       | has a line that is no setting, line 2",
                "pairing.integrator-id=other                           | sets pairing.integrator-id twice, in line 1 and in line 2",
                "pairing.data-directory=C:\\data                       | single backslash in line 2",
                "pairing.instance-id=x\\u12                            | \\u without four hexadecimal digits in line 2",
                "pairing.instance-id=\\u0000                           | pairing.instance-id holds a line end or another character that is no text",
                "pairing.environment=\\u0000                           | pairing.environment holds a line end",
                "pairing.management.password=canary-4711-secret\\u0000 | pairing.management.password holds a line end",
                "pairing.endpoint.url=https://u:canary-4711-secret@h/  | pairing.endpoint.url must be an absolute http or https URL",
                "pairing.requests.concurrency=0x10                     | pairing.requests.concurrency must be a whole number",
                "pairing.retry.jitter=0x1p-1                           | pairing.retry.jitter must be a number"
            })
    void dropsNothingInSilenceAndRepeatsNoSecret(String line, String says) throws IOException {
        file("application.properties", "pairing.integrator-id=0123456789ab", line);
        assertThat(refused()).contains(says).doesNotContain(CANARY);
    }

    @Test
    void saysWhereALineIsSwallowedByABackslashBeforeIt() throws IOException {
        file(
                "application.properties",
                "pairing.integrator-id=0123456789ab",
                "pairing.instance-id=x\\",
                "pairing.environment=production");
        assertThat(refused()).contains("ends line 2 with a backslash", "line 3");
    }

    @Test
    void looksAtNoFileThatIsNoneAndAtNoneThatIsTooLarge() throws IOException {
        Path file = home.resolve("config/application.properties");
        Files.write(file, "pairing.integrator-id=b\u00fcro".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        assertThat(refused()).contains("settings file " + file + " is not in UTF-8");
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("/dev/zero"));
        assertThat(refused()).contains("settings file " + file + " is no ordinary file");
        Files.delete(file);
        Files.write(file, new byte[2 * 1024 * 1024]);
        assertThat(refused()).contains("is larger than");
        file("application.properties", "pairing.integrator-id-file=config");
        assertThat(refused()).contains("pairing.integrator-id-file names the file config, which is a folder");
        file("secret", "one", "two");
        file("application.properties", "pairing.integrator-id-file=config/secret");
        assertThat(refused()).contains("pairing.integrator-id holds a line end");
        file("application.properties", "pairing.integrator-id-file=/dev/zero");
        assertThat(refused()).contains("which is no ordinary file");
    }

    @Test
    void saysHowAVariableIsWrittenThatIsSpeltAnotherWay() {
        environment.put("pairing.environment", "production");
        assertThat(refused()).contains("pairing.environment is not looked at: it is written PAIRING_ENVIRONMENT");
        environment.clear();
        environment.put("pairing_integrators_east_id", "x");
        assertThat(refused()).contains("PAIRING_INTEGRATORS_EAST_ID");
    }

    private void file(String name, String... lines) throws IOException {
        Files.write(home.resolve("config").resolve(name), List.of(lines));
    }

    private Settings load() {
        return Settings.load(home, null, environment, system);
    }

    private String refused() {
        SettingsException refused = catchThrowableOfType(SettingsException.class, this::load);
        assertThat(refused).as("nothing was refused").isNotNull();
        return refused.getMessage();
    }
}
