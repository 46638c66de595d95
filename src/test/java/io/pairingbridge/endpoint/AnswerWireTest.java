package io.pairingbridge.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.endpoint.EndpointCalls.Called;
import io.pairingbridge.job.Result;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.RawEndpoint;
import io.pairingbridge.testing.RawEndpoint.Answering;
import io.pairingbridge.testing.RawEndpoint.Line;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What any bytes on the wire come to: one call each, without a broker. */
class AnswerWireTest {
    /** What no answer here takes, if it is whole. */
    private static final Duration LONG = Duration.ofSeconds(30);
    /** For answers that never end. */
    private static final Duration SHORT = Duration.ofMillis(500);

    private static final String CREDENTIALS = LedgerEndpoint.credentials("otp-1", "Till");
    private static final String OK = "HTTP/1.1 200 OK\r\n";

    /** An answer, and how long the call may take. */
    record Wire(String name, Duration deadline, Answering answering) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** An answer and what is sealed of it. */
    record Kept(Wire wire, String detail, byte[] sealed) {
        @Override
        public String toString() {
            return wire.name();
        }
    }

    private static RawEndpoint server;
    private static EndpointCalls calls;

    @BeforeAll
    static void open() throws IOException {
        server = new RawEndpoint(null);
        calls = new EndpointCalls(null, null, LONG, 4, Clock.systemUTC());
    }

    @AfterAll
    static void close() throws IOException {
        calls.close();
        server.close();
    }

    private static Called call(Wire wire) throws IOException {
        server.when("answer", wire.answering());
        Called called = calls.call(server.url("answer"), wire.deadline());
        assertThat(server.forget("answer")).as("posts").isEqualTo(1);
        return called;
    }

    // ---- framing --------------------------------------------------------------------------------------------------

