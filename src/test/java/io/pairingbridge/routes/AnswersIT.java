package io.pairingbridge.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Result;
import io.pairingbridge.journal.JournalReader.AttemptRecord;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.LedgerEndpoint.Behaviour;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.LedgerEndpoint.Post;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.MessageMaker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Each row of the answer table, through the real routes, broker, journal and HTTP client. The job is named after the
 * answer; all of them are under way together, so that those that wait wait together.
 */
class AnswersIT {
    private static final Duration DEADLINE = Duration.ofSeconds(3);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(2);
    private static final int MOST_POSTS = 3;

    /** An answer to every post of a job. */
    record Answer(String job, Behaviour behaviour, String... detail) {
        String otp() {
            return "otp-" + job;
        }

        @Override
        public String toString() {
            return job;
        }
    }

    private static final String HALF_A_HEAD = "HTTP/1.1 200 OK\r\nContent-Le";
    private static final String HEAD_ALONE = "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n";

    /** A success that cannot be understood, and the bytes that came; null if they are not known exactly. */
    record Unreadable(Answer answer, byte[] bytes) {
        @Override
        public String toString() {
            return answer.job();
        }
    }

    static final List<Answer> PAIRED = List.of(
            answer("200", Call::pairOnce),
            answer("201", call -> ok(call, 201, "", credentials(call))),
            answer(
                    "200-webhook-key-text",
                    call -> ok(
                            call,
                            200,
                            "",
                            credentials(call)
                                    .replace("\"webhook_secret_key\":null", "\"webhook_secret_key\":\"whsec-1\""))),
            answer(
                    "200-webhook-key-absent",
                    call -> ok(call, 200, "", credentials(call).replace(",\"webhook_secret_key\":null", ""))),
            answer(
                    "200-more-fields",
                    call -> ok(call, 200, "", credentials(call).replace("{", "{\"new\":{\"a\":[1]},"))),
            answer("200-plain-text-type", call -> ok(call, 200, "Content-Type: text/plain\r\n", credentials(call))),
            answer(
                    "200-half-a-character",
                    call -> ok(call, 200, "", credentials(call).replace("Till", "Till \\ud83d"))),
            answer(
                    "200-control-characters",
                    call -> ok(
                            call,
                            200,
                            "",
                            credentials(call)
                                    .replace("Till", "Till\\u0000\\u001b[2J\\r\\nPairingTerminalId:x\\u202e"))),
            answer(
                    "200-emoji-at-the-cut",
                    call -> ok(call, 200, "", credentials(call).replace("Till", "x".repeat(3_999) + "\ud83d\ude00y"))),
            answer(
                    "200-length-twice",
                    call -> ok(
                            call,
                            200,
                            "Content-Length: " + utf8(credentials(call)).length + "\r\n",
                            credentials(call))),
            answer(
                    "200-length-as-a-list",
                    call -> call.write("HTTP/1.1 200 OK\r\nContent-Length: "
                            + credentials(call).length() + ", "
                            + credentials(call).length() + "\r\n\r\n" + credentials(call))),
            answer(
                    "200-70-kb-of-head",
                    call -> ok(call, 200, "X-Policy: " + "p".repeat(70_000) + "\r\n", credentials(call))),
            answer(
                    "200-1200-header-lines",
                    call -> ok(call, 200, "X-Trace: 00-4bf92f\r\n".repeat(1_200), credentials(call))),
            answer(
                    "200-endless-name",
                    call -> ok(call, 200, "", credentials(call).replace("Till", "Till".repeat(50_000)))),
            answer("200-until-close", call -> {
                call.write("HTTP/1.1 200 OK\r\n\r\n" + credentials(call));
                call.close();
            }),
            answer(
                    "200-chunked",
                    call -> call.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + Integer.toHexString(credentials(call).length()) + "\r\n" + credentials(call)
                            + "\r\n0\r\n\r\n")),
            answer("200-http-1.0", call -> {
                call.write("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n" + credentials(call));
                call.close();
            }),
            answer("200-after-100-and-103", call -> {
                call.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
                call.pairOnce();
            }),
            answer("200-kept-alive", call -> {
                call.write("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: "
                        + credentials(call).length() + "\r\n\r\n");
                call.write(credentials(call));
                call.silence();
            }),
            answer("200-reset-after", call -> {
                call.pairOnce();
                call.silence(); // until the bridge has read all and closed
                call.reset();
            }));

    static final List<Unreadable> UNREADABLE = List.of(
            unreadable("200-empty", "", "no JSON object"),
            unreadable("201-empty", "", "answered 201", "no JSON object"),
            new Unreadable(
                    answer("204", call -> call.write("HTTP/1.1 204 No Content\r\n\r\n"), "answered 204"), new byte[0]),
            unreadable(
                    "200-without-secret",
                    credentialsOf("200-without-secret").replace("client_secret", "secret"),
                    "lacks client_secret"),
            unreadable(
                    "200-blank-secret",
                    "{\"client_secret\":\" \",\"client_id\":7}",
                    "lacks pay_connect_id, pay_connect_name, terminal_id, client_id, client_secret"),
            unreadable("200-html", "<html><body>Welcome to the hotel's network</body></html>", "not JSON"),
            unreadable("200-array", "[" + credentialsOf("200-array") + "]", "no JSON object"),
            unreadable("200-two-objects", credentialsOf("200-two-objects") + "{}", "not JSON"),
            unreadable(
                    "200-field-twice",
                    credentialsOf("200-field-twice").replace("}", ",\"client_secret\":\"x\"}"),
                    "not JSON"),
            cut("200-cut-until-close", "", half("200-cut-until-close"), "not JSON"),
            cut("200-cut-content-length", "Content-Length: 400\r\n", half("200-cut-content-length"), "cut short"),
            new Unreadable(
                    answer(
                            "200-cut-chunked",
                            call -> {
                                String half = half("200-cut-chunked");
                                call.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        + Integer.toHexString(half.length()) + "\r\n" + half + "\r\n");
                                call.close();
                            },
                            "cut short"),
                    utf8(half("200-cut-chunked"))),
            new Unreadable(
                    answer("200-broken-gzip", call -> ok(call, "gzip", cutGzip("200-broken-gzip")), "gzip"),
                    cutGzip("200-broken-gzip")),
            new Unreadable(answer("200-no-gzip", call -> ok(call, "gzip", utf8("plain")), "gzip"), utf8("plain")),
            new Unreadable(
                    answer("200-brotli", call -> ok(call, "br", new byte[] {11, 2, -128}), "not JSON"), new byte[] {
                        11, 2, -128
                    }),
            new Unreadable(
                    answer("200-two-lengths", call -> call.write(twoLengths("200-two-lengths")), "malformed"),
                    utf8(twoLengths("200-two-lengths"))),
            new Unreadable(
                    answer(
                            "200-no-header",
                            call -> call.write("HTTP/1.1 200 OK\r\nWhat is this\r\n\r\n" + half("200-no-header")),
                            "malformed"),
                    utf8("HTTP/1.1 200 OK\r\nWhat is this\r\n\r\n" + half("200-no-header"))),
            new Unreadable(
                    answer(
                            "200-endless-header",
                            call -> {
                                call.write("HTTP/1.1 200 OK\r\nX-Header: ");
                                for (int i = 0; i < 150 * 16; i++) {
                                    call.write("x".repeat(1 << 16));
                                }
                            },
                            "larger than"),
                    null),
            new Unreadable(
                    answer(
                            "reset-in-head",
                            call -> {
                                call.write(HALF_A_HEAD);
                                call.think(200); // what is not read yet when the reset comes is gone
                                call.reset();
                            },
                            "cut short"),
                    utf8(HALF_A_HEAD)),
            new Unreadable(
                    answer(
                            "cut-in-head",
                            call -> {
                                call.write(HALF_A_HEAD);
                                call.close();
                            },
                            "cut short"),
                    utf8(HALF_A_HEAD)),
            new Unreadable(
                    answer(
                            "cut-before-body",
                            call -> {
                                call.write(HEAD_ALONE);
                                call.close();
                            },
                            "cut short"),
                    utf8(HEAD_ALONE)),
            new Unreadable(
                    answer(
                            "silent-after-head",
                            call -> {
                                call.write(HEAD_ALONE);
                                call.silence();
                            },
                            "deadline"),
                    utf8(HEAD_ALONE)),
            new Unreadable(
                    answer(
                            "dripping-head",
                            call -> {
                                call.write("HTTP/1.1 200 OK\r\n");
                                call.drip("X-Padding: y\r\n".repeat(1_000).getBytes(StandardCharsets.ISO_8859_1), 50);
                            },
                            "deadline"),
                    null),
            new Unreadable(
                    answer(
                            "200-drip",
                            call -> {
                                call.write("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + half("200-drip"));
                                call.drip("     ".repeat(80).getBytes(StandardCharsets.UTF_8), 20_000);
                            },
                            "not complete within the deadline"),
                    utf8(half("200-drip") + " ")));

    /** No answer, or one that leaves open what the endpoint has done; each given for ever. */
    static final List<Answer> AMBIGUOUS = List.of(
            status(500),
            status(501),
            status(502),
            status(504),
            status(505),
            status(520),
            status(599),
            status(600),
            status(999),
            answer("099", call -> call.write("HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n"), "not HTTP"),
            answer("000", call -> call.write("HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n"), "not HTTP"),
            answer(
                    "101",
                    call -> call.write(
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")),
            answer("closed", Call::close, "closed the connection without an answer"),
            answer("reset", Call::reset, "the connection to the endpoint failed"),
            answer("no-http", call -> {
                call.write("SSH-2.0-OpenSSH_9.2\r\n");
                call.close();
            }),
            answer("silent", Call::silence, "deadline"));

    static final List<Answer> MISCONFIGURED = List.of(
            status(300),
            redirect(301),
            redirect(302),
            redirect(303),
            status(304),
            redirect(307),
            redirect(308),
            status(401),
            answer("401-basic", call -> call.status(401, "WWW-Authenticate: Basic realm=\"x\"")),
            status(402),
            status(403),
            status(404),
            status(405),
            status(406),
            answer("407", call -> call.status(407, "Proxy-Authenticate: Basic realm=\"x\"")),
            status(408),
            status(409),
            status(415),
            status(418),
            status(422),
            status(451),
            status(499));

    /** Answered once so, then with the credentials. */
    static final List<Answer> THEN_PAIRED = List.of(
            once("500-then-200", call -> call.status(500)),
            once("502-then-200", call -> call.status(502)),
            once("504-then-200", call -> call.status(504)),
            once("520-then-200", call -> call.status(520)),
            once("closed-then-200", Call::close),
            once("reset-then-200", Call::reset),
            once("silent-then-200", Call::silence),
            once("503-then-200", call -> call.status(503)),
            once("429-then-200", call -> call.status(429)),
            once("503-after-1", call -> call.status(503, "Retry-After: 1")),
            once("503-after-3600", call -> call.status(503, "Retry-After: 3600")),
            once("429-after-3600", call -> call.status(429, "Retry-After: 3600")),
            once(
                    "429-after-date",
                    call -> call.status(
                            429,
                            "Retry-After: "
                                    + ZonedDateTime.now(ZoneOffset.UTC)
                                            .plusHours(1)
                                            .format(DateTimeFormatter.RFC_1123_DATE_TIME))),
            once(
                    "503-after-rfc-850-date",
                    call -> call.status(
                            503,
                            "Retry-After: "
                                    + ZonedDateTime.now(ZoneOffset.UTC)
                                            .plusHours(1)
                                            .format(DateTimeFormatter.ofPattern(
                                                    "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", Locale.ENGLISH)))),
            once(
                    "503-after-asctime-date",
                    call -> call.status(
                            503,
                            "Retry-After: "
                                    + ZonedDateTime.now(ZoneOffset.UTC)
                                            .plusHours(1)
                                            .format(DateTimeFormatter.ofPattern(
                                                    "EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH)))),
            once("503-after-past-date", call -> call.status(503, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT")),
            once("503-after-negative", call -> call.status(503, "Retry-After: -5")),
            once("503-after-enormous", call -> call.status(503, "Retry-After: 9223372036854775807")),
            once("503-after-garbage", call -> call.status(503, "Retry-After: soon")));

    /** Lost once, then refused: the refusal is evidence that the first post paired. */
    static final List<Answer> REFUSED_AFTER_LOSS =
            List.of(afterLoss(400), afterLoss(401), afterLoss(409), afterLoss(422), afterLoss(302));

    private static Stage stage;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder)
                .set("pairing.intake.close-after", "1000")
                .set("pairing.requests.concurrency", "32")
                .set("pairing.endpoint.deadline", DEADLINE.toMillis() + "ms")
                .set("pairing.retry.max-delay", LONGEST_DELAY.toMillis() + "ms")
                .set("pairing.retry.jitter", "0")
                .set("pairing.retry.max-ambiguous-attempts", Integer.toString(MOST_POSTS));
        stage.startBridge();
        List<Answer> all = new ArrayList<>();
        List.of(PAIRED, AMBIGUOUS, MISCONFIGURED, THEN_PAIRED, REFUSED_AFTER_LOSS)
                .forEach(all::addAll);
        UNREADABLE.forEach(u -> all.add(u.answer()));
        all.add(status(400));
        all.add(answer("200-gzip", call -> ok(call, "gzip", gzip(credentials(call)))));
        all.add(answer("200-x-gzip", call -> ok(call, "x-gzip", gzip(credentials(call)))));
        all.add(answer("200-gzip-identity", call -> ok(call, "GZIP, identity", gzip(credentials(call)))));
        all.add(answer("200-2-mib", call -> ok(call, null, mebibytes(2))));
        all.forEach(a -> stage.ledger().when(a.otp(), a.behaviour()));
        stage.send(all.stream().map(a -> Stage.request(a.job(), a.otp())).toArray(MessageMaker[]::new));
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    @ParameterizedTest
    @FieldSource("PAIRED")
    void pairsAndSealsTheAnswer(Answer answer) {
        EndedJob.await(stage, answer.job(), answer.otp()).paired().attempts(1).posts(1);
    }

    @Test
    void sealsTheAnswerByteForByte() {
        EndedJob job = EndedJob.await(stage, "200", "otp-200")
                .paired()
                .seals(credentialsOf("200"))
                .status("200");

        assertThat(job.credentials().properties())
                .containsEntry("PairingEnvironment", "simulator")
                .containsEntry("PairingKeyId", "test-recipient")
                .containsEntry("PairingPayConnectName", "Till of 7")
                .containsKeys("PairingPayConnectId", "PairingTerminalId", "PairingContentType");
        EndedJob.await(stage, "200-more-fields", "otp-200-more-fields")
                .seals(credentialsOf("200-more-fields").replace("{", "{\"new\":{\"a\":[1]},"));
        EndedJob.await(stage, "200-half-a-character", "otp-200-half-a-character")
                .seals(credentialsOf("200-half-a-character").replace("Till", "Till \\ud83d"));
        EndedJob.await(stage, "200-endless-name", "otp-200-endless-name")
                .seals(credentialsOf("200-endless-name").replace("Till", "Till".repeat(50_000)));
    }

    @Test
    void sealsWhatAnUnaskedGzipHolds() {
        for (String job : List.of("200-gzip", "200-x-gzip", "200-gzip-identity")) {
            EndedJob.await(stage, job, "otp-" + job).paired().posts(1).seals(credentialsOf(job));
        }
    }

    @Test
    void tellsOfAnAnswerWhatIsFitForAPropertyAndAnEvent() {
        tells("200-half-a-character", "Till \ufffd of ");
        tells("200-control-characters", "Till\ufffd\ufffd[2J  PairingTerminalId:x\u202e of ");
        tells("200-emoji-at-the-cut", "xxx");
        tells("200-endless-name", "TillTill");
    }

    private static void tells(String job, String begin) {
        EndedJob ended = EndedJob.await(stage, job, "otp-" + job).paired();
        String told = ended.credentials().text("PairingPayConnectName");
        assertThat(told)
                .startsWith(begin)
                .hasSizeLessThanOrEqualTo(4_000)
                .isEqualTo(ended.data().path("pay_connect_name").asText());
        assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(told)).as(job).isTrue();
    }

    @ParameterizedTest
    @FieldSource("UNREADABLE")
    void setsAsideSealedWhatItCannotUnderstand(Unreadable unreadable) {
        Answer answer = unreadable.answer();

        EndedJob job = EndedJob.await(stage, answer.job(), answer.otp())
                .ended("IN_DOUBT", "ANSWER_UNREADABLE")
                .detail(answer.detail())
                .attempts(1)
                .posts(1);
        if (unreadable.bytes() != null) {
            job.seals(unreadable.bytes());
        } else {
            assertThat(stage.opener().open(job.letter().body()))
                    .startsWith(utf8("HTTP/1.1 200 OK\r\n"))
                    .hasSizeLessThan(2 << 20);
        }
    }

    @Test
    void setsAsideAnAnswerThatIsFarTooLarge() {
        EndedJob job = EndedJob.await(stage, "200-2-mib", "otp-200-2-mib")
                .ended("IN_DOUBT", "ANSWER_UNREADABLE")
                .posts(1)
                .detail("larger than 1048576 bytes");

        byte[] sealed = stage.opener().open(job.letter().body());
        assertThat(sealed).hasSizeBetween(1 << 20, 2 << 20).isEqualTo(Arrays.copyOf(mebibytes(2), sealed.length));
    }

    @Test
    void refusesAtOnceOn400() {
        EndedJob.await(stage, "400", "otp-400")
                .ended("REJECTED", "REFUSED")
                .status("400")
                .detail("answered 400")
                .attempts(1)
                .posts(1)
                .masksOtp();
    }

    @ParameterizedTest
    @FieldSource("REFUSED_AFTER_LOSS")
    void doubtsARefusalThatFollowsALostAnswer(Answer answer) {
        EndedJob.await(stage, answer.job(), answer.otp())
                .ended("IN_DOUBT", "REFUSED_AFTER_LOST_ANSWER")
                .attempts(2)
                .posts(2)
                .masksOtp();
    }

    @ParameterizedTest
    @FieldSource("MISCONFIGURED")
    void keepsThePasswordWhereTheBridgeIsNotAccepted(Answer answer) {
        String status = answer.job().substring(0, 3);

        EndedJob.await(stage, answer.job(), answer.otp())
                .ended("MISCONFIGURED", "NOT_ACCEPTED")
                .status(status)
                .detail("answered " + status)
                .attempts(1)
                .posts(1)
                .keepsOtp();
    }

    @ParameterizedTest
    @FieldSource("AMBIGUOUS")
    void triesAgainSomeTimesWhenTheAnswerIsLost(Answer answer) {
        EndedJob.await(stage, answer.job(), answer.otp())
                .ended("IN_DOUBT", "ANSWER_LOST")
                .detail(answer.detail())
                .attempts(MOST_POSTS)
                .posts(MOST_POSTS)
                .masksOtp();
    }

    @ParameterizedTest
    @FieldSource("THEN_PAIRED")
    void triesAgainWithTheSamePassword(Answer answer) {
        EndedJob.await(stage, answer.job(), answer.otp())
                .paired()
                .attempts(2)
                .posts(2)
                .seals(credentialsOf(answer.job()));
        assertThat(stage.bridge()
                        .journal()
                        .reader()
                        .attempts(answer.job())
                        .get(0)
                        .result())
                .isEqualTo(answer.job().matches("(429|503).*") ? Result.THROTTLED : Result.AMBIGUOUS);
    }

    @Test
    void waitsAsLongAsTheEndpointAsksButNoLongerThanTheLongestDelay() {
        assertThat(pause("503-after-1")).isBetween(Duration.ofMillis(990), Duration.ofSeconds(30));
        for (String job : List.of(
                "503-after-3600",
                "429-after-3600",
                "429-after-date",
                "503-after-rfc-850-date",
                "503-after-asctime-date",
                "503-after-enormous")) {
            assertThat(pause(job)).as(job).isBetween(LONGEST_DELAY.minusMillis(10), Duration.ofSeconds(30));
        }
    }

    @Test
    void endsEveryCallAtItsDeadline() {
        for (String job : List.of("silent", "silent-after-head", "dripping-head", "200-drip", "silent-then-200")) {
            EndedJob.await(stage, job, "otp-" + job);
            AttemptRecord first =
                    stage.bridge().journal().reader().attempts(job).get(0);
            assertThat(Duration.between(first.startedAt(), first.endedAt()))
                    .as(job)
                    .isBetween(DEADLINE.minusMillis(10), DEADLINE.plusSeconds(10));
            stage.awaitUntil(() -> stage.ledger().posts("otp-" + job).stream().allMatch(p -> p.endNanos() > 0));
        }
    }

    /** From the first post's end to the second one's begin. */
    private static Duration pause(String job) {
        EndedJob.await(stage, job, "otp-" + job);
        List<Post> posts = stage.ledger().posts("otp-" + job);
        return Duration.ofNanos(posts.get(1).startNanos() - posts.get(0).endNanos());
    }

    // ---- ways to answer -------------------------------------------------------------------------------------------

    private static Answer answer(String job, Behaviour behaviour, String... detail) {
        return new Answer(job, behaviour, detail.length == 0 ? new String[] {""} : detail);
    }

    private static Answer status(int status) {
        return answer(Integer.toString(status), call -> call.status(status), "answered " + status);
    }

    private static Answer redirect(int status) {
        return answer(
                Integer.toString(status),
                call -> call.status(status, "Location: " + stage.ledger().url() + "moved/"));
    }

    private static Answer once(String job, Behaviour first) {
        return answer(job, call -> {
            if (call.number() == 1) {
                first.answer(call);
            } else {
                call.pairOnce();
            }
        });
    }

    private static Answer afterLoss(int status) {
        return answer("lost-then-" + status, call -> {
            if (call.pair()) {
                call.close();
            } else {
                call.status(status);
            }
        });
    }

    private static Unreadable unreadable(String job, String body, String... detail) {
        int status = Integer.parseInt(job.substring(0, 3));
        return new Unreadable(
                answer(job, call -> ok(call, status, "Content-Type: application/json\r\n", body), detail), utf8(body));
    }

    private static Unreadable cut(String job, String headers, String body, String detail) {
        return new Unreadable(
                answer(
                        job,
                        call -> {
                            call.write("HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body);
                            call.close();
                        },
                        detail),
                utf8(body));
    }

    private static void ok(Call call, int status, String headers, String body) throws IOException {
        call.pair();
        call.write(call.http(status, headers, body));
    }

    private static void ok(Call call, String encoding, byte[] body) throws IOException {
        call.pair();
        call.write("HTTP/1.1 200 OK\r\n" + (encoding == null ? "" : "Content-Encoding: " + encoding + "\r\n")
                + "Content-Length: " + body.length + "\r\n\r\n");
        call.write(body);
    }

    private static String credentials(Call call) {
        call.pair();
        return LedgerEndpoint.credentials(call.otp(), call.body().path("name").asText());
    }

    private static String credentialsOf(String job) {
        return LedgerEndpoint.credentials(
                "otp-" + job, Stage.json(Stage.body("otp-" + job)).path("name").asText());
    }

    private static String twoLengths(String job) {
        return "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n" + credentialsOf(job);
    }

    private static String half(String job) {
        return credentialsOf(job).substring(0, 60);
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(utf8(text));
        }
        return bytes.toByteArray();
    }

    private static byte[] cutGzip(String job) {
        try {
            return Arrays.copyOf(gzip(credentialsOf(job)), 50);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] mebibytes(int count) {
        byte[] bytes = new byte[count << 20];
        Arrays.fill(bytes, (byte) ' ');
        return bytes;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
