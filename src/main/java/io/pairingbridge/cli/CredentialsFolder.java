package io.pairingbridge.cli;

import io.pairingbridge.files.DurableFiles;
import io.pairingbridge.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;

/** A folder for opened credentials, which only its owner may enter. */
final class CredentialsFolder {
    /** There is another file of that name. */
    static final class Taken extends IOException {
        private static final long serialVersionUID = 1L;

        Taken(String message) {
            super(message);
        }
    }

    private final Path folder;

    private CredentialsFolder(Path folder) {
        this.folder = folder;
    }

    /**
     * Opens the folder or makes it, with mode 0700, and proves that it can be written to. Nobody else owns it or a part
     * of the way to it, or may put another one in its place.
     *
     * @throws IOException saying what to do if it is open to others, theirs, or cannot be written to
     */
    static CredentialsFolder open(Path path) throws IOException {
        Path folder = path.toAbsolutePath().normalize();
        try {
            if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                // Judged before anything is made in it.
                Path existing = folder.getParent();
                while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
                    existing = existing.getParent();
                }
                refuse(PrivateFiles.replaceableAt(existing.resolve("new")));
                PrivateFiles.makeFolder(folder);
            }
            String wrong = PrivateFiles.notOursAlone(folder, true);
            if (wrong != null && wrong.startsWith("is open")) {
                throw new IOException("the folder " + wrong + ", and credentials are secrets: run 'chmod 700 " + folder
                        + "', or choose another");
            }
            refuse(wrong == null ? null : "the folder " + wrong);
            refuse(PrivateFiles.replaceableAt(folder));
            Path probe = Files.createTempFile(folder, ".probe", null);
            Files.delete(probe);
            DurableFiles.removeDrafts(folder);
        } catch (IOException e) {
            throw new IOException(
                    "credentials cannot be kept in " + folder + ": "
                            + (e.getClass() == IOException.class
                                    ? e.getMessage()
                                    : e.getClass().getSimpleName()
                                            + "; make it a folder that this user may write to, or choose another"),
                    e);
        }
        return new CredentialsFolder(folder);
    }

    private static void refuse(String wrong) throws IOException {
        if (wrong != null) {
            throw new IOException(wrong
                    + ", so that somebody else could read what is written, or choose where: choose a folder of this user, in"
                    + " folders that nobody else may change");
        }
    }

    /** What is there under a name that we are about to use is ours, and nobody else's too. */
    private static void requireOurs(Path file) throws IOException {
        String wrong = PrivateFiles.notOursAlone(file, false);
        if (wrong != null) {
            throw new IOException(file + " " + wrong + ", and is left as it is: move it away");
        }
    }

    /**
     * Writes a file of mode 0600, as {@link DurableFiles#replace} does. The same content under the same name again is
     * no error: a message may come twice.
     *
     * @throws Taken if there is another file of that name, which is left as it is
     * @throws IOException if it cannot be written
     */
    Path keep(String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            requireOurs(file);
            if (!Arrays.equals(Files.readAllBytes(file), content)) {
                throw new Taken(file + " exists with another content and is never overwritten: move it away");
            }
            DurableFiles.sync(file);
            return file;
        }
        DurableFiles.replace(file, content);
        return file;
    }

    /**
     * As {@link #keep}, but in place of an older file of that name: for what is said about credentials, and is none.
     */
    Path replace(String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            requireOurs(file);
        }
        DurableFiles.replace(file, content);
        return file;
    }

    /** A file of one JSON object a line, of mode 0600; what is there already is kept. */
    CredentialsFile lines(String name) throws IOException {
        Path file = folder.resolve(name);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            DurableFiles.append(file, new byte[0], LinkOption.NOFOLLOW_LINKS);
        }
        requireOurs(file);
        DurableFiles.sync(file);
        return new CredentialsFile(file);
    }
}
