package io.pairingbridge.fuzz;

import io.pairingbridge.batch.InboxProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The inbox of a bridge in the locale C, as under cron and in bare containers: files of every name and kind. Each must
 * leave the inbox within some rounds and end in {@code failed/} or {@code done/}; nothing that a link leads to may
 * change.
 */
final class InboxDoor implements Door {
    private static final int MOST_ROUNDS = 12;
    private static final String[] ENDINGS = {
        ".csv", ".CSV", ".json", ".ndjson", ".txt", ".tsv", ".jsonl", ".xlsx", ".gz", ".zip"
    };
    private static final String[] CONTENTS = {
        "", "no header\n", "name,otp\n", "\ufeff", "[", "{}", "PK\u0003\u0004", "name,otp,a\u0000,a\u0000\n", "[]"
    };

    private final Path folder;
    private final Path inbox;
    private final Path outside;
    private Process process;
    private BufferedReader answers;

    InboxDoor(Path folder) throws Exception {
        this.folder = folder;
        this.inbox = Files.createDirectories(folder.resolve("inbox"));
        this.outside = Files.writeString(folder.resolve("outside.csv"), "canary");
        start();
    }

    private void start() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                InboxProcess.class.getName(),
                inbox.toString(),
                folder.toString());
        builder.environment().put("LC_ALL", "C");
        builder.redirectError(folder.resolve("inbox.log").toFile());
        process = builder.start();
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String encoding = answer();
        if (!encoding.contains("ANSI") && !encoding.contains("ASCII")) {
            throw new AssertionError("the process is not in the locale C: " + encoding);
        }
    }

    private String answer() throws IOException {
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith("answer ")) {
                return line;
            }
        }
        throw new AssertionError("the inbox's process has ended");
    }

    private String round() throws IOException {
        OutputStream out = process.getOutputStream();
        out.write('\n');
        out.flush();
        return answer();
    }

    @Override
    public Fate tryOne(Random random) throws Exception {
        List<String> names = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            String name = name(random);
            if (put(path(inbox, name), random)) {
                names.add(name);
                if (random.nextInt(3) > 0 && name.length() < 200) {
                    Files.writeString(path(inbox, name + ".done"), "");
                }
            }
        }
        settle(names);
        Set<String> failed = raw(inbox.resolve("failed"));
        failed.addAll(raw(inbox.resolve("done"))); // of which a row was read, and refused
        long ended = failed.stream()
                .filter(name -> !name.matches("\\.?.*\\.report\\.(csv|html)"))
                .count();
        if (ended < names.size()) {
            throw new AssertionError(names + " were handed in, and ended are " + failed);
        }
        if (!Files.readString(outside).equals("canary")) {
            throw new AssertionError("a file that a link led to was written to, of " + names);
        }
        empty(inbox.resolve("failed"));
        empty(inbox.resolve("done"));
        return Fate.REFUSED;
    }

    private void settle(List<String> names) throws IOException {
        String last = "";
        for (int round = 0; round < MOST_ROUNDS; round++) {
            last = round();
            if (last.startsWith("answer 0 ")
                    && raw(inbox).equals(Set.of("processing", "done", "failed"))
                    && raw(inbox.resolve("processing/one")).size() == 1) {
                return;
            }
        }
        throw new AssertionError(names + " are not done with after " + MOST_ROUNDS + " rounds: " + last + ", inbox "
                + raw(inbox) + ", processing " + raw(inbox.resolve("processing/one")));
    }

    private boolean put(Path file, Random random) throws Exception {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        switch (random.nextInt(14)) {
            case 0 -> Files.createSymbolicLink(file, outside);
            case 1 -> Files.createSymbolicLink(file, Path.of("../outside.csv"));
            case 2 -> Files.createSymbolicLink(file, Path.of("nowhere"));
            case 3 -> Files.createSymbolicLink(file, folder);
            case 4 -> Files.createLink(file, outside);
            case 5 -> Files.createDirectory(file);
            case 6 ->
                Files.setPosixFilePermissions(
                        Files.writeString(file, "name"), PosixFilePermissions.fromString("---------"));
            case 7 -> Files.createSymbolicLink(file, file.getFileName());
            default -> Files.write(file, content(random));
        }
        return true;
    }

    private static byte[] content(Random random) {
        if (random.nextInt(5) == 0) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            return bytes;
        }
        return CONTENTS[random.nextInt(CONTENTS.length)].getBytes(StandardCharsets.UTF_8);
    }

    /** Bytes as in a URI. */
    private static String name(Random random) {
        String ending = ENDINGS[random.nextInt(ENDINGS.length)];
        int length = random.nextInt(12) == 0 ? 255 - ending.length() : 1 + random.nextInt(8);
        StringBuilder name = new StringBuilder();
        while (bytes(name) < length) {
            name.append(
                    switch (random.nextInt(10)) {
                        case 0 -> bytes(name) + 2 <= length ? "%C3%A4" : "a";
                        case 1 -> "%FF";
                        case 2 -> "%0A";
                        case 3 -> "%22";
                        case 4 -> "%27";
                        case 5 -> "%1B";
                        case 6 -> name.isEmpty() ? "x" : "~";
                        case 7 -> name.isEmpty() ? "x" : ".";
                        default -> String.valueOf((char) ('a' + random.nextInt(26)));
                    });
        }
        return name + ending;
    }

    private static int bytes(CharSequence raw) {
        return raw.toString().replaceAll("%..", "x").length();
    }

    private static Path path(Path folder, String raw) {
        return folder.resolve(Path.of(URI.create("file:///" + raw)).getFileName());
    }

    private static Set<String> raw(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            Set<String> names = new TreeSet<>();
            files.forEach(file -> {
                String uri = file.toUri().getRawPath();
                String trimmed = uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri;
                names.add(trimmed.substring(trimmed.lastIndexOf('/') + 1));
            });
            return names;
        }
    }

    private static void empty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void ordinary() throws Exception {
        Files.writeString(inbox.resolve("ordinary.csv"), "name\n");
        Files.writeString(inbox.resolve("ordinary.csv.done"), "");
        settle(List.of("ordinary.csv"));
        if (!Files.exists(inbox.resolve("failed/ordinary.csv"))
                || !Files.exists(inbox.resolve("failed/ordinary.report.html"))) {
            throw new AssertionError("an ordinary document was not ended and reported");
        }
        empty(inbox.resolve("failed"));
    }

    @Override
    public void restart() throws Exception {
        process.destroyForcibly().waitFor();
        start();
    }

    @Override
    public void close() throws Exception {
        process.destroyForcibly().waitFor();
    }
}
