package io.pairingbridge.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The message by which the bridge tells itself that the request of a job is not in the broker any more. It takes the
 * place of that request on {@code pairing.expired}, so that the job's outcome is told and acknowledged in one
 * transaction, as any other.
 */
public final class RequestGone {
    /**
     * When the job was moved last, in milliseconds, as {@link SignedValue} writes it: nobody else can say that a
     * request is gone.
     */
    public static final String PROPERTY = "PairingRequestGone";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MASKED = "***";
    private static final String NAME = "name";
    private static final String WEBHOOK_URL = "webhook_url";
    private static final String REFERENCE = "reference";
    /** Columns of a batch that are neither part of the request nor of its reference. */
    private static final List<String> OTHER_COLUMNS = List.of("otp", "job_id", "integrator", "otp_generated_at");

    private RequestGone() {}

    /** The body for a job of which only the reference is known. */
    public static String ofReference(Map<String, String> reference) {
        return write(null, null, reference);
    }

    /** The body for a row of a batch. */
    public static String ofRow(Map<String, String> columns) {
        Map<String, String> reference = new LinkedHashMap<>(columns);
        reference.keySet().removeAll(OTHER_COLUMNS);
        return write(reference.remove(NAME), reference.remove(WEBHOOK_URL), reference);
    }

    /** What the body says of the request; the one-time password is masked, the name may be null. */
    public static PairingRequest read(String body) {
        try {
            JsonNode json = JSON.readTree(body);
            Map<String, String> reference = new LinkedHashMap<>();
            json.path(REFERENCE)
                    .properties()
                    .forEach(field ->
                            reference.put(field.getKey(), field.getValue().asText()));
            return new PairingRequest(
                    json.path(NAME).textValue(), MASKED, json.path(WEBHOOK_URL).textValue(), reference);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON in the bridge's own message", e);
        }
    }

    private static String write(String name, String webhookUrl, Map<String, String> reference) {
        ObjectNode json = JSON.createObjectNode();
        if (name != null) {
            json.put(NAME, name);
        }
        json.put("otp", MASKED);
        if (webhookUrl != null && !webhookUrl.isEmpty()) {
            json.put(WEBHOOK_URL, webhookUrl);
        }
        if (!reference.isEmpty()) {
            json.set(REFERENCE, JSON.valueToTree(reference));
        }
        return json.toString();
    }
}
