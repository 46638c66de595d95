package io.pairingbridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir
  private Path folder;

  @Test
  void remembersACrashUntilABridgeHasStartedAgain() throws Exception {
    Files.createFile(folder.resolve("running")); // as a process leaves it that is killed
    try (DataDirectory failedStart = DataDirectory.open(folder)) {
      assertThat(failedStart.afterCrash()).isTrue();
    }
    try (DataDirectory start = DataDirectory.open(folder)) {
      assertThat(start.afterCrash()).as("after a start that failed").isTrue();
      start.started();
    }
    try (DataDirectory next = DataDirectory.open(folder)) {
      assertThat(next.afterCrash()).as("after a run that ended in order").isFalse();
    }
  }

  @Test
  void takesAFailedStartForNoCrash() throws Exception {
    DataDirectory.open(folder).close();
    try (DataDirectory next = DataDirectory.open(folder)) {
      assertThat(next.afterCrash()).isFalse();
    }
  }
}
