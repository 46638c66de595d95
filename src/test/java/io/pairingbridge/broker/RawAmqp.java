package io.pairingbridge.broker;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
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
import org.apache.qpid.proton.engine.Connection;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.apache.qpid.proton.engine.Transport;
import org.apache.qpid.proton.message.Message;

/** An AMQP sender on a socket that sends any bytes as a message and tells what was answered. */
final class RawAmqp implements AutoCloseable {
    private final Socket socket;
    private final Connection connection = Proton.connection();
    private final Transport transport = Proton.transport();
    private final Session session = connection.session();
    private boolean ended;
    private int tags;

    RawAmqp(int port, String user) throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(30_000);
        transport.sasl().client();
        transport.sasl().plain(user, TestBroker.password(user));
        transport.bind(connection);
        connection.setContainer("raw");
        connection.setHostname("broker");
        connection.open();
        session.open();
        until(() -> session.getRemoteState() == EndpointState.ACTIVE);
    }

    /** Null if the message was accepted, else the reason: of the delivery, the link or the connection. */
    String send(String address, byte[] message) throws IOException {
        return send(address, null, 0, message);
    }

    String send(String address, String capability, int format, byte[] message) throws IOException {
        Sender sender = link(address, capability);
        until(() -> sender.getCredit() > 0 || closed(sender));
        if (closed(sender)) {
            return reason(sender, null);
        }
        Delivery delivery = sender.delivery(tag());
        delivery.setMessageFormat(format);
        write(sender, message);
        until(() -> delivery.getRemoteState() != null || closed(sender));
        String reason = reason(sender, delivery.getRemoteState());
        delivery.settle();
        return reason;
    }

    /** As {@link #send(String, byte[])}, in a transaction that is then committed: what either said. */
    String sendAndCommit(String address, byte[] message) throws IOException {
        Sender coordinator = session.sender("tx-" + tags++);
        coordinator.setSource(new Source());
        coordinator.setTarget(new Coordinator());
        coordinator.open();
        Binary transaction = ((Declared) ask(coordinator, new Declare())).getTxnId();
        Sender sender = link(address, null);
        until(() -> sender.getCredit() > 0);
        Delivery delivery = sender.delivery(tag());
        TransactionalState state = new TransactionalState();
        state.setTxnId(transaction);
        delivery.disposition(state);
        write(sender, message);
        until(() -> delivery.getRemoteState() != null || closed(sender));
        String reason = reason(sender, delivery.getRemoteState());
        Discharge commit = new Discharge();
        commit.setTxnId(transaction);
        commit.setFail(false);
        DeliveryState committed = ask(coordinator, commit);
        return reason + " / "
                + (committed instanceof Rejected rejected ? "rejected " + rejected.getError() : committed);
    }

    /** Sends it settled, so that nothing is answered; returns once the broker has handled it. */
    void sendSettled(String address, byte[] message) throws IOException {
        Sender sender = link(address, null);
        sender.setSenderSettleMode(org.apache.qpid.proton.amqp.transport.SenderSettleMode.SETTLED);
        until(() -> sender.getCredit() > 0);
        Delivery delivery = sender.delivery(tag());
        write(sender, message);
        delivery.settle();
        until(() -> transport.pending() <= 0);
    }

    private Sender link(String address, String capability) {
        Sender sender = session.sender("link-" + tags++);
        Target target = new Target();
        target.setAddress(address);
        if (capability != null) {
            target.setCapabilities(Symbol.valueOf(capability));
        }
        sender.setTarget(target);
        Source source = new Source();
        source.setOutcomes(Accepted.DESCRIPTOR_SYMBOL, Rejected.DESCRIPTOR_SYMBOL);
        sender.setSource(source);
        sender.setDesiredCapabilities(new Symbol[] {Symbol.valueOf("AMQ_CORE_MESSAGE_TUNNELING")});
        sender.open();
        return sender;
    }

    private void write(Sender sender, byte[] message) throws IOException {
        for (int at = 0; at < message.length && !closed(sender); at += 60_000) {
            sender.send(message, at, Math.min(60_000, message.length - at));
            flush();
        }
        sender.advance();
        flush();
    }

    private DeliveryState ask(Sender coordinator, Object command) throws IOException {
        until(() -> coordinator.getCredit() > 0);
        Message message = Proton.message();
        message.setBody(new AmqpValue(command));
        byte[] bytes = new byte[256];
        int length = message.encode(bytes, 0, bytes.length);
        Delivery delivery = coordinator.delivery(tag());
        coordinator.send(bytes, 0, length);
        coordinator.advance();
        until(() -> delivery.getRemoteState() != null);
        return delivery.getRemoteState();
    }

    private String reason(Sender sender, DeliveryState state) {
        DeliveryState outcome =
                state instanceof TransactionalState inTransaction ? (DeliveryState) inTransaction.getOutcome() : state;
        if (outcome instanceof Accepted) {
            return null;
        }
        if (outcome instanceof Rejected rejected) {
            return "rejected " + rejected.getError().getDescription();
        }
        return "closed " + sender.getRemoteCondition() + " " + connection.getRemoteCondition() + " " + outcome;
    }

    private boolean closed(Sender sender) {
        return ended
                || sender.getRemoteState() == EndpointState.CLOSED
                || connection.getRemoteState() == EndpointState.CLOSED;
    }

    private byte[] tag() {
        return ByteBuffer.allocate(4).putInt(tags++).array();
    }

    private void until(BooleanSupplier condition) throws IOException {
        flush();
        byte[] buffer = new byte[16_384];
        InputStream in = socket.getInputStream();
        while (!condition.getAsBoolean() && !ended) {
            int read = in.read(buffer);
            if (read < 0) {
                ended = true;
                return;
            }
            for (int at = 0; at < read; ) {
                int part = Math.min(read - at, transport.capacity());
                if (part <= 0) {
                    ended = true;
                    return;
                }
                transport.tail().put(buffer, at, part);
                transport.process();
                at += part;
            }
            flush();
        }
    }

    private void flush() {
        try {
            while (transport.pending() > 0) {
                ByteBuffer head = transport.head();
                byte[] bytes = new byte[head.remaining()];
                head.get(bytes);
                socket.getOutputStream().write(bytes);
                transport.pop(bytes.length);
            }
        } catch (IOException e) {
            ended = true; // what the broker said before it closed is read by whoever waits for it
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
