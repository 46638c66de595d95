package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.MessageMaker;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.StreamMessage;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.net.MalformedURLException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.DefaultExchangeHolder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What the body of a request may be. One that is refused costs no one-time password and stays whole. */
class RequestsIT {
    private static final int LARGEST = 64 * 1024;

    /** A body that is refused, and what its ending says. */
    record Refused(String jobId, MessageMaker message, String reason, String... detail) {
        @Override
        public String toString() {
            return jobId;
        }
    }

    /** A body that is accepted, and what of it goes on the wire. */
    record Accepted(String jobId, MessageMaker message, String otp, String posted) {
        @Override
        public String toString() {
            return jobId;
        }
    }

    static final List<Refused> REFUSED = List.of(
            text("not-json", "name=Till&otp=1234", "NOT_JSON", "line 1, column"),
            text("empty-text", "", "NOT_JSON", "empty"),
            text("blank-text", " \n ", "NOT_JSON", "empty"),
            refused("no-text", session -> session.createTextMessage(null), "NOT_JSON", "empty"),
            bytes("empty-bytes", new byte[0], "NOT_JSON", "empty"),
            text("json-null", "null", "SCHEMA", "the body is null"),
            text("json-array", "[{\"name\":\"Till\",\"otp\":\"unspent-array\"}]", "SCHEMA", "the body is a list"),
            text("json-text", "\"unspent\"", "SCHEMA", "the body is a text"),
            text(
                    "wrong-types",
                    "{\"name\":[\"Till\"],\"otp\":482913,\"webhook_url\":true,\"reference\":\"S-1\"}",
                    "SCHEMA",
                    "name is a list",
                    "otp is a number",
                    "webhook_url is true or false",
                    "reference is a text"),
            text("null-fields", "{\"name\":null,\"otp\":null}", "SCHEMA", "name is null", "otp is null"),
            text("missing-fields", "{}", "SCHEMA", "name is missing", "otp is missing"),
            text("missing-otp", "{\"name\":\"Till\"}", "SCHEMA", "otp is missing"),
            text("blank-fields", "{\"name\":\" \",\"otp\":\"\\t\"}", "SCHEMA", "name is empty", "otp is empty"),
            text(
                    "blank-by-unicode",
                    "{\"name\":\"\u2003\",\"otp\":\"\u00a0\u3000\"}",
                    "SCHEMA",
                    "name is empty",
                    "otp is empty"),
            text(
                    "unknown-fields",
                    "{\"name\":\"Till\",\"otp\":\"unspent-1\",\"webhook\":\"x\",\"Otp\":\"y\"}",
                    "SCHEMA",
                    "webhook is no field",
                    "Otp is no field"),
            text(
                    "all-at-once",
                    "{\"otp\":\"unspent-2\",\"webhook_url\":\"http://erp.example/\",\"reference\":{\"a\":1},\"x\":1}",
                    "SCHEMA",
                    "name is missing",
                    "webhook_url is not an https",
                    "reference.a is a number",
                    "x is no field"),
            text(
                    "http-webhook",
                    withWebhook("http://erp.example/hook"),
                    "SCHEMA",
                    "webhook_url is not an https address"),
            text("relative-webhook", withWebhook("/hook"), "SCHEMA", "webhook_url is not an https address"),
            text("webhook-without-host", withWebhook("https:///hook"), "SCHEMA", "webhook_url is not an https address"),
            text(
                    "webhook-with-space",
                    withWebhook("https://erp.example/a b"),
                    "SCHEMA",
                    "webhook_url is not an https address"),
            text("webhook-script", withWebhook("javascript:alert(1)"), "SCHEMA", "webhook_url is not an https address"),
            text(
                    "17-references",
                    "{\"name\":\"Till\",\"otp\":\"unspent-3\",\"reference\":{" + references(17) + "}}",
                    "SCHEMA",
                    "reference has 17 values; 16 are allowed"),
            text(
                    "reference-number",
                    "{\"name\":\"Till\",\"otp\":\"unspent-4\",\"reference\":{\"till\":4}}",
                    "SCHEMA",
                    "reference.till is a number, and must be text"),
            text(
                    "duplicate-field",
                    "{\"name\":\"Till\",\"otp\":\"unspent-5\",\"otp\":\"unspent-6\"}",
                    "NOT_JSON",
                    "line 1, column"),
            text("trailing-garbage", "{\"name\":\"Till\",\"otp\":\"unspent-7\"} x", "NOT_JSON", "line 1, column"),
            text("two-documents", "{\"name\":\"Till\",\"otp\":\"unspent-8\"}{}", "NOT_JSON", "line 1, column"),
            text("deep-nesting", "[".repeat(20_000) + "]".repeat(20_000), "NOT_JSON", "nest"),
            text(
                    "deep-reference",
                    "{\"name\":\"Till\",\"otp\":\"unspent-9\",\"reference\":" + "{\"a\":".repeat(5_000) + "1"
                            + "}".repeat(5_000) + "}",
                    "NOT_JSON",
                    "nest"),
            text(
                    "long-field-name",
                    "{\"name\":\"Till\",\"otp\":\"unspent-10\",\"" + "x".repeat(60_000) + "\":1}",
                    "NOT_JSON",
                    "name"),
            text("long-number", "{\"name\":\"Till\",\"otp\":" + "1".repeat(60_000) + "}", "NOT_JSON", "number"),
            text("huge-exponent", "{\"name\":\"Till\",\"otp\":1e999999999}", "SCHEMA", "otp is a number"),
            text("thousands-of-fields", thousandsOfFields(), "SCHEMA", "f0 is no field", "more"),
            text(
                    "half-a-character",
                    "{\"name\":\"Till \\ud83d\",\"otp\":\"unspent-11\"}",
                    "ENCODING",
                    "half a character"),
            text("half-a-character-raw", "{\"name\":\"Till \ud83d\",\"otp\":\"unspent-12\"}", "ENCODING", "half"),
            text(
                    "half-a-character-in-reference",
                    "{\"name\":\"Till\",\"otp\":\"unspent-13\",\"reference\":{\"a\":\"\\udc00\"}}",
                    "ENCODING",
                    "half a character"),
            text(
                    "half-a-character-in-field-name",
                    "{\"name\":\"Till\",\"otp\":\"unspent-14\",\"\\ud83d\":1}",
                    "ENCODING",
                    "half"),
            text("65537-bytes-of-text", sized(LARGEST + 1, "otp-65537-text", "x"), "TOO_LONG", "65537", "65536"),
            text(
                    "65537-bytes-of-wide-text",
                    sized(LARGEST + 1, "otp-65537-wide", "\u00e9"),
                    "TOO_LONG",
                    "65537",
                    "65536"),
            bytes(
                    "65537-bytes",
                    sized(LARGEST + 1, "otp-65537", "x").getBytes(StandardCharsets.UTF_8),
                    "TOO_LONG",
                    "65537",
                    "65536"),
            text("1-mib", sized(1 << 20, "otp-1-mib", "x"), "TOO_LONG", "more than the 65536"),
            bytes(
                    "latin-1",
                    "{\"name\":\"Caf\u00e9\",\"otp\":\"unspent-15\"}".getBytes(StandardCharsets.ISO_8859_1),
                    "ENCODING",
                    "UTF-8"),
            bytes(
                    "utf-16",
                    "{\"name\":\"Till\",\"otp\":\"unspent-16\"}".getBytes(StandardCharsets.UTF_16),
                    "ENCODING",
                    "UTF-8"),
            bytes("cut-utf-8", new byte[] {'"', (byte) 0xc3}, "ENCODING", "UTF-8"),
            refused("map", RequestsIT::map, "MESSAGE_TYPE", "TextMessage", "BytesMessage"),
            refused("stream", RequestsIT::stream, "MESSAGE_TYPE", "TextMessage"),
            refused("plain", session -> session.createMessage(), "MESSAGE_TYPE", "TextMessage"),
            refused("object", session -> session.createObjectMessage(new Bomb()), "MESSAGE_TYPE", "TextMessage"),
            refused(
                    "object-exchange",
                    session -> session.createObjectMessage(exchange()),
                    "MESSAGE_TYPE",
                    "TextMessage"),
            refused("object-url", session -> session.createObjectMessage(url()), "MESSAGE_TYPE", "TextMessage"),
            refused(
                    "object-text",
                    session -> session.createObjectMessage(Stage.body("unspent-17")),
                    "MESSAGE_TYPE",
                    "TextMessage"));

