package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The order of the durable steps as the operating system sees it: the journal's fdatasync has returned before the first
 * byte of the request leaves, and another one before the sealed credentials leave for the broker.
 */
class SystemCallOrderIT {
    private static final Pattern LINE = Pattern.compile("(\\d+) +(?:<\\.\\.\\. )?(\\w+)(.*)");

    /** The property PairingKeyId as Artemis puts it on the wire (UTF-16, little endian) and strace prints it. */
    private static final String KEY_ID = String.join("\\0", "PairingKeyId".split(""));

    /** One system call that has returned, at the place where it returned; {@code text} holds its arguments. */
    private record SystemCall(String name, String text, int begun, int returned) {}

    @Test
    void writesTheJournalBeforeTheRequestAndBeforeTheCredentials(@TempDir Path folder) throws Exception {
        boolean strace = Files.isExecutable(Path.of("/usr/bin/strace"));
        if (!strace) {
            System.out.println("SystemCallOrderIT skipped: there is no /usr/bin/strace on this machine");
        }
        Assumptions.assumeTrue(strace, "there is no /usr/bin/strace on this machine");
        try (Stage stage = new Stage(folder)) {
            Path trace = folder.resolve("trace");
            Path log = folder.resolve("bridge.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            List<String> command = List.of(
                    "/usr/bin/strace",
                    "-f",
                    "-yy",
                    "-s",
                    "9000",
                    "-e",
                    "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg",
                    "-o",
                    trace.toString());
            try (Child bridge = Child.java(command, CrashingBridge.class, log, settings.toString())) {
                bridge.awaitLog("started", 1);
                stage.send(Stage.request("job-traced", "otp-canary-traced"));
                stage.awaitOutcome("job-traced");
            }
            List<SystemCall> calls = read(trace);

            SystemCall post =
                    first(calls, c -> isSend(c) && c.text().contains("POST /v1/pay-connect/pair/"), "the request");
            SystemCall calling = first(
                    calls,
                    c -> isJournal(c)
                            && c.text().contains("CALLING")
                            && c.text().contains("job-traced"),
                    "CALLING in the journal");
            SystemCall firstSync = assertSyncedBetween(calls, calling, post, "the first byte of the request");

            SystemCall sealed = first(
                    calls,
                    c -> isJournal(c) && c.text().contains("SEALED") && c.begun() > post.begun(),
                    "SEALED in the journal");
            SystemCall publish = first(
                    calls,
                    c -> isSend(c) && c.begun() > post.begun() && c.text().contains(KEY_ID),
                    "the credentials on their way to the broker");
            SystemCall secondSync = assertSyncedBetween(calls, sealed, publish, "the credentials");
            record(List.of(calling, firstSync, post, sealed, secondSync, publish));
        }
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

    private static SystemCall first(
            List<SystemCall> calls, java.util.function.Predicate<SystemCall> which, String what) {
        return calls.stream()
                .filter(which)
                .findFirst()
                .orElseThrow(() -> new AssertionError("not in the trace: " + what));
    }

    /** Joins calls that strace shows in two pieces because another thread came between. */
    private static List<SystemCall> read(Path trace) throws IOException {
        List<SystemCall> calls = new ArrayList<>();
        Map<String, Object[]> unfinished = new HashMap<>();
        List<String> lines = Files.readAllLines(trace, StandardCharsets.ISO_8859_1);
        for (int i = 0; i < lines.size(); i++) {
            Matcher line = LINE.matcher(lines.get(i));
            if (!line.matches()) {
                continue;
            }
            String thread = line.group(1);
            if (lines.get(i).contains("<unfinished ...>")) {
                unfinished.put(thread, new Object[] {i, line.group(3)});
            } else if (lines.get(i).contains("resumed>")) {
                Object[] start = unfinished.remove(thread);
                if (start != null) {
                    calls.add(new SystemCall(line.group(2), start[1] + line.group(3), (Integer) start[0], i));
                }
            } else {
                calls.add(new SystemCall(line.group(2), line.group(3), i, i));
            }
        }
        return calls;
    }
}
