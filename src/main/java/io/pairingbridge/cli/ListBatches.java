package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code batches}: how far they have come. */
@Command(
        name = "batches",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Lists batches and how far they have come, or watches one until it is finished.",
        footer = {
            "",
            "Examples:",
            "  pairing-bridge batches",
            "  pairing-bridge batches --watch north",
            "  pairing-bridge batches -o json | jq '.[] | select(.waiting > 0)'",
            "",
            ExitCodes.WORDS + "; with --watch: 0 finished and every row paired, 3 ended otherwise."
        })
public final class ListBatches implements Callable<Integer> {
    @Mixin
    private ManagementClient bridge;

    @Mixin
    private Output output;

    @Option(
            names = "--watch",
            paramLabel = "ID",
            description = "follows this batch until it is finished; may be interrupted and begun again")
    private String watch;

    @Override
    public Integer call() throws ManagementClient.Unreachable, ManagementClient.Refused, InterruptedException {
        BatchReader batches = new BatchReader(bridge);
        if (watch == null) {
            print(batches.all());
            return 0;
        }
        if (batches.find(watch).isEmpty()) {
            throw new ManagementClient.Refused("there is no batch " + watch + "; 'pairing-bridge batches' lists all. "
                    + bridge.options().lookedIn(bridge.settings()));
        }
        BatchStatus last = new BatchProgressBar(batches).follow(watch, "", -1, null);
        last.print(output);
        return last.exitCode();
    }

    private void print(List<BatchStatus> all) {
        ArrayNode array = Json.array();
        Table table = new Table("BATCH", "PHASE", "BEGUN", "ROWS", "PAIRED", "WAITING")
                .wide("ID")
                .wide("FINISHED")
                .wide("SOURCE")
                .below("OUTCOMES")
                .below("PROBLEM")
                .below("WARNING")
                .below("REPORT");
        for (BatchStatus batch : all) {
            array.add(batch.json());
            table.row(
                    batch.name(),
                    batch.phase(),
                    Times.minute(batch.startedAt()),
                    batch.rows(),
                    batch.paired(),
                    batch.waiting(),
                    batch.id(),
                    Times.minute(batch.figures().path("finishedAt").asText("")),
                    batch.figures().path("source").asText(""),
                    batch.paired() + batch.waiting() == batch.rows() ? "" : batch.words(),
                    batch.problem(),
                    batch.warning(),
                    batch.report().isEmpty() ? "" : "Report: " + batch.report());
        }
        output.print(table, array);
        if (all.isEmpty()) {
            Screen.note("No batches. " + bridge.options().lookedIn(bridge.settings()));
        }
    }
}
