package io.pairingbridge.broker;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/**
 * The users of the embedded broker and their passwords: one user for each role, named like the role.
 *
 * <p>A configured password wins. The others are made at the first start and kept in {@value #FILE} of the data
 * directory, which only its owner may read; a configured password is never written there.
 */
public final class BrokerUsers {

  /** Sends requests and batches, receives outcomes. */
  public static final String ERP_REQUESTER = "erp-requester";

  /** Receives credentials. */
  public static final String ERP_CREDENTIALS = "erp-credentials";

  /** The bridge itself. */
  public static final String BRIDGE = "bridge";

  /** Reads dead letters and jobs in doubt, sends requests again. */
  public static final String OPERATOR = "operator";

  /** Every user, and so every role. */
  public static final List<String> ALL = List.of(ERP_REQUESTER, ERP_CREDENTIALS, BRIDGE, OPERATOR);

  /** The name of the file with the passwords that were made here. */
  public static final String FILE = "broker-users.properties";

  // 32 random bytes, 43 characters.
  private static final int PASSWORD_BYTES = 32;

  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Path file;
  private final Map<String, String> passwords;

  private BrokerUsers(Path file, Map<String, String> passwords) {
    this.file = file;
    this.passwords = Map.copyOf(passwords);
  }

  /**
   * For whoever starts the broker: every user has a password afterwards, and those made now are on the disk.
   *
   * @param dataDirectory where the file is kept; created if need be
   * @param configured passwords by user, from {@code pairing.broker.users.<user>.password}
   * @return the users, each with a password
   * @throws BrokerException if a configured user is unknown or has no password, or if the file is open to others or can't
   *     be used
   */
  public static BrokerUsers load(Path dataDirectory, Map<String, String> configured) {
    Path file = dataDirectory.resolve(FILE);
    Map<String, String> kept = readFile(file);
    Map<String, String> known = merge(kept, configured);
    if (!known.keySet().containsAll(ALL)) {
      Map<String, String> toKeep = new LinkedHashMap<>(kept);
      SecureRandom random = new SecureRandom();
      for (String user : ALL) {
        if (!known.containsKey(user)) {
          toKeep.put(user, newPassword(random));
        }
      }
      // Another first start in the same directory may have been quicker; then its passwords are the ones that hold.
      known = merge(writeFile(file, toKeep), configured);
    }
    return new BrokerUsers(file, known);
  }

  /**
   * For commands that talk to a broker that somebody else has started: reads, and never makes a password.
   *
   * @param dataDirectory the data directory of the running bridge; need not exist
   * @param configured passwords by user, from {@code pairing.broker.users.<user>.password}
   * @return the users whose passwords are known
   * @throws BrokerException if a configured user is unknown or has no password, or if the file is open to others or can't
   *     be read
   */
  public static BrokerUsers read(Path dataDirectory, Map<String, String> configured) {
    Path file = dataDirectory.resolve(FILE);
    return new BrokerUsers(file, merge(readFile(file), configured));
  }

  /**
   * @param user one of {@link #ALL}
   * @return the user's password
   * @throws BrokerException if it is not known, which after {@link #load} can't be
   */
  public String password(String user) {
    String password = passwords.get(user);
    if (password == null) {
      requireKnown(user);
      throw new BrokerException(
          "No password for the broker's user '" + user + "': start the bridge once, which writes " + file
              + ", or point pairing.data-directory to the directory of the running bridge, or set pairing.broker.users."
              + user + ".password");
    }
    return password;
  }

  @Override
  public String toString() {
    return "BrokerUsers" + passwords.keySet().stream().sorted().toList();
  }

  private static Map<String, String> merge(Map<String, String> kept, Map<String, String> configured) {
    Map<String, String> all = new LinkedHashMap<>(kept);
    configured.forEach((user, password) -> {
      requireKnown(user);
      if (password == null || password.isBlank()) {
        throw new BrokerException("pairing.broker.users." + user + ".password is empty: give a password, or remove the"
            + " setting to have one made");
      }
      all.put(user, password);
    });
    return all;
  }

  private static void requireKnown(String user) {
    if (!ALL.contains(user)) {
      throw new BrokerException("The broker has no user '" + user + "': its users are " + String.join(", ", ALL));
    }
  }

  private static String newPassword(SecureRandom random) {
    byte[] bytes = new byte[PASSWORD_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static Map<String, String> readFile(Path file) {
    if (!Files.exists(file)) {
      return Map.of();
    }
    try {
      requireOwnerOnly(file);
      Properties properties = new Properties();
      try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        properties.load(reader);
      }
      Map<String, String> kept = new LinkedHashMap<>();
      for (String user : ALL) {
        String password = properties.getProperty(user);
        if (password != null && !password.isBlank()) {
          kept.put(user, password);
        }
      }
      return kept;
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      throw new BrokerException("The broker's passwords in " + file + " can't be read (" + e.getClass().getSimpleName()
          + "): make the file readable for the user that runs the bridge, or delete it to have new ones made", e);
    }
  }

  private static void requireOwnerOnly(Path file) throws IOException {
    if (!posix(file)) {
      return;
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    if (!OWNER_ONLY.containsAll(permissions)) {
      throw new BrokerException("The broker's passwords in " + file + " are open to others ("
          + PosixFilePermissions.toString(permissions) + "): run 'chmod 600 " + file
          + "', and delete the file to have new passwords made if somebody may have read them");
    }
  }

  /** Returns what the file holds afterwards, which is another start's if that one created the file first. */
  private static Map<String, String> writeFile(Path file, Map<String, String> passwords) {
    StringBuilder text = new StringBuilder("# Passwords of the embedded broker's users, made at the first start.\n"
        + "# Delete a line to have that one made again. A setting pairing.broker.users.<user>.password wins.\n");
    passwords.forEach((user, password) -> text.append(user).append('=').append(password).append('\n'));
    try {
      Path directory = Files.createDirectories(file.toAbsolutePath().getParent());
      boolean first = !Files.exists(file);
      // Complete and readable only by its owner before it has its name: no moment at which it is open or half written.
      Path written = Files.createTempFile(directory, "." + FILE, ".new", ownerOnly(directory));
      try {
        try (FileChannel channel = FileChannel.open(written, StandardOpenOption.WRITE)) {
          ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
          channel.force(true);
        }
        if (first) {
          link(written, file);
        } else {
          Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        }
      } finally {
        Files.deleteIfExists(written);
      }
      return readFile(file);
    } catch (IOException e) {
      throw new BrokerException("The broker's passwords can't be kept in " + file + " (" + e.getMessage()
          + "): make the data directory writable, or choose another with pairing.data-directory", e);
    }
  }

  /** Unlike a move, a link never replaces a file that another start has put there in between. */
  private static void link(Path written, Path file) throws IOException {
    try {
      Files.createLink(file, written);
    } catch (FileAlreadyExistsException e) {
      // The other start was first: its passwords are read next, ours are forgotten.
      return;
    } catch (UnsupportedOperationException e) {
      Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path directory) {
    return posix(directory)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
        : new FileAttribute<?>[0];
  }

  private static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
