package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.SystemCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The order of the durable steps as the operating system sees it: the journal's fdatasync has returned before the first
 * byte of the request leaves, and another one before the sealed credentials leave for the broker.
 */
class SystemCallOrderIT {
    /** The property PairingKeyId as Artemis puts it on the wire (UTF-16, little endian) and strace prints it. */
    private static final String KEY_ID = String.join("\\0", "PairingKeyId".split(""));

    @Test
    void writesTheJournalBeforeTheRequestAndBeforeTheCredentials(@TempDir Path folder) throws Exception {
        SystemCall.assumeStrace(SystemCallOrderIT.class);
        try (Stage stage = new Stage(folder)) {
            Path trace = folder.resolve("trace");
            Path log = folder.resolve("bridge.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            List<String> command = SystemCall.strace(
                    trace, "fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg,link,linkat,rename,renameat2");
            try (Child bridge = Child.java(command, CrashingBridge.class, log, settings.toString())) {
                bridge.awaitLog("started", 1);
                stage.send(Stage.request("job-traced", "otp-canary-traced"));
                stage.awaitOutcome("job-traced");
            }
            List<SystemCall> calls = SystemCall.read(trace);

            SystemCall post = SystemCall.first(
                    calls, c -> isSend(c) && c.text().contains("POST /v1/pay-connect/pair/"), "the request");
            SystemCall calling = SystemCall.first(
                    calls,
                    c -> isJournal(c)
                            && c.text().contains("CALLING")
                            && c.text().contains("job-traced"),
                    "CALLING in the journal");
            SystemCall firstSync = assertSyncedBetween(calls, calling, post, "the first byte of the request");

            SystemCall sealed = SystemCall.first(
                    calls,
                    c -> isJournal(c) && c.text().contains("SEALED") && c.begun() > post.begun(),
                    "SEALED in the journal");
            SystemCall publish = SystemCall.first(
                    calls,
                    c -> isSend(c) && c.begun() > post.begun() && c.text().contains(KEY_ID),
                    "the credentials on their way to the broker");
            assertKeyOfHashesIsKept(calls, Path.of(stage.settingTexts().get("pairing.data-directory")), calling);
            SystemCall secondSync = assertSyncedBetween(calls, sealed, publish, "the credentials");
            record(List.of(calling, firstSync, post, sealed, secondSync, publish));
        }
    }

    /** A hash without its key tells nothing: the key is on the disk, and so is its name, before a hash is. */
    private static void assertKeyOfHashesIsKept(List<SystemCall> calls, Path data, SystemCall calling) {
        Path key = data.toAbsolutePath().resolve("otp.key");
        SystemCall named = SystemCall.first(
                calls,
                c -> c.name().matches("link|linkat|rename|renameat2")
                        && c.text().contains("\"" + key + "\""),
                "the name of otp.key");
        String draft = named.text().substring(named.text().indexOf('"') + 1);
        Path written = Path.of(draft.substring(0, draft.indexOf('"')));
        assertThat(calls)
                .as("otp.key is synced before it has its name")
                .anyMatch(c -> c.syncs(written) && c.returned() < named.begun());
        assertThat(calls)
                .as("its folder is synced before the journal holds a hash")
                .anyMatch(c ->
                        c.syncs(key.getParent()) && c.begun() > named.returned() && c.returned() < calling.begun());
    }

    /** For the report on evidence: what was seen, without what was written. */
    private static void record(List<SystemCall> seen) throws IOException {
        List<String> what = List.of(
                "the journal takes CALLING",
                "and is on disk",
                "the first byte of the request leaves",
                "the journal takes SEALED",
                "and is on disk",
                "the sealed credentials leave for the broker");
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < seen.size(); i++) {
            SystemCall call = seen.get(i);
            String target = call.text().contains("journal.db-wal")
                    ? "journal.db-wal"
                    : call.text().contains("POST ") ? "endpoint" : "broker";
            lines.add(String.format("%-10s %-15s %s", call.name(), target, what.get(i)));
        }
        Files.createDirectories(Path.of("target/evidence"));
        Files.write(Path.of("target/evidence/system-calls.txt"), lines);
    }

    private static SystemCall assertSyncedBetween(
            List<SystemCall> calls, SystemCall written, SystemCall sent, String what) {
        assertThat(written.returned())
                .as("the journal is written before " + what)
                .isLessThan(sent.begun());
        return calls.stream()
                .filter(c -> (c.name().equals("fdatasync") || c.name().equals("fsync"))
                        && c.text().contains("journal.db-wal")
                        && c.begun() > written.returned()
                        && c.returned() < sent.begun())
                .findFirst()
                .orElseThrow(() -> new AssertionError("the journal is not synced between its write and " + what));
    }

    private static boolean isSend(SystemCall call) {
        return call.text().contains("TCP") && !call.name().contains("sync");
    }

    private static boolean isJournal(SystemCall call) {
        return call.name().equals("pwrite64") && call.text().contains("journal.db-wal");
    }
}
