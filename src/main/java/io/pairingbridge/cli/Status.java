package io.pairingbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.cli.ManagementClient.Answer;
import io.pairingbridge.cli.ManagementClient.Refused;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import io.pairingbridge.cli.Screen.Colour;
import io.pairingbridge.job.Contract;
import io.pairingbridge.text.Elapsed;
import io.pairingbridge.text.Text;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code status}: what the running bridge says about itself over HTTP, what is wrong first, on one screen. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Shows how the running bridge is: first what is wrong, then where it is and what it does.",
        footer = {
            "",
            "Examples:",
            "  pairing-bridge status",
            "  pairing-bridge status --watch",
            "  pairing-bridge status -o json | jq .intake.reason",
            "",
            "Exit code: 0 it runs and takes jobs, 1 it does not, or cannot be reached, 2 wrong usage."
        })
public final class Status implements Callable<Integer> {
    /** A line of the Prometheus text format 0.0.4: name, labels, value. */
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][\\w:]*)(?:\\{(.*)})? (\\S+)(?: \\d+)?");

    private static final Pattern LABEL = Pattern.compile("(outcome|state|version)=\"([^\"]*)\"");
    /** ANSI: the cursor to the top, and all below erased. */
    private static final String CLEAR = "\033[H\033[J";

    private static final String[] ATTRIBUTES = {
        "Version",
        "Instance",
        "Environment",
        "DataDirectory",
        "IntakeState",
        "IntakeReason",
        "IntakeSince",
        "Outcomes",
        "JournalEntries",
        "InFlight",
        "OldestInFlightSeconds",
        "JobsPerMinute",
        "LastErrorKind",
        "LastErrorDetail",
        "LastErrorAt",
        "QueueDepths",
        "RateLimit",
        "Concurrency"
    };
    private static final long WATCH_MILLIS = 2_000;
    /** Lines of a sentence that is no longer shown in full; with -o wide it is. */
    private static final int MOST_LINES = 2;
    /** A terminal of 24 lines, the prompt on the last one. */
    private static final int SCREEN = 23;

    private static final int LABEL_WIDTH = 10;

    @Mixin
    private ManagementClient bridge;

    @Mixin
    private Output output;

    @Option(names = "--watch", description = "shows it again every two seconds, until it is interrupted")
    private boolean watch;

    @Override
    public Integer call() throws InterruptedException {
        int code = show();
        // Whoever read it may be gone: head has seen enough.
        while (watch && !System.out.checkError()) {
            Thread.sleep(WATCH_MILLIS);
            Screen.measure();
            code = show();
        }
        return code;
    }

    private int show() {
        try {
            ObjectNode status = read();
            if (output.json()) {
                Output.print(status);
            } else {
                print(status);
            }
            return status.path("ready").asBoolean() ? ExitCodes.DONE : ExitCodes.FAILED;
        } catch (Unreachable e) {
            if (output.json()) {
                Output.print(Json.object()
                        .put("url", bridge.base())
                        .put("reachable", false)
                        .put("problem", e.getMessage()));
            } else {
                Screen.problem("pairing-bridge status", e.getMessage(), ExitCodes.FAILED);
            }
            return ExitCodes.FAILED;
        }
    }

    private ObjectNode read() throws Unreachable {
        Answer health = bridge.get("/observe/health?data=true");
        ObjectNode status = Json.object().put("url", bridge.base()).put("reachable", true);
        status.putNull("version");
        status.put("ready", health.status() == 200);
        ObjectNode intake =
                status.putObject("intake").put("open", false).putNull("reason").putNull("since");
        status.putNull("calls_in_flight");
        status.putObject("jobs");
        status.putObject("journal");
        checks(health, status.putArray("problems"), intake);
        try {
            operators(status, bridge.read(ATTRIBUTES));
        } catch (Unreachable | Refused | RuntimeException e) {
            metrics(bridge.get("/observe/metrics"), status, intake);
            Screen.note("Without the operator's login only a part is shown: " + e.getMessage());
        }
        return status;
    }

    private void checks(Answer health, ArrayNode problems, ObjectNode intake) throws Unreachable {
        JsonNode tree;
        try {
            tree = Json.MAPPER.readTree(health.body());
        } catch (JsonProcessingException e) {
            throw notABridge();
        }
        if (!tree.path("status").isTextual()) {
            throw notABridge();
        }
        for (JsonNode check : tree.path("checks")) {
            String name = check.path("name").asText();
            String problem =
                    check.path("message").asText(check.path("error-message").asText(""));
            if ("intake".equals(name)) {
                intake.put("since", check.path("data").path("since").asText(null));
                intake.put("reason", problem.isEmpty() ? null : problem);
            }
            if (!"UP".equals(check.path("status").asText())) {
                problems.addObject().put("check", name).put("problem", problem);
            }
        }
    }

    /** What only somebody with a login is told, and everything else with it. */
    private void operators(ObjectNode status, JsonNode mbean) {
        status.put("version", mbean.path("Version").asText())
                .put("instance", mbean.path("Instance").asText())
                .put("environment", mbean.path("Environment").asText())
                .put("data_directory", mbean.path("DataDirectory").asText())
                .put("page", bridge.base() + "/console/")
                .put("calls_in_flight", mbean.path("InFlight").asLong());
        ObjectNode intake = (ObjectNode) status.get("intake");
        intake.put("open", "OPEN".equals(mbean.path("IntakeState").asText()))
                .put("state", mbean.path("IntakeState").asText())
                .put("since", mbean.path("IntakeSince").asText());
        if (intake.path("reason").isNull()
                && !mbean.path("IntakeReason").asText().isEmpty()) {
            intake.put("reason", mbean.path("IntakeReason").asText());
        }
        status.set("jobs", mbean.path("Outcomes"));
        status.set("journal", mbean.path("JournalEntries"));
        status.put(
                "oldest_call_seconds",
                Math.round(mbean.path("OldestInFlightSeconds").asDouble() * 10) / 10.0);
        status.set("jobs_per_minute", mbean.path("JobsPerMinute"));
        status.set("concurrency", mbean.path("Concurrency"));
        status.set("rate_limit", mbean.path("RateLimit"));
        status.set("queues", mbean.path("QueueDepths"));
        if (!mbean.path("LastErrorKind").asText().isEmpty()) {
            status.putObject("last_error")
                    .put("kind", mbean.path("LastErrorKind").asText())
                    .put("at", mbean.path("LastErrorAt").asText())
                    .put("detail", mbean.path("LastErrorDetail").asText());
        }
    }

    private void metrics(Answer metrics, ObjectNode status, ObjectNode intake) throws Unreachable {
        if (metrics.status() != 200 || !metrics.body().contains("pairing_build_info")) {
            throw notABridge();
        }
        for (String line : metrics.body().split("\n")) {
            Matcher sample = SAMPLE.matcher(line.strip());
            if (!sample.matches()) {
                continue;
            }
            String label = label(sample.group(2));
            // A count that the bridge could not make is not a number (NaN): unknown, not zero.
            Long value = "NaN".equals(sample.group(3)) ? null : (Long) (long) Double.parseDouble(sample.group(3));
            switch (sample.group(1)) {
                case "pairing_build_info" -> status.put("version", label);
                case "pairing_intake_open" -> intake.put("open", value != null && value == 1);
                case "pairing_calls_in_flight" -> status.put("calls_in_flight", value);
                case "pairing_jobs_total" -> ((ObjectNode) status.get("jobs")).put(label, value);
                case "pairing_journal_entries" -> ((ObjectNode) status.get("journal")).put(label, value);
                default -> {}
            }
        }
    }

    private static String label(String labels) {
        Matcher matcher = LABEL.matcher(labels == null ? "" : labels);
        return matcher.find() ? matcher.group(2) : "";
    }

    private Unreachable notABridge() {
        return new Unreachable(
                "what answers at " + bridge.base() + " is no Pairing Bridge: another program uses the port; set"
                        + " pairing.management.port (the bridge's too), or end that program");
    }

    // ---- for people -----------------------------------------------------------------------------------------------

    private void print(ObjectNode status) {
        List<String> lines = lines(status);
        if (watch && Screen.terminal()) {
            System.out.print(CLEAR);
            lines = lines.subList(0, Math.min(lines.size(), Screen.height() - 1));
        }
        if (!output.wide()) {
            lines = lines.subList(0, Math.min(lines.size(), SCREEN));
        }
        lines.forEach(System.out::println);
        if (watch && !Screen.terminal()) {
            System.out.println();
        }
    }

    private List<String> lines(JsonNode status) {
        List<String> lines = new ArrayList<>();
        JsonNode intake = status.get("intake");
        boolean open = intake.path("open").asBoolean();
        String since = intake.path("since").isTextual()
                ? " since " + Times.brief(intake.path("since").asText())
                : "";
        String state = open ? "open" : "PROBING".equals(intake.path("state").asText()) ? "probing" : "closed";
        pair(
                lines,
                "intake",
                state + since + (open ? "" : ": " + intake.path("reason").asText("no reason is known")),
                open ? Colour.GREEN : Colour.RED);
        for (JsonNode problem : status.get("problems")) {
            // The routes that a closed intake has stopped say nothing that the intake does not say.
            if (!problem.path("problem").asText().isEmpty()
                    && !problem.path("check").asText().equals("intake")) {
                pair(
                        lines,
                        "problem",
                        problem.path("check").asText() + ": "
                                + problem.path("problem").asText(),
                        Colour.RED);
            }
        }
        if (!status.path("ready").asBoolean() && open) {
            pair(lines, "problem", "not ready: it takes no new jobs, or is about to", Colour.RED);
        }
        person(lines, status.path("queues"));
        pair(
                lines,
                "bridge",
                (status.has("instance") ? status.path("instance").asText() + ", " : "") + "version "
                        + status.path("version").asText()
                        + (status.has("environment")
                                ? ", environment " + status.path("environment").asText()
                                : ""),
                Colour.PLAIN);
        pair(
                lines,
                "page",
                status.has("page")
                        ? status.path("page").asText()
                        : status.path("url").asText() + "/console/",
                Colour.PLAIN);
        if (status.has("data_directory")) {
            pair(lines, "data", status.path("data_directory").asText(), Colour.PLAIN);
        }
        calls(lines, status);
        pair(lines, "jobs", counts(status.get("jobs")) + " since the start", Colour.PLAIN);
        pair(lines, "journal", counts(status.get("journal")), Colour.PLAIN);
        if (status.has("queues")) {
            pair(lines, "queues", queues(status.get("queues")), Colour.PLAIN);
        }
        JsonNode error = status.path("last_error");
        if (!error.isMissingNode()) {
            pair(
                    lines,
                    "last",
                    error.path("kind").asText() + " at "
                            + Times.brief(error.path("at").asText()) + ": "
                            + error.path("detail").asText(),
                    Colour.PLAIN);
        }
        pair(lines, "times", "local (" + Times.zone() + ")", Colour.FAINT);
        return lines;
    }

    /** What waits for somebody to act. */
    private void person(List<String> lines, JsonNode queues) {
        long doubt = queues.path(Contract.IN_DOUBT).asLong();
        long dead = queues.path(Contract.DEAD_LETTERS).asLong();
        if (doubt > 0) {
            pair(lines, "person", doubt + " in doubt: see 'pairing-bridge in-doubt'", Colour.RED);
        }
        if (dead > 0) {
            pair(lines, "person", dead + " without a pairing: see 'pairing-bridge dead-letters'", Colour.YELLOW);
        }
    }

    private void calls(List<String> lines, JsonNode status) {
        JsonNode calls = status.get("calls_in_flight");
        double oldest = status.path("oldest_call_seconds").asDouble();
        StringBuilder text = new StringBuilder(text(calls)).append(" under way");
        if (calls.asLong() > 0 && oldest > 0) {
            text.append(", the oldest for ").append(Elapsed.text(Duration.ofMillis(Math.round(oldest * 1_000))));
        }
        if (status.has("concurrency")) {
            double rate = status.path("rate_limit").asDouble();
            text.append("; at most ")
                    .append(status.path("concurrency").asText())
                    .append(" at once")
                    .append(
                            rate > 0
                                    ? String.format(
                                            Locale.ROOT,
                                            ", %s a second",
                                            rate == Math.rint(rate)
                                                    ? Long.toString((long) rate)
                                                    : Double.toString(rate))
                                    : "")
                    .append("; ")
                    .append(status.path("jobs_per_minute").asText())
                    .append(" jobs ended in the last minute");
        }
        pair(lines, "calls", text.toString(), Colour.PLAIN);
    }

    /** Those that there are, and those that nobody knows. */
    private static String counts(JsonNode counts) {
        List<String> words = new ArrayList<>();
        counts.properties().forEach(count -> {
            if (!count.getValue().isNumber() || count.getValue().asLong() != 0) {
                words.add(text(count.getValue()) + " " + count.getKey());
            }
        });
        return words.isEmpty() ? "none" : String.join(", ", words);
    }

    private static String queues(JsonNode queues) {
        List<String> words = new ArrayList<>();
        queues.properties()
                .forEach(queue -> words.add((queue.getValue().asLong() < 0
                                ? "unknown"
                                : queue.getValue().asText()) + " "
                        + queue.getKey().replaceFirst("^pairing\\.", "")));
        return String.join(", ", words);
    }

    private void pair(List<String> lines, String label, String text, Colour colour) {
        int room = Math.max(Screen.width() - LABEL_WIDTH, 10);
        String line = Text.line(text);
        List<String> wrapped = output.wide() ? List.of(line) : Screen.wrapped(line, room);
        if (wrapped.size() > MOST_LINES) {
            wrapped = new ArrayList<>(wrapped.subList(0, MOST_LINES));
            wrapped.set(
                    MOST_LINES - 1,
                    Text.cut(wrapped.get(MOST_LINES - 1) + " ".repeat(room), room)
                            .stripTrailing());
        }
        for (int i = 0; i < wrapped.size(); i++) {
            String head = i == 0 ? label + " ".repeat(LABEL_WIDTH - label.length()) : " ".repeat(LABEL_WIDTH);
            lines.add(head + Screen.coloured(wrapped.get(i), colour));
        }
    }

    private static String text(JsonNode count) {
        return count == null || count.isNull() || count.isMissingNode() ? "unknown" : count.asText();
    }
}
