package io.pairingbridge.soak;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Lets an adversary strike at a moment that only the endpoint knows: a post has come, an answer has just been written.
 */
final class Triggers {
    private record Armed(boolean onAnswer, int countdown, Runnable strike) {}

    private final AtomicReference<Armed> armed = new AtomicReference<>();

    /** Strikes once, when the n-th post from now on has been read and not answered. */
    void onPost(int nth, Runnable strike) {
        armed.set(new Armed(false, nth, strike));
    }

    /** Strikes once, when the n-th whole answer from now on has been written. */
    void onAnswer(int nth, Runnable strike) {
        armed.set(new Armed(true, nth, strike));
    }

    void disarm() {
        armed.set(null);
    }

    void posted() {
        count(false);
    }

    void answered() {
        count(true);
    }

    private void count(boolean answer) {
        Armed before = armed.getAndUpdate(a -> a == null || a.onAnswer != answer
                ? a
                : a.countdown > 1 ? new Armed(answer, a.countdown - 1, a.strike) : null);
        if (before != null && before.onAnswer == answer && before.countdown <= 1) {
            before.strike.run();
        }
    }
}
