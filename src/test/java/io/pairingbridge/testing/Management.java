package io.pairingbridge.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Properties;

/**
 * A bridge's management server as somebody uses it who has a login, or has none. Keeps every answer, for the secret
 * scan.
 */
public final class Management {
    public static final String BEAN = "io.pairingbridge:type=PairingBridge";
    private final HttpClient client = HttpClient.newHttpClient();
    private final String base;
    private final String login;
    private final List<String> answers = new ArrayList<>();

    public Management(int port, String user, String password) {
        this.base = "http://127.0.0.1:" + port;
        this.login = user == null ? null : basic(user, password);
    }

    /** As user operator, with the password that the bridge made. */
    public static Management operator(int port, Path dataDirectory) throws IOException {
        return new Management(port, "operator", password(dataDirectory));
    }

    public static String password(Path dataDirectory) throws IOException {
        Properties users = new Properties();
        try (var reader = Files.newBufferedReader(dataDirectory.resolve("management-users.properties"))) {
            users.load(reader);
        }
        return users.getProperty("operator");
    }

    public static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    public HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(base + path)).GET(), headers);
    }

    public HttpResponse<String> head(String path, String... headers) throws IOException, InterruptedException {
        return send(
                HttpRequest.newBuilder(URI.create(base + path)).method("HEAD", HttpRequest.BodyPublishers.noBody()),
                headers);
    }

    public HttpResponse<String> post(String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + "/observe/jolokia/"))
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (!List.of(headers).contains("Content-Type")) {
            request.header("Content-Type", "application/json");
        }
        return send(request, headers);
    }

    private HttpResponse<String> send(HttpRequest.Builder request, String... headers)
            throws IOException, InterruptedException {
        if (login != null) {
            request.header("Authorization", login);
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.setHeader(headers[i], headers[i + 1]);
        }
        HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        answers.add(answer.body());
        return answer;
    }

    /** Jolokia's answer to an operation of this MBean: {@code status}, and {@code value} or {@code error}. */
    public JsonNode exec(String bean, String operation, Object... arguments) throws IOException, InterruptedException {
        ObjectNode request = Stage.JSON
                .createObjectNode()
                .put("type", "exec")
                .put("mbean", bean)
                .put("operation", operation);
        request.set("arguments", Stage.JSON.valueToTree(arguments));
        return Stage.json(post(request.toString()).body());
    }

    /** What an operation of the bridge's MBean returned. */
    public JsonNode call(String operation, Object... arguments) throws IOException, InterruptedException {
        JsonNode answer = exec(BEAN, operation, arguments);
        if (answer.path("status").asInt() != 200) {
            throw new AssertionError(operation + ": " + answer);
        }
        return answer.path("value");
    }

    /** Why an operation of the bridge's MBean was refused. */
    public String refused(String operation, Object... arguments) throws IOException, InterruptedException {
        JsonNode answer = exec(BEAN, operation, arguments);
        if (answer.path("status").asInt() == 200) {
            throw new AssertionError(operation + " was done: " + answer);
        }
        return answer.path("error").asText();
    }

    public JsonNode read(String attribute) throws IOException, InterruptedException {
        JsonNode answer = Stage.json(post(Stage.JSON
                        .createObjectNode()
                        .put("type", "read")
                        .put("mbean", BEAN)
                        .put("attribute", attribute)
                        .toString())
                .body());
        if (answer.path("status").asInt() != 200) {
            throw new AssertionError(attribute + ": " + answer);
        }
        return answer.path("value");
    }

    /** Everything that was answered so far. */
    public List<String> answers() {
        return answers;
    }
}
