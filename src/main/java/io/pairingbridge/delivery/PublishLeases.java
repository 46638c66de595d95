package io.pairingbridge.delivery;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.DeliveryScope;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import org.apache.camel.Exchange;
import org.apache.camel.Variable;

/**
 * Lets only one bridge, and only one thread of it, publish the credentials of an attempt at a time. The broker knows a
 * duplicate id from when the first message with it is on its disk; of two that come at the same moment it keeps both.
 * They do come so: a repeated request and the delivery that made the call, the reconcilers of two bridges when the
 * broker is back, or the reconciler and a delivery after a restart.
 */
public final class PublishLeases {
    /** Attempts that share a lock by chance wait for each other's publish: with 512 calls at once, one in eight. */
    private static final int LOCKS = 4_096;

    private final Semaphore[] locks = new Semaphore[LOCKS];
    private final Predicate<Credentials> journal;

    /**
     * Another bridge holds the lease; a delivery of the job comes again, and then goes on from what the journal says.
     */
    public static final class HeldElsewhere extends RuntimeException {
        private static final long serialVersionUID = 1L;

        HeldElsewhere(Credentials credentials) {
            super(credentials + " may be on their way from another bridge; what is left to do follows within a minute");
        }
    }

    /**
     * @param journal acquires the lease for this bridge, among those that share the journal; false if another one holds
     *     it
     */
    public PublishLeases(Predicate<Credentials> journal) {
        this.journal = journal;
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new Semaphore(1);
        }
    }

    /**
     * Returns when nobody else publishes this attempt's credentials; this process's lock is released when the exchange
     * is done, however it ends, and the lease expires by itself.
     *
     * @throws HeldElsewhere if another bridge may be publishing them
     */
    public void acquire(@Variable("credentials") Credentials credentials, Exchange exchange)
            throws InterruptedException {
        Semaphore lock = locks[Math.floorMod(credentials.attemptId().hashCode(), LOCKS)];
        lock.acquire();
        DeliveryScope.of(exchange).onDone(lock::release);
        if (!journal.test(credentials)) {
            throw new HeldElsewhere(credentials);
        }
    }
}
