package io.pairingbridge.endpoint;

import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.SealedAnswer;
import org.apache.camel.Exchange;

/** Answers a call in place of the HTTP client, for tests of the routes: the message's body is the call. */
public final class Answers {
    private Answers() {}

    /** With the credentials of a terminal. */
    public static void paired(Exchange exchange) {
        call(exchange)
                .answered(new Answer(
                        200,
                        new SealedAnswer("sealed", "key", "application/jose"),
                        null,
                        new PairedTerminal("pc", "Till", "T"),
                        null));
    }

    /** With a status alone. */
    public static void status(Exchange exchange, int status) {
        call(exchange).answered(Answer.of(status, null));
    }

    private static EndpointCall call(Exchange exchange) {
        return (EndpointCall) exchange.getMessage().getBody();
    }
}
