package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.intake.Gate;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real disk that is full, or read-only: a tmpfs of a few megabytes, where the machine lets us mount one. The injected
 * I/O error of JournalContract covers the same where it does not.
 */
class DiskIT {
    @TempDir
    private Path folder;

    private Path disk;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createDirectory(folder.resolve("disk"));
        boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk.toString()) == 0;
        if (!mounted) {
            System.out.println(
                    "DiskIT skipped: this user may not mount a tmpfs; JournalContract injects the error instead");
        }
        Assumptions.assumeTrue(mounted, "this user may not mount a tmpfs");
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", "-l", disk.toString());
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Test
    void closesTheIntakeOnAFullDiskAndGoesOnWhenThereIsSpace() throws Exception {
        try (Stage stage = new Stage(folder.resolve("stage"))) {
            stage.set("pairing.journal.url", "jdbc:sqlite:" + disk.resolve("journal.db"));
            stage.startBridge();
            stage.send(Stage.request("before", "otp-before"));
            stage.awaitOutcome("before");
            fill();

            stage.send(Stage.request("full", "otp-full"));

            awaitClosed(stage);
            assertThat(stage.bridge().intake().status().reason()).contains("journal.db", "full", "space");
            assertThat(stage.ledger().posts("otp-full"))
                    .as("no call that the journal does not know of")
                    .isEmpty();
            assertThat(stage.outcomes("full")).isEmpty();

            Files.delete(disk.resolve("filler"));
            assertThat(stage.awaitOutcome("full").get("outcome").asText()).isEqualTo("PAIRED");
            assertThat(stage.ledger().posts("otp-full")).hasSize(1);
        }
    }

    @Test
    void keepsAnAnswerThatCameWhileTheDiskWasFull() throws Exception {
        try (Stage stage = new Stage(folder.resolve("stage"))) {
            stage.set("pairing.journal.url", "jdbc:sqlite:" + disk.resolve("journal.db"))
                    .set("pairing.endpoint.deadline", "20s");
            CountDownLatch posted = new CountDownLatch(1);
            CountDownLatch full = new CountDownLatch(1);
            stage.ledger().otherwise(call -> {
                posted.countDown();
                full.await(60, TimeUnit.SECONDS);
                call.pairOnce();
            });
            stage.startBridge();
            stage.send(Stage.request("inflight", "otp-inflight"));
            assertThat(posted.await(60, TimeUnit.SECONDS)).isTrue();
            fill();
            full.countDown();

            awaitClosed(stage);
            Files.delete(disk.resolve("filler"));

            assertThat(stage.awaitOutcome("inflight").get("outcome").asText()).isEqualTo("PAIRED");
            stage.gather();
            assertThat(stage.credentials()).hasSize(1);
            assertThat(stage.ledger().posts("otp-inflight")).hasSize(1);
        }
    }

    @Test
    void refusesToStartOnAReadOnlyDisk() throws Exception {
        try (Stage stage = new Stage(folder.resolve("stage"))) {
            stage.set("pairing.journal.url", "jdbc:sqlite:" + disk.resolve("journal.db"));
            stage.ledger().otherwise(Call::pairOnce);
            stage.startBridge();
            stage.stopBridge();
            // A file system cannot be made read-only while a writer has a file open, so it is done between two lives.
            assertThat(run("mount", "-o", "remount,ro", disk.toString())).isZero();

            assertThatThrownBy(stage::startBridge)
                    .hasMessageContaining("journal.db")
                    .hasMessageContaining("readonly")
                    .hasMessageContaining("permissions");

            assertThat(run("mount", "-o", "remount,rw", disk.toString())).isZero();
            stage.startBridge();
            stage.send(Stage.request("after", "otp-after"));
            assertThat(stage.awaitOutcome("after").get("outcome").asText()).isEqualTo("PAIRED");
        }
    }

    private static void awaitClosed(Stage stage) {
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge().intake().status().gate() == Gate.CLOSED);
    }

    /** Leaves not a byte. */
    private void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(disk.resolve("filler"))) {
            byte[] block = new byte[4096];
            while (true) {
                out.write(block);
            }
        } catch (IOException e) {
            // full, as wanted
        }
    }
}
