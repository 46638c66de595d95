package io.pairingbridge;

import io.pairingbridge.files.DurableFiles;
import io.pairingbridge.files.PrivateFiles;
import io.pairingbridge.settings.SettingsException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder in which one bridge keeps its journal, its embedded broker and what identifies it. Locked while the bridge
 * runs: two processes on one folder would take each other's calls for dead ones.
 */
final class DataDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);

    private final Path folder;
    private final FileChannel channel;
    private final FileLock lock;
    private final Path running;
    private final boolean afterCrash;
    private boolean started;

    private DataDirectory(Path folder, FileChannel channel, FileLock lock) throws IOException {
        this.folder = folder;
        this.channel = channel;
        this.lock = lock;
        this.running = folder.resolve("running");
        this.afterCrash = Files.exists(running);
        if (!afterCrash) {
            PrivateFiles.makeFile(running);
        }
        for (String inside : List.of("broker", "batches")) {
            PrivateFiles.makeFolder(folder.resolve(inside));
        }
        // What an earlier version, or a process with another umask, has made.
        PrivateFiles.closeAllToOthers(folder);
        DurableFiles.removeDrafts(folder);
    }

    /**
     * Opens the folder, or makes it. What others may do with it, or with what is in it, is taken away from them, and
     * said.
     *
     * @param production refuses a file system that does not keep others out
     * @throws SettingsException naming the folder if it cannot be used, cannot be closed to others, or another process
     *     uses it
     */
    static DataDirectory open(Path folder, boolean production) {
        FileChannel channel = null;
        try {
            PrivateFiles.makeFolder(folder);
            closeToOthers(folder, production);
            channel = FileChannel.open(
                    folder.resolve("lock"),
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    PrivateFiles.file(folder));
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new OverlappingFileLockException();
            }
            return new DataDirectory(folder, channel, lock);
        } catch (OverlappingFileLockException e) {
            closeQuietly(channel);
            throw new SettingsException(
                    "the data directory " + folder + " is in use by another bridge (it may be paused): stop that"
                            + " one first, or give this one a pairing.data-directory of its own");
        } catch (IOException e) {
            closeQuietly(channel);
            throw new SettingsException(
                    "the data directory " + folder + " cannot be used: " + e + "; check its permissions and space");
        }
    }

    private static void closeToOthers(Path folder, boolean production) throws IOException {
        if (!PrivateFiles.known(folder)) {
            LOG.warn(
                    "The file system of the data directory {} knows no owners and permissions: see that nobody else may read it, for it holds"
                            + " one-time passwords",
                    folder);
            return;
        }
        String open = PrivateFiles.openToOthers(folder);
        if (open == null) {
            return;
        }
        try {
            PrivateFiles.closeToOthers(folder);
        } catch (IOException e) {
            boolean owner = Files.isWritable(folder)
                    && PrivateFiles.notOursAlone(folder, true).startsWith("is open");
            if (owner && !production) {
                LOG.warn(
                        "The data directory {} is open to others ({}), and its file system does not keep that from them: put it on another one, for it"
                                + " holds one-time passwords",
                        folder,
                        open);
                return;
            }
            throw new SettingsException("the data directory " + folder + " is open to others (" + open
                    + "), and holds one-time passwords: run"
                    + " 'chmod 700 " + folder + "' as its owner, "
                    + Files.getOwner(folder).getName() + ", or choose a folder that is not there yet,"
                    + " such as " + folder.resolve("bridge")
                    + ", with pairing.data-directory: the bridge makes it for itself alone");
        }
        PrivateFiles.closeAllToOthers(folder);
        LOG.warn(
                "The data directory {} was open to others ({}), and is not any more (rwx------). It holds one-time passwords: whoever could"
                        + " read it may have seen some",
                folder,
                open);
    }

    /** True if the process that used this folder before did not get to close it. */
    boolean afterCrash() {
        return afterCrash;
    }

    /** The bridge runs. A start that failed before has not taken up what the crash left, and leaves the sign of it. */
    void started() {
        started = true;
    }

    /** The id of this bridge, made once. */
    String instanceId() {
        return keep("instance-id", () -> UUID.randomUUID().toString().substring(0, 13));
    }

    /**
     * The key of the one-time passwords' hashes, made once; 64 hexadecimal digits. On the disk before this returns: a
     * power cut that took it would leave hashes that nobody can compare.
     */
    String otpKey() {
        return keep("otp.key", () -> {
            byte[] key = new byte[32];
            new SecureRandom().nextBytes(key);
            return HexFormat.of().formatHex(key);
        });
    }

    private String keep(String name, Supplier<String> make) {
        Path file = folder.resolve(name);
        try {
            if (Files.exists(file)) {
                DurableFiles.sync(file);
            } else {
                DurableFiles.create(file, make.get().getBytes(StandardCharsets.UTF_8));
            }
            String kept = Files.readString(file).strip();
            if (kept.isEmpty()) {
                throw new SettingsException(file + " is empty; restore it from a backup");
            }
            return kept;
        } catch (FileAlreadyExistsException e) {
            return keep(name, make);
        } catch (IOException e) {
            throw new SettingsException(file + " cannot be read or made: " + e);
        }
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // nothing was written through it
        }
    }

    @Override
    public void close() throws IOException {
        if (started || !afterCrash) {
            Files.deleteIfExists(running);
        }
        lock.release();
        channel.close();
    }
}
