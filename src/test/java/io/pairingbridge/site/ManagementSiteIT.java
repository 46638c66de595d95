package io.pairingbridge.site;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.management.MBeanFeatureInfo;
import javax.management.ObjectName;
import org.apache.camel.ServiceStatus;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what over HTTP: each refusal, and what is allowed. */
class ManagementSiteIT {
    private static final String VERSION = "{\"type\":\"version\"}";
    private static final String CONTEXT =
            "org.apache.camel:context=pairing-bridge,type=context,name=\"pairing-bridge\"";
    private static final String ROUTE = "org.apache.camel:context=pairing-bridge,type=routes,name=\"batch-inbox\"";

    private static Stage stage;
    private static Management operator;
    private static Management nobody;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder);
        System.setProperty("pairing.secret-for-a-test", "secret-in-a-system-property");
        stage.startBridge();
        operator = Management.operator(stage.managementPort(), stage.data());
        nobody = new Management(stage.managementPort(), null, null);
    }

    @AfterAll
    static void stop() throws IOException {
        System.clearProperty("pairing.secret-for-a-test");
        stage.close();
    }

    @Test
    void asksForALoginThatWasMadeAtTheFirstStart() throws Exception {
        String password = Management.password(stage.data());
        assertThat(password).hasSize(43);
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(stage.data().resolve("management-users.properties"))))
                .isEqualTo("rw-------");
        assertThat(operator.post(VERSION).statusCode()).isEqualTo(200);
        assertThat(operator.get("/observe/jolokia/version").statusCode()).isEqualTo(200);

        assertThat(nobody.get("/observe/jolokia").statusCode()).isEqualTo(401);
        assertThat(nobody.get("/observe/jolokia/version").headers().firstValue("WWW-Authenticate"))
                .hasValueSatisfying(how -> assertThat(how).startsWith("Basic"));
        assertThat(nobody.post(VERSION, "X-Requested-With", "XMLHttpRequest")
                        .headers()
                        .firstValue("WWW-Authenticate"))
                .isEmpty();
        assertThat(nobody.post(VERSION, "Sec-Fetch-Mode", "cors").headers().firstValue("WWW-Authenticate"))
                .isEmpty();
        assertThat(nobody.get("/observe/jolokia/version", "Sec-Fetch-Mode", "navigate")
                        .headers()
                        .firstValue("WWW-Authenticate"))
                .isPresent();
        for (String forged : List.of(
                "Basic",
                "Basic ",
                "Basic !!!",
                "Basic b3BlcmF0b3I=",
                Management.basic("operator", ""),
                Management.basic("operator", password + "x"),
                Management.basic("Operator", password),
                Management.basic("nobody", password),
                "Bearer " + password,
                "Basic " + password)) {
            HttpResponse<String> answer = nobody.post(VERSION, "Authorization", forged);
            assertThat(answer.statusCode()).as("with %s", forged).isEqualTo(401);
            assertThat(answer.body()).doesNotContain("agent");
        }
    }

    /** What Prometheus 2 and 3, Telegraf, curl, browsers, load balancers and people send. */
    @Test
    void answersMetricsWhateverTheClientAccepts() throws Exception {
        String text = "text/plain; version=0.0.4; charset=utf-8";
        String open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        Map<String, String> types = new LinkedHashMap<>();
        for (String plain : List.of(
                "*/*",
                "text/*",
                "text/plain",
                "text/plain;version=0.0.4",
                "text/plain; version=0.0.4; charset=utf-8",
                "text/plain;version=1.0.0;escaping=allow-utf-8",
                "application/json",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3",
                "application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5",
                "application/openmetrics-text;q=0, text/plain")) {
            types.put(plain, text);
        }
        for (String better : List.of(
                "application/openmetrics-text",
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.9,"
                        + "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;q=0.4,*/*;q=0.2")) {
            types.put(better, open);
        }
        Map<String, String> came = new LinkedHashMap<>();
        for (String accept : types.keySet()) {
            HttpResponse<String> answer = nobody.get("/observe/metrics", "Accept", accept);
            came.put(
                    accept,
                    answer.statusCode() == 200
                            ? answer.headers().firstValue("Content-Type").orElse("none")
                            : answer.statusCode() + "");
            assertThat(answer.body()).as(accept).contains("pairing_intake_open 1.0");
            assertThat(answer.body().endsWith("# EOF\n"))
                    .as("OpenMetrics for %s", accept)
                    .isEqualTo(types.get(accept).equals(open));
        }
        assertThat(came).isEqualTo(types);
        assertThat(nobody.get("/observe/metrics").headers().firstValue("Content-Type"))
                .contains(text);
        assertThat(nobody.get("/observe/metrics").body()).contains("jvm_memory_used_bytes", "camel_exchanges_total");
    }

    @Test
    void answersHealthToWhateverLooksAtIt() throws Exception {
        for (String path :
                List.of("/observe/health", "/observe/health/live", "/observe/health/ready", "/observe/info")) {
            for (String accept :
                    List.of("*/*", "text/plain", "text/html", "application/json", "application/openmetrics-text")) {
                assertThat(Stage.json(nobody.get(path, "Accept", accept).body()).isObject())
                        .as("%s for %s", path, accept)
                        .isTrue();
            }
            HttpResponse<String> head = nobody.head(path);
            assertThat(head.statusCode()).as("HEAD %s", path).isEqualTo(200);
            assertThat(head.body()).isEmpty();
            assertThat(head.headers().firstValue("Content-Type")).contains("application/json");
        }
        assertThat(nobody.head("/observe/metrics").statusCode()).isEqualTo(200);
        assertThat(nobody.head("/observe/metrics").body()).isEmpty();
        operator.call("closeIntake", "for its health");
        try {
            assertThat(nobody.head("/observe/health/ready").statusCode()).isEqualTo(503);
        } finally {
            operator.call("openIntake");
        }
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> nobody.head("/observe/health/ready").statusCode() == 200);
    }

    @Test
    void leadsToThePage() throws Exception {
        for (String path : List.of("/", "/console")) {
            assertThat(nobody.get(path).statusCode()).as(path).isEqualTo(302);
            String to = nobody.get(path).headers().firstValue("Location").orElseThrow();
            assertThat(URI.create("http://bridge" + path).resolve(to).getPath())
                    .as(path)
                    .isEqualTo("/console/");
            assertThat(nobody.head(path).statusCode()).as("HEAD %s", path).isEqualTo(302);
        }
        assertThat(nobody.head("/console/").statusCode()).isEqualTo(200);
        assertThat(nobody.get("/nothing").statusCode()).isEqualTo(404);
    }

    @Test
    void knowsEveryUserOfTheFileAsSoonAsItIsAdded() throws Exception {
        Management anna = new Management(stage.managementPort(), "anna", "a password of hers");
        assertThat(anna.post(VERSION).statusCode()).isEqualTo(401);
        Files.writeString(
                stage.data().resolve("management-users.properties"),
                "anna=a password of hers\n",
                StandardOpenOption.APPEND);
        anna.call("changeRateLimit", "0");
        assertThat(operator.call("audit", 1).get(0).path("who").asText()).isEqualTo("anna");
    }

    @Test
    void writesDownWhoStopsARouteOfCamel() throws Exception {
        String route = stage.bridge()
                .camel()
                .getManagementStrategy()
                .getManagementObjectNameStrategy()
                .getObjectNameForRoute(stage.bridge().camel().getRoute("batch-inbox"))
                .getCanonicalName();
        assertThat(exec(operator, route, "stop()")).isEqualTo(200);
        assertThat(exec(operator, route, "start")).isEqualTo(200);
        assertThat(exec(operator, route, "dumpRouteAsXml()")).isEqualTo(200);
        assertThat(exec(operator, route, "remove()")).isEqualTo(403);

        assertThat(operator.call("audit", 2))
                .extracting(e -> e.path("action").asText() + " "
                        + e.path("subject").asText() + " " + e.path("who").asText())
                .containsExactly("startRoute batch-inbox operator", "stopRoute batch-inbox operator");
    }

    private static int exec(Management who, String bean, String operation) throws Exception {
        return Stage.json(who.post(new ObjectMapper()
                                .createObjectNode()
                                .put("type", "exec")
                                .put("mbean", bean)
                                .put("operation", operation)
                                .toString())
                        .body())
                .path("status")
                .asInt();
    }

    @Test
    void refusesWhatAnotherSiteSends() throws Exception {
        assertThat(operator.post(VERSION, "Sec-Fetch-Site", "cross-site").statusCode())
                .isEqualTo(403);
        assertThat(operator.post(VERSION, "Sec-Fetch-Site", "same-site").statusCode())
                .isEqualTo(403);
        assertThat(operator.post(VERSION, "Origin", "https://evil.example").statusCode())
                .isEqualTo(403);
        assertThat(operator.post(VERSION, "Origin", "null").statusCode()).isEqualTo(403);
        assertThat(operator.post(
                                VERSION,
                                "Origin",
                                "http://127.0.0.1:" + stage.managementPort(),
                                "Sec-Fetch-Site",
                                "cross-site")
                        .statusCode())
                .isEqualTo(403);
        assertThat(operator.get("/observe/jolokia/version", "Origin", "https://evil.example")
                        .statusCode())
                .isEqualTo(403);
        for (String form : List.of(
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "TEXT/PLAIN;charset=utf-8")) {
            assertThat(operator.post(VERSION, "Content-Type", form).statusCode())
                    .as(form)
                    .isEqualTo(415);
        }
        assertThat(operator.get("/observe/jolokia/exec/" + Management.BEAN + "/reconcileNow")
                        .statusCode())
                .isEqualTo(405);
        assertThat(operator.get("/observe/jolokia//exec/" + Management.BEAN + "/reconcileNow")
                        .statusCode())
                .isEqualTo(405);
        assertThat(operator.post(
                                VERSION,
                                "Origin",
                                "http://127.0.0.1:" + stage.managementPort(),
                                "Sec-Fetch-Site",
                                "same-origin")
                        .headers()
                        .firstValue("Access-Control-Allow-Origin"))
                .isEmpty();
    }

    @Test
    void answersThePageOfAConsoleThatForwardsItsRequests() throws Exception {
        assertThat(operator.post(VERSION, "Origin", "http://127.0.0.1:8090", "Sec-Fetch-Site", "same-origin")
                        .statusCode())
                .isEqualTo(200);
        assertThat(operator.post(VERSION, "Origin", "http://127.0.0.1:8090", "Sec-Fetch-Site", "")
                        .statusCode())
                .as("says nothing")
                .isEqualTo(403);
        assertThat(nobody.post(VERSION, "Origin", "http://127.0.0.1:8090", "Sec-Fetch-Site", "same-origin")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void tellsNoSecretInTheDumpsThatDiagramsNeed() throws Exception {
        stage.send(Stage.request("dumped", "otp-canary-dumped"));
        stage.awaitOutcome("dumped");
        StringBuilder dumps = new StringBuilder();
        for (String operation : List.of(
                "dumpRoutesAsXml()",
                "dumpRoutesAsXml(boolean)",
                "dumpRoutesAsXml(boolean,boolean)",
                "dumpRoutesStatsAsXml",
                "dumpRoutesStatsAsXml(boolean,boolean)")) {
            dumps.append(dump(CONTEXT, operation));
        }
        for (JsonNode route : Stage.json(
                        operator.post("{\"type\":\"search\",\"mbean\":\"org.apache.camel:type=routes,*\"}")
                                .body())
                .path("value")) {
            for (String operation : List.of(
                    "dumpRouteAsXml()",
                    "dumpRouteAsXml(boolean)",
                    "dumpRouteAsXml(boolean,boolean)",
                    "dumpRouteStatsAsXml",
                    "dumpRouteStatsAsXml(boolean,boolean)")) {
                dumps.append(dump(route.asText(), operation));
            }
        }
        // With placeholders resolved: the routes have three of them, none is a secret, and secrets are no properties
        // that Camel knows.
        assertThat(dumps.toString())
                .contains("call-endpoint", stage.ledger().url().toString())
                .doesNotContain(
                        "otp-canary-dumped",
                        LedgerEndpoint.secret("otp-canary-dumped"),
                        Management.password(stage.data()),
                        stage.settingTexts().get("pairing.broker.password"),
                        stage.settingTexts().get("pairing.integrator-id"),
                        "secret-in-a-system-property");
    }

    /** With everything that it can be asked for; a name without types is how Hawtio asks. */
    private static String dump(String bean, String operation) throws Exception {
        int arguments = operation.contains("Stats") ? 2 : operation.contains("()") ? 0 : operation.split(",").length;
        JsonNode answer = operator.exec(
                bean, operation, Collections.nCopies(arguments, true).toArray());
        assertThat(answer.path("status").asInt())
                .as("%s %s: %s", bean, operation, answer)
                .isEqualTo(200);
        return answer.path("value").asText();
    }

    @Test
    void refusesARequestThatIsTooLarge() throws Exception {
        String large = "{\"type\":\"version\",\"x\":\"" + "x".repeat(65 * 1024) + "\"}";
        assertThat(operator.post(large).statusCode()).isEqualTo(413);
        assertThat(nobody.post(large).statusCode())
                .as("nobody's is not even read")
                .isEqualTo(401);
        String head =
                "POST /observe/jolokia/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                        + "Connection: close\r\nAuthorization: ";
        String login = Management.basic("operator", Management.password(stage.data()));
        assertThat(raw(head + login + "\r\n\r\n" + chunked(VERSION, 7))).startsWith("HTTP/1.1 200");
        assertThat(raw(head + login + "\r\n\r\n" + chunked(large, 1024)))
                .as("of a length that it does not say")
                .startsWith("HTTP/1.1 413");
        assertThat(raw(head + "Basic none\r\n\r\n" + chunked(large, 1024))).startsWith("HTTP/1.1 401");
        assertThat(operator.post("no json").body()).doesNotContain("\"status\":200");
    }

    @Test
    void allowsReadingTheBridgesOperationsAndStartingAndStoppingRoutes() throws Exception {
        assertThat(operator.read("Environment").asText()).isEqualTo("simulator");
        assertThat(operator.exec(CONTEXT, "dumpRoutesAsXml()").path("value").asText())
                .contains("call-endpoint");
        assertThat(operator.exec(ROUTE, "suspend()").path("status").asInt()).isEqualTo(200);
        assertThat(stage.bridge().camel().getRouteController().getRouteStatus("batch-inbox"))
                .isEqualTo(ServiceStatus.Suspended);
        assertThat(operator.exec(ROUTE, "resume()").path("status").asInt()).isEqualTo(200);
        assertThat(operator.exec(ROUTE, "stop()").path("status").asInt()).isEqualTo(200);
        assertThat(operator.exec(ROUTE, "start()").path("status").asInt()).isEqualTo(200);
        assertThat(stage.bridge().camel().getRouteController().getRouteStatus("batch-inbox"))
                .isEqualTo(ServiceStatus.Started);
    }

    @Test
    void refusesEverythingElse() throws Exception {
        Map<String, Object[]> refused = Map.ofEntries(
                Map.entry(
                        CONTEXT + " sendBody(java.lang.String,java.lang.Object)",
                        new Object[] {"jms:queue:pairing.requests", "{}"}),
                Map.entry(CONTEXT + " requestBody(java.lang.String,java.lang.Object)", new Object[] {"direct:pair", "{}"
                }),
                Map.entry(
                        CONTEXT + " sendStringBody(java.lang.String,java.lang.String)",
                        new Object[] {"direct:pair", "{}"}),
                Map.entry(CONTEXT + " stop()", new Object[0]),
                Map.entry(CONTEXT + " suspend()", new Object[0]),
                Map.entry(CONTEXT + " addOrUpdateRoutesFromXml(java.lang.String)", new Object[] {"<routes/>"}),
                Map.entry(CONTEXT + " createEndpoint(java.lang.String)", new Object[] {"file:/tmp"}),
                Map.entry(ROUTE + " remove()", new Object[0]),
                Map.entry(ROUTE + " updateRouteFromXml(java.lang.String)", new Object[] {"<route/>"}),
                Map.entry("java.lang:type=Memory gc()", new Object[0]),
                Map.entry("java.lang:type=Threading dumpAllThreads(boolean,boolean)", new Object[] {true, true}),
                Map.entry("java.lang:type=Threading dumpAllThreads", new Object[] {true, true}),
                Map.entry("java.lang:type=Threading dumpAllThreads(boolean,boolean,int)", new Object[] {true, true, 5}),
                Map.entry("java.lang:type=Threading getThreadInfo(long)", new Object[] {1}),
                Map.entry(
                        "com.sun.management:type=HotSpotDiagnostic dumpHeap(java.lang.String,boolean)",
                        new Object[] {"/tmp/x.hprof", true}),
                Map.entry("com.sun.management:type=DiagnosticCommand vmSystemProperties()", new Object[0]),
                Map.entry("com.sun.management:type=DiagnosticCommand vmFlags", new Object[] {new String[0]}),
                Map.entry(
                        "java.util.logging:type=Logging setLoggerLevel(java.lang.String,java.lang.String)",
                        new Object[] {"x", "FINEST"}));
        for (Map.Entry<String, Object[]> call : refused.entrySet()) {
            int space = call.getKey().lastIndexOf(' ');
            JsonNode answer = operator.exec(
                    call.getKey().substring(0, space), call.getKey().substring(space + 1), call.getValue());
            assertThat(answer.path("status").asInt())
                    .as("%s: %s", call.getKey(), answer)
                    .isEqualTo(403);
        }
        assertThat(stage.bridge().camel().getStatus()).isEqualTo(ServiceStatus.Started);
    }

    @Test
    void refusesToBrowseToWriteAndToShowSystemProperties() throws Exception {
        JsonNode endpoints = Stage.json(
                        operator.post("{\"type\":\"search\",\"mbean\":\"org.apache.camel:type=endpoints,*\"}")
                                .body())
                .path("value");
        List<String> queues = new ArrayList<>();
        for (JsonNode endpoint : endpoints) {
            // Those that hold nothing that could be browsed do not have the operation; it is refused all the same,
            // before anybody looks.
            for (String operation : List.of(
                    "browseAllMessagesAsXml(java.lang.Boolean)",
                    "browseAllMessagesAsXml",
                    "browseMessageBody(java.lang.Integer)")) {
                JsonNode answer = operator.exec(endpoint.asText(), operation, operation.contains("Body") ? 0 : true);
                assertThat(answer.path("status").asInt())
                        .as("%s %s: %s", endpoint, operation, answer)
                        .isEqualTo(403);
            }
            if (endpoint.asText().contains("jms://queue:pairing.requests")) {
                queues.add(endpoint.asText());
            }
        }
        assertThat(queues)
                .as("endpoints of the queue that holds one-time passwords, of %s", endpoints)
                .isNotEmpty();
        // It is there, and could be browsed by whoever is in the process: what refuses is the policy.
        assertThat(ManagementFactory.getPlatformMBeanServer()
                        .getMBeanInfo(new ObjectName(queues.get(0)))
                        .getOperations())
                .extracting(MBeanFeatureInfo::getName)
                .contains("browseAllMessagesAsXml");
        assertThat(Stage.json(operator.post(
                                        "{\"type\":\"write\",\"mbean\":\"java.lang:type=Memory\",\"attribute\":\"Verbose\",\"value\":true}")
                                .body())
                        .path("status")
                        .asInt())
                .isEqualTo(403);
        double limit = operator.read("RateLimit").asDouble();
        assertThat(Stage.json(operator.post("{\"type\":\"write\",\"mbean\":\"" + Management.BEAN
                                        + "\",\"attribute\":\"RateLimit\",\"value\":77}")
                                .body())
                        .path("status")
                        .asInt())
                .as("what changes it is an operation, which is audited")
                .isEqualTo(403);
        assertThat(operator.read("RateLimit").asDouble()).isEqualTo(limit).isNotEqualTo(77);
        for (String attribute : List.of("\"SystemProperties\"", "[\"SystemProperties\",\"VmName\"]", "null", "[]")) {
            String answer = operator.post(
                            "{\"type\":\"read\",\"mbean\":\"java.lang:type=Runtime\",\"attribute\":" + attribute + "}")
                    .body();
            assertThat(answer).as(attribute).doesNotContain("secret-in-a-system-property");
        }
        String everything = operator.post(
                        "{\"type\":\"read\",\"mbean\":\"java.lang:*\",\"config\":{\"ignoreErrors\":true}}")
                .body();
        assertThat(everything).contains("HeapMemoryUsage").doesNotContain("secret-in-a-system-property");
    }

    /**
     * Jolokia as a proxy would open a connection to wherever it is told: here it asks this process or nobody, and
     * allows no more than without.
     */
    @Test
    void asksNoOtherProcessWhateverTargetARequestNames() throws Exception {
        Map<String, Integer> requests = Map.of(
                "{\"type\":\"read\",\"mbean\":\"java.lang:type=Runtime\",\"attribute\":\"Name\"",
                200,
                "{\"type\":\"version\"",
                200,
                "{\"type\":\"exec\",\"mbean\":\"java.lang:type=Memory\",\"operation\":\"gc\"",
                403,
                "{\"type\":\"read\",\"mbean\":\"java.lang:type=Runtime\",\"attribute\":\"SystemProperties\"",
                403);
        for (Map.Entry<String, Integer> request : requests.entrySet()) {
            for (String url : List.of(
                    "service:jmx:rmi:///jndi/rmi://127.0.0.1:%d/jmxrmi",
                    "service:jmx:rmi://127.0.0.1:%d/stub/x", "http://127.0.0.1:%d/jolokia")) {
                try (ServerSocket elsewhere = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
                    String target = url.formatted(elsewhere.getLocalPort());
                    JsonNode answer = Stage.json(operator.post(request.getKey() + ",\"target\":{\"url\":\"" + target
                                    + "\",\"user\":\"u\",\"password\":\"p\"}}")
                            .body());
                    assertThat(answer.path("status").asInt())
                            .as("%s of %s: %s", request.getKey(), target, answer)
                            .isEqualTo(request.getValue());
                    if (request.getKey().contains("\"Name\"")) {
                        assertThat(answer.path("value").asText())
                                .isEqualTo(ManagementFactory.getRuntimeMXBean().getName());
                    }
                    elsewhere.setSoTimeout(1); // whoever is asked is asked before the answer
                    assertThatThrownBy(elsewhere::accept).as(target).isInstanceOf(SocketTimeoutException.class);
                }
            }
        }
    }

    @Test
    void letsNobodySubscribeToNotifications() throws Exception {
        for (String command : List.of("register", "list", "unregister", "ping")) {
            JsonNode answer = Stage.json(
                    operator.post("{\"type\":\"notification\",\"command\":\"" + command + "\",\"client\":\"1\"}")
                            .body());
            assertThat(answer.path("status").asInt()).as(answer.toString()).isEqualTo(403);
        }
        assertThat(Stage.json(operator.get("/observe/jolokia/notification/register")
                                .body())
                        .path("status")
                        .asInt())
                .isEqualTo(403);
        JsonNode added = Stage.json(operator.post(new ObjectMapper()
                        .createObjectNode()
                        .put("type", "notification")
                        .put("command", "add")
                        .put("client", "1")
                        .put("mode", "pull")
                        .put("mbean", Management.BEAN)
                        .toString())
                .body());
        assertThat(added.path("status").asInt()).as(added.toString()).isEqualTo(403);
    }

    /**
     * What a browser asks before it sends a page's request to another site: a yes to anything would be a yes to that
     * page.
     */
    @Test
    void allowsAnotherSitesPageNothingWhenItsBrowserAsks() throws Exception {
        for (String path : List.of(
                "/observe/jolokia", "/observe/jolokia/", "/observe/jolokia/version", "/console/", "/observe/health")) {
            String answer = raw(
                    "OPTIONS " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + stage.managementPort()
                            + "\r\nOrigin: https://evil.example\r\n"
                            + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type\r\nConnection: close\r\n\r\n");
            assertThat(answer).as(path).startsWith("HTTP/1.1 4");
            assertThat(answer.toLowerCase(Locale.ROOT)).as(path).doesNotContain("access-control-allow");
        }
        assertThat(operator.get("/observe/jolokia/version", "Origin", "https://evil.example")
                        .headers()
                        .map()
                        .keySet())
                .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control"));
    }

    @Test
    void explainsEveryAttributeAndOperation() throws Exception {
        JsonNode bean = Stage.json(operator.post("{\"type\":\"list\",\"path\":\"io.pairingbridge/type=PairingBridge\"}")
                        .body())
                .path("value");
        assertThat(bean.path("attr").size()).isGreaterThan(20);
        bean.path("attr")
                .properties()
                .forEach(attribute -> assertThat(
                                attribute.getValue().path("desc").asText())
                        .as(attribute.getKey())
                        .matches("(?s)[A-Z].{20,}[.]"));
        bean.path("op").properties().forEach(operation -> {
            assertThat(operation.getValue().path("desc").asText())
                    .as(operation.getKey())
                    .matches("(?s)[A-Z].{20,}[.]");
            operation
                    .getValue()
                    .path("args")
                    .forEach(argument -> assertThat(argument.path("name").asText())
                            .as(operation.getKey())
                            .doesNotMatch("p\\d+|arg\\d+"));
        });
    }

    @Test
    void servesThePageAndNothingBesideIt() throws Exception {
        HttpResponse<String> page = nobody.get("/console/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                .contains("default-src 'none'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(page.body())
                .contains("<main id=\"main\"")
                .doesNotContain("http://", "https://", "style=", "onclick");
        assertThat(nobody.get("/console").headers().firstValue("Location")).hasValue("/console/");
        assertThat(nobody.get("/console/chart.js").statusCode()).isEqualTo(200);
        for (String path : List.of(
                "/console/../config/application.properties",
                "/console/..%2f..%2fetc/passwd",
                "/console/%2e%2e/%2e%2e/etc/passwd",
                "/console//etc/passwd",
                "/console/index.html/..",
                "/console/console.js%00.html",
                "/console/..\\..\\etc\\passwd",
                "/console/.git/config")) {
            assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"))
                    .as(path)
                    .startsWith("HTTP/1.1 4")
                    .doesNotContain("root:", "pairing.integrator-id");
        }
    }

    /** As it is written: a client would tidy it up. */
    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", stage.managementPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static String chunked(String body, int size) {
        StringBuilder chunks = new StringBuilder();
        for (int from = 0; from < body.length(); from += size) {
            String chunk = body.substring(from, Math.min(body.length(), from + size));
            chunks.append(Integer.toHexString(chunk.length()))
                    .append("\r\n")
                    .append(chunk)
                    .append("\r\n");
        }
        return chunks.append("0\r\n\r\n").toString();
    }
}
