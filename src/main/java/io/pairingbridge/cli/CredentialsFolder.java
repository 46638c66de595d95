package io.pairingbridge.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** A folder for opened credentials, which only its owner may enter. */
final class CredentialsFolder {
  private static final Set<PosixFilePermission> OWNER = EnumSet.of(PosixFilePermission.OWNER_READ,
      PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);

  private final Path folder;
  private final boolean posix;

  private CredentialsFolder(Path folder, boolean posix) {
    this.folder = folder;
    this.posix = posix;
  }

  /**
   * Opens the folder or makes it, with mode 0700, and proves that it can be written to.
   *
   * @throws IOException saying what to do if it is open to others or cannot be written to
   */
  static CredentialsFolder open(Path path) throws IOException {
    Path folder = path.toAbsolutePath().normalize();
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectories(folder, attributes(posix, "rwx------"));
      }
      if (posix && !OWNER.containsAll(Files.getPosixFilePermissions(folder))) {
        throw new IOException("the folder is open to others ("
            + PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)) + "), and credentials are secrets:"
            + " run 'chmod 700 " + folder + "', or choose another");
      }
      Path probe = Files.createTempFile(folder, ".probe", null);
      Files.delete(probe);
    } catch (IOException e) {
      throw new IOException("credentials cannot be kept in " + folder + ": "
          + (e.getClass() == IOException.class ? e.getMessage() : e.getClass().getSimpleName()
              + "; make it a folder that this user may write to, or choose another"), e);
    }
    return new CredentialsFolder(folder, posix);
  }

  /**
   * Writes a file of mode 0600. After a return its content and its name are on the disk. Nobody ever sees a part of it.
   * The same content under the same name again is no error: a message may come twice.
   *
   * @throws IOException if it cannot be written, or there is another file of that name, which is left as it is
   */
  Path keep(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    if (Files.exists(file)) {
      if (!Arrays.equals(Files.readAllBytes(file), content)) {
        throw new IOException(file + " exists with another content and is never overwritten: move it away");
      }
      // Whoever wrote it may have died before it was on the disk.
      sync(file);
      sync(folder);
      return file;
    }
    // A fixed name: what a crash leaves here is gone when the same message comes again.
    Path part = folder.resolve("." + name + ".part");
    Files.deleteIfExists(part);
    try {
      try (FileChannel channel = FileChannel.open(part,
          Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes(posix, "rw-------"))) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
    sync(folder);
    return file;
  }

  /** A file of one JSON object a line, of mode 0600; what is there already is kept. */
  CredentialsFile lines(String name) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes(posix, "rw-------")).close();
      sync(folder);
    }
    return new CredentialsFile(file);
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static FileAttribute<?>[] attributes(boolean posix, String permissions) {
    return posix
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))}
        : new FileAttribute<?>[0];
  }
}
