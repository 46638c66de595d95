package io.pairingbridge.cli;

import io.pairingbridge.cli.ManagementClient.Refused;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import io.pairingbridge.journal.jdbc.JournalView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Batches as the running bridge tells them; from its journal, on its machine, while it does not run. */
final class BatchReader {
    private final ManagementClient bridge;
    private boolean told;

    BatchReader(ManagementClient bridge) {
        this.bridge = bridge;
    }

    /** All batches, the latest first; says which bridge they are of. */
    List<BatchStatus> all() throws Unreachable, Refused {
        try {
            List<BatchStatus> all = new ArrayList<>();
            bridge.read("Batches").path("Batches").forEach(batch -> all.add(BatchStatus.of(batch)));
            bridge.tellWhere();
            return all;
        } catch (Unreachable e) {
            return FromJournal.all(bridge, e);
        }
    }

    Optional<BatchStatus> find(String batchId) throws Unreachable {
        try {
            return Optional.of(BatchStatus.of(bridge.call("batch", batchId)));
        } catch (Refused e) {
            return Optional.empty();
        } catch (Unreachable e) {
            Optional<BatchStatus> found = FromJournal.find(bridge, batchId, e, !told);
            told = true;
            return found;
        }
    }

    /** Apart, as {@link StoppedBridge} is. */
    private static final class FromJournal {
        static List<BatchStatus> all(ManagementClient bridge, Unreachable why) throws Unreachable {
            try (JournalView view = StoppedBridge.journal(bridge, why, true)) {
                return view.batches().stream().map(BatchStatus::of).toList();
            }
        }

        static Optional<BatchStatus> find(ManagementClient bridge, String batchId, Unreachable why, boolean tell)
                throws Unreachable {
            try (JournalView view = StoppedBridge.journal(bridge, why, tell)) {
                return view.batch(batchId).map(BatchStatus::of);
            }
        }
    }
}
