package io.pairingbridge.journal.jdbc;

import io.pairingbridge.journal.Journal.JournalException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;

/**
 * Runs the journal's transactions: one thread, one connection, and one commit for all the writes that have come
 * together while the last commit ran.
 *
 * <p>{@link #write} returns after the commit that holds the write has returned. After an error in the store nothing is
 * tried again, not even on the same connection: what an fsync failed to store may be gone although a second fsync
 * succeeds. Every caller gets a {@link JournalException} until {@link #reopen()} has opened the store anew.
 */
final class GroupCommit implements AutoCloseable {
    private static final int LARGEST_GROUP = 256;
    /** How often a write is begun that the database undoes because of others. */
    private static final int MOST_TRIES = 5;

    /**
     * Work inside a transaction. It may run again, alone, if another one of its group failed or if the database undid
     * the group: so it changes rows and nothing else, and whatever it means for the rest of the process is its value.
     */
    interface Work<T> {
        T in(Transaction transaction) throws SQLException;
    }

    /**
     * @param lock name of what nobody else may decide about meanwhile, or null
     * @param once the work is never run again, and so shares its transaction with no other
     */
    private record Pending<T>(String lock, boolean once, Work<T> work, CompletableFuture<T> done) {}

    private final Dialect dialect;
    private final BlockingQueue<Pending<?>> queue = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile Transaction transaction;
    private volatile Throwable failure;
    private volatile boolean closed;
    private volatile LongConsumer commitNanos = nanos -> {};

    GroupCommit(Dialect dialect) throws SQLException {
        this.dialect = dialect;
        this.transaction = open();
        this.thread = new Thread(this::run, "journal");
        thread.setDaemon(true);
        thread.start();
    }

    /** Runs the work and returns its value once it is durable. */
    <T> T write(Work<T> work) {
        return await(enqueue(null, false, work));
    }

    /** As {@link #write(Work)}, with nobody else deciding about what has this name until it is durable. */
    <T> T write(String lock, Work<T> work) {
        return await(enqueue(lock, false, work));
    }

    /**
     * As {@link #write(Work)}, for work that changes more than rows: it is run once at most, in a transaction of its
     * own. If that fails, nobody tries again.
     */
    <T> T writeOnce(Work<T> work) {
        return await(enqueue(null, true, work));
    }

    /** The database's address for messages. */
    String name() {
        return dialect.name();
    }

    Optional<String> failure() {
        return Optional.ofNullable(failure).map(f -> "journal " + dialect.name() + ": " + f.getMessage());
    }

    /** Tells how long each commit took, in nanoseconds; on the journal's thread. */
    void onCommit(LongConsumer listener) {
        commitNanos = listener;
    }

    /** Opens the store anew after a failure. Harmless while it is healthy. */
    synchronized void reopen() {
        if (failure == null) {
            return;
        }
        try {
            closeQuietly(transaction.connection());
            transaction = open();
            failure = null;
        } catch (SQLException e) {
            failure = e;
            throw broken(e);
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(30));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List<Pending<?>> left = new ArrayList<>();
        queue.drainTo(left);
        left.forEach(p -> p.done().completeExceptionally(new JournalException("the journal is closed", null)));
        closeQuietly(transaction.connection());
    }

    private Transaction open() throws SQLException {
        return new Transaction(dialect.openForWriting());
    }

    private <T> CompletableFuture<T> enqueue(String lock, boolean once, Work<T> work) {
        CompletableFuture<T> done = new CompletableFuture<>();
        if (closed) {
            done.completeExceptionally(new JournalException("the journal is closed", null));
        } else {
            queue.add(new Pending<>(lock, once, work, done));
        }
        return done;
    }

    private static <T> T await(CompletableFuture<T> done) {
        try {
            return done.join();
        } catch (CompletionException e) {
            // A fresh exception, so that the stack trace shows the caller and not only the journal's thread.
            if (e.getCause() instanceof JournalException j) {
                throw new JournalException(j.getMessage(), j);
            }
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        }
    }

    private void run() {
        List<Pending<?>> group = new ArrayList<>(LARGEST_GROUP);
        while (!closed || !queue.isEmpty()) {
            try {
                group.add(queue.take());
            } catch (InterruptedException e) {
                continue; // closing: the loop's condition decides
            }
            queue.drainTo(group, LARGEST_GROUP - 1);
            group.stream().filter(Pending::once).forEach(pending -> commit(List.of(pending), 1));
            group.removeIf(Pending::once);
            if (!group.isEmpty()) {
                commit(group, MOST_TRIES);
            }
            group.clear();
        }
    }

    private void commit(List<Pending<?>> group, int triesLeft) {
        if (failure != null) {
            JournalException refused = broken(failure);
            group.forEach(p -> p.done().completeExceptionally(refused));
            return;
        }
        List<Runnable> replies = new ArrayList<>(group.size());
        long began = System.nanoTime();
        Connection connection = transaction.connection();
        try {
            // A transaction is begun for each group and not kept open between them: an open one would hold SQLite's
            // write lock.
            connection.setAutoCommit(false);
            Set<String> locks =
                    group.stream().map(Pending::lock).filter(Objects::nonNull).collect(Collectors.toSet());
            if (!locks.isEmpty()) {
                dialect.lock(connection, locks);
            }
            for (Pending<?> pending : group) {
                replies.add(perform(pending));
            }
            connection.commit();
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            if (dialect.undone(e)) {
                // Two processes whose groups hold rows of the same batches in another order wait for each other; a
                // group of one waits for nobody twice.
                rollback(connection);
                each(group, triesLeft - 1, broken(e));
                return;
            }
            failure = e;
            closeQuietly(connection);
            JournalException broken = broken(e);
            group.forEach(p -> p.done().completeExceptionally(broken));
            return;
        } catch (RuntimeException | Error e) {
            rollback(connection);
            // One caller's mistake is nobody else's: each write again, in a transaction of its own.
            each(group, group.size() == 1 ? 0 : triesLeft, e);
            return;
        }
        replies.forEach(Runnable::run);
        commitNanos.accept(System.nanoTime() - began);
    }

    private void each(List<Pending<?>> group, int triesLeft, Throwable why) {
        for (Pending<?> pending : group) {
            if (triesLeft > 0) {
                commit(List.of(pending), triesLeft);
            } else {
                pending.done().completeExceptionally(why);
            }
        }
    }

    private <T> Runnable perform(Pending<T> pending) throws SQLException {
        try {
            T value = pending.work().in(transaction);
            return () -> pending.done().complete(value);
        } catch (DataAccessException e) {
            // A fault of the store ends all writing; a mistake of one caller is that caller's alone.
            SQLException fault = e instanceof DataIntegrityViolationException ? null : fault(e);
            if (fault != null) {
                throw fault;
            }
            throw e;
        }
    }

    /** What the database's driver said; the error of a lost connection may lie below it. */
    private static SQLException fault(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException fault) {
                return fault;
            }
        }
        return null;
    }

    private void rollback(Connection connection) {
        try {
            connection.rollback();
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            failure = e;
            closeQuietly(connection);
        }
    }

    private JournalException broken(Throwable cause) {
        return new JournalException(
                "the journal " + dialect.name() + " cannot write: " + cause.getMessage()
                        + ". Jobs stay in their queue; " + dialect.remedy(),
                cause);
    }

    private static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            // A connection that failed has nothing more to give; what counts was said by the first error.
        }
    }
}
