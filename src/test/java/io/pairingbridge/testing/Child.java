package io.pairingbridge.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** A process of its own that runs one class of the test class path; its output goes to a file. */
public final class Child implements AutoCloseable {
    private final Process process;
    private final Path log;

    private Child(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Starts {@code java <main> <args>} with little memory and a quick compiler; output is appended to the log. */
    public static Child java(Class<?> main, Path log, String... args) throws IOException {
        return java(List.of(), main, log, args);
    }

    /** As {@link #java(Class, Path, String...)}, behind a command such as {@code strace}. */
    public static Child java(List<String> before, Class<?> main, Path log, String... args) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(args));
        return start(command, log, Map.of());
    }

    public static Child start(List<String> command, Path log, Map<String, String> environment) throws IOException {
        if (!Files.exists(log)) {
            Files.createFile(log);
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        return new Child(builder.start(), log);
    }

    /** Waits until the process ends and returns its exit code. */
    public int awaitEnd() throws InterruptedException {
        if (!process.waitFor(Stage.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the child process did not end; its log is " + log);
        }
        return process.exitValue();
    }

    /** Whether the process ends by itself within this time. */
    public boolean endsWithin(long millis) throws InterruptedException {
        return process.waitFor(millis, TimeUnit.MILLISECONDS);
    }

    /** Waits until the log holds this text as often as said. */
    public Child awaitLog(String text, int times) {
        return awaitLog(text, times, Stage.PATIENCE);
    }

    /** As {@link #awaitLog(String, int)}, with another limit. */
    public Child awaitLog(String text, int times, Duration limit) {
        Awaitility.await().atMost(limit).until(() -> {
            if (!process.isAlive()) {
                throw new AssertionError("the child process ended with " + process.exitValue() + " before it said \""
                        + text + "\":\n" + Files.readString(log));
            }
            return said(log, text) >= times;
        });
        return this;
    }

    /** How often a log says this; not at all if there is none. */
    public static int said(Path log, String text) throws IOException {
        return Files.exists(log) ? Files.readString(log).split(Pattern.quote(text), -1).length - 1 : 0;
    }

    /** Writes a line to its standard input. */
    public void tell(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** Where its output goes. */
    public Path log() {
        return log;
    }

    public long pid() {
        return process.pid();
    }

    /** kill -9. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        awaitEnd();
    }

    /** SIGTERM. */
    public void stop() throws InterruptedException {
        process.destroy();
        awaitEnd();
    }

    /** Stops the process where it is (SIGSTOP), until {@link #resume}. */
    public void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT. */
    public void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        if (new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid())
                        .inheritIO()
                        .start()
                        .waitFor()
                != 0) {
            throw new AssertionError("SIG" + name + " could not be sent to the child process");
        }
    }

    public static void note(Path log, String line) throws IOException {
        Files.writeString(log, line + System.lineSeparator(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
