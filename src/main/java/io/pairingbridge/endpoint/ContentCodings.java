package io.pairingbridge.endpoint;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/** Undoes content codings that nobody asked for (RFC 9110, section 8.4). */
final class ContentCodings {
    /** More layers than that are no answer, but work for nothing. */
    private static final int MOST = 4;

    private ContentCodings() {}

    /** A body is not coded as its head says; the message says what is wrong, for a person. */
    static final class BrokenCodingException extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenCodingException(String message) {
            super(message);
        }
    }

    /**
     * The body without its codings. An unknown coding stays, and so does every one that was applied before it.
     *
     * @param fields the values of all Content-Encoding fields, in their order
     * @param body not changed
     * @param limit bytes, of each layer
     * @return {@code body} itself if there is nothing to undo
     * @throws BrokenCodingException if a coding that is known is not there, is cut short, or grows beyond the limit
     */
    static byte[] undo(List<String> fields, byte[] body, int limit) throws BrokenCodingException {
        List<String> codings = new ArrayList<>();
        for (String field : fields) {
            for (String coding : field.split(",")) {
                String name = coding.strip().toLowerCase(Locale.ROOT);
                if (!name.isEmpty() && !"identity".equals(name)) {
                    codings.add(name);
                }
            }
        }
        if (codings.size() > MOST) {
            return body;
        }
        byte[] plain = body;
        for (int i = codings.size() - 1; i >= 0; i--) {
            byte[] inner = undo(codings.get(i), plain, limit);
            if (inner == null) {
                break;
            }
            if (plain != body) {
                Arrays.fill(plain, (byte) 0);
            }
            plain = inner;
        }
        return plain;
    }

    /** Null if the coding is unknown. */
    private static byte[] undo(String coding, byte[] coded, int limit) throws BrokenCodingException {
        return switch (coding) {
            case "gzip", "x-gzip" -> read("gzip", () -> new GZIPInputStream(new ByteArrayInputStream(coded)), limit);
            case "deflate" ->
                isZlib(coded)
                        ? read("deflate", () -> new InflaterInputStream(new ByteArrayInputStream(coded)), limit)
                        : bareDeflate(coded, limit);
            default -> null;
        };
    }

    /** RFC 1950, section 2.2: method 8, and a check over the first two bytes. Some send deflate without that frame. */
    private static boolean isZlib(byte[] coded) {
        return coded.length >= 2 && (coded[0] & 0x0f) == 8 && (((coded[0] & 0xff) << 8) | (coded[1] & 0xff)) % 31 == 0;
    }

    private static byte[] bareDeflate(byte[] coded, int limit) throws BrokenCodingException {
        Inflater inflater = new Inflater(true);
        try {
            return read("deflate", () -> new InflaterInputStream(new ByteArrayInputStream(coded), inflater), limit);
        } finally {
            inflater.end();
        }
    }

    private interface Source {
        InputStream open() throws IOException;
    }

    private static byte[] read(String coding, Source source, int limit) throws BrokenCodingException {
        byte[] plain;
        try (InputStream in = source.open()) {
            plain = in.readNBytes(limit + 1);
        } catch (IOException e) {
            throw new BrokenCodingException("the answer's " + coding + " encoding is broken");
        }
        if (plain.length > limit) {
            Arrays.fill(plain, (byte) 0);
            throw new BrokenCodingException(
                    "the answer is larger than " + limit + " bytes without its " + coding + " encoding");
        }
        return plain;
    }
}
