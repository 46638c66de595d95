package io.pairingbridge.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.SystemCall;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is promised of written files, with a real kernel, a real kill and a disk that is really full. */
class DurableFilesIT {
    private static final int LENGTH = 2_000_000;

    @TempDir
    private Path folder;

    /** Writes each kind of file once. */
    public static final class Writer {
        private Writer() {}

        public static void main(String[] args) throws IOException {
            Path folder = PrivateFiles.makeFolder(Path.of(args[0]).resolve("made"));
            DurableFiles.create(folder.resolve("created"), "secret".getBytes(UTF_8));
            DurableFiles.replace(folder.resolve("replaced"), "secret".getBytes(UTF_8));
            DurableFiles.append(folder.resolve("appended"), "line\n".getBytes(UTF_8));
        }
    }

    /** Puts the next of two contents in place of the other until it is killed. */
    public static final class Replacer {
        private Replacer() {}

        public static void main(String[] args) throws IOException {
            Path file = Path.of(args[0]);
            for (int i = 0; ; i++) {
                DurableFiles.replace(
                        file,
                        String.valueOf((char) ('a' + i % 2)).repeat(LENGTH).getBytes(UTF_8));
                System.out.println("replaced");
            }
        }
    }

    @Test
    void syncsAFileBeforeItsNameAndItsFolderAfterwards() throws Exception {
        SystemCall.assumeStrace(DurableFilesIT.class);
        Path trace = folder.resolve("trace");
        List<String> strace = SystemCall.strace(trace, "fsync,fdatasync,write,rename,link,mkdir");
        try (Child writer = Child.java(strace, Writer.class, folder.resolve("log"), folder.toString())) {
            assertThat(writer.awaitEnd()).as("exit code").isZero();
        }
        List<SystemCall> calls = SystemCall.read(trace);
        Path made = folder.resolve("made");
        SystemCall mkdir = SystemCall.first(
                calls, c -> c.name().equals("mkdir") && c.text().contains(made.toString()), "mkdir");
        assertSynced(calls, folder, mkdir.returned(), "the folder above a new one");
        for (String name : List.of("created", "replaced")) {
            SystemCall named = SystemCall.first(
                    calls,
                    c -> c.name().matches("link|rename") && c.text().contains("\"" + made.resolve(name) + "\""),
                    "the name of " + name);
            Path draft = Path.of(named.text().split("\"")[1]);
            SystemCall write = SystemCall.first(
                    calls,
                    c -> c.name().equals("write") && c.text().contains("<" + draft + ">"),
                    "the content of " + name);
            assertThat(calls)
                    .as(name + " is synced between its content and its name")
                    .anyMatch(c -> c.syncs(draft) && c.begun() > write.returned() && c.returned() < named.begun());
            assertSynced(calls, made, named.returned(), "the folder of " + name);
        }
        Path appended = made.resolve("appended");
        SystemCall write = SystemCall.first(
                calls, c -> c.name().equals("write") && c.text().contains("<" + appended + ">"), "the line");
        assertSynced(calls, appended, write.returned(), "the line");
        assertSynced(calls, made, write.returned(), "the folder of a file that a line made");
    }

    private static void assertSynced(List<SystemCall> calls, Path path, int after, String what) {
        assertThat(calls).as(what + " is synced").anyMatch(c -> c.syncs(path) && c.begun() > after);
    }

    @Test
    void leavesTheOldFileOrTheNewOneWhenItIsKilled() throws Exception {
        Path file = folder.resolve("file");
        for (int round = 1; round <= 8; round++) {
            Path log = folder.resolve("log" + round);
            try (Child replacer = Child.java(Replacer.class, log, file.toString())) {
                replacer.awaitLog("replaced", round);
                replacer.kill();
            }
            String content = Files.readString(file);
            assertThat(content).hasSize(LENGTH).isIn("a".repeat(LENGTH), "b".repeat(LENGTH));
        }
        try (Stream<Path> all = Files.list(folder)) {
            assertThat(all.map(path -> path.getFileName().toString()))
                    .as("besides drafts")
                    .allMatch(name -> name.matches("file|log\\d|\\.[0-9a-f]{16}\\.part"));
        }
    }

    @Test
    void leavesEverythingAsItWasOnAFullDisk() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.toString()) == 0;
        if (!mounted) {
            System.out.println("DurableFilesIT: the full disk is left out, because this user may not mount a tmpfs");
        }
        Assumptions.assumeTrue(mounted, "this user may not mount a tmpfs");
        try {
            byte[] large = new byte[200_000];
            Path file = disk.resolve("file");
            DurableFiles.replace(file, "old".getBytes(UTF_8));
            Path log = disk.resolve("log");
            DurableFiles.append(log, "line\n".getBytes(UTF_8));
            fill(disk.resolve("filler"), 150_000);

            assertThatThrownBy(() -> DurableFiles.replace(file, large)).hasMessageContaining("No space");
            assertThatThrownBy(() -> DurableFiles.create(disk.resolve("key"), large))
                    .hasMessageContaining("No space");
            assertThatThrownBy(() -> DurableFiles.append(log, large)).hasMessageContaining("No space");

            assertThat(file).hasContent("old");
            assertThat(log).hasContent("line\n");
            assertThat(disk.toFile().list()).containsExactlyInAnyOrder("file", "log", "filler");
            Files.delete(disk.resolve("filler"));
            DurableFiles.append(log, "next\n".getBytes(UTF_8));
            assertThat(log).hasContent("line\nnext\n");
        } finally {
            run("umount", "-l", disk.toString());
        }
    }

    private static void fill(Path file, int bytes) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(new byte[bytes]);
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
