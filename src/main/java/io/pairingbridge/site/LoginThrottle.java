package io.pairingbridge.site;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Slows guesses of passwords: {@value #BURST} wrong ones at once, then one each {@value #INTERVAL_SECONDS} seconds, for
 * each address and for each user. A login that is refused for that is not looked at. Whoever has logged in before from
 * where he is is not held up by what others guess of his name elsewhere; and the same wrong login again is no other
 * guess, so that a program with an old password locks nobody out. Counts wrong logins, and says so in the log at most
 * once a minute; it keeps no password.
 */
final class LoginThrottle {
    static final int BURST = 20;
    static final int INTERVAL_SECONDS = 3;
    private static final Logger LOG = LoggerFactory.getLogger(LoginThrottle.class);
    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(INTERVAL_SECONDS);
    private static final long LINE_INTERVAL = TimeUnit.MINUTES.toNanos(1);
    /**
     * Addresses, pairs and wrong logins that are remembered, each; the ones that were used longest ago are forgotten
     * first.
     */
    private static final int REMEMBERED = 10_000;

    private final LongSupplier nanos;
    private final Counter wrong;
    private final Counter slowed;
    private final byte[] salt = new byte[32];
    /** When the next guess of an address, or of a user, would come if all before had kept their distance (GCRA). */
    private final Map<String, Long> addresses = new Recent<>();

    private final Map<String, Long> users = new Recent<>();
    private final Map<String, Boolean> wellKnown = new Recent<>();
    private final Map<String, Boolean> guessed = new Recent<>();
    private long sinceLine;
    private long lastLine;
    private boolean anyLine;

    /** @param nanos as {@link System#nanoTime} */
    LoginThrottle(MeterRegistry meters, LongSupplier nanos) {
        this.nanos = nanos;
        this.wrong = counter(meters, "wrong", "Logins at the management port with a wrong user or password");
        this.slowed = counter(meters, "slowed", "Logins at the management port with a wrong user or password");
        new SecureRandom().nextBytes(salt);
    }

    private static Counter counter(MeterRegistry meters, String result, String description) {
        return Counter.builder("pairing.management.logins.refused")
                .description(description)
                .tag("result", result)
                .register(meters);
    }

    /** A login as it was sent. {@code user} is null unless there is one of that name. */
    record Attempt(String address, String user, String authorization) {}

    /**
     * Whether the login may be looked at now.
     *
     * @return 0 if so, else in how many seconds it may be tried again
     */
    synchronized long secondsToWait(Attempt attempt) {
        if (guessed.containsKey(digest(attempt))) {
            return 0;
        }
        long now = nanos.getAsLong();
        long wait = ahead(addresses, network(attempt.address()), now);
        if (attempt.user() != null && !wellKnown.containsKey(attempt.user() + "@" + network(attempt.address()))) {
            wait = Math.max(wait, ahead(users, attempt.user(), now));
        }
        if (wait <= 0) {
            return 0;
        }
        slowed.increment();
        tell(attempt, now);
        return Math.max(1, TimeUnit.NANOSECONDS.toSeconds(wait + TimeUnit.SECONDS.toNanos(1) - 1));
    }

    /** The login was wrong. */
    synchronized void wrong(Attempt attempt) {
        long now = nanos.getAsLong();
        wrong.increment();
        tell(attempt, now);
        if (guessed.put(digest(attempt), true) != null) {
            return;
        }
        count(addresses, network(attempt.address()), now);
        if (attempt.user() != null) {
            count(users, attempt.user(), now);
        }
    }

    /** The login was right. */
    synchronized void right(Attempt attempt) {
        wellKnown.put(attempt.user() + "@" + network(attempt.address()), true);
    }

    /** How much is remembered of all. */
    synchronized int remembered() {
        return addresses.size() + users.size() + wellKnown.size() + guessed.size();
    }

    private static long ahead(Map<String, Long> next, String key, long now) {
        Long at = next.get(key);
        return at == null ? 0 : at - now - (BURST - 1) * INTERVAL;
    }

    private static void count(Map<String, Long> next, String key, long now) {
        Long at = next.get(key);
        next.put(key, (at == null || at - now < 0 ? now : at) + INTERVAL);
    }

    /** Whoever has an IPv6 address has all those of its network, 64 bits of it. */
    private static String network(String address) {
        String[] groups = address.split("%")[0].split(":");
        return groups.length < 8 ? address : String.join(":", groups[0], groups[1], groups[2], groups[3]);
    }

    private String digest(Attempt attempt) {
        try {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            hash.update(salt);
            hash.update((network(attempt.address()) + "\n").getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder()
                    .encodeToString(hash.digest(attempt.authorization().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private void tell(Attempt attempt, long now) {
        sinceLine++;
        if (anyLine && now - lastLine < LINE_INTERVAL) {
            return;
        }
        // The name that was given may be a password, typed into the wrong field.
        LOG.warn(
                "{} at the management port, the last one for {} from {}; see pairing_management_logins_refused_total",
                sinceLine == 1 ? "A wrong login" : sinceLine + " wrong logins since the last line like this",
                attempt.user() == null ? "a user that there is not" : "user " + attempt.user(),
                attempt.address());
        anyLine = true;
        lastLine = now;
        sinceLine = 0;
    }

    private static final class Recent<V> extends LinkedHashMap<String, V> {
        private static final long serialVersionUID = 1L;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
            return size() > REMEMBERED;
        }
    }
}
