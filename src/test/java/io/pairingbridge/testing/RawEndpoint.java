package io.pairingbridge.testing;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A port that answers with any bytes and ends its connections in any way, over plain TCP or TLS. A request says by its
 * path ({@code /<name>}) which of the prepared answers it gets.
 */
public final class RawEndpoint implements AutoCloseable {
    /** Writes an answer, and ends the connection in its own way if it does not return. */
    public interface Answering {
        void answer(Line line) throws Exception;
    }

    private final ServerSocket server;
    private final SSLContext tls;
    private final Map<String, Answering> answers = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> posts = new ConcurrentHashMap<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "raw-endpoint");
        thread.setDaemon(true);
        return thread;
    });

    /** @param tls of the server, or null for plain TCP */
    public RawEndpoint(SSLContext tls) throws IOException {
        this.tls = tls;
        this.server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        threads.execute(this::accept);
    }

    public URI url(String name) {
        return URI.create((tls == null ? "http" : "https") + "://localhost:" + server.getLocalPort() + "/" + name);
    }

    /** How the next request of this name is answered. */
    public void when(String name, Answering answering) {
        answers.put(name, answering);
        posts.put(name, new AtomicInteger());
    }

    /** Forgets a name, and says how many requests of it came. */
    public int forget(String name) {
        answers.remove(name);
        return posts.remove(name).get();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                threads.execute(() -> serve(socket));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket base) {
        open.add(base);
        try {
            base.setTcpNoDelay(true);
            Socket socket = base;
            if (tls != null) {
                SSLSocket secure = (SSLSocket) tls.getSocketFactory().createSocket(base, null, base.getPort(), false);
                secure.setUseClientMode(false);
                socket = secure;
            }
            InputStream in = new BufferedInputStream(socket.getInputStream());
            String head = head(in);
            if (head.isEmpty()) {
                return;
            }
            for (String header : head.split("\r\n")) {
                if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    in.readNBytes(Integer.parseInt(header.substring(15).trim()));
                }
            }
            String name = head.substring(head.indexOf('/') + 1, head.indexOf(" HTTP/"));
            Answering answering = answers.get(name);
            if (answering != null) {
                posts.get(name).incrementAndGet();
                answering.answer(new Line(base, socket));
            }
            if (!socket.isClosed()) {
                socket.close();
            }
        } catch (Exception e) {
            // the peer went away, as it may
        } finally {
            open.remove(base);
            try {
                base.close();
            } catch (IOException e) {
                // closed already
            }
        }
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        for (int b; head.indexOf("\r\n\r\n") < 0 && (b = in.read()) >= 0; ) {
            head.append((char) b);
        }
        return head.toString();
    }

    @Override
    public void close() throws IOException {
        closing.countDown();
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
        threads.shutdownNow();
    }

    /** The connection of one request. */
    public final class Line {
        private final Socket base;
        private final Socket socket;
        private final AtomicLong written = new AtomicLong();

        private Line(Socket base, Socket socket) {
            this.base = base;
            this.socket = socket;
        }

        public void write(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
            written.addAndGet(bytes.length);
        }

        public void write(String text) throws IOException {
            write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** How many bytes of this answer the network took so far. */
        public long written() {
            return written.get();
        }

        /** Ends the connection without TLS's close_notify; what was written arrives. */
        public void cut() throws IOException {
            base.close();
        }

        /** Ends the connection with a reset: what the peer has not read yet is gone. */
        public void reset() throws IOException {
            base.setSoLinger(true, 0);
            base.close();
        }

        /** Waits until the peer ends the connection. */
        public void stayOpen() throws IOException {
            while (closing.getCount() > 0 && socket.getInputStream().read() >= 0) {
                // whatever comes is not answered
            }
        }

        /** A pause between two writes: the slowness itself, not a wait for something. */
        public void pause(long millis) throws InterruptedException {
            closing.await(millis, TimeUnit.MILLISECONDS);
        }
    }
}
