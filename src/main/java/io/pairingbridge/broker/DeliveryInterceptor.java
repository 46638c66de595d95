package io.pairingbridge.broker;

import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.apache.activemq.artemis.api.core.ActiveMQBuffer;
import org.apache.activemq.artemis.api.core.ActiveMQBuffers;
import org.apache.activemq.artemis.api.core.ICoreMessage;
import org.apache.activemq.artemis.api.core.Interceptor;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.client.impl.ClientConsumerImpl;
import org.apache.activemq.artemis.core.protocol.core.Packet;
import org.apache.activemq.artemis.core.protocol.core.impl.PacketImpl;
import org.apache.activemq.artemis.core.protocol.core.impl.wireformat.SessionReceiveLargeMessage;
import org.apache.activemq.artemis.core.protocol.core.impl.wireformat.SessionReceiveMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;

/**
 * Sees each delivery before the JMS client does. That one reads a body before any listener sees the message: it loads
 * one of any size, and throws for one that it cannot decode, so that the broker delivers it again for ever and nobody
 * ever learns its name.
 *
 * <p>Afterwards each message is one that JMS can hand over without reading more than {@link #LARGEST} bytes. What
 * cannot be read arrives as a BytesMessage that {@link #unread} knows; its body must not be asked for. The broker's
 * word that it has removed a consumer is passed on: that is how it answers to a message that it cannot convert.
 */
public final class DeliveryInterceptor implements Interceptor {
    /** Bytes of a body as the broker holds it: 64 KiB of ASCII, two bytes a character, and five that frame a text. */
    public static final long LARGEST = 2 * 64 * 1024 + 5;
    /** A document that was sent compressed and small may become so large. */
    private static final int LARGEST_INFLATED_DOCUMENT = 8 << 20;

    private static final SimpleString REASON = SimpleString.of("PairingUnreadReason");
    private static final SimpleString DETAIL = SimpleString.of("PairingUnreadDetail");
    /** On a BytesMessage whose bytes are those of a text. */
    private static final SimpleString TEXT = SimpleString.of("PairingUnreadText");

    /** On a message of the usual priority. */
    private static final SimpleString USUAL = SimpleString.of("PairingUsualPriority");

    /** Never a sender's. */
    private static final Set<SimpleString> OWN = Set.of(REASON, DETAIL, TEXT, USUAL);

    private static final SimpleString JMS = SimpleString.of("JMS");
    private static final SimpleString BROKER = SimpleString.of("_AMQ_");

    private static final SimpleString LARGE_SIZE = org.apache.activemq.artemis.api.core.Message.HDR_LARGE_BODY_SIZE;
    private static final SimpleString COMPRESSED = org.apache.activemq.artemis.api.core.Message.HDR_LARGE_COMPRESSED;
    /**
     * Of those that begin like the broker's or JMS's own, the ones that somebody here reads, and looks at their type.
     */
    private static final Set<SimpleString> READ = Set.of(
            LARGE_SIZE,
            COMPRESSED,
            ClientConsumerImpl.FORCED_DELIVERY_MESSAGE,
            SimpleString.of("JMSCorrelationID"),
            SimpleString.of("JMS_AMQP_ORIGINAL_ENCODING"),
            SimpleString.of("_AMQ_INGRESS_TIMESTAMP"),
            SimpleString.of("_AMQ_ORIG_MESSAGE_ID"),
            SimpleString.of("_AMQ_ROUTING_TYPE"));

    private static final byte DEFAULT_TYPE = org.apache.activemq.artemis.api.core.Message.DEFAULT_TYPE;
    private static final byte TEXT_TYPE = org.apache.activemq.artemis.api.core.Message.TEXT_TYPE;
    private static final byte BYTES_TYPE = org.apache.activemq.artemis.api.core.Message.BYTES_TYPE;

    /** Why a body was not read: a code for programs and a sentence for a person. */
    public record Unread(String reason, String detail) {}

    private final Runnable consumerRemoved;

    /** @param consumerRemoved told, by a thread that must not wait, when the broker has removed a consumer */
    public DeliveryInterceptor(Runnable consumerRemoved) {
        this.consumerRemoved = consumerRemoved;
    }

