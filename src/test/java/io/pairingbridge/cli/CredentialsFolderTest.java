package io.pairingbridge.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
    assertThatThrownBy(() -> CredentialsFolder.open(folder)).isInstanceOf(IOException.class).hasMessageContaining(mode);
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void refusesWhatIsNoFolder() throws IOException {
    Path file = Files.writeString(home.resolve("file"), "x");
    assertThatThrownBy(() -> CredentialsFolder.open(file)).isInstanceOf(IOException.class)
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
        .isInstanceOf(IOException.class).hasMessageContaining("never overwritten");
    assertThat(first).hasBinaryContent(CONTENT);
  }

  @Test
  void replacesWhatACrashLeftHalfWritten() throws IOException {
    CredentialsFolder folder = CredentialsFolder.open(home.resolve("out"));
    Files.writeString(home.resolve("out/.job.1.json.part"), "{\"client_sec");
    assertThat(folder.keep("job.1.json", CONTENT)).hasBinaryContent(CONTENT);
    assertThat(names(home.resolve("out"))).containsExactly("job.1.json");
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
