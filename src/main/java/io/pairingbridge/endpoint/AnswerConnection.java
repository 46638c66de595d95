package io.pairingbridge.endpoint;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentLengthStrategy;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpMessage;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.TruncatedChunkException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParser;
import org.apache.hc.core5.http.impl.io.SocketHolder;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.CharArrayBuffer;
import org.apache.hc.core5.util.Timeout;

/**
 * A connection to the endpoint for one call, on which no byte of an answer is lost: what comes is bounded and kept in a
 * {@link RawAnswer}, beneath TLS's plain side and above the parser.
 */
final class AnswerConnection extends DefaultBHttpClientConnection implements ManagedHttpClientConnection {
    /** Bytes of one header line, chunk extension or trailer. Real gateways send lines of 70 KiB. */
    private static final int LONGEST_LINE = 256 << 10;
    /** Lines of a head, or of trailers. Real gateways send 1,200. */
    private static final int MOST_LINES = 4_000;

    private static final Http1Config LIMITS = Http1Config.custom()
            .setMaxLineLength(LONGEST_LINE)
            .setMaxHeaderCount(MOST_LINES)
            .build();
    private static final Pattern DIGITS = Pattern.compile("\\d{1,18}");

    private final RawAnswer raw;
    private Timeout socketTimeout = Timeout.DISABLED;
    private volatile boolean closed;

    AnswerConnection() {
        this(new RawAnswer());
    }

    private AnswerConnection(RawAnswer raw) {
        // A proxy's answer to CONNECT is read as it is framed: where the proxy wants a login, the next one goes over
        // this connection.
        super(
                LIMITS,
                null,
                null,
                message ->
                        raw.begun() ? length(message) : DefaultContentLengthStrategy.INSTANCE.determineLength(message),
                null,
                null,
                config -> new Parser(raw));
        this.raw = raw;
    }

    /** What came, and is still to come, on this connection. */
    RawAnswer raw() {
        return raw;
    }

    /**
     * RFC 9112, section 6.3. The same length said several times is one. Of other statuses the body is not read, however
     * it is framed.
     *
     * @throws HttpException if the framing is not one of the RFC's
     */
    static long length(HttpMessage message) throws HttpException {
        if (message instanceof HttpResponse response && !RawAnswer.isSuccess(response.getCode())) {
            return ContentLengthStrategy.UNDEFINED;
        }
        Header[] lengths = message.getHeaders(HttpHeaders.CONTENT_LENGTH);
        if (lengths.length == 0 || message.containsHeader(HttpHeaders.TRANSFER_ENCODING)) {
            return DefaultContentLengthStrategy.INSTANCE.determineLength(message);
        }
        long length = ContentLengthStrategy.UNDEFINED;
        for (Header header : lengths) {
            for (String value : header.getValue().split(",", -1)) {
                String digits = value.strip();
                if (!DIGITS.matcher(digits).matches()) {
                    throw new ProtocolException("a Content-Length is no number");
                }
                long said = Long.parseLong(digits);
                if (length != ContentLengthStrategy.UNDEFINED && said != length) {
                    throw new ProtocolException("two different Content-Lengths");
                }
                length = said;
            }
        }
        return length;
    }

    // ---- what comes -----------------------------------------------------------------------------------------------

    @Override
    public ClassicHttpResponse receiveResponseHeader() throws HttpException, IOException {
        try {
            return super.receiveResponseHeader();
        } catch (HttpException | IOException | RuntimeException e) {
            raw.givenUp();
            throw e;
        }
    }

    @Override
    public void receiveResponseEntity(ClassicHttpResponse response) throws HttpException, IOException {
        try {
            super.receiveResponseEntity(response);
        } catch (HttpException | IOException | RuntimeException e) {
            raw.givenUp();
            throw e;
        }
    }

    @Override
    protected InputStream createContentInputStream(long length, SessionInputBuffer buffer, InputStream wire) {
        return new Body(super.createContentInputStream(length, buffer, wire), length == ContentLengthStrategy.CHUNKED);
    }

    /**
     * HttpClient closes the connection as soon as a body has ended or failed, so what else came is looked at here,
     * before.
     */
    private final class Body extends FilterInputStream {
        private final boolean chunked;
        private boolean over;

        Body(InputStream content, boolean chunked) {
            super(content);
            this.chunked = chunked;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int most) throws IOException {
            int n = next(into, offset, most);
            if (n < 0 && !over) {
                over = true;
                raw.messageEnded(false);
            }
            return n;
        }

