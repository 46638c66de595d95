package io.pairingbridge.simulator;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * A stand-in for the endpoint: plain HTTP, the one operation of the vendor's pairing page, and a few OTP endings that
 * make it misbehave on purpose, see {@link Script}. Any other OTP pairs once, with random credentials, and is refused
 * with 400 afterwards. Requests that are not in order (path, method, header, content type, body) are answered without
 * touching an OTP.
 *
 * <p>It never logs, and keeps OTPs as hashes only. Memory is bounded: it remembers the million OTPs seen last and holds
 * a thousand connections without an answer. It may be called from any number of connections; state is lost when it
 * closes.
 *
 * <p>Not promised: to be like the endpoint in what the vendor does not document, such as the bodies of errors.
 */
public final class Simulator implements AutoCloseable {

    /** The path of the vendor's page; its slash at the end is part of it. */
    public static final String PATH = "/v1/pay-connect/pair/";

    /** Where {@code GET} answers with what was counted so far, see {@link #counts}. No part of the vendor's page. */
    public static final String COUNTS = "/counts";

    static final int MAX_OTPS = 1_000_000;
    static final int MAX_SILENT = 1_000;

    /** The one integrator id that is refused, to show what a wrong one leads to. */
    public static final String UNKNOWN_INTEGRATOR = "000000000000";

    private static final String INTEGRATOR_HEADER = "X-Pay-Connect-Integrator-Id";
    /** As much as the bridge accepts for a request, so nothing that is meant seriously is longer. */
    private static final int MAX_BODY_BYTES = 64 * 1024;
    /**
     * Connections the system completes ahead of us; the default of 50 makes a burst of clients wait a second for a
     * retry.
     */
    private static final int BACKLOG = 1024;
    /** No step below waits for anything but a slow sender, so a few threads serve many connections. */
    private static final int THREADS = 16;

    static {
        // The JDK reads these when its server is first used. Without the first it writes head and body of an answer 40
        // ms apart (Nagle's algorithm against delayed acknowledgements); without the second it closes all idle
        // connections but 200, now and then just as the client sends on one, and a client can only take that for a lost
        // answer.
        setUnlessGiven("sun.net.httpserver.nodelay", "true");
        setUnlessGiven("sun.net.httpserver.maxIdleConnections", "10000");
    }

    private final ObjectMapper json = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private final PostCounts posts = new PostCounts(MAX_OTPS);
    private final Map<Integer, LongAdder> answers = new ConcurrentHashMap<>();
    private final AtomicLong unanswered = new AtomicLong();
    /** Guarded by itself. */
    private final Deque<HttpExchange> silent = new ArrayDeque<>();

    private final AtomicLong taken = new AtomicLong();
    private final String host;
    private volatile Duration delay;
    private final HttpServer server;
    private final ExecutorService executor;
    /** Holds back the answers to posts without holding a thread for each. */
    private final ScheduledExecutorService later;

