package io.pairingbridge.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.Version;
import io.pairingbridge.job.Result;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.Keytool;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way to the endpoint: what fails before the first byte of the request has left is no attempt, costs no one-time
 * password, and ends only with the job's age.
 */
class ConnectionsIT {
    private static final String PASSWORD = "changeit-42";

    private static Path keys;
    private static LedgerEndpoint tls;
    private static LedgerEndpoint tlsUnderAnotherName;
    private static Stage stage;
    private static int jobs;

    private String job;
    private String otp;

    @BeforeAll
    static void start(@TempDir Path folder, @TempDir Path keyFolder) throws Exception {
        keys = keyFolder;
        tls = new LedgerEndpoint(serverSocket(keyStore("localhost", "dns:localhost,ip:127.0.0.1")));
        tlsUnderAnotherName = new LedgerEndpoint(serverSocket(keyStore("another", "dns:another.example")));
        stage = new Stage(folder).set("pairing.intake.close-after", "1000").set("pairing.endpoint.deadline", "1s");
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
        tls.close();
        tlsUnderAnotherName.close();
    }

    @BeforeEach
    void nextJob() {
        job = "job-" + ++jobs;
        otp = "otp-of-" + job;
        // What cannot be sent waits until it is too old; what can be sent has all the time it needs.
        stage.set("pairing.requests.max-age", "30s")
                .set("pairing.endpoint.truststore", "")
                .set("pairing.endpoint.proxy.host", "")
                .set("pairing.endpoint.truststore-password", PASSWORD)
                .set("pairing.endpoint.proxy.username", "")
                .set("pairing.endpoint.proxy.password", "");
    }

    @AfterEach
    void stopBridge() {
        stage.stopBridge();
    }

    private EndedJob run(String url) throws Exception {
        stage.set("pairing.endpoint.url", url);
        stage.startBridge();
        stage.send(Stage.request(job, otp));
        return EndedJob.await(stage, job, otp);
    }

    private void endsUnsent(String url, String why) throws Exception {
        stage.set("pairing.requests.max-age", "1s");
        run(url).ended("EXPIRED", "TOO_OLD").status(null).attempts(0).keepsOtp();
        assertThat(stage.bridge().journal().reader().attempts(job)).isNotEmpty().allSatisfy(attempt -> {
            assertThat(attempt.result()).isEqualTo(Result.NOT_SENT);
            assertThat(attempt.detail()).contains(why);
        });
        for (LedgerEndpoint ledger : new LedgerEndpoint[] {stage.ledger(), tls, tlsUnderAnotherName}) {
            assertThat(ledger.posts(otp)).isEmpty();
        }
    }

    @Test
    void waitsWhileConnectionsAreRefused() throws Exception {
        endsUnsent("http://127.0.0.1:" + Stage.freePort() + LedgerEndpoint.PATH, "refuses connections");
        assertThat(stage.bridge().journal().reader().attempts(job))
                .as("calls that were tried")
                .hasSizeGreaterThan(1);
    }

    @Test
    void waitsWhileTheNameCannotBeResolved() throws Exception {
        endsUnsent("http://no-such-host.invalid" + LedgerEndpoint.PATH, "host name cannot be resolved");
    }

    @Test
    void waitsWhileAPlainPortAnswersTls() throws Exception {
        try (ServerSocket plain = answering("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")) {
            endsUnsent("https://127.0.0.1:" + plain.getLocalPort() + LedgerEndpoint.PATH, "no TLS connection");
        }
    }

    @Test
    void waitsWhileTheHandshakeIsNotAnswered() throws Exception {
        try (ServerSocket silent = answering("")) {
            endsUnsent("https://127.0.0.1:" + silent.getLocalPort() + LedgerEndpoint.PATH, "deadline");
        }
    }

    @Test
    void trustsNobodyWhomItWasNotToldToTrust() throws Exception {
        endsUnsent("https://localhost:" + tls.port() + LedgerEndpoint.PATH, "no TLS connection");
    }

    @Test
    void trustsItsOwnTrustStore() throws Exception {
        stage.set("pairing.endpoint.truststore", trustStore("localhost"));

        run("https://localhost:" + tls.port() + LedgerEndpoint.PATH).paired().attempts(1);
        assertThat(tls.posts(otp)).hasSize(1);
    }

    @Test
    void refusesACertificateOfAnotherHost() throws Exception {
        stage.set("pairing.endpoint.truststore", trustStore("another"));

        endsUnsent("https://localhost:" + tlsUnderAnotherName.port() + LedgerEndpoint.PATH, "no TLS connection");
    }

    @Test
    void namesATrustStoreThatCannotBeRead() {
        stage.set("pairing.endpoint.truststore", trustStore("localhost"))
                .set("pairing.endpoint.truststore-password", "wrong");

        assertThatThrownBy(() -> stage.startBridge())
                .hasMessageContaining("pairing.endpoint.truststore")
                .hasMessageContaining("trust-localhost.p12");
    }

    /** A kept connection may be dead by the next call, and what is written to a dead one may have been heard. */
    @Test
    void callsOnANewConnectionEachTime() throws Exception {
        stage.ledger().when(otp, call -> {
            call.pairOnce();
            call.silence(); // open for as long as the bridge keeps it, but nobody answers there any more
        });
        run(stage.ledger().url().toString()).paired();

        nextJob();
        stage.send(Stage.request(job, otp));
        EndedJob.await(stage, job, otp).paired().attempts(1).posts(1);
    }