    /** Why the message's body was not read, or null if it can be. */
    public static Unread unread(Message message) {
        ICoreMessage core = ((ActiveMQMessage) message).getCoreMessage();
        Object reason = core.getObjectProperty(REASON);
        return reason == null ? null : new Unread(reason.toString(), String.valueOf(core.getObjectProperty(DETAIL)));
    }

    /** Whether this BytesMessage was sent as a text, which {@link #text} reads. */
    public static boolean isText(Message message) {
        return message instanceof BytesMessage
                && ((ActiveMQMessage) message).getCoreMessage().containsProperty(TEXT);
    }

    /** The message's priority, 0 to 9, as its sender said. */
    public static int priority(Message message) throws JMSException {
        return ((ActiveMQMessage) message).getCoreMessage().containsProperty(USUAL)
                ? Message.DEFAULT_PRIORITY
                : message.getJMSPriority();
    }

    /**
     * Reads a message that {@link #isText}.
     *
     * @return the text, or null if the body is no text
     */
    public static String text(BytesMessage message) throws JMSException {
        byte[] body = new byte[(int) message.getBodyLength()];
        int read = 0;
        for (int more = 0; read < body.length && more >= 0; read += Math.max(more, 0)) {
            byte[] part = new byte[body.length - read];
            more = message.readBytes(part);
            if (more > 0) {
                System.arraycopy(part, 0, body, read, more);
            }
        }
        ActiveMQBuffer buffer = ActiveMQBuffers.wrappedBuffer(body);
        if (!isText(buffer)) {
            return null;
        }
        SimpleString text = buffer.readNullableSimpleString();
        return text == null ? "" : text.toString();
    }

    /**
     * Reads a message that {@link #isText} piece by piece, as far as it is one.
     *
     * @param body the message's bytes
     * @return the text; a character that is none as U+FFFD
     */
    public static Reader reader(InputStream body) throws IOException {
        byte[] frame = new byte[5]; // whether there is a text, and its length
        boolean none = body.readNBytes(frame, 0, frame.length) < frame.length || frame[0] == 0;
        return none ? Reader.nullReader() : new InputStreamReader(body, StandardCharsets.UTF_16LE);
    }

    @Override
    public boolean intercept(Packet packet, RemotingConnection connection) {
        if (packet instanceof SessionReceiveLargeMessage large) {
            large((ICoreMessage) large.getLargeMessage(), large.getLargeMessageSize());
        } else if (packet instanceof SessionReceiveMessage regular) {
            regular(regular.getMessage());
        } else if (packet.getType() == PacketImpl.DISCONNECT_CONSUMER) {
            consumerRemoved.run();
        }
        return true;
    }

    /** Its body has not come yet, and comes only if somebody reads it. */
    private static void large(ICoreMessage message, long size) {
        boolean document = prepare(message);
        boolean compressed = Boolean.TRUE.equals(message.getObjectProperty(COMPRESSED));
        boolean text = message.getType() == TEXT_TYPE;
        if (!text && message.getType() != BYTES_TYPE) {
            unread(
                    message,
                    "MESSAGE_TYPE",
                    "the message is neither a TextMessage nor a BytesMessage; send the JSON as one of them");
        } else if (!document && (compressed || size > LARGEST)) {
            // A character of a text is held as two bytes and is one or more in UTF-8.
            unread(
                    message,
                    "TOO_LONG",
                    "the body has " + (text && !compressed ? (size - 5) / 2 + " or more" : size) + " bytes"
                            + (compressed ? ", compressed" : "") + ", more than the 65536 allowed");
        } else if (text) {
            message.putBooleanProperty(TEXT, true);
        }
        message.setType(BYTES_TYPE); // the one type whose body JMS leaves where it is
        if (!compressed || !(message.getObjectProperty(LARGE_SIZE) instanceof Long)) {
            message.putLongProperty(LARGE_SIZE, size);
        }
    }

