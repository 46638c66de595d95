package io.pairingbridge.broker;

import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.time.Instant;
import org.apache.activemq.artemis.api.core.ICoreMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;

/**
 * What identifies a message for as long as the broker has it: the same at every delivery, after a restart of the broker
 * and after its time ran out. JMSMessageID is that only for Core senders. Artemis makes up a new one each time it
 * converts an AMQP message whose message-id is not of type uuid, and STOMP senders have none.
 *
 * @param number the broker's number of the message, the one of its first queue
 * @param stampedAt when the broker took it in by its own clock, else when it was sent by the sender's; null if neither
 *     said
 * @param id as the sender knows it where his protocol has such a thing, else made of number and time
 */
public record MessageIdentity(long number, Instant stampedAt, String id) {
    /** What the broker writes on a message that it moves, and nobody else can: it overwrites it then. */
    private static final String ORIGINAL_NUMBER = "_AMQ_ORIG_MESSAGE_ID";
    /** On every message that was converted from AMQP. */
    private static final String AMQP = "JMS_AMQP_ORIGINAL_ENCODING";
    /** The AMQP message-id, as the JMS mapping of AMQP writes it. */
    private static final String NATIVE_ID = "NATIVE_MESSAGE_ID";
    /** The JMS mapping puts this before a message-id that is text without "ID:". */
    private static final String BARE_TEXT = "ID:AMQP_NO_PREFIX:";

    private static final String UUID_ID = "ID:AMQP_UUID:";

    /**
     * @param moved true for a message on {@code pairing.expired}, where the broker puts what lay on another queue
     *     before
     */
    public static MessageIdentity of(Message message, boolean moved) throws JMSException {
        ICoreMessage core = ((ActiveMQMessage) message).getCoreMessage();
        Object original = moved ? core.getObjectProperty(ORIGINAL_NUMBER) : null;
        long number = original instanceof Long first ? first : core.getMessageID();
        Instant stamped = BrokerClock.stamp(message);
        long sent = message.getJMSTimestamp();
        Instant at = stamped != null ? stamped : sent > 0 ? Instant.ofEpochMilli(sent) : null;
        String sendersId = sendersId(message, core);
        return new MessageIdentity(number, at, sendersId != null ? sendersId : made(number, at));
    }

    /** The same whatever the sender wrote: for a message whose own id cannot be used as a name. */
    public String made() {
        return made(number, stampedAt);
    }

    private static String made(long number, Instant at) {
        return "message-" + number + "-" + (at == null ? 0 : at.toEpochMilli());
    }

    private static String sendersId(Message message, ICoreMessage core) throws JMSException {
        if (!core.containsProperty(AMQP)) {
            return message.getJMSMessageID();
        }
        String id = core.getObjectProperty(NATIVE_ID) instanceof CharSequence text ? text.toString() : null;
        if (id == null) {
            return null;
        }
        if (id.startsWith(UUID_ID)) {
            return "ID:" + id.substring(UUID_ID.length()); // as Core senders write theirs, and this bridge always has
        }
        return id.startsWith(BARE_TEXT) ? id.substring(BARE_TEXT.length()) : id;
    }
}
