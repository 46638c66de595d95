package io.pairingbridge.batch;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.pairingbridge.batch.document.BatchDocument;
import io.pairingbridge.batch.document.DocumentEntry;
import io.pairingbridge.batch.document.DocumentEntry.Refused;
import io.pairingbridge.batch.document.DocumentException;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.RowMark;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Batches.Row;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.testing.Journals;
import io.pairingbridge.testing.SentRequests;
import io.pairingbridge.testing.SentRequests.Sent;
import io.pairingbridge.text.Text;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Takes documents as a bridge does, with a journal on SQLite, and checks what is promised of each: every row is sent
 * once or refused with its line; no one-time password is sent twice; the dry run says what the real one does; a row
 * ends with its job; the report is CSV that a spreadsheet runs nothing of; nothing is thrown.
 */
public final class DocumentOracle implements AutoCloseable {
    private static final RequestBody REQUESTS = new RequestBody(Path.of("config/schema/pairing-request.schema.json"));
    private static final Set<String> INTEGRATORS = Set.of("east");
    private static final OtpHash HASH = new OtpHash(new byte[32]);
    private static final AttemptReport REJECTED = new AttemptReport(Result.REJECTED, 400, "refused", null, null);

    private final Path folder;
    private final SentRequests sent = new SentRequests();
    private final RowMark marks = new RowMark(HASH::of);
    private Journal journal;
    private BatchSubmitter intake;
    private long number;

    public DocumentOracle(Path folder) {
        this.folder = folder;
        open();
    }

    private void open() {
        journal = Journals.open(Journals.file(folder), HASH);
        intake = new BatchSubmitter(
                journal.batches(),
                sent.connections(),
                REQUESTS,
                INTEGRATORS,
                HASH,
                Duration.ofHours(1),
                Clock.systemUTC());
    }

    public void restart() {
        journal.close();
        open();
    }

    /**
     * @param passwords every one-time password that a reader can find in the document, or null if that is not known
     * @return how many rows were sent
     */
    public int check(byte[] document, Set<String> passwords, Random random) throws Exception {
        List<DocumentEntry> dry = new ArrayList<>();
        String problem = null;
        try (CheckedRows rows =
                new CheckedRows(BatchDocument.open(new ByteArrayInputStream(document)), REQUESTS, INTEGRATORS)) {
            for (DocumentEntry entry = rows.next(); entry != null; entry = rows.next()) {
                dry.add(entry);
            }
        } catch (DocumentException e) {
            problem = e.getMessage();
        }
        String batchId = "b-" + number++;
        require(
                intake.take(batchId, "document " + number, new ByteArrayInputStream(document))
                        == BatchSubmitter.Taken.READ,
                "the document was not read");
        List<Sent> messages = sent.take();
        Progress batch = journal.batches().find(batchId).orElseThrow();
        List<Row> rows = new ArrayList<>();
        journal.batches().rows(batchId, rows::add);

        require(rows.size() == dry.size(), "the dry run has " + dry.size() + " rows, the journal " + rows.size());
        String said = batch.batch().problem();
        require(
                problem == null ? said == null || rows.isEmpty() : problem.equals(said),
                "the dry run says " + problem + ", the batch " + said);
        require(said == null || Text.line(said).equals(said), "the problem is no line: " + Text.line(said));
        int good = 0;
        Set<String> otps = new HashSet<>();
        require(
                messages.size() == rows.size(),
                rows.size() + " rows made " + messages.size() + " messages of "
                        + messages.stream().map(Sent::jobId).toList() + " for "
                        + rows.stream().map(Row::jobId).toList());
        for (int i = 0; i < rows.size(); i++) {
            Sent message = messages.get(i);
            Row row = rows.get(i);
            require(row.jobId().equals(message.jobId()), "row " + i + " is another job than its message");
            if (dry.get(i) instanceof Refused refused) {
                require(
                        row.outcome() == Outcome.INVALID && row.detail().startsWith("line " + refused.line() + ": "),
                        "row " + i + " is not refused by its line");
                require(
                        message.properties().get(RowMark.REFUSED).equals(row.detail()),
                        "the message of refused row " + i + " says something else");
                continue;
            }
            good++;
            require(
                    row.outcome() == null && message.properties().get(RowMark.REFUSED) == null,
                    "row " + i + " is good in the dry run and refused");
            PairingRequest request = REQUESTS.read(message.body());
            require(otps.add(request.otp()), "row " + i + " has the password of an earlier one and was sent");
            require(
                    passwords == null || passwords.contains(request.otp()),
                    "row " + i + " was sent with a password that is none of the document's");
        }
        if (!messages.isEmpty()) {
            end(batchId, messages, random.nextInt(messages.size()));
        }
        if (random.nextInt(4) == 0) {
            report(batchId, rows.size());
        }
        require(
                intake.take(batchId, "document " + number, new ByteArrayInputStream(document))
                                == BatchSubmitter.Taken.READ
                        && sent.take().isEmpty(),
                "the same document again was sent again");
        return good;
    }

