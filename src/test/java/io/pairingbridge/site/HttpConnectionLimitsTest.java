package io.pairingbridge.site;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpConnectionLimitsTest {
    private final Vertx vertx = Vertx.vertx();
    private final List<Socket> sockets = new ArrayList<>();
    private final CompletableFuture<HttpServerRequest> slow = new CompletableFuture<>();
    private HttpServer server;

    private HttpConnectionLimits start(int most, long firstMillis, long nextMillis) throws Exception {
        HttpConnectionLimits limits = new HttpConnectionLimits(most, firstMillis, nextMillis);
        server = limits.limited(vertx)
                .createHttpServer(new HttpServerOptions())
                .requestHandler(request -> {
                    limits.complete(request);
                    if (request.path().equals("/slow")) {
                        slow.complete(request);
                    } else {
                        request.response().end("ok");
                    }
                })
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        return limits;
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private Socket send(String text) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.actualPort());
        socket.setSoTimeout(30_000);
        sockets.add(socket);
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    @Test
    void closesAConnectionWhoseRequestIsNeverComplete() throws Exception {
        start(100, 300, 60_000);
        assertThat(send("").getInputStream().read()).isEqualTo(-1);
        assertThat(send("GET / HTTP/1.1\r\nHost: x\r\nX-").getInputStream().read())
                .isEqualTo(-1);
        Socket kept = send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(kept.getInputStream().readNBytes(8))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("HTTP/1.1");
    }

    @Test
    void closesAConnectionOnWhichNoOtherRequestComes() throws Exception {
        start(100, 60_000, 300);
        assertThat(send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").getInputStream().readAllBytes())
                .asString(StandardCharsets.US_ASCII)
                .endsWith("ok");
    }

    @Test
    void closesTheOneThatHasWaitedLongestWhereThereIsNoRoomAndNoneThatIsAnswered() throws Exception {
        HttpConnectionLimits limits = start(3, 60_000, 60_000);
        Socket answered = send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
        HttpServerRequest request = slow.get(30, TimeUnit.SECONDS);
        Socket first = send("GET");
        Socket second = send("GET");
        Socket third = send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(first.getInputStream().read()).isEqualTo(-1);
        assertThat(third.getInputStream().readNBytes(8))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("HTTP/1.1");
        assertThat(limits.open()).isLessThanOrEqualTo(3);
        second.getOutputStream().write(" / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(second.getInputStream().readNBytes(8))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("HTTP/1.1");
        vertx.runOnContext(now -> request.response().end("late"));
        assertThat(answered.getInputStream().readNBytes(8))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("HTTP/1.1");
    }
}
