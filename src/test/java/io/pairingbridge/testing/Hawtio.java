package io.pairingbridge.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/**
 * Hawtio as its container starts it, {@code docker/hawtio/start-hawtio}, in a process of its own on this machine. What
 * it consists of is not on the tests' class path: {@code mvn dependency:copy@hawtio} puts it into
 * {@code target/hawtio}.
 */
public final class Hawtio implements AutoCloseable {
    private static final Path HOME = Path.of("target/hawtio").toAbsolutePath();
    private final Child process;
    private final int port;

    private Hawtio(Child process, int port) {
        this.process = process;
        this.port = port;
    }

    /** The test is skipped, with the reason, where Maven has not fetched it. */
    public static void need(Class<?> test) {
        boolean there = Files.isReadable(HOME.resolve("hawtio.war")) && Files.isDirectory(HOME.resolve("lib"));
        if (!there) {
            System.out.println("SKIPPED: " + test.getSimpleName() + " needs " + HOME + ": mvn dependency:copy@hawtio");
        }
        Assumptions.assumeTrue(there, "needs Hawtio");
    }

    /**
     * @param folder for what it writes
     * @param secrets with truststore and truststore-password
     * @param bridges the hosts it may forward to
     */
    public static Hawtio start(Path folder, Path secrets, String bridges) throws IOException {
        int port = Stage.freePort();
        Path java = Path.of(System.getProperty("java.home"), "bin");
        Child process = Child.start(
                List.of("docker/hawtio/start-hawtio"),
                folder.resolve("hawtio.log"),
                Map.of(
                        "PAIRING_SECRETS",
                        secrets.toString(),
                        "HAWTIO_HOME",
                        HOME.toString(),
                        "HAWTIO_BRIDGES",
                        bridges,
                        "HAWTIO_LISTEN",
                        "127.0.0.1",
                        "HAWTIO_PORT",
                        Integer.toString(port),
                        "HAWTIO_JVM",
                        "-Xmx256m",
                        "TMPDIR",
                        folder.toString(),
                        "PATH",
                        java + ":" + System.getenv("PATH")));
        process.awaitLog("Starting ProtocolHandler", 1);
        return new Hawtio(process, port);
    }

    /** Ends with a slash. */
    public URI url() {
        return URI.create("http://127.0.0.1:" + port + "/hawtio/");
    }

    /** Where its output goes. */
    public Path log() {
        return process.log();
    }

    @Override
    public void close() {
        process.close();
    }
}
