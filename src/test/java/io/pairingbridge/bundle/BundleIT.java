package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.testing.BridgeSettings;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

/** What people unpack and start: the bundle as processes of its own, from another working directory. */
class BundleIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int JOBS = 500;

    /** What an OTP's ending must come to; the simulator's table. */
    private static final Map<String, String> ENDINGS = Map.of(
            "0400",
            "REJECTED",
            "0500",
            "PAIRED",
            "0599",
            "IN_DOUBT",
            "0408",
            "IN_DOUBT",
            "0503",
            "PAIRED",
            "0200",
            "IN_DOUBT",
            "-plain",
            "PAIRED",
            "-invalid",
            "INVALID",
            "-expired",
            "EXPIRED");
    /** Silent calls hold a consumer for their whole deadline, so they are the rarest. */
    private static final List<String> MIX = List.of(
            "-plain",
            "-plain",
            "-plain",
            "-plain",
            "-plain",
            "-plain",
            "-plain",
            "0400",
            "0400",
            "0500",
            "0500",
            "0599",
            "0599",
            "0503",
            "0503",
            "0200",
            "0200",
            "-invalid",
            "-expired",
            "0408");

    @Test
    void endsFiveHundredMixedJobsAsTheTableSays(@TempDir Path folder) throws Exception {
        Path home = unpack(folder);
        RecipientKeyPair keys = KeyPairs.generate(KeyKind.RSA3072, "bundle-test");
        KeyPairs.writePrivate(keys, folder.resolve("private.jwk"));
        KeyPairs.writePublic(keys, folder.resolve("recipients.jwks"));
        int simulatorPort = Stage.freePort();
        int brokerPort = Stage.freePort();
        int managementPort = Stage.freePort();
        Map<String, String> environment = new HashMap<>(BridgeSettings.in(folder)
                // nobody listens, and a library says so
                .set("pairing.tracing.url", "http://127.0.0.1:" + Stage.freePort() + "/v1/traces")
                .set("pairing.endpoint.url", "http://127.0.0.1:" + simulatorPort + "/v1/pay-connect/pair/")
                .set("pairing.endpoint.deadline", "3s")
                .set("pairing.retry.first-delay", "200ms")
                .set("pairing.retry.max-delay", "3s")
                .set("pairing.retry.max-ambiguous-attempts", 2)
                .set("pairing.broker.embedded.port", brokerPort)
                .set("pairing.management.port", managementPort)
                .environment());
        environment.put("PAIRING_LOG", "json");
        environment.put(
                "JAVA_OPTS",
                "-XX:+UseLargePages"); // where none are set up the virtual machine warns, which is no line of the log
        String launcher = home.resolve("bin/pairing-bridge").toString();
        Path bridgeLog = folder.resolve("bridge.log");
        Path simulatorLog = folder.resolve("simulator.log");

        try (Child simulator = Child.start(
                        List.of(launcher, "simulator", "--port", Integer.toString(simulatorPort)),
                        simulatorLog,
                        environment);
                Child bridge =
                        Child.start(List.of("sh", "-c", "cd / && exec " + launcher + " run"), bridgeLog, environment)) {
            simulator.awaitLog("/v1/pay-connect/pair/", 1);
            bridge.awaitLog("takes requests from", 1);
            refusesASecondBridgeOnTheSameFolder(launcher, folder, environment);
            BrokerUsers users = BrokerUsers.read(folder.resolve("data"), Map.of());
            String broker = "tcp://127.0.0.1:" + brokerPort;

            Map<String, String> expected = new LinkedHashMap<>();
            List<String> otps = new ArrayList<>();
            Map<String, JsonNode> outcomes = new HashMap<>();
            try (Connection erp = BrokerConnections.factory(new BrokerAddress(
                            broker, BrokerUsers.ERP_REQUESTER, users.password(BrokerUsers.ERP_REQUESTER)))
                    .createConnection()) {
                erp.start();
                send(erp, expected, otps);
                receiveOutcomes(erp, outcomes);
            }

            Map<String, String> came = new LinkedHashMap<>();
            expected.keySet()
                    .forEach(job -> came.put(
                            job,
                            outcomes.get(job) == null
                                    ? "nothing"
                                    : outcomes.get(job).path("outcome").asText()));
            assertThat(came).isEqualTo(expected);
            List<String> secrets = collect(broker, users, Opener.load(folder.resolve("private.jwk")));
            assertThat(secrets)
                    .hasSize((int)
                            expected.values().stream().filter("PAIRED"::equals).count())
                    .doesNotHaveDuplicates();
            assertThat(get(managementPort, "/observe/health/ready")).contains("\"status\":\"UP\"");
            assertThat(get(managementPort, "/observe/health/live")).contains("\"status\":\"UP\"");
            String metrics = get(managementPort, "/observe/metrics");
            assertThat(metrics)
                    .contains(
                            "pairing_jobs_total{outcome=\"PAIRED\"} " + secrets.size() + ".0",
                            "pairing_attempts_total{",
                            "pairing_attempt_seconds_bucket{",
                            "pairing_job_seconds_bucket{",
                            "pairing_journal_entries{state=\"PUBLISHED\"}",
                            "pairing_calls_in_flight 0.0",
                            "pairing_intake_open 1.0",
                            "pairing_build_info{version=");
            assertThat(metrics).doesNotContain("job-1", "otp-bundle");

            bridge.stop();
            logsOneObjectALineWithTheIdsOfEachOutcome(bridgeLog, expected.size());
            List<String> broken = new ArrayList<>();
            secrets.addAll(otps);
            for (Path written : List.of(bridgeLog, simulatorLog, folder.resolve("data/journal.db"))) {
                Invariants.find(written.toString(), Files.readAllBytes(written), secrets, broken);
            }
            assertThat(broken).isEmpty();
        }
    }

    private static void logsOneObjectALineWithTheIdsOfEachOutcome(Path log, int jobs) throws IOException {
        int outcomes = 0;
        assertThat(Files.readString(log))
                .as("what a library logs in its own way")
                .contains("Failed to export spans");
        for (String line : Files.readAllLines(log)) {
            JsonNode entry = JSON.readTree(line); // or it is no JSON
            if ("io.pairingbridge.outcome".equals(entry.path("loggerName").asText())) {
                outcomes++;
                assertThat(entry.path("formattedMessage").asText())
                        .contains(entry.path("mdc").path("job").asText());
                assertThat(entry.path("mdc").path("attempt").asText()).isNotBlank();
            }
        }
        assertThat(outcomes).as("outcome lines").isGreaterThanOrEqualTo(jobs);
    }

    @Test
    void keepsTheVirtualMachinesWarningsOutOfResults(@TempDir Path folder) throws Exception {
        ProcessBuilder command =
                new ProcessBuilder(unpack(folder).resolve("bin/pairing-bridge").toString(), "--version");
        command.environment().put("JAVA_OPTS", "-XX:+UseLargePages");
        command.redirectError(folder.resolve("errors").toFile());
        Process process = command.start();
        String result = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(result.lines()).hasSize(1).first().asString().contains("airing");
        assertThat(folder.resolve("errors")).content().contains("UseLargePages");
    }

    @Test
    void takesItsClassesFromTheArchiveThatWasMadeOfThem(@TempDir Path folder) throws Exception {
        Path home = unpack(folder);
        Path archive = home.resolve("lib/classes.jsa");
        Path from = folder.resolve("classes.log");
        assertThat(launch(home, "-Xlog:class+load:file=" + from, "--version")).isZero();
        assertThat(Files.readString(from)).containsPattern("io\\.pairingbridge\\.PairingBridge source: (file|jar):");
        for (String time : List.of("the first time", "over an older one")) {
            assertThat(launch(home, "-XX:ArchiveClassesAtExit=" + archive + " -Xlog:disable", "--version"))
                    .as(time)
                    .isZero();
            assertThat(archive).isRegularFile();
        }

        assertThat(launch(home, "-Xlog:class+load:file=" + from, "--version")).isZero();
        assertThat(Files.readString(from))
                .containsPattern("io\\.pairingbridge\\.PairingBridge source: shared objects file \\(top\\)");
        Files.writeString(archive, "torn while it was written");
        assertThat(launch(home, "", "--version")).as("with a broken archive").isZero();
    }

    @Test
    void startsWithTheCollectorThatWasAskedFor(@TempDir Path folder) throws Exception {
        Path home = unpack(folder);
        Path flags = folder.resolve("flags.log");
        for (String collector : List.of("UseSerialGC", "UseG1GC", "UseParallelGC")) {
            String asked = collector.equals("UseSerialGC") ? "" : "-Da=b -XX:+" + collector;
            assertThat(launch(home, asked + " -Xlog:gc*:file=" + flags, "run", "--help"))
                    .as(collector)
                    .isZero();
            assertThat(Files.readString(flags))
                    .as(collector)
                    .contains(
                            collector.equals("UseG1GC")
                                    ? "Using G1"
                                    : collector.equals("UseParallelGC") ? "Using Parallel" : "Using Serial");
        }
    }

    @Test
    void startsWithTheHeapThatWasAskedFor(@TempDir Path folder) throws Exception {
        Path home = unpack(folder);
        assertThat(launch(home, "-Xmx48m", "run", "--help")).isZero();
        assertThat(launch(home, "-XX:MaxRAMPercentage=60", "run", "--help")).isZero();
    }

    private static int launch(Path home, String options, String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(home.resolve("bin/pairing-bridge").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder launcher =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        launcher.environment().put("JAVA_OPTS", options);
        return launcher.start().waitFor();
    }

    @Test
    void bringsCompletionAndManualPagesOfItsCommands(@TempDir Path folder) throws Exception {
        Path home = unpack(folder);
        Path script = home.resolve("share/bash-completion/completions/pairing-bridge");
        assertThat(home.resolve("share/zsh/site-functions/_pairing-bridge"))
                .content()
                .startsWith("#compdef pairing-bridge\n")
                .contains("outcomes");
        assertThat(home.resolve("share/fish/vendor_completions.d/pairing-bridge.fish"))
                .content()
                .contains("outcomes");
        assertThat(home.resolve("share/man/man1/pairing-bridge-outcomes.1"))
                .content()
                .contains(".SH EXAMPLES");
        ProcessBuilder completion =
                new ProcessBuilder(home.resolve("bin/pairing-bridge").toString(), "completion", "bash");
        Process process =
                completion.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(printed).as("as the command prints it").isEqualTo(Files.readString(script));
        assertThat(process.waitFor()).isZero();
        assertThat(new ProcessBuilder("bash", "-n", script.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
    }

    @Test
    void saysWhatItConsistsOfAndUnderWhichLicences(@TempDir Path folder) throws Exception {
        Path home = unpack(folder);
        JsonNode sbom = JSON.readTree(home.resolve("sbom.cdx.json").toFile());
        List<String> jars = new ArrayList<>(List.of(jar(sbom.path("metadata").path("component"))));
        sbom.path("components").forEach(component -> jars.add(jar(component)));
        try (Stream<Path> lib = Files.list(home.resolve("lib"))) {
            assertThat(jars)
                    .containsExactlyInAnyOrderElementsOf(
                            lib.map(jar -> jar.getFileName().toString()).toList());
        }

        List<String> licences = Files.readAllLines(home.resolve("THIRD-PARTY.txt"));
        for (JsonNode component : sbom.path("components")) {
            String coordinates = "(" + component.path("group").asText() + ":"
                    + component.path("name").asText() + ":"
                    + component.path("version").asText() + " ";
            assertThat(licences)
                    .as(coordinates)
                    .filteredOn(line -> line.contains(coordinates))
                    .isNotEmpty()
                    .allMatch(line -> line.matches("\\s*\\(.{2,}\\) .*")
                            && !line.toLowerCase().contains("unknown license"));
            assertThat(component.path("hashes").findValuesAsText("alg"))
                    .as(coordinates)
                    .contains("SHA-256");
        }
    }

    static String jar(JsonNode component) {
        String purl = component.path("purl").asText();
        String classifier = purl.contains("classifier=") ? "-" + purl.replaceFirst(".*classifier=([^&]*).*", "$1") : "";
        return component.path("name").asText() + "-" + component.path("version").asText() + classifier + ".jar";
    }

    /**
     * As another user than the one who owns the inbox; where the tests do not run as root, an inbox without any
     * permission.
     */
    @Test
    void refusesAnInboxThatItMayNotUse() throws Exception {
        Path folder = Files.createTempDirectory("bundle-inbox");
        boolean root = "root".equals(System.getProperty("user.name"));
        try {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
            Path home = unpack(folder);
            Path inbox = Files.createDirectory(folder.resolve("inbox"));
            Files.setPosixFilePermissions(inbox, PosixFilePermissions.fromString(root ? "rwx------" : "---------"));
            List<String> command = new ArrayList<>();
            if (root) {
                command.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
            }
            command.addAll(List.of(home.resolve("bin/pairing-bridge").toString(), "run", "--profile", "simulator"));
            RecipientKeyPair keys = KeyPairs.generate(KeyKind.P256, "bundle-test");
            KeyPairs.writePublic(keys, folder.resolve("recipients.jwks"));
            Path log = folder.resolve("bridge.log");

            try (Child bridge = Child.start(
                    command,
                    log,
                    Map.of(
                            "PAIRING_BATCH_INBOX",
                            inbox.toString(),
                            "PAIRING_DATA_DIRECTORY",
                            folder.resolve("data").toString(),
                            "PAIRING_SEAL_RECIPIENT_KEYS",
                            folder.resolve("recipients.jwks").toString(),
                            "PAIRING_BROKER_EMBEDDED_PORT",
                            "0",
                            "PAIRING_MANAGEMENT_PORT",
                            Integer.toString(Stage.freePort())))) {
                assertThat(bridge.awaitEnd()).as(Files.readString(log)).isEqualTo(1);
            }

            assertThat(Files.readString(log))
                    .contains(
                            "pairing.batch.inbox " + inbox + " can't be used (AccessDenied",
                            "it must be a folder that this user may read and write")
                    .doesNotContain("|-INFO", "|-WARN");
            Files.setPosixFilePermissions(inbox, PosixFilePermissions.fromString("rwx------"));
        } finally {
            FileSystemUtils.deleteRecursively(folder);
        }
    }

    /** Whatever else it would have to share, ports included: that the other bridge has the data is what counts. */
    private static void refusesASecondBridgeOnTheSameFolder(
            String launcher, Path folder, Map<String, String> environment) throws IOException, InterruptedException {
        Path log = folder.resolve("second.log");
        try (Child second = Child.start(List.of(launcher, "run"), log, environment)) {
            assertThat(second.awaitEnd()).isEqualTo(1);
        }
        for (String line : Files.readAllLines(log)) {
            JSON.readTree(line); // a start that fails is told in the form of the log
        }
        assertThat(Files.readString(log).replace("\\/", "/"))
                .contains("the data directory " + folder.resolve("data"), "it may be paused");
    }

    static Path unpack(Path folder) throws IOException, InterruptedException {
        Path archive = Path.of(System.getProperty("bundle.archive"));
        assertThat(new ProcessBuilder("tar", "xzf", archive.toString(), "-C", folder.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
        try (Stream<Path> children = Files.list(folder)) {
            Path home = children.filter(p -> p.getFileName().toString().startsWith("pairing-bridge-"))
                    .findFirst()
                    .orElseThrow();
            try (Stream<Path> top = Files.list(home)) {
                assertThat(top.map(p -> p.getFileName().toString()))
                        .contains(
                                "bin",
                                "lib",
                                "share",
                                "routes",
                                "config",
                                "docker",
                                "docs",
                                "README.md",
                                "SECURITY.md");
            }
            return home;
        }
    }

    private static void send(Connection erp, Map<String, String> expected, List<String> otps) throws JMSException {
        try (Session session = erp.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            for (int i = 0; i < JOBS; i++) {
                String ending = MIX.get(i % MIX.size());
                String otp = "otp-bundle-" + i + (ending.startsWith("-") ? "-x" : "-" + ending);
                String body = JSON.createObjectNode()
                        .put("name", "Till " + i)
                        .put(ending.equals("-invalid") ? "opt" : "otp", otp)
                        .toString();
                Message message = session.createTextMessage(body);
                message.setStringProperty("PairingJobId", "job-" + i);
                producer.setTimeToLive(ending.equals("-expired") ? 1 : 0);
                producer.send(message);
                expected.put("job-" + i, ENDINGS.get(ending));
                otps.add(otp);
            }
            session.commit();
        }
    }

    private static void receiveOutcomes(Connection erp, Map<String, JsonNode> outcomes)
            throws JMSException, IOException {
        try (Session session = erp.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageConsumer consumer =
                    session.createConsumer(session.createQueue("pairing.outcomes::pairing.outcomes.erp"));
            while (outcomes.size() < JOBS) {
                Message message = consumer.receive(Stage.PATIENCE.toMillis());
                if (message == null) {
                    return;
                }
                JsonNode data = JSON.readTree(((TextMessage) message).getText()).path("data");
                outcomes.put(data.path("job_id").asText(), data);
            }
        }
    }

    /** Opens everything on the credentials queue and returns the secrets. */
    private static List<String> collect(String broker, BrokerUsers users, Opener opener)
            throws JMSException, IOException {
        List<String> secrets = new ArrayList<>();
        try (Connection connection = BrokerConnections.factory(new BrokerAddress(
                                broker, BrokerUsers.ERP_CREDENTIALS, users.password(BrokerUsers.ERP_CREDENTIALS)))
                        .createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            MessageConsumer consumer = session.createConsumer(session.createQueue("pairing.credentials"));
            for (Message m = consumer.receive(5_000); m != null; m = consumer.receiveNoWait()) {
                secrets.add(JSON.readTree(opener.open(((TextMessage) m).getText()))
                        .path("client_secret")
                        .asText());
            }
        }
        return secrets;
    }

    private static String get(int port, String path) {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        List<String> body = new ArrayList<>();
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> {
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            body.add(response.body());
            return response.statusCode() == 200;
        });
        return body.get(body.size() - 1);
    }
}
