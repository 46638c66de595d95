package io.pairingbridge.journal.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A database whose commits can be made to fail, to be reported as failed, or to be undone because of others, and are
 * counted.
 *
 * @param undoing how many of the next commits are undone
 */
record FaultyDialect(
        Dialect real, AtomicInteger commits, AtomicBoolean broken, AtomicBoolean lying, AtomicInteger undoing)
        implements Dialect {
    private static final String UNDONE = "undone because of others (injected)";

    FaultyDialect(Dialect real) {
        this(real, new AtomicInteger(), new AtomicBoolean());
    }

    FaultyDialect(Dialect real, AtomicInteger commits, AtomicBoolean broken) {
        this(real, commits, broken, new AtomicBoolean());
    }

    FaultyDialect(Dialect real, AtomicInteger commits, AtomicBoolean broken, AtomicBoolean lying) {
        this(real, commits, broken, lying, new AtomicInteger());
    }

    @Override
    public Connection openForWriting() throws SQLException {
        Connection connection = real.openForWriting();
        return (Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, args) -> {
                    if (method.getName().equals("commit")) {
                        commits.incrementAndGet();
                        if (broken.get()) {
                            throw new SQLException("the disk is full (injected)");
                        }
                        if (undoing.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                            throw new SQLException(UNDONE);
                        }
                    }
                    try {
                        Object value = method.invoke(connection, args);
                        if (method.getName().equals("commit") && lying.get()) {
                            throw new SQLException("the disk did not say that it is done (injected)");
                        }
                        return value;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Override
    public Connection openForReading() throws SQLException {
        return real.openForReading();
    }

    @Override
    public void lock(Connection connection, Set<String> jobIds) throws SQLException {
        real.lock(connection, jobIds);
    }

    @Override
    public boolean undone(SQLException fault) {
        return UNDONE.equals(fault.getMessage()) || real.undone(fault);
    }

    @Override
    public String remedy() {
        return real.remedy();
    }

    @Override
    public String name() {
        return real.name();
    }
}
