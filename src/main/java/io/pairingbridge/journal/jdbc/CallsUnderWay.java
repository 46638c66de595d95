package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Attempts that this process has begun and not answered: of these it knows by itself whether they may still run. */
final class CallsUnderWay {
    private final Owner owner;
    private final Limits limits;
    private final Map<String, Attempt> attempts = new ConcurrentHashMap<>();
    /** Ids of attempts that a transaction may begin which is under way. */
    private final Set<String> announced = ConcurrentHashMap.newKeySet();

    CallsUnderWay(Owner owner, Limits limits) {
        this.owner = owner;
        this.limits = limits;
    }

    /**
     * The id for an attempt that a transaction may begin. It counts as under way from now on, so that there is no
     * moment in which the journal holds a call of this process that the process does not know of: the next transaction
     * may ask about it before {@link #settle} is called.
     */
    String announce() {
        String id = UUID.randomUUID().toString();
        announced.add(id);
        return id;
    }

    /**
     * The transaction has ended for which the id was announced.
     *
     * @param decision what it decided, durable by now; null if it failed: then it is unknown whether the attempt was
     *     begun, and it counts for as long as its call could have taken
     */
    void settle(String id, Decision decision) {
        Attempt begun = decision == null ? new Attempt(id, 0, limits.callDeadline()) : decision.begun();
        if (begun != null) {
            attempts.put(id, begun);
        }
        announced.remove(id);
    }

    void answered(Attempt attempt) {
        attempts.remove(attempt.id());
    }

    /**
     * Whether somebody may still be inside the call. Of its own calls this process knows who holds them, and their
     * deadline on the monotonic clock; an earlier run of this instance is dead; of anybody else only the deadline
     * tells.
     */
    boolean mayRun(Entry known, Instant now) {
        if (known.state() != State.CALLING || owner.isEarlierRun(known.owner())) {
            return false;
        }
        if (known.owner().equals(owner.toString())) {
            // In this order: an attempt is entered there before it is removed here.
            boolean begins = announced.contains(known.attemptId());
            Attempt mine = attempts.get(known.attemptId());
            return begins || mine != null && (mine.held() || mine.nanosLeft() > 0);
        }
        return known.deadline().isAfter(now);
    }

    /** Forgets those that nobody holds and whose time has been over for long: they were given up for lost. */
    void purge() {
        attempts.values()
                .removeIf(attempt -> !attempt.held()
                        && attempt.nanosLeft() < -limits.callMayRun().toNanos());
    }

    /** Seconds since the oldest one began that a delivery holds; 0 without one. */
    double oldestSeconds() {
        return attempts.values().stream()
                .filter(Attempt::held)
                .mapToDouble(Attempt::seconds)
                .max()
                .orElse(0);
    }

    int size() {
        return attempts.size() + announced.size();
    }
}
