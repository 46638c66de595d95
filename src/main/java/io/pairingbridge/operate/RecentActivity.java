package io.pairingbridge.operate;

import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.Result;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What this process has done, and lately, as a listener of jobs has counted it. */
public interface RecentActivity {
    /** The last call that did not pair; {@code at} is null if there was none. */
    record Failure(Result result, String detail, Instant at) {}

    /** Calls under way. */
    int inFlight();

    Failure lastFailure();

    /** Jobs that ended since the start, by outcome. */
    Map<Outcome, Long> sinceStart();

    /** Jobs that ended in the last sixty seconds. */
    long lastMinute();

    /** The last sixty minutes, this one included, the oldest first. */
    List<JmxViews.Minute> lastHour();
}
