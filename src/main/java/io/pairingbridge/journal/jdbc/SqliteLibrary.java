package io.pairingbridge.journal.jdbc;

import io.pairingbridge.files.PrivateFiles;
import io.pairingbridge.journal.Journal.JournalException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sqlite.SQLiteJDBCLoader;

/** SQLite's own library: where it is put before it is loaded, and what to do where it cannot be. */
public final class SqliteLibrary {
    private static final String FOLDER = "org.sqlite.tmpdir";

    private SqliteLibrary() {}

    /**
     * Has the library extracted into a folder that nobody else may write to or look into, whatever the umask: who could
     * change the file between its writing and its loading would run code here. Then loads it. To be called before
     * SQLite is used; a folder that somebody has chosen is kept.
     *
     * @throws JournalException naming the folder and what to do, if the library cannot be put there or not be loaded
     *     from there
     */
    public static synchronized void extractPrivately() {
        if (System.getProperty(FOLDER) == null) {
            makeFolder();
        }
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception | UnsatisfiedLinkError e) {
            // It was written there, so there is space; what is left is a mount that lets nothing be run, or a processor
            // without a library.
            throw new JournalException(
                    "SQLite's library cannot be loaded from " + System.getProperty(FOLDER)
                            + ": that file system is probably"
                            + " mounted noexec; choose a folder of another one with JAVA_OPTS=-Djava.io.tmpdir=<folder>, such as one below the data directory",
                    e);
        }
    }

    private static void makeFolder() {
        try {
            // Always of mode 0700. Deleted when the process ends, after the library in it; one that is killed leaves it
            // behind.
            Path folder = Files.createTempDirectory("pairing-bridge-sqlite-");
            PrivateFiles.closeToOthers(folder);
            folder.toFile().deleteOnExit();
            System.setProperty(FOLDER, folder.toString());
        } catch (IOException e) {
            throw new JournalException(
                    "no folder for SQLite's library can be made in " + System.getProperty("java.io.tmpdir") + " ("
                            + e.getMessage()
                            + "): make room, or choose another place with JAVA_OPTS=-Djava.io.tmpdir=<folder>",
                    e);
        }
    }
}
