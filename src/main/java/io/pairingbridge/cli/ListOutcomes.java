package io.pairingbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.access.BrokerException;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerQueue;
import io.pairingbridge.job.Contract;
import io.pairingbridge.job.Job;
import io.pairingbridge.settings.Settings;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.util.Enumeration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code outcomes}: reads the ERP's queue of outcome events, and takes them off it if asked to. */
@Command(
        name = "outcomes",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Shows the outcome events that wait for the ERP on " + Contract.OUTCOMES_ERP
                    + ", the oldest first. They stay there;"
                    + " with --take each is taken off the queue once it has been printed."
        },
        footer = {
            "",
            "Examples:",
            "  pairing-bridge outcomes",
            "  pairing-bridge outcomes --batch north -o json",
            "  pairing-bridge outcomes --take -o json >> outcomes.ndjson",
            "",
            "As JSON each event is a line of its own: its data, with the event's id.",
            "",
            ExitCodes.WORDS + "; 1 also if what was read could not be printed: then it stays on the queue."
        })
public final class ListOutcomes implements Callable<Integer> {
    private static final String ADDRESS = BrokerQueue.OUTCOMES.fullyQualified();
    /** What was sent is there at once, or after a moment if another consumer had it. */
    private static final long EMPTY_MILLIS = 500;

    @Spec
    private CommandSpec command;

    @Mixin
    private SettingsOptions options;

    @Mixin
    private BrokerLogin login;

    @Mixin
    private Output output;

    @Option(
            names = "--take",
            description = "takes them off the queue, each after it was printed: nobody else gets them then")
    private boolean take;

    @Option(names = "--count", paramLabel = "N", defaultValue = "100", description = "so many at most; by default 100")
    private int count;

    @Option(names = "--job", paramLabel = "ID", description = "only those of this job")
    private String job;

    @Option(names = "--batch", paramLabel = "ID", description = "only those of this batch")
    private String batch;

    private final Table table = new Table("JOB", "OUTCOME", "FINISHED", "TERMINAL")
            .below("REASON")
            .wide("BATCH")
            .wide("ATTEMPTS")
            .wide("HTTP")
            .below("REFERENCE")
            .below("DETAIL")
            .below("REMEDY");

    @Override
    public Integer call() throws JMSException {
        if (count < 1) {
            throw new ParameterException(command.commandLine(), "--count must be 1 or more");
        }
        Settings settings = options.clientSettings();
        int shown;
        try (Connection connection = login.connect(settings, BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            connection.start();
            Queue queue = session.createQueue(ADDRESS);
            shown = take ? take(session, queue) : browse(session, queue);
        } catch (JMSException e) {
            throw new BrokerException(
                    "the events on " + Contract.OUTCOMES_ERP + " cannot be " + (take ? "taken" : "read") + " ("
                            + Failures.root(e)
                            + "): the broker's user needs to " + (take ? "consume" : "browse")
                            + " there, as docker/artemis/broker.xml of this version allows",
                    e);
        }
        Screen.note(
                shown + (shown == 1 ? " event" : " events") + (take ? " taken from " : " on ") + Contract.OUTCOMES_ERP
                        + (shown < count ? "" : "; there may be more: --count") + ". " + options.lookedIn(settings));
        return ExitCodes.DONE;
    }

    private int browse(Session session, Queue queue) throws JMSException {
        try (QueueBrowser browser = session.createBrowser(queue, selector())) {
            Enumeration<?> all = browser.getEnumeration();
            int shown = 0;
            while (shown < count && all.hasMoreElements()) {
                add((Message) all.nextElement());
                shown++;
            }
            print();
            return shown;
        }
    }

    /** Acknowledged only after it is printed: what cannot be written stays. */
    private int take(Session session, Queue queue) throws JMSException {
        int shown = 0;
        try (MessageConsumer consumer = session.createConsumer(queue, selector())) {
            while (shown < count) {
                Message message = consumer.receive(EMPTY_MILLIS);
                if (message == null) {
                    break;
                }
                add(message);
                shown++;
            }
            print();
            if (System.out.checkError()) {
                session.rollback();
                throw new BrokerException("what was read could not be printed, and stays on " + Contract.OUTCOMES_ERP);
            }
            session.commit();
            return shown;
        }
    }

    private String selector() {
        StringBuilder selector = new StringBuilder();
        for (String[] property :
                new String[][] {{"--job", Contract.JOB_ID, job}, {"--batch", Contract.BATCH_ID, batch}}) {
            if (property[2] == null) {
                continue;
            }
            if (!Job.ID.matcher(property[2]).matches()) {
                throw new ParameterException(
                        command.commandLine(), property[0] + " must be at most 128 of A-Z a-z 0-9 . _ : -");
            }
            selector.append(selector.isEmpty() ? "" : " AND ")
                    .append(property[1])
                    .append(" = '")
                    .append(property[2])
                    .append('\'');
        }
        return selector.isEmpty() ? null : selector.toString();
    }

    private void add(Message message) throws JMSException {
        JsonNode event = event(message);
        JsonNode data = event.path("data");
        if (output.json()) {
            Output.print(Json.object()
                    .put("event_id", event.path("id").asText())
                    .put("type", event.path("type").asText())
                    .setAll(data instanceof ObjectNode object ? object : Json.object()));
            return;
        }
        StringBuilder reference = new StringBuilder();
        data.path("reference")
                .properties()
                .forEach(field -> reference
                        .append(reference.isEmpty() ? "" : ", ")
                        .append(field.getKey())
                        .append(' ')
                        .append(field.getValue().asText()));
        boolean paired = data.path("outcome").asText().equals("PAIRED");
        table.row(
                data.path("job_id").asText(event.path("subject").asText()),
                data.path("outcome").asText(event.path("type").asText().replaceFirst("^io\\.pairingbridge\\.", "")),
                Times.minute(data.path("finished_at").asText("")),
                data.path("terminal_id").asText(""),
                data.path("reason").asText(""),
                data.path("batch_id").asText(""),
                data.path("attempts").asText(""),
                data.path("http_status").asText(""),
                reference,
                output.wide() ? data.path("detail").asText("") : "",
                paired && !output.wide() ? "" : data.path("remedy").asText(""));
    }

    private void print() {
        if (!output.json()) {
            output.print(table);
        }
    }

    /** What is no event of the bridge is shown as far as it goes: nobody but the bridge may send there. */
    private static JsonNode event(Message message) throws JMSException {
        try {
            String text = message instanceof TextMessage some ? some.getText() : null;
            return text == null ? Json.object() : Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            return Json.object();
        }
    }
}
