package io.pairingbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.access.BrokerException;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.job.Contract;
import io.pairingbridge.job.Job;
import io.pairingbridge.sealing.JweSealer;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.OpeningException;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.text.Text;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.activemq.artemis.api.jms.ActiveMQJMSConstants;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code collect}: takes credentials off their queue, one at a time: received, opened, on the disk, and only then
 * acknowledged. A crash in between leaves the message in the queue, and the file is the same when it comes again. A
 * message that cannot be opened stays in the queue and keeps nobody waiting.
 */
@Command(
        name = "collect",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Takes credentials off their queue and writes one file for each terminal: the endpoint's answer,"
                    + " opened with the private key. A message is acknowledged only after its file is on the disk."
        },
        footer = {
            "",
            "Examples:",
            "  pairing-bridge collect --key private.jwk --out credentials",
            "  pairing-bridge collect --key private.jwk --out credentials --batch north",
            "",
            "Exit code: 0 done, 1 failed, or some could not be opened: what is not on the disk is still in the queue.",
            "",
            "Each file is named after its till and job, has mode 0600 and holds secrets. <name>.about.json beside it says whose they are"
                    + " and holds none."
        })
public final class Collect implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** How often a following collector looks up; any other time would do. */
    private static final Duration FOLLOWING = Duration.ofMinutes(1);
    /** How many messages that cannot be opened are told one by one. */
    private static final int MOST_TOLD = 20;
    /** Bytes of a till's name in a file's name. */
    private static final int LONGEST_TILL = 60;

    private static final int ATTEMPT_CHARACTERS = 8;
    /** By these words of the MBean there is no such batch. */
    private static final String UNKNOWN = "knows no batch";

    /** What a message holds, and what its files are called, without their endings. */
    private record Collected(String job, String attempt, byte[] content, String name, String ending) {}

    /** Why a message stays in its queue; the next one may be sound. */
    private static final class Unopened extends Exception {
        private static final long serialVersionUID = 1L;

        Unopened(String message) {
            super(message);
        }
    }

    @Spec
    private CommandSpec command;

    @Mixin
    private SettingsOptions options;

    @Mixin
    private BrokerLogin login;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "where to write; made with mode 0700 if it is not there, refused if it is open to others")
    private Path out;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            arity = "1",
            description = {
                "the private key, as 'pairing-bridge keys"
                        + " new' writes it; may be given several times: the key before it, or the break-glass key"
            })
    private List<Path> keys = List.of();

    @Option(names = "--no-open", description = "writes each message as it is, sealed, for somebody else to open")
    private boolean noOpen;

    @Option(names = "--batch", paramLabel = "ID", description = "only those of this batch, by its id or name")
    private String batch;

    @Option(
            names = "--refused",
            description = "those that a recipient has refused, from " + Contract.CREDENTIALS_REFUSED + " instead of "
                    + Contract.CREDENTIALS)
    private boolean refused;

    @Option(
            names = "--ndjson",
            description = "writes one file, credentials.ndjson, with a JSON object a line, instead of one file"
                    + " for each terminal")
    private boolean ndjson;

    @Option(
            names = "--max",
            paramLabel = "N",
            defaultValue = "0",
            description = "ends after so many; 0, the default: no limit")
    private int max;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "2s",
            description = "ends when the queue stays empty for so long; default ${DEFAULT-VALUE}")
    private String timeout;

    @Option(names = "--follow", description = "does not end by itself")
    private boolean follow;

    @Option(names = "--json", description = "prints one JSON object a line for each file; never a secret")
    private boolean json;

    private int kept;
    private int left;

    @Override
    public Integer call() throws JMSException, IOException, InterruptedException {
        Duration empty = checkedOptions();
        Opener opener = noOpen ? null : Opener.load(keys);
        // Before anything is received: what can't be kept must not be taken.
        CredentialsFolder folder = CredentialsFolder.open(out);
        CredentialsFile lines = ndjson ? folder.lines("credentials.ndjson") : null;
        Settings settings = options.clientSettings();
        Batch wanted = batch == null ? new Batch(null, true) : batch();
        try (Connection connection = login.connect(settings, BrokerUsers.ERP_CREDENTIALS);
                // Each message by itself, so that one that cannot be opened is passed over: it stays, for whoever has
                // its key.
                Session session = connection.createSession(false, ActiveMQJMSConstants.INDIVIDUAL_ACKNOWLEDGE);
                MessageConsumer consumer = session.createConsumer(
                        session.createQueue(queue()),
                        wanted.id == null ? null : "PairingBatchId = '" + wanted.id + "'")) {
            QueueReader reader = new QueueReader(consumer);
            connection.start();
            Message message = wanted.known || follow ? null : consumer.receiveNoWait();
            if (message == null && !wanted.known && !follow) {
                throw new BrokerException(
                        "there is no batch " + printable(batch) + ": the bridge knows none of that id or name, and "
                                + queue() + " has no credentials of it; 'pairing-bridge batches' lists all");
            }
            while (max == 0 || kept < max) {
                message = message == null ? reader.next(follow ? FOLLOWING : empty) : message;
                if (message == null && !follow) {
                    break;
                }
                if (message != null) {
                    take(message, opener, folder, lines);
                }
                message = null;
            }
        } finally {
            if (lines != null && kept > 0) {
                print(lines);
            }
            Screen.note(kept + (ndjson ? kept == 1 ? " line" : " lines" : kept == 1 ? " file" : " files")
                    + " written to " + out
                    + (left == 0
                            ? ""
                            : "; " + left + (left == 1 ? " message stays in " : " messages stay in ") + queue()));
        }
        return left == 0 ? 0 : 1;
    }

    /**
     * Which batch is meant.
     *
     * @param id null for all
     * @param known false if the bridge was asked and has no document of that id: single requests may bear it all the
     *     same
     */
    private record Batch(String id, boolean known) {}

    private Batch batch() throws InterruptedException {
        boolean mayBeAnId = Job.ID.matcher(batch).matches();
        try {
            return new Batch(
                    ManagementClient.of(options).call("batch", batch).path("id").asText(), true);
        } catch (ManagementClient.Refused e) {
            if (mayBeAnId) {
                return new Batch(
                        batch,
                        !e.getMessage()
                                .contains(UNKNOWN)); // a bridge that cannot read its journal has not said that there is
                // none
            }
            throw new BrokerException(
                    "there is no batch " + printable(batch)
                            + ": the bridge knows none of that id or name; 'pairing-bridge batches'" + " lists all",
                    e);
        } catch (ManagementClient.Unreachable e) {
            if (mayBeAnId) {
                return new Batch(batch, true); // the recipient's machine need not reach the bridge
            }
            throw new BrokerException(
                    "which batch is called " + printable(batch) + " cannot be asked (" + e.getMessage()
                            + "): give its id, which" + " 'pairing-bridge batches' shows on the bridge's machine",
                    e);
        }
    }

    private String queue() {
        return refused ? Contract.CREDENTIALS_REFUSED : Contract.CREDENTIALS;
    }

    private Duration checkedOptions() {
        if (keys.isEmpty() != noOpen) {
            throw new ParameterException(command.commandLine(), "give --key with the private key's file, or --no-open");
        }
        if (batch != null && batch.isBlank()) {
            throw new ParameterException(command.commandLine(), "--batch must be the id or the name of a batch");
        }
        if (max < 0) {
            throw new ParameterException(command.commandLine(), "--max must be 0 or more");
        }
        try {
            return Settings.duration(timeout);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--timeout " + e.getMessage(), e);
        }
    }

    private void take(Message message, Opener opener, CredentialsFolder folder, CredentialsFile lines)
            throws JMSException {
        String named = message.getStringProperty(Contract.JOB_ID);
        String job = named == null || !Job.ID.matcher(named).matches() ? "unknown" : named;
        Path file;
        try {
            Collected collected = collected(message, job, opener);
            file = lines == null
                    ? keep(message, collected, folder)
                    : lines.keep(collected.attempt, line(message, collected));
        } catch (Unopened | CredentialsFolder.Taken e) {
            leave(message, job, e);
            return;
        } catch (IOException e) {
            throw new BrokerException(
                    "the credentials of job " + job + ", sealed for key '"
                            + printable(message.getStringProperty(Contract.KEY_ID)) + "', stay in " + queue() + ": "
                            + e.getMessage(),
                    e);
        }
        try {
            message.acknowledge();
        } catch (JMSException e) {
            throw new BrokerException(
                    "the credentials of job " + job + " are in " + file + ", but the broker did not" + " confirm it ("
                            + Failures.root(e) + "): run the command again, the same message makes the same file",
                    e);
        }
        kept++;
        if (lines == null) {
            print(message, job, file);
        }
    }

    /** Says what stays in the queue, whose it is and what to do. */
    private void leave(Message message, String job, Exception why) throws JMSException {
        left++;
        if (json) {
            ObjectNode line =
                    described(message, job).put("opened", false).putNull("file").put("problem", why.getMessage());
            System.out.println(Text.line(line.toString()));
        }
        if (left <= MOST_TOLD) {
            Screen.note("the credentials of job " + job + ", sealed for key '"
                    + printable(message.getStringProperty(Contract.KEY_ID)) + "', stay in " + queue() + ": "
                    + why.getMessage());
        } else if (left == MOST_TOLD + 1) {
            Screen.note("from here on what stays in " + queue() + " is only counted");
        }
    }

    private Collected collected(Message message, String job, Opener opener) throws JMSException, Unopened {
        String text = text(message);
        String attempt = attempt(message, text);
        if (opener == null) {
            String till = Text.fileName(message.getStringProperty(Contract.PAY_CONNECT_NAME), LONGEST_TILL);
            return new Collected(
                    job,
                    attempt,
                    text.getBytes(StandardCharsets.UTF_8),
                    name(till, job),
                    sealed(message) ? ".jwe" : ".json");
        }
        if (!sealed(message)) {
            throw new Unopened("the message is not sealed. If the bridge runs with pairing.seal=none, use --no-open;"
                    + " otherwise somebody else sent it");
        }
        try {
            byte[] opened = opener.open(text, message.getStringProperty(Contract.BREAK_GLASS));
            String sealedFor = Opener.header(text).jobId();
            if (!job.equals(sealedFor)) {
                throw new Unopened(
                        "it was sealed for job " + printable(sealedFor) + ": the message was changed after sealing");
            }
            return new Collected(job, attempt, opened, name(till(opened), job), ".json");
        } catch (OpeningException e) {
            throw new Unopened(e.getMessage());
        }
    }

    /** The till's name by the endpoint's answer, which nobody can have changed; empty if it has none. */
    private static String till(byte[] credentials) {
        try {
            return Text.fileName(
                    JSON.readTree(credentials).path("pay_connect_name").asText(""), LONGEST_TILL);
        } catch (IOException e) {
            return "";
        }
    }

    /** How the files of a till and job begin: not hidden, not taken for an option, and a name on every file system. */
    private static String name(String till, String job) {
        String ofJob = job.replaceFirst("^[.-]", "_").replace(':', '_');
        String name = till == null || till.isEmpty() || till.equals(ofJob) ? ofJob : till + "." + ofJob;
        try {
            return Path.of(name).toString();
        } catch (InvalidPathException e) {
            return name.replaceAll("[^\\x21-\\x7e]", "_"); // the locale has no such characters
        }
    }

    /** A second attempt's credentials of the same till and job lie beside the first ones. */
    private Path keep(Message message, Collected collected, CredentialsFolder folder) throws IOException, JMSException {
        try {
            return keep(message, collected, collected.name, folder);
        } catch (CredentialsFolder.Taken e) {
            String attempt = collected.attempt.replace(':', '_');
            return keep(
                    message,
                    collected,
                    collected.name + "." + attempt.substring(0, Math.min(attempt.length(), ATTEMPT_CHARACTERS)),
                    folder);
        }
    }

    private Path keep(Message message, Collected collected, String name, CredentialsFolder folder)
            throws IOException, JMSException {
        Path file = folder.keep(name + collected.ending, collected.content);
        if (noOpen && message.getStringProperty(Contract.BREAK_GLASS) != null) {
            folder.keep(
                    name + ".break-glass.jwe",
                    message.getStringProperty(Contract.BREAK_GLASS).getBytes(StandardCharsets.UTF_8));
        }
        ObjectNode about = described(message, collected.job)
                .put("attempt_id", collected.attempt)
                .put("file", file.getFileName().toString());
        folder.replace(name + ".about.json", (about.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
        return file;
    }

    /**
     * Unlike the job's id it differs between two attempts, and it is the same whenever one attempt's message comes
     * again.
     */
    private static String attempt(Message message, String text) throws JMSException {
        // The broker's duplicate id, which is the attempt's id.
        Object published = message.getObjectProperty("_AMQ_DUPL_ID");
        return published != null && Job.ID.matcher(published.toString()).matches()
                ? published.toString()
                : digest(text);
    }

    /** A line of NDJSON: what the message says of the job, and the opened answer. */
    private ObjectNode line(Message message, Collected collected) throws JMSException, IOException {
        ObjectNode line = described(message, collected.job);
        if (noOpen) {
            line.put("sealed", new String(collected.content, StandardCharsets.UTF_8));
            String breakGlass = message.getStringProperty(Contract.BREAK_GLASS);
            return breakGlass == null ? line : line.put("break_glass", breakGlass);
        }
        return line.set("credentials", JSON.readTree(collected.content));
    }

    private static ObjectNode described(Message message, String job) throws JMSException {
        ObjectNode line = JSON.createObjectNode().put("job_id", job);
        line.put("batch_id", message.getStringProperty(Contract.BATCH_ID));
        line.put("pay_connect_id", message.getStringProperty(Contract.PAY_CONNECT_ID));
        line.put("pay_connect_name", message.getStringProperty(Contract.PAY_CONNECT_NAME));
        line.put("terminal_id", message.getStringProperty(Contract.TERMINAL_ID));
        line.put("environment", message.getStringProperty(Contract.ENVIRONMENT));
        line.put("key_id", message.getStringProperty(Contract.KEY_ID));
        JsonNode reference = reference(message);
        if (reference != null) {
            line.set("reference", reference);
        }
        return line;
    }

    /** What the request's sender said of the terminal; null if the message does not say it. */
    private static JsonNode reference(Message message) throws JMSException {
        String text = message.getStringProperty(Contract.REFERENCE);
        try {
            JsonNode reference = text == null ? null : JSON.readTree(text);
            return reference != null && reference.isObject() ? reference : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private static String text(Message message) throws JMSException, Unopened {
        if (message instanceof TextMessage text && text.getText() != null) {
            return text.getText();
        }
        throw new Unopened("the message holds no text: it does not come from a bridge");
    }

    private static boolean sealed(Message message) throws JMSException {
        return JweSealer.CONTENT_TYPE.equals(message.getStringProperty(Contract.CONTENT_TYPE));
    }

    private void print(Message message, String job, Path file) throws JMSException {
        if (!json) {
            System.out.println(Text.line(file.toString()));
            return;
        }
        ObjectNode line = described(message, job);
        line.put("opened", !noOpen);
        line.put("file", file.toString());
        System.out.println(Text.line(line.toString()));
    }

    /** The one file of all, once. */
    private void print(CredentialsFile lines) {
        System.out.println(
                json
                        ? Text.line(JSON.createObjectNode()
                                .put("file", lines.path().toString())
                                .put("lines", kept)
                                .put("opened", !noOpen)
                                .toString())
                        : Text.line(lines.path().toString()));
    }

    /** What a message says about itself goes to a terminal. */
    private static String printable(String text) {
        return text == null ? "unknown" : Text.line(text, 128);
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
