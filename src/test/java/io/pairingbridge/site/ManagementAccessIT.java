package io.pairingbridge.site;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the management port does with requests that were made to get past its rules. */
class ManagementAccessIT {
    private static final String EXEC = Management.BEAN + "/closeIntake/by%20GET";
    private static Stage stage;
    private static Management operator;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder);
        stage.set("pairing.broker.users.operator.password", stage.users().password(BrokerUsers.OPERATOR));
        stage.startBridge();
        operator = Management.operator(stage.managementPort(), stage.data());
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    @Test
    void executesNothingByGetHoweverItIsSpelt() throws Exception {
        String login = "Authorization: " + Management.basic("operator", Management.password(stage.data())) + "\r\n";
        for (String path : List.of(
                "/observe/jolokia/exec/" + EXEC,
                "/observe/jolokia/%65xec/" + EXEC,
                "/observe/jolokia/EXEC/" + EXEC,
                "/observe/jolokia/Exec/" + EXEC,
                "/observe/jolokia?p=exec/" + EXEC,
                "/observe/jolokia/?p=EXEC/" + EXEC,
                "/observe/jolokia//?p=/exec/" + EXEC,
                "/observe/jolokia%2fexec/" + EXEC,
                "/observe/jolokia%2Fexec%2F" + EXEC,
                "/observe/jolokia/exec//" + EXEC,
                "/observe/jolokia//exec/" + EXEC,
                "/observe/jolokia/./exec/" + EXEC,
                "/observe/jolokia/x/../exec/" + EXEC,
                "/observe/%6aolokia/exec/" + EXEC,
                "/observe/jolokia/exec;x=1/" + EXEC,
                "/observe/jolokia/exec/" + Management.BEAN + "/closeIntake(java.lang.String)/note",
                "/observe/jolokia/exec/io.pairingbridge:*/closeIntake/note",
                "/observe/jolokia/write/" + Management.BEAN + "/RateLimit/1")) {
            for (String method :
                    List.of("GET", "HEAD", "GET\r\nX-HTTP-Method-Override: POST", "GET\r\nX-HTTP-Method: POST")) {
                String name = method.split("\r\n")[0];
                String answer = raw(name + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                        + method.substring(name.length()).strip() + (method.equals(name) ? "" : "\r\n") + login
                        + "\r\n");
                assertThat(stage.bridge().intake().status().gate().name())
                        .as("%s %s: %s", method, path, answer)
                        .isEqualTo("OPEN");
                assertThat(answer).as("%s %s", method, path).doesNotContain("\"status\":200");
            }
        }
        assertThat(operator.get("/observe/jolokia/%65xec/" + EXEC).statusCode()).isEqualTo(405);
        assertThat(operator.get("/observe/jolokia?p=exec/" + EXEC).statusCode()).isEqualTo(405);
        assertThat(operator.get("/observe/jolokia?p=read/" + Management.BEAN + "/Version")
                        .body())
                .contains("\"status\":200");
    }

    @Test
    void executesNothingByAnyMethodButPost() throws Exception {
        String login = "Authorization: " + Management.basic("operator", Management.password(stage.data())) + "\r\n";
        String body = "{\"type\":\"exec\",\"mbean\":\"" + Management.BEAN
                + "\",\"operation\":\"closeIntake\",\"arguments\":[\"x\"]}";
        for (String method : List.of("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "post", "FOO", "GET")) {
            String answer = raw(method
                    + " /observe/jolokia/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
                    + "Content-Length: " + body.length() + "\r\n" + login + "\r\n" + body);
            assertThat(stage.bridge().intake().status().gate().name())
                    .as("%s: %s", method, answer)
                    .isEqualTo("OPEN");
        }
    }

    /** Each argument of each operation of the bridge's bean, as what it is not. */
    @Test
    void executesNothingWithAnArgumentOfAnotherKind() throws Exception {
        JsonNode operations = Stage.json(
                        operator.post("{\"type\":\"list\",\"path\":\"io.pairingbridge/type=PairingBridge/op\"}")
                                .body())
                .path("value");
        String before = Files.exists(stage.data().resolve("audit.log"))
                ? Files.readString(stage.data().resolve("audit.log"))
                : "";
        int tried = 0;
        for (String name : (Iterable<String>) operations::fieldNames) {
            JsonNode parameters = operations.path(name).path("args");
            for (int wrong = -1; wrong <= parameters.size(); wrong++) {
                for (String value : wrong(
                        wrong < 0 || wrong == parameters.size()
                                ? ""
                                : parameters.get(wrong).path("type").asText())) {
                    List<String> arguments = new ArrayList<>();
                    for (int i = 0; i < parameters.size(); i++) {
                        arguments.add(
                                i == wrong
                                        ? value
                                        : right(parameters.get(i).path("type").asText()));
                    }
                    if (wrong == parameters.size()) {
                        arguments.add(value);
                    } else if (wrong < 0) {
                        if (arguments.isEmpty()) {
                            continue;
                        }
                        arguments.remove(0);
                    }
                    for (String called : List.of(name, name + signature(parameters))) {
                        JsonNode answer = Stage.json(operator.post(
                                        "{\"type\":\"exec\",\"mbean\":\"" + Management.BEAN + "\",\"operation\":\""
                                                + called + "\",\"arguments\":[" + String.join(",", arguments) + "]}")
                                .body());
                        assertThat(answer.path("status").asInt())
                                .as("%s %s: %s", called, arguments, answer)
                                .isEqualTo(400);
                        tried++;
                    }
                }
            }
        }
        assertThat(tried).isGreaterThan(200);
        assertThat(
                        Files.exists(stage.data().resolve("audit.log"))
                                ? Files.readString(stage.data().resolve("audit.log"))
                                : "")
                .isEqualTo(before);
        assertThat(operator.refused("replay", "dead-letters", "ID:x", "", "", "notbool"))
                .contains("dryRun", "true or false");
        assertThat(operator.call("replayAll", "", "", "", true).path("dryRun").asBoolean())
                .isTrue();
        assertThat(operator.exec("io.pairingbridge:*", "reconcileNow")
                        .path("status")
                        .asInt())
                .as("a pattern")
                .isNotEqualTo(200);
        assertThat(operator.exec("org.apache.camel:type=routes,*", "stop")
                        .path("status")
                        .asInt())
                .as("a pattern")
                .isNotEqualTo(200);
    }

    private static List<String> wrong(String type) {
        return switch (type) {
            case "boolean" -> List.of("\"notbool\"", "\"true\"", "\"\"", "1", "null", "[true]", "{}");
            case "int", "long" ->
                List.of("\"1\"", "\"x\"", "1.5", "1e400", "99999999999999999999", "true", "null", "[]", "\"NaN\"");
            case "java.lang.String" -> List.of("1", "1e400", "true", "[\"x\"]", "{\"a\":1}");
            default -> List.of("\"x\"", "null");
        };
    }

    private static String right(String type) {
        return switch (type) {
            case "boolean" -> "true";
            case "int", "long" -> "1";
            default -> "\"x\"";
        };
    }

    private static String signature(JsonNode parameters) {
        List<String> types = new ArrayList<>();
        parameters.forEach(parameter -> types.add(parameter.path("type").asText()));
        return "(" + String.join(",", types) + ")";
    }

    @Test
    void answersValidJsonWhateverItIsAsked() throws Exception {
        String deep = "[".repeat(5_000) + "]".repeat(5_000);
        for (String body : List.of(
                "",
                "{",
                "null",
                "7",
                "\"x\"",
                "[]",
                "[[]]",
                "[null,7]",
                "{} {}",
                "{\"type\":\"version\",\"type\":\"list\"}",
                deep,
                "{\"type\":\"exec\",\"mbean\":\"" + Management.BEAN + "\",\"operation\":\"job\",\"arguments\":[" + deep
                        + "]}",
                "{\"type\":\"read\",\"mbean\":\"a:b=\\u001b\\u0085\\ud800\\n\"}",
                "{\"type\":\"\\u001b\"}",
                "{\"type\":1}",
                "{\"type\":[\"exec\"]}",
                "{\"type\":\"exec\",\"mbean\":\"" + Management.BEAN
                        + "\",\"operation\":\"job\",\"arguments\":[\"\\u001b[2J\\u0085\\u202e\"]}")) {
            HttpResponse<String> answer = operator.post(body);
            assertThat(answer.statusCode()).as(body).isEqualTo(200);
            assertThat(answer.body()).doesNotContain("\u001b", "\u0085", "\u202e");
            JsonNode json = Stage.json(answer.body());
            assertThat(json.isArray() || json.path("status").asInt() >= 400)
                    .as("%s: %s", body, json)
                    .isTrue();
        }
        HttpResponse<String> many =
                operator.post(Stage.JSON.writeValueAsString(Stream.generate(() -> Stage.json("{\"type\":\"list\"}"))
                        .limit(2_000)
                        .toList()));
        assertThat(Stage.json(many.body()).path("error").asText())
                .contains("larger than")
                .contains("ask for less");
    }

    @Test
    void slowsAndCountsGuesses() throws Exception {
        Management guesser = new Management(stage.managementPort(), null, null);
        assertThat(operator.post("{\"type\":\"version\"}").statusCode()).isEqualTo(200);
        List<CompletableFuture<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            String guess = Management.basic("operator", "guess-" + i);
            answers.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return guesser.post("{}", "Authorization", guess).statusCode();
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        int looked = 0;
        for (CompletableFuture<Integer> answer : answers) {
            looked += answer.get() == 401 ? 1 : 0;
        }
        assertThat(looked).as("guesses that were looked at").isBetween(1, 60);
        HttpResponse<String> last = guesser.post("{}", "Authorization", Management.basic("operator", "guess-more"));
        assertThat(last.statusCode()).isEqualTo(429);
        assertThat(Integer.parseInt(last.headers().firstValue("Retry-After").orElse("0")))
                .isBetween(1, 60);
        String metrics = guesser.get("/observe/metrics").body();
        assertThat(metrics)
                .containsPattern("pairing_management_logins_refused_total\\{result=\"slowed\"[^}]*} 1\\d\\d")
                .containsPattern("pairing_management_logins_refused_total\\{result=\"wrong\"[^}]*} [1-9]")
                .doesNotContain("guess-");
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> operator.post("{\"type\":\"version\"}").statusCode() == 200);
    }

    @Test
    void keepsNoMoreConnectionsThanItMay() throws Exception {
        List<Socket> half = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * HttpConnectionLimits.MOST; i++) {
                Socket socket = new Socket("127.0.0.1", stage.managementPort());
                socket.getOutputStream().write("GET /observe/heal".getBytes(StandardCharsets.US_ASCII));
                half.add(socket);
                if (i % 64 == 0) {
                    assertThat(operator.get("/observe/health/live").statusCode())
                            .isEqualTo(200);
                }
            }
            // The oldest is closed: its end can be read.
            assertThat(half.get(0).getInputStream().read()).isEqualTo(-1);
            assertThat(operator.read("Version").asText()).isNotBlank();
        } finally {
            for (Socket socket : half) {
                socket.close();
            }
        }
    }

    /** As it is written: a client would tidy it up. */
    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", stage.managementPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
