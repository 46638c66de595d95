package io.pairingbridge.files;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Files and folders that only their owner may read, change or enter, whatever the umask. On a file system that knows no
 * owners and permissions ({@link #known} is false) they are made as that one makes them.
 */
public final class PrivateFiles {
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rwx------");
    private static final int ROOT = 0;
    private static final int STICKY = 01000;
    private static final int WRITABLE_BY_OTHERS = 022;

    private PrivateFiles() {}

    /** Whether the file system of this path knows owners and permissions. */
    public static boolean known(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix");
    }

    /** For a file that is made: mode 0600. */
    public static FileAttribute<?>[] file(Path path) {
        return attributes(path, "rw-------");
    }

    private static FileAttribute<?>[] attributes(Path path, String permissions) {
        return known(path)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    /**
     * Makes a folder, and those above it that are missing, with mode 0700; what is there already is left as it is.
     * After a return the names of those that were made are on the disk.
     */
    public static Path makeFolder(Path folder) throws IOException {
        Deque<Path> changed = new ArrayDeque<>();
        for (Path missing = folder.toAbsolutePath(); !Files.exists(missing); missing = missing.getParent()) {
            changed.push(missing.getParent());
        }
        Files.createDirectories(folder, attributes(folder, "rwx------"));
        for (Path above : changed) {
            DurableFiles.syncFolder(above);
        }
        return folder;
    }

    /** Makes an empty file of mode 0600, unless there is one of that name. */
    public static void makeFile(Path path) throws IOException {
        try {
            Files.createFile(path, file(path));
        } catch (FileAlreadyExistsException e) {
            // As wanted: its owner and mode are for whoever asks for them.
            return;
        }
    }

    /** What others may do with it, as {@code rwxr-xr-x}; null if nothing, or if that is not known. */
    public static String openToOthers(Path path) throws IOException {
        if (!known(path)) {
            return null;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
        return OWNER.containsAll(permissions) ? null : PosixFilePermissions.toString(permissions);
    }

    /**
     * Takes away what others may do with a file or a folder. A link is left alone.
     *
     * @return what they could do, or null if that was nothing
     * @throws IOException if this user may not change that, or the file system does not keep it
     */
    public static String closeToOthers(Path path) throws IOException {
        if (Files.isSymbolicLink(path)) {
            return null;
        }
        String open = openToOthers(path);
        if (open == null) {
            return null;
        }
        Set<PosixFilePermission> kept = EnumSet.copyOf(Files.getPosixFilePermissions(path));
        kept.retainAll(OWNER);
        Files.setPosixFilePermissions(path, kept);
        if (openToOthers(path) != null) {
            throw new IOException("the file system does not keep permissions");
        }
        return open;
    }

    /** As {@link #closeToOthers}, for all in the folder that this user may change, without following links. */
    public static void closeAllToOthers(Path folder) throws IOException {
        if (!known(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
                return close(path);
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
                return attributes.isSymbolicLink() ? FileVisitResult.CONTINUE : close(path);
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException e) {
                return FileVisitResult.CONTINUE; // it is gone, or somebody else's
            }

            private FileVisitResult close(Path path) {
                try {
                    closeToOthers(path);
                } catch (IOException e) {
                    // Somebody else's: the folder around it keeps others out.
                    return FileVisitResult.CONTINUE;
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /**
     * Why this file or folder is not ours alone: somebody else owns it, it is a link, has another name elsewhere, or is
     * of another kind.
     *
     * @return the end of a sentence that begins with its name; null if nothing is wrong, or if that is not known
     */
    public static String notOursAlone(Path path, boolean folder) throws IOException {
        BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (basic.isSymbolicLink()) {
            return "is a link";
        }
        if (folder ? !basic.isDirectory() : !basic.isRegularFile()) {
            return folder ? "is no folder" : "is no ordinary file";
        }
        if (!known(path)) {
            return null;
        }
        Map<String, Object> unix = Files.readAttributes(path, "unix:uid,nlink,mode", LinkOption.NOFOLLOW_LINKS);
        if (((Number) unix.get("uid")).longValue() != userId()) {
            return "belongs to "
                    + Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName();
        }
        if (!folder && ((Number) unix.get("nlink")).intValue() != 1) {
            return "has another name elsewhere";
        }
        String open = openToOthers(path);
        return open == null ? null : "is open to others (" + open + ")";
    }

    /**
     * The first folder above, or link on the way, by which somebody else could put another one in this one's place.
     *
     * @return a sentence's beginning: its name and what is wrong with it; null if there is none, or if that is not
     *     known
     */
    public static String replaceableAt(Path path) throws IOException {
        Path absolute = path.toAbsolutePath().normalize();
        if (!known(absolute)) {
            return null;
        }
        for (Path above = absolute.getParent(); above != null; above = above.getParent()) {
            if (Files.isSymbolicLink(above) && !trusted(above)) {
                return above + " is a link of "
                        + Files.getOwner(above, LinkOption.NOFOLLOW_LINKS).getName();
            }
        }
        Path real =
                absolute.getParent() == null ? absolute : absolute.getParent().toRealPath();
        for (Path above = real; above != null; above = above.getParent()) {
            int mode = ((Number) Files.getAttribute(above, "unix:mode", LinkOption.NOFOLLOW_LINKS)).intValue();
            if (!trusted(above)) {
                return above + " belongs to "
                        + Files.getOwner(above, LinkOption.NOFOLLOW_LINKS).getName();
            }
            if ((mode & WRITABLE_BY_OTHERS) != 0 && (mode & STICKY) == 0) {
                return above + " may be changed by others ("
                        + PosixFilePermissions.toString(Files.getPosixFilePermissions(above)) + ")";
            }
        }
        return null;
    }

    private static boolean trusted(Path path) throws IOException {
        long owner = ((Number) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS)).longValue();
        return owner == ROOT || owner == userId();
    }

    private static long userId() {
        return new UnixSystem().getUid();
    }
}
