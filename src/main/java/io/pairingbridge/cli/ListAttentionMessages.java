package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.cli.ManagementClient.Refused;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code dead-letters} and {@code in-doubt}: the jobs that need a person, and taking one away that a person has dealt
 * with.
 */
public abstract class ListAttentionMessages implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ManagementClient bridge;

    @Mixin
    private Output output;

    @Option(
            names = "--reason",
            paramLabel = "CODE",
            defaultValue = "",
            description = "only those with this reason, e.g. TOO_OLD")
    private String reason;

    @Option(names = "--batch", paramLabel = "ID", defaultValue = "", description = "only those of this batch")
    private String batch;

    @Option(names = "--job", paramLabel = "ID", defaultValue = "", description = "only those of this job")
    private String job;

    @Option(
            names = "--from",
            paramLabel = "N",
            defaultValue = "0",
            description = "leaves out the first N; by default 0")
    private int from;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "100",
            description = "shows N at most, up to 500; by default 100")
    private int count;

    @Option(
            names = "--resolve",
            paramLabel = "NOTE",
            description = "takes the letter of --job away, because a person has dealt with it; the"
                    + " note says how, and is kept in the audit log")
    private String note;

    @Option(names = "--detail", description = "also says what exactly happened; -o wide and -o json always do")
    private boolean detail;

    /** {@code dead-letters} */
    @Command(
            name = "dead-letters",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Lists jobs that ended without a pairing, and why; or takes one away.",
            footer = {
                "",
                "Examples:",
                "  pairing-bridge dead-letters --outcome EXPIRED --batch north",
                "  pairing-bridge dead-letters --job till-3 --detail",
                "  pairing-bridge dead-letters --job till-3 --resolve 'paired by hand'",
                "",
                ExitCodes.WORDS + "."
            })
    public static final class DeadLetters extends ListAttentionMessages {
        @Option(
                names = "--outcome",
                paramLabel = "OUTCOME",
                defaultValue = "",
                description = "only REJECTED, INVALID, EXPIRED, MISCONFIGURED or DUPLICATE")
        private String outcome;

        @Override
        String queue() {
            return "dead-letters";
        }

        @Override
        JsonNode page(ManagementClient bridge, String reason, String batch, String job, int from, int count)
                throws Unreachable, Refused {
            return bridge.call("deadLetters", outcome, reason, batch, job, from, count);
        }
    }

    /** {@code in-doubt} */
    @Command(
            name = "in-doubt",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description =
                    "Lists jobs whose one-time password may have been spent without credentials reaching us; or takes one away.",
            footer = {
                "",
                "Examples:",
                "  pairing-bridge in-doubt",
                "  pairing-bridge in-doubt --job till-3 --resolve 'unpaired at the terminal'",
                "  pairing-bridge in-doubt -o json | jq -r '.letters[].job_id'",
                "",
                ExitCodes.WORDS + "."
            })
    public static final class InDoubt extends ListAttentionMessages {
        @Override
        String queue() {
            return "in-doubt";
        }

        @Override
        JsonNode page(ManagementClient bridge, String reason, String batch, String job, int from, int count)
                throws Unreachable, Refused {
            return bridge.call("inDoubt", reason, batch, job, from, count);
        }
    }

    abstract String queue();

    abstract JsonNode page(ManagementClient bridge, String reason, String batch, String job, int from, int count)
            throws Unreachable, Refused;

    @Override
    public Integer call() throws Unreachable, Refused {
        if (note == null) {
            print(page(bridge, reason, batch, job, from, count));
            bridge.tellWhere();
            return 0;
        }
        if (job.isEmpty()) {
            throw new ParameterException(command.commandLine(), "--resolve needs --job");
        }
        bridge.call(
                "resolve",
                queue(),
                only(page(bridge, reason, batch, job, 0, 2), job, queue())
                        .path("messageId")
                        .asText(),
                note);
        output.done(
                Json.object().put("job_id", job).put("resolved", true), "The letter of job " + job + " is taken away.");
        return 0;
    }

    /** The one letter of a job. */
    static JsonNode only(JsonNode page, String job, String queue) throws Refused {
        if (page.path("letters").isEmpty()) {
            throw new Refused("there is no letter of job " + job + " on pairing." + queue
                    + ": see 'pairing-bridge dead-letters' and" + " 'pairing-bridge in-doubt'");
        }
        if (page.path("letters").size() > 1) {
            throw new Refused(
                    "job " + job + " has several letters on pairing." + queue + ": narrow them down with --reason");
        }
        return page.path("letters").get(0);
    }

    private void print(JsonNode page) {
        Table table = new Table("JOB", "NAME", "OUTCOME", "FAILED")
                .below("REASON")
                .wide("HTTP")
                .wide("ATTEMPTS")
                .wide("BATCH")
                .below("REFERENCE")
                .below("DETAIL")
                .below("REMEDY");
        for (JsonNode letter : page.path("letters")) {
            StringBuilder reference = new StringBuilder();
            letter.path("reference")
                    .properties()
                    .forEach(field -> reference
                            .append(reference.isEmpty() ? "" : ", ")
                            .append(field.getKey())
                            .append(' ')
                            .append(field.getValue().asText()));
            int status = letter.path("httpStatus").asInt();
            table.row(
                    letter.path("jobId").asText(),
                    letter.path("name").asText(),
                    letter.path("outcome").asText(),
                    Times.minute(letter.path("failedAt").asText()),
                    letter.path("reason").asText(),
                    status == 0 ? "" : status,
                    letter.path("attempts").asInt(),
                    letter.path("batchId").asText(),
                    reference,
                    detail || output.wide() ? letter.path("detail").asText() : "",
                    letter.path("remedy").asText());
        }
        output.print(table, Json.snake(page));
        Screen.note(page.path("letters").size() + " of " + page.path("total").asLong() + " letters");
    }
}
