package io.pairingbridge.site;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.pairingbridge.operate.AuditLog;
import io.pairingbridge.operate.BatchView;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.text.Text;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

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

    /** Bytes. The largest request of the console has a few hundred. */
    private static final long LARGEST_REQUEST = 64 * 1024;
    /** Requests that are answered at once; the others wait. With the largest answer it says what all of them take. */
    private static final int ANSWERS_AT_ONCE = 4;
    /** Kinds of content that a page of another site can send without asking first (Fetch, "simple" requests). */
    private static final Set<String> FORM_CONTENT =
            Set.of("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data");

    private static final String CONTENT_SECURITY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
    private static final String REPORT_SECURITY =
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none';"
                    + " frame-ancestors 'none'; sandbox";

    private final Login login;
    private final PrometheusMeterRegistry meters;
    private final HttpConnectionLimits connections;
    private final JolokiaAgent jolokia;
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
        this.meters = meters;
        this.login = new Login(logins, meters);
        this.connections = connections;
        this.jolokia = new JolokiaAgent(policy, audit);
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
        get(router.route(METRICS)).failureHandler(Refusal::failed).handler(this::metrics);
        get(router.route("/")).handler(context -> redirect(context, CONSOLE.substring(1) + "/"));
        // A route each, in this order: the server wants what reads a body before what its users add, and here the login
        // comes first.
        jolokia(router)
                .handler(ManagementSite::noStore)
                .handler(ManagementSite::refuseOtherSites)
                .handler(login);
        jolokia(router).handler(BodyHandler.create(false).setBodyLimit(LARGEST_REQUEST));
        jolokia(router).handler(this::answer);
        router.get(BatchView.REPORT)
                .failureHandler(Refusal::failed)
                .handler(ManagementSite::noStore)
                .handler(ManagementSite::refuseOtherSites)
                .handler(login)
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
                        Refusal.send(
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
            Refusal.send(context, HttpResponseStatus.NOT_FOUND, "there is no such page");
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
                .failureHandler(Refusal::failed);
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
        // decides. The origin is for those that do not, and compared without its scheme, as TLS may end before us. It
        // names another host than ours where somebody forwards the requests of his own page with the browser's headers,
        // as Hawtio does.
        boolean foreign = site != null
                ? !Set.of("same-origin", "none").contains(site)
                : origin != null && !origin.replaceFirst("^https?://", "").equals(request.getHeader(HttpHeaders.HOST));
        String content = request.getHeader(HttpHeaders.CONTENT_TYPE);
        String kind = content == null ? "" : content.split(";")[0].strip().toLowerCase(Locale.ROOT);
        if (foreign) {
            Refusal.send(context, HttpResponseStatus.FORBIDDEN, "a request from another site");
        } else if (request.method() == HttpMethod.POST && FORM_CONTENT.contains(kind)) {
            Refusal.send(
                    context, HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json");
        } else {
            context.next();
        }
    }

    private void answer(RoutingContext context) {
        if (context.request().method() == HttpMethod.POST) {
            connections.complete(context.request());
        }
        workers.executeBlocking(() -> jolokia.answer(context), false)
                .onSuccess(answer -> {
                    if (!context.response().ended() && !context.response().closed()) {
                        context.response()
                                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json; charset=utf-8")
                                .end(Buffer.buffer(answer));
                    }
                })
                .onFailure(context::fail);
    }

    @Override
    public void close() {
        if (workers != null) {
            workers.close();
        }
        jolokia.close();
    }
}
