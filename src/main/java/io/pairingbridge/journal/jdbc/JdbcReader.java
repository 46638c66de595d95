package io.pairingbridge.journal.jdbc;

import io.pairingbridge.journal.BatchReader;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/** The journal of a running bridge for its operators. */
final class JdbcReader implements JournalReader {
    private final ReadPool reads;
    private final GroupCommit transactions;
    private final CallsUnderWay calls;
    private final BatchReader batches;
    private final Dialect dialect;
    private final Owner owner;

    JdbcReader(
            ReadPool reads,
            GroupCommit transactions,
            CallsUnderWay calls,
            BatchReader batches,
            Dialect dialect,
            Owner owner) {
        this.reads = reads;
        this.transactions = transactions;
        this.calls = calls;
        this.batches = batches;
        this.dialect = dialect;
        this.owner = owner;
    }

    @Override
    public Optional<Entry> find(String jobId) {
        return reads.read(tables -> tables.jobs().find(jobId));
    }

    @Override
    public List<Entry> earlierTries(String jobId) {
        return reads.read(tables -> tables.endedTries().all(jobId));
    }

    @Override
    public List<AttemptRecord> attempts(String jobId) {
        return reads.read(tables -> tables.attempts().all(jobId));
    }

    @Override
    public List<FoundJob> search(List<String> words, int limit) {
        return reads.read(tables -> tables.search().find(words, limit));
    }

    @Override
    public Optional<Instant> oldestUnpublished() {
        return reads.read(tables -> tables.attempts().oldestUnpublished());
    }

    @Override
    public Map<State, Long> counts() {
        return reads.read(tables -> {
            Map<State, Long> counts = tables.jobs().counts();
            counts.put(State.SEALED, tables.attempts().countUnpublished());
            return counts;
        });
    }

    @Override
    public Map<String, Long> instances() {
        Set<String> others = reads.others();
        Map<String, Long> callsByOwner = reads.read(tables -> tables.jobs().calls());
        Map<String, Long> instances = new TreeMap<>();
        others.forEach(other -> instances.put(
                other,
                callsByOwner.entrySet().stream()
                        .filter(call -> dialect.names(other, Owner.instanceOf(call.getKey())))
                        .mapToLong(Map.Entry::getValue)
                        .sum()));
        instances.put(owner.instance(), callsByOwner.getOrDefault(owner.toString(), 0L));
        return instances;
    }

    @Override
    public double oldestCallSeconds() {
        return calls.oldestSeconds();
    }

    @Override
    public Optional<String> failure() {
        return transactions.failure();
    }

    @Override
    public void onCommit(LongConsumer nanos) {
        transactions.onCommit(nanos);
    }

    @Override
    public BatchReader batches() {
        return batches;
    }
}
