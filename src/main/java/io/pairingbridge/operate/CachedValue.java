package io.pairingbridge.operate;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Caches an expensive figure for a hundred times its read time, 2 to 60 s. The journal and the broker read such figures
 * the slower the more jobs there are; a page or a scrape that asks often takes a hundredth of a thread at most, or one
 * read a minute.
 */
public final class CachedValue<T> {
    private static final long LEAST = TimeUnit.SECONDS.toNanos(2);
    private static final long MOST = TimeUnit.SECONDS.toNanos(60);
    private static final int TIMES = 100;

    private final Supplier<T> source;
    private final LongSupplier nanos;
    private T value;
    private long until;

    /** @param source not null; what it throws is thrown and not kept */
    public CachedValue(Supplier<T> source) {
        this(source, System::nanoTime);
    }

    CachedValue(Supplier<T> source, LongSupplier nanos) {
        this.source = source;
        this.nanos = nanos;
    }

    /** The figure; read anew if the cached one is older than a hundred times its read time, within 2 to 60 s. */
    public synchronized T get() {
        long now = nanos.getAsLong();
        if (value == null || now - until >= 0) {
            value = source.get();
            long took = nanos.getAsLong() - now;
            until = now + took + Math.max(LEAST, Math.min(MOST, TIMES * took));
        }
        return value;
    }
}
