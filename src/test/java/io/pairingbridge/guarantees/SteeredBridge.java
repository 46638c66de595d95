package io.pairingbridge.guarantees;

import io.pairingbridge.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;

/**
 * The bridge as a process that a test steers by files: {@code SteeredBridge <settings file> <folder>}.
 *
 * <p>A job whose id is {@code before:<step id>} or {@code after:<step id>} is held there, the first time, until it is
 * let go. The wall clock is that of {@link #clock}. Each step that a job passes is a line on stdout.
 */
final class SteeredBridge extends WatchedBridge {
    private final Path folder;
    private final Set<String> held = ConcurrentHashMap.newKeySet();

    private SteeredBridge(Settings settings, Path folder) {
        super(settings, clock(folder));
        this.folder = folder;
    }

    public static void main(String[] args) throws Exception {
        new SteeredBridge(readSettings(Path.of(args[0])), Path.of(args[1])).run();
    }

    /** What the process prints when a job passes {@code before:<step>} or {@code after:<step>}. */
    static String passed(String point, String jobId) {
        return "| " + point + " | " + jobId + " |";
    }

    /** Lets a held job go on. */
    static void letGo(Path folder, String point) throws IOException {
        Files.createFile(folder.resolve(point));
    }

    /** The file that bends the clock. */
    static Path clock(Path folder) {
        return folder.resolve("ahead");
    }

    @Override
    void at(String here, String jobId) {
        System.out.println(passed(here, jobId));
        if (here.equals(jobId) && held.add(here)) {
            Awaitility.await().forever().until(() -> Files.exists(folder.resolve(here)));
        }
    }
}
