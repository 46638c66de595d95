package io.pairingbridge.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/**
 * One system call that has returned, as strace saw it.
 *
 * @param text holds its arguments; file descriptors with their paths
 * @param begun the line of the trace where it began
 * @param returned the line where it returned
 */
public record SystemCall(String name, String text, int begun, int returned) {
    private static final Pattern LINE = Pattern.compile("(\\d+) +(?:<\\.\\.\\. )?(\\w+)(.*)");
    private static final Path STRACE = Path.of("/usr/bin/strace");

    /** Skips a test, and says so, where there is no strace. */
    public static void assumeStrace(Class<?> test) {
        if (!Files.isExecutable(STRACE)) {
            System.out.println(test.getSimpleName() + " skipped: there is no " + STRACE + " on this machine");
        }
        Assumptions.assumeTrue(Files.isExecutable(STRACE), "there is no " + STRACE + " on this machine");
    }

    /** The beginning of a command line that leaves a trace of these calls of all threads. */
    public static List<String> strace(Path trace, String calls) {
        return List.of(STRACE.toString(), "-f", "-yy", "-s", "9000", "-e", "trace=" + calls, "-o", trace.toString());
    }

    /** The calls in the order of their return; joins those that strace shows in two pieces, another thread between. */
    public static List<SystemCall> read(Path trace) throws IOException {
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

    /** The first of these calls that fits. */
    public static SystemCall first(List<SystemCall> calls, Predicate<SystemCall> which, String what) {
        return calls.stream()
                .filter(which)
                .findFirst()
                .orElseThrow(() -> new AssertionError("not in the trace: " + what));
    }

    /** Whether this is a sync of the file or folder that is open under this path. */
    public boolean syncs(Path path) {
        return name.matches("fsync|fdatasync") && text.contains("<" + path + ">") && text.endsWith("= 0");
    }
}
