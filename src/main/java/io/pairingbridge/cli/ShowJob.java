package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.cli.ManagementClient.Refused;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.JournalReader.AttemptRecord;
import io.pairingbridge.journal.jdbc.JournalView;
import io.pairingbridge.operate.Timeline;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code job}: everything about one job, with its attempts as a timeline. */
@Command(
        name = "job",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Shows everything about one job: how it is, what happened to it and when, and what a person is to do.",
            "While the bridge does not run, its journal is asked, on the bridge's machine."
        },
        footer = {
            "",
            "Examples:",
            "  pairing-bridge job till-3",
            "  pairing-bridge job till-3 -o json | jq .outcome",
            "",
            ExitCodes.WORDS + "; 1 also if there is no such job."
        })
public final class ShowJob implements Callable<Integer> {
    @Mixin
    private ManagementClient bridge;

    @Mixin
    private Output output;

    @Parameters(paramLabel = "ID", description = "the job's id")
    private String id;

    @Override
    public Integer call() throws Unreachable, Refused {
        JsonNode history;
        ArrayNode letters = Json.array();
        try {
            history = bridge.call("job", id);
            bridge.call("inDoubt", "", "", id, 0, 10).path("letters").forEach(letters::add);
            bridge.call("deadLetters", "", "", "", id, 0, 10).path("letters").forEach(letters::add);
        } catch (Unreachable e) {
            history = FromJournal.read(bridge, id, e);
        } catch (Refused e) {
            throw new Refused(e.getMessage() + ". " + bridge.options().lookedIn(bridge.settings()));
        }
        if (output.json()) {
            ObjectNode json = JobText.json(history);
            json.set("letters", Json.snake(letters));
            Output.print(json);
        } else {
            print(history, letters);
        }
        return ExitCodes.DONE;
    }

    private void print(JsonNode job, JsonNode letters) {
        Table about = new Table("", "");
        String outcome = JobText.outcome(job);
        pair(about, "job", job.path("jobId").asText());
        pair(about, "name", job.path("name").asText());
        pair(
                about,
                "outcome",
                outcome.isEmpty() ? "none yet: " + job.path("state").asText() : outcome);
        pair(about, "reason", job.path("reason").asText());
        pair(about, "detail", job.path("detail").asText());
        letters.forEach(letter -> pair(about, "to do", letter.path("remedy").asText()));
        pair(
                about,
                "batch",
                job.path("batchId").asText()
                        + (job.path("line").asInt() > 0
                                ? ", line " + job.path("line").asInt()
                                : ""));
        job.path("reference")
                .properties()
                .forEach(field -> pair(about, field.getKey(), field.getValue().asText()));
        pair(about, "terminal", job.path("terminalId").asText());
        pair(about, "pay connect", job.path("payConnectId").asText());
        output.print(about);
        System.out.println();
        output.print(timeline(job, letters));
    }

    private static void pair(Table table, String label, String text) {
        if (!text.isEmpty()) {
            table.row(label, text);
        }
    }

    /** What happened, in its order, as the bridge tells it; the times are of this machine's zone. */
    private static Table timeline(JsonNode job, JsonNode letters) {
        Table table = new Table("WHEN (" + Times.zone() + ")", "WHAT");
        for (JsonNode sentence : job.path("sentences")) {
            String[] parts = sentence.asText().split(" ", 2);
            table.row(Times.second(parts[0]), parts[1]);
        }
        letters.forEach(letter -> table.row(
                Times.second(letter.path("failedAt").asText()),
                "Waits for a person: " + letter.path("outcome").asText() + " "
                        + letter.path("reason").asText() + "."));
        return table;
    }

    /** Apart, as {@link StoppedBridge} is. */
    private static final class FromJournal {
        static JsonNode read(ManagementClient bridge, String id, Unreachable why) throws Unreachable, Refused {
            try (JournalView view = StoppedBridge.journal(bridge, why, true)) {
                Entry entry = view.job(id)
                        .orElseThrow(
                                () -> new Refused("the journal knows no job " + id + "; it may wait in its queue"));
                return tree(entry, view.attempts(id));
            }
        }

        /** As the MBean's operation tells it. */
        private static ObjectNode tree(Entry entry, List<AttemptRecord> made) {
            ObjectNode job = Json.object()
                    .put("jobId", entry.jobId())
                    .put("state", entry.state().name())
                    .put("batchId", text(entry.batchId()));
            job.set("reference", Json.MAPPER.valueToTree(entry.reference()));
            job.put("reason", text(entry.reason()))
                    .put("detail", text(entry.detail()))
                    .put("requestedAt", text(entry.requestedAt()))
                    .put("dueAt", text(entry.dueAt()))
                    .put("finishedAt", text(entry.finishedAt()))
                    .put("payConnectId", text(entry.payConnectId()))
                    .put("terminalId", text(entry.terminalId()));
            ArrayNode attempts = job.putArray("attempts");
            for (AttemptRecord attempt : made) {
                attempts.addObject()
                        .put("id", attempt.attemptId())
                        .put("number", attempt.number())
                        .put("startedAt", text(attempt.startedAt()))
                        .put("endedAt", text(attempt.endedAt()))
                        .put("result", text(attempt.result()))
                        .put("httpStatus", attempt.httpStatus() == null ? 0 : attempt.httpStatus())
                        .put("detail", text(attempt.detail()))
                        .put("publishedAt", text(attempt.publishedAt()));
            }
            ArrayNode sentences = job.putArray("sentences");
            Timeline.of(entry, List.of(), made, Optional.empty()).forEach(sentences::add);
            return job;
        }

        private static String text(Object value) {
            return value == null ? "" : value.toString();
        }
    }
}
