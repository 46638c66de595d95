package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.cli.ManagementClient.Refused;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code replay}: sends jobs again that ended badly. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Sends one job again, or all dead letters whose one-time password certainly was not used.",
            "A job that was rejected or is in doubt needs a new one-time password from its terminal."
        },
        footer = {
            "",
            "Examples:",
            "  pairing-bridge replay --job till-3 --otp-file otp.txt --wait",
            "  pairing-bridge replay --all --outcome EXPIRED --dry-run",
            "  pairing-bridge replay --all --batch north",
            "",
            ExitCodes.WORDS
                    + "; 1 also if some are not sent again. With --wait: 0 paired, 3 ended otherwise, 4 no end in time."
        })
public final class ReplayJobs implements Callable<Integer> {
    private static final String WAIT = "10m";
    private static final long LOOK_MILLIS = 250;

    @Spec
    private CommandSpec command;

    @Mixin
    private ManagementClient bridge;

    @Mixin
    private Output output;

    @Option(names = "--job", paramLabel = "ID", description = "this job, from in-doubt or dead-letters")
    private String job;

    @Option(
            names = "--otp-file",
            paramLabel = "FILE",
            description = "a file that holds the new one-time password; - reads it from standard input")
    private String otpFile;

    @Option(
            names = "--name",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "the terminal's name, where the letter does not hold it")
    private String name;

    @Option(names = "--all", description = "all dead letters that can be, narrowed down by the options below")
    private boolean all;

    @Option(
            names = "--outcome",
            paramLabel = "OUTCOME",
            defaultValue = "",
            description = "with --all: only EXPIRED, MISCONFIGURED or INVALID")
    private String outcome;

    @Option(names = "--reason", paramLabel = "CODE", defaultValue = "", description = "only those with this reason")
    private String reason;

    @Option(
            names = "--batch",
            paramLabel = "ID",
            defaultValue = "",
            description = "with --all: only those of this batch")
    private String batch;

    @Option(names = "--dry-run", description = "says what would be done and does nothing")
    private boolean dryRun;

    @Option(
            names = "--wait",
            paramLabel = "DURATION",
            arity = "0..1",
            fallbackValue = WAIT,
            description = "with --job: waits until it has ended, at most this long (10m if not said): --wait=30s")
    private String wait;

    @Override
    public Integer call() throws Unreachable, Refused, InterruptedException, IOException {
        wrongTogether();
        Duration limit = limit();
        String before = wait == null ? "" : ending(history());
        JsonNode done = all ? bridge.call("replayAll", outcome, reason, batch, dryRun) : one();
        if (wait != null && done.path("replayed").asLong() == 1) {
            Screen.note("Sent job " + job + " again; waiting for its end ...");
            return follow(before, limit);
        }
        if (output.json()) {
            Output.print(Json.snake(done));
        } else {
            Screen.print(done.path("replayed").asLong() + (dryRun ? " would be sent again" : " sent again"));
            done.path("refused")
                    .properties()
                    .forEach(left -> Screen.print(left.getValue().asLong() + " left: " + left.getKey()));
        }
        return done.path("refused").isEmpty() ? ExitCodes.DONE : ExitCodes.FAILED;
    }

    /** What would otherwise be accepted and have no effect. */
    private void wrongTogether() {
        if (all == (job != null) || all && otpFile != null) {
            throw new ParameterException(
                    command.commandLine(),
                    "give either --job, with a new one-time password where it needs one, or --all");
        }
        if (all && !name.isEmpty()) {
            throw new ParameterException(
                    command.commandLine(), "--name goes with --job: each terminal has a name of its own");
        }
        if (!all && !(outcome.isEmpty() && batch.isEmpty())) {
            throw new ParameterException(
                    command.commandLine(), "--outcome and --batch go with --all: a job is one job");
        }
        if (wait != null && (all || dryRun)) {
            throw new ParameterException(
                    command.commandLine(),
                    "--wait goes with --job, and not with --dry-run: after --all, watch"
                            + " 'pairing-bridge batches' or 'pairing-bridge status'");
        }
    }

    private Duration limit() {
        try {
            return wait == null ? null : Settings.duration(wait);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--wait " + e.getMessage(), e);
        }
    }

    private JsonNode one() throws Unreachable, Refused, IOException {
        String queue = "in-doubt";
        JsonNode page = bridge.call("inDoubt", reason, "", job, 0, 2);
        if (page.path("letters").isEmpty()) {
            queue = "dead-letters";
            page = bridge.call("deadLetters", "", reason, "", job, 0, 2);
        }
        String letter =
                ListAttentionMessages.only(page, job, queue).path("messageId").asText();
        return bridge.call("replay", queue, letter, otp(), name, dryRun);
    }

    private String otp() throws IOException {
        if (otpFile == null) {
            return "";
        }
        String otp = Text.trimmed(
                otpFile.equals("-")
                        ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                        : SecretFile.read("--otp-file", Path.of(otpFile)));
        if (otp.isEmpty()) {
            // Not as if none had been given: the job would be sent again with its old one.
            throw new ParameterException(
                    command.commandLine(),
                    (otpFile.equals("-") ? "standard input" : "--otp-file " + otpFile) + " holds no one-time password");
        }
        return otp;
    }

    // ---- waiting --------------------------------------------------------------------------------------------------

    /** Null if the journal does not know the job. */
    private JsonNode history() throws Unreachable {
        try {
            return bridge.call("job", job);
        } catch (Refused e) {
            return null;
        }
    }

    /**
     * How the job ended and when, as the bridge tells it: compared only, never reckoned with, for the bridge's clock is
     * its own.
     */
    private static String ending(JsonNode history) {
        return history == null
                ? ""
                : history.path("state").asText() + history.path("finishedAt").asText();
    }

    private int follow(String before, Duration limit) throws InterruptedException, Unreachable {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            JsonNode now = lookAgain();
            if (now != null
                    && JobText.ended(now.path("state").asText())
                    && !ending(now).equals(before)) {
                boolean paired = "PUBLISHED".equals(now.path("state").asText());
                output.done(
                        JobText.json(now),
                        "Job " + job + " is " + JobText.outcome(now)
                                + (paired ? "" : ": see 'pairing-bridge job " + job + "'"));
                return paired ? ExitCodes.DONE : ExitCodes.NOT_PAIRED;
            }
            if (System.nanoTime() - end >= 0) {
                Screen.note("Job " + job + " has not ended within " + wait + ". It is not lost: 'pairing-bridge job "
                        + job + "' tells how it is");
                if (output.json()) {
                    ObjectNode nothing = Json.object().put("job_id", job).putNull("outcome");
                    Output.print(nothing);
                }
                return ExitCodes.NO_ANSWER;
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    /** The bridge may be starting anew meanwhile. */
    private JsonNode lookAgain() throws Unreachable {
        try {
            return history();
        } catch (Unreachable e) {
            if (e.nobody()) {
                return null;
            }
            throw e;
        }
    }
}
