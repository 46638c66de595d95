package io.pairingbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatorTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(LIMIT)
            .build();
    private Simulator simulator;

    @BeforeEach
    void start() {
        simulator = Simulator.start("127.0.0.1", 0);
    }

    @AfterEach
    void close() {
        simulator.close();
    }

    @Test
    void tellsWhereItListens() {
        assertThat(simulator.url())
                .isEqualTo(URI.create("http://127.0.0.1:" + simulator.port() + "/v1/pay-connect/pair/"));
        assertThatThrownBy(() -> Simulator.start("127.0.0.1", simulator.port()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("127.0.0.1:" + simulator.port());
    }

    @ParameterizedTest
    @CsvSource({
        "123456, 200 400 400",
        "7, 200 400 400",
        "040, 200 400 400",
        "04001, 200 400 400",
        "99990400, 400 400 400",
        "0400, 400 400 400",
        "99990500, 500 200 400 400",
        "99990599, 500 400 400",
        "99990503, 503 200 400 400",
        "99990200, 200 400 400"
    })
    void followsItsTable(String otp, String statuses) throws Exception {
        List<String> seen = new ArrayList<>();
        for (int post = 0; post < statuses.split(" ").length; post++) {
            seen.add(String.valueOf(post(otp).statusCode()));
        }
        assertThat(String.join(" ", seen)).isEqualTo(statuses);
        assertThat(simulator.answers().values().stream()
                        .mapToLong(Long::longValue)
                        .sum())
                .isEqualTo(seen.size());
    }

    @Test
    void answersWithCredentialsAsOnTheVendorsPage() throws Exception {
        HttpResponse<String> response = send(
                request("{\"name\":\"Till \\\"7\\\" é\",\"otp\":\"1\",\"webhook_url\":\"https://erp.example/hook\"}"));
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        JsonNode body = json.readTree(response.body());
        assertThat(body.fieldNames())
                .toIterable()
                .containsExactly(
                        "pay_connect_id",
                        "pay_connect_name",
                        "terminal_id",
                        "client_id",
                        "client_secret",
                        "webhook_secret_key");
        assertThat(body.get("pay_connect_name").textValue()).isEqualTo("Till \"7\" é");
        assertThat(body.get("terminal_id").textValue()).matches("[0-9]{8}");
        assertThat(UUID.fromString(body.get("pay_connect_id").textValue()))
                .isNotEqualTo(UUID.fromString(body.get("client_id").textValue()));
        assertThat(body.get("client_secret").textValue()).matches("simulated-[A-Za-z0-9_-]{43}");
        assertThat(body.get("webhook_secret_key").textValue())
                .matches("simulated-[A-Za-z0-9_-]{43}")
                .isNotEqualTo(body.get("client_secret").textValue());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"name\":\"n\",\"otp\":\"1\"}", "{\"name\":\"n\",\"otp\":\"1\",\"webhook_url\":null}"})
    void givesNoWebhookSecretWithoutAWebhook(String body) throws Exception {
        JsonNode answer = json.readTree(send(request(body)).body());
        assertThat(answer.has("webhook_secret_key")).isTrue();
        assertThat(answer.get("webhook_secret_key").isNull()).isTrue();
    }

    @Test
    void makesOtherCredentialsForEachPairing() throws Exception {
        JsonNode one = json.readTree(post("1").body());
        JsonNode two = json.readTree(post("2").body());
        for (String field : List.of("pay_connect_id", "client_id", "client_secret")) {
            assertThat(one.get(field)).isNotEqualTo(two.get(field));
        }
    }

    @Test
    void leavesTheSecretOutFor0200() throws Exception {
        JsonNode body = json.readTree(post("0200").body());
        assertThat(body.has("client_secret")).isFalse();
        assertThat(body.has("client_id")).isTrue();
    }

    @Test
    void tellsWhenToComeBackFor0503() throws Exception {
        assertThat(post("0503").headers().firstValue("Retry-After")).hasValue("2");
        assertThat(post("0503").headers().firstValue("Retry-After")).isEmpty();
    }

    @Test
    void neverAnswers0408ButHasPaired() throws Exception {
        CompletableFuture<HttpResponse<String>> never =
                client.sendAsync(request(body("0408")), HttpResponse.BodyHandlers.ofString());
        await().atMost(LIMIT).until(() -> simulator.unanswered() == 1);
        assertThat(post("0408").statusCode()).isEqualTo(400);
        assertThat(never).isNotDone();
        assertThat(simulator.answers()).isEqualTo(Map.of(400, 1L));

        simulator.close();
        assertThat(never).failsWithin(LIMIT).withThrowableThat().havingCause().isInstanceOf(IOException.class);
    }

    @Test
    void spendsNoThreadOnConnectionsItDoesNotAnswer() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> never = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            never.add(client.sendAsync(request(body(i + "-0408")), HttpResponse.BodyHandlers.ofString()));
        }
        await().atMost(LIMIT).until(() -> simulator.unanswered() == 100);
        assertThat(post("1").statusCode()).isEqualTo(200);
        assertThat(never).noneMatch(CompletableFuture::isDone);
    }

    @Test
    void holdsNoMoreSilentConnectionsThanItsLimit() {
        List<CompletableFuture<HttpResponse<String>>> never = new ArrayList<>();
        for (int i = 0; i < Simulator.MAX_SILENT + 3; i++) {
            never.add(client.sendAsync(request(body(i + "-0408")), HttpResponse.BodyHandlers.ofString()));
        }
        await().atMost(LIMIT).until(() -> simulator.unanswered() == Simulator.MAX_SILENT + 3);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(never.stream().filter(CompletableFuture::isDone))
                        .hasSize(3));
    }

    @Test
    void pairsEachOtpOnceHoweverManyAsk() throws Exception {
        int otps = 300;
        List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
        for (int i = 0; i < otps * 3; i++) {
            responses.add(
                    client.sendAsync(request(body("otp-" + i / 3 + "-9999")), HttpResponse.BodyHandlers.ofString()));
        }
        CompletableFuture.allOf(responses.toArray(CompletableFuture[]::new)).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        for (int otp = 0; otp < otps; otp++) {
            assertThat(responses.subList(otp * 3, otp * 3 + 3).stream()
                            .map(response -> response.join().statusCode()))
                    .containsExactlyInAnyOrder(200, 400, 400);
        }
        assertThat(simulator.answers()).isEqualTo(Map.of(200, (long) otps, 400, 2L * otps));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/v1/pay-connect/pair",
                "/v1/pay-connect/pair//",
                "/v1/pay-connect/pair/x",
                "/v1/pay-connect/%70air/",
                "/V1/pay-connect/pair/"
            })
    void knowsOnePathOnly(String path) throws Exception {
        assertUntouched(
                404,
                HttpRequest.newBuilder(request(body("1")), (name, value) -> true)
                        .uri(simulator.url().resolve(path))
                        .build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"})
    void knowsOneMethodOnly(String method) throws Exception {
        HttpResponse<String> response = assertUntouched(
                405,
                HttpRequest.newBuilder(request(body("1")), (name, value) -> true)
                        .method(method, HttpRequest.BodyPublishers.ofString(body("1")))
                        .build());
        assertThat(response.headers().firstValue("Allow")).hasValue("POST");
    }

    @Test
    void wantsAnIntegrator() throws Exception {
        assertUntouched(
                401,
                HttpRequest.newBuilder(request(body("1")), (name, value) -> !name.equals("X-Pay-Connect-Integrator-Id"))
                        .build());
        assertUntouched(
                401,
                HttpRequest.newBuilder(request(body("1")), (name, value) -> true)
                        .setHeader("X-Pay-Connect-Integrator-Id", " ")
                        .build());
    }

    @Test
    void wantsJson() throws Exception {
        assertUntouched(
                415,
                HttpRequest.newBuilder(request(body("1")), (name, value) -> !name.equals("Content-Type"))
                        .build());
        for (String type : List.of("text/plain", "application/jsonx", "application/x-www-form-urlencoded")) {
            assertUntouched(
                    415,
                    HttpRequest.newBuilder(request(body("1")), (name, value) -> true)
                            .setHeader("Content-Type", type)
                            .build());
        }
        HttpRequest withCharset = HttpRequest.newBuilder(request(body("2")), (name, value) -> true)
                .setHeader("Content-Type", "Application/JSON ; charset=UTF-8")
                .build();
        assertThat(send(withCharset).statusCode()).isEqualTo(200);
    }

    static Stream<String> bodiesThatAreNotRequests() {
        return Stream.of(
                "",
                "null",
                "[]",
                "\"1\"",
                "{",
                "{\"name\":\"n\"}",
                "{\"otp\":\"1\"}",
                "{\"name\":\"n\",\"otp\":1}",
                "{\"name\":\"n\",\"otp\":null}",
                "{\"name\":\" \",\"otp\":\"1\"}",
                "{\"name\":\"n\",\"otp\":\" \"}",
                "{\"name\":7,\"otp\":\"1\"}",
                body("1") + "x",
                body("1") + body("1"),
                "{\"name\":\"n\",\"otp\":\"1\",\"webhook_url\":7}",
                "[".repeat(5000));
    }

    @ParameterizedTest
    @MethodSource("bodiesThatAreNotRequests")
    void wantsNameAndOtp(String body) throws Exception {
        assertUntouched(400, request(body));
    }

    @Test
    void readsNoEndlessBody() throws Exception {
        assertUntouched(413, request("{\"name\":\"" + "n".repeat(65_536) + "\",\"otp\":\"1\"}"));
    }

    @Test
    void repeatsNothingOfARequestInARefusal() throws Exception {
        for (String body : List.of(body("canary0400"), "{\"otp\":\"canary", "{\"otp\":\"canary\"}")) {
            assertThat(send(request(body)).body()).doesNotContain("canary");
        }
    }

    @Test
    void forgetsTheOtpsLongestNotSeenWhenThereAreTooMany() {
        PostCounts posts = new PostCounts(2);
        assertThat(posts.next("a")).isZero();
        assertThat(posts.next("b")).isZero();
        assertThat(posts.next("a")).isEqualTo(1);
        assertThat(posts.next("c")).isZero();
        assertThat(posts.size()).isEqualTo(2);
        assertThat(posts.next("a")).isEqualTo(2);
        assertThat(posts.next("a")).isEqualTo(2);
        assertThat(posts.next("b")).isZero();
    }

    /**
     * The request is answered like that, and its OTP "1" still pairs afterwards: nothing that is out of order spends
     * one.
     */
    private HttpResponse<String> assertUntouched(int status, HttpRequest request) throws Exception {
        close();
        start();
        HttpRequest here = HttpRequest.newBuilder(request, (name, value) -> true)
                .uri(simulator.url().resolve(request.uri().getRawPath()))
                .build();
        HttpResponse<String> response = send(here);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(simulator.answers()).isEqualTo(Map.of(status, 1L));
        assertThat(post("1").statusCode()).isEqualTo(200);
        return response;
    }

    @Test
    void tellsWhatItCountedAndNoOtp() throws Exception {
        post("111111");
        post("111111");
        post("222222");
        post("9990503");

        URI counts = URI.create("http://127.0.0.1:" + simulator.port() + Simulator.COUNTS);
        String answer = send(HttpRequest.newBuilder(counts).build()).body();

        assertThat(json.readTree(answer)).isEqualTo(json.readTree("""
            {"posts": 4, "otps": 3, "otps_posted_again": 1, "unanswered": 0, "answers": {"200": 2, "400": 1, "503": 1}}"""));
        assertThat(answer).doesNotContain("111111");
        // Asking is no request of the endpoint, and only GET asks.
        assertThat(send(HttpRequest.newBuilder(counts)
                                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                                .build())
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void takesItsTimeForAnswersAndHoldsNoThreadMeanwhile() throws Exception {
        simulator.close();
        simulator = Simulator.start("127.0.0.1", 0, Duration.ofSeconds(1));
        long begun = System.nanoTime();
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            answers.add(client.sendAsync(request(body("slow-" + i)), HttpResponse.BodyHandlers.ofString()));
        }
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            assertThat(answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS).statusCode())
                    .isEqualTo(200);
        }
        // 16 threads that slept would take four turns.
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .isBetween(Duration.ofSeconds(1), Duration.ofMillis(3_900));
    }

    private HttpResponse<String> post(String otp) throws Exception {
        return send(request(body(otp)));
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest request(String body) {
        return HttpRequest.newBuilder(simulator.url())
                .header("Content-Type", "application/json")
                .header("X-Pay-Connect-Integrator-Id", "0123456789ab")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static String body(String otp) {
        return "{\"name\":\"Till 7\",\"otp\":\"" + otp + "\"}";
    }
}
