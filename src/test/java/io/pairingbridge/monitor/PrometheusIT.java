package io.pairingbridge.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Keytool;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alerts and the dashboard against a real Prometheus. Skipped, with the reason, where there is none. */
class PrometheusIT {
    private static final Path SHIPPED = Path.of("docker/prometheus");
    private static final Path PROMETHEUS = Path.of("/usr/bin/prometheus");
    private static final Path PROMTOOL = Path.of("/usr/bin/promtool");

    @BeforeEach
    void needPrometheus() {
        boolean there = Files.isExecutable(PROMETHEUS) && Files.isExecutable(PROMTOOL);
        if (!there) {
            System.out.println("SKIPPED: PrometheusIT needs " + PROMETHEUS + " and " + PROMTOOL);
        }
        Assumptions.assumeTrue(there, "needs Prometheus");
    }

    @Test
    void raisesEachAlertWhenItShould(@TempDir Path folder) throws Exception {
        for (List<String> command :
                List.of(List.of("check", "rules", "rules.yml"), List.of("test", "rules", "rules.test.yml"))) {
            Path log = folder.resolve("promtool.log");
            ProcessBuilder promtool = new ProcessBuilder(Stream.concat(Stream.of(PROMTOOL.toString()), command.stream())
                            .toList())
                    .directory(SHIPPED.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            assertThat(promtool.start().waitFor()).as(() -> read(log)).isZero();
        }
        String rules = Files.readString(SHIPPED.resolve("rules.yml"));
        String tests = Files.readString(SHIPPED.resolve("rules.test.yml"));
        String operations = Files.readString(Path.of("docs/operate/runbook.md"));
        Matcher alert = Pattern.compile("alert: (\\w+)").matcher(rules);
        while (alert.find()) {
            assertThat(tests).as("tests of the alerts").contains("alertname: " + alert.group(1));
            assertThat(operations).as("docs/operate/runbook.md").contains("### " + alert.group(1));
        }
    }

    @Test
    void answersEveryRuleAndEveryPanelFromARunningBridge(@TempDir Path folder) throws Exception {
        int port = Stage.freePort();
        try (Stage stage = new Stage(folder)) {
            stage.set("pairing.broker.users.operator.password", stage.users().password(BrokerUsers.OPERATOR))
                    .set("pairing.retry.max-ambiguous-attempts", "1");
            stage.set("pairing.endpoint.truststore", store(folder).toString())
                    .set("pairing.endpoint.truststore-password", "changeit");
            stage.ledger().when("otp-canary-lost", call -> call.status(500)).otherwise(Call::pairOnce);
            stage.startBridge();
            Files.copy(SHIPPED.resolve("rules.yml"), folder.resolve("rules.yml"));
            Files.writeString(
                    folder.resolve("prometheus.yml"),
                    Files.readString(SHIPPED.resolve("prometheus.yml"))
                            .replace("bridge:8077", "127.0.0.1:" + stage.managementPort())
                            .replace("15s", "1s"));
            try (Child prometheus = Child.start(
                    List.of(
                            PROMETHEUS.toString(),
                            "--config.file=" + folder.resolve("prometheus.yml"),
                            "--storage.tsdb.path=" + folder.resolve("tsdb"),
                            "--web.listen-address=127.0.0.1:" + port),
                    folder.resolve("prometheus.log"),
                    Map.of())) {
                Awaitility.await()
                        .atMost(Stage.PATIENCE)
                        .ignoreExceptions()
                        .until(() -> result(port, "up == 1").size() == 1);
                stage.send(Stage.request("lost", "otp-canary-lost"), Stage.request("good", "otp-canary-good"));
                Awaitility.await()
                        .atMost(Stage.PATIENCE)
                        .ignoreExceptions()
                        .until(() -> result(port, "pairing_queue_messages{queue=\"pairing.in-doubt\"} == 1")
                                        .size()
                                == 1);
                for (JsonNode panel : Stage.JSON
                        .readTree(Files.readString(Path.of("docker/grafana/dashboard.json")))
                        .path("panels")) {
                    for (JsonNode target : panel.path("targets")) {
                        String expression = target.path("expr").asText();
                        Awaitility.await(panel.path("title").asText() + ": " + expression)
                                .atMost(Stage.PATIENCE)
                                .untilAsserted(() -> assertThat(values(port, expression))
                                        .isNotEmpty()
                                        .allMatch(Double::isFinite));
                    }
                }
                Matcher rule = Pattern.compile("expr: (.+)").matcher(Files.readString(SHIPPED.resolve("rules.yml")));
                while (rule.find()) {
                    result(port, rule.group(1)); // fails if it is not understood
                    Matcher metric = Pattern.compile("(pairing_\\w+)").matcher(rule.group(1));
                    while (metric.find()) {
                        assertThat(result(port, "count({__name__=\"" + metric.group(1) + "\"})"))
                                .as("series of %s", metric.group(1))
                                .isNotEmpty();
                    }
                }
                Awaitility.await()
                        .atMost(Stage.PATIENCE)
                        .until(() -> get(port, "/api/v1/alerts").toString().contains("\"PairingInDoubt\""));
                Management operator = Management.operator(stage.managementPort(), stage.data());
                assertThat(states(port, "PairingIntakeClosed")).isEmpty();
                operator.call("closeIntake", "for its alert");
                Awaitility.await()
                        .atMost(Stage.PATIENCE)
                        .until(() -> states(port, "PairingIntakeClosed"), states -> !states.isEmpty());
                assertThat(states(port, "PairingIntakeClosed")).isSubsetOf("pending", "firing");
                operator.call("openIntake");
                Awaitility.await()
                        .atMost(Stage.PATIENCE)
                        .until(() -> states(port, "PairingIntakeClosed"), List::isEmpty);
                double left = result(port, "pairing_certificate_left_seconds{store=\"endpoint.truststore\"}")
                        .get(0)
                        .path("value")
                        .get(1)
                        .asDouble();
                assertThat(left / 86_400).isBetween(29.0, 30.1);
                assertThat(values(port, "camel_exchanges_total{routeId=\"call\"}"))
                        .as("calls, counted by Camel")
                        .isNotEmpty()
                        .allMatch(count -> count >= 2);
                for (String family : List.of(
                        "camel_exchanges_total",
                        "jvm_memory_used_bytes",
                        "jvm_threads_live_threads",
                        "process_uptime_seconds")) {
                    assertThat(result(port, family)).as(family).isNotEmpty();
                }
            }
        }
    }

    /** A store with a certificate that ends in thirty days, made by the JDK's own tool. */
    private static Path store(Path folder) throws IOException, InterruptedException {
        Path store = folder.resolve("trust.p12");
        Keytool.run(
                store,
                "changeit",
                "-genkeypair",
                "-alias",
                "ca",
                "-keyalg",
                "EC",
                "-dname",
                "CN=test",
                "-validity",
                "30");
        return store;
    }

    /** What an alert is in at the moment: pending until it has lasted as long as its rule says, then firing. */
    private static List<String> states(int port, String alert) throws IOException, InterruptedException {
        return StreamSupport.stream(
                        get(port, "/api/v1/alerts").path("data").path("alerts").spliterator(), false)
                .filter(a -> a.path("labels").path("alertname").asText().equals(alert))
                .map(a -> a.path("state").asText())
                .toList();
    }

    /** The numbers that a panel would draw. */
    private static List<Double> values(int port, String expression) throws IOException, InterruptedException {
        return StreamSupport.stream(result(port, expression).spliterator(), false)
                .map(series -> number(series.path("value").get(1).asText()))
                .toList();
    }

    /** As Prometheus writes it. */
    private static double number(String text) {
        return text.endsWith("Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
    }

    private static JsonNode result(int port, String expression) throws IOException, InterruptedException {
        JsonNode answer = get(port, "/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
        assertThat(answer.path("status").asText())
                .as("%s: %s", expression, answer)
                .isEqualTo("success");
        return answer.path("data").path("result");
    }

    private static JsonNode get(int port, String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        return Stage.json(answer.body());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
