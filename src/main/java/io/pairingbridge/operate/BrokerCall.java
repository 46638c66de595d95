package io.pairingbridge.operate;

import jakarta.jms.JMSException;

/** Something that the broker is asked for. */
interface BrokerCall<T> {
    T ask() throws JMSException;

    /**
     * Asks the broker. JMX knows nothing of JMS: whoever calls gets an exception that it can read.
     *
     * @throws IllegalStateException whose message says what to do if the broker cannot be asked
     */
    static <T> T make(BrokerCall<T> call) {
        try {
            return call.ask();
        } catch (JMSException e) {
            throw new IllegalStateException(
                    "the broker cannot be asked (" + e.getMessage() + "): check that it runs and that the operator's"
                            + " login, pairing.broker.users.operator.password, is right there");
        }
    }
}
