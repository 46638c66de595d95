package io.pairingbridge.site;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.impl.VertxInternal;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How many connections the management server has at most, and how long one may be open on which no request is answered:
 * one that only begins a request, or sends it byte by byte, is closed. When there is no room, the connection goes that
 * has waited longest; one whose request is being answered never does.
 */
public final class HttpConnectionLimits {
    /** Connections at once. */
    public static final int MOST = 256;
    /** Milliseconds for the first request of a connection to be complete. */
    public static final long FIRST_MILLIS = 15_000;
    /**
     * Milliseconds for the next one on the same connection to come and be complete; more than between two looks of a
     * monitoring system.
     */
    public static final long NEXT_MILLIS = 75_000;

    private static final long SWEEP_MILLIS = 500;

    private final int most;
    private final long first;
    private final long next;
    /** Those without a complete request, with the end of their time; those that have waited longest first. */
    private final Map<HttpConnection, Long> waiting = new LinkedHashMap<>();

    private final Map<HttpConnection, Integer> answering = new LinkedHashMap<>();

    /** With the limits above. */
    public HttpConnectionLimits() {
        this(MOST, FIRST_MILLIS, NEXT_MILLIS);
    }

    HttpConnectionLimits(int most, long firstMillis, long nextMillis) {
        this.most = most;
        this.first = TimeUnit.MILLISECONDS.toNanos(firstMillis);
        this.next = TimeUnit.MILLISECONDS.toNanos(nextMillis);
    }

    /**
     * A Vert.x whose HTTP servers keep to these limits; all else is the given one's. Whoever made that one closes it.
     */
    public Vertx limited(Vertx vertx) {
        vertx.setPeriodic(SWEEP_MILLIS, timer -> sweep());
        // Camel makes the server itself and lets nobody change its options: this is where it asks for one.
        return (Vertx) Proxy.newProxyInstance(
                HttpConnectionLimits.class.getClassLoader(),
                new Class<?>[] {VertxInternal.class},
                (proxy, method, arguments) -> {
                    try {
                        if (method.getName().equals("createHttpServer") && arguments != null && arguments.length == 1) {
                            return server(vertx, (HttpServerOptions) arguments[0]);
                        }
                        return method.invoke(vertx, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private HttpServer server(Vertx vertx, HttpServerOptions options) {
        // Without TLS, HTTP/2 has no client here, and its streams would not count as connections.
        return vertx.createHttpServer(options.setHttp2ClearTextEnabled(false)).connectionHandler(this::opened);
    }

    private void opened(HttpConnection connection) {
        List<HttpConnection> over = new ArrayList<>();
        synchronized (this) {
            if (waiting.size() + answering.size() >= most) {
                Iterator<HttpConnection> longest = waiting.keySet().iterator();
                if (!longest.hasNext()) {
                    over.add(connection);
                } else {
                    over.add(longest.next());
                    longest.remove();
                }
            }
            if (!over.contains(connection)) {
                waiting.put(connection, System.nanoTime() + first);
            }
        }
        connection.closeHandler(closed -> forget(connection));
        over.forEach(HttpConnection::close);
    }

    private synchronized void forget(HttpConnection connection) {
        waiting.remove(connection);
        answering.remove(connection);
    }

    /**
     * The request is there with all that is wanted of it: from now on the connection waits for us. Ends with the
     * answer.
     */
    void complete(HttpServerRequest request) {
        HttpConnection connection = request.connection();
        synchronized (this) {
            if (waiting.remove(connection) == null && !answering.containsKey(connection)) {
                return; // closed meanwhile
            }
            answering.merge(connection, 1, Integer::sum);
        }
        request.response().endHandler(answered -> ended(connection));
    }

    private synchronized void ended(HttpConnection connection) {
        Integer open = answering.get(connection);
        if (open != null && open > 1) {
            answering.put(connection, open - 1);
        } else if (open != null) {
            answering.remove(connection);
            waiting.put(connection, System.nanoTime() + next);
        }
    }

    private void sweep() {
        List<HttpConnection> over = new ArrayList<>();
        synchronized (this) {
            long now = System.nanoTime();
            for (Iterator<Map.Entry<HttpConnection, Long>> all =
                            waiting.entrySet().iterator();
                    all.hasNext(); ) {
                Map.Entry<HttpConnection, Long> one = all.next();
                if (now - one.getValue() >= 0) {
                    over.add(one.getKey());
                    all.remove();
                }
            }
        }
        over.forEach(HttpConnection::close);
    }

    synchronized int open() {
        return waiting.size() + answering.size();
    }
}
