package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.CloudEvent;
import io.cloudevents.SpecVersion;
import io.cloudevents.jackson.JsonFormat;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairedTerminal;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OutcomeEventsTest {
    private static final Instant REQUESTED = Instant.parse("2026-11-22T10:00:00Z");
    private static final Instant FINISHED = Instant.parse("2026-11-22T10:00:01.500Z");
    private static final Ending PAIRED = new Ending(
            Outcome.PAIRED, null, null, 200, 2, new PairedTerminal("pc-1", "Till 1", "T1"), "attempt-1", FINISHED);

    private final OutcomeEvents events = new OutcomeEvents("sandbox");

    @Test
    void writesACloudEventWithEveryFieldOfTheContract() throws IOException {
        CloudEvent event = parsed(events.event("job-1", "batch-1", PAIRED, Map.of("store", "S-1"), REQUESTED));

        assertThat(event.getSpecVersion()).isEqualTo(SpecVersion.V1);
        assertThat(event.getId()).isNotBlank();
        assertThat(event.getSource()).isEqualTo(URI.create("urn:pairing-bridge:sandbox"));
        assertThat(event.getType()).isEqualTo("io.pairingbridge.outcome");
        assertThat(event.getSubject()).isEqualTo("job-1");
        assertThat(event.getDataContentType()).isEqualTo("application/json");
        assertThat(event.getTime().toInstant()).isEqualTo(FINISHED);
        JsonNode data = data(event);
        assertThat(data).isEqualTo(new ObjectMapper().readTree("""
        {"job_id":"job-1","batch_id":"batch-1","outcome":"PAIRED","http_status":200,"attempts":2,"pay_connect_id":"pc-1",
         "pay_connect_name":"Till 1","terminal_id":"T1","reference":{"store":"S-1"},"environment":"sandbox",
         "remedy":"Nothing to do: the credentials were put on the queue pairing.credentials.",
         "requested_at":"2026-11-22T10:00:00Z","finished_at":"2026-11-22T10:00:01.500Z"}"""));
    }

    @ParameterizedTest
    @EnumSource(Outcome.class)
    void tellsAPersonWhatToDoAfterEveryOutcome(Outcome outcome) throws IOException {
        CloudEvent event = parsed(events.event(
                "job-1", null, Ending.uncalled(outcome, "REASON", "a detail", "7", FINISHED), Map.of(), REQUESTED));

        assertThat(data(event).path("remedy").asText()).endsWith(".").hasSizeGreaterThan(20);
        assertThat(data(event).path("reason").asText()).isEqualTo("REASON");
        assertThat(data(event).path("detail").asText()).isEqualTo("a detail");
        assertThat(data(event).has("batch_id")).isFalse();
    }

    @Test
    void keepsTheIdWhenTheSameEndingIsToldAgain() {
        String id = id("job-1", PAIRED);

        assertThat(new OutcomeEvents("sandbox").event("job-1", null, PAIRED, Map.of(), REQUESTED))
                .contains(id);
        assertThat(id("job-1", ending(Outcome.PAIRED, "attempt-1", FINISHED.plusSeconds(60))))
                .isEqualTo(id);
        assertThat(id("job-2", PAIRED)).isNotEqualTo(id);
        assertThat(id("job-1", ending(Outcome.PAIRED, "attempt-2", FINISHED))).isNotEqualTo(id);
        assertThat(id("job-1", ending(Outcome.IN_DOUBT, "attempt-1", FINISHED))).isNotEqualTo(id);
    }

    private static Ending ending(Outcome outcome, String key, Instant finishedAt) {
        return new Ending(outcome, null, null, 200, 2, new PairedTerminal("pc-1", "Till 1", "T1"), key, finishedAt);
    }

    private String id(String jobId, Ending ending) {
        return parsed(events.event(jobId, null, ending, Map.of(), REQUESTED)).getId();
    }

    private static CloudEvent parsed(String event) {
        return new JsonFormat().deserialize(event.getBytes(StandardCharsets.UTF_8));
    }

    private static JsonNode data(CloudEvent event) throws IOException {
        return new ObjectMapper().readTree(event.getData().toBytes());
    }
}
