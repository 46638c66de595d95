package io.pairingbridge.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file of users and their passwords, {@code user=password} a line, which only its owner may read. Passwords that are
 * missing are made.
 *
 * @param file where it is or will be; its folder is created if need be
 * @param subject what the passwords are of, as a message begins: {@code The broker's passwords}
 * @param header comment lines at its top, each with its line end
 */
public record PasswordFile(Path file, String subject, String header) {
    // 32 random bytes, 43 characters.
    private static final int PASSWORD_BYTES = 32;

    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    /** The file is open to others, or cannot be read or written; the message says what to do. */
    public static final class Unusable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unusable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** A password that nobody guesses: 256 random bits as 43 characters of base64url. */
    private static String newPassword() {
        byte[] bytes = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /**
     * Reads the file, and makes a password for each of these users that has none.
     *
     * @return what the file holds afterwards, in its order; more users than these, if somebody has added some
     */
    public Map<String, String> load(List<String> users) {
        // Looked at before it is read: what another first start puts there from now on is never written over.
        boolean first = !Files.exists(file);
        Map<String, String> kept = first ? Map.of() : read();
        if (kept.keySet().containsAll(users)) {
            return kept;
        }
        Map<String, String> toKeep = new LinkedHashMap<>(kept);
        users.forEach(user -> toKeep.computeIfAbsent(user, none -> newPassword()));
        // Another first start in the same directory may have been quicker; then its passwords are the ones that hold.
        return write(toKeep, first);
    }

    /** What the file holds; nothing if it is not there. */
    public Map<String, String> read() {
        if (!Files.exists(file)) {
            return Map.of();
        }
        try {
            requireOwnerOnly();
            List<String> problems = new ArrayList<>();
            List<PropertyLines.Line> lines = PropertyLines.read(file, problems::add);
            if (!problems.isEmpty()) {
                throw new Unusable(subject + " can't be used: " + file + " " + String.join("; it ", problems), null);
            }
            Map<String, String> kept = new LinkedHashMap<>();
            for (PropertyLines.Line line : lines) {
                if (!line.value().isBlank()) {
                    kept.put(line.name(), line.value());
                }
            }
            return kept;
        } catch (IOException e) {
            throw new Unusable(
                    subject + " can't be read: " + file + " " + e.getMessage()
                            + "; make the file readable for the user that runs the bridge, or delete it to have new ones made",
                    e);
        }
    }

    private void requireOwnerOnly() throws IOException {
        if (!posix(file)) {
            return;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        if (!OWNER_ONLY.containsAll(permissions)) {
            throw new Unusable(
                    subject + " in " + file + " are open to others (" + PosixFilePermissions.toString(permissions)
                            + "): run 'chmod 600 " + file
                            + "', and delete the file to have new passwords made if somebody may have read them",
                    null);
        }
    }

    /** Returns what the file holds afterwards, which is another start's if that one created the file first. */
    private Map<String, String> write(Map<String, String> passwords, boolean first) {
        StringBuilder text = new StringBuilder(header);
        passwords.forEach((user, password) ->
                text.append(escaped(user)).append('=').append(escaped(password)).append('\n'));
        try {
            PrivateFiles.makeFolder(file.toAbsolutePath().getParent());
            byte[] content = text.toString().getBytes(StandardCharsets.UTF_8);
            if (first) {
                create(content);
            } else {
                DurableFiles.replace(file, content);
            }
            return read();
        } catch (IOException e) {
            throw new Unusable(
                    subject + " can't be kept in " + file + " (" + e.getMessage()
                            + "): make the data directory writable, or choose another with pairing.data-directory",
                    e);
        }
    }

    /** As it must be written to be read as it is. */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (char c : text.toCharArray()) {
            switch (c) {
                case '\\', '=', ':', '#', '!', ' ' -> escaped.append('\\').append(c);
                case '\n' -> escaped.append("\\n");
                case '\r' -> escaped.append("\\r");
                case '\t' -> escaped.append("\\t");
                case '\f' -> escaped.append("\\f");
                default -> escaped.append(c);
            }
        }
        return escaped.toString();
    }

    private void create(byte[] content) throws IOException {
        try {
            DurableFiles.create(file, content);
        } catch (FileAlreadyExistsException e) {
            // The other start was first: its passwords are read next, ours are forgotten.
            return;
        }
    }

    private static boolean posix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    @Override
    public String toString() {
        return "PasswordFile[" + file + "]";
    }
}
