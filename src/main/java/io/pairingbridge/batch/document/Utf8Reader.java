package io.pairingbridge.batch.document;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Reads UTF-8 strictly: hands out every character before the first bytes that are not UTF-8, and only then fails, with
 * their line. Java's own reader decodes some thousand bytes at once and throws what was good in them away.
 */
final class Utf8Reader extends Reader {
    /** Bytes that are not UTF-8. */
    static final class NotUtf8 extends CharacterCodingException {
        private static final long serialVersionUID = 1L;
        private final long line;

        NotUtf8(long line) {
            this.line = line;
        }

        /** Where they are, from 1. */
        long line() {
            return line;
        }

        @Override
        public String getMessage() {
            return "line " + line + " is not UTF-8";
        }
    }

    private static final int BUFFER = 1 << 14;

    private final InputStream source;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER).flip();
    private final CharBuffer chars = CharBuffer.allocate(BUFFER).flip();
    private boolean sourceEnded;
    private boolean malformed;
    private long line = 1;
    private boolean afterCarriageReturn;

    Utf8Reader(InputStream source) {
        this.source = source;
    }

    @Override
    public int read(char[] into, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (!chars.hasRemaining()) {
            if (malformed) {
                throw new NotUtf8(line);
            }
            if (sourceEnded && !bytes.hasRemaining()) {
                return -1;
            }
            decode();
        }
        int read = Math.min(length, chars.remaining());
        chars.get(into, from, read);
        return read;
    }

    private void decode() throws IOException {
        chars.clear();
        CoderResult result = decoder.decode(bytes, chars, sourceEnded);
        if (result.isError()) {
            malformed = true;
        } else if (result.isUnderflow() && !sourceEnded) {
            fill();
        }
        chars.flip();
        count();
    }

    private void fill() throws IOException {
        bytes.compact();
        int read = source.read(bytes.array(), bytes.position(), bytes.remaining());
        if (read > 0) {
            bytes.position(bytes.position() + read);
        }
        bytes.flip();
        sourceEnded = read == -1;
    }

    /** The lines of what was decoded last: any line ends. */
    private void count() {
        for (int i = chars.position(); i < chars.limit(); i++) {
            char c = chars.get(i);
            if (c == '\r' || c == '\n' && !afterCarriageReturn) {
                line++;
            }
            afterCarriageReturn = c == '\r';
        }
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
