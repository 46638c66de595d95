package io.pairingbridge.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.operate.BridgeMBean;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What operators see over HTTP and JMX, and what nobody gets to see there. */
class MonitorIT {
    private static Stage stage;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder);
        stage.startBridge();
        stage.send(Stage.request("seen-1", "otp-canary-monitor"));
        stage.awaitOutcome("seen-1");
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + stage.managementPort() + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void answersHealth() throws Exception {
        for (String path : new String[] {"/observe/health", "/observe/health/live", "/observe/health/ready"}) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(200);
        }
        assertThat(get("/observe/health/ready").body()).contains("\"name\":\"intake\"", "\"name\":\"journal\"");
        assertThat(get("/observe/info").statusCode()).isEqualTo(200);
    }

    @Test
    void countsWithoutNamingAnybody() throws Exception {
        String metrics = get("/observe/metrics").body();
        assertThat(metrics)
                .contains(
                        "pairing_jobs_total{outcome=\"PAIRED\"} 1.0",
                        "pairing_attempts_total{result=\"PAIRED\"} 1.0",
                        "pairing_attempt_seconds_count 1",
                        "pairing_job_seconds_count 1",
                        "pairing_journal_entries{state=\"PUBLISHED\"}",
                        "pairing_calls_in_flight 0.0",
                        "pairing_intake_open 1.0",
                        "pairing_build_info{version=");
        assertThat(metrics).doesNotContain("seen-1", "otp-canary-monitor", LedgerEndpoint.secret("otp-canary-monitor"));
    }

    @Test
    void countsThePoolsConnections() throws Exception {
        assertThat(get("/observe/metrics").body())
                .contains(
                        "pairing_http_connections{state=\"leased\"} 0.0",
                        "pairing_http_connections{state=\"pending\"} 0.0",
                        "pairing_http_connections{state=\"max\"} " + (BridgeMBean.MOST_CALLS + 1) + ".0",
                        "hikaricp_connections_max{pool=\"journal-readers\"} 4.0",
                        "hikaricp_connections_acquire_seconds_count{pool=\"journal-readers\"}");
    }

    @Test
    void showsRoutesAndStepsOverJmx() throws Exception {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        Set<String> routes = names(server, "org.apache.camel:type=routes,*");
        Set<String> steps = names(server, "org.apache.camel:type=processors,*");
        Set<String> routesInFiles = new TreeSet<>();
        Set<String> stepsInFiles = new TreeSet<>();
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            for (Path file : files.toList()) {
                for (Object item :
                        (List<?>) new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file))) {
                    Map<?, ?> entry = (Map<?, ?>) item;
                    if (entry.get("route") instanceof Map<?, ?> route) {
                        routesInFiles.add(route.get("id").toString());
                    }
                    steps(entry, stepsInFiles);
                }
            }
        }
        assertThat(routesInFiles).contains("call");
        assertThat(stepsInFiles).contains("call-endpoint", "send-dead-letter", "close-intake");
        assertThat(routes).containsExactlyInAnyOrderElementsOf(routesInFiles);
        assertThat(steps).containsExactlyInAnyOrderElementsOf(stepsInFiles);
        ObjectName call = server.queryNames(new ObjectName("org.apache.camel:type=routes,name=\"call\",*"), null)
                .iterator()
                .next();
        assertThat((Long) server.getAttribute(call, "ExchangesCompleted")).isPositive();
    }

    /** The ids of the steps in a piece of a route file; branches and handlers only hold some. */
    private static void steps(Object part, Set<String> found) {
        if (part instanceof List<?> list) {
            list.forEach(item -> steps(item, found));
        } else if (part instanceof Map<?, ?> map) {
            map.forEach((key, value) -> {
                if (key.equals("doCatch")) {
                    return; // Camel's JMX shows none of its steps (4.18)
                }
                if (key.equals("steps")) {
                    ((List<?>) value)
                            .forEach(step -> ((Map<?, ?>) step)
                                    .values()
                                    .forEach(s ->
                                            found.add(((Map<?, ?>) s).get("id").toString())));
                }
                steps(value, found);
            });
        }
    }

    private static Set<String> names(MBeanServer server, String pattern) throws Exception {
        return server.queryNames(new ObjectName(pattern), null).stream()
                .map(name -> name.getKeyProperty("name").replace("\"", ""))
                .collect(Collectors.toSet());
    }
}
