package io.pairingbridge.journal.jdbc;

import io.pairingbridge.journal.Batches;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The journal's batches, in the transactions and on the connections that jobs use, too. */
final class JdbcBatches implements Batches {
    private static final int PAGE = 1_000;
    /**
     * Longer than any transaction can be under way: the server ends one that waits or idles for longer, see
     * {@link PostgresDialect}.
     */
    private static final Duration SETTLED = Duration.ofMinutes(1);

    private final GroupCommit transactions;
    private final ReadPool reads;
    private final Dialect dialect;
    private final Clock clock;
    /** Batches, by id and start, that {@link #endOverlooked} has looked at. */
    private final Set<List<Object>> lookedAt = ConcurrentHashMap.newKeySet();

    JdbcBatches(GroupCommit transactions, ReadPool reads, Dialect dialect, Clock clock) {
        this.transactions = transactions;
        this.reads = reads;
        this.dialect = dialect;
        this.clock = clock;
    }

    @Override
    public Batch begin(String batchId, String name, String source) {
        while (forgetFinished(batchId) > 0) {
            // a thousand rows at a time, so that no commit of a job waits long
        }
        return transactions.write(
                lock(batchId),
                tx -> tx.batches()
                        .find(batchId)
                        .filter(known -> !known.phase().ended())
                        .orElseGet(() -> tx.batches().begin(batchId, name, source, clock.instant())));
    }

    private int forgetFinished(String batchId) {
        return transactions.write(
                lock(batchId),
                tx -> tx.batches()
                        .find(batchId)
                        .filter(known -> known.phase().ended())
                        .map(known -> tx.batches().forget(batchId))
                        .orElse(0));
    }

    private static String lock(String batchId) {
        return "batch " + batchId;
    }

    @Override
    public void moved(String batchId, String source) {
        transactions.write(tx -> {
            tx.batches().moved(batchId, source);
            return null;
        });
    }

    @Override
    public void whileGone(String instance, Runnable task) {
        transactions.writeOnce(tx -> {
            if (dialect.gone(tx.connection(), instance)) {
                task.run();
            }
            return null;
        });
    }

    @Override
    public List<Long> take(String batchId, List<NewRow> taken, long sent) {
        return transactions.write(tx -> {
            List<Long> refusedBefore = tx.batchRows().take(tx.connection(), batchId, taken, clock.instant());
            tx.batches().sent(batchId, sent);
            return refusedBefore;
        });
    }

    @Override
    public List<String> known(Map<String, String> otpHashByJob) {
        return reads.read(tables -> tables.jobs().known(otpHashByJob));
    }

    @Override
    public void read(String batchId, String problem) {
        String warning =
                reads.read(tables -> tables.batchRows().warning(batchId)).orElse(null);
        transactions.write(tx -> {
            tx.batches().read(batchId, problem, warning, clock.instant());
            return null;
        });
    }

    @Override
    public List<Batch> ended() {
        if (dialect.severalWriters()) {
            endOverlooked();
        }
        return reads.read(tables -> tables.batches().ended());
    }

    /**
     * Ends rows that were taken in the very moment in which another bridge wrote down the end of their job: neither
     * transaction saw the other. Once for each batch, when whatever was under way while it was read is certainly over.
     */
    private void endOverlooked() {
        List<Batch> running =
                reads.read(tables -> tables.batches().running(clock.instant().minus(SETTLED)));
        lookedAt.retainAll(running.stream().map(JdbcBatches::key).toList());
        for (Batch batch : running) {
            if (!lookedAt.contains(key(batch))) {
                long last = reads.read(tables -> tables.batchRows().lastNumber(batch.id()));
                for (long first = 1; first <= last; first += PAGE) {
                    long from = first;
                    transactions.write(tx -> {
                        tx.batchRows().endOpen(batch.id(), from, from + PAGE - 1);
                        return null;
                    });
                }
                lookedAt.add(key(batch));
            }
        }
    }

    private static List<Object> key(Batch batch) {
        return List.of(batch.id(), batch.startedAt());
    }

    @Override
    public Optional<Progress> reporting(String batchId) {
        return transactions.write(
                lock(batchId),
                tx -> tx.batches().reporting(batchId, clock.instant()).map(tx.batchRows()::progress));
    }

    @Override
    public void finished(Batch batch, String report) {
        transactions.write(lock(batch.id()), tx -> {
            tx.batches().finished(batch, report, clock.instant());
            return null;
        });
    }

    @Override
    public Optional<Place> place(String jobId) {
        return reads.read(tables -> tables.batchRows().place(jobId));
    }

    @Override
    public List<Progress> all() {
        return reads.read(tables -> tables.batches().all().stream()
                .map(tables.batchRows()::progress)
                .toList());
    }

    @Override
    public List<Progress> running() {
        return reads.read(tables -> tables.batches().all().stream()
                .filter(batch -> !batch.phase().ended())
                .map(tables.batchRows()::progress)
                .toList());
    }

    @Override
    public Optional<Progress> find(String batchId) {
        return reads.read(tables -> tables.batches().find(batchId).map(tables.batchRows()::progress));
    }

    @Override
    public Optional<Progress> named(String idOrName) {
        return reads.read(tables -> tables.batches().named(idOrName).map(tables.batchRows()::progress));
    }

    @Override
    public void rows(String batchId, Consumer<Row> reader) {
        for (long number = 0; number >= 0; ) {
            long after = number;
            List<Row> page = reads.read(tables -> tables.batchRows().rows(batchId, after, PAGE));
            page.forEach(reader);
            number = page.size() < PAGE ? -1 : page.get(PAGE - 1).number();
        }
    }
}
