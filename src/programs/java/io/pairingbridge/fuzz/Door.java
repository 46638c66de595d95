package io.pairingbridge.fuzz;

import java.util.Random;

/**
 * One way in from outside. Its inputs are a function of the random source alone, so that each can be tried again by
 * seed and number.
 */
interface Door extends AutoCloseable {
    /** How an input ended. */
    enum Fate {
        /** Whoever sent it was told that it was accepted, and it got its outcome. */
        OUTCOME,
        /** Whoever sent it was told that it is not accepted, and why. */
        REFUSED
    }

    /**
     * Hands in the input that {@code random} draws and waits until it has ended.
     *
     * @throws AssertionError with a short description of the input, if it neither got an outcome nor was refused, or
     *     broke a promise
     */
    Fate tryOne(Random random) throws Exception;

    /** One ordinary piece of work beside the odd ones; throws if it does not get on within a generous limit. */
    void ordinary() throws Exception;

    /** Stops and starts what is under test; afterwards nothing of the inputs so far may be stuck. */
    void restart() throws Exception;

    @Override
    void close() throws Exception;
}
