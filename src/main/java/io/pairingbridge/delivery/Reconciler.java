package io.pairingbridge.delivery;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.State;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.apache.camel.Variable;

/**
 * Finds what a crash, a broker's outage or somebody's hand left in the journal: sealed credentials, and jobs without a
 * request.
 */
public final class Reconciler {
    private static final int AT_ONCE = 500;
    private static final int PORTIONS_A_ROUND = 10;
    /** The route that sealed them is given this long to publish them itself; doing it twice would be harmless. */
    private static final Duration HEAD_START = Duration.ofSeconds(2);

    /** How many requests the broker has, on all queues on which a request may lie, whoever holds them. */
    public interface RequestsWaiting {
        long count() throws Exception;
    }

    private final Journal journal;
    private final RequestsWaiting requestsWaiting;
    private final Clock clock;
    private final Duration retention;
    private final Instant startedAt;
    private Instant purgedAt = Instant.EPOCH;
    private Set<Orphan> suspects = Set.of();

    public Reconciler(Journal journal, RequestsWaiting requestsWaiting, Duration retention, Clock clock) {
        this.journal = journal;
        this.requestsWaiting = requestsWaiting;
        this.retention = retention;
        this.clock = clock;
        this.startedAt = clock.instant();
    }

    /** What is due, oldest first: all that was sealed before this start, and all that its own route did not publish. */
    public List<Credentials> due() {
        Instant now = clock.instant();
        Instant before = now.minus(HEAD_START);
        return journal.unpublished(before.isBefore(startedAt) ? startedAt : before, AT_ONCE);
    }

    /**
     * Whether no delivery is left that would tell the outcome of these credentials, nor has told it; else the event
     * would be told twice after each outage. In this order: a delivery has its request until it has published and told.
     */
    public boolean nobodyElseTells(@Variable("credentials") Credentials credentials) throws Exception {
        return nothingWaits()
                && journal.find(credentials.jobId())
                        .filter(entry -> entry.state() == State.SEALED)
                        .isPresent();
    }

    private boolean nothingWaits() throws Exception {
        return requestsWaiting.count() == 0;
    }

    /**
     * Running jobs and open rows of batches whose request is not in the broker any more: it was not durable, or
     * somebody removed it. The broker has none waiting, nor in anybody's hands, and nobody has moved the job, at two
     * looks in a row; or the time of the job is over.
     */
    public List<Orphan> orphans() throws Exception {
        List<Orphan> found = journal.failure().isEmpty() ? journal.orphans(nothingWaits(), AT_ONCE) : List.of();
        List<Orphan> confirmed = found.stream().filter(suspects::contains).toList();
        suspects = Set.copyOf(found);
        return confirmed;
    }

    /**
     * Once an hour, forgets jobs that ended longer ago than the retention: a thousand at a time, so that no commit of a
     * job waits long, and some thousands a round, so that credentials that are left behind do not wait for the end of
     * it.
     */
    public void purge() {
        Instant now = clock.instant();
        if (journal.failure().isEmpty() && Duration.between(purgedAt, now).abs().compareTo(Duration.ofHours(1)) >= 0) {
            for (int portion = 0; portion < PORTIONS_A_ROUND; portion++) {
                if (journal.purge(retention) == 0) {
                    purgedAt = now;
                    return;
                }
            }
        }
    }
}
