package io.pairingbridge.guarantees;

import io.pairingbridge.testing.LedgerEndpoint.Behaviour;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** The endpoint refuses with 400. A refusal that was not written down makes the next one doubtful: doubt is sticky. */
@Tag("heavy")
class CrashOn400IT extends CrashChain {
    @Override
    Behaviour answer() {
        return call -> call.status(400);
    }

    @Override
    List<Edge> edges() {
        return List.of(
                new Edge("before:admit", "REJECTED"),
                new Edge("after:admit", "IN_DOUBT"),
                new Edge("before:call-endpoint", "IN_DOUBT"),
                new Edge("after:call-endpoint", "IN_DOUBT"),
                new Edge("before:journal-answered", "IN_DOUBT"),
                new Edge("after:journal-answered", "REJECTED"),
                new Edge("before:send-dead-letter", "REJECTED"),
                new Edge("after:send-dead-letter", "REJECTED"),
                new Edge("before:send-event", "REJECTED"),
                new Edge("after:send-event", "REJECTED"),
                new Edge("after:count-ended", "REJECTED"));
    }

    @Override
    Edge afterCommit() {
        return new Edge("after:commit", "REJECTED");
    }
}
