package io.pairingbridge.monitor;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.pairingbridge.operate.AuditLog;
import io.pairingbridge.operate.CurrentUser;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.text.Text;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
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
 * What the management server offers beside health and metrics: JMX over HTTP (Jolokia) under {@value #JOLOKIA}, behind
 * a login, and the operator's page under {@value #CONSOLE}, whose files hold nothing and which asks for that login
 * itself.
 *
 * <p>The login comes with each request in a header (RFC 7617) and is never kept by the browser, so that no other site
 * can send a request in the operator's name; requests that say they come from another site are refused all the same,
 * for a browser in which somebody has logged in through its own dialog. What may be done is in
 * {@code config/jolokia-access.xml}.
 */
public final class ManagementSite implements AutoCloseable {
    public static final String JOLOKIA = "/observe/jolokia";
    public static final String CONSOLE = "/console";
    public static final String METRICS = "/observe/metrics";
    /** Camel's own answers, which it gives to GET and for JSON only. */
    private static final List<String> CAMELS = List.of("/observe/health", "/observe/info");

    private static final Logger LOG = LoggerFactory.getLogger(ManagementSite.class);
    /** Bytes. The largest request of the console has a few hundred. */
    private static final long LARGEST_REQUEST = 64 * 1024;
    /** Bytes. All MBeans with everything that is known of them are a tenth of it. */
    private static final int LARGEST_ANSWER = 16 * 1024 * 1024;
    /** Objects and lists in one another. */
    private static final int DEEPEST_REQUEST = 32;
    /** Requests that are answered at once; the others wait. With the largest answer it says what all of them take. */
    private static final int ANSWERS_AT_ONCE = 4;
    /** Milliseconds before a wrong login is answered: enough to make guessing hopeless, and nobody notices. */
    private static final long WRONG_LOGIN_DELAY = 400;
    /** Kinds of content that a page of another site can send without asking first (Fetch, "simple" requests). */
    private static final Set<String> FORM_CONTENT =
            Set.of("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data");

    private static final String CONTENT_SECURITY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
    private static final String REPORT_SECURITY =
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none';"
                    + " frame-ancestors 'none'; sandbox";

    private static final ObjectMapper REQUESTS = new ObjectMapper(new JsonFactoryBuilder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST_REQUEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    private final Supplier<Map<String, String>> logins;
    private final LoginThrottle throttle;
    private final PrometheusMeterRegistry meters;
    private final HttpConnectionLimits connections;
    private final JolokiaServiceManager services;
    private final HttpRequestHandler jolokia;
    private Function<String, Optional<String>> reports = batchId -> Optional.empty();
    private WorkerExecutor workers;

    /**
     * @param logins passwords by user, asked at each login; may throw, and then nobody gets in
     * @param policy the file of the access policy, in Jolokia's format
     * @param audit gets what is done to Camel's routes; the operations of our own MBean write to it themselves
     * @param connections the limits of the server's connections
     * @throws SettingsException naming that file if it cannot be read or understood: then nothing is offered
     */
    public ManagementSite(
            Supplier<Map<String, String>> logins,
            Path policy,
            AuditLog audit,
            PrometheusMeterRegistry meters,
            HttpConnectionLimits connections) {
        this.logins = logins;
        this.meters = meters;
        this.throttle = new LoginThrottle(meters, System::nanoTime);
        this.connections = connections;
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

    /** @param pages the page for people of a batch, by its id; empty if there is no such batch */
    public ManagementSite reports(Function<String, Optional<String>> pages) {
        reports = pages;
        return this;
    }

    /** Adds the site to the server's router. */
    public void mount(Router router, Vertx vertx) {
        workers = vertx.createSharedWorkerExecutor("management", ANSWERS_AT_ONCE);
        // Before everything else of this server: what is complete with its head is told so.
        router.route().order(Integer.MIN_VALUE).handler(context -> {
            if (context.request().method() != HttpMethod.POST) {
                connections.complete(context.request());
            }
            if (CAMELS.stream().anyMatch(context.request().path()::startsWith)) {
                context.parsedHeaders()
                        .accept()
                        .clear(); // JSON for everybody: what looks at health seldom says what it can read
            }
            context.next();
        });
        router.getRoutes().stream()
                .filter(route -> route.getPath() != null && CAMELS.stream().anyMatch(route.getPath()::startsWith))
                .forEach(route -> route.method(HttpMethod.HEAD));
        get(router.route(METRICS)).failureHandler(ManagementSite::failed).handler(this::metrics);
        get(router.route("/")).handler(context -> redirect(context, CONSOLE.substring(1) + "/"));
        // A route each, in this order: the server wants what reads a body before what its users add, and here the login
        // comes first.
        jolokia(router)
                .handler(ManagementSite::noStore)
                .handler(ManagementSite::refuseOtherSites)
                .handler(context -> login(context, vertx));
        jolokia(router).handler(BodyHandler.create(false).setBodyLimit(LARGEST_REQUEST));
        jolokia(router).handler(this::answer);
        router.get(BatchView.REPORT)
                .failureHandler(ManagementSite::failed)
                .handler(ManagementSite::noStore)
                .handler(ManagementSite::refuseOtherSites)
                .handler(context -> login(context, vertx))
                .handler(this::report);
        get(router.routeWithRegex(CONSOLE)).handler(context -> redirect(context, CONSOLE + "/"));
        get(router.route(CONSOLE + "/*")).handler(ManagementSite::protect).handler(this::file);
    }

    private static Route get(Route route) {
        return route.method(HttpMethod.GET).method(HttpMethod.HEAD);
    }

    private static void redirect(RoutingContext context, String to) {
        context.response()
                .setStatusCode(HttpResponseStatus.FOUND.code())
                .putHeader(HttpHeaders.LOCATION, to)
                .end();
    }

    /** Among the workers: some figures are asked of the journal and the broker. */
    private void metrics(RoutingContext context) {
        String type = MetricsText.contentType(context.parsedHeaders().accept());
        workers.executeBlocking(() -> meters.scrape(type), false)
                .onSuccess(text -> {
                    if (!context.response().ended() && !context.response().closed()) {
                        context.response()
                                .putHeader(HttpHeaders.CONTENT_TYPE, type)
                                .end(text);
                    }
                })
                .onFailure(context::fail);
    }

    /**
     * The report of a batch as it would be written now; it holds what senders have said, so that nothing in it may run.
     */
    private void report(RoutingContext context) {
        String batchId = context.request().getParam("id", "");
        workers.executeBlocking(() -> reports.apply(batchId), false)
                .onSuccess(page -> {
                    if (context.response().ended() || context.response().closed()) {
                        return;
                    }
                    if (page.isEmpty()) {
                        refuse(
                                context,
                                HttpResponseStatus.NOT_FOUND,
                                "the journal knows no batch " + Text.line(batchId, 128));
                        return;
                    }
                    context.response()
                            .putHeader("Content-Security-Policy", REPORT_SECURITY)
                            .putHeader("Referrer-Policy", "no-referrer")
                            .putHeader(HttpHeaders.CONTENT_TYPE, "text/html; charset=utf-8")
                            .end(Buffer.buffer(page.get()));
                })
                .onFailure(context::fail);
    }

    /** One of the page's files, by its name; there is no other file that could be asked for. */
    private void file(RoutingContext context) {
        ConsoleFiles.File file = ConsoleFiles.get(context.request().path().substring(CONSOLE.length() + 1));
        if (file == null) {
            refuse(context, HttpResponseStatus.NOT_FOUND, "there is no such page");
        } else {
            context.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, file.contentType())
                    .end(Buffer.buffer(file.content()));
        }
    }

    private static Route jolokia(Router router) {
        return router.route(JOLOKIA + "*")
                .method(HttpMethod.GET)
                .method(HttpMethod.POST)
                .failureHandler(ManagementSite::failed);
    }

    private static void noStore(RoutingContext context) {
        context.response()
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("X-Content-Type-Options", "nosniff");
        context.next();
    }

    private static void protect(RoutingContext context) {
        context.response()
                .putHeader("Content-Security-Policy", CONTENT_SECURITY)
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cross-Origin-Opener-Policy", "same-origin")
                .putHeader("Cross-Origin-Resource-Policy", "same-origin")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
        context.next();
    }

    private static void refuseOtherSites(RoutingContext context) {
        HttpServerRequest request = context.request();
        String site = request.getHeader("Sec-Fetch-Site");
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        // Where the browser says itself which site a request comes from, no page can make it say otherwise: that
        // decides. The origin is for
        // those that do not, and compared without its scheme, as TLS may end before us. It names another host than ours
        // where somebody
        // forwards the requests of his own page with the browser's headers, as Hawtio does.
        boolean foreign = site != null
                ? !Set.of("same-origin", "none").contains(site)
                : origin != null && !origin.replaceFirst("^https?://", "").equals(request.getHeader(HttpHeaders.HOST));
        String content = request.getHeader(HttpHeaders.CONTENT_TYPE);
        String kind = content == null ? "" : content.split(";")[0].strip().toLowerCase(Locale.ROOT);
        if (foreign) {
            refuse(context, HttpResponseStatus.FORBIDDEN, "a request from another site");
        } else if (request.method() == HttpMethod.POST && FORM_CONTENT.contains(kind)) {
            refuse(context, HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json");
        } else {
            context.next();
        }
    }

    private void login(RoutingContext context, Vertx vertx) {
        String authorization = context.request().getHeader(HttpHeaders.AUTHORIZATION);
        if (authorization == null) {
            unauthorized(context, vertx, 1);
            return;
        }
        String[] given = given(authorization);
        Map<String, String> users;
        try {
            users = logins.get();
        } catch (RuntimeException e) {
            LOG.warn("Nobody can log in: {}", e.getMessage());
            refuse(
                    context,
                    HttpResponseStatus.INTERNAL_SERVER_ERROR,
                    "the logins cannot be read; the bridge's log says why");
            return;
        }
        boolean known = given != null && users.containsKey(given[0]);
        LoginThrottle.Attempt attempt = new LoginThrottle.Attempt(
                context.request().remoteAddress().hostAddress(), known ? given[0] : null, authorization);
        long wait = throttle.secondsToWait(attempt);
        if (wait > 0) {
            context.response().putHeader(HttpHeaders.RETRY_AFTER, Long.toString(wait));
            refuse(
                    context,
                    HttpResponseStatus.TOO_MANY_REQUESTS,
                    "too many wrong logins from this address, or of this user: try again in " + wait + " s");
        } else if (known
                && MessageDigest.isEqual(
                        users.get(given[0]).getBytes(StandardCharsets.UTF_8),
                        given[1].getBytes(StandardCharsets.UTF_8))) {
            throttle.right(attempt);
            context.put("login", given[0]);
            context.next();
        } else {
            throttle.wrong(attempt);
            unauthorized(context, vertx, WRONG_LOGIN_DELAY);
        }
    }

    private static void unauthorized(RoutingContext context, Vertx vertx, long delayMillis) {
        context.request().pause();
        vertx.setTimer(delayMillis, timer -> {
            if (context.response().closed()) {
                return;
            }
            context.request().resume();
            if (!askedByAPage(context.request())) {
                context.response().putHeader("WWW-Authenticate", "Basic realm=\"pairing-bridge\", charset=\"UTF-8\"");
            }
            refuse(
                    context,
                    HttpResponseStatus.UNAUTHORIZED,
                    "a login is needed: user operator, with the password in management-users.properties"
                            + " of the data directory");
        });
    }

    /**
     * A page that asks for the login itself, whether it says so or the browser does; else that would open its own
     * dialog over it.
     */
    private static boolean askedByAPage(HttpServerRequest request) {
        String mode = request.getHeader("Sec-Fetch-Mode");
        return "XMLHttpRequest".equals(request.getHeader("X-Requested-With"))
                || mode != null && !"navigate".equals(mode);
    }

    /** The user and the password of this header; null if it has none. */
    private static String[] given(String authorization) {
        if (!authorization.regionMatches(true, 0, "Basic ", 0, 6)) {
            return null;
        }
        String login;
        try {
            login = new String(
                    Base64.getDecoder().decode(authorization.substring(6).strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return null;
        }
        int colon = login.indexOf(':');
        return colon < 0 ? null : new String[] {login.substring(0, colon), login.substring(colon + 1)};
    }

    private void answer(RoutingContext context) {
        HttpServerRequest request = context.request();
        if (request.method() == HttpMethod.POST) {
            connections.complete(request);
        }
        workers.executeBlocking(
                        () -> {
                            try {
                                return CurrentUser.runAs(
                                        context.get("login"),
                                        () -> request.method() == HttpMethod.GET
                                                ? byGet(context, request)
                                                : byPost(context, request));
                            } catch (Exception e) {
                                return refused(e);
                            }
                        },
                        false)
                .onSuccess(answer -> {
                    if (!context.response().ended() && !context.response().closed()) {
                        context.response()
                                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json; charset=utf-8")
                                .end(Buffer.buffer(answer));
                    }
                })
                .onFailure(context::fail);
    }

    private byte[] byGet(RoutingContext context, HttpServerRequest request) throws Exception {
        String path = request.path().substring(JOLOKIA.length()).replaceFirst("^/+", "/");
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

    private static void failed(RoutingContext context) {
        int status = context.statusCode() > 0 ? context.statusCode() : HttpResponseStatus.INTERNAL_SERVER_ERROR.code();
        if (context.failure() != null && status >= 500) {
            LOG.warn(
                    "A management request failed: {}",
                    Text.line(context.failure().toString(), 500));
        }
        refuse(
                context,
                HttpResponseStatus.valueOf(status),
                status == 413 ? "the request is too large" : "the request cannot be answered");
    }

    private static void refuse(RoutingContext context, HttpResponseStatus status, String why) {
        HttpServerResponse response = context.response();
        if (!response.ended()) {
            response.setStatusCode(status.code())
                    .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8")
                    .end(why + "\n");
        }
    }

    @Override
    public void close() {
        if (workers != null) {
            workers.close();
        }
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