    private static void regular(ICoreMessage message) {
        boolean document = prepare(message);
        if (message.containsProperty(COMPRESSED)) {
            boolean compressed = Boolean.TRUE.equals(message.getObjectProperty(COMPRESSED));
            message.removeProperty(
                    COMPRESSED); // or the client makes a stream of it, of a size that the sender has chosen
            if (compressed && !inflate(message, document ? LARGEST_INFLATED_DOCUMENT : (int) LARGEST)) {
                return;
            }
        }
        switch (message.getType()) {
            case BYTES_TYPE -> {}
            case TEXT_TYPE -> {
                if (!isText(message.getReadOnlyBodyBuffer())) {
                    unread(message, "UNDECODABLE", "the body of the TextMessage is no text");
                    message.setType(BYTES_TYPE);
                }
            }
            default ->
                message.setType(DEFAULT_TYPE); // nobody wants the content of the others, and decoding it may fail
        }
    }

    /** @return whether it is for the queue of batch documents, whose size is not limited */
    private static boolean prepare(ICoreMessage message) {
        for (SimpleString name : List.copyOf(message.getPropertyNames())) {
            if (OWN.contains(name) || actsOnTheClient(name)) {
                message.removeProperty(name);
            }
        }
        if (message.getPriority() == Message.DEFAULT_PRIORITY
                && !message.containsProperty(ClientConsumerImpl.FORCED_DELIVERY_MESSAGE)) {
            // The client acknowledges messages of one priority all at once, up to the one that it names. A consumer
            // that the broker is about to remove may get one more message after the one that cannot be converted;
            // acknowledged together, that one would be gone unseen.
            message.setPriority((byte) (Message.DEFAULT_PRIORITY + 1));
            message.putBooleanProperty(USUAL, true);
        }
        return BrokerQueue.BATCHES.address().equals(message.getAddress());
    }

    /**
     * What the client or a component would read as a header of its own, whatever a sender wrote there, and fail on
     * another type.
     */
    private static boolean actsOnTheClient(SimpleString name) {
        return !READ.contains(name) && (name.startsWith(JMS) || name.startsWith(BROKER));
    }

    private static void unread(ICoreMessage message, String reason, String detail) {
        message.putStringProperty(REASON, SimpleString.of(reason));
        message.putStringProperty(DETAIL, SimpleString.of(detail));
    }

    /** Whether a nullable string can be read here: a flag, the number of bytes, and as many bytes. */
    private static boolean isText(ActiveMQBuffer body) {
        if (body.readableBytes() == 0) {
            return false;
        }
        if (body.getByte(body.readerIndex()) == 0) {
            return true;
        }
        if (body.readableBytes() < 5) {
            return false;
        }
        int length = body.getInt(body.readerIndex() + 1);
        return length >= 0 && length % 2 == 0 && length <= body.readableBytes() - 5;
    }

    private static boolean inflate(ICoreMessage message, int limit) {
        ActiveMQBuffer body = message.getReadOnlyBodyBuffer();
        byte[] compressed = new byte[body.readableBytes()];
        body.readBytes(compressed);
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(compressed);
            byte[] inflated = new byte[Math.min(limit, 16 * compressed.length) + 1];
            int length = 0;
            while (!inflater.finished()) {
                if (length == inflated.length) {
                    if (length > limit) {
                        unread(
                                message,
                                "TOO_LONG",
                                "the body was sent compressed and takes more than " + limit + " bytes");
                        message.setType(BYTES_TYPE);
                        return false;
                    }
                    inflated = java.util.Arrays.copyOf(inflated, Math.min(2 * length, limit + 1));
                }
                int more = inflater.inflate(inflated, length, inflated.length - length);
                if (more == 0 && !inflater.finished()) {
                    throw new DataFormatException("cut short");
                }
                length += more;
            }
            ActiveMQBuffer into = message.getBodyBuffer();
            into.clear();
            into.writeBytes(inflated, 0, length);
            return true;
        } catch (DataFormatException e) {
            unread(message, "UNDECODABLE", "the body is marked as compressed and is not");
            message.setType(BYTES_TYPE);
            return false;
        } finally {
            inflater.end();
        }
    }
}
