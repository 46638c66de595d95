package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.simulator.Simulator;
import io.pairingbridge.testing.BridgeSettings;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Launcher;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a bridge says from its first line to its last: the launcher, with the classes of this build, as a process of its
 * own.
 */
@Tag("heavy")
class LogIT {
    private static final Path NEWER = Path.of("/usr/lib/jvm/temurin-25-jdk-amd64");
    private static final int JOBS = 300;
    /** A start takes seconds, and minutes where other tests run beside this one. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @TempDir
    Path folder;

    private Path launcher;
    private Path data;
    private Simulator simulator;
    private final Map<String, String> environment = new TreeMap<>();

    @BeforeEach
    void prepare() throws IOException {
        launcher = Launcher.home(folder.resolve("home"));
        data = folder.resolve("data");
        simulator = Simulator.start("127.0.0.1", 0, Duration.ofMillis(300));
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "log-test"), folder.resolve("recipients.jwks"));
        environment.putAll(BridgeSettings.in(folder)
                .set("pairing.endpoint.url", simulator.url())
                .set("pairing.endpoint.deadline", "5s")
                .set("pairing.broker.embedded.port", Stage.freePort())
                .environment());
        environment.putAll(
                Map.of("JAVA_HOME", System.getProperty("java.home"), "JAVA_OPTS", "-XX:TieredStopAtLevel=1 -Xmx256m"));
    }

    @AfterEach
    void end() {
        simulator.close();
    }

    @Test
    void saysWhereItIsAndWhenItStops() throws Exception {
        List<String> lines;
        try (Child bridge = start("text")) {
            bridge.awaitLog("takes requests from", 1, PATIENCE);
            bridge.stop();
            lines = Files.readAllLines(bridge.log());
        }
        String port = environment.get("PAIRING_MANAGEMENT_PORT");
        assertThat(lines.get(0)).contains("starts: environment simulator, data directory " + data);
        assertThat(lines)
                .filteredOn(line -> line.contains(
                        "http://127.0.0.1:" + port + "/console/; log in as user operator, whose password lies in "
                                + data.resolve("management-users.properties")))
                .hasSize(1);
        assertThat(lines.get(lines.size() - 2))
                .contains("stops: it takes no more requests; calls under way have 10 s to end");
        assertThat(lines.get(lines.size() - 1)).endsWith("has stopped");
        assertThat(lines).allMatch(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT.* INFO  .*"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void stopsUnderLoadWithoutAWordOfError(String form) throws Exception {
        try (Child bridge = start(form)) {
            bridge.awaitLog("takes requests from", 1, PATIENCE);
            send("stop");
            bridge.awaitLog("PAIRED", 20, PATIENCE);
            bridge.stop();
            nothingButInformation(form, bridge.log());
            assertThat(bridge.log()).content().contains("stops: it takes no more", "has stopped");
            assertThat(Child.said(bridge.log(), "PAIRED"))
                    .as("jobs that were left")
                    .isLessThan(JOBS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = "text")
    void goesOnAfterACrashInFewWords(String form) throws Exception {
        try (Child bridge = start(form)) {
            bridge.awaitLog("takes requests from", 1, PATIENCE);
            send("crash");
            bridge.awaitLog("PAIRED", 60, PATIENCE);
            bridge.kill();
            Files.delete(bridge.log());
        }
        try (Child bridge = start(form)) {
            bridge.awaitLog("takes requests from", 1, PATIENCE);
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() ->
                            Child.said(bridge.log(), "is PAIRED") + Child.said(bridge.log(), "is IN_DOUBT") > JOBS / 2);
            bridge.stop();
            quiet(form, bridge.log());
        }
    }

    @Test
    void aBrokerThatGoesAwayAndComesBackIsNoStackTrace() throws Exception {
        try (Stage stage = new Stage(folder.resolve("stage"))) {
            environment.remove("PAIRING_BROKER_EMBEDDED_PORT");
            environment.putAll(stage.environment());
            stage.ledger().otherwise(Call::pairOnce);
            try (Child bridge = start("json")) {
                bridge.awaitLog("takes requests from", 1, PATIENCE);
                stage.send(Stage.request("before", "otp-before"));
                bridge.awaitLog("PAIRED", 1, PATIENCE);
                stage.stopBroker();
                stage.restartBroker();
                stage.send(Stage.request("after", "otp-after"));
                bridge.awaitLog("PAIRED", 2, PATIENCE);
                bridge.stop();
                quiet("json", bridge.log());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void aStartThatFailsSaysWhyInTheFormOfTheLog(String form) throws Exception {
        fails(form, "unknown setting PAIRING_COLOUR", Map.of("PAIRING_COLOUR", "green", "PAIRING_RATE_LIMIT", "-1"));
        fails(
                form,
                "is not set up",
                Map.of(
                        "PAIRING_SEAL_RECIPIENT_KEYS",
                        folder.resolve("none.jwks").toString()),
                "none.jwks");
        fails(
                form,
                "a broker that is away",
                Map.of(
                        "PAIRING_BROKER_EMBEDDED",
                        "false",
                        "PAIRING_BROKER_URL",
                        "tcp://127.0.0.1:" + Stage.freePort(),
                        "PAIRING_BROKER_PASSWORD",
                        "x"),
                "the broker tcp://127.0.0.1:");
        fails(
                form,
                "an unwritable place",
                Map.of("PAIRING_DATA_DIRECTORY", "/proc/self/data"),
                "the data directory /proc/self/data cannot be used");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String port = Integer.toString(taken.getLocalPort());
            fails(
                    form,
                    "a port",
                    Map.of("PAIRING_MANAGEMENT_PORT", port),
                    "the management address 127.0.0.1:" + port + " cannot be used");
            fails(
                    form,
                    "the broker's port",
                    Map.of("PAIRING_BROKER_EMBEDDED_PORT", port),
                    "can't listen on 127.0.0.1:" + port);
        }
        Files.delete(folder.resolve("home/routes"));
        fails(
                form,
                "no routes",
                Map.of(),
                "there are no routes in " + folder.resolve("home/routes") + ": restore the folder from the bundle");
    }

    private void fails(String form, String what, Map<String, String> more, String... says) throws Exception {
        environment.put("PAIRING_LOG", form);
        Map<String, String> all = new TreeMap<>(environment);
        all.putAll(more);
        Path log = folder.resolve("fails.log");
        Files.deleteIfExists(log);
        try (Child bridge = Child.start(List.of(launcher.toString(), "run"), log, all)) {
            assertThat(bridge.awaitEnd()).as(what).isEqualTo(1);
        }
        assertThat(Files.readString(log).replace("\\/", "/"))
                .as(what)
                .contains(says.length == 0 ? new String[] {what} : says);
        quiet(form, log);
    }

    @Test
    void takesTheFormInEitherCaseAndNoOther() throws Exception {
        for (String text : List.of("", " ", "TEXT", "text")) {
            assertThat(firstLine(text)).as("PAIRING_LOG=%s", text).matches("\\d{4}-.* INFO  .*");
        }
        assertThat(Stage.json(firstLine("JSON")).path("level").asText()).isEqualTo("INFO");
        environment.put("PAIRING_LOG", "jsn");
        for (String command : List.of("run", "status")) {
            Path log = folder.resolve(command + ".log");
            try (Child refused = Child.start(List.of(launcher.toString(), command), log, environment)) {
                assertThat(refused.awaitEnd()).isEqualTo(2);
            }
            assertThat(log).content().isEqualTo("pairing-bridge: PAIRING_LOG must be text or json; it is \"jsn\"\n");
        }
    }

    /** Of a start that fails soon after, since the port is taken. */
    private String firstLine(String form) throws Exception {
        environment.put("PAIRING_LOG", form);
        environment.put("PAIRING_DATA_DIRECTORY", "/proc/self/data");
        Path log = folder.resolve("first.log");
        Files.deleteIfExists(log);
        try (Child bridge = Child.start(List.of(launcher.toString(), "run"), log, environment)) {
            assertThat(bridge.awaitEnd()).isEqualTo(1);
        }
        return Files.readAllLines(log).get(0);
    }

