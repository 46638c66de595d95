package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.access.BrokerException;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.batch.BatchInbox;
import io.pairingbridge.batch.BatchSubmitter;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.job.Contract;
import io.pairingbridge.job.Job;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.text.Text;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code submit}: sends one pairing request, or a batch of them, and follows it to its outcome if asked to. */
@Command(
        name = "submit",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Sends one pairing request, or with --file a whole batch.",
        footer = {
            "",
            "Examples:",
            "  pairing-bridge submit --name 'Till 3' --otp-file otp.txt --wait=60s",
            "  pairing-bridge submit --name 'Till 3' --otp - --reference store=17",
            "  pairing-bridge submit --file estate.csv --dry-run",
            "  pairing-bridge submit --file estate.csv --wait",
            "",
            "Sending the same job id with the same one-time password again is safe: it is the same job, and what was"
                    + " paired is not paired again.",
            "",
            ExitCodes.WORDS + ": the request is not valid and was not sent. With --dry-run: 1 not every row is good."
                    + " With --wait: 0 paired (with --file: every row), 3 ended otherwise, 4 no end in time."
        })
public final class Submit implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** How long is waited for one job if nothing else is said. */
    private static final String WAIT = "10m";

    @Spec
    private CommandSpec command;

    @Mixin
    private SettingsOptions options;

    @Mixin
    private BrokerLogin login;

    @Mixin
    private Output output;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "a batch document: CSV with a header, NDJSON or a JSON array; the"
                    + " other options of a request do not go with it, but for --batch, --wait and --json")
    private Path file;

    @Option(names = "--dry-run", description = "with --file: says what is wrong with which row, and sends nothing")
    private boolean dryRun;

    @Option(names = "--name", paramLabel = "TEXT", description = "the terminal's Pay-Connect name; required")
    private String name;

    @Option(
            names = "--otp",
            paramLabel = "OTP",
            description =
                    "the one-time password that the terminal shows; - reads it from standard input. Other users of this"
                            + " machine can see a value in the list of processes: better --otp - or --otp-file")
    private String otp;

    @Option(names = "--otp-file", paramLabel = "FILE", description = "a file that holds the one-time password")
    private Path otpFile;

    @Option(names = "--job", paramLabel = "ID", description = "the job's identity; a random one by default")
    private String job;

    @Option(names = "--webhook-url", paramLabel = "URL", description = "where Pay-Connect sends events; https")
    private String webhookUrl;

    @Option(
            names = "--integrator",
            paramLabel = "ALIAS",
            description = "a configured integrator other than the main one")
    private String integrator;

    @Option(
            names = "--batch",
            paramLabel = "ID",
            description = "the batch that the job belongs to; with --file the" + " batch's name, by default the file's")
    private String batch;

    @Option(
            names = "--reference",
            paramLabel = "KEY=VALUE",
            description = "echoed in the outcome, e.g. store=17; may be given several times")
    private Map<String, String> reference = new LinkedHashMap<>();

    @Option(names = "--priority", paramLabel = "0..9", description = "the higher the sooner; by default 4")
    private Integer priority;

    @Option(
            names = "--expires",
            paramLabel = "DURATION",
            description =
                    "how long the job may take until it is given up, e.g. 10m; by default pairing.requests.max-age"
                            + " counts")
    private String expires;

    @Option(
            names = "--replay",
            description = "tries the same one-time password again for a job that ended EXPIRED or"
                    + " MISCONFIGURED; without it only the outcome is told again")
    private boolean replay;

    @Option(
            names = "--wait",
            paramLabel = "DURATION",
            arity = "0..1",
            fallbackValue = "",
            description =
                    "waits for the outcome, at most this long (10m if not said): --wait=30s; with --file for the end of the batch,"
                            + " for as long as it takes if not said")
    private String wait;

    @Override
    public Integer call() throws JMSException, IOException, InterruptedException {
        Settings settings = options.clientSettings();
        if (file != null || dryRun) {
            return batch(settings);
        }
        job = job == null ? UUID.randomUUID().toString() : job;
        wait = "".equals(wait) ? WAIT : wait;
        Duration limit = duration("--wait", wait);
        Duration lifetime = duration("--expires", expires);
        String body = body(new RequestBody(settings.home().resolve("config/schema/pairing-request.schema.json")));
        try (Connection connection = login.connect(settings, BrokerUsers.ERP_REQUESTER)) {
            if (limit == null) {
                send(connection, body, lifetime);
                return sent();
            }
            // Listening first: the outcome may be there before the next line is reached.
            try (OutcomeFollower outcomes = new OutcomeFollower(connection)) {
                connection.start();
                send(connection, body, lifetime);
                Screen.note("Sent job " + job + "; waiting for its outcome ...");
                return follow(outcomes, limit);
            }
        }
    }

    private int batch(Settings settings) throws JMSException, IOException, InterruptedException {
        if (file == null
                || name != null
                || otp != null
                || otpFile != null
                || job != null
                || webhookUrl != null
                || integrator != null
                || !reference.isEmpty()
                || expires != null
                || replay
                || priority != null) {
            throw new ParameterException(
                    command.commandLine(),
                    file == null
                            ? "--dry-run goes with --file"
                            : "--file goes with --batch, --dry-run, --wait and the form of the output only: the rest stands in the file");
        }
        if (dryRun && wait != null) {
            throw new ParameterException(command.commandLine(), "--dry-run sends nothing that --wait could wait for");
        }
        if (!Files.isRegularFile(file)) {
            throw new ParameterException(
                    command.commandLine(),
                    "--file " + file
                            + (Files.isDirectory(file)
                                    ? " is a folder: name the document in it"
                                    : Files.exists(file) ? " is no file" : " does not exist"));
        }
        if (!Files.isReadable(file)) {
            throw new ParameterException(command.commandLine(), "--file " + file + " may not be read by this user");
        }
        String batchId = batch == null ? BatchInbox.batchId(file) : batch;
        if (!BatchSubmitter.ID.matcher(batchId).matches()) {
            throw new ParameterException(
                    command.commandLine(),
                    "the batch's name must be at most 100 of A-Z a-z 0-9 . _ : -; give it with" + " --batch");
        }
        Duration limit = duration("--wait", wait == null || wait.isEmpty() ? null : wait);
        SubmitFile document = new SubmitFile(file, output);
        boolean good = document.check(
                new RequestBody(settings.home().resolve("config/schema/pairing-request.schema.json")),
                settings.requests().maxAge());
        if (dryRun || document.nothingGood()) {
            document.printChecked();
            return good ? 0 : 1;
        }
        if (wait == null) {
            try (Connection connection = login.connect(settings, BrokerUsers.ERP_REQUESTER)) {
                document.send(connection, batchId);
                return document.sent(batchId);
            }
        }
        BatchReader batches = new BatchReader(ManagementClient.of(options));
        String earlier;
        try {
            Optional<BatchStatus> known = batches.find(batchId);
            if (known.filter(batch -> !batch.ended()).isPresent()) {
                throw new BrokerException("batch " + batchId + " has not ended yet, and nothing was sent: watch it with"
                        + " 'pairing-bridge batches --watch " + batchId
                        + "', or give this one another name with --batch");
            }
            earlier = known.map(BatchStatus::startedAt).orElse("");
        } catch (ManagementClient.Unreachable e) {
            throw new BrokerException("nothing was sent, because the batch could not be watched: " + e.getMessage()
                    + "; without --wait it is only sent");
        }
        try (Connection connection = login.connect(settings, BrokerUsers.ERP_REQUESTER)) {
            document.send(connection, batchId);
        }
        return document.follow(batches, batchId, earlier, limit);
    }

    /** The request as the bridge will read it, checked as the bridge will check it. */
    private String body(RequestBody requests) throws IOException {
        List<String> violations = new ArrayList<>();
        id("--job", job, violations);
        id("--batch", batch, violations);
        readable("--name", name, violations);
        readable("--webhook-url", webhookUrl, violations);
        readable("--otp", otp, violations);
        reference.forEach((key, value) -> readable("--reference", key + value, violations));
        if (priority != null && (priority < 0 || priority > 9)) {
            violations.add("--priority must be from 0 to 9");
        }
        ObjectNode request = JSON.createObjectNode();
        if (name != null) {
            request.put("name", name);
        }
        request.put("otp", otp());
        if (webhookUrl != null) {
            request.put("webhook_url", webhookUrl);
        }
        if (!reference.isEmpty()) {
            request.set("reference", JSON.valueToTree(reference));
        }
        String body = request.toString();
        try {
            requests.read(body);
        } catch (RequestBody.Refused e) {
            violations.add(e.getMessage());
        }
        if (!violations.isEmpty()) {
            throw new ParameterException(
                    command.commandLine(),
                    "the request is not valid and was not sent: " + String.join("; ", violations));
        }
        return body;
    }

    /**
     * Java makes U+FFFD of what is not in the locale's encoding, or, where that is ASCII, a question mark: a terminal
     * would be paired under another name than was typed.
     */
    private static void readable(String option, String value, List<String> violations) {
        boolean utf8 = "UTF-8".equalsIgnoreCase(System.getProperty("sun.jnu.encoding"));
        if (value != null && (value.indexOf('\ufffd') >= 0 || !utf8 && value.indexOf('?') >= 0)) {
            violations.add(
                    option + " holds a character that the locale's encoding (" + System.getProperty("sun.jnu.encoding")
                            + ") has not brought here: type it in UTF-8 with LC_ALL=C.UTF-8, or send a document with --file");
        }
    }

    private static void id(String option, String value, List<String> violations) {
        if (value != null && !Job.ID.matcher(value).matches()) {
            violations.add(option + " must be at most 128 of A-Z a-z 0-9 . _ : -");
        }
    }

    private String otp() throws IOException {
        if ((otp == null) == (otpFile == null)) {
            throw new ParameterException(command.commandLine(), "give the one-time password, with --otp or --otp-file");
        }
        String given;
        if (otpFile != null) {
            try {
                given = SecretFile.read("--otp-file", otpFile);
            } catch (IOException e) {
                throw new ParameterException(command.commandLine(), e.getMessage(), e);
            }
        } else if ("-".equals(otp)) {
            given = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        } else {
            given = otp;
        }
        if (given == null) {
            throw new ParameterException(
                    command.commandLine(), "standard input is closed or empty: there is no one-time password in it");
        }
        if (Text.trimmed(given).isEmpty()) {
            throw new ParameterException(command.commandLine(), "the one-time password is empty");
        }
        return Text.trimmed(given);
    }

    private Duration duration(String option, String text) {
        try {
            return text == null ? null : Settings.duration(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), option + " " + e.getMessage(), e);
        }
    }

    private void send(Connection connection, String body, Duration lifetime) throws JMSException {
        try (Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            Message message = session.createTextMessage(body);
            message.setStringProperty(Contract.JOB_ID, job);
            if (batch != null) {
                message.setStringProperty(Contract.BATCH_ID, batch);
            }
            if (integrator != null) {
                message.setStringProperty(Contract.INTEGRATOR, integrator);
            }
            if (replay) {
                message.setStringProperty(Contract.REPLAY, "true");
            }
            MessageProducer producer = session.createProducer(session.createQueue(Contract.REQUESTS));
            producer.setPriority(priority == null ? Message.DEFAULT_PRIORITY : priority);
            producer.setTimeToLive(lifetime == null ? 0 : lifetime.toMillis());
            producer.send(message);
        } catch (JMSException e) {
            throw new BrokerException(
                    "it is not known whether the broker took job " + job + " (" + Failures.root(e)
                            + "): send it again with --job " + job + ", which is safe",
                    e);
        }
    }

    private int sent() {
        output.done(JSON.createObjectNode().put("job_id", job).put("queue", Contract.REQUESTS), job);
        return ExitCodes.DONE;
    }

    private int follow(OutcomeFollower outcomes, Duration limit) throws JMSException {
        List<JsonNode> ended = new ArrayList<>();
        outcomes.follow(Set.of(job), limit, ended::add);
        if (ended.isEmpty()) {
            Screen.note("No outcome of job " + job + " within " + wait
                    + ". It is not lost: it is in its queue or under way, and its outcome will be on"
                    + " pairing.outcomes; 'pairing-bridge job " + job
                    + "' tells how it is, 'pairing-bridge status' whether the bridge takes jobs");
            if (output.json()) {
                Output.print(JSON.createObjectNode().put("job_id", job).putNull("outcome"));
            }
            return ExitCodes.NO_ANSWER;
        }
        JsonNode data = ended.get(0);
        Table table = new Table("JOB", "OUTCOME", "REASON", "ATTEMPTS", "TERMINAL")
                .below("DETAIL")
                .below("WHAT TO DO");
        table.row(
                job,
                data.path("outcome").asText(),
                data.path("reason").asText(),
                data.path("attempts").asText(),
                data.path("terminal_id").asText(),
                data.path("detail").asText(),
                data.path("remedy").asText());
        output.print(table, data);
        return "PAIRED".equals(data.path("outcome").asText()) ? ExitCodes.DONE : ExitCodes.NOT_PAIRED;
    }
}
