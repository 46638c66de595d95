package io.pairingbridge.fuzz;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.amqp.messaging.Target;
import org.apache.qpid.proton.amqp.transaction.Coordinator;
import org.apache.qpid.proton.amqp.transaction.Declare;
import org.apache.qpid.proton.amqp.transaction.Declared;
import org.apache.qpid.proton.amqp.transaction.Discharge;
import org.apache.qpid.proton.amqp.transaction.TransactionalState;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.amqp.transport.SenderSettleMode;
import org.apache.qpid.proton.engine.Connection;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.apache.qpid.proton.engine.Transport;
import org.apache.qpid.proton.engine.TransportException;

/** An AMQP 1.0 sender on a bare socket, which sends whatever bytes it is given as a message. One thread at a time. */
final class AmqpClient implements AutoCloseable {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(Integer.getInteger("fuzz.patience", 60));

    /** How a message is to be sent. */
    static final class Sending {
        String target = "pairing.requests";
        boolean anonymous;
        boolean settled;
        Symbol capability;
        int format;
        /** Asks for Artemis' own way to carry Core messages. */
        boolean tunnel;
        /** null: no transaction; else whether it is committed. */
        Boolean commit;

        boolean aborted;
        /** Whether the broker may leave it without an answer, which nobody can take for an acceptance. */
        boolean mayBeUnanswered;
        /** So many bytes more, {@code x}, after {@code head} and before {@code tail}. */
        long filler;

        byte[] head = {};
        byte[] tail = {};
    }

    private final Socket socket;
    private final Connection connection = Proton.connection();
    private final Transport transport = Proton.transport();
    private final Session session;
    private final byte[] buffer = new byte[32 * 1024];
    private boolean gone;
    private int number;

