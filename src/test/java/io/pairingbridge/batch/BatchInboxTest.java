package io.pairingbridge.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.journal.jdbc.JdbcJournal;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.testing.MovingClock;
import jakarta.jms.JMSException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
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
        journal = JdbcJournal.open(
                new Settings.JournalStore("jdbc:sqlite:" + folder.resolve("journal.db"), "", "", null, ""),
                new Limits(
                        Duration.ofSeconds(1),
                        Duration.ofHours(1),
                        1,
                        new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0)),
                new Owner("a", "1"),
                hash,
                Clock.systemUTC());
    }

    @AfterEach
    void close() {
        journal.close();
    }

    private BatchInbox inbox(Path folder) {
        return new BatchInbox(folder, "bridge/1", intake(), journal.batches(), Duration.ofDays(7), Clock.systemUTC());
    }

    private BatchSubmitter intake() {
        return new BatchSubmitter(
                journal.batches(),
                new ActiveMQConnectionFactory("tcp://127.0.0.1:1"),
                new RequestBody(Path.of("config/schema/pairing-request.schema.json")),
                Set.of(),
                new OtpHash(new byte[32]),
                Duration.ofHours(1),
                Clock.systemUTC());
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
            return files.filter(Files::isRegularFile)
                    .map(f -> f.getFileName().toString())
                    .filter(f -> !f.equals(".instance"))
                    .map(f -> f.substring(f.indexOf('~') + 1))
                    .sorted()
                    .toList();
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
            Files.setLastModifiedTime(
                    inbox.resolve("growing.csv"), FileTime.from(Instant.ofEpochSecond(1_000_000 + i)));
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
        journal.batches().ended().forEach(batch -> journal.batches().finished(batch, "report.html"));
        round(taking);

        assertThat(processing()).isEmpty();
        assertThat(inbox.resolve("failed").toFile().list()).containsExactlyInAnyOrder("estate.csv", "left.csv");
        assertThat(inbox.resolve("processing/bridge_1").toFile().list()).containsExactly(".instance");
        assertThat(journal.batches().find("left").orElseThrow().batch().problem())
                .contains("the header");
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
            journal.batches().ended().forEach(batch -> journal.batches().finished(batch, "report.html"));
            round(taking);
        }
        assertThat(inbox.resolve("failed").toFile().list()).hasSize(2).contains("estate.csv");
    }

    @Test
    void namesAFolderThatItCannotUse() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> inbox(file))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("pairing.batch.inbox " + file);
        assertThatThrownBy(() -> inbox(Path.of("/proc/inbox")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("read and write");
        inbox(null).round();
    }

    /** What lies in the inbox under a name of a document is taken, whatever it is, and followed nowhere. */
    @Test
    void refusesWhatIsNoFileAndFollowsNoLink() throws Exception {
        Path secret = Files.writeString(folder.resolve("secret.csv"), "name,otp\nTill,canary-1\n");
        Files.createSymbolicLink(inbox.resolve("absolute.csv"), secret);
        Files.createSymbolicLink(inbox.resolve("relative.csv"), Path.of("../secret.csv"));
        Files.createSymbolicLink(inbox.resolve("dangling.csv"), Path.of("nowhere"));
        Files.createSymbolicLink(inbox.resolve("to-a-folder.csv"), folder);
        Files.createLink(inbox.resolve("hard.csv"), secret);
        Files.createDirectory(inbox.resolve("folder.csv"));
        assertThat(new ProcessBuilder("mkfifo", inbox.resolve("fifo.csv").toString())
                        .start()
                        .waitFor())
                .isZero();
        Files.writeString(inbox.resolve("good.csv"), "no header\n");
        BatchInbox taking = inbox(inbox);

        rounds(taking, 6);

        assertThat(inbox.resolve("failed").toFile().list())
                .containsExactlyInAnyOrder(
                        "absolute.csv",
                        "relative.csv",
                        "dangling.csv",
                        "to-a-folder.csv",
                        "hard.csv",
                        "folder.csv",
                        "fifo.csv",
                        "good.csv");
        assertThat(processing()).isEmpty();
        assertThat(secret).hasContent("name,otp\nTill,canary-1");
        for (String link : List.of("absolute", "relative", "dangling", "to-a-folder")) {
            assertThat(problem(link)).contains("symbolic link");
            assertThat(Files.isSymbolicLink(inbox.resolve("failed/" + link + ".csv")))
                    .isTrue();
        }
        assertThat(problem("hard")).contains("hard link");
        assertThat(problem("folder")).contains("is a folder");
        assertThat(problem("fifo")).contains("no regular file");
        assertThat(problem("good")).contains("the header");
        assertThat(journal.batches().find("good").orElseThrow().batch().phase()).isEqualTo(Phase.FAILED);
    }

    /**
     * What an earlier version did with a relative link: it moved it into a folder of its own, where it led nowhere, and
     * warned for ever.
     */
    @Test
    void getsRidOfALinkThatAnEarlierVersionHasTaken() throws Exception {
        Path claim = Files.createDirectories(inbox.resolve("processing/bridge_1/20261101-101010-123456"));
        Files.createSymbolicLink(claim.resolve("link.csv"), Path.of("nowhere"));
        rounds(inbox(inbox), 3);
        assertThat(inbox.resolve("failed").toFile().list()).containsExactly("link.csv");
        assertThat(inbox.resolve("processing/bridge_1").toFile().list()).containsExactly(".instance");
    }

    @Test
    void takesFilesOfAnyName() throws Exception {
        List<String> names = List.of(
                "%C3%A4.csv",
                "%FF%FE.csv",
                "a%0Ab.csv",
                "it's%20%22quoted%22.csv",
                "a%1B%5B2J.csv",
                "x".repeat(251) + ".csv",
                "%E5%B1%B1.csv",
                "a%5Cb.csv",
                "-rf.csv",
                "%E2%80%AEvsc.csv");
        for (String name : names) {
            Files.writeString(inbox.resolve(new FileName(name).path()), "no header\n");
        }
        BatchInbox taking = inbox(inbox);

        rounds(taking, 8);

        try (Stream<Path> failed = Files.list(inbox.resolve("failed"))) {
            List<String> there = failed.map(file -> FileName.of(file).raw()).toList();
            assertThat(there)
                    .hasSize(names.size())
                    .containsAll(
                            names.stream().filter(name -> name.length() < 200).toList());
        }
        assertThat(journal.batches().all()).allSatisfy(batch -> {
            assertThat(batch.batch().id()).matches(BatchSubmitter.ID);
            assertThat(batch.batch().source()).doesNotContainPattern("\\p{Cntrl}");
        });
    }

    @Test
    void saysOfAWorkbookOrAPackedFileWhatToDo() throws Exception {
        Files.write(inbox.resolve("estate.xlsx"), new byte[] {'P', 'K', 3, 4, 0});
        Files.write(inbox.resolve("estate.csv.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0});
        Files.write(inbox.resolve("all.zip"), new byte[] {'P', 'K', 3, 4, 0});
        rounds(inbox(inbox), 6);
        assertThat(inbox.resolve("failed").toFile().list())
                .containsExactlyInAnyOrder("estate.xlsx", "estate.csv.gz", "all.zip");
        for (String batch : List.of("estate.xlsx", "estate.csv.gz", "all.zip")) {
            assertThat(problem(batch)).contains("CSV UTF-8");
        }
    }

    /** Whoever may write into the inbox could have the bridge write where he wanted. */
    @Test
    void usesNoFolderThatSomebodyElseHasPutInPlaceOfItsOwn() throws Exception {
        BatchInbox taking = inbox(inbox);
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Path users = Files.writeString(elsewhere.resolve("management-users.properties"), "operator=canary\n");
        Files.move(inbox.resolve("failed"), inbox.resolve("failed-of-the-bridge"));
        Files.createSymbolicLink(inbox.resolve("failed"), elsewhere);
        Files.createSymbolicLink(elsewhere.resolve(".estate.report.csv.part"), users);
        Files.writeString(inbox.resolve("estate.csv"), "no header\n");
        rounds(taking, 5);
        Progress batch = journal.batches().find("estate").orElseThrow();
        BatchCompletion reports = new BatchCompletion(
                journal.batches(), taking, folder.resolve("batches"), row -> "", "simulator", Clock.systemUTC());

        reports.report(batch);

        assertThat(users).hasContent("operator=canary");
        assertThat(elsewhere.toFile().list())
                .containsExactlyInAnyOrder("management-users.properties", ".estate.report.csv.part");
        assertThat(folder.resolve("batches/estate.report.html")).exists();
        Files.delete(inbox.resolve("failed"));
        rounds(taking, 2);
        assertThat(inbox.resolve("failed").toFile().list())
                .as("once the link is gone")
                .containsExactly("estate.csv");
    }

    @Test
    void writesAReportOverNothingThatLiesInItsWay() throws Exception {
        BatchInbox taking = inbox(inbox);
        Path users = Files.writeString(folder.resolve("users"), "operator=canary");
        Files.createSymbolicLink(inbox.resolve("failed/.estate.report.csv.part"), users);
        Files.createSymbolicLink(inbox.resolve("failed/estate.report.html"), users);
        Files.writeString(inbox.resolve("estate.csv"), "no header\n");
        rounds(taking, 4);
        new BatchCompletion(
                        journal.batches(), taking, folder.resolve("batches"), row -> "", "simulator", Clock.systemUTC())
                .report(journal.batches().find("estate").orElseThrow());
        assertThat(users).hasContent("operator=canary");
        assertThat(Files.readString(inbox.resolve("failed/estate.report.html")))
                .contains("Not a single row could be read")
                .doesNotContain("Nothing needs");
    }

    @Test
    void keepsItsFoldersForItselfAndLeavesTheInboxAsItIs() throws Exception {
        Files.setPosixFilePermissions(inbox, PosixFilePermissions.fromString("rwxrwxrwx"));
        for (String own : List.of("processing", "done")) {
            Files.setPosixFilePermissions(
                    Files.createDirectory(inbox.resolve(own)), PosixFilePermissions.fromString("rwxrwxr-x"));
        }
        inbox(inbox);
        assertThat(permissions(inbox)).isEqualTo("rwxrwxrwx");
        assertThat(permissions(inbox.resolve("processing"))).isEqualTo("rwx------");
        assertThat(permissions(inbox.resolve("processing/bridge_1"))).isEqualTo("rwx------");
        assertThat(permissions(inbox.resolve("done")))
                .as("its group may look, where somebody has allowed it")
                .isEqualTo("rwxr-x---");
        assertThat(permissions(inbox.resolve("failed"))).isEqualTo("rwx------");
        inbox(folder.resolve("new"));
        assertThat(permissions(folder.resolve("new"))).isEqualTo("rwx------");
    }

    @Test
    void deletesDocumentsButNoReportsAfterTheirTime() throws Exception {
        MovingClock clock = new MovingClock();
        BatchInbox taking = new BatchInbox(inbox, "bridge/1", intake(), journal.batches(), Duration.ofDays(7), clock);
        for (String name : List.of("estate.csv", "estate.report.csv", "estate.report.html", "link.csv")) {
            Files.writeString(inbox.resolve("done").resolve(name), "x");
            Files.setLastModifiedTime(inbox.resolve("done").resolve(name), FileTime.from(Instant.EPOCH));
        }
        clock.move(Duration.between(clock.instant(), Instant.now()).plusDays(6));
        taking.round();
        assertThat(inbox.resolve("done").toFile().list())
                .as("counted from when it was put there")
                .hasSize(4);
        clock.move(Duration.ofDays(2));
        taking.round();
        assertThat(inbox.resolve("done").toFile().list())
                .containsExactlyInAnyOrder("estate.report.csv", "estate.report.html");
    }

    private static String permissions(Path folder) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder));
    }

    private String problem(String batchId) {
        return journal.batches().find(batchId).orElseThrow().batch().problem();
    }

    private void rounds(BatchInbox taking, int rounds) {
        for (int i = 0; i < rounds; i++) {
            round(taking);
            journal.batches().ended().forEach(batch -> journal.batches().finished(batch, "report.html"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "estate.csv,estate,estate,estate",
        "a.b.ndjson,a.b.ndjson,a.b.ndjson,a.b.ndjson",
        "a.b.csv,a.b,a.b,a.b",
        "a.CSV,a.CSV,a.CSV,a.CSV",
        "a.json.csv,a.json.csv,a.json.csv,a.json.csv",
        "T-pfer.csv,T-pfer,T-pfer,T-pfer",
        "Töpfer.csv,T-pfer:,Töpfer,Töpfer",
        "Töpfer.json,T-pfer.json:,Töpfer.json,Töpfer.json",
        "noending,noending:,noending,noending:",
        "Filialen Süd (2).CSV,Filialen-S-d--2-.CSV:,Filialen Süd (2).CSV,Filialen Süd (2).CSV",
        "x:1.csv,x-1:,x:1,x:1",
        "..csv,.:,.,.:"
    })
    void callsABatchAsItsFile(String file, String begin, String name, String report) {
        BatchName batch = BatchName.of(Path.of("x").resolve(file));
        assertThat(BatchInbox.batchId(Path.of("x").resolve(file)))
                .isEqualTo(batch.id())
                .startsWith(begin);
        assertThat(BatchSubmitter.ID.matcher(batch.id()).matches()).isTrue();
        assertThat(batch.text()).isEqualTo(name);
        assertThat(batch.file().text()).startsWith(report);
    }

    /** Nothing that two files may be called makes one batch of them, nor one report. */
    @Test
    void callsNoTwoFilesTheSame() {
        Set<String> files = Set.of(
                "a.csv",
                "a.json",
                "a.json.csv",
                "a.csv.csv",
                "a.CSV",
                "a",
                "a.ndjson",
                "T\u00f6pfer.csv",
                "T-pfer.csv",
                "T_pfer.csv",
                "T\u00f6pfer.json",
                "T\u00e4pfer.csv",
                "T\u00f6pfer",
                "-.csv",
                "_.csv",
                "\u00e9.csv",
                "e\u0301.csv",
                "x:1.csv",
                "x-1.csv",
                "y".repeat(120) + ".csv",
                "y".repeat(121) + ".csv",
                "\u5e97\u8217.csv",
                "\u5e97.csv");
        List<BatchName> names =
                files.stream().map(file -> BatchName.of(FileName.ofText(file))).toList();
        assertThat(names)
                .extracting(BatchName::id)
                .doesNotHaveDuplicates()
                .allMatch(id -> BatchSubmitter.ID.matcher(id).matches());
        assertThat(names).extracting(name -> name.file().raw()).doesNotHaveDuplicates();
        assertThat(BatchName.of("b", "T\u00f6pfer").file().text())
                .as("anybody may call a batch so")
                .isEqualTo("b");
    }
}