    /** Of those commands the log is not what people read: what was typed wrong is told to them in words. */
    @Test
    void aWrongCommandLineOfTheBridgeIsALineOfTheLogToo() throws Exception {
        environment.put("PAIRING_LOG", "json");
        Path log = folder.resolve("usage.log");
        try (Child bridge = Child.start(List.of(launcher.toString(), "run", "--colour"), log, environment)) {
            assertThat(bridge.awaitEnd()).isEqualTo(2);
        }
        quiet("json", log);
        assertThat(log).content().contains("unknown option --colour");
        environment.put("JAVA_HOME", folder.resolve("no\"java").toString());
        Files.delete(log);
        try (Child bridge = Child.start(List.of(launcher.toString()), log, environment)) {
            assertThat(bridge.awaitEnd()).isEqualTo(1);
        }
        assertThat(Stage.json(Files.readString(log)).path("formattedMessage").asText())
                .contains("no Java found", "no\"java");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void theVirtualMachineSaysNothing(String form) throws Exception {
        List<Path> machines = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"))));
        if (Files.isDirectory(NEWER)) {
            machines.add(NEWER);
        } else {
            System.out.println("SKIPPED: LogIT looks at a newer JDK where " + NEWER + " is");
        }
        for (Path machine : machines) {
            environment.put("JAVA_HOME", machine.toString());
            if (form.equals("json")) {
                environment.put("JAVA_TOOL_OPTIONS", "-Dsomebody=else");
            }
            try (Child bridge = start(form)) {
                bridge.awaitLog("takes requests from", 1, PATIENCE);
                send("on-" + machine.getFileName());
                bridge.awaitLog("PAIRED", 20, PATIENCE);
                bridge.stop();
                nothingButInformation(form, bridge.log());
                Files.delete(bridge.log());
            }
        }
    }

    @Test
    void aTemporaryFolderWhereNothingMayRunIsNamedAsSuch() throws Exception {
        Path mount = Files.createDirectory(folder.resolve("noexec"));
        boolean mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=16m,noexec", "tmpfs", mount.toString())
                        .start()
                        .waitFor()
                == 0;
        if (!mounted) {
            System.out.println("SKIPPED: LogIT may not mount a tmpfs");
        }
        Assumptions.assumeTrue(mounted, "this user may not mount a tmpfs");
        try {
            environment.put("PAIRING_LOG", "text");
            Map<String, String> all = new TreeMap<>(environment);
            all.put("JAVA_OPTS", environment.get("JAVA_OPTS") + " -Djava.io.tmpdir=" + mount);
            Path log = folder.resolve("noexec.log");
            try (Child bridge = Child.start(List.of(launcher.toString(), "run"), log, all)) {
                assertThat(bridge.awaitEnd()).isEqualTo(1);
            }
            assertThat(log)
                    .content()
                    .contains(
                            "SQLite's library cannot be loaded from " + mount,
                            "mounted noexec",
                            "JAVA_OPTS=-Djava.io.tmpdir=<folder>");
            quiet("text", log);
            all.put(
                    "JAVA_OPTS",
                    environment.get("JAVA_OPTS") + " -Djava.io.tmpdir=" + Files.createDirectory(folder.resolve("tmp")));
            try (Child bridge = Child.start(List.of(launcher.toString(), "run"), folder.resolve("exec.log"), all)) {
                bridge.awaitLog("takes requests from", 1, PATIENCE);
                bridge.stop();
            }
        } finally {
            new ProcessBuilder("umount", "-l", mount.toString()).start().waitFor();
        }
    }

    private Child start(String form) throws IOException {
        environment.put("PAIRING_LOG", form);
        return Child.start(List.of(launcher.toString(), "run"), folder.resolve("bridge.log"), environment);
    }

    private void send(String prefix) throws Exception {
        BrokerUsers users = BrokerUsers.read(data, Map.of());
        try (Connection erp = BrokerConnections.factory(new BrokerAddress(
                                "tcp://127.0.0.1:" + environment.get("PAIRING_BROKER_EMBEDDED_PORT"),
                                BrokerUsers.ERP_REQUESTER,
                                users.password(BrokerUsers.ERP_REQUESTER)))
                        .createConnection();
                Session session = erp.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            for (int i = 0; i < JOBS; i++) {
                TextMessage message = session.createTextMessage(
                        "{\"name\":\"Till " + i + "\",\"otp\":\"otp-" + prefix + "-" + i + "-x\"}");
                message.setStringProperty("PairingJobId", prefix + "-" + i);
                producer.send(message);
            }
            session.commit();
        }
    }

    /** Each line is one of the log, none is longer than a person reads, and none is a part of a stack trace. */
    private static void quiet(String form, Path log) throws IOException {
        for (String line : Files.readAllLines(log)) {
            String said = line;
            if (form.equals("json")) {
                JsonNode entry = Stage.json(line); // or it is no JSON
                said = entry.path("formattedMessage").asText();
                assertThat(entry.path("throwable").isNull()).as(line).isTrue();
            }
            assertThat(said)
                    .hasSizeLessThan(600)
                    .doesNotStartWith("\tat ")
                    .doesNotStartWith("Caused by: ")
                    .doesNotMatch("[a-z.]+\\.[A-Za-z]+(Exception|Error): .*");
        }
    }

    private static void nothingButInformation(String form, Path log) throws IOException {
        quiet(form, log);
        try (Stream<String> lines = Files.lines(log)) {
            assertThat(lines.filter(line -> form.equals("json")
                            ? !line.contains("\"level\":\"INFO\"")
                            : !line.matches("\\d{4}-\\d\\d-\\d\\dT\\S+ INFO  .*")))
                    .isEmpty();
        }
    }
}
