package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.journal.Entry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Sealed credentials until they are published, and which of the bridges that share the journal may send them: the one
 * that holds the publish lease. A bridge begins a send early in its lease or takes it anew, so that no send outlives
 * one. On a journal that a bridge has to itself every lease is its own.
 */
final class Leases {
    /**
     * A send ends within the 30 s that the broker is given to answer; the rest is for its begin and for clocks that
     * differ a little.
     */
    private static final Duration LENGTH = Duration.ofSeconds(45);

    private static final Duration LATEST_BEGIN = Duration.ofSeconds(10);

    private final GroupCommit transactions;
    private final ReadPool reads;
    private final boolean shared;
    private final String instance;
    private final Clock clock;

    /** Until it expires nobody but the holder sends the answer: the columns {@code sender} and {@code send_until}. */
    record Lease(String holder, Instant expiry) {}

    /** @param shared whether other bridges may write to the journal */
    Leases(GroupCommit transactions, ReadPool reads, boolean shared, String instance, Clock clock) {
        this.transactions = transactions;
        this.reads = reads;
        this.shared = shared;
        this.instance = instance;
        this.clock = clock;
    }

    /** A new one of this bridge. */
    Lease grant(Instant now) {
        return new Lease(instance, now.plus(LENGTH));
    }

    /** @see io.pairingbridge.journal.Journal#acquireLease */
    boolean acquire(Credentials credentials) {
        return !shared
                || instance.equals(credentials.sender()) && allowsSend(credentials.sendUntil(), clock.instant())
                || transactions.write(credentials.jobId(), tx -> {
                    Instant now = clock.instant();
                    return tx.attempts().acquireLease(credentials.attemptId(), grant(now), furthestExpiry(now), now);
                });
    }

    /** For how long another bridge may still be sending these; zero or less if none is. */
    Duration heldByAnother(Credentials credentials, Instant now) {
        Instant expiry = credentials.sendUntil();
        boolean another = shared && expiry != null && !instance.equals(credentials.sender());
        return another && !expiry.isAfter(furthestExpiry(now)) ? Duration.between(now, expiry) : Duration.ZERO;
    }

    /** @see io.pairingbridge.journal.Journal#unpublished */
    List<Credentials> unpublished(Instant before, int limit) {
        Instant now = clock.instant();
        return reads.read(tables -> shared
                ? tables.attempts().unpublished(before, instance, furthestExpiry(now), now, limit)
                : tables.attempts().unpublished(before, now, limit));
    }

    /** @see io.pairingbridge.journal.Journal#published */
    Entry published(String jobId, String attemptId) {
        // With the job locked: two processes that each publish an attempt of it must not both take the other's for
        // unpublished.
        return transactions.write(jobId, tx -> {
            Instant now = clock.instant();
            tx.attempts().erase(attemptId, now);
            return tx.jobs().publish(jobId, now);
        });
    }

    /**
     * A lease that expires later than this was granted before the clock was turned back. Twice its length, because
     * another bridge's clock may be ahead of this one's, and because it may have been granted since this was asked.
     */
    private static Instant furthestExpiry(Instant now) {
        return now.plus(LENGTH.multipliedBy(2));
    }

    /** Whether a send that begins now in a lease that expires then is certainly over by then. */
    private static boolean allowsSend(Instant expiry, Instant now) {
        Duration left = Duration.between(now, expiry);
        return left.compareTo(LENGTH) <= 0 && left.compareTo(LENGTH.minus(LATEST_BEGIN)) >= 0;
    }
}
