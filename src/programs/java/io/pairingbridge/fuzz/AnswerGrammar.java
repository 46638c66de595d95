package io.pairingbridge.fuzz;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.endpoint.AnswerTable;
import io.pairingbridge.job.Result;
import io.pairingbridge.testing.LedgerEndpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Draws what an endpoint may write in answer to one POST: status line, head, framing, coding, trailers, interim
 * answers, how the connection ends, and faults in each of them; and knows what may come of it. The grammar is RFC
 * 9112's and RFC 9110's, with what real servers and proxies add.
 */
final class AnswerGrammar {
    /** How the connection ends. */
    enum End {
        /** In order, with TLS's close_notify. */
        CLOSE,
        /** In order for TCP, without close_notify. */
        CUT,
        /** With a reset: what the peer has not read is gone. */
        RESET,
        /** Not until the peer ends it. */
        STAY
    }

    /**
     * One answer.
     *
     * @param pieces what is written, a piece at a time
     * @param endless written after that until the peer has enough; empty for most
     * @param results what the call may come to
     * @param paired what must have been sealed if it comes to PAIRED
     * @param mustHold bytes that must be in whatever is sealed; empty if that cannot be known
     */
    record Drawn(
            String description,
            List<byte[]> pieces,
            byte[] endless,
            End end,
            Set<Result> results,
            byte[] paired,
            byte[] mustHold) {
        /** Its bytes, as far as they have an end. */
        byte[] bytes() {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            pieces.forEach(all::writeBytes);
            return all.toByteArray();
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] NOTHING = {};
    private static final int[] SUCCESSES = {
        200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 201, 202, 203, 206, 226, 299
    };
    private static final int[] OTHERS = {
        300, 301, 302, 303, 304, 307, 308, 400, 400, 401, 403, 404, 405, 407, 409, 415, 418, 422, 429, 451, 499, 500,
        501, 502, 503, 504, 505, 520, 599, 600, 777, 999
    };

    private final Random random;
    private final StringBuilder description = new StringBuilder();
    /** Everything so far is as the RFCs want it. */
    private boolean legal = true;

    private AnswerGrammar(Random random) {
        this.random = random;
    }

    /** The answer that {@code random} draws for a request of this one-time password. */
    static Drawn draw(Random random, String otp) {
        return new AnswerGrammar(random).draw(otp);
    }

    // ---- the whole ------------------------------------------------------------------------------------------------

    private Drawn draw(String otp) {
        if (chance(2)) {
            return endless(otp);
        }
        boolean success = !chance(20);
        int status = success ? pick(SUCCESSES) : pick(OTHERS);
        Body body = body(otp);
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        interim(raw);
        int begin = raw.size();
        boolean oddLine = statusLine(raw, status);
        int announcedAt = begin + "HTTP/1.1 200".length();
        String coding = coding(body);
        Framing framing = framing(body.coded.length);
        head(raw, coding, framing);
        int bodyAt = raw.size();
        int wholeAt = bodyAt + content(raw, framing, body.coded);
        boolean whole = legal && body.complete && framing.whole;
        if (framing.sized && chance(8)) {
            raw.writeBytes(pick("HTTP/1.1 400 Bad Request\r\n\r\n", "x", "\r\n\r\n", "{\"client_secret\":\"another\"}")
                    .getBytes(StandardCharsets.UTF_8));
            note("bytes-behind");
        }
        byte[] bytes = raw.toByteArray();
        boolean mutated = success && !oddLine && chance(12);
        if (mutated) {
            bytes = mutate(bytes, announcedAt + 1);
            whole = false;
        }
        End end = pick(End.values());
        if (end == End.STAY && !chance(10)) {
            end = End.CLOSE; // each costs its deadline
        }
        int cut = bytes.length;
        if (chance(20)) {
            cut = random.nextInt(bytes.length + 1);
            bytes = Arrays.copyOf(bytes, cut);
            note("cut-at-" + cut);
        }
        note("end-" + end);
        boolean untilClose = !framing.sized;
        whole &= cut >= wholeAt && (!untilClose || cut == raw.size());
        EnumSet<Result> results;
        if (success && !oddLine) {
            boolean announced = cut >= announcedAt;
            if (!announced) {
                results = EnumSet.of(Result.AMBIGUOUS);
            } else if (whole && end != End.RESET && !(untilClose && end == End.STAY)) {
                results = EnumSet.of(Result.PAIRED);
            } else {
                results = EnumSet.of(Result.UNREADABLE);
                if (body.complete || mutated) {
                    results.add(Result.PAIRED); // more than it must, but all of it
                }
            }
        } else if (success) {
            results = EnumSet.of(Result.UNREADABLE, Result.PAIRED);
            if (cut < bodyAt) {
                results.add(Result.AMBIGUOUS);
            }
        } else {
            results = EnumSet.of(AnswerTable.classify(status, false), Result.AMBIGUOUS);
            if (oddLine) {
                results.add(Result.UNREADABLE); // credentials under a status that cannot be read
            }
            if (cut >= bodyAt && legalHead && end != End.RESET && status >= 100) {
                results = EnumSet.of(AnswerTable.classify(status, false));
            }
        }
        if (end == End.RESET) {
            results.add(Result.AMBIGUOUS);
        }
        List<byte[]> pieces = pieces(bytes);
        byte[] mustHold = NOTHING;
        // What comes behind a length that is too small is taken if it is there, and not waited for.
        boolean atOnce = framing.covers || pieces.size() == 1 && bytes.length < 8_000;
        if (success
                && atOnce
                && !mutated
                && body.plain
                && !framing.chunked
                && end != End.RESET
                && cut >= bodyAt + body.coded.length) {
            mustHold = body.coded;
        }
        return new Drawn(
                description.toString().trim(),
                pieces,
                NOTHING,
                end,
                results,
                mutated ? null : body.credentials,
                mustHold);
    }

    /** Answers that would fill the memory. */
    private Drawn endless(String otp) {
        String credentials = LedgerEndpoint.credentials(otp, "Till");
        String chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        String last = chunked + Integer.toHexString(credentials.length()) + "\r\n" + credentials + "\r\n0\r\n";
        String[][] kinds = {
            {"endless-header-line", "HTTP/1.1 200 OK\r\nX-Header: ", "x"},
            {"endless-header-lines", "HTTP/1.1 200 OK\r\n", "X-Header: y\r\n"},
            {"endless-status-line", "HTTP/1.1 200 ", "x"},
            {"endless-folded-line", "HTTP/1.1 200 OK\r\nX-Header: ", "x\r\n\t"},
            {"endless-chunk-extension", chunked + "5;", "x"},
            {"endless-chunks", chunked, "1;x=y\r\n \r\n"},
            {"endless-body", "HTTP/1.1 200 OK\r\n\r\n", " "},
            {"endless-chunk", chunked + "7fffffff\r\n", " "},
            {"endless-length", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", " "},
            {"endless-trailer", last + "X-Trailer: ", "x"},
            {"endless-trailers", last, "X-Trailer: y\r\n"},
            {"endless-interim", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"},
            {"endless-failure", "HTTP/1.1 500 Oops\r\n\r\n", "x"},
            {"endless-malformed", "HTTP/1.1 200 OK\r\nwhat\r\n\r\n", "x"}
        };
        String[] kind = kinds[random.nextInt(kinds.length)];
        note(kind[0]);
        Result result = switch (kind[0]) {
            case "endless-trailer", "endless-trailers" -> Result.PAIRED;
            case "endless-interim", "endless-failure" -> Result.AMBIGUOUS;
            default -> Result.UNREADABLE;
        };
        byte[] more = kind[2].repeat(Math.max(1, 32 * 1024 / kind[2].length())).getBytes(StandardCharsets.ISO_8859_1);
        return new Drawn(
                description.toString().trim(),
                List.of(kind[1].getBytes(StandardCharsets.ISO_8859_1)),
                more,
                End.CLOSE,
                EnumSet.of(result),
                credentials.getBytes(StandardCharsets.UTF_8),
                NOTHING);
    }

    // ---- the body -------------------------------------------------------------------------------------------------

    private static final class Body {
        /** As JSON. */
        byte[] credentials;
        /** As it goes over the wire. */
        byte[] coded;
        /** All required fields are there, and it is coded as the head will say. */
        boolean complete = true;
        /** What is sealed of it, if anything, has these bytes in it. */
        boolean plain = true;
    }

    private Body body(String otp) {
        Body body = new Body();
        String name = pick(
                "Till",
                "T\u00f6pfer 7",
                "\u5e97\u8216 \ud83d\ude00",
                "a\"b\\c",
                "x".repeat(1 + random.nextInt(300)),
                "line\nline",
                "\u202eevil",
                "nul\u0000esc\u001b");
        String text = LedgerEndpoint.credentials(otp, name);
        try {
            ObjectNode json = (ObjectNode) JSON.readTree(text);
            switch (random.nextInt(14)) {
                case 0 ->
                    json.put("region", "eu")
                            .putObject("more")
                            .putArray("list")
                            .add(1)
                            .addNull();
                case 1 -> json.put("webhook_secret_key", "whsec");
                case 2 -> {
                    json.remove(
                            pick("pay_connect_id", "pay_connect_name", "terminal_id", "client_id", "client_secret"));
                    incomplete(body, "field-missing");
                }
                case 3 -> {
                    json.put(
                            pick("pay_connect_id", "pay_connect_name", "terminal_id", "client_id", "client_secret"), 7);
                    incomplete(body, "field-number");
                }
                case 4 -> {
                    json.put("client_id", " ");
                    incomplete(body, "field-blank");
                }
                default -> {}
            }
            text = chance(20) ? json.toPrettyString() : json.toString();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        switch (random.nextInt(40)) {
            case 0 -> text = incomplete(body, "empty", "");
            case 1 -> text = incomplete(body, "html", "<html><body>200</body></html>");
            case 2 -> text = incomplete(body, "array", "[" + text + "]");
            case 3 -> text = incomplete(body, "two-objects", text + text);
            case 4 -> text = incomplete(body, "half", text.substring(0, text.length() / 2));
            case 5 -> text = text.replace("Till", "Till \\ud83d");
            case 6 -> text = "\r\n  " + text + "\n";
            case 7 ->
                text = text.substring(0, text.length() - 1) + ",\"pad\":\"" + "p".repeat(random.nextInt(60_000))
                        + "\"}";
            default -> {}
        }
        body.credentials = text.getBytes(StandardCharsets.UTF_8);
        body.coded = body.credentials;
        return body;
    }

    private void incomplete(Body body, String what) {
        body.complete = false;
        note(what);
    }

    private String incomplete(Body body, String what, String text) {
        incomplete(body, what);
        return text;
    }

    /** Codes the body, and says with which header fields. */
    private String coding(Body body) {
        int drawn = random.nextInt(40);
        String field = switch (drawn) {
            case 0, 1, 2 -> "gzip";
            case 3 -> "x-gzip";
            case 4 -> "GZIP";
            case 5 -> "gzip, identity";
            case 6 -> "identity, gzip";
            case 7, 8 -> "deflate";
            case 9 -> "deflate (bare)";
            case 10 -> "gzip, gzip";
            case 11 -> "deflate, gzip";
            case 12 -> "identity";
            case 13 -> "utf-8";
            case 14 -> "br";
            case 15 -> "gzip (broken)";
            case 16 -> "gzip (plain)";
            case 17 -> "gzip (bomb)";
            default -> "";
        };
        if (field.isEmpty()) {
            return "";
        }
        note("coding-" + field.replace(' ', '-'));
        body.plain = false;
        byte[] plain = body.credentials;
        body.coded = switch (drawn) {
            case 7, 8 -> deflate(plain, false);
            case 9 -> deflate(plain, true);
            case 10 -> gzip(gzip(plain));
            case 11 -> gzip(deflate(plain, false));
            case 12, 13, 16 -> plain;
            case 14 -> new byte[] {11, 2, -128, 1, 3};
            case 15 -> Arrays.copyOf(gzip(plain), 15);
            case 17 -> gzip(new byte[2 << 20]);
            default -> gzip(plain);
        };
        if (drawn == 14 || drawn == 15 || drawn == 17) {
            body.complete = false;
        }
        return "Content-Encoding: " + field.replaceAll(" \\(.*\\)", "") + "\r\n";
    }

    // ---- the head -------------------------------------------------------------------------------------------------

    private boolean legalHead = true;

    private void interim(ByteArrayOutputStream raw) {
        for (int n = chance(15) ? 1 + random.nextInt(3) : 0; n > 0; n--) {
            String head = pick(
                    "HTTP/1.1 100 Continue\r\n\r\n",
                    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
                    "HTTP/1.1 102 Processing\r\n\r\n",
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
                    "HTTP/1.1 199 What\r\n\r\n");
            raw.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
            note("interim-" + head.substring(9, 12));
        }
    }

    /** True if it is one that no RFC knows. */
    private boolean statusLine(ByteArrayOutputStream raw, int status) {
        boolean odd = chance(4);
        String line;
        if (odd) {
            line = pick(
                    "ICY " + status + " OK",
                    "HTTP/2 " + status,
                    "HTTP/2.0 " + status + " OK",
                    "http/1.1 " + status + " OK",
                    "HTTP/1.1 " + status + "OK",
                    "Hello\r\nHTTP/1.1 " + status + " OK");
            legal = false;
            legalHead = false;
        } else {
            line = pick("HTTP/1.1 ", "HTTP/1.1 ", "HTTP/1.1 ", "HTTP/1.0 ")
                    + status
                    + pick(" OK", "", " ", " A longer reason: \u00e4");
        }
        note(line.replace("\r\n", "|"));
        raw.writeBytes((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        return odd;
    }

    private void head(ByteArrayOutputStream raw, String coding, Framing framing) {
        List<String> lines = new ArrayList<>();
        if (!coding.isEmpty()) {
            lines.add(coding);
        }
        lines.addAll(framing.fields);
        for (int n = random.nextInt(6); n > 0; n--) {
            lines.add(pick(
                    "Server: nginx\r\n",
                    "Content-Type: application/json\r\n",
                    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                    "Connection: close\r\n",
                    "Connection: keep-alive\r\n",
                    "Set-Cookie: a=b\r\n",
                    "X-Empty:\r\n",
                    "X-Folded: a\r\n b\r\n",
                    "Retry-After: 5\r\n",
                    "X-Latin: \u00e9\u00ff\r\n",
                    "Location: /elsewhere\r\n",
                    "WWW-Authenticate: Basic realm=\"x\"\r\n",
                    "Keep-Alive: timeout=5\r\n",
                    "Trailer: X-Trailer\r\n"));
        }
        java.util.Collections.shuffle(lines, random);
        if (chance(1)) {
            note("1200-lines");
            for (int n = 1_200; n > 0; n--) {
                lines.add("X-Trace: 00-4bf92f\r\n");
            }
        }
        if (chance(1)) {
            note("70-kb-line");
            lines.add("X-Policy: " + "p".repeat(70_000) + "\r\n");
        }
        if (chance(4)) {
            note("malformed-line");
            lines.add(
                    random.nextInt(lines.size() + 1),
                    pick("What is this\r\n", ": no name\r\n", "Space : before\r\n", "\u0000\u0001\r\n"));
            legal = false;
            legalHead = false;
        }
        String head = String.join("", lines) + "\r\n";
        if (!legalHead || !chance(5)) {
            raw.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
        } else {
            note("bare-lf");
            raw.writeBytes(head.replace("\r\n", "\n").getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    // ---- framing --------------------------------------------------------------------------------------------------

    private static final class Framing {
        final List<String> fields = new ArrayList<>();
        boolean chunked;
        /** The end of the body can be seen without the end of the connection. */
        boolean sized = true;
        /** It does not end before the body does. */
        boolean covers = true;
        /** The body arrives whole by it. */
        boolean whole = true;

        String fault = "";
    }

    private Framing framing(int length) {
        Framing framing = new Framing();
        String exact = "Content-Length: " + length + "\r\n";
        int drawn = random.nextInt(24);
        switch (drawn) {
            case 0, 1, 2, 3, 4 -> framing.fields.add(exact);
            case 5 -> {
                note("length-twice");
                framing.fields.addAll(List.of(exact, exact));
            }
            case 6 -> {
                note("length-list");
                framing.fields.add("Content-Length: " + length + pick(",", ", ", " , ") + length + "\r\n");
            }
            case 7 ->
                illegal(
                        framing,
                        "length-conflict",
                        exact,
                        "Content-Length: " + (length + 1 + random.nextInt(9)) + "\r\n");
            case 8 ->
                illegal(
                        framing,
                        "length-odd",
                        "Content-Length: "
                                + pick(
                                        "many",
                                        "-1",
                                        "+" + length,
                                        "1.0",
                                        "0x10",
                                        "99999999999999999999",
                                        length + ", " + (length + 2),
                                        "")
                                + "\r\n");
            case 9 -> {
                note("length-small");
                framing.fields.add("Content-Length: " + random.nextInt(length + 1) + "\r\n");
                framing.covers = false;
                framing.whole = false;
            }
            case 10 -> {
                note("length-large");
                framing.fields.add("Content-Length: " + (length + 1 + random.nextInt(500)) + "\r\n");
                framing.whole = false;
            }
            case 11 ->
                illegal(
                        framing,
                        "coding-odd",
                        "Transfer-Encoding: " + pick("gzip, chunked", "identity", "chunked, chunked", "x") + "\r\n");
            case 12, 13, 14 -> {
                note("until-close");
                framing.sized = false;
            }
            case 15 -> {
                note("chunked-and-length");
                framing.fields.addAll(
                        List.of("Transfer-Encoding: chunked\r\n", "Content-Length: " + random.nextInt(1_000) + "\r\n"));
                framing.chunked = true;
            }
            default -> {
                framing.fields.add("Transfer-Encoding: " + pick("chunked", "Chunked", " chunked ") + "\r\n");
                framing.chunked = true;
                if (chance(20)) {
                    framing.fault =
                            pick("no-size", "negative-size", "no-line-end", "no-last-chunk", "too-short-a-chunk");
                    framing.whole = false;
                }
                note("chunked" + framing.fault);
            }
        }
        return framing;
    }

    private void illegal(Framing framing, String what, String... fields) {
        note(what);
        framing.fields.addAll(List.of(fields));
        framing.sized = false;
        framing.whole = false;
        legal = false;
    }

    /** Writes the body, and says after how many bytes of it the message is whole. */
    private int content(ByteArrayOutputStream raw, Framing framing, byte[] body) {
        int from = raw.size();
        if (!framing.chunked) {
            raw.writeBytes(body);
            return raw.size() - from;
        }
        for (int at = 0; at < body.length; ) {
            int size = Math.min(body.length - at, 1 + random.nextInt(pick(new int[] {3, 40, 400, 70_000})));
            if (body.length > 2_000) {
                size = Math.min(body.length - at, Math.max(size, 500));
            }
            String hex = pick("", "0", "000")
                    + (chance(50)
                            ? Integer.toHexString(size)
                            : Integer.toHexString(size).toUpperCase(java.util.Locale.ROOT));
            String line = switch (at == 0 ? framing.fault : "") {
                case "no-size" -> "what";
                case "negative-size" -> "-" + hex;
                case "too-short-a-chunk" -> Integer.toHexString(size + 3);
                default -> hex;
            };
            ascii(raw, line + pick("", "", "", ";ext", ";name=\"a;b\"", " ") + "\r\n");
            raw.write(body, at, size);
            ascii(raw, at == 0 && "no-line-end".equals(framing.fault) ? "" : "\r\n");
            at += size;
        }
        if ("no-last-chunk".equals(framing.fault)) {
            return raw.size() - from;
        }
        ascii(raw, pick("0", "0000", "0;ext") + "\r\n");
        int whole = raw.size() - from;
        ascii(
                raw,
                pick("", "", "", "X-Trailer: y\r\n", "X-Trailer: y\r\n".repeat(300), "what is this\r\n")
                        + pick("\r\n", "\r\n", "\r\n", ""));
        return whole;
    }

    private static void ascii(ByteArrayOutputStream raw, String text) {
        raw.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    // ---- at last --------------------------------------------------------------------------------------------------

    /** Flips, drops, doubles or puts in bytes, none before {@code from}. */
    private byte[] mutate(byte[] bytes, int from) {
        byte[] mutated = bytes;
        for (int n = 1 + random.nextInt(4); n > 0 && mutated.length > from; n--) {
            int at = from + random.nextInt(mutated.length - from);
            int many = Math.min(mutated.length - at, 1 + random.nextInt(8));
            byte[] before = Arrays.copyOf(mutated, at);
            byte[] there = Arrays.copyOfRange(mutated, at, at + many);
            byte[] after = Arrays.copyOfRange(mutated, at + many, mutated.length);
            byte[] instead = switch (random.nextInt(4)) {
                case 0 -> NOTHING;
                case 1 -> join(there, there);
                case 2 -> new byte[] {(byte) random.nextInt(256)};
                default ->
                    join(
                            new byte[] {"\r\n:;,\0 \t0{}\"".getBytes(StandardCharsets.US_ASCII)[random.nextInt(12)]},
                            there);
            };
            mutated = join(join(before, instead), after);
        }
        note("mutated");
        return mutated;
    }

    private static byte[] join(byte[] a, byte[] b) {
        byte[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }

    private List<byte[]> pieces(byte[] bytes) {
        List<byte[]> pieces = new ArrayList<>();
        int at = 0;
        for (int cuts = chance(50) ? 0 : random.nextInt(4); cuts > 0 && at < bytes.length; cuts--) {
            int size = 1 + random.nextInt(bytes.length - at);
            pieces.add(Arrays.copyOfRange(bytes, at, at + size));
            at += size;
        }
        pieces.add(Arrays.copyOfRange(bytes, at, bytes.length));
        return pieces;
    }

    private static byte[] gzip(byte[] plain) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(plain);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteArray();
    }

    private static byte[] deflate(byte[] plain, boolean bare) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, bare);
        try (OutputStream out = new DeflaterOutputStream(bytes, deflater)) {
            out.write(plain);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } finally {
            deflater.end();
        }
        return bytes.toByteArray();
    }

    private void note(String what) {
        description.append(what).append(' ');
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private int pick(int[] from) {
        return from[random.nextInt(from.length)];
    }

    @SafeVarargs
    private <T> T pick(T... from) {
        return from[random.nextInt(from.length)];
    }
}
