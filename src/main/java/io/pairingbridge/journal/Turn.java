package io.pairingbridge.journal;

import java.time.Duration;
import java.time.Instant;

/**
 * Whose turn it is to send the sealed answer of an attempt, among bridges that share the journal. The broker knows a duplicate id from
 * when the first message with it is on its disk; of two that come at the same moment it keeps both.
 *
 * @param sender an {@link Owner} as text, or null if it is nobody's turn
 * @param until when others may take it
 */
record Turn(String sender, Instant until) {
  /** As long as a send may wait for the broker's word at most (see {@code BrokerConnections.giveUpAfter}). */
  static final Duration LENGTH = Duration.ofSeconds(30);

  static Turn of(Owner owner, Instant now) {
    return new Turn(owner.toString(), now.plus(LENGTH));
  }

  /** Whether this owner has it or may take it: also if it is further ahead than it can be set, after a clock was turned back. */
  boolean openTo(Owner owner, Instant now) {
    return sender == null || sender.equals(owner.toString()) || owner.isEarlierRun(sender) || !until.isAfter(now)
        || until.isAfter(now.plus(LENGTH));
  }
}
