package io.pairingbridge.fuzz;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.intake.Gate;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.awaitility.Awaitility;

/**
 * Requests to a running bridge's management port, spelt, encoded, nested and cut as no console does it. Nobody gets
 * past the login, nothing is executed by GET or with an argument of another kind, every answer of Jolokia's is valid
 * JSON, and the server goes on.
 */
final class JolokiaDoor implements Door {
    private static final ObjectMapper STRICT =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final List<String> OPERATIONS = List.of(
            "closeIntake",
            "openIntake",
            "changeRateLimit",
            "changeConcurrency",
            "replay",
            "replayAll",
            "resolve",
            "reconcileNow",
            "changeLogLevel",
            "deadLetters",
            "inDoubt",
            "job",
            "batch",
            "audit",
            "findJobs");
    /** The kinds of the arguments: s text, i number, b boolean. */
    private static final List<String> KINDS =
            List.of("s", "", "s", "i", "ssssb", "sssb", "sss", "", "ss", "ssssii", "sssii", "s", "s", "i", "si");

    private static final List<String> CHANGING = OPERATIONS.subList(0, 9);
    private static final List<String> ODD = List.of(
            "\"\"",
            "\"x\"",
            "\"true\"",
            "\"notbool\"",
            "true",
            "false",
            "null",
            "0",
            "1",
            "-1",
            "1.5",
            "1e400",
            "9999999999999999999999",
            "[]",
            "{}",
            "[\"x\"]",
            "{\"a\":{}}",
            "\"\\u001b[2J\\u0085\\u202e\"",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "NaN",
            "'x'",
            "",
            "\"" + "x".repeat(3_000) + "\"");

    private final Stage stage;
    private String login;
    private String audit;

    JolokiaDoor(Path folder) throws IOException {
        stage = new Stage(folder);
        stage.set("pairing.broker.users.operator.password", stage.users().password(BrokerUsers.OPERATOR));
        start();
    }

    private void start() throws IOException {
        stage.startBridge();
        login = Management.basic("operator", Management.password(stage.data()));
        audit = audit();
    }

    private String audit() throws IOException {
        Path file = stage.data().resolve("audit.log");
        return Files.exists(file) ? Files.readString(file) : "";
    }

    /** A request, and what may come of it. */
    private record Request(byte[] bytes, boolean loggedIn, boolean mayChange, String told) {}

    @Override
    public Fate tryOne(Random random) throws Exception {
        Request request = random.nextInt(3) == 0 ? byGet(random) : byPost(random);
        String answer = send(request.bytes());
        String changed = audit();
        boolean done = !changed.equals(audit);
        audit = changed;
        if (done && !request.mayChange()) {
            throw new AssertionError("executed: " + request.told() + "; "
                    + changed.lines().reduce((a, b) -> b).orElse(""));
        }
        return judge(request, answer);
    }

    private static Fate judge(Request request, String answer) {
        if (answer.isEmpty()) {
            // The request could not be read to its end: the connection is closed, as HTTP says.
            return Fate.REFUSED;
        }
        int status = Integer.parseInt(answer.substring(9, 12));
        String head =
                answer.substring(0, Math.max(answer.indexOf("\r\n\r\n"), 0)).toLowerCase(Locale.ROOT);
        String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        if (!request.loggedIn() && status != 400 && (status < 401 || status > 499) && status != 302) {
            throw new AssertionError("answered " + status + " without a login: " + request.told());
        }
        if (status >= 500) {
            throw new AssertionError("answered " + status + " to " + request.told() + ": " + body);
        }
        if (head.contains("content-type: application/json")) {
            if (body.chars().anyMatch(c -> c < ' ' || c > '~')) {
                throw new AssertionError("characters that act on a terminal, in the answer to " + request.told());
            }
            try {
                STRICT.readTree(body);
            } catch (JsonProcessingException e) {
                throw new AssertionError("no JSON to " + request.told() + ": " + e.getOriginalMessage());
            }
        } else if (status == 200 && head.contains("observe/jolokia")) {
            throw new AssertionError("neither JSON nor a refusal to " + request.told());
        }
        return status == 200 && body.contains("\"status\":200") ? Fate.OUTCOME : Fate.REFUSED;
    }

