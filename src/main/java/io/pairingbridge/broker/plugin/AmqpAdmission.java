package io.pairingbridge.broker.plugin;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.activemq.artemis.api.core.ActiveMQBuffer;
import org.apache.activemq.artemis.api.core.ActiveMQBuffers;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.ICoreMessage;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.core.message.LargeBodyReader;
import org.apache.activemq.artemis.protocol.amqp.broker.AMQPLargeMessage;
import org.apache.activemq.artemis.protocol.amqp.broker.AMQPMessage;
import org.apache.activemq.artemis.protocol.amqp.broker.AMQPStandardMessage;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnsignedByte;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.amqp.messaging.Header;
import org.apache.qpid.proton.amqp.messaging.MessageAnnotations;
import org.apache.qpid.proton.amqp.messaging.Properties;
import org.apache.qpid.proton.amqp.messaging.Section;
import org.apache.qpid.proton.codec.ReadableBuffer;

/**
 * Judges AMQP messages. One that is held in memory is read section by section and written anew, from what the contract
 * describes alone, so that the broker stores no encoding but its own. A large one lies in a file and cannot be
 * rewritten: it must be right as it is, and is converted once as it will be for the bridge.
 */
final class AmqpAdmission {
    private static final Symbol DELIVERY_TIME = Symbol.valueOf("x-opt-delivery-time");
    private static final Symbol DELIVERY_DELAY = Symbol.valueOf("x-opt-delivery-delay");
    private static final Symbol DESTINATION_TYPE = Symbol.valueOf("x-opt-jms-dest");
    private static final byte QUEUE = 0;

    private final AdmissionLimits limits;

    AmqpAdmission(AdmissionLimits limits) {
        this.limits = limits;
    }

    void admit(AMQPMessage message, boolean batch) throws ActiveMQException {
        if (message instanceof AMQPStandardMessage standard) {
            rewrite(standard, batch);
        } else if (message instanceof AMQPLargeMessage file) {
            large(file, batch);
        } else {
            throw new RefusedException("the message is of a kind of AMQP message that is not judged here");
        }
    }

    private void rewrite(AMQPStandardMessage message, boolean batch) throws RefusedException {
        refuseDelay(message.getMessageAnnotations());
        ReadableBuffer encoded = message.getSendBuffer(1, null);
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        Section body = body(bytes, batch ? limits.amqpMessageBytes() : AdmissionLimits.REQUEST_BYTES);

        Header header = new Header();
        header.setDurable(true);
        header.setPriority(UnsignedByte.valueOf(message.getPriority())); // 0 to 9 here, whatever came
        AMQPStandardMessage clean = AMQPStandardMessage.createMessage(
                0,
                0,
                null,
                header,
                properties(message),
                null,
                new HashMap<>(Map.of(DESTINATION_TYPE, QUEUE)),
                applicationProperties(message),
                null,
                body);
        ActiveMQBuffer stored = ActiveMQBuffers.fixedBuffer(clean.getPersistSize());
        clean.persist(stored);
        message.reloadPersistence(stored, null);
        message.reencode();
    }

    private static Properties properties(AMQPMessage message) throws RefusedException {
        Properties given = message.getProperties();
        Properties kept = new Properties();
        if (given != null) {
            kept.setMessageId(id("the message id", given.getMessageId()));
            kept.setCorrelationId(id("the correlation id", given.getCorrelationId()));
            kept.setCreationTime(given.getCreationTime());
        }
        if (message.getExpiration() > 0) {
            kept.setAbsoluteExpiryTime(new Date(message.getExpiration()));
        }
        return kept;
    }

    /** AMQP 1.0, 3.2.4: a ulong, uuid, binary or string; what is of another type is none. */
    private static Object id(String what, Object value) throws RefusedException {
        if (value instanceof String text) {
            return KeptProperties.limited(what, text);
        }
        if (value instanceof Binary binary && binary.getLength() > AdmissionLimits.PROPERTY_CHARACTERS) {
            throw new RefusedException(
                    what + " is longer than " + AdmissionLimits.PROPERTY_CHARACTERS + " bytes: send a shorter one");
        }
        return value instanceof UUID || value instanceof UnsignedLong || value instanceof Binary ? value : null;
    }

