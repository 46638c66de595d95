package io.pairingbridge.broker.plugin;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.activemq.artemis.api.core.ActiveMQBuffer;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ICoreMessage;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.message.LargeBodyReader;

/**
 * Judges Core messages; STOMP's come as such, too. What is dropped is taken off the message; the body is never
 * rewritten.
 */
final class CoreAdmission {
    private static final SimpleString CORRELATION_ID = SimpleString.of("JMSCorrelationID");
    /** A mark and a length before a text's characters, of two bytes each. */
    private static final int TEXT_HEAD = 5;

    private final AdmissionLimits limits;

    CoreAdmission(AdmissionLimits limits) {
        this.limits = limits;
    }

    void admit(ICoreMessage message, boolean batch) throws ActiveMQException {
        if (message.getType() != Message.TEXT_TYPE && message.getType() != Message.BYTES_TYPE) {
            throw new RefusedException(
                    "the message is neither a text nor bytes: send the document as a TextMessage or a BytesMessage");
        }
        if (message.getObjectProperty(Message.HDR_LARGE_COMPRESSED) != null) {
            throw new RefusedException("the message is compressed: send it without (compressLargeMessages=false)");
        }
        if (message.getPriority() < 0 || message.getPriority() > 9) {
            throw new RefusedException("the priority is " + message.getPriority() + ": send one of 0 to 9");
        }
        RoutingType routing = message.getRoutingType();
        if (routing != null && routing != RoutingType.ANYCAST) {
            throw new RefusedException(
                    "the message is for a topic, and this is a queue: send it with the routing type ANYCAST");
        }
        Object scheduled = message.getObjectProperty(Message.HDR_SCHEDULED_DELIVERY_TIME);
        if (scheduled != null
                && !(scheduled instanceof Number time && time.longValue() <= System.currentTimeMillis())) {
            throw new RefusedException(
                    "the message asks for a later delivery, which there is not: send it when it is due");
        }
        properties(message);
        if (message.isLargeMessage()) {
            // What the client said of it stands there until now.
            message.putLongProperty(Message.HDR_LARGE_BODY_SIZE, largeBody(message, batch));
        } else {
            body(message, batch);
        }
        if (!message.isDurable()) {
            if (message.isLargeMessage()) { // its file is already one that does not outlive the broker
                throw new RefusedException("the message is not persistent: send it as such (STOMP: persistent:true)");
            }
            message.setDurable(true);
        }
    }

    private void body(ICoreMessage message, boolean batch) throws RefusedException {
        ActiveMQBuffer body = message.getReadOnlyBodyBuffer();
        int size = body.readableBytes();
        if (message.getType() == Message.BYTES_TYPE) {
            refuseIfLarger(size, batch ? limits.batchBytes() : AdmissionLimits.REQUEST_BYTES, "bytes");
            return;
        }
        byte[] head = new byte[Math.min(size, TEXT_HEAD)];
        body.readBytes(head);
        int length = textLength(head, size);
        if (batch) {
            refuseIfLarger(length / 2, AdmissionLimits.TEXT_BATCH_CHARACTERS, "characters");
        } else if (length / 2 * 3 > AdmissionLimits.REQUEST_BYTES) { // three bytes a character at most
            refuseIfLarger(length / 2, AdmissionLimits.REQUEST_BYTES, "characters");
            byte[] text = new byte[length];
            body.readBytes(text);
            refuseIfLarger(utf8Length(text), AdmissionLimits.REQUEST_BYTES, "bytes");
        }
    }

    /** The body's size in bytes. */
    private long largeBody(ICoreMessage message, boolean batch) throws ActiveMQException {
        try (LargeBodyReader body = message.getLargeBodyReader()) {
            body.open();
            long size = body.getSize();
            if (message.getType() == Message.BYTES_TYPE) {
                refuseIfLarger(size, batch ? limits.batchBytes() : AdmissionLimits.REQUEST_BYTES, "bytes");
                return size;
            }
            refuseIfLarger(
                    (size - TEXT_HEAD) / 2,
                    batch ? AdmissionLimits.TEXT_BATCH_CHARACTERS : AdmissionLimits.REQUEST_BYTES,
                    "characters");
            int length = textLength(read(body, (int) Math.min(size, TEXT_HEAD)), size);
            if (!batch) {
                refuseIfLarger(utf8Length(read(body, length)), AdmissionLimits.REQUEST_BYTES, "bytes");
            }
            return size;
        }
    }

    private static byte[] read(LargeBodyReader body, int length) throws ActiveMQException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            // Not into what is left of it: the reader fills a buffer from its beginning.
            ByteBuffer part = ByteBuffer.allocate(bytes.remaining());
            int read = body.readInto(part);
            if (read <= 0) {
                throw new RefusedException("the message's body is shorter than it says: send it again");
            }
            bytes.put(part.array(), 0, read);
        }
        return bytes.array();
    }

    /**
     * Bytes of the characters of a text body, 0 for none: as the bridge's client will read it, which fails on anything
     * else.
     */
    private static int textLength(byte[] head, long size) throws RefusedException {
        if (size >= 1 && head[0] == 0) {
            return 0;
        }
        if (size >= TEXT_HEAD && head[0] == 1) {
            int length = ByteBuffer.wrap(head, 1, 4).getInt();
            if (length >= 0 && length % 2 == 0 && length <= size - TEXT_HEAD) {
                return length;
            }
        }
        throw new RefusedException(
                "the message says that it is a text and its body is none: send it as a TextMessage or as bytes");
    }

    /** Bytes of UTF-16 code units, as a Core message has them: the low byte first. */
    private static long utf8Length(byte[] text) {
        long length = 0;
        for (int i = 0; i < text.length; i += 2) {
            int unit = text[i] & 0xff | (text[i + 1] & 0xff) << 8;
            length += unit < 0x80 ? 1 : unit < 0x800 || Character.isSurrogate((char) unit) ? 2 : 3;
        }
        return length;
    }

    static void refuseIfLarger(long size, long most, String unit) throws RefusedException {
        if (size > most) {
            throw new RefusedException("the body is larger than " + most + " " + unit + ": "
                    + (most == AdmissionLimits.REQUEST_BYTES
                            ? "send one request in a message"
                            : "send the document in parts, each a batch of its own, or put it into the inbox"));
        }
    }

    private static void properties(ICoreMessage message) throws RefusedException {
        for (SimpleString name : List.copyOf(message.getPropertyNames())) {
            if (KeptProperties.NAMES.contains(name.toString())) {
                KeptProperties.text(name.toString(), message.getObjectProperty(name));
            } else if (name.equals(CORRELATION_ID) && message.getObjectProperty(name) instanceof CharSequence id) {
                KeptProperties.limited("the correlation id", id.toString());
            } else if (!name.equals(Message.HDR_ROUTING_TYPE)) {
                message.removeProperty(name);
            }
        }
    }
}
