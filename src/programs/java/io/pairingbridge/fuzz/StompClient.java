package io.pairingbridge.fuzz;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A STOMP client on a bare socket, which sends whatever bytes it is given. */
final class StompClient implements AutoCloseable {
    static final int PATIENCE = 1_000 * Integer.getInteger("fuzz.patience", 60);

    private final Socket socket;
    private final InputStream in;
    private boolean gone;

    StompClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Logs in with the version, {@code null} for a client of STOMP 1.0, which names none. */
    StompClient connect(String version, String user, String password) throws IOException {
        write(("CONNECT\n" + (version == null ? "" : "accept-version:" + version + "\nhost:localhost\n") + "login:"
                        + user + "\npasscode:" + password + "\n\n\0")
                .getBytes(StandardCharsets.UTF_8));
        String answer = read();
        if (answer == null || !answer.startsWith("CONNECTED")) {
            throw new IOException("not connected: " + answer);
        }
        return this;
    }

    boolean usable() {
        return !gone;
    }

    /** As much as the peer takes: it may end the connection before the end, and its word may be there to read. */
    void write(byte[]... parts) {
        try {
            for (byte[] part : parts) {
                socket.getOutputStream().write(part);
            }
            socket.getOutputStream().flush();
        } catch (IOException e) {
            gone = true;
        }
    }

    /** A frame that is not whole for the broker gets no answer: no use to wait long. */
    StompClient patience(int millis) throws IOException {
        socket.setSoTimeout(millis);
        return this;
    }

    /** The next frame, or null if the connection has ended. */
    String read() throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        try {
            for (int b; (b = in.read()) != 0; ) {
                if (b < 0) {
                    gone = true;
                    return frame.size() == 0 ? null : frame.toString(StandardCharsets.UTF_8);
                }
                if (frame.size() > 0 || b != '\n') {
                    frame.write(b);
                }
            }
        } catch (SocketTimeoutException e) {
            if (socket.getSoTimeout() == PATIENCE) {
                throw new IOException("the broker does not answer", e);
            }
            gone = true;
            return null;
        } catch (IOException e) {
            gone = true;
            return null;
        }
        return frame.toString(StandardCharsets.UTF_8);
    }

    /** Reads until the receipt of this name, an error or the end, and returns which of them. */
    Answer told(String receipt) throws IOException {
        while (true) {
            String frame = read();
            if (frame == null) {
                return Answer.nothing("cut");
            }
            if (frame.startsWith("ERROR")) {
                gone = true; // the broker closes after it
                return Answer.refused(frame.length() > 300 ? frame.substring(0, 300) : frame);
            }
            if (frame.startsWith("RECEIPT") && frame.contains("receipt-id:" + receipt)) {
                return Answer.accepted();
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