    /** One of the rows gets its end, and the batch's row must have it too. */
    private void end(String batchId, List<Sent> messages, int i) throws Exception {
        Sent message = messages.get(i);
        Job.Origin origin = new Job.Origin(
                message.jobId(),
                batchId,
                null,
                number + "-" + i,
                Clock.systemUTC().instant(),
                null,
                2,
                false,
                false);
        RowMark.Row mark = marks.read(
                message.jobId(),
                batchId,
                message.properties().get(RowMark.PROPERTY),
                message.properties().get(RowMark.REFUSED));
        require(mark != null, "the message of row " + i + " is not known for the bridge's own");
        if (mark.refused() != null) {
            Job job = new Job(origin, null, message.body()).ofRow(mark.hash());
            journal.refusedRow(
                    job,
                    Ending.uncalled(
                            Outcome.INVALID,
                            "ROW_REFUSED",
                            mark.refused(),
                            origin.originalMessageId(),
                            origin.requestedAt()));
            require(
                    job.ending().outcome() == Outcome.INVALID && !job.repeated(),
                    "refused row " + i + " is not told of");
        } else {
            Job job = new Job(origin, REQUESTS.read(message.body()), message.body());
            journal.admit(job);
            if (job.attempt() != null) { // else the row's job id is one that ended before
                journal.answered(job, REJECTED);
            }
        }
        List<Row> rows = new ArrayList<>();
        journal.batches().rows(batchId, rows::add);
        require(rows.get(i).outcome() != null, "row " + i + " is still open after its job has ended");
    }

    private void report(String batchId, int rows) throws Exception {
        Progress running = journal.batches().find(batchId).orElseThrow();
        Progress batch = new Progress(
                new io.pairingbridge.journal.Batches.Batch(
                        batchId,
                        "document",
                        running.batch().phase(),
                        0,
                        running.batch().problem(),
                        running.batch().startedAt(),
                        running.batch().readAt(),
                        Clock.systemUTC().instant()),
                running.rows(),
                running.open(),
                running.outcomes());
        Path reports = Files.createDirectories(folder.resolve("reports"));
        new BatchReport(journal.batches(), row -> "what to do").write(batch, BatchReport.Place.in(reports));
        Path csv = reports.resolve(batchId + ".report.csv");
        try (CsvReader<CsvRecord> reader = CsvReader.builder()
                .allowExtraFields(true)
                .allowMissingFields(true)
                .ofCsvRecord(csv)) {
            int records = 0;
            int columns = 0;
            for (CsvRecord record : reader) {
                columns = records++ == 0 ? record.getFieldCount() : columns;
                require(
                        record.getFieldCount() == columns,
                        "the report has a row of " + record.getFieldCount() + " cells under " + columns + " columns");
                for (String cell : record.getFields()) {
                    require(
                            cell.equals(Text.cell(cell)),
                            "the report has a cell that a spreadsheet runs: " + Text.line(cell, 80));
                }
            }
            require(records == rows + 1, "the report has " + records + " records for " + rows + " rows");
        }
        Files.delete(csv);
        Files.delete(reports.resolve(batchId + ".report.html"));
    }

    private static void require(boolean kept, String promise) {
        if (!kept) {
            throw new AssertionError(promise);
        }
    }

    @Override
    public void close() {
        journal.close();
    }
}
