package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.Bridge;
import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.job.Contract;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.simulator.Simulator;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * {@code demo}: the whole product on one machine, for a minute's look. A real broker, a real journal, real HTTP; only
 * the endpoint is the simulator. Everything lives in a folder that is removed at the end.
 */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Shows one job for each way in which a job can end, on embedded parts, and ends by itself.",
        footer = {
            "",
            "Example:",
            "  pairing-bridge demo",
            "",
            "Exit code: 0 each job came out as expected, 1 one did not, 2 wrong usage."
        })
public final class Demo implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What is sent, and the outcome that it must come to. */
    private record Sample(
            String jobId, String otp, String webhookUrl, String integrator, long ttlMillis, String expected) {
        Sample(String jobId, String otp, String expected) {
            this(jobId, otp, null, null, 0, expected);
        }
    }

    private static final List<Sample> SAMPLES = List.of(
            new Sample("till-1", "031337", "PAIRED"),
            new Sample("till-2", "774411", "https://erp.example.com/hooks/pay-connect", null, 0, "PAIRED"),
            new Sample("till-3-error-first", "110500", "PAIRED"),
            new Sample("till-4-throttled", "120503", "PAIRED"),
            new Sample("till-5-refused", "130400", "REJECTED"),
            new Sample("till-6-answer-500", "140599", "IN_DOUBT"),
            new Sample("till-7-silence", "150408", "IN_DOUBT"),
            new Sample("till-8-no-secret", "160200", "IN_DOUBT"),
            new Sample("till-9-bad-webhook", "170001", "http://erp.example.com/hooks", null, 0, "INVALID"),
            new Sample("till-10-too-old", "180001", null, null, 1, "EXPIRED"),
            new Sample("till-11-wrong-integrator", "190001", null, "wrong", 0, "MISCONFIGURED"));

    @Override
    public Integer call() throws Exception {
        Path folder = Files.createTempDirectory("pairing-bridge-demo");
        try {
            return demo(folder);
        } finally {
            delete(folder);
        }
    }

    private static int demo(Path folder) throws Exception {
        System.err.println("Pairing Bridge demo: starts a broker, a journal, the bridge and a simulated endpoint ...");
        RecipientKeyPair keys = KeyPairs.generate(KeyKind.RSA3072, "demo");
        KeyPairs.writePrivate(keys, folder.resolve("recipient.private.jwk"));
        KeyPairs.writePublic(keys, folder.resolve("recipients.jwks"));
        try (Simulator simulator = Simulator.start("127.0.0.1", 0)) {
            Settings settings = settings(folder, simulator);
            try (Bridge bridge = new Bridge(settings)) {
                bridge.start();
                return show(
                        bridge,
                        BrokerUsers.read(
                                settings.dataDirectory(), settings.broker().users()),
                        Opener.load(folder.resolve("recipient.private.jwk")));
            }
        }
    }

    private static Settings settings(Path folder, Simulator simulator) throws IOException {
        Map<String, String> demo = new TreeMap<>();
        demo.put("pairing.environment", "simulator");
        demo.put("pairing.integrator-id", "5f3a1c9e7b20");
        demo.put("pairing.integrators.wrong.id", "000000000000");
        demo.put("pairing.endpoint.url", simulator.url().toString());
        demo.put("pairing.endpoint.deadline", "2s");
        demo.put("pairing.retry.first-delay", "300ms");
        demo.put("pairing.retry.max-delay", "3s");
        demo.put("pairing.retry.max-ambiguous-attempts", "2");
        demo.put("pairing.data-directory", folder.resolve("data").toString());
        demo.put(
                "pairing.seal.recipient-keys", folder.resolve("recipients.jwks").toString());
        demo.put("pairing.broker.embedded", "true");
        demo.put("pairing.broker.embedded.port", "0");
        // Whatever the bundle is set up for, the demo keeps to its own folder and to this machine.
        demo.put("pairing.journal.url", "");
        demo.put("pairing.batch.inbox", ""); // an estate that lies there is not to meet a simulator
        demo.put("pairing.endpoint.proxy.host", "");
        demo.put("pairing.seal", "jwe");
        demo.put("pairing.management.port", Integer.toString(freePort()));
        return Settings.load(SettingsOptions.folder(), null, Map.of(), demo);
    }

    private static int show(Bridge bridge, BrokerUsers users, Opener recipient) throws JMSException, IOException {
        Map<String, Long> sentAt = new HashMap<>();
        Map<String, JsonNode> ended = new LinkedHashMap<>();
        Map<String, Duration> took = new HashMap<>();
        Set<String> open;
        try (Connection erp = login(bridge, users, BrokerUsers.ERP_REQUESTER);
                OutcomeFollower outcomes = new OutcomeFollower(erp)) {
            erp.start();
            try (Session session = erp.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                MessageProducer producer = session.createProducer(session.createQueue(Contract.REQUESTS));
                for (Sample sample : SAMPLES) {
                    producer.setTimeToLive(sample.ttlMillis());
                    producer.send(message(session, sample));
                    sentAt.put(sample.jobId(), System.nanoTime());
                }
            }
            System.err.println("Sent " + SAMPLES.size() + " pairing requests; waiting for their outcomes ...");
            open = outcomes.follow(sentAt.keySet(), Duration.ofSeconds(22), data -> {
                String job = data.get("job_id").asText();
                ended.put(job, data);
                took.put(job, Duration.ofNanos(System.nanoTime() - sentAt.get(job)));
            });
        }
        Table table = new Table("JOB", "OUTCOME", "ATTEMPTS", "TIME").below("WHAT TO DO");
        List<String> wrong = new ArrayList<>();
        for (Sample sample : SAMPLES) {
            JsonNode data = ended.get(sample.jobId());
            String outcome = data == null ? "(none yet)" : data.get("outcome").asText();
            table.row(
                    sample.jobId(),
                    outcome,
                    data == null ? "" : data.get("attempts").asText(),
                    data == null
                            ? ""
                            : String.format("%.1f s", took.get(sample.jobId()).toMillis() / 1000.0),
                    data == null ? "" : data.get("remedy").asText());
            if (!outcome.equals(sample.expected())) {
                wrong.add(sample.jobId() + " ended " + outcome + ", not " + sample.expected());
            }
        }
        System.out.println();
        table.lines(false, Screen.width()).forEach(System.out::println);
        System.out.println();
        int opened = open(bridge, users, recipient);
        long paired =
                SAMPLES.stream().filter(s -> s.expected().equals("PAIRED")).count();
        if (opened != paired) {
            wrong.add(opened + " credentials were on the queue, not " + paired);
        }
        wrong.forEach(w -> System.err.println("demo: " + w));
        return wrong.isEmpty() && open.isEmpty() ? 0 : 1;
    }

    /** Takes all credentials off their queue, opens them, and shows one with its secrets masked. */
    private static int open(Bridge bridge, BrokerUsers users, Opener recipient) throws JMSException, IOException {
        int count = 0;
        try (Connection connection = login(bridge, users, BrokerUsers.ERP_CREDENTIALS);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            MessageConsumer consumer = session.createConsumer(session.createQueue(Contract.CREDENTIALS));
            for (Message m = consumer.receive(2_000); m != null; m = consumer.receive(200)) {
                JsonNode credentials = JSON.readTree(recipient.open(((TextMessage) m).getText()));
                if (count++ == 0) {
                    System.out.println("The credentials of job " + m.getStringProperty(Contract.JOB_ID)
                            + ", sealed for key " + m.getStringProperty(Contract.KEY_ID) + " and opened with it:");
                    System.out.println(
                            JSON.writerWithDefaultPrettyPrinter().writeValueAsString(masked((ObjectNode) credentials)));
                }
            }
        }
        System.out.println(count + " credentials were on the queue pairing.credentials, each sealed.");
        return count;
    }

    static ObjectNode masked(ObjectNode credentials) {
        for (String secret : List.of("client_secret", "webhook_secret_key")) {
            if (credentials.path(secret).isTextual()) {
                credentials.put(
                        secret, "*** (" + credentials.get(secret).textValue().length() + " characters)");
            }
        }
        return credentials;
    }

    private static Message message(Session session, Sample sample) throws JMSException {
        ObjectNode body =
                JSON.createObjectNode().put("name", "Demo " + sample.jobId()).put("otp", sample.otp());
        if (sample.webhookUrl() != null) {
            body.put("webhook_url", sample.webhookUrl());
        }
        body.putObject("reference").put("store", "Demo store");
        Message message = session.createTextMessage(body.toString());
        message.setStringProperty(Contract.JOB_ID, sample.jobId());
        if (sample.integrator() != null) {
            message.setStringProperty(Contract.INTEGRATOR, sample.integrator());
        }
        return message;
    }

    private static Connection login(Bridge bridge, BrokerUsers users, String user) throws JMSException {
        return BrokerConnections.factory(new BrokerAddress(bridge.broker().url(), user, users.password(user)))
                .createConnection();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
