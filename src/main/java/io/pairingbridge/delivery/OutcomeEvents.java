package io.pairingbridge.delivery;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.EventWriter;
import java.time.Instant;
import java.util.Map;

/** Writes outcome events. */
public final class OutcomeEvents {
    public static final String TYPE = "io.pairingbridge.outcome";

    private final String environment;
    private final EventWriter writer;

    /** @param environment sandbox, production or simulator */
    public OutcomeEvents(String environment) {
        this.environment = environment;
        this.writer = new EventWriter(environment);
    }

    /** The event's data. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Data(
            @JsonProperty("job_id") String jobId,
            @JsonProperty("batch_id") String batchId,
            String outcome,
            String reason,
            String detail,
            @JsonProperty("http_status") Integer httpStatus,
            int attempts,
            @JsonProperty("pay_connect_id") String payConnectId,
            @JsonProperty("pay_connect_name") String payConnectName,
            @JsonProperty("terminal_id") String terminalId,
            Map<String, String> reference,
            String environment,
            String remedy,
            @JsonProperty("requested_at") String requestedAt,
            @JsonProperty("finished_at") String finishedAt) {}

    /** The event of one ending; the same {@code id} whenever that ending is told again. */
    public String event(
            String jobId, String batchId, Ending ending, Map<String, String> reference, Instant requestedAt) {
        Instant finishedAt = ending.finishedAt();
        Data data = new Data(
                jobId,
                batchId,
                ending.outcome().name(),
                ending.reason(),
                ending.detail(),
                ending.httpStatus(),
                ending.attempts(),
                ending.terminal().payConnectId(),
                ending.terminal().payConnectName(),
                ending.terminal().terminalId(),
                reference,
                environment,
                Remedy.of(ending),
                requestedAt.toString(),
                finishedAt.toString());
        return writer.write(
                TYPE, String.join("\n", jobId, ending.key(), ending.outcome().name()), jobId, finishedAt, data);
    }
}
