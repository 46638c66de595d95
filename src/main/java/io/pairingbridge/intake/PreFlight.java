package io.pairingbridge.intake;

import io.pairingbridge.journal.Journal;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.sealing.SealingException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** What must be in order before a one-time password may be spent. */
public final class PreFlight {
    /** A trial sealing costs as much as a real one; a key that could seal a moment ago still can. */
    private static final long TRIAL_INTERVAL = TimeUnit.SECONDS.toNanos(10);

    /** Says whether the way to the credentials queue is open; throws if not. */
    public interface Output {
        void check() throws Exception;
    }

    /** The bridge is not fit to call; the job goes back to its queue untouched. */
    public static final class NotReady extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotReady(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final Sealer sealer;
    private final Journal journal;
    private final Output output;
    private volatile long sealedAt = System.nanoTime() - TRIAL_INTERVAL;

    public PreFlight(Sealer sealer, Journal journal, Output output) {
        this.sealer = sealer;
        this.journal = journal;
        this.output = output;
    }

    /** @throws NotReady saying what is not in order and what to do */
    public void check() {
        Optional<String> failure = journal.failure();
        if (failure.isPresent()) {
            throw new NotReady("the journal cannot write: " + failure.get(), null);
        }
        sealer.refresh();
        if (System.nanoTime() - sealedAt >= TRIAL_INTERVAL) {
            try {
                sealer.verify();
            } catch (SealingException e) {
                throw new NotReady("credentials could not be sealed: " + e.getMessage(), e);
            }
            sealedAt = System.nanoTime();
        }
        try {
            output.check();
        } catch (Exception e) {
            throw new NotReady("the credentials queue cannot be reached: " + e.getMessage(), e);
        }
    }
}
