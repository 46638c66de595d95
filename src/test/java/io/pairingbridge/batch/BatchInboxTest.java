package io.pairingbridge.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.JdbcJournal;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.settings.SettingsException;
import jakarta.jms.JMSException;
import io.pairingbridge.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a file is taken, and where it lies; there is no broker, so that nothing of a file that is taken can be sent. */
class BatchInboxTest {
  @TempDir
  private Path folder;
  private Path inbox;
  private Journal journal;

  @BeforeEach
  void open() throws Exception {
    inbox = Files.createDirectories(folder.resolve("inbox"));
    OtpHash hash = new OtpHash(new byte[32]);
    journal = JdbcJournal.open(new Settings.JournalStore("jdbc:sqlite:" + folder.resolve("journal.db"), "", "", null, ""), new Limits(Duration.ofSeconds(1), Duration.ofHours(1), 1,
        new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0)), new Owner("a", "1"), hash, Clock.systemUTC());
  }

  @AfterEach
  void close() {
    journal.close();
  }

  private BatchInbox inbox(Path folder) {
    BatchIntake intake = new BatchIntake(journal.batches(), new ActiveMQConnectionFactory("tcp://127.0.0.1:1"),
        new RequestBody(Path.of("config/schema/pairing-request.schema.json")), Set.of(), new OtpHash(new byte[32]), Duration.ofHours(1),
        Clock.systemUTC());
    return new BatchInbox(folder, "bridge/1", intake, journal.batches(), Duration.ofDays(7), Clock.systemUTC());
  }

  private static void round(BatchInbox inbox) {
    try {
      inbox.round();
    } catch (JMSException e) {
      assertThat(e).as("what is read cannot be sent without a broker").isNotNull();
    }
  }

  private List<String> processing() throws Exception {
    try (Stream<Path> files = Files.walk(inbox.resolve("processing"))) {
      return files.filter(Files::isRegularFile).map(f -> f.getFileName().toString()).filter(f -> !f.equals(".instance")).sorted().toList();
    }
  }

  @Test
  void takesAFileThatItsMarkerCallsCompleteAtOnceAndOneThatHasNotChangedAfterAWhile() throws Exception {
    BatchInbox taking = inbox(inbox);
    Files.writeString(inbox.resolve("marked.csv"), "name,otp\n");
    Files.createFile(inbox.resolve("marked.csv.done"));
    Files.writeString(inbox.resolve("growing.csv"), "name,otp\n");
    for (String other : List.of(".hidden.csv", "notes.docx", "part.csv.part", "~lock.csv")) {
      Files.writeString(inbox.resolve(other), "x");
    }

    round(taking);
    assertThat(processing()).containsExactly("marked.csv");
    assertThat(Files.exists(inbox.resolve("marked.csv.done"))).isFalse();
    for (int i = 0; i < 5; i++) {
      Files.writeString(inbox.resolve("growing.csv"), "name,otp\n".repeat(i + 1));
      Files.setLastModifiedTime(inbox.resolve("growing.csv"), FileTime.from(Instant.ofEpochSecond(1_000_000 + i)));
      round(taking);
    }
    assertThat(processing()).as("while it grows").containsExactly("marked.csv");
    round(taking);
    round(taking);
    assertThat(processing()).containsExactly("growing.csv", "marked.csv");
    assertThat(Files.exists(inbox.resolve("notes.docx"))).isTrue();
  }

  @Test
  void goesOnWithWhatACrashLeftAndBearsFilesThatVanish() throws Exception {
    BatchInbox taking = inbox(inbox);
    Files.writeString(inbox.resolve("estate.csv"), "name,otp\nTill,1\n");
    round(taking);
    round(taking);
    Files.delete(inbox.resolve("estate.csv"));
    round(taking);
    assertThat(processing()).isEmpty();

    Files.writeString(inbox.resolve("estate.csv"), "nothing that is a document\n");
    Files.createFile(inbox.resolve("estate.csv.done"));
    Path claim = Files.createDirectories(inbox.resolve("processing/bridge_1/of-a-crash"));
    Files.writeString(claim.resolve("left.csv"), "no header\n");
    Files.createDirectories(inbox.resolve("processing/bridge_1/empty"));
    round(taking);
    journal.batches().ended().forEach(batch -> journal.batches().finished(batch.id()));
    round(taking);

    assertThat(processing()).isEmpty();
    assertThat(inbox.resolve("failed").toFile().list()).containsExactlyInAnyOrder("estate.csv", "left.csv");
    assertThat(inbox.resolve("processing/bridge_1").toFile().list()).containsExactly(".instance");
    assertThat(journal.batches().find("left").orElseThrow().batch().problem()).contains("the header");
  }

  /** A journal on SQLite is one bridge's: whoever else is named there has another one. */
  @Test
  void leavesToAnotherBridgeWhatItHasTaken() throws Exception {
    Path claim = Files.createDirectories(inbox.resolve("processing/other/claim"));
    Files.writeString(claim.resolve("others.csv"), "name,otp\n");
    Files.writeString(inbox.resolve("processing/other/.instance"), "other");
    BatchInbox taking = inbox(inbox);
    round(taking);
    round(taking);
    assertThat(claim.resolve("others.csv")).exists();
  }

  @Test
  void keepsWhatLiesInTheFolderOfEndedFiles() throws Exception {
    BatchInbox taking = inbox(inbox);
    for (int i = 0; i < 2; i++) {
      Files.writeString(inbox.resolve("estate.csv"), "no header " + i + "\n");
      Files.createFile(inbox.resolve("estate.csv.done"));
      round(taking);
      journal.batches().ended().forEach(batch -> journal.batches().finished(batch.id()));
      round(taking);
    }
    assertThat(inbox.resolve("failed").toFile().list()).hasSize(2).contains("estate.csv");
  }

  @Test
  void namesAFolderThatItCannotUse() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> inbox(file)).isInstanceOf(SettingsException.class).hasMessageContaining("pairing.batch.inbox " + file);
    assertThatThrownBy(() -> inbox(Path.of("/proc/inbox"))).isInstanceOf(SettingsException.class).hasMessageContaining("read and write");
    inbox(null).round();
  }

  @ParameterizedTest
  @CsvSource({"estate.csv,estate", "Filialen Süd (2).CSV,Filialen-S-d--2-", "a.b.ndjson,a.b", "noending,noending"})
  void callsABatchAsItsFile(String file, String batch) {
    assertThat(BatchInbox.batchId(Path.of("x").resolve(file))).isEqualTo(batch);
    assertThat(BatchIntake.ID.matcher(batch).matches()).isTrue();
  }
}
