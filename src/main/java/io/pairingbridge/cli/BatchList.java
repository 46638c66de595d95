package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.cli.ManagementClient.Refused;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.BatchView;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Journal.JournalException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Batches as the running bridge tells them; from its journal, on its machine, while it does not run. */
final class BatchList {
  private final ManagementClient bridge;

  BatchList(ManagementClient bridge) {
    this.bridge = bridge;
  }

  /** All batches, the latest first. */
  List<Progress> all() throws Unreachable, Refused, InterruptedException {
    try {
      List<Progress> all = new ArrayList<>();
      bridge.read("Batches").path("Batches").forEach(batch -> all.add(progress(batch)));
      return all;
    } catch (Unreachable e) {
      try (BatchView view = view(e)) {
        return view.all();
      }
    }
  }

  Optional<Progress> find(String batchId) throws Unreachable, InterruptedException {
    try {
      return Optional.of(progress(bridge.call("batch", batchId)));
    } catch (Refused e) {
      return Optional.empty();
    } catch (Unreachable e) {
      try (BatchView view = view(e)) {
        return view.find(batchId);
      }
    }
  }

  private BatchView view(Unreachable bridgeIsNotThere) throws Unreachable {
    try {
      return BatchView.open(bridge.settings().journal().url());
    } catch (JournalException e) {
      throw bridgeIsNotThere;
    }
  }

  private static Progress progress(JsonNode figures) {
    Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
    figures.path("outcomes").properties().forEach(count -> outcomes.put(Outcome.valueOf(count.getKey()), count.getValue().asLong()));
    Batch batch = new Batch(figures.path("id").asText(), figures.path("source").asText(), Phase.valueOf(figures.path("phase").asText()), 0,
        figures.path("problem").asText().isEmpty() ? null : figures.path("problem").asText(), instant(figures.path("startedAt")), null,
        instant(figures.path("finishedAt")));
    return new Progress(batch, figures.path("rows").asLong(), figures.path("waiting").asLong(), outcomes);
  }

  private static Instant instant(JsonNode text) {
    return text.asText().isEmpty() ? null : Instant.parse(text.asText());
  }
}
