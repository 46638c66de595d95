package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.cli.Screen.Colour;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far a batch has come, wherever it is read.
 *
 * @param figures the MBean's, with its names; what comes from a journal has those that a journal knows, and an empty
 *     text for none
 */
record BatchStatus(ObjectNode figures) {
    static BatchStatus of(JsonNode figures) {
        return new BatchStatus((ObjectNode) figures);
    }

    static BatchStatus of(Progress progress) {
        Batch batch = progress.batch();
        ObjectNode figures = Json.object()
                .put("id", batch.id())
                .put("name", batch.name())
                .put("phase", batch.phase().name())
                .put("source", batch.source())
                .put("rows", progress.rows())
                .put("waiting", progress.open());
        ObjectNode outcomes = figures.putObject("outcomes");
        progress.outcomes().forEach((outcome, count) -> outcomes.put(outcome.name(), count));
        return of(figures.put("problem", text(batch.problem()))
                .put("warning", text(batch.warning()))
                .put("report", text(batch.report()))
                .put("revision", batch.revision())
                .put("revisedAt", text(batch.revisedAt()))
                .put("startedAt", text(batch.startedAt()))
                .put("finishedAt", text(batch.finishedAt())));
    }

    private static String text(Object value) {
        return value == null ? "" : value.toString();
    }

    String id() {
        return figures.path("id").asText();
    }

    /** What people call it, where the bridge knows another name than the id. */
    String name() {
        return figures.path("name").asText("").isEmpty()
                ? id()
                : figures.path("name").asText();
    }

    String phase() {
        return figures.path("phase").asText();
    }

    boolean ended() {
        return phase().equals("FINISHED") || phase().equals("FAILED");
    }

    long rows() {
        return figures.path("rows").asLong();
    }

    long waiting() {
        return figures.path("waiting").asLong();
    }

    String problem() {
        return figures.path("problem").asText();
    }

    /** What a person should know of it besides; empty if there is nothing. */
    String warning() {
        return figures.path("warning").asText();
    }

    /** Where its report lies; empty until there is one. */
    String report() {
        return figures.path("report").asText();
    }

    String startedAt() {
        return figures.path("startedAt").asText();
    }

    private Map<String, Long> outcomes() {
        Map<String, Long> outcomes = new TreeMap<>();
        figures.path("outcomes")
                .properties()
                .forEach(count -> outcomes.put(count.getKey(), count.getValue().asLong()));
        return outcomes;
    }

    long paired() {
        return outcomes().getOrDefault("PAIRED", 0L);
    }

    /**
     * The figures in a few words, an outcome that no row has left out: {@code 97 paired, 2 rejected, 1 in doubt, 0
     * waiting}.
     */
    String words() {
        List<String> words = new ArrayList<>(List.of(paired() + " paired"));
        outcomes().forEach((outcome, count) -> {
            if (count > 0 && !outcome.equals("PAIRED")) {
                words.add(count + " " + outcome.toLowerCase(Locale.ROOT).replace('_', ' '));
            }
        });
        words.add(waiting() + " waiting");
        return String.join(", ", words);
    }

    /** As JSON: the names in snake_case, the id as everywhere else, and null for what there is none of. */
    ObjectNode json() {
        ObjectNode json = Json.object().put("batch_id", id());
        Json.snake(figures).properties().forEach(field -> {
            boolean none =
                    field.getValue().isTextual() && field.getValue().asText().isEmpty();
            if (!field.getKey().equals("id")) {
                json.set(field.getKey(), none ? json.nullNode() : field.getValue());
            }
        });
        return json;
    }

    /** What is said at the end of it. */
    void print(Output output) {
        if (output.json()) {
            Output.print(json());
            return;
        }
        Screen.print("Batch " + name() + " is " + Screen.coloured(phase(), Colour.PLAIN) + ": " + rows() + " rows, "
                + words());
        if (!problem().isEmpty()) {
            Screen.print(problem());
        }
        if (!warning().isEmpty()) {
            Screen.print(warning());
        }
        if (!report().isEmpty()) {
            Screen.print("Report: " + report());
        }
    }

    /**
     * @return the exit code: 0 if it is finished and every row is paired, 3 if it ended otherwise, 4 if it has not
     *     ended
     */
    int exitCode() {
        if (!ended()) {
            return ExitCodes.NO_ANSWER;
        }
        return phase().equals("FINISHED") && problem().isEmpty() && paired() == rows() ? 0 : ExitCodes.NOT_PAIRED;
    }
}
