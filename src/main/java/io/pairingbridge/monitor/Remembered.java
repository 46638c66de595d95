package io.pairingbridge.monitor;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A figure that the journal or the broker is asked for, and which takes the longer to find out the more there is. It is
 * kept for a while, so that a page or a scrape that asks often costs the bridge a hundredth of a thread at most, or one
 * question a minute.
 */
final class Remembered<T> {
    private static final long LEAST = TimeUnit.SECONDS.toNanos(2);
    private static final long MOST = TimeUnit.SECONDS.toNanos(60);
    private static final int TIMES = 100;

    private final Supplier<T> source;
    private final LongSupplier nanos;
    private T value;
    private long until;

    /** @param source not null; what it throws is thrown and not kept */
    Remembered(Supplier<T> source) {
        this(source, System::nanoTime);
    }

    Remembered(Supplier<T> source, LongSupplier nanos) {
        this.source = source;
        this.nanos = nanos;
    }

    /**
     * The figure, at most as old as a hundred times what it takes to find out; 2 s are always allowed, and more than 60
     * s never.
     */
    synchronized T get() {
        long now = nanos.getAsLong();
        if (value == null || now - until >= 0) {
            value = source.get();
            long took = nanos.getAsLong() - now;
            until = now + took + Math.max(LEAST, Math.min(MOST, TIMES * took));
        }
        return value;
    }
}
