package io.pairingbridge.batch.document;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A document's bytes, up to a limit. */
final class BoundedStream extends FilterInputStream {
    /** The document goes on behind the limit. */
    static final class TooLarge extends IOException {
        private static final long serialVersionUID = 1L;

        TooLarge(long limit) {
            super("more than " + limit + " bytes");
        }
    }

    private final long limit;
    private long left;

    BoundedStream(InputStream source, long limit) {
        super(source);
        this.limit = limit;
        this.left = limit;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) == -1 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (left == 0) {
            if (in.read() == -1) {
                return -1;
            }
            throw new TooLarge(limit);
        }
        int read = in.read(into, from, (int) Math.min(length, left));
        left -= Math.max(0, read);
        return read;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
