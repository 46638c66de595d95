package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Launcher;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in the locales that cron, bare containers and old servers have, with the classes of this build. */
class LauncherIT {
    /**
     * As a shell in UTF-8, and one in ISO 8859-1, hands it over; written in octal, since this process may have neither.
     */
    private static final String UTF8 = "T\\303\\266pfer \\360\\237\\230\\200";

    private static final String LATIN1 = "T\\366pfer";

    /** What a command came to; its output as bytes in UTF-8. */
    private record Came(int code, String out, String err) {}

    @Test
    void sendsANameAsItWasTypedOrNotAtAll(@TempDir Path folder) throws Exception {
        Path launcher = Launcher.home(folder.resolve("home"));
        try (Stage stage = new Stage(folder.resolve("stage"))) {
            Map<String, String> environment = new TreeMap<>(Map.of(
                    "PAIRING_ENVIRONMENT",
                    "simulator",
                    "PAIRING_BROKER_EMBEDDED",
                    "false",
                    "PAIRING_BROKER_URL",
                    stage.settingTexts().get("pairing.broker.url"),
                    "PAIRING_BROKER_USERS_ERP_REQUESTER_PASSWORD",
                    stage.users().password(BrokerUsers.ERP_REQUESTER),
                    "JAVA_OPTS",
                    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"));
            List<Map<String, String>> locales = List.of(
                    Map.of("LC_ALL", "C"),
                    Map.of("LC_ALL", "POSIX"),
                    Map.of("LANG", "C"),
                    Map.of("LC_CTYPE", "C", "LANG", "C.UTF-8"),
                    Map.of("LC_ALL", "de_DE.ISO-8859-1"),
                    Map.of("LC_ALL", "C.UTF-8"),
                    Map.of("LANG", "xx_XX.UTF-8"));
            for (Map<String, String> locale : locales) {
                Came came =
                        run(launcher, environment, locale, "submit --otp 123456 --name \"$(printf '" + UTF8 + "')\"");
                assertThat(came.code()).as("%s: %s", locale, came.err()).isZero();
            }
            Came latin1 = run(
                    launcher,
                    environment,
                    Map.of("LC_ALL", "de_DE.ISO-8859-1"),
                    "submit --otp 123456 --name \"$(printf '" + LATIN1 + "')\"");
            assertThat(latin1.code()).isEqualTo(2);
            assertThat(latin1.err()).contains("--name holds a character", "LC_ALL=C.UTF-8");

            assertThat(names(stage)).hasSize(locales.size()).containsOnly("T\u00f6pfer \ud83d\ude00");
        }
    }

    @Test
    void refusesANameThatJavaCouldNotReadWithoutTheLauncher(@TempDir Path folder) throws Exception {
        Came came = shell(
                "exec '" + Path.of(System.getProperty("java.home"), "bin", "java") + "' -cp '" + absoluteClassPath(":")
                        + "' -Dpairing.environment=simulator io.pairingbridge.PairingBridge submit --otp 123456 --name \"$(printf '"
                        + UTF8 + "')\"",
                Map.of(),
                Map.of("LC_ALL", "C"));
        assertThat(came.code()).as(came.err()).isEqualTo(2);
        assertThat(came.err()).contains("--name holds a character", "LC_ALL=C.UTF-8");
    }

    @Test
    void findsFilesAndPrintsJsonInUtf8WhateverTheLocale(@TempDir Path folder) throws Exception {
        Path launcher = Launcher.home(folder.resolve("home"));
        String csv = folder + "/" + UTF8 + ".csv";
        Came made = shell(
                "printf 'name,otp\\nT\\303\\266pfer,123456\\n' > \"$(printf '" + csv + "')\"", Map.of(), Map.of());
        assertThat(made.code()).as(made.err()).isZero();
        Came came = run(
                launcher,
                Map.of("PAIRING_ENVIRONMENT", "simulator"),
                Map.of("LC_ALL", "C"),
                "submit --dry-run --json --file \"$(printf '" + csv + "')\"");
        assertThat(came.code()).as(came.err()).isZero();
        JsonNode json = Stage.json(came.out());
        assertThat(json.path("good").asInt()).isEqualTo(1);
        assertThat(json.path("file").asText()).endsWith("T\u00f6pfer \ud83d\ude00.csv");
    }

    private static String absoluteClassPath(String separator) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(separator));
    }

    private static Came run(
            Path launcher, Map<String, String> environment, Map<String, String> locale, String arguments)
            throws IOException, InterruptedException {
        return shell("exec '" + launcher + "' " + arguments, environment, locale);
    }

    private static Came shell(String script, Map<String, String> environment, Map<String, String> locale)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile("launcher", ".out");
        Path err = Files.createTempFile("launcher", ".err");
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", script)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        List.of("LANG", "LC_ALL", "LC_CTYPE", "LANGUAGE").forEach(builder.environment()::remove);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        builder.environment().putAll(locale);
        int code = builder.start().waitFor();
        Came came = new Came(code, Files.readString(out), new String(Files.readAllBytes(err), StandardCharsets.UTF_8));
        Files.delete(out);
        Files.delete(err);
        return came;
    }

    private static List<String> names(Stage stage) throws Exception {
        List<String> names = new ArrayList<>();
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession()) {
            MessageConsumer consumer = session.createConsumer(session.createQueue("pairing.requests"));
            for (Message message = consumer.receive(2_000); message != null; message = consumer.receiveNoWait()) {
                names.add(Stage.json(message.getBody(String.class)).path("name").asText());
            }
        }
        return names;
    }
}