    private Simulator(String host, int port, Duration delay) throws IOException {
        this.host = host;
        this.delay = delay;
        this.server = HttpServer.create(new InetSocketAddress(host, port), BACKLOG);
        var threads = new AtomicInteger();
        ThreadFactory daemons = work -> {
            Thread thread = new Thread(work, "simulator-" + threads.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
        this.executor = Executors.newFixedThreadPool(THREADS, daemons);
        this.later = Executors.newSingleThreadScheduledExecutor(daemons);
        server.setExecutor(executor);
        server.createContext("/", this::handle);
    }

    /**
     * Starts a simulator; after a return it accepts connections.
     *
     * @param host a local name or address
     * @param port 0 for any free one, see {@link #port}
     * @throws UncheckedIOException with the address and the fix, if it can't listen there
     */
    public static Simulator start(String host, int port) {
        return start(host, port, Duration.ZERO);
    }

    /**
     * As {@link #start(String, int)}, with an endpoint that takes its time: an OTP counts as posted at once, and its
     * answer leaves after the delay.
     *
     * @param delay not negative
     */
    public static Simulator start(String host, int port, Duration delay) {
        try {
            Simulator simulator = new Simulator(host, port, delay);
            simulator.server.start();
            return simulator;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "The simulator can't listen on " + host + ":" + port
                            + ": choose a free port and an address of this machine.",
                    e);
        }
    }

    /** From now on answers leave after this delay; those that wait keep theirs. */
    public void delay(Duration delay) {
        this.delay = delay;
    }

    /** The port it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** The address to post to, with the host as given to {@link #start}. */
    public URI url() {
        try {
            return new URI("http", null, host, port(), PATH, null, null);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("A host that can be listened on has a URI.", e);
        }
    }

    /** How many requests were answered with each status so far, by status; a copy. */
    public SortedMap<Integer, Long> answers() {
        SortedMap<Integer, Long> copy = new TreeMap<>();
        answers.forEach((status, count) -> copy.put(status, count.sum()));
        return Collections.unmodifiableSortedMap(copy);
    }

    /** How many requests were taken and never answered so far, as the table wants it. */
    public long unanswered() {
        return unanswered.get();
    }

    /**
     * What {@link #COUNTS} answers: requests taken, OTPs, how many of those were posted more than once, answers by
     * status.
     */
    public ObjectNode counts() {
        ObjectNode counts = json.createObjectNode()
                .put("posts", taken.get())
                .put("otps", posts.size())
                .put("otps_posted_again", posts.repeated())
                .put("unanswered", unanswered());
        ObjectNode byStatus = counts.putObject("answers");
        answers().forEach((status, count) -> byStatus.put(String.valueOf(status), count));
        return counts;
    }

    /** Stops listening and cuts every connection, also those that still wait for an answer. */
    @Override
    public void close() {
        server.stop(0);
        synchronized (silent) {
            silent.forEach(HttpExchange::close);
            silent.clear();
        }
        executor.shutdownNow();
        later.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        if (COUNTS.equals(exchange.getRequestURI().getRawPath()) && "GET".equals(exchange.getRequestMethod())) {
            write(exchange, 200, counts());
        } else if (!PATH.equals(exchange.getRequestURI().getRawPath())) {
            refuse(exchange, 404, "no such path");
        } else if (!"POST".equals(exchange.getRequestMethod())) {
            exchange.getResponseHeaders().set("Allow", "POST");
            refuse(exchange, 405, "only POST is allowed");
        } else if (isBlank(exchange.getRequestHeaders().getFirst(INTEGRATOR_HEADER))) {
            refuse(exchange, 401, "integrator id is missing");
        } else if (UNKNOWN_INTEGRATOR.equals(exchange.getRequestHeaders().getFirst(INTEGRATOR_HEADER))) {
            refuse(exchange, 401, "integrator id is not known");
        } else if (!isJson(exchange.getRequestHeaders().getFirst("Content-Type"))) {
            refuse(exchange, 415, "content type must be application/json");
        } else {
            byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
            if (body.length > MAX_BODY_BYTES) {
                refuse(exchange, 413, "body is too long");
            } else {
                pair(exchange, body);
            }
        }
    }

    private void pair(HttpExchange exchange, byte[] body) throws IOException {
        JsonNode request = parse(body);
        if (request == null || !isText(request.path("name")) || !isText(request.path("otp"))) {
            refuse(exchange, 400, "name and otp are required");
            return;
        }
        JsonNode webhook = request.path("webhook_url");
        if (!webhook.isMissingNode() && !webhook.isNull() && !webhook.isTextual()) {
            refuse(exchange, 400, "webhook_url must be text");
            return;
        }
        String otp = request.path("otp").textValue();
        ObjectNode credentials =
                MadeUpCredentials.random(json, request.path("name").textValue(), isText(webhook));
        taken.incrementAndGet();
        ScriptedAnswer answer = Script.of(otp).answer(posts.next(otp));
        Duration wait = delay;
        if (wait.isZero()) {
            answer(exchange, answer, credentials);
        } else {
            later.schedule(
                    () -> executor.execute(() -> {
                        try {
                            answer(exchange, answer, credentials);
                        } catch (IOException e) {
                            // The caller has hung up; what was counted stays counted.
                            exchange.close();
                        }
                    }),
                    wait.toMillis(),
                    TimeUnit.MILLISECONDS);
        }
    }

    private void answer(HttpExchange exchange, ScriptedAnswer answer, ObjectNode credentials) throws IOException {
        switch (answer) {
            case PAIRED -> answer(exchange, 200, credentials);
            case PAIRED_WITHOUT_SECRET -> answer(exchange, 200, credentials.without("client_secret"));
            case REFUSED -> refuse(exchange, 400, "otp is not valid");
            case FAILED -> refuse(exchange, 500, "internal error");
            case BUSY -> {
                exchange.getResponseHeaders().set("Retry-After", "2");
                refuse(exchange, 503, "busy");
            }
            case SILENT -> keepSilent(exchange);
        }
    }

    private JsonNode parse(byte[] body) {
        try {
            return json.readTree(body);
        } catch (IOException e) {
            // Not passed on: its text quotes the body.
            return null;
        }
    }

    /**
     * Keeps the exchange without a thread: one that is neither answered nor closed stays open after its handler
     * returned.
     */
    private void keepSilent(HttpExchange exchange) {
        unanswered.incrementAndGet();
        HttpExchange tooMany = null;
        synchronized (silent) {
            silent.addLast(exchange);
            if (silent.size() > MAX_SILENT) {
                tooMany = silent.removeFirst();
            }
        }
        if (tooMany != null) {
            tooMany.close();
        }
    }

    private void refuse(HttpExchange exchange, int status, String reason) throws IOException {
        answer(exchange, status, json.createObjectNode().put("error", reason));
    }

    private void answer(HttpExchange exchange, int status, JsonNode body) throws IOException {
        // Counted first, so that a client that has its answer finds it counted.
        answers.computeIfAbsent(status, any -> new LongAdder()).increment();
        write(exchange, status, body);
    }

    private void write(HttpExchange exchange, int status, JsonNode body) throws IOException {
        try (exchange) {
            byte[] bytes = json.writeValueAsBytes(body);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            boolean head = "HEAD".equals(exchange.getRequestMethod());
            exchange.sendResponseHeaders(status, head ? -1 : bytes.length);
            if (!head) {
                exchange.getResponseBody().write(bytes);
            }
        }
    }

    private static boolean isJson(String contentType) {
        return contentType != null && contentType.split(";", 2)[0].strip().equalsIgnoreCase("application/json");
    }

    private static boolean isText(JsonNode node) {
        return node.isTextual() && !node.textValue().isBlank();
    }

    private static boolean isBlank(String text) {
        return text == null || text.isBlank();
    }

    private static void setUnlessGiven(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
