package io.pairingbridge.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.cloudevents.CloudEvent;
import io.cloudevents.SpecVersion;
import io.cloudevents.jackson.JsonFormat;
import io.pairingbridge.testing.Stage.Received;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A job that ended, seen from outside: its event, its credentials or its letter, its posts. Whatever way it ended, it
 * is in exactly one place, says what to do next, and shows its one-time password to nobody.
 */
public final class EndedJob {
    private static final Set<String> LETTER_PROPERTIES = Set.of(
            "PairingJobId",
            "PairingBatchId",
            "PairingIntegrator",
            "PairingOutcome",
            "PairingReason",
            "PairingDetail",
            "PairingHttpStatus",
            "PairingAttempts",
            "PairingRemedy",
            "PairingFailedAt",
            "PairingBreakGlass",
            "PairingRequest",
            "JMSXDeliveryCount",
            "_AMQ_LARGE_SIZE"); // the last two are the broker's

    private static final Set<String> DATA_FIELDS = Set.of(
            "job_id",
            "batch_id",
            "outcome",
            "reason",
            "detail",
            "http_status",
            "attempts",
            "pay_connect_id",
            "pay_connect_name",
            "terminal_id",
            "reference",
            "environment",
            "remedy",
            "requested_at",
            "finished_at");

    private final Stage stage;
    private final String jobId;
    private final String otp;
    private final JsonNode data;

    private EndedJob(Stage stage, String jobId, String otp, JsonNode data) {
        this.stage = stage;
        this.jobId = jobId;
        this.otp = otp;
        this.data = data;
    }

    /**
     * Waits for the job's end and checks what holds for every one.
     *
     * @param otp the job's one-time password, or null if it has none that could be told from other text
     */
    public static EndedJob await(Stage stage, String jobId, String otp) {
        JsonNode data = stage.awaitOutcome(jobId);
        EndedJob job = new EndedJob(stage, jobId, otp, data);
        job.isInOnePlace();
        job.tellsTheSameEverywhere();
        return job;
    }

    public EndedJob ended(String outcome, String reason) {
        assertThat(text("outcome") + " " + text("reason"))
                .as("job %s: %s", jobId, text("detail"))
                .isEqualTo(outcome + " " + reason);
        return this;
    }

    public EndedJob paired() {
        assertThat(text("outcome")).as("job %s: %s", jobId, text("detail")).isEqualTo("PAIRED");
        return this;
    }

    public EndedJob detail(String... parts) {
        assertThat(text("detail")).as("detail of job %s", jobId).contains(parts);
        return this;
    }

    /** @param status as text, or null if there was none */
    public EndedJob status(String status) {
        assertThat(text("http_status")).as("status of job %s", jobId).isEqualTo(status);
        return this;
    }

    public EndedJob attempts(int attempts) {
        assertThat(data.path("attempts").asInt(-1))
                .as("attempts of job %s", jobId)
                .isEqualTo(attempts);
        return this;
    }

    public EndedJob posts(int posts) {
        assertThat(stage.ledger().posts(otp)).as("posts of job %s", jobId).hasSize(posts);
        return this;
    }

    /** The letter holds the request with its OTP: nobody has spent it. */
    public EndedJob keepsOtp() {
        assertThat(letter().body()).as("letter of job %s", jobId).contains(otp);
        return this;
    }

    /** The letter holds the request without its OTP: it may have been spent. */
    public EndedJob masksOtp() {
        assertThat(letter().body())
                .as("letter of job %s", jobId)
                .contains("\"otp\":\"***\"")
                .doesNotContain(otp);
        return this;
    }

    public EndedJob holds(byte[] body) {
        assertThat(letter().body().getBytes(StandardCharsets.ISO_8859_1))
                .as("letter of job %s", jobId)
                .isEqualTo(body);
        return this;
    }

    public EndedJob holds(String body) {
        assertThat(letter().body()).as("letter of job %s", jobId).isEqualTo(body);
        return this;
    }

    /** The sealed body, of credentials or of an answer that could not be understood, opens to these bytes. */
    public EndedJob seals(byte[] answer) {
        assertThat(stage.opener().open(message().body()))
                .as("sealed body of job %s", jobId)
                .isEqualTo(answer);
        return this;
    }

    public EndedJob seals(String answer) {
        assertThat(new String(stage.opener().open(message().body()), StandardCharsets.UTF_8))
                .as("sealed body of job %s", jobId)
                .isEqualTo(answer);
        return this;
    }

    /** The event's data. */
    public JsonNode data() {
        return data;
    }

    /** The dead letter or in-doubt message. */
    public Received letter() {
        return only("letters", "IN_DOUBT".equals(text("outcome")) ? stage.inDoubt() : stage.deadLetters());
    }

