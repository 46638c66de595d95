package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.simulator.Simulator;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.util.FileSystemUtils;

/**
 * The service of one machine, below a folder of its own and without a running systemd: what {@code service/install}
 * makes is started as the unit says, by the user that it names.
 */
@Tag("heavy")
class OneMachineIT {
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));
    private static final Path SYSTEMD_ANALYZE = Path.of("/usr/bin/systemd-analyze");

    /** A start takes seconds, and minutes where other tests run beside this one. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private Path folder;
    private Path root;
    private Path bundle;

    @BeforeEach
    void unpack() throws Exception {
        folder = Files.createTempDirectory("one-machine");
        Files.setPosixFilePermissions(
                folder, PosixFilePermissions.fromString("rwxr-xr-x")); // the service's user has to get there
        root = folder.resolve("root");
        bundle = BundleIT.unpack(folder);
    }

    @AfterEach
    void remove() throws IOException {
        FileSystemUtils.deleteRecursively(folder);
    }

    @Test
    void installsStartsUpgradesGoesBackRestoresAndRemoves() throws Exception {
        String version = version();
        assertThat(install(bundle)).contains("Version " + version, "systemctl start pairing-bridge");
        assertThat(mode("opt/pairing-bridge/versions/" + version)).isEqualTo("rwxr-xr-x");
        assertThat(mode("etc/pairing-bridge/application.properties")).isEqualTo("rw-r-----");
        assertThat(mode("var/lib/pairing-bridge")).isEqualTo("rwx------");
        assertThat(run(service(List.of(root + "/usr/local/bin/pairing-bridge", "check", "--settings")), 1))
                .as("not set up yet")
                .contains(
                        "pairing.data-directory=" + root
                                + "/var/lib/pairing-bridge  # config/local/application.properties:",
                        "pairing.integrator-id is not set");

        try (Simulator simulator = Simulator.start("127.0.0.1", 0)) {
            KeyPairs.writePublic(
                    KeyPairs.generate(KeyKind.P256, "one-machine"), root.resolve("etc/pairing-bridge/recipients.jwks"));
            Path settings = root.resolve("etc/pairing-bridge/application.properties");
            Files.writeString(
                    settings,
                    Files.readString(settings)
                                    .replace("pairing.integrator-id=\n", "pairing.integrator-id=5f3a1c9e7b20\n")
                                    .replace("environment=sandbox", "environment=simulator")
                            + "pairing.endpoint.url=" + simulator.url()
                            + "\npairing.broker.embedded.port=" + Stage.freePort() + "\npairing.management.port="
                            + Stage.freePort() + "\n");
            startsAndStops("of the first version");
            String instance = Files.readString(root.resolve("var/lib/pairing-bridge/instance-id"));

            String next = nextVersion(version);
            assertThat(install(bundle)).contains("Version " + next);
            assertThat(current()).isEqualTo("versions/" + next);
            assertThat(settings).content().contains("5f3a1c9e7b20");
            startsAndStops("of the next version");
            assertThat(install(root.resolve("opt/pairing-bridge/current"), "--back"))
                    .contains("The version is " + version + " again");
            assertThat(current()).isEqualTo("versions/" + version);
            startsAndStops("of the version before");
            assertThat(root.resolve("var/lib/pairing-bridge/instance-id"))
                    .as("data of before")
                    .content()
                    .isEqualTo(instance);

            Path backup = folder.resolve("backup.tar.gz");
            run(
                    List.of(
                            "tar",
                            "czf",
                            backup.toString(),
                            "-C",
                            root.toString(),
                            "etc/pairing-bridge",
                            "var/lib/pairing-bridge"),
                    0);
            assertThat(install(root.resolve("opt/pairing-bridge/current"), "--uninstall"))
                    .contains("Settings are still in");
            assertThat(root.resolve("opt/pairing-bridge")).doesNotExist();
            assertThat(root.resolve("etc/systemd/system/pairing-bridge.service"))
                    .doesNotExist();
            assertThat(settings).exists();
            install(bundle);
            assertThat(install(root.resolve("opt/pairing-bridge/current"), "--uninstall", "--purge"))
                    .contains("are gone");
            try (Stream<Path> left = Files.walk(root)) {
                assertThat(left.filter(path -> path.getFileName().toString().startsWith("pairing-bridge")))
                        .as("what is left")
                        .isEmpty();
            }
            install(bundle);
            run(List.of("tar", "xzpf", backup.toString(), "-C", root.toString()), 0);
            startsAndStops("of a backup");
            assertThat(root.resolve("var/lib/pairing-bridge/instance-id"))
                    .content()
                    .isEqualTo(instance);
        }
    }

    @Test
    void keepsWhatThisMachineHasAndNothingOfATrial() throws Exception {
        Files.createDirectories(bundle.resolve("data"));
        Files.writeString(bundle.resolve("data/journal.db"), "of a trial");
        assertThat(install(bundle)).contains("has a journal. It was not taken over");
        assertThat(root.resolve("opt/pairing-bridge/current/data")).doesNotExist();
        for (int i = 0; i < 3; i++) {
            nextVersion(version());
            install(bundle);
        }
        try (Stream<Path> versions = Files.list(root.resolve("opt/pairing-bridge/versions"))) {
            assertThat(versions).as("the version in use and the one before").hasSize(2);
        }
        assertThat(run(List.of(root + "/opt/pairing-bridge/current/service/install", "--root", root.toString()), 1))
                .contains("installed version itself");
        assertThat(run(List.of(bundle + "/service/install", "--purge"), 2)).contains("--purge goes with --uninstall");
        assertThat(run(List.of(bundle + "/service/install", "--rot", "x"), 2))
                .contains("unknown option --rot", "Usage:");
    }

    /**
     * As in a pod of OpenShift: a user without a name, of group 0, and a volume that belongs to root and is open to
     * others.
     */
    @Test
    void runsAsAUserThatHasNoName() throws Exception {
        Assumptions.assumeTrue(ROOT, "needs root to become somebody else");
        Path volume = Files.createDirectory(folder.resolve("volume"));
        Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxrwxrwx"));
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "arbitrary-user"), folder.resolve("recipients.jwks"));
        Path log = folder.resolve("user.log");
        try (Child bridge = Child.start(
                List.of(
                        "setpriv",
                        "--reuid=1000650000",
                        "--regid=0",
                        "--clear-groups",
                        bundle + "/bin/pairing-bridge",
                        "run"),
                log,
                Map.of(
                        "PAIRING_ENVIRONMENT",
                        "simulator",
                        "PAIRING_INTEGRATOR_ID",
                        "5f3a1c9e7b20",
                        "PAIRING_DATA_DIRECTORY",
                        volume + "/data",
                        "PAIRING_SEAL_RECIPIENT_KEYS",
                        folder + "/recipients.jwks",
                        "PAIRING_BROKER_EMBEDDED_PORT",
                        "0",
                        "PAIRING_MANAGEMENT_PORT",
                        Integer.toString(Stage.freePort()),
                        "PAIRING_BRIDGE_PORT",
                        "tcp://10.96.0.7:8077"))) {
            bridge.awaitLog("takes requests from", 1, PATIENCE);
            bridge.stop();
        }
        assertThat(log)
                .content()
                .contains(
                        "Not looked at: environment variables that Kubernetes sets for services (PAIRING_BRIDGE_PORT)")
                .doesNotContain("WARN", "ERROR");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(volume.resolve("data"))))
                .isEqualTo("rwx------");
    }

    /** Lower is better; the document names the figure. */
    @Test
    void theUnitIsAsClosedAsTheDocumentSays() throws Exception {
        if (!Files.isExecutable(SYSTEMD_ANALYZE)) {
            System.out.println("SKIPPED: OneMachineIT needs " + SYSTEMD_ANALYZE + " to judge the unit");
        }
        Assumptions.assumeTrue(Files.isExecutable(SYSTEMD_ANALYZE), "needs systemd-analyze");
        install(bundle);
        String unit = root.resolve("etc/systemd/system/pairing-bridge.service").toString();
        String said = run(List.of(SYSTEMD_ANALYZE.toString(), "security", "--offline=true", "--no-pager", unit), 0);
        Matcher exposure = Pattern.compile("Overall exposure level for pairing-bridge.service: ([0-9.]+)")
                .matcher(said);
        assertThat(exposure.find()).as(said).isTrue();
        Matcher documented = Pattern.compile("`systemd-analyze security` rates it ([0-9.]+)")
                .matcher(Files.readString(Path.of("docs/operate/one-machine.md")));
        assertThat(documented.find()).isTrue();
        assertThat(Double.parseDouble(exposure.group(1))).isLessThanOrEqualTo(Double.parseDouble(documented.group(1)));
        assertThat(said)
                .as("names of settings that systemd does not know")
                .doesNotContain("Unknown key", "Failed to parse", "ignoring");
        String verified = run(
                List.of("sh", "-c", SYSTEMD_ANALYZE + " verify " + unit + " 2>&1 | grep pairing-bridge || true"), 0);
        assertThat(verified).isEmpty();
    }

    /** As the unit says: its command, its user, its file of variables, and nothing else of this environment. */
    private void startsAndStops(String what) throws Exception {
        Path log = folder.resolve(what.replace(' ', '-') + ".log");
        List<String> unit = Files.readAllLines(root.resolve("etc/systemd/system/pairing-bridge.service"));
        String command = value(unit, "ExecStart");
        assertThat(value(unit, "EnvironmentFile")).isEqualTo("-" + root + "/etc/pairing-bridge/environment");
        List<String> variables = Files.readAllLines(root.resolve("etc/pairing-bridge/environment")).stream()
                .filter(line -> line.matches("[A-Z].*"))
                .toList();
        List<String> line = new ArrayList<>(List.of(
                "env",
                "-i",
                "-C",
                "/",
                "PATH=/usr/local/bin:/usr/bin:/bin",
                "JAVA_HOME=" + System.getProperty("java.home")));
        line.addAll(variables);
        line.addAll(service(List.of(command.split(" "))));
        try (Child bridge = Child.start(line, log, Map.of())) {
            bridge.awaitLog("takes requests from", 1, PATIENCE);
            run(
                    service(List.of(root + "/usr/local/bin/pairing-bridge", "status")),
                    0); // it finds the bridge, and its login, by the same settings
            bridge.stop();
        }
        assertThat(log).content().contains("Pairing Bridge has stopped");
    }

    /** Behind what becomes the unit's user. */
    private List<String> service(List<String> command) throws IOException {
        List<String> all = new ArrayList<>();
        if (ROOT) {
            assertThat(value(Files.readAllLines(root.resolve("etc/systemd/system/pairing-bridge.service")), "User"))
                    .isEqualTo("daemon");
            all.addAll(List.of("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups"));
        }
        all.addAll(command);
        return all;
    }

    private static String value(List<String> unit, String key) {
        return unit.stream()
                .filter(line -> line.startsWith(key + "="))
                .map(line -> line.substring(key.length() + 1))
                .findFirst()
                .orElseThrow();
    }

    private String install(Path from, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(from + "/service/install", "--root", root.toString()));
        if (options.length == 0) {
            command.addAll(List.of("--user", ROOT ? "daemon" : System.getProperty("user.name")));
        }
        command.addAll(List.of(options));
        return run(command, 0);
    }

    /** Makes the bundle another version. */
    private String nextVersion(String version) throws IOException {
        String next = version + ".1";
        Files.move(
                bundle.resolve("lib/pairing-bridge-" + version + ".jar"),
                bundle.resolve("lib/pairing-bridge-" + next + ".jar"));
        return next;
    }

    private String version() throws IOException {
        try (Stream<Path> jars = Files.list(bundle.resolve("lib"))) {
            return jars.map(jar -> jar.getFileName().toString())
                    .filter(jar -> jar.matches("pairing-bridge-[0-9].*\\.jar"))
                    .findFirst()
                    .orElseThrow()
                    .replaceFirst("pairing-bridge-(.*)\\.jar", "$1");
        }
    }

    private String current() throws IOException {
        return Files.readSymbolicLink(root.resolve("opt/pairing-bridge/current"))
                .toString();
    }

    private String mode(String path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve(path)));
    }

    /** What it printed, on standard output and error. */
    private String run(List<String> command, int code) throws Exception {
        Path out = Files.createTempFile(folder, "run", ".log");
        int came = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start()
                .waitFor();
        assertThat(came).as("%s: %s", command, Files.readString(out)).isEqualTo(code);
        return Files.readString(out);
    }
}