    private static Map<String, Object> applicationProperties(AMQPMessage message) throws RefusedException {
        Map<String, Object> kept = new HashMap<>();
        var given = message.getApplicationProperties();
        if (given != null && given.getValue() != null) {
            for (String name : KeptProperties.NAMES) {
                Object value = given.getValue().get(name);
                if (value != null) {
                    kept.put(
                            name,
                            KeptProperties.text(name, value instanceof Symbol symbol ? symbol.toString() : value));
                }
            }
        }
        return kept.isEmpty() ? null : kept;
    }

    private static void refuseDelay(MessageAnnotations annotations) throws RefusedException {
        if (annotations == null || annotations.getValue() == null) {
            return;
        }
        Object time = annotations.getValue().get(DELIVERY_TIME);
        Object delay = annotations.getValue().get(DELIVERY_DELAY);
        if (time != null && !(time instanceof Number at && at.longValue() <= System.currentTimeMillis())
                || delay != null && !(delay instanceof Number by && by.longValue() <= 0)) {
            throw new RefusedException(
                    "the message asks for a later delivery (x-opt-delivery-time or x-opt-delivery-delay), which there is"
                            + " not: send it when it is due");
        }
    }

    /**
     * The one body that a request or document may have, found by the sections' own sizes: nothing that they hold is
     * decoded.
     */
    private static Section body(byte[] message, long most) throws RefusedException {
        AmqpSections.Body body = AmqpSections.body(message);
        CoreAdmission.refuseIfLarger(body.length(), most, "bytes");
        if (!body.text()) {
            return new Data(new Binary(body.joined(message)));
        }
        try {
            return new AmqpValue(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body.joined(message)))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new RefusedException("the body is a string that is not UTF-8: send it as one, or as bytes");
        }
    }

    /** One at a time: each takes several times its size in memory, here as when it is delivered. */
    private synchronized void large(AMQPLargeMessage message, boolean batch) throws ActiveMQException {
        if (!batch) {
            throw new RefusedException("the body is larger than " + AdmissionLimits.REQUEST_BYTES
                    + " bytes: send one request in a message");
        }
        byte[] bytes;
        try (LargeBodyReader file = message.getLargeBodyReader()) {
            file.open();
            CoreAdmission.refuseIfLarger(
                    file.getSize(), limits.amqpMessageBytes(), "bytes, which is the most that AMQP may have");
            ByteBuffer all = ByteBuffer.allocate((int) file.getSize());
            file.readInto(all);
            bytes = all.array();
        }
        refuseDelay(message.getMessageAnnotations());
        if (message.getHeader() == null
                || !Boolean.TRUE.equals(message.getHeader().getDurable())) {
            throw new RefusedException("the message is not durable: send it with durable=true in its header");
        }
        body(bytes, limits.amqpMessageBytes());
        if (AmqpSections.hasFooter(bytes)) {
            throw new RefusedException("the message has a footer, which nobody reads: send it without");
        }
        applicationProperties(message);
        var given = message.getApplicationProperties();
        if (given != null && given.getValue() != null) {
            for (Object name : given.getValue().keySet()) {
                if (!KeptProperties.NAMES.contains(name)) {
                    throw new RefusedException(
                            "a document of more than 100 kB over AMQP may have no application properties but "
                                    + new TreeSet<>(KeptProperties.NAMES) + ": send it without the others");
                }
            }
        }
        Properties properties = message.getProperties();
        if (properties != null
                && (properties.getGroupId() != null
                        || id("the correlation id", properties.getCorrelationId()) == null
                                && properties.getCorrelationId() != null
                        || id("the message id", properties.getMessageId()) == null
                                && properties.getMessageId() != null)) {
            throw new RefusedException(
                    "a document of more than 100 kB over AMQP may have no group id, and no id of another type than"
                            + " string, ulong, uuid or binary: send it without");
        }
        ICoreMessage converted = message.toCore();
        if (converted.getType() != Message.TEXT_TYPE && converted.getType() != Message.BYTES_TYPE) {
            throw new RefusedException("the document is neither text nor bytes: send it as a string or as data");
        }
    }
}
