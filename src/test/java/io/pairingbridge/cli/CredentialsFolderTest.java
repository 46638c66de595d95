package io.pairingbridge.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialsFolderTest {
    private static final byte[] CONTENT = "{\"client_secret\":\"s\"}".getBytes(UTF_8);

    @TempDir
    Path home;

    @Test
    void makesAFolderAndFilesForItsOwnerAlone() throws IOException {
        Path file = CredentialsFolder.open(home.resolve("a/b")).keep("job.1.json", CONTENT);
        assertThat(mode(home.resolve("a"))).isEqualTo("rwx------");
        assertThat(mode(home.resolve("a/b"))).isEqualTo("rwx------");
        assertThat(mode(file)).isEqualTo("rw-------");
        assertThat(file).hasBinaryContent(CONTENT);
        assertThat(names(home.resolve("a/b"))).containsExactly("job.1.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxr-----", "rwx-w----", "rwx--x---", "rwx---r--", "rwxrwxrwx"})
    void refusesAFolderThatIsOpenToOthers(String mode) throws IOException {
        Path folder = Files.createDirectory(home.resolve("open"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(mode));
        assertThatThrownBy(() -> CredentialsFolder.open(folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(mode);
        assertThat(names(folder)).isEmpty();
    }

    @Test
    void refusesWhatIsNoFolder() throws IOException {
        Path file = Files.writeString(home.resolve("file"), "x");
        assertThatThrownBy(() -> CredentialsFolder.open(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void takesTheSameContentAgain() throws IOException {
        CredentialsFolder folder = CredentialsFolder.open(home.resolve("out"));
        Path first = folder.keep("job.1.json", CONTENT);
        assertThat(folder.keep("job.1.json", CONTENT)).isEqualTo(first);
        assertThat(names(home.resolve("out"))).containsExactly("job.1.json");
    }

    @Test
    void neverOverwritesAnotherContent() throws IOException {
        CredentialsFolder folder = CredentialsFolder.open(home.resolve("out"));
        Path first = folder.keep("job.1.json", CONTENT);
        assertThatThrownBy(() -> folder.keep("job.1.json", "other".getBytes(UTF_8)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("never overwritten");
        assertThat(first).hasBinaryContent(CONTENT);
    }

    @Test
    void replacesWhatACrashLeftHalfWritten() throws IOException {
        CredentialsFolder.open(home.resolve("out"));
        Path draft = Files.writeString(home.resolve("out/.0123456789abcdef.part"), "{\"client_sec");
        Files.setLastModifiedTime(draft, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        CredentialsFolder folder = CredentialsFolder.open(home.resolve("out"));
        assertThat(folder.keep("job.1.json", CONTENT)).hasBinaryContent(CONTENT);
        assertThat(names(home.resolve("out"))).containsExactly("job.1.json");
    }

    @Test
    void refusesAFolderOfSomebodyElse() throws IOException {
        Path theirs = Files.createDirectory(
                home.resolve("theirs"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path prepared = Files.writeString(theirs.resolve("credentials.ndjson"), "");
        giveAway(prepared);
        giveAway(theirs);
        assertThatThrownBy(() -> CredentialsFolder.open(theirs))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("belongs to");
        assertThatThrownBy(() -> CredentialsFolder.open(theirs.resolve("mine")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("belongs to");
        assertThat(names(theirs)).containsExactly("credentials.ndjson");
    }

    @Test
    void refusesAFolderInWhosePlaceSomebodyElseMayPutAnother() throws IOException {
        Path open = Files.createDirectory(home.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> CredentialsFolder.open(open.resolve("mine")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(open + " may be changed by others");
        assertThat(names(open)).isEmpty();
        Files.setAttribute(open, "unix:mode", 0041777); // as /tmp is: there nobody may rename what is another's
        assertThat(CredentialsFolder.open(open.resolve("mine")).keep("job.1.json", CONTENT))
                .exists();
    }

    @Test
    void followsNoLink() throws IOException {
        Path out = home.resolve("out");
        CredentialsFolder folder = CredentialsFolder.open(out);
        assertThatThrownBy(() -> CredentialsFolder.open(Files.createSymbolicLink(home.resolve("link"), out)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a link");
        Path elsewhere = Files.writeString(home.resolve("elsewhere"), "");
        Files.createSymbolicLink(out.resolve("credentials.ndjson"), elsewhere);
        assertThatThrownBy(() -> folder.lines("credentials.ndjson"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a link");
        Files.write(elsewhere, CONTENT);
        Files.createSymbolicLink(out.resolve("job.1.json"), elsewhere);
        assertThatThrownBy(() -> folder.keep("job.1.json", CONTENT))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a link");
        Files.createSymbolicLink(out.resolve("job.2.json"), home.resolve("nowhere"));
        assertThatThrownBy(() -> folder.keep("job.2.json", CONTENT))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a link");
        assertThat(home.resolve("nowhere")).doesNotExist();
    }

    @Test
    void addsOnlyToAFileThatIsItsOwnAndNobodyElsesToo() throws IOException {
        CredentialsFolder folder = CredentialsFolder.open(home.resolve("out"));
        Path file = home.resolve("out/credentials.ndjson");
        folder.lines("credentials.ndjson");
        assertThat(mode(file)).isEqualTo("rw-------");
        folder.lines("credentials.ndjson");
        Files.createLink(home.resolve("other-name"), file);
        assertThatThrownBy(() -> folder.lines("credentials.ndjson")).hasMessageContaining("another name");
        Files.delete(home.resolve("other-name"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> folder.lines("credentials.ndjson")).hasMessageContaining("open to others");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        giveAway(file);
        assertThatThrownBy(() -> folder.lines("credentials.ndjson")).hasMessageContaining("belongs to");
    }

    /** To user nobody; only root may. */
    private static void giveAway(Path path) throws IOException {
        try {
            Files.setAttribute(path, "unix:uid", 65_534);
        } catch (FileSystemException e) {
            assumeThat(e).as("this user may give files away").isNull();
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
