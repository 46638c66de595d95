package io.pairingbridge.intake;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Spaces out the calls of this instance. A job that must wait for its turn waits before the journal knows of it, so that
 * a crash finds it untouched in its queue; the consumer that holds it could not have called anybody else meanwhile.
 */
public final class RateLimit {
  private volatile long nanosBetween;
  private long nextTurn = System.nanoTime();

  /** @param callsPerSecond 0 for no limit */
  public RateLimit(double callsPerSecond) {
    change(callsPerSecond);
  }

  /** For calls that have not got their turn yet; 0 for no limit. */
  public void change(double callsPerSecond) {
    nanosBetween = callsPerSecond == 0 ? 0 : (long) (TimeUnit.SECONDS.toNanos(1) / callsPerSecond);
  }

  /** Calls a second; 0 for no limit. */
  public double callsPerSecond() {
    return nanosBetween == 0 ? 0 : (double) TimeUnit.SECONDS.toNanos(1) / nanosBetween;
  }

  /**
   * Returns when it is the caller's turn.
   *
   * @throws IllegalStateException if the thread is interrupted, because the bridge is stopping: the job goes back
   */
  public void awaitTurn() {
    if (nanosBetween == 0) {
      return;
    }
    long turn = reserve();
    for (long left = turn - System.nanoTime(); left > 0; left = turn - System.nanoTime()) {
      if (Thread.currentThread().isInterrupted()) {
        throw new IllegalStateException("stopped while waiting for the rate limit");
      }
      LockSupport.parkNanos(left);
    }
  }

  private synchronized long reserve() {
    long turn = Math.max(nextTurn, System.nanoTime());
    nextTurn = turn + nanosBetween;
    return turn;
  }
}
