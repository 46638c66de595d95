package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A job's history in words and as JSON. */
final class JobText {
    private JobText() {}

    static boolean ended(String state) {
        return switch (state) {
            case "CALLING", "WAITING", "SEALED" -> false;
            default -> true;
        };
    }

    /** The outcome that a state means; empty while there is none. */
    static String outcome(JsonNode job) {
        String state = job.path("state").asText();
        return state.equals("PUBLISHED") ? "PAIRED" : ended(state) ? state : "";
    }

    /**
     * As the other commands write it: snake_case, null for what there is none of, and the outcome beside the journal's
     * state.
     */
    static ObjectNode json(JsonNode job) {
        ObjectNode json = (ObjectNode) Json.snake(job);
        empty(json);
        json.path("attempts").forEach(attempt -> empty((ObjectNode) attempt));
        String outcome = outcome(job);
        return json.put("outcome", outcome.isEmpty() ? null : outcome);
    }

    private static void empty(ObjectNode object) {
        object.properties().forEach(field -> {
            if (field.getValue().isTextual() && field.getValue().asText().isEmpty()
                    || field.getKey().equals("http_status") && field.getValue().asInt() == 0) {
                field.setValue(object.nullNode());
            }
        });
    }
}
