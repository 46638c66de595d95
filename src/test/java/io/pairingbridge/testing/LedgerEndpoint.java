package io.pairingbridge.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/**
 * An endpoint that keeps a ledger: every post of every one-time password, every pairing it made, every answer that it
 * wrote to the end. It speaks HTTP on a bare socket, so that it can cut, stall and drip at any byte.
 *
 * <p>Unless told otherwise it does as the vendor's does: an OTP pairs once, and is refused with 400 afterwards.
 */
public final class LedgerEndpoint implements AutoCloseable {
    public static final String PATH = "/v1/pay-connect/pair/";
    /** How every secret begins, so that a search for this finds any of them. */
    public static final String SECRET = "canary-secret-that-must-turn-up-nowhere";

    private static final ObjectMapper JSON = new ObjectMapper();

    /** How one post is answered. */
    public interface Behaviour {
        void answer(Call call) throws Exception;
    }

    /**
     * One line of the ledger.
     *
     * @param endNanos when the connection was done with, or 0 while it is not
     */
    public record Post(String otp, int number, long startNanos, long endNanos) {}

    private final ServerSocket server;
    private final Map<String, Behaviour> behaviours = new ConcurrentHashMap<>();
    private final Map<String, List<Post>> posts = new ConcurrentHashMap<>();
    private final Map<String, String> pairings = new ConcurrentHashMap<>();
    private final Map<String, Integer> pairedBy = new ConcurrentHashMap<>();
    private final Map<String, Long> answered = new ConcurrentHashMap<>();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final Map<String, List<String>> headsByOtp = new ConcurrentHashMap<>();
    private final Map<String, List<String>> bodies = new ConcurrentHashMap<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile Behaviour byDefault = Call::pairOnce;
    private volatile Behaviour witness = call -> {};

    public LedgerEndpoint() throws IOException {
        this(0);
    }

    public LedgerEndpoint(int port) throws IOException {
        this(new ServerSocket(port, 200, InetAddress.getLoopbackAddress()));
    }

