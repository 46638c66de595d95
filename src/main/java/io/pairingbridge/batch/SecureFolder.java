package io.pairingbridge.batch;

import io.pairingbridge.files.DurableFiles;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A folder that is held open. What lies in it is found from the folder itself (openat, renameat) and never by a path in
 * which somebody may have put another folder or a link meanwhile; no symbolic link in it is followed. Not for several
 * threads.
 */
final class SecureFolder implements Closeable {
    private static final Set<PosixFilePermission> OWNERS_ALONE = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OF_A_FILE = PosixFilePermissions.fromString("rw-r-----");

    private final Path path;
    private final SecureDirectoryStream<Path> stream;

    private SecureFolder(Path path, SecureDirectoryStream<Path> stream) {
        this.path = path;
        this.stream = stream;
    }

    /** Opens a folder that the settings name: links in its path are those of whoever wrote the settings. */
    static SecureFolder open(Path path) throws IOException {
        return new SecureFolder(path, secure(path, Files.newDirectoryStream(path)));
    }

    private static SecureDirectoryStream<Path> secure(Path path, DirectoryStream<Path> opened) throws IOException {
        if (opened instanceof SecureDirectoryStream<Path> stream) {
            return stream;
        }
        opened.close();
        throw new IOException("the file system of " + path + " cannot be used without following links (no openat)");
    }

    /**
     * A folder of the bridge's own in this one; made if it is not there. Others may not enter it; those of its group
     * may look into it if somebody has allowed that and {@code mayBeRead}.
     *
     * @param owner who the bridge is
     * @throws IOException if something else is there under that name
     */
    SecureFolder own(String name, UserPrincipal owner, boolean mayBeRead) throws IOException {
        Path child = Path.of(name);
        try {
            look(child);
        } catch (NoSuchFileException e) {
            make(path.resolve(child));
        }
        if (!look(child).isDirectory()) {
            throw notOwn(child);
        }
        SecureFolder opened = folder(child);
        try {
            PosixFileAttributeView view = opened.stream.getFileAttributeView(PosixFileAttributeView.class);
            PosixFileAttributes attributes = view.readAttributes();
            if (!attributes.owner().equals(owner)) {
                throw notOwn(child);
            }
            Set<PosixFilePermission> allowed = EnumSet.copyOf(OWNERS_ALONE);
            if (mayBeRead) {
                allowed.add(PosixFilePermission.GROUP_READ);
                allowed.add(PosixFilePermission.GROUP_EXECUTE);
            }
            if (!allowed.containsAll(attributes.permissions())) {
                allowed.retainAll(attributes.permissions());
                view.setPermissions(allowed);
            }
            return opened;
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    private static void make(Path folder) throws IOException {
        try {
            Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNERS_ALONE));
        } catch (FileAlreadyExistsException e) {
            // another bridge was faster; who made it is looked at next
        }
    }

    private IOException notOwn(Path child) {
        return new IOException(path.resolve(child)
                + " is not a folder of the bridge's own: somebody else made it, or put it in its place. Take it"
                + " away; the bridge makes it anew");
    }

    /** A folder in this one, whoever has made it. */
    SecureFolder folder(Path name) throws IOException {
        return new SecureFolder(
                path.resolve(name),
                secure(path.resolve(name), stream.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)));
    }

    Path path() {
        return path;
    }

    /** The names of what lies here, in no order. */
    List<Path> list() throws IOException {
        List<Path> names = new ArrayList<>();
        try (DirectoryStream<Path> all = stream.newDirectoryStream(Path.of("."), LinkOption.NOFOLLOW_LINKS)) {
            all.forEach(entry -> names.add(entry.getFileName()));
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    /** What lies here under this name; of a link, the link itself. */
    PosixFileAttributes look(Path name) throws IOException {
        return stream.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .readAttributes();
    }

    boolean has(Path name) throws IOException {
        try {
            look(name);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** A regular file's bytes. */
    InputStream read(Path name) throws IOException {
        return Channels.newInputStream(
                stream.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)));
    }

    /** Moves whatever lies here under this name, in one step, in place of what may be there. */
    void move(Path name, SecureFolder to, Path as) throws IOException {
        stream.move(name, to.stream, as);
    }

    void delete(Path name) throws IOException {
        try {
            stream.deleteFile(name);
        } catch (NoSuchFileException e) {
            // so it is gone
        }
    }

    /** Deletes an empty folder. */
    void deleteFolder(Path name) throws IOException {
        stream.deleteDirectory(name);
    }

    /** Puts a file here in place of what may be there, as {@link DurableFiles#replace} does. */
    void replace(FileName name, DurableFiles.Content content) throws IOException {
        DurableFiles.replace(stream, name.path(), OF_A_FILE, content);
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
