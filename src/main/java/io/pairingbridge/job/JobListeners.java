package io.pairingbridge.job;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells several listeners, each once, in their order. What one of them throws is logged; the others and the job go on.
 */
public final class JobListeners implements JobListener {
    private static final Logger LOG = LoggerFactory.getLogger(JobListeners.class);

    private final List<JobListener> listeners;

    public JobListeners(JobListener... listeners) {
        this.listeners = List.of(listeners);
    }

    @Override
    public void callBegan() {
        tell(JobListener::callBegan);
    }

    @Override
    public void callEnded(Result result, String detail, double seconds) {
        tell(listener -> listener.callEnded(result, detail, seconds));
    }

    @Override
    public void published(Duration sinceRequested) {
        tell(listener -> listener.published(sinceRequested));
    }

    @Override
    public void ended(Outcome outcome) {
        tell(listener -> listener.ended(outcome));
    }

    private void tell(Consumer<JobListener> event) {
        for (JobListener listener : listeners) {
            try {
                event.accept(listener);
            } catch (RuntimeException e) {
                LOG.error(
                        "A listener failed; jobs go on: {}", listener.getClass().getSimpleName(), e);
            }
        }
    }
}
