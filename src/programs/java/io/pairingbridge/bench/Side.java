package io.pairingbridge.bench;

import io.pairingbridge.PairingBridge;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.BridgeSettings;
import io.pairingbridge.testing.Child;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** One of those that are measured: how its process is started, and when it is ready. */
enum Side {
    BRIDGE("the bridge"),
    /** The same with its classes ready made, as in the container image. */
    ARCHIVED("the bridge with a class archive"),
    LOOP("the loop"),
    CAMEL("the plain route");

    private static final String JAR = System.getProperty("bench.jar");

    final String words;

    Side(String words) {
        this.words = words;
    }

    /**
     * Starts a process and returns once it takes requests.
     *
     * @param name of the process, and of the bridge's data directory; a bridge of the same name goes on with the same
     *     journal
     * @param journal a database server, or null for the journal that the bridge comes with
     * @param more settings of the bridge beside those it needs
     */
    Child start(Rig rig, String name, int inFlight, Settings.JournalStore journal, Map<String, String> more)
            throws IOException {
        Path log = rig.folder().resolve(name + ".log");
        int begun = Child.said(log, ready());
        Child child = this == BRIDGE || this == ARCHIVED
                ? bridge(rig, name, inFlight, journal, more, log)
                : opponent(rig, inFlight, log);
        return child.awaitLog(ready(), begun + 1);
    }

    private String ready() {
        return switch (this) {
            case BRIDGE, ARCHIVED -> "takes requests from";
            case LOOP -> HandLoop.READY;
            case CAMEL -> PlainRoute.READY;
        };
    }

    private Child bridge(
            Rig rig, String name, int inFlight, Settings.JournalStore journal, Map<String, String> more, Path log)
            throws IOException {
        BridgeSettings settings = BridgeSettings.in(rig.folder())
                .broker(rig.broker(), rig.users().password(BrokerUsers.BRIDGE))
                .set("pairing.endpoint.url", rig.endpoint())
                .set("pairing.requests.concurrency", inFlight)
                .set("pairing.data-directory", rig.folder().resolve(name));
        if (journal != null) {
            settings.sharedJournal(journal);
        }
        settings.setAll(more);
        List<String> command = java();
        if (this == ARCHIVED) {
            command.add("-XX:SharedArchiveFile=" + classArchive(rig));
        }
        String options = System.getProperty("bench.java", "");
        if (!options.isBlank()) {
            command.addAll(List.of(options.split(" ")));
        }
        command.addAll(List.of(
                "-Dpairing.home=" + Path.of("").toAbsolutePath(),
                "-Dlogback.configurationFile=config/logback.xml",
                "-cp",
                bundle(),
                PairingBridge.class.getName(),
                "run"));
        return Child.start(command, log, settings.environment());
    }

    /** The class path as in the bundle: the packed jar, for no archive can be made of classes that lie in folders. */
    private static String bundle() {
        if (JAR == null) {
            throw new IllegalStateException(
                    "-Dbench.jar must name the packed jar of the bridge, as mvn -Pbench verify does");
        }
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(part -> !part.endsWith("test-classes"))
                .map(part -> part.endsWith("classes") ? JAR : part)
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Made by the demo, as docs/operate/containers.md says; once. */
    private static Path classArchive(Rig rig) throws IOException {
        Path archive = rig.folder().resolve("classes.jsa");
        if (!Files.exists(archive)) {
            List<String> command = java();
            command.addAll(List.of(
                    "-XX:ArchiveClassesAtExit=" + archive,
                    "-Xlog:disable",
                    "-Dpairing.home=" + Path.of("").toAbsolutePath(),
                    "-Dlogback.configurationFile=config/logback.xml",
                    "-cp",
                    bundle(),
                    PairingBridge.class.getName(),
                    "demo"));
            Child demo = Child.start(command, rig.folder().resolve("demo.log"), Map.of());
            try {
                if (demo.awaitEnd() != 0) {
                    throw new IllegalStateException(
                            "the demo that was to make the class archive failed; its log is in " + rig.folder());
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted while the class archive was made", e);
            }
        }
        return archive;
    }

    private Child opponent(Rig rig, int inFlight, Path log) throws IOException {
        List<String> command = java();
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                (this == LOOP ? HandLoop.class : PlainRoute.class).getName(),
                rig.broker(),
                BrokerUsers.BRIDGE,
                rig.users().password(BrokerUsers.BRIDGE),
                rig.endpoint(),
                Integer.toString(inFlight)));
        return Child.start(command, log, Map.of());
    }

    /** The same virtual machine for every side, with the options of the bridge's launcher. */
    private static List<String> java() {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+ExitOnOutOfMemoryError",
                "-Xms64m",
                "-XX:+UseSerialGC"));
    }
}
