package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.text.Text;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code batches}: how far they have come. */
@Command(name = "batches", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Lists batches and how far they have come, or watches one until it is finished.",
    footer = {"", "Exit code: 0 done (with --watch: finished, every row paired), 1 otherwise."})
public final class ListBatches implements Callable<Integer> {
  @Mixin
  private ManagementClient bridge;

  @Option(names = "--watch", paramLabel = "ID", description = "follows this batch until it is finished; may be interrupted and begun again")
  private String watch;

  @Option(names = "--json", description = "prints one JSON array; with --watch one JSON object")
  private boolean json;

  @Override
  public Integer call() throws ManagementClient.Unreachable, ManagementClient.Refused, InterruptedException {
    BatchList batches = new BatchList(bridge);
    if (watch == null) {
      print(batches.all());
      return 0;
    }
    if (batches.find(watch).isEmpty()) {
      System.err.println("pairing-bridge batches: there is no batch " + watch + "; 'pairing-bridge batches' lists all");
      return 1;
    }
    Progress last = new BatchProgress(batches).follow(watch, 0, -1, null);
    System.out.println(Text.line(json ? BatchProgress.json(last).toString() : BatchProgress.words(last)));
    return BatchProgress.verdict(last);
  }

  private void print(List<Progress> all) {
    if (json) {
      ArrayNode array = new ObjectMapper().createArrayNode();
      all.forEach(batch -> array.add(BatchProgress.json(batch)));
      System.out.println(Text.line(array.toString()));
      return;
    }
    Table table = new Table("BATCH", "PHASE", "BEGUN", "ROWS", "FIGURES");
    all.forEach(p -> table.row(p.batch().id(), p.batch().phase(), p.batch().startedAt(), p.rows(), BatchProgress.words(p)
        + (p.batch().problem() == null ? "" : "; " + p.batch().problem())));
    table.print(System.out);
  }
}
