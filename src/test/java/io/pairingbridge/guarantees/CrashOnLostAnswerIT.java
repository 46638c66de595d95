package io.pairingbridge.guarantees;

import io.pairingbridge.testing.LedgerEndpoint.Behaviour;
import java.util.List;
import org.junit.jupiter.api.Tag;

/**
 * The endpoint pairs and its answer is lost on the wire; it refuses afterwards. Never silent: in doubt, wherever it
 * crashes.
 */
@Tag("heavy")
class CrashOnLostAnswerIT extends CrashChain {
    @Override
    Behaviour answer() {
        return call -> {
            if (call.pair()) {
                call.reset();
            } else {
                call.status(400);
            }
        };
    }

    @Override
    List<Edge> edges() {
        return List.of(
                new Edge("before:admit", "IN_DOUBT"),
                new Edge("after:admit", "IN_DOUBT"),
                new Edge("before:call-endpoint", "IN_DOUBT"),
                new Edge("before:classify-failure", "IN_DOUBT"),
                new Edge("before:journal-answered", "IN_DOUBT"),
                new Edge("after:journal-answered", "IN_DOUBT"), // WAITING
                new Edge("before:schedule-request", "IN_DOUBT"),
                new Edge("after:schedule-request", "IN_DOUBT"), // before the commit
                new Edge("before:send-in-doubt", "IN_DOUBT"),
                new Edge("after:send-in-doubt", "IN_DOUBT"),
                new Edge("before:send-event", "IN_DOUBT"),
                new Edge("after:count-ended", "IN_DOUBT"));
    }

    @Override
    Edge afterCommit() {
        return new Edge("after:commit", "IN_DOUBT");
    }
}
