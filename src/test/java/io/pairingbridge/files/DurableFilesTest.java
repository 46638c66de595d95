package io.pairingbridge.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is promised of a file that was written; the order of syncs and names is {@link DurableFilesIT}'s. */
class DurableFilesTest {
    private static final Set<PosixFilePermission> FOR_ALL = PosixFilePermissions.fromString("rw-r--r--");

    @TempDir
    private Path folder;

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void createsAFileForItsOwnerAlone() throws IOException {
        Path file = folder.resolve("key");
        DurableFiles.create(file, bytes("secret"));
        assertThat(file).hasContent("secret");
        assertThat(mode(file)).isEqualTo("rw-------");
        assertThat(Files.getAttribute(file, "unix:nlink")).as("its only name").isEqualTo(1);
        assertThat(names()).containsExactly("key");
    }

    @Test
    void neverCreatesAFileOverWhatIsThere() throws IOException {
        Path file = Files.writeString(folder.resolve("key"), "first");
        assertThatThrownBy(() -> DurableFiles.create(file, bytes("second")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(file).hasContent("first");
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
        assertThatThrownBy(() -> DurableFiles.create(link, bytes("second")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(folder.resolve("nowhere")).doesNotExist();
        assertThat(names()).containsExactlyInAnyOrder("key", "link");
    }

    @Test
    void letsOneOfSeveralCreatorsSucceed() throws Exception {
        int creators = 8;
        ExecutorService threads = Executors.newFixedThreadPool(creators);
        try {
            for (int round = 0; round < 20; round++) {
                Path file = folder.resolve("key" + round);
                CyclicBarrier together = new CyclicBarrier(creators);
                List<Callable<String>> tries = new ArrayList<>();
                for (int i = 0; i < creators; i++) {
                    String mine = "creator " + i;
                    tries.add(() -> {
                        together.await();
                        try {
                            DurableFiles.create(file, bytes(mine));
                            return mine;
                        } catch (FileAlreadyExistsException e) {
                            return null;
                        }
                    });
                }
                List<String> succeeded = new ArrayList<>();
                for (Future<String> one : threads.invokeAll(tries)) {
                    if (one.get() != null) {
                        succeeded.add(one.get());
                    }
                }
                assertThat(succeeded).hasSize(1);
                assertThat(file).hasContent(succeeded.get(0));
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(names()).hasSize(20);
    }

    @Test
    void showsReadersTheOldFileOrTheNewOne() throws Exception {
        Path file = folder.resolve("report");
        List<String> contents = List.of("a".repeat(200_000), "b".repeat(100_000));
        DurableFiles.replace(file, bytes(contents.get(0)));
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> reader = thread.submit(() -> {
                int read = 0;
                while (!Thread.currentThread().isInterrupted()) {
                    String seen = Files.readString(file);
                    if (!contents.contains(seen)) {
                        throw new AssertionError("a part of " + seen.length() + " characters");
                    }
                    read++;
                    if (read == 200) {
                        return read;
                    }
                }
                return read;
            });
            for (int i = 1; !reader.isDone(); i++) {
                DurableFiles.replace(file, bytes(contents.get(i % 2)));
            }
            assertThat(reader.get()).isEqualTo(200);
        } finally {
            thread.shutdownNow();
        }
        assertThat(names()).containsExactly("report");
    }

    @Test
    void replacesALinkAndLeavesWhatItLeadsTo() throws IOException {
        Path elsewhere = Files.writeString(folder.resolve("elsewhere"), "theirs");
        Path link = Files.createSymbolicLink(folder.resolve("link"), elsewhere);
        DurableFiles.replace(link, bytes("ours"));
        assertThat(link).isRegularFile().hasContent("ours");
        assertThat(Files.isSymbolicLink(link)).isFalse();
        assertThat(elsewhere).hasContent("theirs");
    }

    @Test
    void givesTheModeThatIsAskedFor() throws IOException {
        Path file = folder.resolve("public");
        DurableFiles.replace(file, PosixFilePermissions.fromString("rw-rw-rw-"), out -> out.write('x'));
        assertThat(mode(file)).as("whatever the umask").isEqualTo("rw-rw-rw-");
        DurableFiles.replace(file, FOR_ALL, out -> out.write('x'));
        assertThat(mode(file)).isEqualTo("rw-r--r--");
        DurableFiles.replace(file, bytes("x"));
        assertThat(mode(file)).isEqualTo("rw-------");
    }

    @Test
    void hidesADraftFromOthersWhileItIsWritten() throws IOException {
        DurableFiles.replace(folder.resolve("file"), PosixFilePermissions.fromString("rw-------"), out -> {
            List<String> drafts = names();
            assertThat(drafts).singleElement().asString().matches("\\.[0-9a-f]{16}\\.part");
            assertThat(mode(folder.resolve(drafts.get(0)))).isEqualTo("rw-------");
        });
    }

    @Test
    void leavesTheOldFileIfTheNewOneCannotBeWritten() throws IOException {
        Path file = folder.resolve("file");
        DurableFiles.replace(file, bytes("old"));
        IOException full = new IOException("No space left on device");
        assertThatThrownBy(() -> DurableFiles.replace(file, FOR_ALL, out -> {
                    out.write(new byte[100_000]);
                    throw full;
                }))
                .isSameAs(full);
        assertThatThrownBy(() -> DurableFiles.replace(file, FOR_ALL, out -> {
                    throw new UncheckedIOException(full);
                }))
                .isSameAs(full);
        assertThatThrownBy(() -> DurableFiles.replace(folder.resolve("new"), FOR_ALL, out -> {
                    throw new IllegalStateException("the database is gone");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(file).hasContent("old");
        assertThat(names()).as("no draft, no empty file").containsExactly("file");
    }

    @Test
    void replacesInAFolderThatIsHeldWhateverItsPathLeadsTo() throws IOException {
        Path held = Files.createDirectory(folder.resolve("held"));
        Path other = Files.createDirectory(folder.resolve("other"));
        try (SecureDirectoryStream<Path> stream = (SecureDirectoryStream<Path>) Files.newDirectoryStream(held)) {
            Files.move(held, folder.resolve("moved"));
            Files.createSymbolicLink(held, other);
            DurableFiles.replace(
                    stream, Path.of("report"), PosixFilePermissions.fromString("rw-r-----"), out -> out.write('x'));
            assertThatThrownBy(() -> DurableFiles.replace(stream, Path.of("report"), FOR_ALL, out -> {
                        throw new IOException("No space left on device");
                    }))
                    .hasMessageContaining("No space");
        }
        assertThat(folder.resolve("moved/report")).hasContent("x");
        assertThat(folder.resolve("moved").toFile().list()).containsExactly("report");
        assertThat(other).isEmptyDirectory();
    }

    @Test
    void addsToTheEndOfAFile() throws IOException {
        Path file = folder.resolve("log");
        DurableFiles.append(file, bytes("one\n"));
        assertThat(mode(file)).isEqualTo("rw-------");
        DurableFiles.append(file, bytes("two\n"));
        assertThat(file).hasContent("one\ntwo\n");
    }

    @Test
    void addsBehindALinkOnlyIfAllowed() throws IOException {
        Path target = Files.writeString(folder.resolve("target"), "");
        Path link = Files.createSymbolicLink(folder.resolve("link"), target);
        assertThatThrownBy(() -> DurableFiles.append(link, bytes("x"), LinkOption.NOFOLLOW_LINKS))
                .isInstanceOf(IOException.class);
        assertThat(target).isEmptyFile();
        DurableFiles.append(link, bytes("x"));
        assertThat(target).hasContent("x");
    }

    @Test
    void removesDraftsThatNobodyHasTouchedForAnHour() throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofMinutes(61)));
        Path abandoned = Files.writeString(folder.resolve(".00c0ffee00c0ffee.part"), "half");
        Path lookalike = Files.writeString(folder.resolve(".c0ffee.part"), "somebody's");
        Path folderOfThatName = Files.createDirectory(folder.resolve(".00c0ffee00c0ffef.part"));
        for (Path path : List.of(abandoned, lookalike, folderOfThatName)) {
            Files.setLastModifiedTime(path, old);
        }
        Path beingWritten = Files.writeString(folder.resolve(".00c0ffee00c0ffe0.part"), "half");
        DurableFiles.removeDrafts(folder);
        assertThat(abandoned).doesNotExist();
        assertThat(lookalike).exists();
        assertThat(folderOfThatName).exists();
        assertThat(beingWritten).exists();
    }

    @Test
    void removesWhatACrashLeftBeforeItCreatesAFile() throws IOException {
        Path abandoned = Files.writeString(folder.resolve(".00c0ffee00c0ffee.part"), "half");
        Files.setLastModifiedTime(abandoned, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        DurableFiles.create(folder.resolve("key"), bytes("secret"));
        assertThat(names()).containsExactly("key");
    }

    @Test
    void syncsWhatIsThereAndSaysIfItIsNot() throws IOException {
        DurableFiles.sync(Files.writeString(folder.resolve("file"), "x"));
        assertThatThrownBy(() -> DurableFiles.sync(folder.resolve("nothing"))).isInstanceOf(IOException.class);
    }

    /** A zip file: no owners, no hard links, no channels for folders. */
    @Test
    void writesWhereTheFileSystemKnowsLess() throws IOException {
        URI zip = URI.create("jar:" + folder.resolve("files.zip").toUri());
        try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            Path file = files.getPath("/file");
            DurableFiles.create(file, bytes("first"));
            assertThat(Files.readString(file)).isEqualTo("first");
            assertThatThrownBy(() -> DurableFiles.create(file, bytes("second")))
                    .isInstanceOf(FileAlreadyExistsException.class);
            DurableFiles.replace(file, FOR_ALL, out -> out.write(bytes("second")));
            assertThat(Files.readString(file)).isEqualTo("second");
            try (Stream<Path> all = Files.list(files.getPath("/"))) {
                assertThat(all.map(Path::toString)).containsExactly("/file");
            }
        }
    }

    @Test
    void goesOnWhereTheFileSystemCannotSyncFolders() {
        Path cannot = Path.of("/proc");
        assumeThat(cannot).exists();
        assertThatCode(() -> DurableFiles.syncFolder(cannot)).doesNotThrowAnyException();
    }

    @Test
    void makesAllFoldersThatAreMissing() throws IOException {
        Path made = PrivateFiles.makeFolder(folder.resolve("a/b/c"));
        assertThat(made).isDirectory();
        assertThat(mode(folder.resolve("a"))).isEqualTo("rwx------");
        assertThat(PrivateFiles.makeFolder(made)).isDirectory();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
