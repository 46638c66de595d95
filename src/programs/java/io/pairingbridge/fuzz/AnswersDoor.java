package io.pairingbridge.fuzz;

import io.pairingbridge.endpoint.EndpointCalls;
import io.pairingbridge.endpoint.EndpointCalls.Called;
import io.pairingbridge.fuzz.AnswerGrammar.Drawn;
import io.pairingbridge.fuzz.AnswerGrammar.End;
import io.pairingbridge.job.Result;
import io.pairingbridge.testing.Keytool;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.RawEndpoint;
import io.pairingbridge.testing.RawEndpoint.Line;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * What an endpoint may answer, over plain TCP and TLS, against the bridge's HTTP client without a broker or a journal.
 */
final class AnswersDoor implements Door {
    private static final String OTP = "otp-1";
    private static final String PASSWORD = "changeit-42";
    private static final Duration LONG = Duration.ofSeconds(60);
    /** For answers without an end that the peer would see. */
    private static final Duration SHORT = Duration.ofMillis(400);
    /** Of an answer without end; what the kernel holds for either side included. */
    private static final long MOST_TAKEN = 16 << 20;

    private final Path truststore;
    private final RawEndpoint plain;
    private final RawEndpoint tls;
    private EndpointCalls calls;
    private int number;

    AnswersDoor(Path folder) throws Exception {
        Path store = folder.resolve("server.p12");
        Path certificate = folder.resolve("server.pem");
        truststore = folder.resolve("trust.p12");
        Keytool.run(
                store,
                PASSWORD,
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost",
                "-validity",
                "30");
        Keytool.run(store, PASSWORD, "-exportcert", "-rfc", "-alias", "server", "-file", certificate.toString());
        Keytool.run(
                truststore, PASSWORD, "-importcert", "-noprompt", "-alias", "server", "-file", certificate.toString());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext server = SSLContext.getInstance("TLS");
        server.init(managers.getKeyManagers(), null, null);
        plain = new RawEndpoint(null);
        tls = new RawEndpoint(server);
        open();
    }

    private void open() {
        calls = new EndpointCalls(truststore, PASSWORD, LONG, 4, Clock.systemUTC());
    }

    @Override
    public Fate tryOne(Random random) throws Exception {
        boolean secure = random.nextInt(4) == 0;
        Drawn drawn = AnswerGrammar.draw(random, OTP);
        String name = "answer-" + ++number;
        String what = drawn.description() + (secure ? " over TLS" : "");
        RawEndpoint endpoint = secure ? tls : plain;
        AtomicReference<Line> answered = new AtomicReference<>();
        endpoint.when(name, line -> {
            answered.set(line);
            write(line, drawn);
        });
        Called called = calls.call(endpoint.url(name), drawn.end() == End.STAY ? SHORT : LONG);
        int posts = endpoint.forget(name);
        Result result = called.report().result();
        if (posts > 1) {
            throw new AssertionError(posts + " posts in one attempt: " + what);
        }
        if (answered.get() != null && answered.get().written() > MOST_TAKEN) {
            throw new AssertionError(answered.get().written() + " bytes taken of an answer: " + what);
        }
        boolean late = drawn.end() == End.STAY
                && (result == Result.NOT_SENT
                        || result == Result.AMBIGUOUS
                                && called.sealed() == null
                                && String.valueOf(called.report().detail()).contains("deadline"));
        if (!drawn.results().contains(result) && !late) {
            throw new AssertionError("came to " + result + " ("
                    + called.report().detail() + ") instead of " + drawn.results() + ": " + what);
        }
        if (result == Result.PAIRED && drawn.paired() != null && !Arrays.equals(drawn.paired(), called.sealed())) {
            throw new AssertionError("other bytes sealed than came: " + what);
        }
        if ((result == Result.PAIRED || result == Result.UNREADABLE)
                && (called.report().sealed() == null || called.sealed() == null)) {
            throw new AssertionError("nothing sealed: " + what);
        }
        if (called.sealed() != null && !holds(called.sealed(), drawn.mustHold())) {
            throw new AssertionError("bytes that came were not sealed: " + what);
        }
        if (called.sealed() != null && called.sealed().length > 2 << 20) {
            throw new AssertionError(called.sealed().length + " bytes sealed: " + what);
        }
        if (String.valueOf(called.report()).contains(LedgerEndpoint.SECRET)) {
            throw new AssertionError("a secret in the report: " + what);
        }
        return Fate.OUTCOME;
    }

    private static void write(Line line, Drawn drawn) throws Exception {
        for (byte[] piece : drawn.pieces()) {
            line.write(piece);
        }
        while (drawn.endless().length > 0 && line.written() < 4 * MOST_TAKEN) {
            line.write(drawn.endless());
        }
        switch (drawn.end()) {
            case CLOSE -> {}
            case CUT -> line.cut();
            case RESET -> line.reset();
            case STAY -> line.stayOpen();
        }
    }

    private static boolean holds(byte[] all, byte[] part) {
        return part.length == 0
                || new String(all, StandardCharsets.ISO_8859_1).contains(new String(part, StandardCharsets.ISO_8859_1));
    }

    @Override
    public void ordinary() throws IOException {
        String name = "ordinary-" + ++number;
        String body = LedgerEndpoint.credentials(OTP, "Till");
        tls.when(name, line -> line.write("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body));
        Called called = calls.call(tls.url(name), LONG);
        if (called.report().result() != Result.PAIRED || tls.forget(name) != 1) {
            throw new AssertionError("an ordinary call came to " + called.report());
        }
    }

    @Override
    public void restart() throws IOException {
        calls.close();
        open();
    }

    @Override
    public void close() throws IOException {
        calls.close();
        plain.close();
        tls.close();
    }
}
