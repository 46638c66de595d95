package io.pairingbridge.guarantees;

import io.pairingbridge.testing.LedgerEndpoint.Behaviour;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import java.util.List;

/**
 * The endpoint pairs and answers 200. Only a crash between the answer and its fsync costs the credentials: in doubt.
 */
class CrashOn200IT extends CrashChain {
    @Override
    Behaviour answer() {
        return Call::pairOnce;
    }

    @Override
    List<Edge> edges() {
        return List.of(
                new Edge("before:read-request", "PAIRED"),
                new Edge("after:pre-flight", "PAIRED"),
                new Edge("before:admit", "PAIRED"),
                new Edge("after:admit", "PAIRED"), // CALLING, and never called: tried again
                new Edge("before:call-endpoint", "PAIRED"),
                new Edge("before:seal", "IN_DOUBT"),
                new Edge("after:seal", "IN_DOUBT"),
                new Edge("after:call-endpoint", "IN_DOUBT"),
                new Edge("before:journal-answered", "IN_DOUBT"),
                new Edge("after:journal-answered", "PAIRED"), // SEALED: from here on nothing is lost
                new Edge("before:publish-credentials", "PAIRED"),
                new Edge("after:publish-credentials", "PAIRED"),
                new Edge("before:journal-published", "PAIRED"),
                new Edge("after:journal-published", "PAIRED"),
                new Edge("before:send-event", "PAIRED"),
                new Edge("after:send-event", "PAIRED"),
                new Edge("after:count-ended", "PAIRED")); // before the commit
    }

    @Override
    Edge afterCommit() {
        return new Edge("after:commit", "PAIRED");
    }
}
