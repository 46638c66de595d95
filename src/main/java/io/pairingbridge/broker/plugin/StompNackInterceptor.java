package io.pairingbridge.broker.plugin;

import java.util.List;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.core.protocol.stomp.Stomp;
import org.apache.activemq.artemis.core.protocol.stomp.StompConnection;
import org.apache.activemq.artemis.core.protocol.stomp.StompFrame;
import org.apache.activemq.artemis.core.protocol.stomp.StompFrameInterceptor;
import org.apache.activemq.artemis.core.protocol.stomp.StompSession;
import org.apache.activemq.artemis.core.server.MessageReference;
import org.apache.activemq.artemis.core.server.ServerConsumer;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes STOMP's NACK mean what a rejection means in AMQP: the message goes to its queue's dead-letter address. Artemis
 * by itself takes a NACK for an ACK, and the message is gone. Named in {@code broker.xml},
 * {@code remoting-incoming-interceptors}.
 *
 * <p>Only the message that the frame names goes there, in each ack mode: one that was delivered before it is still the
 * recipient's to acknowledge or refuse. A NACK that names nothing that can be refused is answered by the broker as
 * before, with an ERROR.
 */
public final class StompNackInterceptor implements StompFrameInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(StompNackInterceptor.class);

    @Override
    public boolean intercept(StompFrame frame, RemotingConnection connection) throws ActiveMQException {
        if (!Stomp.Commands.NACK.equals(frame.getCommand()) || !(connection instanceof StompConnection stomp)) {
            return true;
        }
        // 1.2 names it by the header id, 1.1 by message-id: the consumer's number and the message's, with a comma
        // between.
        String id = frame.hasHeader(Stomp.Headers.Ack.ID)
                ? frame.getHeader(Stomp.Headers.Ack.ID)
                : frame.getHeader(Stomp.Headers.Ack.MESSAGE_ID);
        String[] numbers = id == null ? new String[0] : id.split(",", -1);
        if (numbers.length != 2 || !numbers[0].matches("\\d{1,18}") || !numbers[1].matches("\\d{1,18}")) {
            return true;
        }
        try {
            StompSession session = stomp.getSession();
            ServerConsumer consumer = session.getCoreSession().locateConsumer(Long.parseLong(numbers[0]));
            long number = Long.parseLong(numbers[1]);
            if (consumer == null) {
                return true;
            }
            List<MessageReference> refused = consumer.scanDeliveringReferences(
                    false, reference -> reference.getMessage().getMessageID() == number, reference -> true);
            if (refused.isEmpty()) {
                return true;
            }
            int size = refused.get(0).getMessage().getEncodeSize();
            consumer.reject(number);
            // What an acknowledgement would have given back, so that further messages come.
            session.getCoreSession().receiveConsumerCredits(consumer.getID(), size);
        } catch (Exception e) {
            LOG.warn("A NACK was not followed, the message stays with its recipient: {}", e.toString());
            stomp.disconnect(true);
            return false;
        }
        if (frame.hasHeader(Stomp.Headers.RECEIPT_REQUESTED)) {
            stomp.sendFrame(
                    stomp.getFrameHandler().handleReceipt(frame.getHeader(Stomp.Headers.RECEIPT_REQUESTED)), null);
        }
        return false;
    }
}