    private String authorization(Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> "";
            case 1 -> "Authorization: Bearer x\r\n";
            // The same wrong one each time: guesses are slowed, and nothing would be tried any more.
            case 2 -> "Authorization: " + Management.basic("operator", "wrong") + "\r\n";
            default -> "Authorization: " + login + "\r\n";
        };
    }

    private static final List<String> SPELLINGS = List.of(
            "exec",
            "EXEC",
            "Exec",
            "%65xec",
            "e%78ec",
            "exec%2f",
            "/exec",
            "./exec",
            "x/../exec",
            "exec;v=1",
            "%2fexec",
            "exec%00",
            "write",
            "WRITE",
            "%77rite",
            "notification",
            "version",
            "read",
            "list",
            "search",
            "config");

    private Request byGet(Random random) throws IOException {
        String spelt = SPELLINGS.get(random.nextInt(SPELLINGS.size()));
        int which = random.nextInt(OPERATIONS.size());
        StringBuilder rest = new StringBuilder("/"
                + List.of(
                                Management.BEAN,
                                "io.pairingbridge:*",
                                "*:*",
                                "java.lang:type=Memory",
                                "org.apache.camel:type=routes,*")
                        .get(random.nextInt(5))
                + "/" + OPERATIONS.get(which));
        for (char kind : KINDS.get(which).toCharArray()) {
            rest.append('/').append(kind == 'b' ? "false" : kind == 'i' ? "1" : "x");
        }
        String base = List.of(
                        "/observe/jolokia",
                        "/observe/jolokia/",
                        "/observe/jolokia//",
                        "/observe//jolokia/",
                        "/observe/%6aolokia/",
                        "/observe/jolokia%2f")
                .get(random.nextInt(6));
        String path = switch (random.nextInt(3)) {
            case 0 -> base + "?p=" + (random.nextBoolean() ? "/" : "") + spelt + rest;
            default -> base + (base.endsWith("a") ? "/" : "") + spelt + rest;
        };
        String method = List.of("GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "get", "GE T")
                .get(random.nextInt(10));
        String more = List.of(
                        "",
                        "X-HTTP-Method-Override: POST\r\n",
                        "X-Method-Override: POST\r\n",
                        "Content-Type: application/json\r\n",
                        "Origin: https://evil.example\r\n")
                .get(random.nextInt(5));
        String authorization = authorization(random);
        String text = method + " " + path.replace(" ", "%20") + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                + more + authorization + "\r\n";
        return new Request(
                text.getBytes(StandardCharsets.ISO_8859_1),
                authorization.contains(login),
                false,
                method + " " + path + " " + more.strip());
    }

    private Request byPost(Random random) throws IOException {
        boolean[] mayChange = new boolean[1];
        String body = switch (random.nextInt(10)) {
            case 0 -> "[".repeat(1 + random.nextInt(20_000));
            case 1 -> ODD.get(random.nextInt(ODD.size()));
            case 2, 3 -> {
                List<String> all = new ArrayList<>();
                for (int i = random.nextInt(8); i >= 0; i--) {
                    all.add(random.nextInt(6) == 0 ? ODD.get(random.nextInt(ODD.size())) : single(random, mayChange));
                }
                yield "[" + String.join(",", all) + "]";
            }
            case 4 -> "{\"type\":\"version\",\"x\":\"" + "x".repeat(random.nextInt(100_000)) + "\"}";
            default -> single(random, mayChange);
        };
        if (random.nextInt(10) == 0 && !body.isEmpty()) {
            int at = random.nextInt(body.length());
            body = body.substring(0, at)
                    + (random.nextBoolean() ? "" : "\u0000")
                    + body.substring(Math.min(body.length(), at + random.nextInt(4)));
        }
        byte[] bytes = random.nextInt(20) == 0
                ? body.getBytes(StandardCharsets.UTF_16)
                : body.getBytes(StandardCharsets.UTF_8);
        String type = random.nextInt(12) == 0
                ? List.of("text/plain", "application/x-www-form-urlencoded", "", "application/json;charset=utf-16")
                        .get(random.nextInt(4))
                : "application/json";
        String query = random.nextInt(8) == 0
                ? List.of(
                                "?maxDepth=-1",
                                "?maxDepth=x",
                                "?includeStackTrace=true",
                                "?ignoreErrors=maybe",
                                "?p=exec/x",
                                "?maxObjects=1",
                                "?callback=x",
                                "?canonicalNaming=\u0000".replace("\u0000", "%00"))
                        .get(random.nextInt(8))
                : "";
        String authorization = authorization(random);
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(("POST /observe/jolokia/" + query + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                        + (type.isEmpty() ? "" : "Content-Type: " + type + "\r\n") + "Content-Length: " + bytes.length
                        + "\r\n" + authorization + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        request.writeBytes(bytes);
        boolean loggedIn = authorization.contains(login);
        return new Request(
                request.toByteArray(),
                loggedIn,
                loggedIn && mayChange[0],
                "POST" + query + " " + type + " " + (body.length() > 600 ? body.substring(0, 600) + "..." : body));
    }

    /** One request; notes whether it may change something: only where all its arguments are of their kind. */
    private static String single(Random random, boolean[] mayChange) {
        int which = random.nextInt(OPERATIONS.size());
        String operation = OPERATIONS.get(which);
        List<String> arguments = new ArrayList<>();
        boolean right = true;
        boolean ill = random.nextInt(4) != 0;
        for (char kind : KINDS.get(which).toCharArray()) {
            String argument = ill && random.nextInt(2) == 0
                    ? ODD.get(random.nextInt(ODD.size()))
                    : kind == 'b' ? "true" : kind == 'i' ? "1" : "\"x\"";
            right &= kind == 'b'
                    ? List.of("true", "false").contains(argument)
                    : kind == 'i'
                            ? List.of("0", "1", "-1").contains(argument)
                            : argument.startsWith("\"") || argument.equals("null");
            arguments.add(argument);
        }
        if (random.nextInt(8) == 0) {
            arguments.add(ODD.get(random.nextInt(ODD.size())));
            right = false;
        }
        String bean = List.of(
                        Management.BEAN,
                        Management.BEAN,
                        Management.BEAN,
                        "io.pairingbridge:*",
                        "java.lang:type=Runtime",
                        "a:b=\\u001b")
                .get(random.nextInt(6));
        String type = List.of(
                        "exec",
                        "exec",
                        "exec",
                        "EXEC",
                        "read",
                        "write",
                        "list",
                        "search",
                        "notification",
                        "\\u0065xec",
                        "x")
                .get(random.nextInt(11));
        // A cut or a byte too many may make something else of it, which is then judged by hand; an ill argument stays
        // ill.
        mayChange[0] |= right
                && CHANGING.contains(operation)
                && bean.equals(Management.BEAN)
                && List.of("exec", "EXEC", "\\u0065xec").contains(type);
        return "{\"type\":\"" + type + "\",\"mbean\":\"" + bean + "\",\""
                + (type.equals("read") || type.equals("write") ? "attribute" : "operation") + "\":\"" + operation
                + "\",\"arguments\":[" + String.join(",", arguments) + "]}";
    }

    private String send(byte[] request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", stage.managementPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request);
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("no answer within a minute");
        } catch (IOException e) {
            return ""; // closed on what could not be read, before all of it was written
        }
    }

    @Override
    public void ordinary() throws Exception {
        // What was allowed may have closed it; that takes effect after the answer.
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> {
            stage.bridge().intake().openByOperator();
            return stage.bridge().intake().status().gate() == Gate.OPEN;
        });
        Management operator = new Management(stage.managementPort(), null, null);
        int health = operator.get("/observe/health/ready").statusCode();
        String read = operator.post(
                        "{\"type\":\"read\",\"mbean\":\"" + Management.BEAN + "\",\"attribute\":\"Version\"}",
                        "Authorization",
                        login)
                .body();
        if (health != 200 || !read.contains("\"status\":200")) {
            throw new AssertionError("health " + health + ", read " + read);
        }
    }

    @Override
    public void restart() throws IOException {
        stage.stopBridge();
        start();
    }

    @Override
    public void close() throws IOException {
        stage.close();
    }
}
