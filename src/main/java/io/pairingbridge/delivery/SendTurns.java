package io.pairingbridge.delivery;

import io.pairingbridge.job.Credentials;
import java.util.concurrent.Semaphore;
import org.apache.camel.Exchange;
import org.apache.camel.Variable;
import org.apache.camel.support.SynchronizationAdapter;

/**
 * Lets only one thread at a time send the credentials of an attempt. The broker knows a duplicate id from when the first
 * message with it is on its disk; of two that come at the same moment it keeps both. They do come so: a repeated request
 * and the delivery that made the call, or the reconciler and a delivery after a restart.
 */
public final class SendTurns {
  /** Attempts that share a turn by chance wait for each other's send: with 512 calls at once, one in eight. */
  private static final int TURNS = 4_096;
  private final Semaphore[] turns = new Semaphore[TURNS];

  public SendTurns() {
    for (int i = 0; i < TURNS; i++) {
      turns[i] = new Semaphore(1);
    }
  }

  /** Returns when nobody else sends this attempt's credentials; the turn ends with the exchange, however that ends. */
  public void take(@Variable("credentials") Credentials credentials, Exchange exchange) throws InterruptedException {
    Semaphore turn = turns[Math.floorMod(credentials.attemptId().hashCode(), TURNS)];
    turn.acquire();
    exchange.getExchangeExtension().addOnCompletion(new SynchronizationAdapter() {
      @Override
      public void onDone(Exchange done) {
        turn.release();
      }
    });
  }
}