    public Received credentials() {
        return only("credentials", stage.credentials());
    }

    private Received message() {
        return "PAIRED".equals(text("outcome")) ? credentials() : letter();
    }

    private String text(String field) {
        JsonNode value = data.path(field);
        return value.isMissingNode() || value.isNull() ? null : value.asText();
    }

    private Received only(String what, List<Received> messages) {
        List<Received> mine =
                messages.stream().filter(m -> jobId.equals(m.jobId())).toList();
        assertThat(mine).as("%s of job %s", what, jobId).hasSize(1);
        return mine.get(0);
    }

    private void isInOnePlace() {
        assertThat(stage.outcomes(jobId)).as("events of job %s", jobId).hasSize(1);
        String outcome = text("outcome");
        assertThat(List.of(count(stage.credentials()), count(stage.inDoubt()), count(stage.deadLetters())))
                .as(
                        "credentials, in-doubt messages and dead letters of job %s, which ended %s: %s",
                        jobId, outcome, text("detail"))
                .isEqualTo(List.of(
                        "PAIRED".equals(outcome) ? 1 : 0,
                        "IN_DOUBT".equals(outcome) ? 1 : 0,
                        Set.of("PAIRED", "IN_DOUBT").contains(outcome) ? 0 : 1));
    }

    private int count(List<Received> messages) {
        return (int) messages.stream().filter(m -> jobId.equals(m.jobId())).count();
    }

    /** CloudEvents 1.0, and the data that the contract names. */
    private static void isAnOutcomeEvent(Received event) {
        CloudEvent parsed = new JsonFormat().deserialize(event.body().getBytes(StandardCharsets.UTF_8));
        assertThat(parsed.getSpecVersion()).isEqualTo(SpecVersion.V1);
        assertThat(parsed.getId()).isNotBlank();
        assertThat(parsed.getSource()).isEqualTo(URI.create("urn:pairing-bridge:simulator"));
        assertThat(parsed.getType()).isEqualTo("io.pairingbridge.outcome");
        assertThat(parsed.getSubject()).isEqualTo(event.jobId());
        assertThat(parsed.getDataContentType()).isEqualTo("application/json");
        assertThat(parsed.getTime()).isNotNull();
        JsonNode data = Stage.json(event.body()).path("data");
        List<String> fields = new ArrayList<>();
        data.fieldNames().forEachRemaining(fields::add);
        assertThat(DATA_FIELDS).as("data of the event of job %s", event.jobId()).containsAll(fields);
        assertThat(fields)
                .contains(
                        "job_id",
                        "outcome",
                        "attempts",
                        "reference",
                        "environment",
                        "remedy",
                        "requested_at",
                        "finished_at");
        assertThat(data.path("job_id").asText()).isEqualTo(event.jobId());
        assertThat(Instant.parse(data.path("requested_at").asText()))
                .isBefore(Instant.parse(data.path("finished_at").asText()).plusMillis(1));
        assertThat(event.text("PairingContentType")).isEqualTo("application/cloudevents+json");
        assertThat(event.text("PairingOutcome")).isEqualTo(data.path("outcome").asText());
    }

    private void tellsTheSameEverywhere() {
        Received event = only("events", stage.events());
        isAnOutcomeEvent(event);
        assertThat(event.correlationId()).isEqualTo(jobId);
        assertThat(message().correlationId()).isEqualTo(jobId);
        assertThat(text("remedy")).as("remedy of job %s", jobId).isNotBlank();
        showsNoPassword("event", event.body() + event.properties());
        showsNoPassword("properties", message().properties().toString());
        if (!"PAIRED".equals(text("outcome"))) {
            Received letter = letter();
            assertThat(text("detail")).as("detail of job %s", jobId).isNotBlank();
            assertThat(LETTER_PROPERTIES)
                    .as("properties of the letter of job %s", jobId)
                    .containsAll(letter.properties().keySet());
            assertThat(letter.text("PairingOutcome")).isEqualTo(text("outcome"));
            assertThat(letter.text("PairingReason")).isEqualTo(text("reason"));
            assertThat(letter.text("PairingDetail")).isEqualTo(text("detail"));
            assertThat(letter.text("PairingRemedy")).isEqualTo(text("remedy"));
            assertThat(letter.text("PairingHttpStatus")).isEqualTo(text("http_status"));
            assertThat(letter.text("PairingAttempts")).isEqualTo(text("attempts"));
            assertThat(letter.text("PairingFailedAt")).isEqualTo(text("finished_at"));
        }
    }

    private void showsNoPassword(String where, String text) {
        if (otp != null) {
            assertThat(text).as("%s of job %s", where, jobId).doesNotContain(otp, LedgerEndpoint.secret(otp));
        }
    }
}