    @Test
    void callsThroughAProxy() throws Exception {
        try (TestProxy proxy = new TestProxy(null, null)) {
            stage.set("pairing.endpoint.proxy.host", "127.0.0.1").set("pairing.endpoint.proxy.port", "" + proxy.port());

            run(stage.ledger().url().toString()).paired().attempts(1).posts(1);
            assertThat(proxy.heads())
                    .singleElement()
                    .asString()
                    .startsWith("POST " + stage.ledger().url() + " HTTP/1.1\r\n");
        }
    }

    @Test
    void logsInAtAProxyAndShowsItNothingOfTheJob() throws Exception {
        try (TestProxy proxy = new TestProxy("clerk:s3cret", null)) {
            stage.set("pairing.endpoint.proxy.host", "127.0.0.1")
                    .set("pairing.endpoint.proxy.port", "" + proxy.port())
                    .set("pairing.endpoint.proxy.username", "clerk")
                    .set("pairing.endpoint.proxy.password", "s3cret")
                    .set("pairing.endpoint.truststore", trustStore("localhost"));

            run("https://localhost:" + tls.port() + LedgerEndpoint.PATH)
                    .paired()
                    .attempts(1);
            assertThat(tls.posts(otp)).hasSize(1);
            assertThat(tls.heads(otp))
                    .singleElement()
                    .asString()
                    .startsWith("POST " + LedgerEndpoint.PATH + " HTTP/1.1\r\n")
                    .contains("User-Agent: pairing-bridge/" + Version.get())
                    .doesNotContain("Proxy");
            assertThat(proxy.heads())
                    .hasSize(2)
                    .allSatisfy(head -> assertThat(head)
                            .startsWith("CONNECT localhost:" + tls.port() + " HTTP/1.1\r\n")
                            .doesNotContain("Integrator", "5f3a1c9e7b20"));
        }
    }

    @Test
    void waitsWhileTheProxyRefusesTheLogin() throws Exception {
        try (TestProxy proxy = new TestProxy("clerk:s3cret", null)) {
            stage.set("pairing.endpoint.proxy.host", "127.0.0.1")
                    .set("pairing.endpoint.proxy.port", "" + proxy.port())
                    .set("pairing.endpoint.proxy.username", "clerk")
                    .set("pairing.endpoint.proxy.password", "wrong")
                    .set("pairing.endpoint.truststore", trustStore("localhost"));

            endsUnsent("https://localhost:" + tls.port() + LedgerEndpoint.PATH, "proxy answered 407");
        }
    }

    /** The status is the proxy's: the endpoint has heard nothing that could be ambiguous, refused or accepted. */
    @Test
    void waitsWhileTheProxyFindsNoWay() throws Exception {
        for (String status : new String[] {"502", "503", "400", "404"}) {
            nextJob();
            try (TestProxy proxy = new TestProxy(null, "HTTP/1.1 " + status + " No way")) {
                stage.set("pairing.endpoint.proxy.host", "127.0.0.1")
                        .set("pairing.endpoint.proxy.port", "" + proxy.port())
                        .set("pairing.endpoint.truststore", trustStore("localhost"));

                endsUnsent("https://localhost:" + tls.port() + LedgerEndpoint.PATH, "proxy answered " + status);
            } finally {
                stage.stopBridge();
            }
        }
    }

    @Test
    void waitsWhileTheProxyIsAway() throws Exception {
        stage.set("pairing.endpoint.proxy.host", "127.0.0.1").set("pairing.endpoint.proxy.port", "" + Stage.freePort());

        endsUnsent(stage.ledger().url().toString(), "proxy on the way, refuses connections");
    }

    /** A port that says this to everybody, or nothing at all. */
    private static ServerSocket answering(String text) throws IOException {
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        List<Socket> open = new ArrayList<>(); // out of reach, they would be closed
        Thread thread = new Thread(
                () -> {
                    while (!server.isClosed()) {
                        try {
                            Socket socket = server.accept();
                            open.add(socket);
                            if (!text.isEmpty()) {
                                socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
                            }
                        } catch (IOException e) {
                            return; // closed
                        }
                    }
                },
                "no-tls");
        thread.setDaemon(true);
        thread.start();
        return server;
    }

    private static String trustStore(String name) {
        return keys.resolve("trust-" + name + ".p12").toString();
    }

    /** Makes a key store for a server, and a trust store that trusts it. */
    private static Path keyStore(String name, String alternativeNames) throws Exception {
        Path store = keys.resolve(name + ".p12");
        Path certificate = keys.resolve(name + ".pem");
        Keytool.run(
                store,
                PASSWORD,
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "RSA",
                "-keysize",
                "2048",
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=" + alternativeNames,
                "-validity",
                "30");
        Keytool.run(store, PASSWORD, "-exportcert", "-rfc", "-alias", name, "-file", certificate.toString());
        Keytool.run(
                Path.of(trustStore(name)),
                PASSWORD,
                "-importcert",
                "-noprompt",
                "-alias",
                name,
                "-file",
                certificate.toString());
        return store;
    }

    private static ServerSocket serverSocket(Path store) throws Exception {
        KeyStore keyStore = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keyStore.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keyStore, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }
}
