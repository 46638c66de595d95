package io.pairingbridge.cli;

import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Receives, and tells an empty queue from a lost connection: the client answers both with null. */
final class QueueReader {
    /** A wait that ends this much too early did not end because the time was up. */
    private static final long TOO_EARLY_MILLIS = 50;

    private final MessageConsumer consumer;

    QueueReader(MessageConsumer consumer) {
        this.consumer = consumer;
    }

    /**
     * The next message.
     *
     * @return null if none came within the limit
     * @throws JMSException if the connection was lost
     */
    Message next(Duration limit) throws JMSException {
        // 0 would mean to wait for ever.
        long millis = Math.max(1, limit.toMillis());
        long began = System.nanoTime();
        Message message = consumer.receive(millis);
        if (message == null && TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began) < millis - TOO_EARLY_MILLIS) {
            throw new JMSException("the connection to the broker was lost; see that it runs and try again");
        }
        return message;
    }
}
