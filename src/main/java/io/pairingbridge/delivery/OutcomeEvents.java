package io.pairingbridge.delivery;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.data.BytesCloudEventData;
import io.cloudevents.jackson.JsonFormat;
import io.pairingbridge.job.Ending;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.UUID;

/** Writes outcome events: CloudEvents 1.0 in structured JSON. */
public final class OutcomeEvents {
  public static final String TYPE = "io.pairingbridge.outcome";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String environment;
  private final JsonFormat format = new JsonFormat();

  /** @param environment sandbox, production or simulator */
  public OutcomeEvents(String environment) {
    this.environment = environment;
  }

  /** The event's data. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Data(@JsonProperty("job_id") String jobId, @JsonProperty("batch_id") String batchId, String outcome, String reason,
      String detail, @JsonProperty("http_status") Integer httpStatus, int attempts,
      @JsonProperty("pay_connect_id") String payConnectId, @JsonProperty("pay_connect_name") String payConnectName,
      @JsonProperty("terminal_id") String terminalId, Map<String, String> reference, String environment, String remedy,
      @JsonProperty("requested_at") String requestedAt, @JsonProperty("finished_at") String finishedAt) {}

  /** The event of one ending; the same {@code id} whenever that ending is told again. */
  public String event(String jobId, String batchId, Ending ending, Map<String, String> reference, Instant requestedAt) {
    Instant finishedAt = ending.finishedAt();
    Data data = new Data(jobId, batchId, ending.outcome().name(), ending.reason(), ending.detail(), ending.httpStatus(),
        ending.attempts(), ending.payConnectId(), ending.payConnectName(), ending.terminalId(), reference, environment,
        Remedy.of(ending), requestedAt.toString(), finishedAt.toString());
    String id = UUID.nameUUIDFromBytes(String.join("\n", jobId, ending.key(), ending.outcome().name())
        .getBytes(StandardCharsets.UTF_8)).toString();
    try {
      return new String(format.serialize(CloudEventBuilder.v1().withId(id)
          .withSource(URI.create("urn:pairing-bridge:" + environment)).withType(TYPE).withSubject(jobId)
          .withTime(finishedAt.atOffset(ZoneOffset.UTC)).withDataContentType("application/json")
          .withData(BytesCloudEventData.wrap(JSON.writeValueAsBytes(data))).build()), StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("outcome of job " + jobId + " cannot be written as JSON", e);
    }
  }
}
