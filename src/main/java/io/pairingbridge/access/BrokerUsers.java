package io.pairingbridge.access;

import io.pairingbridge.files.PasswordFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

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
     * @throws BrokerException if a configured user is unknown or has no password, or if the file is open to others or
     *     can't be used
     */
    public static BrokerUsers load(Path dataDirectory, Map<String, String> configured) {
        Path file = dataDirectory.resolve(FILE);
        requireSound(configured);
        List<String> toMake =
                ALL.stream().filter(user -> !configured.containsKey(user)).toList();
        return new BrokerUsers(file, merge(using(file, passwords -> passwords.load(toMake)), configured));
    }

    /**
     * For commands that talk to a broker that somebody else has started: reads, and never makes a password.
     *
     * @param dataDirectory the data directory of the running bridge; need not exist
     * @param configured passwords by user, from {@code pairing.broker.users.<user>.password}
     * @return the users whose passwords are known
     * @throws BrokerException if a configured user is unknown or has no password, or if the file is open to others or
     *     can't be read
     */
    public static BrokerUsers read(Path dataDirectory, Map<String, String> configured) {
        Path file = dataDirectory.resolve(FILE);
        requireSound(configured);
        return new BrokerUsers(file, merge(using(file, PasswordFile::read), configured));
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

    private static Map<String, String> using(Path file, Function<PasswordFile, Map<String, String>> action) {
        try {
            return action.apply(
                    new PasswordFile(
                            file,
                            "The broker's passwords",
                            "# Passwords of the embedded broker's users, made at the"
                                    + " first start.\n# Delete a line to have that one made again. A setting pairing.broker.users.<user>.password wins.\n"));
        } catch (PasswordFile.Unusable e) {
            throw new BrokerException(e.getMessage(), e);
        }
    }

    private static Map<String, String> merge(Map<String, String> kept, Map<String, String> configured) {
        Map<String, String> all = new LinkedHashMap<>(kept);
        all.keySet().retainAll(ALL);
        all.putAll(configured);
        return all;
    }

    private static void requireSound(Map<String, String> configured) {
        configured.forEach((user, password) -> {
            requireKnown(user);
            if (password == null || password.isBlank()) {
                throw new BrokerException("pairing.broker.users." + user
                        + ".password is empty: give a password, or remove the" + " setting to have one made");
            }
        });
    }

    private static void requireKnown(String user) {
        if (!ALL.contains(user)) {
            throw new BrokerException("The broker has no user '" + user + "': its users are " + String.join(", ", ALL));
        }
    }
}
