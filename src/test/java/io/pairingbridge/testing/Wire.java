package io.pairingbridge.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The wire between a client and a server on this machine, as a proxy that can be cut, clogged and slowed down. */
public final class Wire implements AutoCloseable {
    /** What the wire does to bytes. */
    public enum Mode {
        /** Carries everything. */
        OPEN,
        /** Nobody listens: connections are refused, those that were there have been reset. */
        DOWN,
        /** Takes connections and bytes and carries neither on, until the mode changes. */
        BLACK_HOLE,
        /** Carries what the client says; of what the server says, its end included, nothing arrives. */
        HALF_OPEN,
        /** A few hundred bytes at a time, with a pause before each. */
        SLOW
    }

    private static final int SLOW_CHUNK = 400;
    private static final long SLOW_PAUSE_MILLIS = 15;

    private final int port;
    private final int target;
    private final Set<Line> lines = ConcurrentHashMap.newKeySet();
    private final AtomicLong untilCut = new AtomicLong(Long.MAX_VALUE);
    private Mode mode = Mode.OPEN;
    private ServerSocket server;
    private Thread accepting;

    /**
     * @param port where clients connect to
     * @param target the server's port
     */
    public Wire(int port, int target) throws IOException {
        this.port = port;
        this.target = target;
        listen();
    }

    public int port() {
        return port;
    }

    /** Changes what happens to bytes from now on, of old connections and new ones; {@code DOWN} resets the old ones. */
    public void mode(Mode next) throws IOException, InterruptedException {
        synchronized (this) {
            mode = next;
            notifyAll();
        }
        if (next == Mode.DOWN) {
            server.close();
            accepting.join(); // until then the port is not free
            reset();
        } else if (server.isClosed()) {
            listen();
        }
    }

    /** Ends every connection with a reset on both sides. */
    public void reset() {
        lines.forEach(Line::reset);
    }

    /** Resets whichever connection carries the byte of this number, counted from now over all that clients send. */
    public void cutAfter(long bytes) {
        untilCut.set(bytes);
    }

    private void listen() throws IOException {
        ServerSocket listening = new ServerSocket();
        listening.setReuseAddress(true);
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
        server = listening;
        accepting = start(() -> accept(listening), "wire-" + port);
    }

    private void accept(ServerSocket listening) {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                start(() -> connect(client), "wire-line");
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void connect(Socket client) {
        Line line = new Line(client);
        lines.add(line);
        try {
            awaitFlow(false);
            line.server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
            line.server.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            start(() -> line.carry(line.server, client, true), "wire-back");
            line.carry(client, line.server, false);
        } catch (IOException | InterruptedException e) {
            line.reset();
        }
    }

    /** Returns once bytes of this direction may go on. */
    private synchronized Mode awaitFlow(boolean back) throws InterruptedException {
        while (mode == Mode.BLACK_HOLE || mode == Mode.HALF_OPEN && back) {
            wait();
        }
        return mode;
    }

    private static Thread start(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        mode(Mode.DOWN);
    }

    private final class Line {
        private final Socket client;
        private final Socket server = new Socket();

        Line(Socket client) {
            this.client = client;
        }

        void carry(Socket from, Socket to, boolean back) {
            byte[] buffer = new byte[16 * 1024];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int n; (n = in.read(buffer)) >= 0; ) {
                    Mode how = awaitFlow(back);
                    if (!back && untilCut.get() != Long.MAX_VALUE) {
                        long left = untilCut.getAndAdd(-n);
                        if (left < n) {
                            untilCut.set(Long.MAX_VALUE);
                            out.write(buffer, 0, (int) Math.max(0, left));
                            reset();
                            return;
                        }
                    }
                    if (how == Mode.SLOW) {
                        dribble(out, buffer, n);
                    } else {
                        out.write(buffer, 0, n);
                    }
                }
                awaitFlow(back);
                end();
            } catch (IOException | InterruptedException e) {
                reset();
            }
        }

        private void dribble(OutputStream out, byte[] buffer, int length) throws IOException, InterruptedException {
            for (int at = 0; at < length; at += SLOW_CHUNK) {
                Thread.sleep(SLOW_PAUSE_MILLIS); // the slowness itself, not a wait for something
                out.write(buffer, at, Math.min(SLOW_CHUNK, length - at));
            }
        }

        /** One side has ended in order: so does the other. */
        void end() {
            lines.remove(this);
            close(client);
            close(server);
        }

        void reset() {
            lines.remove(this);
            for (Socket socket : new Socket[] {client, server}) {
                try {
                    socket.setSoLinger(true, 0);
                } catch (IOException e) {
                    // closed already
                }
                close(socket);
            }
        }

        private static void close(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                // closed already
            }
        }
    }
}
