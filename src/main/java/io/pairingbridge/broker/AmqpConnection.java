package io.pairingbridge.broker;

import io.pairingbridge.access.BrokerAddress;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.core.remoting.impl.ssl.SSLSupport;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnknownDescribedType;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Released;
import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.amqp.messaging.Target;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.amqp.transport.ReceiverSettleMode;
import org.apache.qpid.proton.amqp.transport.SenderSettleMode;
import org.apache.qpid.proton.engine.Collector;
import org.apache.qpid.proton.engine.Connection;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Event;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sasl;
import org.apache.qpid.proton.engine.Session;
import org.apache.qpid.proton.engine.Transport;

/**
 * A connection to the broker by AMQP 1.0, over which it hands out messages as they were sent: byte by byte, converted
 * by nobody. For one thread, which takes one message at a time and keeps no more of it than it asks for, whatever its
 * size.
 */
final class AmqpConnection implements AutoCloseable {
    private static final int CONNECT_MILLIS = 10_000;
    /** How long the end of a connection waits for what it has just asked for. */
    private static final int ATTACH_MILLIS = 1_000;

    private static final int FRAME = 64 * 1024;
    /** Bytes that the broker may send ahead of what was read. */
    private static final int WINDOW = 4 * FRAME;

    private static final Symbol SELECTOR = Symbol.valueOf("apache.org:selector-filter:string");
    private static final UnsignedLong SELECTOR_CODE = UnsignedLong.valueOf(0x0000468C00000004L);

    /**
     * A message that was delivered, and is still the broker's.
     *
     * @param format the transfer's message format
     * @param head its encoded sections, or the beginning of them
     * @param size of all of them, in bytes
     */
    record Taken(Delivery delivery, int format, byte[] head, long size) {
        boolean whole() {
            return head.length == size;
        }

        String queue() {
            return ((Source) delivery.getLink().getSource()).getAddress();
        }
    }

    /** What has come of a message so far. */
    private static final class Incoming {
        private final byte[] head;
        private int kept;
        private long size;

        Incoming(int keep) {
            head = new byte[keep];
        }
    }

    private final int keep;
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final Transport transport = Proton.transport();
    private final Connection connection = Proton.connection();
    private final Collector collector = Proton.collector();
    private final Session session;
    private final Map<Delivery, Incoming> incoming = new HashMap<>();
    private final Queue<Taken> complete = new ArrayDeque<>();

