package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pairingbridge.cli.CheckResult.Level;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.Keytool;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers that count every byte they are sent: the check may look, and must not speak. */
class EndpointCheckTest {
    private static final String PASSWORD = "changeit";

    @TempDir
    private static Path folder;

    private static Path store;

    private final ConcurrentLinkedQueue<AutoCloseable> opened = new ConcurrentLinkedQueue<>();

    /** A certificate for "localhost" and nothing else, valid for 30 days; the store is the trust store too. */
    @BeforeAll
    static void certificate() throws Exception {
        store = folder.resolve("server.p12");
        Keytool.run(
                store,
                PASSWORD,
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=test",
                "-ext",
                "SAN=dns:localhost",
                "-validity",
                "30");
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable part : opened) {
            part.close();
        }
    }

    /** Takes connections, reads to their end and counts. */
    private final class Listener {
        final ServerSocket server;
        final AtomicInteger connections = new AtomicInteger();
        final AtomicInteger bytes = new AtomicInteger();

        Listener(ServerSocket server) {
            this.server = server;
            opened.add(server);
            Thread thread = new Thread(() -> {
                while (!server.isClosed()) {
                    try (Socket socket = server.accept()) {
                        for (InputStream in = socket.getInputStream(); in.read() >= 0; ) {
                            bytes.incrementAndGet();
                        }
                    } catch (IOException e) {
                        // closed, or a client that does not like our certificate
                    } finally {
                        connections.incrementAndGet();
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        int port() {
            return server.getLocalPort();
        }

        void sawAConnectionAndNotOneByte() {
            await().atMost(Duration.ofSeconds(10)).until(() -> connections.get() > 0);
            assertThat(bytes).hasValue(0);
        }
    }

    @Test
    void connectsToAPlainEndpointAndSendsNothing() throws IOException {
        Listener http = plain();
        assertThat(check("http://127.0.0.1:" + http.port() + "/v1/pay-connect/pair/", null, null))
                .extracting(CheckResult::level)
                .containsExactly(Level.OK, Level.OK, Level.WARN);
        http.sawAConnectionAndNotOneByte();
    }

    @Test
    void greetsATlsEndpointAndSendsNothing() throws Exception {
        Listener https = tls();
        List<CheckResult> results = check("https://localhost:" + https.port() + "/", store, null);
        assertThat(results).extracting(CheckResult::level).containsExactly(Level.OK, Level.OK, Level.OK);
        assertThat(results.get(2).text()).contains("TLSv1.", "valid until");
        https.sawAConnectionAndNotOneByte();
    }

    @Test
    void warnsOfACertificateThatEndsSoon() throws Exception {
        Clock later = Clock.fixed(Instant.now().plus(Duration.ofDays(17)), ZoneOffset.UTC);
        List<CheckResult> results =
                new EndpointCheck(endpoint("https://localhost:" + tls().port() + "/", store, null), later).check();
        assertThat(results.get(2).level()).isEqualTo(Level.WARN);
    }

    @Test
    void trustsNoStranger() throws Exception {
        Listener https = tls();
        CheckResult last = last(check("https://localhost:" + https.port() + "/", null, null));
        assertThat(last.level()).isEqualTo(Level.FAIL);
        assertThat(last.subject()).isEqualTo("endpoint TLS");
        assertThat(last.remedy()).contains("pairing.endpoint.truststore");
        https.sawAConnectionAndNotOneByte();
    }

    @Test
    void trustsNoOtherName() throws Exception {
        Listener https = tls();
        CheckResult last = last(check("https://127.0.0.1:" + https.port() + "/", store, null));
        assertThat(last.level()).isEqualTo(Level.FAIL);
        assertThat(last.subject()).isEqualTo("endpoint TLS");
        https.sawAConnectionAndNotOneByte();
    }

    @Test
    void namesATrustStoreThatCannotBeRead() throws Exception {
        CheckResult last = last(check("https://localhost:" + tls().port() + "/", folder.resolve("none.p12"), null));
        assertThat(last.level()).isEqualTo(Level.FAIL);
        assertThat(last.text()).contains("none.p12");
    }

    @Test
    void namesANameThatCannotBeFound() {
        List<CheckResult> results = check("https://nowhere.invalid/", null, null);
        assertThat(results).extracting(CheckResult::level).containsExactly(Level.FAIL);
        assertThat(results.get(0).text()).contains("nowhere.invalid");
    }

    @Test
    void namesAPortThatNobodyListensOn() throws IOException {
        CheckResult last = last(check("http://127.0.0.1:" + Stage.freePort() + "/", null, null));
        assertThat(last.level()).isEqualTo(Level.FAIL);
        assertThat(last.remedy()).contains("pairing-bridge simulator");
    }

    @Test
    void givesUpOnAServerThatDoesNotAnswerTheGreeting() throws IOException {
        Listener silent = plain();
        CheckResult last = last(check("https://127.0.0.1:" + silent.port() + "/", null, null));
        assertThat(last.level()).isEqualTo(Level.FAIL);
    }

    @Test
    void goesThroughAProxyAndSendsTheEndpointNothing() throws Exception {
        Listener https = tls();
        Proxy proxy = new Proxy(https.port(), "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n");
        List<CheckResult> results = check(
                "https://localhost:" + https.port() + "/",
                store,
                new Settings.Proxy("127.0.0.1", proxy.port(), "user", "pass"));

        assertThat(results).extracting(CheckResult::level).containsOnly(Level.OK);
        assertThat(results)
                .extracting(CheckResult::subject)
                .containsExactly("endpoint name", "endpoint connection", "endpoint proxy", "endpoint TLS");
        assertThat(proxy.head())
                .isEqualTo("CONNECT localhost:" + https.port() + " HTTP/1.1\r\nHost: localhost:" + https.port()
                        + "\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
        https.sawAConnectionAndNotOneByte();
    }

    @Test
    void namesAProxyThatAsksForALogin() throws Exception {
        Proxy proxy = new Proxy(0, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        CheckResult last =
                last(check("https://localhost:1/", store, new Settings.Proxy("127.0.0.1", proxy.port(), "", "")));
        assertThat(last.level()).isEqualTo(Level.FAIL);
        assertThat(last.subject()).isEqualTo("endpoint proxy");
        assertThat(last.remedy()).contains("pairing.endpoint.proxy.username");
        assertThat(proxy.head()).doesNotContain("Proxy-Authorization");
    }

    /** A proxy for one connection, to one port of this machine. */
    private final class Proxy {
        private final ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        private final StringBuffer head = new StringBuffer();

        Proxy(int target, String answer) throws IOException {
            opened.add(server);
            Thread thread = new Thread(() -> {
                try (Socket client = server.accept()) {
                    while (head.indexOf("\r\n\r\n") < 0) {
                        head.append((char) client.getInputStream().read());
                    }
                    client.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
                    if (target > 0) {
                        try (Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
                            Thread back = new Thread(() -> copy(server, client));
                            back.start();
                            copy(client, server);
                            back.join();
                        }
                    }
                } catch (IOException | InterruptedException e) {
                    // the test is over
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        int port() {
            return server.getLocalPort();
        }

        String head() {
            return head.toString();
        }

        private void copy(Socket from, Socket to) {
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                in.transferTo(out);
                to.shutdownOutput();
            } catch (IOException e) {
                // one side is done
            }
        }
    }

    private Listener plain() throws IOException {
        return new Listener(new ServerSocket(0, 5, InetAddress.getLoopbackAddress()));
    }

    private Listener tls() throws Exception {
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return new Listener(
                context.getServerSocketFactory().createServerSocket(0, 5, InetAddress.getLoopbackAddress()));
    }

    private static List<CheckResult> check(String url, Path truststore, Settings.Proxy proxy) {
        return new EndpointCheck(endpoint(url, truststore, proxy), Clock.systemUTC()).check();
    }

    private static Settings.Endpoint endpoint(String url, Path truststore, Settings.Proxy proxy) {
        return new Settings.Endpoint(
                URI.create(url),
                Duration.ofSeconds(2),
                Duration.ofSeconds(2),
                truststore,
                truststore == null ? "" : PASSWORD,
                proxy);
    }

    private static CheckResult last(List<CheckResult> results) {
        return results.get(results.size() - 1);
    }
}
