package io.pairingbridge.broker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;

/** STOMP frames over a socket. */
final class RawStomp implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;

    /** Without a login. */
    RawStomp(int port) throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(30_000);
        in = new BufferedInputStream(socket.getInputStream());
    }

    RawStomp(int port, String user) throws IOException {
        this(port);
        write("CONNECT\naccept-version:1.2\nhost:broker\nlogin:" + user + "\npasscode:" + TestBroker.password(user)
                + "\n\n\0");
        String answer = read();
        if (!answer.startsWith("CONNECTED")) {
            throw new IOException(answer);
        }
    }

    /**
     * What the broker does not read, because it has closed the connection, is no failure: what it said is there to
     * read.
     */
    void write(String frames) {
        try {
            socket.getOutputStream().write(frames.getBytes(UTF_8));
        } catch (IOException e) {
            return;
        }
    }

    /** The next frame; what there is of it if the connection ends. */
    String read() throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        for (int next = in.read(); next > 0 || next == 0 && frame.size() == 0; next = in.read()) {
            frame.write(next);
        }
        return frame.toString(UTF_8).strip();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
