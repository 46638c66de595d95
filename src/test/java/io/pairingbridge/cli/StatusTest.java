package io.pairingbridge.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code status} against answers that a healthy bridge does not give. */
class StatusTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METRICS = """
      # HELP pairing_jobs_total Jobs that ended, by outcome
      # TYPE pairing_jobs_total counter
      pairing_jobs_total{outcome="PAIRED"} 1.2345678E7
      pairing_jobs_total{outcome="IN_DOUBT"} 2.0
      pairing_journal_entries{state="SEALED"} NaN
      pairing_journal_entries{state="PUBLISHED"} 3.0
      pairing_calls_in_flight 4.0
      pairing_intake_open 0.0
      pairing_build_info{version="9.8.7"} 1.0
      """;

    private HttpServer server;
    private String url;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
        url = "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void aBridgeThatTakesNoJobsIsAFailureAndSaysWhy() throws IOException {
        answer("/observe/health", 503, """
        {"status":"DOWN","checks":[
          {"name":"intake","status":"DOWN","message":"The intake is closed: endpoint unreachable",
           "data":{"gate":"CLOSED","since":"2026-01-02T03:04:05Z"}},
          {"name":"journal","status":"UP"}]}""");
        answer("/observe/metrics", 200, METRICS);

        Ran table = Ran.command("status", "--url", url + "/");
        assertThat(table.code()).isEqualTo(1);
        assertThat(table.out())
                .startsWith("intake    closed since " + Times.second("2026-01-02T03:04:05Z")
                        + ": The intake is closed: endpoint\n          unreachable\n")
                .contains("9.8.7", "unknown SEALED", "3 PUBLISHED", "12345678 PAIRED", "4 under way");
        assertThat(table.err()).contains("Without the operator's login only a part is shown");

        JsonNode status =
                JSON.readTree(Ran.command("status", "--url", url, "--json").out());
        assertThat(status.path("ready").asBoolean(true)).isFalse();
        assertThat(status.path("intake").path("reason").asText()).contains("endpoint unreachable");
        assertThat(status.path("journal")).isEqualTo(JSON.readTree("{\"SEALED\":null,\"PUBLISHED\":3}"));
        assertThat(status.path("problems")).hasSize(1);
    }

    @Test
    void nobodyThereIsAFailureAndSaysWhereAndWhatToDo() throws IOException {
        String nobody = "http://127.0.0.1:" + Stage.freePort();
        Ran ran = Ran.command("status", "--url", nobody);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .contains(
                        nobody, "pairing-bridge run", "pairing.management.port", "without a profile", "data directory");
        assertThat(ran.out()).isEmpty();

        ran = Ran.command("status", "--url", nobody, "--json");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(JSON.readTree(ran.out()).path("reachable").asBoolean(true)).isFalse();
    }

    @Test
    void anotherProgramOnThePortIsNoBridge() throws IOException {
        answer("/observe/health", 200, "<html>hello</html>");
        assertThat(Ran.command("status", "--url", url).err()).contains("is no Pairing Bridge");
        answer("/observe/metrics", 200, "up 1.0");
        assertThat(Ran.command("status", "--url", url).code()).isEqualTo(1);
    }

    @Test
    void aBridgeWithoutMetricsIsNotTakenForAHealthyOne() throws IOException {
        answer("/observe/health", 200, "{\"status\":\"UP\",\"checks\":[]}");
        Ran ran = Ran.command("status", "--url", url);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("is no Pairing Bridge");
        answer("/observe/metrics", 200, "up 1.0");
        assertThat(Ran.command("status", "--url", url).code()).isEqualTo(1);
    }

    private void answer(String path, int status, String body) {
        server.createContext(path, exchange -> {
            byte[] bytes = body.getBytes(UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
    }
}