        private int next(byte[] into, int offset, int most) throws IOException {
            try {
                return over ? -1 : super.read(into, offset, most);
            } catch (TruncatedChunkException e) {
                throw e;
            } catch (IOException e) {
                if (chunked && endsBefore(into, offset, most)) {
                    return -1;
                }
                raw.givenUp();
                throw e;
            }
        }

        /** The last chunk has come, and what failed are the trailers, which hold nothing of the body. */
        private boolean endsBefore(byte[] into, int offset, int most) {
            try {
                return super.read(into, offset, most) < 0;
            } catch (IOException e) {
                return false;
            }
        }
    }

    /** Tells which message is being read, and its status as soon as its first line is there. */
    private static final class Parser extends DefaultHttpResponseParser {
        private final RawAnswer raw;

        Parser(RawAnswer raw) {
            super(LIMITS);
            this.raw = raw;
        }

        @Override
        public ClassicHttpResponse parse(SessionInputBuffer buffer, InputStream wire)
                throws IOException, HttpException {
            raw.messageBegins(buffer);
            return super.parse(buffer, wire);
        }

        @Override
        protected ClassicHttpResponse createMessage(CharArrayBuffer line) throws IOException, HttpException {
            try {
                ClassicHttpResponse response = super.createMessage(line);
                raw.status(response.getCode());
                return response;
            } catch (HttpException e) {
                if (RawAnswer.success(line) != 0) {
                    throw e;
                }
                return null; // a line before the status line is skipped, as HttpClient's own parser does
            } catch (IllegalArgumentException e) {
                throw new ProtocolException("a status below 100", e);
            }
        }
    }

    // ---- what goes ------------------------------------------------------------------------------------------------

    /** A peer that closes before it has read everything may have answered all the same: reading will tell. */
    @Override
    public void sendRequestEntity(ClassicHttpRequest request) throws HttpException, IOException {
        try {
            super.sendRequestEntity(request);
        } catch (SocketException e) {
            // see above
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            super.flush();
        } catch (SocketException e) {
            // see sendRequestEntity
        }
    }

    // ---- the socket -----------------------------------------------------------------------------------------------

    @Override
    public void bind(Socket socket) throws IOException {
        bindTapped(new SocketHolder(socket) {
            @Override
            protected InputStream getInputStream(Socket from) throws IOException {
                return raw.tap(super.getInputStream(from));
            }
        });
    }

    @Override
    public void bind(SSLSocket sslSocket, Socket socket) throws IOException {
        bindTapped(new SocketHolder(sslSocket, socket) {
            @Override
            protected InputStream getInputStream(Socket from) throws IOException {
                return raw.tap(super.getInputStream(from));
            }
        });
    }

    private void bindTapped(SocketHolder holder) throws IOException {
        if (closed) {
            holder.getSocket().close();
            throw new InterruptedIOException("the connection was closed before it was there");
        }
        super.bind(holder);
        socketTimeout = Timeout.ofMilliseconds(holder.getSocket().getSoTimeout());
    }

    @Override
    public Socket getSocket() {
        SocketHolder holder = getSocketHolder();
        return holder == null ? null : holder.getSocket();
    }

    @Override
    public SSLSession getSSLSession() {
        return getSocket() instanceof SSLSocket secure ? secure.getSession() : null;
    }

    @Override
    public void setSocketTimeout(Timeout timeout) {
        super.setSocketTimeout(timeout);
        socketTimeout = timeout;
    }

    @Override
    public void passivate() {
        super.setSocketTimeout(Timeout.DISABLED);
    }

    @Override
    public void activate() {
        super.setSocketTimeout(socketTimeout);
    }

    /**
     * Says good-bye, and does not listen: closing TLS in full would first take in what a peer may go on sending. Never
     * throws, because an error here must not cost an answer that was read whole.
     */
    @Override
    public void close() {
        closed = true;
        SocketHolder holder = getSocketHolder();
        if (holder != null) {
            try {
                SSLSocket secure = holder.getSSLSocket();
                if (secure != null && !secure.isOutputShutdown()) {
                    secure.shutdownOutput();
                }
                holder.getBaseSocket().close();
            } catch (IOException e) {
                // it is not used again
            }
        }
        super.close(CloseMode.IMMEDIATE);
    }

    @Override
    public void close(CloseMode mode) {
        if (mode == CloseMode.GRACEFUL) {
            close();
        } else {
            closed = true;
            super.close(mode);
        }
    }
}