    /** Behind a socket that speaks TLS, for example. */
    public LedgerEndpoint(ServerSocket server) {
        this.server = server;
        start(this::accept, "ledger");
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort() + PATH);
    }

    public int port() {
        return server.getLocalPort();
    }

    /** How posts of this OTP are answered from now on. */
    public LedgerEndpoint when(String otp, Behaviour behaviour) {
        behaviours.put(otp, behaviour);
        return this;
    }

    /** How posts are answered for which nothing else was said. */
    public LedgerEndpoint otherwise(Behaviour behaviour) {
        byDefault = behaviour;
        return this;
    }

    /** Sees every post before it is answered; what it throws fails the post. */
    public LedgerEndpoint witness(Behaviour seen) {
        witness = seen;
        return this;
    }

    public List<Post> posts(String otp) {
        return List.copyOf(posts.getOrDefault(otp, List.of()));
    }

    public Map<String, List<Post>> posts() {
        return Map.copyOf(posts);
    }

    /** OTP to credentials of every pairing made, whether or not anybody got to know. */
    public Map<String, String> pairings() {
        return Map.copyOf(pairings);
    }

    /** The number of the post that paired this OTP, or 0. */
    public int pairedBy(String otp) {
        return pairedBy.getOrDefault(otp, 0);
    }

    /** The credentials of this OTP's pairing, whether or not anybody got to know, or null if it was not made. */
    public String pairing(String otp) {
        return pairings.get(otp);
    }

    /** OTPs whose credentials were written to the end. */
    public Set<String> answered() {
        return Set.copyOf(answered.keySet());
    }

    /**
     * When the credentials of this OTP had been written to the end ({@link System#nanoTime}), or null if they were not.
     */
    public Long answeredNanos(String otp) {
        return answered.get(otp);
    }

    /** Request heads as they came off the wire. */
    public List<String> heads() {
        return List.copyOf(heads);
    }

    /** The heads of this OTP's posts as they came off the wire. */
    public List<String> heads(String otp) {
        return List.copyOf(headsByOtp.getOrDefault(otp, List.of()));
    }

    /** The bodies of this OTP's posts as they came off the wire. */
    public List<String> bodies(String otp) {
        return List.copyOf(bodies.getOrDefault(otp, List.of()));
    }

    /** The credentials that a pairing of this OTP brings; the same ones whenever asked. */
    public static String credentials(String otp, String name) {
        try {
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("pay_connect_id", "pc-" + Integer.toHexString(otp.hashCode()));
            fields.put("pay_connect_name", name);
            fields.put("terminal_id", "T" + Math.abs(otp.hashCode() % 100_000_000));
            fields.put("client_id", "client-" + Integer.toHexString(otp.hashCode()));
            fields.put("client_secret", secret(otp));
            fields.put("webhook_secret_key", null);
            return JSON.writeValueAsString(fields);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The secret in those credentials. */
    public static String secret(String otp) {
        return SECRET + "-" + Long.toHexString(otp.hashCode() * 0x9E3779B97F4A7C15L);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                start(() -> serve(socket), "ledger-call");
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket socket) {
        Call call = null;
        try {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            String head = head(in);
            if (head.isEmpty()) {
                return;
            }
            heads.add(head);
            int length = 0;
            for (String line : head.split("\r\n")) {
                if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    length = Integer.parseInt(line.substring(15).trim());
                }
            }
            byte[] content = in.readNBytes(length);
            JsonNode body = JSON.readTree(content);
            String otp = body.path("otp").asText();
            headsByOtp.computeIfAbsent(otp, o -> new CopyOnWriteArrayList<>()).add(head);
            bodies.computeIfAbsent(otp, o -> new CopyOnWriteArrayList<>())
                    .add(new String(content, StandardCharsets.UTF_8));
            call = new Call(socket, head, body, otp, begin(otp));
            witness.answer(call);
            behaviours.getOrDefault(otp, byDefault).answer(call);
        } catch (SocketException e) {
            // the bridge went away, as some tests want it to
        } catch (Exception e) {
            System.err.println("ledger: " + e);
        } finally {
            if (call != null) {
                call.end();
            }
            open.remove(socket);
            try {
                socket.close();
            } catch (IOException e) {
                // closed already
            }
        }
    }

    /** Numbered and added in one step: of two posts that come at once, neither may hide the other. */
    private Post begin(String otp) {
        List<Post> line = posts.compute(otp, (o, known) -> {
            List<Post> more = new ArrayList<>(known == null ? List.of() : known);
            more.add(new Post(otp, more.size() + 1, System.nanoTime(), 0));
            return more;
        });
        return line.get(line.size() - 1);
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int matched = 0;
        for (int b; matched < 4 && (b = in.read()) >= 0; ) {
            head.write(b);
            matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : b == '\r' ? 1 : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private static void start(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        closing.countDown();
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
    }

    /** One post, and the ways to answer it. */
    public final class Call {
        private final Socket socket;
        private final String head;
        private final JsonNode body;
        private final String otp;
        private final Post post;

        private Call(Socket socket, String head, JsonNode body, String otp, Post post) {
            this.socket = socket;
            this.head = head;
            this.body = body;
            this.otp = otp;
            this.post = post;
        }

        public String head() {
            return head;
        }

        public JsonNode body() {
            return body;
        }

        public String otp() {
            return otp;
        }

        /** 1 for the first post of this OTP. */
        public int number() {
            return post.number();
        }

        /** Makes the pairing, once per OTP; false if it had been made before. */
        public boolean pair() {
            boolean first =
                    pairings.putIfAbsent(otp, credentials(otp, body.path("name").asText())) == null;
            if (first) {
                pairedBy.put(otp, number());
            }
            return first;
        }

        public void pairOnce() throws IOException {
            if (pair()) {
                answer200();
            } else {
                status(400);
            }
        }

        /** Writes the credentials to the end and notes it. */
        public void answer200() throws IOException {
            write(http200());
            answered();
        }

        /** The answer with the credentials of this OTP's pairing, as it goes over the wire. */
        public byte[] http200() {
            return http(200, "Content-Type: application/json\r\n", pairings.get(otp));
        }

        /** Notes that the credentials were written to the end. */
        public void answered() {
            answered.put(otp, System.nanoTime());
        }

        public void status(int status, String... headers) throws IOException {
            StringBuilder all = new StringBuilder();
            for (String header : headers) {
                all.append(header).append("\r\n");
            }
            write(http(status, all.toString(), "{\"error\":\"" + status + "\"}"));
        }

        public byte[] http(int status, String headers, String content) {
            byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
            byte[] start = ("HTTP/1.1 " + status + " Status\r\n" + headers + "Content-Length: " + bytes.length
                            + "\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1);
            byte[] all = new byte[start.length + bytes.length];
            System.arraycopy(start, 0, all, 0, start.length);
            System.arraycopy(bytes, 0, all, start.length, bytes.length);
            return all;
        }

        public void write(byte[] bytes) throws IOException {
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
        }

        public void write(String text) throws IOException {
            write(text.getBytes(StandardCharsets.UTF_8));
        }

        /** Ends the connection with a reset: what the peer has not read yet is gone. */
        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        /** Ends the connection in order: what was written arrives. */
        public void close() throws IOException {
            socket.close();
        }

        /**
         * Takes its time, as an endpoint does that has to ask somebody; ends with an exception if the peer gives up
         * meanwhile.
         */
        public void think(int millis) throws IOException {
            socket.setSoTimeout(Math.max(1, millis));
            try {
                if (socket.getInputStream().read() < 0) {
                    throw new SocketException("the peer gave up");
                }
            } catch (SocketTimeoutException e) {
                socket.setSoTimeout(0);
            }
        }

        /** Says nothing until the peer gives up or the endpoint is closed. */
        public void silence() throws IOException, InterruptedException {
            while (closing.getCount() > 0 && socket.getInputStream().read() >= 0) {
                // whatever comes is not answered
            }
        }

        /** Writes one byte after the other with a pause between them, until the peer gives up. */
        public void drip(byte[] bytes, long pauseMillis) throws IOException, InterruptedException {
            for (byte b : bytes) {
                socket.getOutputStream().write(b);
                socket.getOutputStream().flush();
                if (closing.await(pauseMillis, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        }

        private void end() {
            posts.computeIfPresent(otp, (o, line) -> {
                List<Post> updated = new ArrayList<>(line);
                updated.set(post.number() - 1, new Post(otp, post.number(), post.startNanos(), System.nanoTime()));
                return updated;
            });
        }
    }
}
