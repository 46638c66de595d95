package io.pairingbridge.site;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.pairingbridge.text.Text;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;

/**
 * Writes what Jolokia answers as JSON: valid whatever is in it (Jolokia's own writer leaves some control characters as
 * they are), in ASCII, so that nothing in it acts on a terminal that shows it as it is, and of bounded length.
 */
final class JsonAnswer {
    private static final JsonFactory JSON = new JsonFactory();

    private final Bounded bytes;
    private final JsonGenerator out;

    /** The answer is longer than it may be. */
    static final class TooLarge extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** @param largest bytes */
    JsonAnswer(int largest) throws IOException {
        bytes = new Bounded(largest);
        out = JSON.createGenerator(new OutputStreamWriter(bytes, StandardCharsets.US_ASCII));
        out.setHighestNonEscapedChar(0x7e);
    }

    void beginArray() throws IOException {
        out.writeStartArray();
    }

    void endArray() throws IOException {
        out.writeEndArray();
    }

    /**
     * Adds a value, with all that is in it. What JSON has no kind for is written as its text; a number that is none, as
     * null.
     */
    void add(Object value) throws IOException {
        if (value == null
                || value instanceof Double d && !Double.isFinite(d)
                || value instanceof Float f && !Float.isFinite(f)) {
            out.writeNull();
        } else if (value instanceof Map<?, ?> map) {
            out.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.writeFieldName(Text.wellFormed(String.valueOf(entry.getKey())));
                add(entry.getValue());
            }
            out.writeEndObject();
        } else if (value instanceof Collection<?> all) {
            out.writeStartArray();
            for (Object one : all) {
                add(one);
            }
            out.writeEndArray();
        } else if (value instanceof Boolean truth) {
            out.writeBoolean(truth);
        } else if (value instanceof Number number) {
            out.writeNumber(number.toString());
        } else {
            out.writeString(Text.wellFormed(value.toString()));
        }
    }

    byte[] end() throws IOException {
        out.close();
        return bytes.toByteArray();
    }

    private static final class Bounded extends ByteArrayOutputStream {
        private final int largest;

        Bounded(int largest) {
            this.largest = largest;
        }

        @Override
        public synchronized void write(int b) {
            throw new UnsupportedOperationException("only whole pieces are written");
        }

        @Override
        public synchronized void write(byte[] piece, int from, int length) {
            if (length > largest - count) {
                throw new UncheckedIOException(new TooLarge());
            }
            super.write(piece, from, length);
        }
    }
}