    /**
     * @param address the first of its brokers that answers is taken
     * @param keep bytes of each message that are kept
     * @throws IOException if none of them can be reached, speaks AMQP and accepts the login
     */
    AmqpConnection(BrokerAddress address, int keep) throws IOException {
        this.keep = keep;
        this.socket = connect(address);
        try {
            in = socket.getInputStream();
            out = socket.getOutputStream();
            transport.setMaxFrameSize(FRAME);
            Sasl sasl = transport.sasl();
            sasl.client();
            sasl.plain(address.username(), address.password());
            connection.setContainer("pairing-bridge-" + java.util.UUID.randomUUID());
            connection.setHostname(socket.getInetAddress().getHostName());
            connection.collect(collector);
            transport.bind(connection);
            connection.open();
            session = connection.session();
            session.setIncomingCapacity(WINDOW);
            session.open();
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CONNECT_MILLIS);
            while (session.getRemoteState() != org.apache.qpid.proton.engine.EndpointState.ACTIVE) {
                if (System.nanoTime() > deadline) {
                    throw new IOException("the broker does not answer in AMQP 1.0");
                }
                pump(100);
            }
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e instanceof IOException io
                    ? io
                    : new IOException("the broker does not speak AMQP 1.0 here: " + e.getMessage(), e);
        }
    }

    private static Socket connect(BrokerAddress address) throws IOException {
        IOException last = null;
        for (TransportConfiguration broker : BrokerConnections.brokers(address)) {
            Map<String, Object> parameters = broker.getParams();
            String host = String.valueOf(
                    parameters.getOrDefault(TransportConstants.HOST_PROP_NAME, TransportConstants.DEFAULT_HOST));
            int port = Integer.parseInt(String.valueOf(parameters.get(TransportConstants.PORT_PROP_NAME)));
            Socket socket = new Socket();
            try {
                socket.setTcpNoDelay(true);
                socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
                if (!BrokerAddress.tls(broker)) {
                    return socket;
                }
                SSLSocket tls =
                        (SSLSocket) context(parameters).getSocketFactory().createSocket(socket, host, port, true);
                SSLParameters verified = tls.getSSLParameters();
                verified.setEndpointIdentificationAlgorithm("HTTPS");
                tls.setSSLParameters(verified);
                tls.setSoTimeout(CONNECT_MILLIS);
                tls.startHandshake();
                return tls;
            } catch (IOException e) {
                socket.close();
                last = e;
            }
        }
        throw last == null ? new IOException("no broker is configured") : last;
    }

    private static SSLContext context(Map<String, Object> parameters) throws IOException {
        try {
            return new SSLSupport()
                    .setTruststorePath(text(parameters, TransportConstants.TRUSTSTORE_PATH_PROP_NAME))
                    .setTruststorePassword(text(parameters, TransportConstants.TRUSTSTORE_PASSWORD_PROP_NAME))
                    .setKeystorePath(text(parameters, TransportConstants.KEYSTORE_PATH_PROP_NAME))
                    .setKeystorePassword(text(parameters, TransportConstants.KEYSTORE_PASSWORD_PROP_NAME))
                    .createContext();
        } catch (Exception e) {
            throw new IOException("TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    private static String text(Map<String, Object> parameters, String name) {
        Object value = parameters.get(name);
        return value == null ? null : value.toString();
    }

    /**
     * Asks for one message at a time of a queue, unsettled.
     *
     * @param selector which ones, or null for all
     */
    Receiver receive(String queue, String selector) {
        Source source = new Source();
        source.setAddress(queue);
        source.setCapabilities(Symbol.valueOf("queue"));
        if (selector != null) {
            source.setFilter(Map.of(SELECTOR, new UnknownDescribedType(SELECTOR_CODE, selector)));
        }
        Receiver receiver = session.receiver(queue + "-" + java.util.UUID.randomUUID());
        receiver.setSource(source);
        receiver.setTarget(new Target());
        receiver.setSenderSettleMode(SenderSettleMode.UNSETTLED);
        receiver.setReceiverSettleMode(ReceiverSettleMode.FIRST);
        receiver.open();
        receiver.flow(1);
        return receiver;
    }

    /** The next message that has come whole, of any receiver; null if none has come within this time. */
    Taken next(long millis) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (complete.isEmpty()) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0 && incoming.isEmpty()) {
                return null;
            }
            pump(Math.max(1, Math.min(left, 1_000)));
        }
        return complete.remove();
    }

    /** The message is done with; the next one may come. */
    void accept(Taken taken) throws IOException {
        taken.delivery.disposition(Accepted.getInstance());
        taken.delivery.settle();
        ((Receiver) taken.delivery.getLink()).flow(1);
        flush();
    }

    /** The message goes back to the head of its queue, and no other one comes. */
    void release(Taken taken) throws IOException {
        taken.delivery.disposition(Released.getInstance());
        taken.delivery.settle();
        flush();
    }

    /** Ends a receiver; what it was given meanwhile goes back. */
    void close(Receiver receiver) throws IOException {
        complete.removeIf(taken -> taken.delivery.getLink() == receiver);
        incoming.keySet().removeIf(delivery -> delivery.getLink() == receiver);
        receiver.close();
        flush();
    }

    private void flush() throws IOException {
        for (int pending = transport.pending(); pending > 0; pending = transport.pending()) {
            ByteBuffer head = transport.head();
            byte[] bytes = new byte[head.remaining()];
            head.get(bytes);
            out.write(bytes);
            transport.pop(bytes.length);
        }
        out.flush();
    }

    private void pump(long millis) throws IOException {
        flush();
        socket.setSoTimeout((int) millis);
        int read = 0;
        if (transport.capacity() > 0) {
            ByteBuffer tail = transport.tail();
            byte[] bytes = new byte[tail.remaining()];
            try {
                read = in.read(bytes);
            } catch (SocketTimeoutException e) {
                read = 0;
            }
            if (read > 0) {
                tail.put(bytes, 0, read);
                transport.process();
            }
        }
        transport.tick(TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
        for (Event event = collector.peek(); event != null; event = collector.peek()) {
            handle(event);
            collector.pop();
        }
        flush();
        if (read < 0 || transport.isClosed()) {
            throw new EOFException("the broker closed the AMQP connection");
        }
    }

    private void handle(Event event) throws IOException {
        switch (event.getType()) {
            case DELIVERY -> take(event.getDelivery());
            case LINK_REMOTE_CLOSE, LINK_REMOTE_DETACH -> {
                if (event.getLink().getLocalState() != org.apache.qpid.proton.engine.EndpointState.CLOSED) {
                    throw failed(
                            "the broker ended the receiver of "
                                    + ((Source) event.getLink().getSource()).getAddress(),
                            event.getLink().getRemoteCondition());
                }
            }
            case SESSION_REMOTE_CLOSE ->
                throw failed("the broker ended the session", event.getSession().getRemoteCondition());
            case CONNECTION_REMOTE_CLOSE ->
                throw failed(
                        "the broker ended the connection", event.getConnection().getRemoteCondition());
            case TRANSPORT_ERROR ->
                throw failed(
                        "the broker does not accept the AMQP connection",
                        event.getTransport().getCondition());
            default -> {}
        }
    }

    private static IOException failed(String what, ErrorCondition condition) {
        return new IOException(what
                + (condition == null || condition.getCondition() == null
                        ? ""
                        : ": " + condition.getCondition()
                                + (condition.getDescription() == null ? "" : " " + condition.getDescription())));
    }

    private void take(Delivery delivery) {
        if (!(delivery.getLink() instanceof Receiver receiver) || delivery.isSettled()) {
            return;
        }
        Incoming part = incoming.computeIfAbsent(delivery, d -> new Incoming(keep));
        byte[] bytes = new byte[Math.max(1, delivery.pending())];
        for (int read = receiver.recv(bytes, 0, bytes.length); read > 0; read = receiver.recv(bytes, 0, bytes.length)) {
            int kept = Math.min(read, part.head.length - part.kept);
            System.arraycopy(bytes, 0, part.head, part.kept, kept);
            part.kept += kept;
            part.size += read;
        }
        if (!delivery.isPartial()) {
            incoming.remove(delivery);
            receiver.advance();
            complete.add(new Taken(
                    delivery, delivery.getMessageFormat(), java.util.Arrays.copyOf(part.head, part.kept), part.size));
        }
    }

    /** Unsettled messages go back to their queues. */
    @Override
    public void close() throws IOException {
        try (socket) {
            // The broker logs an error with a stack trace of a connection that ends while it attaches a link.
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ATTACH_MILLIS);
            while (connection.linkHead(EnumSet.of(EndpointState.ACTIVE), EnumSet.of(EndpointState.UNINITIALIZED))
                            != null
                    && System.nanoTime() < until) {
                pump(ATTACH_MILLIS / 10);
            }
            connection.close();
            flush();
        }
    }
}
