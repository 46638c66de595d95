package io.pairingbridge.site;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.pairingbridge.operate.AuditLog;
import io.pairingbridge.operate.CurrentUser;
import io.pairingbridge.settings.SettingsException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jolokia.core.api.LogHandler;
import org.jolokia.json.JSONObject;
import org.jolokia.json.JSONStructure;
import org.jolokia.server.core.config.ConfigKey;
import org.jolokia.server.core.config.StaticConfiguration;
import org.jolokia.server.core.http.HttpRequestHandler;
import org.jolokia.server.core.request.BadRequestException;
import org.jolokia.server.core.request.EmptyResponseException;
import org.jolokia.server.core.request.JolokiaExecRequest;
import org.jolokia.server.core.request.JolokiaRequest;
import org.jolokia.server.core.request.NotChangedException;
import org.jolokia.server.core.restrictor.policy.PolicyRestrictor;
import org.jolokia.server.core.service.JolokiaServiceManagerFactory;
import org.jolokia.server.core.service.api.JolokiaServiceManager;
import org.jolokia.server.core.util.NetworkUtil;
import org.jolokia.server.core.util.RequestType;
import org.jolokia.service.jmx.LocalRequestHandler;
import org.jolokia.service.serializer.JolokiaSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JMX over HTTP by Jolokia, held to an access policy and to {@link OperationRules}. Requests and answers are read and
 * written here, so that their depth and their size have a limit and no answer is invalid JSON.
 */