    AmqpClient(int port, String user, String password) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        transport.setEmitFlowEventOnSend(false);
        transport.sasl().client();
        transport.sasl().plain(user, password);
        transport.bind(connection);
        connection.setContainer("fuzz-" + System.identityHashCode(this));
        connection.setHostname("localhost");
        connection.open();
        session = connection.session();
        session.setOutgoingWindow(Integer.MAX_VALUE);
        session.open();
        pump(() -> session.getRemoteState() == EndpointState.ACTIVE);
        if (session.getRemoteState() != EndpointState.ACTIVE) {
            throw new IOException(
                    "no AMQP session: " + connection.getRemoteCondition() + " " + transport.getCondition());
        }
    }

    boolean usable() {
        return !gone
                && connection.getRemoteState() == EndpointState.ACTIVE
                && session.getRemoteState() == EndpointState.ACTIVE;
    }

    /** Sends a message and returns what its sender is told. */
    Answer send(Sending how) throws IOException {
        Sender sender = session.sender("s" + number++);
        Target target = new Target();
        target.setAddress(how.anonymous ? null : how.target);
        if (how.capability != null) {
            target.setCapabilities(how.capability);
        }
        sender.setTarget(target);
        sender.setSource(new Source());
        if (how.tunnel) {
            sender.setDesiredCapabilities(new Symbol[] {Symbol.valueOf("AMQ_CORE_MESSAGE_TUNNELING")});
        }
        sender.setSenderSettleMode(how.settled ? SenderSettleMode.SETTLED : SenderSettleMode.UNSETTLED);
        sender.open();
        pump(() -> sender.getCredit() > 0 || closed(sender));
        if (closed(sender)) {
            return refused(sender);
        }
        Sender coordinator = null;
        Binary transaction = null;
        if (how.commit != null) {
            coordinator = session.sender("c" + number++);
            coordinator.setTarget(new Coordinator());
            coordinator.setSource(new Source());
            coordinator.open();
            DeliveryState declared = command(coordinator, new Declare());
            if (!(declared instanceof Declared begun)) {
                return new Answer(Answer.Told.REFUSED, "no transaction: " + declared);
            }
            transaction = begun.getTxnId();
        }
        Delivery delivery = sender.delivery(tag());
        delivery.setMessageFormat(how.format);
        if (transaction != null) {
            TransactionalState state = new TransactionalState();
            state.setTxnId(transaction);
            delivery.disposition(state);
        }
        write(sender, how);
        if (how.aborted) {
            pump(() -> false, TimeUnit.MILLISECONDS.toNanos(1)); // some of it is on its way
            sender.abort();
            flush();
            gone = true;
            return Answer.refused("aborted");
        }
        if (how.settled) {
            delivery.settle();
        }
        sender.advance();
        if (how.settled) {
            sender.close();
            pump(() -> closed(sender));
            Answer answer = sender.getRemoteCondition() == null
                            || sender.getRemoteCondition().getCondition() == null
                    ? gone ? refused(sender) : new Answer(Answer.Told.ACCEPTED, "settled")
                    : refused(sender);
            sender.free();
            return answer;
        }
        boolean answered = pump(
                () -> delivery.getRemoteState() != null || delivery.remotelySettled() || closed(sender),
                how.mayBeUnanswered ? TimeUnit.SECONDS.toNanos(10) : PATIENCE);
        if (!answered && how.mayBeUnanswered) {
            gone = true;
            return Answer.nothing("no answer");
        }
        Answer answer = told(delivery, sender);
        delivery.settle();
        if (how.commit != null && usable()) {
            Discharge discharge = new Discharge();
            discharge.setTxnId(transaction);
            discharge.setFail(!how.commit);
            DeliveryState discharged = command(coordinator, discharge);
            if (!(discharged instanceof Accepted)) {
                answer = new Answer(Answer.Told.REFUSED, "commit: " + discharged);
            } else if (!how.commit) {
                answer = new Answer(Answer.Told.REFUSED, "rolled back");
            }
            coordinator.close();
        }
        if (usable()) {
            sender.close();
            pump(() -> closed(sender));
        }
        return answer;
    }

    private void write(Sender sender, Sending how) throws IOException {
        if (how.head.length > 0) {
            sender.send(how.head, 0, how.head.length);
        }
        byte[] chunk = new byte[64 * 1024];
        java.util.Arrays.fill(chunk, (byte) 'x');
        for (long left = how.filler; left > 0 && !closed(sender); left -= chunk.length) {
            sender.send(chunk, 0, (int) Math.min(left, chunk.length));
            pump(() -> transport.pending() <= 0 && sender.getQueued() <= 1 || closed(sender), 1);
        }
        if (how.tail.length > 0) {
            sender.send(how.tail, 0, how.tail.length);
        }
    }

    private static Answer told(Delivery delivery, Sender sender) {
        DeliveryState state = delivery.getRemoteState();
        if (state instanceof TransactionalState transactional) {
            state = (DeliveryState) transactional.getOutcome();
        }
        if (state instanceof Accepted) {
            return new Answer(Answer.Told.ACCEPTED, "accepted");
        }
        if (state instanceof Rejected rejected) {
            return new Answer(Answer.Told.REFUSED, "rejected: " + rejected.getError());
        }
        if (state != null) {
            return new Answer(Answer.Told.REFUSED, state.toString());
        }
        return new Answer(closedWithReason(sender) ? Answer.Told.REFUSED : Answer.Told.NOTHING, reason(sender));
    }

    private Answer refused(Sender sender) {
        return new Answer(closedWithReason(sender) ? Answer.Told.REFUSED : Answer.Told.NOTHING, reason(sender));
    }

    private static boolean closedWithReason(Sender sender) {
        return !reason(sender).equals("cut");
    }

    private static String reason(Sender sender) {
        if (sender.getRemoteCondition() != null && sender.getRemoteCondition().getCondition() != null) {
            return "link: " + sender.getRemoteCondition();
        }
        if (sender.getSession().getRemoteCondition() != null
                && sender.getSession().getRemoteCondition().getCondition() != null) {
            return "session: " + sender.getSession().getRemoteCondition();
        }
        Connection connection = sender.getSession().getConnection();
        if (connection.getRemoteCondition() != null
                && connection.getRemoteCondition().getCondition() != null) {
            return "connection: " + connection.getRemoteCondition();
        }
        return "cut";
    }

    private DeliveryState command(Sender coordinator, Object command) throws IOException {
        pump(() -> coordinator.getCredit() > 0 || closed(coordinator));
        if (closed(coordinator)) {
            return null;
        }
        org.apache.qpid.proton.message.Message message = Proton.message();
        message.setBody(new AmqpValue(command));
        byte[] bytes = new byte[256];
        int length = message.encode(bytes, 0, bytes.length);
        Delivery delivery = coordinator.delivery(tag());
        coordinator.send(bytes, 0, length);
        coordinator.advance();
        pump(() -> delivery.getRemoteState() != null || closed(coordinator));
        DeliveryState state = delivery.getRemoteState();
        delivery.settle();
        return state;
    }

    private byte[] tag() {
        return ByteBuffer.allocate(4).putInt(number++).array();
    }

    private boolean closed(Sender sender) {
        return gone
                || sender.getRemoteState() == EndpointState.CLOSED
                || session.getRemoteState() == EndpointState.CLOSED
                || connection.getRemoteState() == EndpointState.CLOSED;
    }

    private void pump(BooleanSupplier until) throws IOException {
        pump(until, PATIENCE);
    }

    /** Writes and reads until the condition holds, the connection is gone, or the time is over; whether it was not. */
    private boolean pump(BooleanSupplier until, long nanos) throws IOException {
        long end = System.nanoTime() + nanos;
        do {
            flush();
            if (until.getAsBoolean() || gone) {
                return true;
            }
            read();
        } while (System.nanoTime() < end);
        flush();
        if (nanos == PATIENCE && !until.getAsBoolean()) {
            throw new IOException("the broker does not answer");
        }
        return until.getAsBoolean();
    }

    private void flush() {
        try {
            for (int pending = transport.pending(); pending > 0; pending = transport.pending()) {
                ByteBuffer head = transport.head();
                byte[] bytes = new byte[Math.min(pending, head.remaining())];
                head.get(bytes);
                socket.getOutputStream().write(bytes);
                transport.pop(bytes.length);
            }
        } catch (IOException e) {
            // What the peer said before it closed may still be there to read.
            readRest();
            gone = true;
        }
    }

    private void readRest() {
        try {
            while (!gone) {
                read();
            }
        } catch (IOException e) {
            gone = true;
        }
    }

    private void read() throws IOException {
        try {
            socket.setSoTimeout(100);
            int read = socket.getInputStream().read(buffer);
            if (read < 0) {
                gone = true;
                return;
            }
            for (int done = 0; done < read; ) {
                int part = Math.min(transport.capacity(), read - done);
                if (part <= 0) {
                    gone = true;
                    return;
                }
                transport.tail().put(buffer, done, part);
                transport.process();
                done += part;
            }
        } catch (SocketTimeoutException e) {
            return;
        } catch (TransportException e) {
            gone = true;
        } catch (java.net.SocketException e) {
            gone = true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
