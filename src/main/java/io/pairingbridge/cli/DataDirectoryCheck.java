package io.pairingbridge.cli;

import io.pairingbridge.files.PrivateFiles;
import io.pairingbridge.settings.Settings;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * The data directory as {@code check} sees it: whether a bridge uses it, and whether it has space. While this is open
 * no bridge can start on a directory that was free. It leaves alone the mark that a bridge keeps there while it runs,
 * by which the next one learns of a crash.
 */
final class DataDirectoryCheck implements AutoCloseable {
    private static final long MEGABYTE = 1024 * 1024;
    private static final long LEAST = 100 * MEGABYTE;
    private static final long LITTLE = 1024 * MEGABYTE;
    /** max-disk-usage of docker/artemis/broker.xml, in per cent. */
    private static final int BROKER_STOPS_AT = 90;

    private static final int BROKER_NEARLY_STOPS_AT = 85;

    private final FileChannel channel;
    private final boolean inUse;

    private DataDirectoryCheck(FileChannel channel, boolean inUse) {
        this.channel = channel;
        this.inUse = inUse;
    }

    /** @throws IOException if the directory is not there and cannot be made, or cannot be used by this user */
    static DataDirectoryCheck open(Path folder) throws IOException {
        PrivateFiles.makeFolder(folder);
        FileChannel channel = FileChannel.open(
                folder.resolve("lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PrivateFiles.file(folder));
        try {
            FileLock lock = channel.tryLock();
            return new DataDirectoryCheck(channel, lock == null);
        } catch (OverlappingFileLockException e) {
            return new DataDirectoryCheck(channel, true);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Whether a bridge runs on it. */
    boolean inUse() {
        return inUse;
    }

    static CheckResult space(Settings settings) throws IOException {
        Path existing = settings.dataDirectory();
        while (!Files.exists(existing)) {
            existing = existing.getParent();
        }
        FileStore store = Files.getFileStore(existing);
        return space(
                store.getTotalSpace(), store.getUsableSpace(), settings.broker().embedded());
    }

    static CheckResult space(long total, long usable, boolean embeddedBroker) {
        long used = total <= 0 ? 0 : (total - usable) * 100 / total;
        String text = usable / MEGABYTE + " MB free, " + used + " % used";
        if (usable < LEAST) {
            return CheckResult.fail(
                    "disk space",
                    text,
                    "make room, or move pairing.data-directory: no job is begun that cannot" + " be written down");
        }
        if (embeddedBroker && used >= BROKER_STOPS_AT) {
            return CheckResult.fail(
                    "disk space",
                    text + "; the embedded broker takes no messages from " + BROKER_STOPS_AT + " % on",
                    "make room, or move pairing.data-directory");
        }
        if (usable < LITTLE || embeddedBroker && used >= BROKER_NEARLY_STOPS_AT) {
            return CheckResult.warn(
                    "disk space",
                    text
                            + (embeddedBroker
                                    ? "; the embedded broker takes no messages from " + BROKER_STOPS_AT + " % on"
                                    : ""),
                    "make room soon");
        }
        return CheckResult.ok("disk space", text);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
