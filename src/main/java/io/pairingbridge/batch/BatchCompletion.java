package io.pairingbridge.batch;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.cloudevents.jackson.JsonFormat;
import io.pairingbridge.job.Contract;
import io.pairingbridge.job.EventWriter;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Batches.Row;
import io.pairingbridge.text.Text;
import jakarta.jms.DeliveryMode;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.camel.Body;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Variable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of a batch, as steps of a route: report, event, and the journal's word that both are out. */
public final class BatchCompletion {
    public static final String TYPE = "io.pairingbridge.batch.finished";
    private static final Logger LOG = LoggerFactory.getLogger(BatchCompletion.class);

    private final Batches batches;
    private final BatchInbox inbox;
    private final BatchReport report;
    private final Path folder;
    private final String environment;
    private final Clock clock;
    private final EventWriter events;
    /** Where the report of a batch is of which the event is being sent. */
    private final Map<String, String> written = new ConcurrentHashMap<>();

    /**
     * @param folder where the reports of batches belong that came as messages
     * @param remedy what a person is to do about a row
     */
    public BatchCompletion(
            Batches batches,
            BatchInbox inbox,
            Path folder,
            Function<Row, String> remedy,
            String environment,
            Clock clock) {
        this.batches = batches;
        this.inbox = inbox;
        this.report = new BatchReport(batches, remedy);
        this.folder = folder;
        this.environment = environment;
        this.events = new EventWriter(environment);
        this.clock = clock;
    }

    /** Batches whose last row has ended, or of which a row has changed since their report. */
    public List<Progress> due() {
        return batches.ended().stream()
                .map(Batch::id)
                .map(batches::reporting)
                .flatMap(Optional::stream)
                .toList();
    }

    /** Writes the report of this batch, in place of the one before. Afterwards it is on the disk. */
    public Progress report(@Body Progress due) throws IOException {
        Batch b = due.batch();
        Progress batch = b.finishedAt() != null
                ? due
                : new Progress(
                        new Batch(
                                b.id(),
                                b.name(),
                                b.source(),
                                b.phase(),
                                b.taken(),
                                b.problem(),
                                b.warning(),
                                b.startedAt(),
                                b.readAt(),
                                clock.instant(),
                                b.revision(),
                                b.revisedAt(),
                                b.report()),
                        due.rows(),
                        due.open(),
                        due.outcomes());
        written.put(b.id(), write(batch));
        return batch;
    }

    /** @return where the report for people is */
    private String write(Progress batch) throws IOException {
        Path beside = inbox.reportFolder(batch);
        if (beside != null) {
            try (SecureFolder open = inbox.openReportFolder(batch)) {
                String written =
                        beside + "/" + report.write(batch, open::replace).text();
                deleteIn(folder, batch.batch(), written);
                return written;
            } catch (IOException e) {
                LOG.warn(
                        "Batch {}: the report cannot be written into {} and goes to {}: {}",
                        batch.batch().id(),
                        beside,
                        folder,
                        Text.line(e.toString()));
            }
        }
        return folder + "/" + report.write(batch, BatchReport.Place.in(folder)).text();
    }

    /** An older report that lies elsewhere tells what is not so any more. */
    private static void deleteIn(Path folder, Batch batch, String written) throws IOException {
        if (batch.report() != null
                && !batch.report().equals(written)
                && batch.report().startsWith(folder + "/")) {
            Files.deleteIfExists(
                    folder.resolve(BatchReport.file(batch, BatchReport.HTML).path()));
            Files.deleteIfExists(
                    folder.resolve(BatchReport.file(batch, BatchReport.CSV).path()));
        }
    }

    private String place(Progress batch) {
        return written.getOrDefault(batch.batch().id(), folder.toString());
    }

    /**
     * The page for people of this batch as it stands now, whether it has ended or not; empty if there is no such batch.
     */
    public Optional<String> page(String batchId) {
        return batches.named(batchId).map(batch -> {
            StringWriter page = new StringWriter();
            try {
                report.html(batch, page);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return page.toString();
        });
    }

    /** The event's data. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Data(
            @JsonProperty("batch_id") String batchId,
            String name,
            int revision,
            long rows,
            Map<String, Long> outcomes,
            String problem,
            String warning,
            String environment,
            String report,
            @JsonProperty("started_at") String startedAt,
            @JsonProperty("finished_at") String finishedAt,
            @JsonProperty("revised_at") String revisedAt) {}

    /**
     * Makes the message body the event; its id is the same when it has to be sent again, and another one with each
     * revision.
     */
    public void event(@Variable("batch") Progress batch, Exchange exchange) {
        Batch b = batch.batch();
        Map<String, Long> outcomes = new TreeMap<>();
        batch.outcomes().forEach((outcome, count) -> outcomes.put(outcome.name(), count));
        Data data = new Data(
                b.id(),
                b.name(),
                b.revision(),
                batch.rows(),
                outcomes,
                b.problem(),
                b.warning(),
                environment,
                place(batch),
                b.startedAt().toString(),
                b.finishedAt().toString(),
                b.revisedAt() == null ? null : b.revisedAt().toString());
        String key = b.id() + "\n" + b.startedAt() + (b.revision() == 1 ? "" : "\n" + b.revision());
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        message.setBody(events.write(TYPE, key, b.id(), b.revisedAt() == null ? b.finishedAt() : b.revisedAt(), data));
        message.setHeader("JMSCorrelationID", b.id());
        message.setHeader("JMSDeliveryMode", DeliveryMode.PERSISTENT);
        message.setHeader(Contract.BATCH_ID, b.id());
        message.setHeader(Contract.CONTENT_TYPE, JsonFormat.CONTENT_TYPE);
    }

    /** The event is sent: writes that the batch is finished. */
    public void finished(@Variable("batch") Progress batch) {
        batches.finished(batch.batch(), place(batch));
        LOG.info(
                "Batch {} is finished{}: {} rows, {}; report in {}",
                batch.batch().id(),
                batch.batch().revision() == 1
                        ? ""
                        : ", revision " + batch.batch().revision(),
                batch.rows(),
                batch.outcomes(),
                Text.line(place(batch)));
        written.remove(batch.batch().id());
    }
}
