package io.pairingbridge.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Writes files that survive a crash of the process and of the machine.
 *
 * <p><b>After a return</b> the content is on the disk, and so is the file's name: the file is synced before it gets its
 * name, and its folder afterwards.
 *
 * <p><b>A crash</b> leaves the old file or the new one, never a part of it; for {@link #append} see there. It may leave
 * a draft beside it, of the name {@code .<16 hexadecimal digits>.part} and the file's mode; {@link #removeDrafts}
 * deletes it.
 *
 * <p><b>An exception</b>, as on a full disk, leaves the old file, or none where there was none, and no draft. The one
 * exception to that: if only the sync of the folder failed, the new file is there, and a crash of the machine may still
 * take it back. A failed sync is never repeated: the kernel reports a lost write once.
 *
 * <p><b>Modes:</b> a file is for its owner alone (0600) from its first moment unless the caller asks for another mode.
 * Where the file system knows no permissions, it has those that the file system gives it.
 *
 * <p><b>Not promised:</b> which of two writers at the same moment wins; that the name is on the disk where the file
 * system cannot sync a folder, or where this user may not open it for reading.
 */
public final class DurableFiles {
    /** A draft that nobody touched for this long belongs to a writer that crashed. */
    private static final Duration ABANDONED = Duration.ofHours(1);

    private static final Pattern DRAFT = Pattern.compile("\\.[0-9a-f]{16}\\.part");
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    /** What the operating system answers for a folder that its file system cannot sync (EINVAL, ENOTSUP). */
    private static final List<String> CANNOT_SYNC = List.of("Invalid argument", "not supported");

    private static final SecureRandom RANDOM = new SecureRandom();

    private DurableFiles() {}

    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes it from its beginning to its end.
         *
         * @param out is buffered, and closed by the caller
         * @throws IOException which the caller of {@link DurableFiles} gets
         * @throws UncheckedIOException whose cause that caller gets
         */
        void write(OutputStream out) throws IOException;
    }

    /**
     * Makes a file of mode 0600. Never replaces anything: of several that create it at the same moment, one succeeds.
     * On a file system without hard links the last of them may win instead.
     *
     * @throws FileAlreadyExistsException if anything has that name, be it a link that leads nowhere
     * @throws IOException if it cannot be written
     */
    public static void create(Path file, byte[] content) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        PathFolder folder = Folder.of(file);
        removeDrafts(folder.path());
        put(
                folder,
                OWNER_ONLY,
                out -> out.write(content),
                draft -> link(folder.path().resolve(draft), file));
    }

    /** Unlike a move, a link never replaces a file that somebody has put there in between. */
    private static void link(Path draft, Path file) throws IOException {
        try {
            Files.createLink(file, draft);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            // No hard links here, or another failure, which the move meets as well.
            Files.move(draft, file);
        }
    }

    /** As {@link #replace(Path, Set, Content)}, with mode 0600. */
    public static void replace(Path file, byte[] content) throws IOException {
        replace(file, OWNER_ONLY, out -> out.write(content));
    }

    /**
     * Puts a file in place of the one of that name, or makes it. Readers see the old file or the new one. A link of
     * that name is replaced, and what it leads to is left alone.
     *
     * @param mode what the file's mode is, whatever the umask
     * @throws IOException if it cannot be written
     */
    public static void replace(Path file, Set<PosixFilePermission> mode, Content content) throws IOException {
        Folder folder = Folder.of(file);
        put(folder, mode, content, draft -> folder.move(draft, file.getFileName()));
    }

    /**
     * As {@link #replace(Path, Set, Content)}, in a folder that is held open, whatever its path leads to meanwhile.
     *
     * @param name a single name
     * @param mode less what the umask takes away
     */
    public static void replace(
            SecureDirectoryStream<Path> folder, Path name, Set<PosixFilePermission> mode, Content content)
            throws IOException {
        Folder held = new HeldFolder(folder);
        put(held, mode, content, draft -> held.move(draft, name));
    }

    private interface Naming {
        void name(String draft) throws IOException;
    }

    private static void put(Folder folder, Set<PosixFilePermission> mode, Content content, Naming naming)
            throws IOException {
        String draft = "." + HexFormat.of().toHexDigits(RANDOM.nextLong()) + ".part";
        try {
            try (FileChannel channel = folder.make(draft, mode)) {
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
                content.write(out);
                out.flush();
                channel.force(true);
            }
            naming.name(draft);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            deleteQuietly(folder, draft);
        }
        sync(folder);
    }

    private static void deleteQuietly(Folder folder, String draft) {
        try {
            folder.delete(draft);
        } catch (IOException e) {
            // The file is in place, or the failure that led here is the one to report; removeDrafts tries again.
            return;
        }
    }

    /**
     * Adds bytes to the end of a file, which is made with mode 0600 if it is not there. One writer at a time.
     *
     * <p>A crash of the machine may leave a part of these bytes at the end. After an exception the file ends where it
     * ended before, unless somebody else has added to it meanwhile.
     *
     * @param options {@link LinkOption#NOFOLLOW_LINKS} to refuse a link
     * @throws IOException if they cannot be written
     */
    public static void append(Path file, byte[] bytes, LinkOption... options) throws IOException {
        boolean empty;
        Set<OpenOption> all = new HashSet<>(Arrays.asList(options));
        all.addAll(Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
        try (FileChannel channel = FileChannel.open(file, all, PrivateFiles.file(file))) {
            long before = channel.size();
            empty = before == 0;
            ByteBuffer rest = ByteBuffer.wrap(bytes);
            try {
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            } catch (IOException e) {
                takeBack(channel, before, rest.position(), e);
                throw e;
            }
        }
        if (empty) {
            sync(Folder.of(file));
        }
    }

    private static void takeBack(FileChannel channel, long before, int written, IOException why) {
        try {
            if (channel.size() == before + written) {
                channel.truncate(before);
            }
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    /**
     * Makes sure of a file that is there already: whoever wrote it may have died before it was on the disk.
     *
     * @throws IOException if it cannot be read or synced
     */
    public static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(true);
        }
        sync(Folder.of(file));
    }

    /** Makes sure of the names in a folder, as far as its file system can. */
    static void syncFolder(Path folder) throws IOException {
        sync(new PathFolder(folder));
    }

    private static void sync(Folder folder) throws IOException {
        try (FileChannel channel = folder.open()) {
            channel.force(true);
        } catch (FileSystemException e) {
            // Folders cannot be opened here (Windows), or not by this user. What a sync throws is no
            // FileSystemException.
            return;
        } catch (IOException e) {
            if (e.getMessage() == null || CANNOT_SYNC.stream().noneMatch(e.getMessage()::contains)) {
                throw e;
            }
        } catch (UnsupportedOperationException e) {
            // Nor is there a file system with channels for folders.
            return;
        }
    }

    /**
     * Deletes the drafts of writers that crashed: those that nobody has touched for an hour.
     *
     * @throws IOException if the folder cannot be listed
     */
    public static void removeDrafts(Path folder) throws IOException {
        Instant before = Instant.now().minus(ABANDONED);
        try (DirectoryStream<Path> drafts = Files.newDirectoryStream(
                folder, name -> DRAFT.matcher(name.getFileName().toString()).matches())) {
            for (Path draft : drafts) {
                deleteIfOlder(draft, before);
            }
        }
    }

    private static void deleteIfOlder(Path draft, Instant before) {
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(draft, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isDirectory()
                    && attributes.lastModifiedTime().toInstant().isBefore(before)) {
                Files.deleteIfExists(draft);
            }
        } catch (IOException e) {
            // It is gone, or somebody else's.
            return;
        }
    }

    /** Where a file is put. */
    private interface Folder {
        /** The folder above this file. */
        static PathFolder of(Path file) {
            return new PathFolder(file.toAbsolutePath().getParent());
        }

        FileChannel make(String draft, Set<PosixFilePermission> mode) throws IOException;

        void move(String draft, Path to) throws IOException;

        void delete(String draft) throws IOException;

        /** For a sync of the folder itself. */
        FileChannel open() throws IOException;
    }

    private record PathFolder(Path path) implements Folder {
        @Override
        public FileChannel make(String draft, Set<PosixFilePermission> mode) throws IOException {
            Path file = path.resolve(draft);
            FileChannel made = FileChannel.open(
                    file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), PrivateFiles.file(file));
            try {
                if (PrivateFiles.known(file) && !mode.equals(OWNER_ONLY)) {
                    Files.setPosixFilePermissions(file, mode);
                }
                return made;
            } catch (IOException e) {
                made.close();
                throw e;
            }
        }

        @Override
        public void move(String draft, Path to) throws IOException {
            Files.move(
                    path.resolve(draft),
                    path.resolve(to),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        public void delete(String draft) throws IOException {
            Files.deleteIfExists(path.resolve(draft));
        }

        @Override
        public FileChannel open() throws IOException {
            return FileChannel.open(path, StandardOpenOption.READ);
        }
    }

    private record HeldFolder(SecureDirectoryStream<Path> stream) implements Folder {
        @Override
        public FileChannel make(String draft, Set<PosixFilePermission> mode) throws IOException {
            FileAttribute<?> attribute = PosixFilePermissions.asFileAttribute(mode);
            return (FileChannel) stream.newByteChannel(
                    Path.of(draft),
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                    attribute);
        }

        @Override
        public void move(String draft, Path to) throws IOException {
            stream.move(Path.of(draft), stream, to);
        }

        @Override
        public void delete(String draft) throws IOException {
            try {
                stream.deleteFile(Path.of(draft));
            } catch (NoSuchFileException e) {
                // as wanted
                return;
            }
        }

        @Override
        public FileChannel open() throws IOException {
            return (FileChannel) stream.newByteChannel(Path.of("."), Set.of(StandardOpenOption.READ));
        }
    }
}
