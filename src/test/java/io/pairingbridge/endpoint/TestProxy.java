package io.pairingbridge.endpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A small HTTP proxy: tunnels for CONNECT, one request a connection for everything else, with a login if asked to. */
final class TestProxy implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final String login;
    private final String refusal;

    /**
     * @param login {@code user:password}, or null
     * @param refusal status line with which every CONNECT is refused, or null
     */
    TestProxy(String login, String refusal) throws IOException {
        this.login = login == null
                ? null
                : "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
        this.refusal = refusal;
        start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    /** The heads of the requests to the proxy itself. */
    List<String> heads() {
        return List.copyOf(heads);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                start(() -> serve(client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            String head = head(client.getInputStream());
            // A client that has to log in says so in a second request on the same connection.
            while (login != null && !head.isEmpty() && !head.contains("Proxy-Authorization: " + login)) {
                heads.add(head);
                client.getOutputStream()
                        .write(("HTTP/1.1 407 Log in\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n"
                                        + "Content-Length: 0\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                head = head(client.getInputStream());
            }
            if (head.isEmpty()) {
                return;
            }
            heads.add(head);
            String[] words = head.split(" ");
            boolean connect = "CONNECT".equals(words[0]);
            if (connect && refusal != null) {
                client.getOutputStream()
                        .write((refusal + "\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                return;
            }
            URI target = URI.create(connect ? "tunnel://" + words[1] : words[1]);
            try (Socket upstream = new Socket(target.getHost(), target.getPort())) {
                if (connect) {
                    client.getOutputStream()
                            .write("HTTP/1.1 200 Connected\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                } else {
                    upstream.getOutputStream()
                            .write(head.replace(words[1], target.getPath()).getBytes(StandardCharsets.ISO_8859_1));
                }
                start(() -> copy(client, upstream));
                upstream.getInputStream().transferTo(client.getOutputStream());
            }
        } catch (IOException e) {
            // one side went away
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.close();
        } catch (IOException e) {
            // one side went away
        }
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                return "";
            }
            head.write(b);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
