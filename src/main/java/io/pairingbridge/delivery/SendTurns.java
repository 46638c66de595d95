package io.pairingbridge.delivery;

import io.pairingbridge.job.Credentials;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import org.apache.camel.Exchange;
import org.apache.camel.Variable;
import org.apache.camel.support.SynchronizationAdapter;

/**
 * Lets only one bridge, and only one thread of it, send the credentials of an attempt at a time. The broker knows a
 * duplicate id from when the first message with it is on its disk; of two that come at the same moment it keeps both.
 * They do come so: a repeated request and the delivery that made the call, the reconcilers of two bridges when the
 * broker is back, or the reconciler and a delivery after a restart.
 */
public final class SendTurns {
    /** Attempts that share a turn by chance wait for each other's send: with 512 calls at once, one in eight. */
    private static final int TURNS = 4_096;

    private final Semaphore[] turns = new Semaphore[TURNS];
    private final Predicate<Credentials> journal;

    /**
     * Another bridge sends the credentials; a delivery of their job comes again, and then goes on from what the journal
     * says.
     */
    public static final class NotOurTurn extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotOurTurn(Credentials credentials) {
            super(credentials + " may be on their way from another bridge; what is left to do follows within a minute");
        }
    }

    /**
     * @param journal takes the turn for this bridge, among those that share the journal; false if it is another one's
     */
    public SendTurns(Predicate<Credentials> journal) {
        this.journal = journal;
        for (int i = 0; i < TURNS; i++) {
            turns[i] = new Semaphore(1);
        }
    }

    /**
     * Returns when nobody else sends this attempt's credentials; the turn ends with the exchange, however that ends.
     *
     * @throws NotOurTurn if another bridge may be sending them
     */
    public void take(@Variable("credentials") Credentials credentials, Exchange exchange) throws InterruptedException {
        Semaphore turn = turns[Math.floorMod(credentials.attemptId().hashCode(), TURNS)];
        turn.acquire();
        exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
            @Override
            public void onDone(Exchange done) {
                turn.release();
            }
        });
        if (!journal.test(credentials)) {
            throw new NotOurTurn(credentials);
        }
    }
}