    static final List<Wire> PAIRED = List.of(
            whole("Content-Length twice", OK + length() + length() + "\r\n" + CREDENTIALS),
            whole(
                    "Content-Length as a list",
                    OK + "Content-Length: " + CREDENTIALS.length() + ", " + CREDENTIALS.length() + "\r\n\r\n"
                            + CREDENTIALS),
            whole(
                    "Content-Length as a list, and again",
                    OK + "content-length:" + CREDENTIALS.length() + " ,\t" + CREDENTIALS.length() + "\r\n" + length()
                            + "\r\n" + CREDENTIALS),
            whole(
                    "chunked beside a Content-Length",
                    OK + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\n\r\n"),
            whole(
                    "Transfer-Encoding in capitals",
                    OK + "Transfer-Encoding: Chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\n\r\n"),
            whole(
                    "chunk extensions and trailers",
                    OK + "Transfer-Encoding: chunked\r\n\r\n"
                            + chunks(CREDENTIALS)
                                    .replace("\r\n", ";name=\"value\"\r\n")
                                    .replaceAll(";name=\"value\"\r\n$", "\r\n")
                                    .replace("}" + ";name=\"value\"", "}")
                            + "0;last\r\nA: b\r\n\r\n"),
            whole(
                    "70 kB in one header line",
                    OK + "X-Policy: " + "p".repeat(70_000) + "\r\n" + length() + "\r\n" + CREDENTIALS),
            whole(
                    "70 kB of header lines",
                    OK + ("X-Policy: " + "p".repeat(88) + "\r\n").repeat(700) + length() + "\r\n" + CREDENTIALS),
            whole("1,200 header lines", OK + "X-Trace: 00-4bf92f\r\n".repeat(1_200) + length() + "\r\n" + CREDENTIALS),
            whole(
                    "200 trailers",
                    OK + "Transfer-Encoding: chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\n"
                            + "X-Trailer: y\r\n".repeat(200) + "\r\n"),
            whole(
                    "a trailer without a colon",
                    OK + "Transfer-Encoding: chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\nwhat\r\n\r\n"),
            whole(
                    "no end after the last chunk",
                    OK + "Transfer-Encoding: chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\n"),
            new Wire("silence in the trailers", SHORT, line -> {
                line.write(OK + "Transfer-Encoding: chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\nX-Trailer: ");
                line.stayOpen();
            }),
            whole(
                    "after 101 that nobody asked for",
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + OK + length()
                            + "\r\n" + CREDENTIALS),
            whole(
                    "after many interim answers",
                    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(500) + OK + length() + "\r\n"
                            + CREDENTIALS),
            whole("bytes behind the answer", OK + length() + "\r\n" + CREDENTIALS + "HTTP/1.1 400 Bad Request\r\n\r\n"),
            whole("lines that end in LF alone", (OK + length() + "\r\n").replace("\r", "") + CREDENTIALS),
            whole("no reason phrase", "HTTP/1.1 200\r\n" + length() + "\r\n" + CREDENTIALS),
            whole("a folded header line", OK + "X-Folded: a\r\n  b\r\n" + length() + "\r\n" + CREDENTIALS),
            new Wire(
                    "an answer before the request was read",
                    LONG,
                    line -> line.write(OK + length() + "\r\n" + CREDENTIALS)));

    @ParameterizedTest
    @FieldSource("PAIRED")
    void takesWhatIsWholeByTheRfc(Wire wire) throws IOException {
        Called called = call(wire);

        assertThat(called.report().result()).as(called.report().detail()).isEqualTo(Result.PAIRED);
        assertThat(new String(called.sealed(), StandardCharsets.UTF_8)).isEqualTo(CREDENTIALS);
    }

    /**
     * Refused by the parser, or not: a 2xx status line came, so nothing may be thrown away and nothing posted again.
     */
    static final List<Kept> MALFORMED = List.of(
            raw("two Content-Lengths", OK + length() + "Content-Length: 10\r\n\r\n" + CREDENTIALS, "framing"),
            raw("two Content-Lengths in a list", OK + "Content-Length: 10, 20\r\n\r\n" + CREDENTIALS, "framing"),
            raw("Content-Length that is no number", OK + "Content-Length: many\r\n\r\n" + CREDENTIALS, "framing"),
            raw(
                    "Content-Length with a sign",
                    OK + "Content-Length: +" + CREDENTIALS.length() + "\r\n\r\n" + CREDENTIALS,
                    "framing"),
            raw("Content-Length below zero", OK + "Content-Length: -1\r\n\r\n" + CREDENTIALS, "framing"),
            raw(
                    "Content-Length beyond all numbers",
                    OK + "Content-Length: 99999999999999999999\r\n\r\n" + CREDENTIALS,
                    "framing"),
            raw(
                    "unknown transfer coding",
                    OK + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\n\r\n",
                    "framing"),
            raw(
                    "chunked twice",
                    OK + "Transfer-Encoding: chunked, chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\n\r\n",
                    "framing"),
            raw("a header line without a colon", OK + "What is this\r\n" + length() + "\r\n" + CREDENTIALS, "framing"),
            raw(
                    "a space before the colon",
                    OK + "Content-Length : " + CREDENTIALS.length() + "\r\n\r\n" + CREDENTIALS,
                    "framing"),
            raw("a header line without a name", OK + ": x\r\n" + length() + "\r\n" + CREDENTIALS, "framing"),
            raw("no chunk size", OK + "Transfer-Encoding: chunked\r\n\r\n" + CREDENTIALS + "\r\n", "framing"),
            raw("a chunk size below zero", OK + "Transfer-Encoding: chunked\r\n\r\n-5\r\n" + CREDENTIALS, "framing"),
            raw(
                    "a chunk longer than it says",
                    OK + "Transfer-Encoding: chunked\r\n\r\n5\r\n" + CREDENTIALS + "\r\n0\r\n\r\n",
                    "framing"),
            raw("another HTTP", "HTTP/2.0 200 OK\r\n" + length() + "\r\n" + CREDENTIALS, "framing"),
            raw("HTTP/2 without a minor version", "HTTP/2 200\r\n" + length() + "\r\n" + CREDENTIALS, "framing"),
            raw("another protocol's status line", "ICY 200 OK\r\n" + length() + "\r\n" + CREDENTIALS, "framing"),
            raw("a status line in small letters", "http/1.1 200 ok\r\n" + length() + "\r\n" + CREDENTIALS, "framing"),
            raw("a reason glued to its status", "HTTP/1.1 200OK\r\n" + length() + "\r\n" + CREDENTIALS, "framing"),
            raw("credentials without any status line", CREDENTIALS, "without a status"),
            raw("a Content-Length that is too small", OK + "Content-Length: 20\r\n\r\n" + CREDENTIALS, "not JSON"),
            raw("a Content-Length of nothing", OK + "Content-Length: 0\r\n\r\n" + CREDENTIALS, "no JSON object"),
            raw("204 with a body", "HTTP/1.1 204 No Content\r\n" + length() + "\r\n" + CREDENTIALS, "204"),
            raw("cut in the head", OK + "Content-Le", "cut short"),
            kept("cut in the status line", "HTTP/1.1 200", "no JSON object", ""),
            raw("cut before the body", OK + "Content-Length: 400\r\n\r\n", "cut short"),
            raw("cut in the first chunk's size", OK + "Transfer-Encoding: chunked\r\n\r\n", "cut short"),
            kept("cut after a chunk", OK + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"pay", "cut short", "{\"pay"),
            kept("cut in a chunk", OK + "Transfer-Encoding: chunked\r\n\r\n50\r\n{\"pay", "cut short", "{\"pay"),
            kept("cut in the body", OK + "Content-Length: 400\r\n\r\n" + CREDENTIALS, "cut short", CREDENTIALS),
            new Kept(
                    new Wire("reset in the head", LONG, line -> {
                        line.write(OK + "Content-Le");
                        line.pause(100); // what is not read yet when the reset comes is gone
                        line.reset();
                    }),
                    "cut short",
                    bytes(OK + "Content-Le")),
            new Kept(
                    new Wire("silence in the head", SHORT, line -> {
                        line.write(OK + "Content-Le");
                        line.stayOpen();
                    }),
                    "deadline",
                    bytes(OK + "Content-Le")),
            new Kept(
                    new Wire("silence before the body", SHORT, line -> {
                        line.write(OK + length() + "\r\n");
                        line.stayOpen();
                    }),
                    "deadline",
                    bytes(OK + length() + "\r\n")),
            new Kept(
                    new Wire("a malformed head on a connection that stays", SHORT, line -> {
                        line.write(OK + length() + "Content-Length: 10\r\n\r\n");
                        line.pause(50); // in a packet of its own
                        line.write(CREDENTIALS);
                        line.stayOpen();
                    }),
                    "framing",
                    bytes(OK + length() + "Content-Length: 10\r\n\r\n" + CREDENTIALS)));

    @ParameterizedTest
    @FieldSource("MALFORMED")
    void keepsWhatCameOnceSuccessWasAnnounced(Kept kept) throws IOException {
        Called called = call(kept.wire());

        assertThat(called.report().result()).as(called.report().detail()).isEqualTo(Result.UNREADABLE);
        assertThat(called.report().detail()).contains(kept.detail());
        assertThat(called.report().sealed()).isNotNull();
        assertThat(new String(called.sealed(), StandardCharsets.ISO_8859_1))
                .isEqualTo(new String(kept.sealed(), StandardCharsets.ISO_8859_1));
    }

    static final List<Wire> LOST = List.of(
            whole("nothing", ""),
            whole("half a status line", "HTTP/1.1 2"),
            whole("another protocol", "SSH-2.0-OpenSSH_9.2\r\n"),
            whole("a page without a status line", "<html>502 Bad Gateway</html>"),
            whole("malformed head of a failure", "HTTP/1.1 500 Oops\r\nWhat is this\r\n\r\n"),
            whole("an interim answer alone", "HTTP/1.1 100 Continue\r\n\r\n"),
            new Wire("interim answers without end", SHORT, line -> {
                while (true) {
                    line.write("HTTP/1.1 102 Processing\r\n\r\n");
                }
            }));

    @ParameterizedTest
    @FieldSource("LOST")
    void leavesOpenWhatAnAnswerWithoutAStatusMeans(Wire wire) throws IOException {
        assertThat(call(wire).report().result()).isEqualTo(Result.AMBIGUOUS);
    }

    /** Their body is not read, so nothing depends on how it is framed, or whether it ends. */
    @Test
    void readsAFailureByItsStatusWhateverFollows() throws IOException {
        assertThat(call(whole("x", "HTTP/1.1 400 Bad Request\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"))
                        .report()
                        .result())
                .isEqualTo(Result.REJECTED);
        assertThat(call(whole("x", "HTTP/1.1 503 Busy\r\nTransfer-Encoding: gzip\r\nRetry-After: 7\r\n\r\n"))
                        .report()
                        .retryAfter())
                .isEqualTo(Duration.ofSeconds(7));
        AtomicReference<Line> endless = new AtomicReference<>();
        Called called = call(new Wire("x", Duration.ofSeconds(10), line -> {
            endless.set(line);
            line.write("HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true) {
                line.write("1000\r\n" + "x".repeat(0x1000) + "\r\n");
            }
        }));
        assertThat(called.report().result()).isEqualTo(Result.REJECTED);
        assertThat(endless.get().written())
                .as("what was taken of an endless body")
                .isLessThan(16 << 20);
    }

    // ---- limits ---------------------------------------------------------------------------------------------------

    private static Wire endless(String name, String start, String more) {
        return new Wire(name, LONG, line -> {
            line.write(start);
            byte[] block = bytes(more.repeat(Math.max(1, 64 * 1024 / more.length())));
            while (line.written() < 150 << 20) {
                line.write(block);
            }
        });
    }

    static final List<Wire> ENDLESS = List.of(
            endless("a status line", "HTTP/1.1 200 OK", "x"),
            endless("one header line", OK + "X-Header: ", "x"),
            endless("a folded header line", OK + "X-Header: ", "x\r\n "),
            endless("header lines", OK, "X-Header: y\r\n"),
            endless("short header lines", OK, "a:\r\n"),
            endless("a chunk extension", OK + "Transfer-Encoding: chunked\r\n\r\n5;", "x"),
            endless(
                    "chunk extensions",
                    OK + "Transfer-Encoding: chunked\r\n\r\n",
                    "1;" + "x".repeat(2_000) + "\r\nx\r\n"),
            endless("a body until the end", OK + "\r\n", " "),
            endless("a body of known length", OK + "Content-Length: 999999999999\r\n\r\n", " "),
            endless("a body of one chunk", OK + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", " "),
            endless("a malformed head, then a body", OK + "what\r\n\r\n", " "));

    @ParameterizedTest
    @FieldSource("ENDLESS")
    void takesNoMoreThanItsLimitOfAnAnswerWithoutEnd(Wire wire) throws IOException {
        Called called = callEndless(wire);

        assertThat(called.report().result()).as(called.report().detail()).isEqualTo(Result.UNREADABLE);
        assertThat(called.sealed()).hasSizeLessThan(2 << 20);
        assertThat(called.report().detail()).contains("larger than");
    }

    @Test
    void saysWhyAFailureCouldNotBeRead() throws IOException {
        for (Wire wire : List.of(
                endless("header lines", "HTTP/1.1 500 Oops\r\n", "a:\r\n"),
                endless("a line", "HTTP/1.1 500 Oops\r\nX: ", "x"),
                endless("interim answers", "", "HTTP/1.1 103 Early Hints\r\n\r\n"))) {
            Called called = callEndless(wire);
            assertThat(called.report().result()).isEqualTo(Result.AMBIGUOUS);
            assertThat(called.report().detail()).isEqualTo("the head of what the endpoint answered is far too large");
        }
    }

    /** The body has come whole; no more of what follows it is read than of any answer. */
    static final List<Wire> ENDLESS_TRAILERS = List.of(
            endless(
                    "trailers",
                    OK + "Transfer-Encoding: chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\n",
                    "X-Trailer: y\r\n"),
            endless(
                    "one trailer",
                    OK + "Transfer-Encoding: chunked\r\n\r\n" + chunks(CREDENTIALS) + "0\r\nX-Trailer: ",
                    "x"));

    @ParameterizedTest
    @FieldSource("ENDLESS_TRAILERS")
    void takesTheBodyBeforeTrailersWithoutEnd(Wire wire) throws IOException {
        Called called = callEndless(wire);

        assertThat(called.report().result()).as(called.report().detail()).isEqualTo(Result.PAIRED);
        assertThat(new String(called.sealed(), StandardCharsets.UTF_8)).isEqualTo(CREDENTIALS);
    }

    private static Called callEndless(Wire wire) throws IOException {
        AtomicReference<Line> endless = new AtomicReference<>();
        Called called = call(new Wire(wire.name(), wire.deadline(), line -> {
            endless.set(line);
            wire.answering().answer(line);
        }));
        // What the kernel holds for either side comes on top.
        assertThat(endless.get().written()).as("bytes that were taken").isLessThan(16 << 20);
        return called;
    }

    // ---- codings --------------------------------------------------------------------------------------------------

    @Test
    void undoesTheCodingsOfRfc9110() throws IOException {
        byte[] plain = bytes(CREDENTIALS);
        takes("gzip", gzip(plain));
        takes("GZip", gzip(plain));
        takes("x-gzip", gzip(plain));
        takes("deflate", deflate(plain, false));
        takes("deflate", deflate(plain, true));
        takes("identity", plain);
        takes("gzip, identity", gzip(plain));
        takes("identity,,gzip", gzip(plain));
        takes("gzip, gzip", gzip(gzip(plain)));
        takes("deflate\r\nContent-Encoding: gzip", gzip(deflate(plain, false)));
        takes("", plain);
        takes("utf-8", plain);
        takes("gzip", plain); // a proxy on the way undid it and left the header
    }

    private static void takes(String coding, byte[] body) throws IOException {
        Called called = call(encoded(coding, body));
        assertThat(called.report().result())
                .as("%s: %s", coding, called.report().detail())
                .isEqualTo(Result.PAIRED);
        assertThat(new String(called.sealed(), StandardCharsets.UTF_8)).isEqualTo(CREDENTIALS);
    }

    @Test
    void keepsWhatItCannotDecode() throws IOException {
        keeps("br", new byte[] {11, 2, -128});
        keeps("gzip, br", gzip(bytes(CREDENTIALS)));
        keeps("compress", bytes("\u001f\u009d"));
        keeps("gzip", bytes("plain"));
        keeps("deflate", gzip(bytes(CREDENTIALS)));
        byte[] cut = gzip(bytes(CREDENTIALS));
        keeps("gzip", Arrays.copyOf(cut, cut.length - 9));
        keeps("gzip", gzip(new byte[2 << 20]));
        keeps("gzip, gzip", gzip(gzip(new byte[64 << 20])));
        keeps("deflate", deflate(new byte[64 << 20], false));
    }

    private static void keeps(String coding, byte[] body) throws IOException {
        Called called = call(encoded(coding, body));
        assertThat(called.report().result()).as(coding).isEqualTo(Result.UNREADABLE);
        assertThat(called.sealed()).as(coding).isEqualTo(body);
    }

    // ---- Retry-After ----------------------------------------------------------------------------------------------

    @Test
    void readsEveryRetryAfterOfRfc9110() throws IOException {
        Clock clock = Clock.fixed(Instant.parse("1994-11-06T08:48:37Z"), ZoneOffset.UTC);
        try (EndpointCalls then = new EndpointCalls(null, null, LONG, 1, clock)) {
            asked(then, "Retry-After: 120", 120L);
            asked(then, "Retry-After:  0 ", 0L);
            asked(then, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", 60L);
            asked(then, "Retry-After: Sunday, 06-Nov-94 08:49:37 GMT", 60L);
            asked(then, "Retry-After: Sun Nov  6 08:49:37 1994", 60L);
            asked(then, "Retry-After: Sun Nov 6 08:49:37 1994", 60L);
            asked(then, "Retry-After: Saturday, 05-Nov-94 08:49:37 GMT", 0L);
            asked(then, "Retry-After: Sat Nov  5 08:49:37 1994", 0L);
            asked(then, "Retry-After: Friday, 31-Dec-99 23:59:59 GMT", 86_400L);
            asked(then, "Retry-After: Thursday, 31-Dec-48 23:59:59 GMT", 0L);
            asked(then, "Retry-After: Wednesday, 31-Dec-43 23:59:59 GMT", 86_400L);
            asked(then, "Retry-After: 99999999999999999999999", 86_400L);
            asked(then, "Retry-After: 1\r\nRetry-After: 30\r\nRetry-After: soon", 30L);
            asked(then, "Retry-After: soon\r\nRetry-After: 7", 7L);
            for (String none : new String[] {
                "",
                "soon",
                "-5",
                "+5",
                "1.5",
                "Sun, 06 Nov 1994",
                "Sun, 31 Feb 1994 08:49:37 GMT",
                "Sun Nov  6 25:49:37 1994",
                "1994-11-06T08:49:37Z"
            }) {
                asked(then, "Retry-After: " + none, null);
            }
        }
    }

    private static void asked(EndpointCalls calls, String headers, Long seconds) throws IOException {
        server.when("later", line -> line.write("HTTP/1.1 503 Busy\r\n" + headers + "\r\nContent-Length: 0\r\n\r\n"));
        Called called = calls.call(server.url("later"), LONG);
        assertThat(called.report().result()).isEqualTo(Result.THROTTLED);
        assertThat(called.report().retryAfter())
                .as(headers)
                .isEqualTo(seconds == null ? null : Duration.ofSeconds(seconds));
    }

    // ---- status ---------------------------------------------------------------------------------------------------

    @Test
    void readsAStatusThatHttpDoesNotKnow() throws IOException {
        for (String status : List.of("600", "777", "999")) {
            Called called = call(whole("x", "HTTP/1.1 " + status + " Odd\r\nContent-Length: 0\r\n\r\n"));
            assertThat(called.report().result()).as(status).isEqualTo(Result.AMBIGUOUS);
            assertThat(called.report().httpStatus()).isEqualTo(Integer.parseInt(status));
            assertThat(called.report().detail()).isEqualTo("the endpoint answered " + status);
        }
        for (String status : List.of("000", "001", "099", "20", "2000", "-20", "abc", "")) {
            Called called = call(whole("x", "HTTP/1.1 " + status + " Odd\r\nContent-Length: 0\r\n\r\n"));
            assertThat(called.report().result()).as(status).isEqualTo(Result.AMBIGUOUS);
            assertThat(called.report().httpStatus()).isNull();
            assertThat(called.report().detail()).as(status).isEqualTo("what the endpoint answered is not HTTP");
        }
        Called called = call(whole("x", "HTTP/1.1 499 Odd\r\nContent-Length: 0\r\n\r\n"));
        assertThat(called.report().result()).isEqualTo(Result.MISCONFIGURED);
    }

    // ---- how long it takes ----------------------------------------------------------------------------------------

    /** The thread belongs to the next job again, however slowly the rest of an answer comes that nobody needs. */
    @Test
    void isDoneWithAFailureWhoseBodyDrips() throws IOException {
        AtomicReference<Line> dripping = new AtomicReference<>();
        Called called = call(new Wire("x", Duration.ofSeconds(2), line -> {
            dripping.set(line);
            line.write("HTTP/1.1 500 Oops\r\nContent-Length: 1000000\r\n\r\n");
            for (int i = 0; i < 600; i++) {
                line.write("x");
                line.pause(100);
            }
        }));
        assertThat(called.report().result()).isEqualTo(Result.AMBIGUOUS);
        assertThat(called.report().httpStatus()).isEqualTo(500);
        assertThat(dripping.get().written()).as("bytes that were waited for").isLessThan(400);
    }

    // ---- ways to answer -------------------------------------------------------------------------------------------

    private static Wire whole(String name, String answer) {
        return new Wire(name, LONG, line -> line.write(answer));
    }

    private static Wire encoded(String coding, byte[] body) {
        return new Wire(coding, LONG, line -> {
            line.write(OK + "Content-Encoding: " + coding + "\r\nContent-Length: " + body.length + "\r\n\r\n");
            line.write(body);
        });
    }

    private static Kept raw(String name, String answer, String detail) {
        return kept(name, answer, detail, answer);
    }

    private static Kept kept(String name, String answer, String detail, String sealed) {
        return new Kept(whole(name, answer), detail, bytes(sealed));
    }

    private static String length() {
        return "Content-Length: " + CREDENTIALS.length() + "\r\n";
    }

    private static String chunks(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(plain);
        }
        return bytes.toByteArray();
    }

    private static byte[] deflate(byte[] plain, boolean bare) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, bare);
        try (OutputStream out = new DeflaterOutputStream(bytes, deflater)) {
            out.write(plain);
        } finally {
            deflater.end();
        }
        return bytes.toByteArray();
    }
}