final class JolokiaAgent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JolokiaAgent.class);
    /** Bytes. All MBeans with everything that is known of them are a tenth of it. */
    private static final int LARGEST_ANSWER = 16 * 1024 * 1024;
    /** Objects and lists in one another. */
    private static final int DEEPEST_REQUEST = 32;

    private static final ObjectMapper REQUESTS = new ObjectMapper(new JsonFactoryBuilder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST_REQUEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    private final JolokiaServiceManager services;
    private final HttpRequestHandler jolokia;

    /**
     * @param policy the file of the access policy, in Jolokia's format
     * @param audit gets what is done to Camel's routes; the operations of our own MBean write to it themselves
     * @throws SettingsException naming that file if it cannot be read or understood
     */
    JolokiaAgent(Path policy, AuditLog audit) {
        StaticConfiguration configuration = new StaticConfiguration(
                ConfigKey.AGENT_ID,
                NetworkUtil.getAgentId(hashCode(), "pairing-bridge"),
                // An answer that repeated the request would repeat the one-time password of a replay.
                ConfigKey.INCLUDE_REQUEST,
                "false",
                ConfigKey.INCLUDE_STACKTRACE,
                "false",
                ConfigKey.DEBUG,
                "false",
                ConfigKey.HISTORY_MAX_ENTRIES,
                "1");
        PolicyRestrictor allowed = restrictor(policy);
        this.services = JolokiaServiceManagerFactory.createJolokiaServiceManager(configuration, new Log(), allowed);
        services.addService(new JolokiaSerializer());
        services.addService(new Audited(allowed, audit));
        this.jolokia = new HttpRequestHandler(services.start());
    }

    private static PolicyRestrictor restrictor(Path policy) {
        try (InputStream file = Files.newInputStream(policy)) {
            return new PolicyRestrictor(file);
        } catch (IOException | SecurityException e) {
            throw new SettingsException("the access policy " + policy + " cannot be read ("
                    + e.getClass().getSimpleName() + ": " + e.getMessage() + "); restore it from the bundle");
        }
    }

    /**
     * Answers a request in the name of the user who has logged in. Takes as long as the MBean does.
     *
     * @return JSON, of an error too; the status is 405 where what changes something was asked for by GET
     */
    byte[] answer(RoutingContext context) throws IOException {
        HttpServerRequest request = context.request();
        try {
            return CurrentUser.runAs(
                    context.get(Login.USER),
                    () -> request.method() == HttpMethod.GET ? byGet(context, request) : byPost(context, request));
        } catch (Exception e) {
            return refused(e);
        }
    }

    private byte[] byGet(RoutingContext context, HttpServerRequest request) throws Exception {
        String path = request.path().substring(ManagementSite.JOLOKIA.length()).replaceFirst("^/+", "/");
        JSONStructure answer = jolokia.handleGetRequest(
                request.uri(),
                path.isEmpty() ? "/" : URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8),
                parameters(request));
        if (answer instanceof Map<?, ?> map && String.valueOf(map.get("error")).endsWith(OperationRules.BY_GET)) {
            context.response().setStatusCode(HttpResponseStatus.METHOD_NOT_ALLOWED.code());
        }
        return written(answer);
    }

    /** Each request of a bulk one is read and answered by itself, so that what they come to together is bounded. */
    private byte[] byPost(RoutingContext context, HttpServerRequest request) throws Exception {
        JsonNode body;
        try {
            body = REQUESTS.readTree(
                    context.body().buffer() == null
                            ? new byte[0]
                            : context.body().buffer().getBytes());
        } catch (JsonProcessingException e) {
            throw new BadRequestException(
                    "The request is no JSON, or has objects in one another more than " + DEEPEST_REQUEST + " deep");
        }
        Map<String, String[]> parameters = parameters(request);
        if (!body.isArray()) {
            return written(one(body, request, parameters));
        }
        JsonAnswer answers = new JsonAnswer(LARGEST_ANSWER);
        answers.beginArray();
        for (JsonNode single : body) {
            answers.add(one(single, request, parameters));
        }
        answers.endArray();
        return answers.end();
    }

    private Object one(JsonNode body, HttpServerRequest request, Map<String, String[]> parameters) {
        try {
            if (!body.isObject()) {
                throw new BadRequestException("A request is a JSON object");
            }
            return jolokia.handlePostRequest(
                    request.uri(),
                    new ByteArrayInputStream(REQUESTS.writeValueAsBytes(body)),
                    StandardCharsets.UTF_8.name(),
                    parameters);
        } catch (Exception e) {
            return error(e);
        }
    }

    private static Map<String, String[]> parameters(HttpServerRequest request) {
        Map<String, String[]> parameters = new HashMap<>();
        request.params()
                .names()
                .forEach(name ->
                        parameters.put(name, request.params().getAll(name).toArray(new String[0])));
        return parameters;
    }

    private static byte[] written(Object answer) throws IOException {
        JsonAnswer text = new JsonAnswer(LARGEST_ANSWER);
        text.add(answer);
        return text.end();
    }

    private byte[] refused(Exception e) throws IOException {
        boolean large = e instanceof UncheckedIOException && e.getCause() instanceof JsonAnswer.TooLarge;
        return written(error(
                large
                        ? new BadRequestException(
                                "The answer would be larger than " + LARGEST_ANSWER + " bytes: ask for less at a time")
                        : e));
    }

    private JSONObject error(Exception e) {
        JSONObject error = jolokia.handleThrowable(e);
        if (e instanceof BadRequestException) {
            error.put("status", HttpResponseStatus.BAD_REQUEST.code());
        }
        return error;
    }

    @Override
    public void close() {
        services.stop();
    }

    /**
     * Holds operations to {@link OperationRules}, and writes down who starts, stops, suspends or resumes a route before
     * it happens; refuses notifications, which Jolokia asks no policy about.
     */
    private static final class Audited extends LocalRequestHandler {
        private static final Set<String> CHANGES = Set.of("start", "stop", "suspend", "resume");
        private final PolicyRestrictor allowed;
        private final AuditLog audit;

        Audited(PolicyRestrictor allowed, AuditLog audit) {
            super(1);
            this.allowed = allowed;
            this.audit = audit;
        }

        @Override
        public <R extends JolokiaRequest> Object handleRequest(R request, Object previous)
                throws IOException, JMException, NotChangedException, BadRequestException, EmptyResponseException {
            if (request.getType() == RequestType.NOTIFICATION) {
                throw new SecurityException("Notifications are not allowed");
            }
            OperationRules.requirePost(request);
            if (request instanceof JolokiaExecRequest exec
                    && allowed.isOperationAllowed(exec.getObjectName(), exec.getOperation())) {
                OperationRules.requireItsArguments(exec, ManagementFactory.getPlatformMBeanServer());
                String operation = exec.getOperation().replaceFirst("\\(.*", "");
                if ("routes".equals(exec.getObjectName().getKeyProperty("type")) && CHANGES.contains(operation)) {
                    audit.write(
                            operation + "Route",
                            ObjectName.unquote(exec.getObjectName().getKeyProperty("name")),
                            "");
                }
            }
            return super.handleRequest(request, previous);
        }
    }

    /** Jolokia's own log: at debug it would repeat requests, so it has no debug. */
    private static final class Log implements LogHandler {
        @Override
        public void debug(String message) {}

        @Override
        public void info(String message) {
            LOG.debug("{}", message);
        }

        @Override
        public void error(String message, Throwable cause) {
            LOG.warn("{}: {}", message, cause == null ? "" : cause.toString());
        }

        @Override
        public boolean isDebug() {
            return false;
        }
    }
}
