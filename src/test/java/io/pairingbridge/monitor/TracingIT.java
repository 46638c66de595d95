package io.pairingbridge.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import jakarta.jms.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spans, as a real collector would get them over HTTP. */
class TracingIT {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String STATE = "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7";
    private final Queue<byte[]> exported = new ConcurrentLinkedQueue<>();
    private HttpServer collector;
    private Stage stage;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            exported.add(exchange.getRequestBody().readAllBytes());
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        stage = new Stage(folder);
        stage.set("pairing.retry.first-delay", "50ms");
    }

    @AfterEach
    void stop() throws IOException {
        stage.close();
        collector.stop(0);
    }

    @Test
    void followsAJobThroughItsWaitToCredentialsAndOutcome() throws Exception {
        stage.set(
                        "pairing.tracing.url",
                        "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces")
                .startBridge();
        stage.ledger().when("canary-otp-traced", call -> {
            if (call.number() == 1) {
                call.status(503);
            } else {
                call.pairOnce();
            }
        });
        stage.ledger().when("canary-otp-refused", call -> call.status(400));
        stage.ledger().when("canary-otp-doubt", call -> {
            call.pair();
            call.write(call.http(200, "", "no JSON"));
        });
        stage.send(
                traced("traced", "canary-otp-traced", "00-" + TRACE + "-00f067aa0ba902b7-01"),
                traced("unsampled", "canary-otp-quiet", "00-" + TRACE.replace('4', '5') + "-00f067aa0ba902b7-00"),
                traced("refused", "canary-otp-refused", "00-" + TRACE.replace('4', '6') + "-00f067aa0ba902b7-01"),
                traced("doubt", "canary-otp-doubt", "00-" + TRACE.replace('4', '7') + "-00f067aa0ba902b7-01"),
                traced(
                        "hostile",
                        "canary-otp-hostile",
                        "no context, but canary-otp-hostile and a long text ".repeat(40)),
                Stage.request("alone", "canary-otp-alone"));
        stage.awaitOutcome("traced", "unsampled", "refused", "doubt", "hostile", "alone");
        stage.awaitUntil(() -> stage.credentials().size() == 4);

        assertThat(context(stage.credentials(), "traced"))
                .startsWith("00-" + TRACE)
                .doesNotContain("00f067aa0ba902b7");
        assertThat(context(stage.events(), "traced")).startsWith("00-" + TRACE);
        assertThat(context(stage.deadLetters(), "refused")).startsWith("00-" + TRACE.replace('4', '6'));
        stage.awaitUntil(() -> stage.inDoubt().size() == 1);
        assertThat(context(stage.inDoubt(), "doubt")).startsWith("00-" + TRACE.replace('4', '7'));
        for (List<Received> messages : List.of(stage.credentials(), stage.events())) {
            assertThat(messages)
                    .filteredOn(m -> "traced".equals(m.jobId()))
                    .extracting(m -> m.text("tracestate"))
                    .containsOnly(STATE);
        }
        assertThat(stage.inDoubt().get(0).text("tracestate")).isEqualTo(STATE);
        assertThat(stage.deadLetters().get(0).text("tracestate")).isEqualTo(STATE);
        assertThat(context(stage.credentials(), "unsampled"))
                .startsWith("00-" + TRACE.replace('4', '5'))
                .endsWith("-00");
        assertThat(context(stage.credentials(), "alone")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]");
        assertThat(context(stage.credentials(), "hostile")).matches("00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]");
        assertThat(stage.ledger().heads())
                .as("what the endpoint got")
                .hasSize(7)
                .noneMatch(head -> head.toLowerCase().contains("trace"));

        stage.stopBridge(); // sends what is left
        List<Span> spans = spans();
        assertThat(spans)
                .noneMatch(span -> hex(span.getTraceId()).equals(TRACE.replace('4', '5')))
                .as("its sender does not want it traced");
        List<Span> job = spans.stream()
                .filter(span -> hex(span.getTraceId()).equals(TRACE))
                .toList();
        assertThat(job)
                .as("two deliveries, each with its call")
                .filteredOn(span -> span.getName().equals("POST"))
                .hasSize(2);
        assertThat(job).anyMatch(span -> hex(span.getParentSpanId()).equals("00f067aa0ba902b7"));
        assertThat(job)
                .anySatisfy(span -> assertThat(span.getAttributesList())
                        .extracting(KeyValue::getKey)
                        .contains("pairing.job_id", "pairing.attempt_id"));
        assertThat(spans).noneMatch(span -> span.getName().startsWith("timer"));

        List<String> broken = new ArrayList<>();
        List<String> secrets = new ArrayList<>(List.of(
                "canary-otp-traced",
                "canary-otp-quiet",
                "canary-otp-refused",
                "canary-otp-alone",
                "canary-otp-doubt",
                "canary-otp-hostile"));
        secrets.addAll(List.copyOf(secrets).stream().map(LedgerEndpoint::secret).toList());
        secrets.add(stage.settings().integratorId());
        secrets.add(Management.password(stage.data()));
        for (String user : List.of(
                BrokerUsers.BRIDGE, BrokerUsers.OPERATOR, BrokerUsers.ERP_REQUESTER, BrokerUsers.ERP_CREDENTIALS)) {
            secrets.add(stage.users().password(user));
        }
        assertThat(exported).isNotEmpty();
        exported.forEach(bytes -> Invariants.find("a span", bytes, secrets, broken));
        assertThat(broken).isEmpty();
    }

    @Test
    void passesNothingOnWhileItIsOff() throws Exception {
        stage.startBridge();
        stage.send(traced("quiet", "canary-otp-quiet", "00-" + TRACE + "-00f067aa0ba902b7-01"));
        stage.awaitOutcome("quiet");
        stage.awaitUntil(() -> stage.credentials().size() == 1);
        assertThat(stage.credentials().get(0).properties()).doesNotContainKey("traceparent");
        assertThat(exported).isEmpty();
    }

    /** A collector that is away costs a job nothing. */
    @Test
    void pairsWithoutACollector() throws Exception {
        stage.set("pairing.tracing.url", "http://127.0.0.1:" + Stage.freePort() + "/v1/traces")
                .startBridge();
        stage.send(Stage.request("alone", "canary-otp-alone"));
        assertThat(stage.awaitOutcome("alone").path("outcome").asText()).isEqualTo("PAIRED");
    }

    private static Stage.MessageMaker traced(String jobId, String otp, String context) {
        return session -> {
            Message message = Stage.request(jobId, otp).make(session);
            message.setStringProperty("traceparent", context);
            message.setStringProperty("tracestate", STATE);
            message.setStringProperty("baggage", "secret=" + otp);
            return message;
        };
    }

    private static String context(List<Received> messages, String jobId) {
        Received message = messages.stream()
                .filter(m -> jobId.equals(m.jobId()))
                .findFirst()
                .orElseThrow();
        assertThat(message.properties()).doesNotContainKey("baggage");
        return message.text("traceparent");
    }

    private List<Span> spans() {
        return exported.stream()
                .flatMap(bytes -> {
                    try {
                        return ExportTraceServiceRequest.parseFrom(bytes).getResourceSpansList().stream();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .flatMap(resource -> resource.getScopeSpansList().stream())
                .flatMap(scope -> scope.getSpansList().stream())
                .toList();
    }

    private static String hex(com.google.protobuf.ByteString bytes) {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }
}
