package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.PairingBridge;
import io.pairingbridge.operate.PairingBridgeMXBean;
import io.pairingbridge.testing.Child;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batches as a person at the keyboard meets them, on a real bridge and the simulator. */
class BatchCommandsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> BAD_ENDINGS = List.of("0400", "0500", "0599", "0408", "0503", "0200");

    @TempDir
    private Path folder;

    private RunningBridge running;

    @BeforeEach
    void start() throws IOException {
        running = new RunningBridge(
                folder,
                Map.of(
                        "pairing.endpoint.deadline",
                        "1s",
                        "pairing.retry.first-delay",
                        "100ms",
                        "pairing.retry.max-delay",
                        "2s"));
    }

    @AfterEach
    void stop() {
        running.close();
    }

    @Test
    void endsFiveThousandRowsEachInOneOutcomeWithFiveInAHundredOfEachBadEnding() throws Exception {
        Map<String, Integer> kinds = new TreeMap<>();
        StringBuilder estate = new StringBuilder("name,otp,Store\n");
        for (int i = 0; i < 5_000; i++) {
            int kind = i % 20;
            String ending = kind < BAD_ENDINGS.size() ? BAD_ENDINGS.get(kind) : "1111";
            kinds.merge(ending, 1, Integer::sum);
            estate.append("Till ")
                    .append(i)
                    .append(",\"")
                    .append(String.format("%06d", i))
                    .append(ending)
                    .append("\",S-")
                    .append(i % 7)
                    .append('\n');
        }
        Path file = Files.writeString(folder.resolve("estate.csv"), estate);

        Ran ran = Ran.command("submit", "--file", file.toString(), "--wait=5m", "--json");

        assertThat(ran.code()).as(ran.all()).isEqualTo(3); // not every row is paired
        JsonNode batch = JSON.readTree(ran.out());
        assertThat(batch.path("phase").asText()).isEqualTo("FINISHED");
        assertThat(batch.path("rows").asInt()).isEqualTo(5_000);
        assertThat(batch.path("waiting").asInt()).isZero();
        JsonNode outcomes = batch.path("outcomes");
        assertThat(outcomes.path("REJECTED").asInt()).isEqualTo(kinds.get("0400"));
        assertThat(outcomes.path("IN_DOUBT").asInt())
                .isEqualTo(kinds.get("0599") + kinds.get("0408") + kinds.get("0200"));
        assertThat(outcomes.path("PAIRED").asInt())
                .isEqualTo(kinds.get("1111") + kinds.get("0500") + kinds.get("0503"));
        assertThat(ran.err()).contains("5000 rows are good", "paired");
        Map<String, Long> told = new TreeMap<>();
        Files.readAllLines(folder.resolve("data/batches/estate.report.csv")).stream()
                .skip(1)
                .forEach(line -> told.merge(line.split(",")[7], 1L, Long::sum));
        assertThat(told).isEqualTo(JSON.convertValue(outcomes, new TypeReference<TreeMap<String, Long>>() {}));
        showsTheSameEverywhere(outcomes);
    }

    private void showsTheSameEverywhere(JsonNode outcomes) throws Exception {
        JsonNode listed = JSON.readTree(Ran.command("batches", "--json").out());
        assertThat(listed).hasSize(1);
        assertThat(listed.get(0).path("outcomes")).isEqualTo(outcomes);
        Ran table = Ran.command("batches");
        assertThat(table.out())
                .contains(
                        "estate",
                        "FINISHED",
                        outcomes.path("PAIRED").asInt() + " paired, "
                                + outcomes.path("IN_DOUBT").asInt() + " in doubt, "
                                + outcomes.path("REJECTED").asInt() + " rejected, 0 waiting");
        assertThat(table.out().lines())
                .allSatisfy(line -> assertThat(Screen.width(line)).isLessThanOrEqualTo(80));
        assertThat(table.err()).contains("From bridge ", "environment simulator");
        assertThat(Ran.command("batches", "--watch", "estate").out()).contains("5000 rows, ");
        assertThat(Ran.command("batches", "--watch", "nobody").code()).isEqualTo(1);
        Object shown = ManagementFactory.getPlatformMBeanServer()
                .getAttribute(new ObjectName(PairingBridgeMXBean.NAME), "Batches");
        assertThat((Object[]) shown).singleElement().asString().contains("phase=FINISHED", "rows=5000");
        String metrics = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                                        + running.settings.get("pairing.management.port") + "/observe/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        assertThat(metrics)
                .contains("pairing_batches_running 0", "pairing_batch_rows_waiting 0")
                .doesNotContain("estate");
    }

    @Test
    void saysInADryRunWhatIsWrongAndSendsNothing() throws Exception {
        Path file =
                Files.writeString(folder.resolve("estate.csv"), "name,otp\nTill,secret-1\n,secret-2\nTill,secret-1\n");

        Ran ran = Ran.command("submit", "--file", file.toString(), "--dry-run", "--json");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("1 row is good, 2 are refused").doesNotContain("secret-");
        assertThat(JSON.readTree(ran.out()).path("flaws")).hasSize(2);
        assertThat(Ran.command("submit", "--file", file.toString(), "--dry-run").err())
                .contains("line 3, column name: is missing", "line 4, column otp", "1 row is good, 2 are refused")
                .doesNotContain("secret-");
        assertThat(JSON.readTree(Ran.command("batches", "--json").out())).isEmpty();
        assertThat(Ran.command("submit", "--file", file.toString(), "--otp", "1")
                        .code())
                .isEqualTo(2);
        assertThat(Ran.command("submit", "--file", folder.resolve("none.csv").toString())
                        .code())
                .isEqualTo(2);
        assertThat(Ran.command("submit", "--dry-run").code()).isEqualTo(2);
    }

    @Test
    void isTakenUpAgainWhenThePersonWhoWaitedInterruptedIt() throws Exception {
        StringBuilder estate = new StringBuilder("name,otp\n");
        for (int i = 0; i < 50; i++) {
            estate.append("Till,secret-").append(i).append('\n');
        }
        Path file = Files.writeString(folder.resolve("night.csv"), estate);
        Path log = folder.resolve("submit.log");
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        running.settings.texts().forEach((key, value) -> command.add("-D" + key + "=" + value));
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                PairingBridge.class.getName(),
                "submit",
                "--file",
                file.toString(),
                "--wait"));
        running.bridge.intake().closeByOperator("until the command is dead");
        try (Child submit = Child.start(command, log, Map.of())) {
            submit.awaitLog("50 of 50 rows read", 1);
            submit.kill();
        }
        running.bridge.intake().openByOperator();

        Ran ran = Ran.command("batches", "--watch", "night");

        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(ran.out()).contains("50 rows, 50 paired");
        assertThat(Files.readString(log)).doesNotContain("secret-");
    }

    @Test
    void collectsTheCredentialsOfABatchOnceEachHoweverOftenItIsInterrupted() throws Exception {
        for (String batch : List.of("north", "south")) {
            Path file = Files.writeString(
                    folder.resolve(batch + ".ndjson"),
                    "{\"name\":\"A\",\"otp\":\"" + batch + "-1\"}\n{\"name\":\"B\",\"otp\":\"" + batch
                            + "-2\"}\n{\"name\":\"C\",\"otp\":\"" + batch + "-3\"}\n");
            assertThat(Ran.command("submit", "--file", file.toString(), "--wait=1m")
                            .code())
                    .isZero();
        }
        Path out = folder.resolve("out");
        String[] collect = {
            "collect",
            "--key",
            running.privateKey.toString(),
            "--out",
            out.toString(),
            "--ndjson",
            "--batch",
            "north.ndjson"
        };

        Ran two = Ran.command(append(collect, "--max", "2"));
        assertThat(two.code()).as(two.all()).isZero();
        assertThat(two.out().strip())
                .as("its path, once")
                .isEqualTo(out.resolve("credentials.ndjson").toString());
        Path lines = out.resolve("credentials.ndjson");
        Files.writeString(
                lines, Files.readString(lines) + "{\"job_id\":\"torn"); // as a crash in the middle of a line leaves it
        assertThat(Ran.command(collect).code()).isZero();

        assertThat(Files.readAllLines(lines)).hasSize(3).allSatisfy(line -> {
            JsonNode credentials = JSON.readTree(line);
            assertThat(credentials.path("batch_id").asText()).isEqualTo("north.ndjson");
            assertThat(credentials.path("credentials").path("client_secret").asText())
                    .isNotBlank();
        });
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(lines)))
                .isEqualTo("rw-------");
        Files.setPosixFilePermissions(out, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(Ran.command("collect", "--key", running.privateKey.toString(), "--out", out.toString())
                        .err())
                .contains("open to others");
        Files.setPosixFilePermissions(out, PosixFilePermissions.fromString("rwx------"));
        assertThat(Ran.command("collect", "--key", running.privateKey.toString(), "--out", out.toString())
                        .err())
                .contains("3 files");
    }

    @Test
    void takesTheNameOfABatchWhereverItsIdIsTaken() throws Exception {
        Path file = Files.writeString(folder.resolve("T\u00f6pfer.csv"), "name,otp\nA,secret-1\n");

        Ran submitted = Ran.command("submit", "--file", file.toString(), "--wait=1m");

        assertThat(submitted.code()).as(submitted.all()).isZero();
        assertThat(folder.resolve("data/batches/T\u00f6pfer.report.html")).exists();
        assertThat(Ran.command("batches", "--watch", "T\u00f6pfer").code()).isZero();
        Ran collected = Ran.command(
                "collect",
                "--key",
                running.privateKey.toString(),
                "--out",
                folder.resolve("out").toString(),
                "--batch",
                "T\u00f6pfer");
        assertThat(collected.err()).as(collected.all()).contains("1 file written");
    }

    private static String[] append(String[] arguments, String... more) {
        return Stream.of(arguments, more).flatMap(Arrays::stream).toArray(String[]::new);
    }
}
