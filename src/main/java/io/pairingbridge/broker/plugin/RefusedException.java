package io.pairingbridge.broker.plugin;

import org.apache.activemq.artemis.api.core.ActiveMQException;

/**
 * What a sender is told in his own protocol: an exception of the send, {@code rejected} or an ERROR frame. The text
 * names the fault and what to do, and repeats nothing of the message.
 */
final class RefusedException extends ActiveMQException {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
        super(message);
    }

    /**
     * None: the broker logs it with its trace for each refused message, and whoever sends many could fill the disk with
     * it.
     */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
