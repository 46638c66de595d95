package io.pairingbridge.broker;

import java.time.Instant;

/**
 * A message that no JMS consumer can get, with what could be read of it; never its body.
 *
 * @param queue where it lies
 * @param jobId as the contract says, or one made of {@code key}
 * @param batchId PairingBatchId, or null
 * @param key the same for each delivery of this message, and another one for any other
 * @param requestedAt when the broker took it in, as far as it says so
 * @param priority 0 to 9
 * @param reason a code for programs: {@code UNDECODABLE} or {@code TOO_LONG}
 * @param detail a sentence for a person, without any of the message's content
 */
public record UndecodableMessage(
        BrokerQueue queue,
        String jobId,
        String batchId,
        String key,
        Instant requestedAt,
        int priority,
        String reason,
        String detail) {}