    static final List<Accepted> ACCEPTED = List.of(
            accepted("65536-bytes-of-text", "otp-65536-text", Stage.text("", sized(LARGEST, "otp-65536-text", "x"))),
            accepted(
                    "65536-bytes-of-wide-text",
                    "otp-65536-wide",
                    Stage.text("", sized(LARGEST, "otp-65536-wide", "\u00e9"))),
            accepted(
                    "65536-bytes",
                    "otp-65536",
                    Stage.bytes("", sized(LARGEST, "otp-65536", "x").getBytes(StandardCharsets.UTF_8))),
            accepted("leading-zeros", "000482913", Stage.text("", "{\"name\":\"Till\",\"otp\":\"000482913\"}")),
            new Accepted(
                    "white-space",
                    named(
                            "white-space",
                            Stage.text("", "{\"name\":\"Till 7\",\"otp\":\" \\t otp 42\\n\u2003\u00a0\"}")),
                    "otp 42",
                    "{\"name\":\"Till 7\",\"otp\":\"otp 42\"}"),
            new Accepted(
                    "everything",
                    named(
                            "everything",
                            Stage.text(
                                    "",
                                    "{\"name\":\"Till\",\"otp\":\"otp-all\",\"webhook_url\":"
                                            + "\"HTTPS://erp.example:8443/hook?a=b\",\"reference\":{" + references(16)
                                            + "}}")),
                    "otp-all",
                    "{\"name\":\"Till\",\"otp\":\"otp-all\",\"webhook_url\":\"HTTPS://erp.example:8443/hook?a=b\"}"),
            new Accepted(
                    "not-ascii",
                    named(
                            "not-ascii",
                            Stage.bytes(
                                    "",
                                    "{\"name\":\"Caf\u00e9 \ud83d\ude00 \\u0000\",\"otp\":\"\u00f6tp-42\"}"
                                            .getBytes(StandardCharsets.UTF_8))),
                    "\u00f6tp-42",
                    "{\"name\":\"Caf\u00e9 \ud83d\ude00 \\u0000\",\"otp\":\"\u00f6tp-42\"}"),
            new Accepted(
                    "placeholders",
                    named(
                            "placeholders",
                            Stage.text(
                                    "",
                                    "{\"name\":\"{{env:HOME}} ${env:HOME} ${body}\",\"otp\":"
                                            + "\"${env:USER}\",\"reference\":{\"a\":\"{{pairing.endpoint.url}}\"}}")),
                    "${env:USER}",
                    "{\"name\":\"{{env:HOME}} ${env:HOME} ${body}\",\"otp\":\"${env:USER}\"}"));

