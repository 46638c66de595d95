package io.pairingbridge.delivery;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.journal.Journal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Finds the sealed credentials that a crash or a broker's outage left in the journal. */
public final class Reconciler {
  private static final int AT_ONCE = 500;
  private static final int PORTIONS_A_ROUND = 10;
  /** The route that sealed them is given this long to publish them itself; doing it twice would be harmless. */
  private static final Duration HEAD_START = Duration.ofSeconds(2);

  private final Journal journal;
  private final Clock clock;
  private final Duration retention;
  private final Instant startedAt;
  private Instant purgedAt = Instant.EPOCH;

  public Reconciler(Journal journal, Duration retention, Clock clock) {
    this.journal = journal;
    this.retention = retention;
    this.clock = clock;
    this.startedAt = clock.instant();
  }

  /** What is due, oldest first: all that was sealed before this start, and all that its own route did not publish. */
  public List<Credentials> due() {
    Instant now = clock.instant();
    Instant before = now.minus(HEAD_START);
    return journal.unpublished(before.isBefore(startedAt) ? startedAt : before, AT_ONCE);
  }

  /**
   * Once an hour, forgets jobs that ended longer ago than the retention: a thousand at a time, so that no commit of a job waits long, and
   * some thousands a round, so that credentials that are left behind do not wait for the end of it.
   */
  public void purge() {
    Instant now = clock.instant();
    if (journal.failure().isEmpty() && Duration.between(purgedAt, now).abs().compareTo(Duration.ofHours(1)) >= 0) {
      for (int portion = 0; portion < PORTIONS_A_ROUND; portion++) {
        if (journal.purge(retention) == 0) {
          purgedAt = now;
          return;
        }
      }
    }
  }
}
