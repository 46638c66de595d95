package io.pairingbridge.endpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.io.SessionInputBuffer;

/**
 * What came off the wire in answer to one POST, byte for byte: interim answers, head, framing and trailers included. It
 * limits what an answer may take, and keeps what the HTTP parser refuses, since credentials may be in it. Used by the
 * thread that makes the call, and by no other.
 */
final class RawAnswer {
    /**
     * Bytes. Real gateways send heads of 70 KiB; the rest is for {@link SealingExchange#LARGEST_BODY} and its framing.
     */
    static final int LARGEST = SealingExchange.LARGEST_BODY + (512 << 10);

    /** Where in an execution's context the exchange finds it, once a POST has begun. */
    static final String ATTRIBUTE = RawAnswer.class.getName();

    /** How far from the begin of a message its status line is looked for. */
    private static final int FIRST_LINES = 1_024;
    /**
     * A status line that says success, one that HttpCore does not take included ({@code ICY 200 OK}, {@code HTTP/2
     * 200}).
     */
    private static final Pattern SUCCESS =
            Pattern.compile("\\s*[A-Za-z]{1,10}(?:/\\s*[\\d.]*)?\\s+(2\\d\\d)(?:\\D.*)?");
    /** Stands in every answer with credentials, and hardly in any other text. */
    private static final byte[] SECRET_FIELD = "client_secret".getBytes(StandardCharsets.US_ASCII);

    /** More came than {@link #LARGEST}. */
    static final class TooLargeException extends IOException {
        private static final long serialVersionUID = 1L;

        private TooLargeException() {
            super("an answer is larger than " + LARGEST + " bytes");
        }
    }

    private byte[] bytes = new byte[4 * 1024];
    private int length;
    private boolean kept;
    private int message;
    private int status;
    private boolean ended;
    private boolean full;
    private boolean malformed;
    private boolean more;
    private InputStream wire;
    private SessionInputBuffer unread;

    /** The bytes of a connection, each of which stays here too. */
    InputStream tap(InputStream socket) {
        wire = new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int most) throws IOException {
                return take(socket, into, offset, most);
            }

            @Override
            public int available() throws IOException {
                return ended || full ? 0 : socket.available();
            }
        };
        return wire;
    }

    private int take(InputStream socket, byte[] into, int offset, int most) throws IOException {
        if (length == LARGEST) {
            full = true;
            throw new TooLargeException();
        }
        int n;
        try {
            n = socket.read(into, offset, Math.min(most, LARGEST - length));
        } catch (IOException e) {
            ended = true;
            throw e;
        }
        if (n < 0) {
            ended = true;
            return n;
        }
        if (length + n > bytes.length) {
            byte[] larger = Arrays.copyOf(bytes, Math.min(LARGEST, Math.max(bytes.length * 2, length + n)));
            Arrays.fill(bytes, (byte) 0);
            bytes = larger;
        }
        System.arraycopy(into, offset, bytes, length, n);
        length += n;
        return n;
    }

    /** The POST is about to leave: what came before was a proxy's, about the tunnel. */
    void begin() {
        length = 0;
        message = 0;
        status = 0;
        kept = true;
    }

    /** The POST may have left: what comes is its answer. */
    boolean begun() {
        return kept;
    }

    /** The parser goes to read a message from here: an interim answer, or the one that counts. */
    void messageBegins(SessionInputBuffer buffer) {
        unread = buffer;
        message = length - buffer.length();
        status = 0;
    }

    void status(int code) {
        status = code;
    }

    /**
     * The parser cannot go on. If that is not for the lack of bytes, they are malformed, and the rest is taken as it
     * comes.
     */
    void givenUp() {
        if (kept && !ended && !full && (status == 0 || isSuccess(status))) {
            malformed = true;
            readOn();
        }
    }

    /** To its end, the limit, or the deadline, which closes the socket. */
    private void readOn() {
        byte[] into = new byte[8 * 1024];
        try {
            while (wire.read(into, 0, into.length) >= 0) {
                // it stays here
            }
        } catch (IOException e) {
            // that was all
        } finally {
            Arrays.fill(into, (byte) 0);
        }
    }

    /**
     * By its framing the message is over. More bytes may have come than it says (a length counted in characters, say):
     * they are looked for, without waiting.
     *
     * @param announced the message has a body by its header fields, but none by its status: that body is waited for
     */
    void messageEnded(boolean announced) {
        int before = length;
        more = unread != null && unread.length() > 0;
        if (announced) {
            readOn();
        } else {
            takeWhatIsHere();
        }
        more = more || length > before;
    }

    private void takeWhatIsHere() {
        byte[] into = new byte[8 * 1024];
        try {
            while (wire != null && wire.available() > 0 && wire.read(into, 0, into.length) >= 0) {
                // it stays here
            }
        } catch (IOException e) {
            // that was all
        } finally {
            Arrays.fill(into, (byte) 0);
        }
    }

    /** The status of the message that counts: as parsed, or a 2xx that can be made out in what came of it; else 0. */
    int announced() {
        if (status != 0 || length == message) {
            return status;
        }
        String begin = new String(bytes, message, Math.min(length - message, FIRST_LINES), StandardCharsets.ISO_8859_1);
        return begin.lines()
                .mapToInt(RawAnswer::success)
                .filter(code -> code != 0)
                .findFirst()
                .orElse(0);
    }

    /** The status of a line that announces success, in whatever spelling; else 0. */
    static int success(CharSequence line) {
        Matcher matcher = SUCCESS.matcher(line);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    static boolean isSuccess(int status) {
        return status >= 200 && status <= 299;
    }

    /** True if the name of the field that matters most stands somewhere in it. */
    boolean namesSecret() {
        for (int i = message; i <= length - SECRET_FIELD.length; i++) {
            if (Arrays.equals(bytes, i, i + SECRET_FIELD.length, SECRET_FIELD, 0, SECRET_FIELD.length)) {
                return true;
            }
        }
        return false;
    }

    /** False if nothing came of the message that counts. */
    boolean any() {
        return length > message;
    }

    /** True if its end was not reached because it is larger than {@link #LARGEST}. */
    boolean full() {
        return full;
    }

    /** True if the parser refused it although more could be read. */
    boolean malformed() {
        return malformed;
    }

    /** True if bytes came behind the end of the message. */
    boolean more() {
        return more;
    }

    /** A copy of what came of the message that counts, head included. */
    byte[] bytes() {
        return Arrays.copyOfRange(bytes, message, length);
    }

    /** Overwrites what is held. */
    void wipe() {
        Arrays.fill(bytes, (byte) 0);
        length = 0;
        message = 0;
    }
}
