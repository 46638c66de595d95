package io.pairingbridge.batch;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.cloudevents.jackson.JsonFormat;
import io.pairingbridge.job.EventWriter;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Batches.Row;
import io.pairingbridge.text.Text;
import jakarta.jms.DeliveryMode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
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
public final class BatchReports {
  public static final String TYPE = "io.pairingbridge.batch.finished";
  private static final Logger LOG = LoggerFactory.getLogger(BatchReports.class);

  private final Batches batches;
  private final BatchInbox inbox;
  private final BatchReport report;
  private final Path folder;
  private final String environment;
  private final Clock clock;
  private final EventWriter events;
  /** Where the report of a batch is of which the event is being sent. */
  private final Map<String, Path> written = new ConcurrentHashMap<>();

  /**
   * @param folder where the reports of batches belong that came as messages
   * @param remedy what a person is to do about a row
   */
  public BatchReports(Batches batches, BatchInbox inbox, Path folder, Function<Row, String> remedy, String environment, Clock clock) {
    this.batches = batches;
    this.inbox = inbox;
    this.report = new BatchReport(batches, remedy);
    this.folder = folder;
    this.environment = environment;
    this.events = new EventWriter(environment);
    this.clock = clock;
  }

  /** Batches whose last row has ended and that are not finished. */
  public List<Batch> due() {
    return batches.ended();
  }

  /** Writes the report of this batch. Afterwards it is on the disk. */
  public Progress report(@Body Batch ended) throws IOException {
    Progress known = batches.find(ended.id()).orElseThrow();
    Batch b = known.batch();
    Progress batch = new Progress(new Batch(b.id(), b.source(), b.phase(), b.taken(), b.problem(), b.startedAt(), b.readAt(),
        clock.instant()), known.rows(), known.open(), known.outcomes());
    written.put(b.id(), write(batch));
    return batch;
  }

  /** @return where the report is */
  private Path write(Progress batch) throws IOException {
    Path beside = inbox.reportFolder(batch);
    if (beside != null) {
      try (SecureFolder open = inbox.openReportFolder(batch)) {
        report.write(batch, open::replace);
        return beside;
      } catch (IOException e) {
        LOG.warn("Batch {}: the report cannot be written into {} and goes to {}: {}", batch.batch().id(), beside, folder, Text.line(e.toString()));
      }
    }
    report.write(batch, BatchReport.Place.in(folder));
    return folder;
  }

  private Path place(Progress batch) {
    return written.getOrDefault(batch.batch().id(), folder);
  }

  /** The event's data. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Data(@JsonProperty("batch_id") String batchId, long rows, Map<String, Long> outcomes, String problem, String environment,
      String report, @JsonProperty("started_at") String startedAt, @JsonProperty("finished_at") String finishedAt) {}

  /** Makes the message body the event; its id is the same when it has to be sent again. */
  public void event(@Variable("batch") Progress batch, Exchange exchange) {
    Batch b = batch.batch();
    Map<String, Long> outcomes = new TreeMap<>();
    batch.outcomes().forEach((outcome, count) -> outcomes.put(outcome.name(), count));
    Data data = new Data(b.id(), batch.rows(), outcomes, b.problem(), environment,
        place(batch).resolve(b.id() + ".report.html").toString(), b.startedAt().toString(), b.finishedAt().toString());
    Message message = exchange.getMessage();
    message.removeHeaders("*");
    message.setBody(events.write(TYPE, b.id() + "\n" + b.startedAt(), b.id(), b.finishedAt(), data));
    message.setHeader("JMSCorrelationID", b.id());
    message.setHeader("JMSDeliveryMode", DeliveryMode.PERSISTENT);
    message.setHeader("PairingBatchId", b.id());
    message.setHeader("PairingContentType", JsonFormat.CONTENT_TYPE);
  }

  /** The event is sent: writes that the batch is finished. */
  public void finished(@Variable("batch") Progress batch) {
    batches.finished(batch.batch().id());
    LOG.info("Batch {} is finished: {} rows, {}; report in {}", batch.batch().id(), batch.rows(), batch.outcomes(), place(batch));
    written.remove(batch.batch().id());
  }
}
