package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A batch whose bridge is killed over and over, while it is read and while its jobs run. */
class BatchKillIT {
  private static final int ROWS = 2_000;
  private static final int KILLS = 10;
  private static final int MAX_AMBIGUOUS = 3;
  private static final String OTP = "otp-canary-";

  @Test
  void endsWithEveryRowInOneOutcomeAndNothingPairedTwice(@TempDir Path folder) throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    try (Stage stage = new Stage(folder)) {
      Path inbox = Files.createDirectories(folder.resolve("inbox"));
      stage.set("pairing.batch.inbox", inbox.toString());
      stage.ledger().otherwise(call -> {
        call.think(20); // so that the batch lasts for as long as the kills
        if (call.otp().endsWith("7")) {
          call.status(400);
        } else {
          call.pairOnce();
        }
      });
      Path log = folder.resolve("bridge.log");
      Path settings = folder.resolve("child.properties");
      CrashingBridge.writeSettings(stage.settingTexts(), settings);
      StringBuilder estate = new StringBuilder("serial,name,otp\n");
      for (int i = 0; i < ROWS; i++) {
        estate.append(i).append(",Till ").append(i).append(',').append(i % 50 == 0 ? "" : OTP + i).append('\n');
      }
      Files.writeString(inbox.resolve("estate.csv"), estate);
      Files.createFile(inbox.resolve("estate.csv.done"));

      for (int kill = 0; kill < KILLS; kill++) {
        try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
          if (kill > 1) { // the first two die in their start, or soon after
            bridge.awaitLog("started", 1);
          }
          Thread.sleep(random.nextInt(kill > 1 ? 700 : 4_000)); // when a kill comes is the fault, nothing is waited for
          bridge.kill();
        }
      }
      Path report = inbox.resolve("done/estate.report.csv");
      try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
        Awaitility.await().atMost(Stage.PATIENCE.multipliedBy(3)).until(() -> Files.exists(inbox.resolve("done/estate.csv")));
        stage.gather();
      }

      List<NamedCsvRecord> rows;
      try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(report)) {
        rows = reader.stream().toList();
      }
      assertThat(rows).as("rows of the report, seed %d", seed).hasSize(ROWS);
      Map<String, String> jobs = new HashMap<>();
      Map<String, Integer> outcomes = new HashMap<>();
      for (NamedCsvRecord row : rows) {
        int serial = Integer.parseInt(row.getField("serial"));
        String outcome = row.getField("outcome");
        outcomes.merge(outcome, 1, Integer::sum);
        if (serial % 50 == 0) {
          assertThat(outcome).isEqualTo("INVALID");
        } else {
          jobs.put(row.getField("job_id"), OTP + serial);
          assertThat(stage.outcomes(row.getField("job_id"))).as("events of row %d, seed %d", serial, seed)
              .anyMatch(event -> event.path("outcome").asText().equals(outcome));
        }
      }
      assertThat(jobs).hasSize(ROWS - ROWS / 50);
      Invariants.check(stage, jobs, MAX_AMBIGUOUS, List.of(log));
      // In doubt is at most what was in a call at a kill.
      assertThat(outcomes.getOrDefault("IN_DOUBT", 0)).as("outcomes %s, seed %d", outcomes, seed).isLessThanOrEqualTo(KILLS * 8);
      assertThat(outcomes.get("REJECTED") + outcomes.getOrDefault("IN_DOUBT", 0)).isGreaterThanOrEqualTo(ROWS / 10);
    }
  }
}
