package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fails each fsync of a running process with EIO, as the kernel reports it, and then works again. */
class JournalErrorIT {
    @Test
    void callsNobodyWhileFsyncFailsAndLosesNoAnswer(@TempDir Path folder) throws Exception {
        boolean strace = Files.isExecutable(Path.of("/usr/bin/strace"));
        if (!strace) {
            System.out.println("JournalErrorIT skipped: there is no /usr/bin/strace on this machine");
        }
        Assumptions.assumeTrue(strace, "there is no /usr/bin/strace on this machine");
        try (Stage stage = new Stage(folder)) {
            stage.set("pairing.endpoint.deadline", "1m");
            CountDownLatch called = new CountDownLatch(1);
            CountDownLatch failing = new CountDownLatch(1);
            stage.ledger().when("otp-canary-calling", call -> {
                called.countDown();
                assertThat(failing.await(1, TimeUnit.MINUTES)).isTrue();
                call.pairOnce();
            });
            Path log = folder.resolve("bridge.log");
            Path straceLog = folder.resolve("strace.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                bridge.awaitLog("started", 1);
                stage.send(Stage.request("calling", "otp-canary-calling"));
                assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();
                try (Child errors = Child.start(
                        List.of(
                                "/usr/bin/strace",
                                "-f",
                                "-p",
                                Long.toString(bridge.pid()),
                                "-e",
                                "trace=fsync,fdatasync",
                                "-e",
                                "inject=fsync,fdatasync:error=EIO",
                                "-o",
                                folder.resolve("trace").toString()),
                        straceLog,
                        Map.of())) {
                    errors.awaitLog("attached", 1);
                    failing.countDown();
                    bridge.awaitLog("Intake closed", 1);
                    stage.send(Stage.request("later", "otp-canary-later"));
                    bridge.awaitLog("Intake stays closed", 2);
                    assertThat(stage.ledger().posts("otp-canary-later"))
                            .as("no call that the journal does not know of")
                            .isEmpty();
                    stage.gather();
                    assertThat(stage.credentials())
                            .as("nothing is published of which no disk has said that it holds it")
                            .isEmpty();
                    errors.stop();
                }

                EndedJob.await(stage, "calling", "otp-canary-calling")
                        .paired()
                        .attempts(1)
                        .posts(1);
                EndedJob.await(stage, "later", "otp-canary-later")
                        .paired()
                        .attempts(1)
                        .posts(1);
            }
            assertThat(Files.readString(folder.resolve("trace"))).contains("EIO");
            Invariants.check(
                    stage, Map.of("calling", "otp-canary-calling", "later", "otp-canary-later"), 3, List.of(log));
        }
    }
}
