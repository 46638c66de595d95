package io.pairingbridge.testing;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.qpid.proton.Proton;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.amqp.messaging.Target;
import org.apache.qpid.proton.amqp.transport.DeliveryState;
import org.apache.qpid.proton.codec.AMQPDefinedTypes;
import org.apache.qpid.proton.codec.DecoderImpl;
import org.apache.qpid.proton.codec.EncoderImpl;
import org.apache.qpid.proton.engine.Connection;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;
import org.apache.qpid.proton.engine.Transport;

/** Sends by AMQP 1.0 what no well-behaved client would: any sections, and any bytes in their place. */
public final class AmqpSender implements AutoCloseable {
    private final Socket socket;
    private final Transport transport = Proton.transport();
    private final Connection connection = Proton.connection();
    private final Sender sender;
    private int sent;

    public AmqpSender(String brokerUrl, String user, String password, String queue) throws IOException {
        URI url = URI.create(brokerUrl);
        socket = new Socket(url.getHost(), url.getPort());
        transport.sasl().client();
        transport.sasl().plain(user, password);
        connection.setContainer("amqp-sender-" + System.nanoTime());
        transport.bind(connection);
        connection.open();
        Session session = connection.session();
        session.open();
        sender = session.sender("sender");
        Target target = new Target();
        target.setAddress(queue);
        target.setCapabilities(Symbol.valueOf("queue"));
        sender.setSource(new Source());
        sender.setTarget(target);
        sender.open();
        while (sender.getRemoteState() != EndpointState.ACTIVE || sender.getCredit() == 0) {
            pump();
        }
    }

    /** Encodes sections (or any values), one after the other. */
    public static byte[] encode(Object... sections) {
        DecoderImpl decoder = new DecoderImpl();
        EncoderImpl encoder = new EncoderImpl(decoder);
        AMQPDefinedTypes.registerAllTypes(decoder, encoder);
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        encoder.setByteBuffer(buffer);
        for (Object section : sections) {
            encoder.writeObject(section);
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    /** Waits for the broker's word. @return true if the broker accepted it */
    public boolean send(byte[] message) throws IOException {
        return send(message, new byte[0], 0);
    }

    /** As {@link #send(byte[])}, with a part that comes so many times after the head. */
    public boolean send(byte[] head, byte[] part, int times) throws IOException {
        while (sender.getCredit() == 0) {
            pump();
        }
        Delivery delivery = sender.delivery(Integer.toString(sent++).getBytes(StandardCharsets.US_ASCII));
        sender.send(head, 0, head.length);
        for (int i = 0; i < times; i++) {
            sender.send(part, 0, part.length);
            while (transport.pending() > 1 << 16 || sender.getSession().getOutgoingBytes() > 1 << 20) {
                pump();
            }
        }
        sender.advance();
        DeliveryState state = delivery.getRemoteState();
        while (state == null && !delivery.remotelySettled()) {
            pump();
            state = delivery.getRemoteState();
        }
        delivery.settle();
        return state instanceof Accepted;
    }

    private void pump() throws IOException {
        for (int pending = transport.pending(); pending > 0; pending = transport.pending()) {
            ByteBuffer head = transport.head();
            byte[] bytes = new byte[head.remaining()];
            head.get(bytes);
            socket.getOutputStream().write(bytes);
            transport.pop(bytes.length);
        }
        socket.setSoTimeout(5);
        ByteBuffer tail = transport.tail();
        byte[] bytes = new byte[tail.remaining()];
        try {
            int read = socket.getInputStream().read(bytes);
            if (read < 0) {
                throw new IOException("the broker closed the connection: " + transport.getCondition()
                        + connection.getRemoteCondition());
            }
            tail.put(bytes, 0, read);
            transport.process();
        } catch (SocketTimeoutException e) {
            transport.tick(System.nanoTime() / 1_000_000);
        }
        if (sender != null && sender.getRemoteState() == EndpointState.CLOSED) {
            throw new IOException("the broker closed the link: " + sender.getRemoteCondition());
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