    private static Stage stage;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder, Stage::withoutPlugin); // which refuses most of these at the send
        stage.startBridge();
        stage.send(Stream.concat(
                        REFUSED.stream().map(Refused::message),
                        ACCEPTED.stream().map(Accepted::message))
                .toArray(MessageMaker[]::new));
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    @ParameterizedTest
    @FieldSource("REFUSED")
    void refusesAndSaysWhy(Refused refused) {
        EndedJob.await(stage, refused.jobId(), null)
                .ended("INVALID", refused.reason())
                .detail(refused.detail())
                .status(null)
                .attempts(0);
        assertThat(stage.ledger().posts().keySet())
                .as("one-time passwords that were posted")
                .noneMatch(otp -> otp.contains("unspent") || otp.contains("65537") || otp.isBlank());
    }

    @ParameterizedTest
    @FieldSource("REFUSED")
    void quotesNoValue(Refused refused) {
        EndedJob job = EndedJob.await(stage, refused.jobId(), null);

        assertThat(job.data() + job.letter().properties().toString())
                .doesNotContain("unspent", "482913", "erp.example");
        assertThat(job.letter().text("PairingDetail")).hasSizeLessThan(4_000);
    }

    @ParameterizedTest
    @FieldSource("ACCEPTED")
    void pairsAndPostsWhatWasAskedFor(Accepted accepted) {
        EndedJob.await(stage, accepted.jobId(), accepted.otp())
                .paired()
                .attempts(1)
                .posts(1);
        if (accepted.posted() != null) {
            assertThat(stage.ledger().bodies(accepted.otp()).stream().map(Stage::json))
                    .containsExactly(Stage.json(accepted.posted()));
        }
    }

    @Test
    void keepsTheWholeRequestInItsDeadLetter() {
        EndedJob.await(stage, "not-json", null).holds("name=Till&otp=1234");
        EndedJob.await(stage, "trailing-garbage", "unspent-7").keepsOtp();
        EndedJob.await(stage, "utf-16", null)
                .holds("{\"name\":\"Till\",\"otp\":\"unspent-16\"}".getBytes(StandardCharsets.UTF_16));
    }

    @Test
    void keepsNoBodyThatIsTooLong() {
        for (Refused refused : REFUSED) {
            if (refused.reason().equals("TOO_LONG")) {
                assertThat(EndedJob.await(stage, refused.jobId(), null).letter().body())
                        .as(refused.jobId())
                        .isEmpty();
            }
        }
    }

    @Test
    void keepsTheBytesOfAMessageThatItDoesNotOpen() {
        assertThat(EndedJob.await(stage, "map", null).letter().body()).contains("o\0t\0p\0");
        assertThat(EndedJob.await(stage, "stream", null).letter().body()).isNotEmpty();
        assertThat(EndedJob.await(stage, "object", null).letter().body()).contains(Bomb.class.getName());
        assertThat(EndedJob.await(stage, "object-text", null).letter().body()).contains("unspent-17");
    }

    @Test
    void deserialisesNothing() {
        EndedJob.await(stage, "object", null);

        assertThat(Bomb.WENT_OFF).isFalse();
    }

    @Test
    void echoesTheReferenceAndSendsItNowhereElse() {
        EndedJob everything = EndedJob.await(stage, "everything", "otp-all").paired();
        EndedJob placeholders = EndedJob.await(stage, "placeholders", null).paired();

        assertThat(everything.data().path("reference")).isEqualTo(Stage.json("{" + references(16) + "}"));
        assertThat(placeholders.data().path("reference").path("a").asText()).isEqualTo("{{pairing.endpoint.url}}");
        assertThat(placeholders.credentials().text("PairingPayConnectName"))
                .isEqualTo("{{env:HOME}} ${env:HOME} ${body}");
    }

    @Test
    void sealsTheAnswerToTheLargestRequest() {
        String name = Stage.json(sized(LARGEST, "otp-65536-wide", "\u00e9"))
                .path("name")
                .asText();

        EndedJob.await(stage, "65536-bytes-of-wide-text", "otp-65536-wide")
                .paired()
                .seals(LedgerEndpoint.credentials("otp-65536-wide", name));
    }

    /** Tells on itself when somebody reads it. */
    static final class Bomb implements Serializable {
        private static final long serialVersionUID = 1L;
        static final AtomicBoolean WENT_OFF = new AtomicBoolean();

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            WENT_OFF.set(true);
            in.defaultReadObject();
        }
    }

    /** A whole exchange as Camel would send it, which newer versions no longer take: CVE-2026-43866. */
    private static Serializable exchange() {
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        exchange.getMessage().setHeader("CamelHttpUri", "http://127.0.0.1:1/");
        exchange.getMessage().setBody(Stage.body("unspent-18"));
        return DefaultExchangeHolder.marshal(exchange);
    }

    /** Whoever deserialises a map asks for the host of each URL in it: CVE-2026-42527. */
    private static Serializable url() {
        try {
            return new HashMap<>(
                    Map.of(URI.create("http://127.0.0.1:1/unspent-19").toURL(), "x"));
        } catch (MalformedURLException e) {
            throw new AssertionError(e);
        }
    }

    private static Message map(jakarta.jms.Session session) throws jakarta.jms.JMSException {
        MapMessage map = session.createMapMessage();
        map.setString("name", "Till");
        map.setString("otp", "unspent-map");
        return map;
    }

    private static Message stream(jakarta.jms.Session session) throws jakarta.jms.JMSException {
        StreamMessage stream = session.createStreamMessage();
        stream.writeString(Stage.body("unspent-stream"));
        return stream;
    }

    private static Refused text(String jobId, String body, String reason, String... detail) {
        return new Refused(jobId, Stage.text(jobId, body), reason, detail);
    }

    private static Refused bytes(String jobId, byte[] body, String reason, String... detail) {
        return new Refused(jobId, Stage.bytes(jobId, body), reason, detail);
    }

    private static Refused refused(String jobId, MessageMaker message, String reason, String... detail) {
        return new Refused(jobId, named(jobId, message), reason, detail);
    }

    private static Accepted accepted(String jobId, String otp, MessageMaker message) {
        return new Accepted(jobId, named(jobId, message), otp, null);
    }

    private static MessageMaker named(String jobId, MessageMaker maker) {
        return session -> {
            Message message = maker.make(session);
            message.setStringProperty("PairingJobId", jobId);
            return message;
        };
    }

    private static String withWebhook(String url) {
        return "{\"name\":\"Till\",\"otp\":\"unspent-webhook\",\"webhook_url\":\"" + url + "\"}";
    }

    private static String references(int count) {
        StringBuilder fields = new StringBuilder();
        for (int i = 1; i <= count; i++) {
            fields.append(i == 1 ? "" : ",")
                    .append("\"field")
                    .append(i)
                    .append("\":\"value ")
                    .append(i)
                    .append('"');
        }
        return fields.toString();
    }

    /** 60 KiB of unknown fields. */
    private static String thousandsOfFields() {
        StringBuilder body = new StringBuilder("{\"otp\":\"unspent-18\"");
        for (int i = 0; body.length() < 60_000; i++) {
            body.append(",\"f").append(i).append("\":0");
        }
        return body.append('}').toString();
    }

    /** A valid request of exactly so many bytes, most of them one character repeated in its name. */
    private static String sized(int bytes, String otp, String character) {
        String around = "{\"otp\":\"" + otp + "\",\"name\":\"\"}";
        int left = bytes - around.length();
        int wide = character.getBytes(StandardCharsets.UTF_8).length;
        return "{\"otp\":\"" + otp + "\",\"name\":\"" + character.repeat(left / wide) + "x".repeat(left % wide) + "\"}";
    }
}
