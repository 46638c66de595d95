package io.pairingbridge.journal;

import io.pairingbridge.files.PrivateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where SQLite's own library is put before it is loaded. */
public final class SqliteLibrary {
  private static final String FOLDER = "org.sqlite.tmpdir";

  private SqliteLibrary() {}

  /**
   * Has the library extracted into a folder that nobody else may write to or look into, whatever the umask: who could change the file
   * between its writing and its loading would run code here. To be called before SQLite is used; a folder that somebody has chosen
   * is kept.
   */
  public static synchronized void extractPrivately() {
    if (System.getProperty(FOLDER) != null) {
      return;
    }
    try {
      // Always of mode 0700. Deleted when the process ends, after the library in it; one that is killed leaves it behind.
      Path folder = Files.createTempDirectory("pairing-bridge-sqlite-");
      PrivateFiles.closeToOthers(folder);
      folder.toFile().deleteOnExit();
      System.setProperty(FOLDER, folder.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("no folder for SQLite's library can be made in " + System.getProperty("java.io.tmpdir") + " ("
          + e.getMessage() + "): make room, or choose another place with JAVA_OPTS=-Djava.io.tmpdir=<folder>", e);
    }
  }
}
