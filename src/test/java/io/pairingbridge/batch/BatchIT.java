package io.pairingbridge.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Stage;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batches from file and queue, on a bridge with a real broker and a real endpoint. */
class BatchIT {
    private static final String ESTATE =
            "otp;name;Store;serial\n100001;Till 1;S-1;A\n;Till without;S-1;B\n100003;\"Till\n3\";S-2;C\n";

    private Stage stage;
    private Path inbox;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder, Stage::withoutPlugin); // it also takes what the shipped one refuses
        inbox = Files.createDirectories(folder.resolve("inbox"));
        stage.set("pairing.batch.inbox", inbox.toString());
    }

    @AfterEach
    void stop() throws IOException {
        stage.close();
    }

    @Test
    void pairsAFileAndReportsBesideIt() throws Exception {
        stage.startBridge();
        drop("estate.csv", ESTATE);

        Progress batch = awaitFinished("estate");

        assertThat(batch.rows()).isEqualTo(3);
        assertThat(batch.outcomes().toString()).isEqualTo("{PAIRED=2, INVALID=1}");
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> Files.exists(inbox.resolve("done/estate.csv")));
        String csv = Files.readString(inbox.resolve("done/estate.report.csv"));
        String html = Files.readString(inbox.resolve("done/estate.report.html"));
        assertThat(csv.lines().findFirst())
                .hasValue("name,webhook_url,integrator,otp_generated_at,Store,serial,line,job_id,outcome,"
                        + "reason,detail,remedy,attempts,pay_connect_id,pay_connect_name,terminal_id,finished_at");
        assertThat(csv)
                .contains("Till without,,,,S-1,B,3,estate.row-2,INVALID,ROW_REFUSED")
                .doesNotContain("100001", "100003");
        assertThat(html).contains("What needs a person", "Till without").doesNotContain("100001", "100003");
        assertThat(stage.ledger().posts().keySet()).containsExactlyInAnyOrder("100001", "100003");
        stage.gather();
        assertThat(stage.credentials())
                .hasSize(2)
                .allSatisfy(m -> assertThat(m.text("PairingBatchId")).isEqualTo("estate"));
        JsonNode event = stage.events().stream()
                .map(e -> Stage.json(e.body()))
                .filter(e -> e.path("type").asText().equals(BatchCompletion.TYPE))
                .findFirst()
                .orElseThrow();
        assertThat(event.path("subject").asText()).isEqualTo("estate");
        assertThat(event.path("data").path("outcomes").toString()).isEqualTo("{\"INVALID\":1,\"PAIRED\":2}");
    }

    /** Each outcome but PAIRED has an event and a letter; the row's words name whose password it is. */
    @Test
    void tellsOfRefusedRowsAsOfEveryOtherJobAndSaysNothingUntrueOfTheirPasswords() throws Exception {
        stage.startBridge();
        drop(
                "estate.csv",
                "name,otp,job_id,Store\nA,420004,j-1,S-1\nB,420004\u00a0,j-2,S-2\n,420006,,S-3\nname,otp,job_id,Store\nD,420007,,S-4\n");

        assertThat(awaitFinished("estate").outcomes().toString()).isEqualTo("{PAIRED=2, INVALID=3}");
        stage.awaitOutcome("j-1", "j-2", "estate.row-3", "estate.row-4");
        stage.awaitUntil(() -> stage.deadLetters().size() == 3);

        assertThat(stage.ledger().posts().keySet()).containsExactlyInAnyOrder("420004", "420007");
        JsonNode second = stage.outcomes("j-2").get(0);
        assertThat(second.path("reason").asText()).isEqualTo("ROW_REFUSED");
        assertThat(second.path("batch_id").asText()).isEqualTo("estate");
        assertThat(second.path("detail").asText()).contains("line 3", "same as in line 2");
        assertThat(second.path("remedy").asText())
                .contains("No call was made for this row")
                .doesNotContain("not used");
        assertThat(second.path("reference").path("Store").asText()).isEqualTo("S-2");
        assertThat(stage.deadLetters())
                .extracting(letter -> letter.text("PairingJobId"))
                .containsExactlyInAnyOrder("j-2", "estate.row-3", "estate.row-4");
        assertThat(stage.deadLetters()).allSatisfy(letter -> {
            assertThat(letter.body()).doesNotContain("4200");
            assertThat(letter.text("PairingReason")).isEqualTo("ROW_REFUSED");
            assertThat(letter.text("PairingRemedy")).doesNotContain("not used");
        });
        assertThat(Stage.json(stage.deadLetters().stream()
                                .filter(l -> "j-2".equals(l.text("PairingJobId")))
                                .findFirst()
                                .orElseThrow()
                                .body())
                        .path("name")
                        .asText())
                .isEqualTo("B");
        assertThat(Files.readString(inbox.resolve("done/estate.report.csv")))
                .contains("header once more")
                .doesNotContain("not used");

        // Nobody else can have a request told as refused, or end another's row.
        stage.send(session -> {
            Message forged = Stage.request("j-3", "otp-3").make(session);
            forged.setStringProperty("PairingBatchId", "estate");
            forged.setStringProperty("PairingRow", "1-1." + "0".repeat(64));
            forged.setStringProperty("PairingRowRefused", "call +1 555");
            return forged;
        });
        assertThat(stage.awaitOutcome("j-3").path("outcome").asText()).isEqualTo("PAIRED");
    }

    @Test
    void pairsNothingTwiceWhenAFileComesAgainWithCorrections() throws Exception {
        stage.startBridge();
        drop("estate.csv", ESTATE);
        awaitFinished("estate");
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> Files.exists(inbox.resolve("done/estate.csv")));
        drop("estate.csv", ESTATE.replace(";Till without", "100002;Till with"));

        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .untilAsserted(
                        () -> assertThat(awaitFinished("estate").outcomes().toString())
                                .isEqualTo("{PAIRED=3}"));

        assertThat(stage.ledger().posts("100001")).hasSize(1);
        assertThat(stage.ledger().posts("100002")).hasSize(1);
        assertThat(stage.ledger().posts("100003")).hasSize(1);
    }

    @Test
    void takesADocumentFromTheQueueUnderItsIdAndOneThatCannotBeReadToo() throws Exception {
        stage.startBridge();
        send(
                "from-erp",
                "[{\"name\":\"Till\",\"otp\":\"otp-1\",\"reference\":{\"till\":\"4\"}},{\"name\":\"Till\",\"otp\":\"otp-1\"}]"
                        .getBytes(StandardCharsets.UTF_8));
        send("latin", "name,otp\nCaf\u00e9,1\n".getBytes(StandardCharsets.ISO_8859_1));

        assertThat(awaitFinished("from-erp").outcomes().toString()).isEqualTo("{PAIRED=1, INVALID=1}");
        assertThat(awaitFinished("latin").batch().problem()).contains("UTF-8");
        assertThat(Files.exists(stage.data().resolve("batches/from-erp.report.csv")))
                .isTrue();
    }

    @Test
    void refusesASecondDocumentOfABatchThatHasNotEndedAndSaysSo() throws Exception {
        stage.ledger().otherwise(Call::silence);
        stage.set("pairing.retry.max-ambiguous-attempts", "1");
        stage.startBridge();
        send("b", "name,otp\nTill,otp-1\n".getBytes(StandardCharsets.UTF_8));
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge().journal().batches().find("b").isPresent());
        send("b", "name,otp\nTill,otp-2\n".getBytes(StandardCharsets.UTF_8));

        assertThat(awaitFinished("b").outcomes().toString()).isEqualTo("{IN_DOUBT=1}");
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .untilAsserted(() -> assertThat(
                                stage.bridge().journal().batches().all())
                        .anySatisfy(other -> {
                            assertThat(other.batch().id()).startsWith("message-");
                            assertThat(other.batch().problem()).contains("b has not ended yet");
                            assertThat(other.batch().phase()).isEqualTo(Phase.FAILED);
                        }));
        assertThat(stage.ledger().posts().keySet()).containsExactly("otp-1");
    }

    @Test
    void refusesAMessageThatIsNoDocumentOrHasNoProperName() throws Exception {
        stage.startBridge();
        send("no name", "name,otp\nTill,otp-1\n".getBytes(StandardCharsets.UTF_8));
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            Message map = session.createMapMessage();
            map.setStringProperty("PairingBatchId", "a-map");
            session.createProducer(session.createQueue("pairing.batches")).send(map);
        }

        assertThat(awaitFinished("a-map").batch().problem()).contains("BytesMessage");
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .untilAsserted(() -> assertThat(
                                stage.bridge().journal().batches().all())
                        .anySatisfy(batch -> assertThat(batch.batch().problem()).contains("PairingBatchId")));
        assertThat(stage.ledger().posts()).isEmpty();
    }

    /** Each of these came again for ever, or was refused for an id that nobody had given. */
    @Test
    void takesOrRefusesWithWordsWhateverAMessageIsAndHolds() throws Exception {
        stage.startBridge();
        String document = "name,otp\nTill,otp-1\n";
        send(session -> session.createTextMessage(document));
        send(session -> {
            Message typed = session.createTextMessage(document);
            ((ActiveMQMessage) typed).getCoreMessage().putBytesProperty("PairingBatchId", new byte[] {1, 2});
            return typed;
        });
        send(session -> {
            Message typed = session.createTextMessage(document);
            typed.setLongProperty("PairingBatchId", 17);
            return typed;
        });
        send(session -> session.createTextMessage());
        send(session -> session.createBytesMessage());
        send(session -> session.createMessage());
        send(session -> session.createObjectMessage("x"));
        send(session -> named(session.createTextMessage("name,otp,\"a\u0000b\",\"a\u0000b\"\n"), "nul"));
        send(session -> named(
                session.createTextMessage("name,otp,otp_generated_at\nTill,otp-2,+999999999-12-31T23:59:59Z\n"),
                "far"));
        send(session -> named(session.createTextMessage("name,otp\nTill \ud83d,otp-3\n"), "half"));
        send(session -> named(session.createTextMessage(document), "last"));

        assertThat(awaitFinished("last").outcomes()).hasSize(1);
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .untilAsserted(
                        () -> assertThat(stage.bridge().journal().batches().all())
                                .hasSize(11)
                                .allMatch(batch -> batch.batch().phase().ended()));
        List<String> problems = stage.bridge().journal().batches().all().stream()
                .filter(batch -> batch.batch().phase() == Phase.FAILED)
                .map(batch -> batch.batch().problem())
                .toList();
        assertThat(problems).hasSize(7);
        assertThat(problems.stream().filter(p -> p.contains("PairingBatchId, or correlation id, must be text")))
                .hasSize(2);
        assertThat(problems.stream().filter(p -> p.contains("is empty"))).hasSize(2);
        assertThat(problems.stream().filter(p -> p.contains("neither a BytesMessage")))
                .hasSize(2);
        assertThat(awaitFinished("nul").batch().problem()).contains("a\\u0000b is there twice");
        assertThat(awaitFinished("far").outcomes().toString()).isEqualTo("{INVALID=1}");
        assertThat(awaitFinished("half").outcomes().toString()).isEqualTo("{INVALID=1}");
        assertThat(stage.bridge().journal().batches().all())
                .as("without a name it has the message's")
                .anySatisfy(batch -> {
                    assertThat(batch.batch().id()).startsWith("ID:");
                    assertThat(batch.rows()).isEqualTo(1);
                });
    }

    /** It was told that its PairingBatchId was wrong, though it had given none. */
    @Test
    void callsADocumentWithoutAnIdByTheMessagesOwnOverAmqpAndStomp() throws Exception {
        stage.startBridge();
        for (boolean noId : List.of(true, false)) {
            try (Connection connection = new JmsConnectionFactory(
                                    BrokerUsers.ERP_REQUESTER,
                                    stage.users().password(BrokerUsers.ERP_REQUESTER),
                                    "amqp://127.0.0.1:" + stage.broker().port())
                            .createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                MessageProducer producer = session.createProducer(session.createQueue("pairing.batches"));
                producer.setDisableMessageID(noId);
                producer.send(session.createTextMessage("name,otp\nTill,66000" + (noId ? 1 : 2) + "\n"));
            }
        }
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), stage.broker().port())) {
            for (String frame : List.of(
                    "CONNECT\naccept-version:1.2\nhost:localhost\nlogin:" + BrokerUsers.ERP_REQUESTER + "\npasscode:"
                            + stage.users().password(BrokerUsers.ERP_REQUESTER) + "\n\n",
                    "SEND\ndestination:pairing.batches\npersistent:true\nreceipt:r1\n\nname,otp\nTill,660003\n")) {
                socket.getOutputStream().write((frame + "\0").getBytes(StandardCharsets.UTF_8));
                assertThat(socket.getInputStream().read()).as("an answer").isPositive();
            }
            Awaitility.await()
                    .atMost(Stage.PATIENCE)
                    .untilAsserted(() -> assertThat(
                                    stage.bridge().journal().batches().all())
                            .hasSize(3)
                            .allSatisfy(batch -> {
                                assertThat(batch.batch().problem()).isNull();
                                assertThat(batch.batch().id()).matches("ID:.+|message-.+");
                                assertThat(batch.outcomes().toString()).isEqualTo("{PAIRED=1}");
                            }));
        }
    }

    private static Message named(Message message, String batchId) throws JMSException {
        message.setStringProperty("PairingBatchId", batchId);
        return message;
    }

    private void send(Stage.MessageMaker maker) throws JMSException {
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            session.createProducer(session.createQueue("pairing.batches")).send(maker.make(session));
        }
    }

    @Test
    void letsASingleRequestPassTheRowsOfABatch() throws Exception {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        stage.ledger().otherwise(call -> {
            order.add(call.otp());
            call.think(50);
            call.pairOnce();
        });
        stage.set("pairing.requests.concurrency", "1");
        stage.startBridge();
        StringBuilder estate = new StringBuilder("name,otp\n");
        for (int i = 0; i < 200; i++) {
            estate.append("Till,row-").append(i).append('\n');
        }
        send("estate", estate.toString().getBytes(StandardCharsets.UTF_8));
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> order.size() > 3);

        int before = order.size();
        stage.send(Stage.request("single", "single-otp"));
        stage.awaitOutcome("single");

        assertThat(order.indexOf("single-otp") - before)
                .as("rows that went before it")
                .isLessThan(40);
        stage.stopBridge();
    }

    @Test
    void keepsToTheRateLimit() throws Exception {
        List<Long> calls = Collections.synchronizedList(new ArrayList<>());
        stage.ledger().otherwise(call -> {
            calls.add(System.nanoTime());
            call.pairOnce();
        });
        stage.set("pairing.rate-limit", "20");
        stage.startBridge();
        StringBuilder estate = new StringBuilder("name,otp\n");
        for (int i = 0; i < 60; i++) {
            estate.append("Till,row-").append(i).append('\n');
        }
        drop("estate.csv", estate.toString());

        assertThat(awaitFinished("estate").outcomes().toString()).isEqualTo("{PAIRED=60}");

        // Sixty turns, a twentieth of a second apart; how late a call is on the wire does not shorten the whole by more
        // than itself.
        assertThat(Duration.ofNanos(Collections.max(calls) - Collections.min(calls)))
                .isGreaterThan(Duration.ofMillis(2_500));
    }

    @Test
    void countsTheAgeFromWhenTheOneTimePasswordWasGenerated() throws Exception {
        stage.startBridge();
        drop(
                "estate.csv",
                "name,otp,otp_generated_at\nOld,otp-old," + OffsetDateTime.now().minusHours(2) + "\nNew,otp-new,"
                        + OffsetDateTime.now() + "\n");

        assertThat(awaitFinished("estate").outcomes().toString()).isEqualTo("{PAIRED=1, EXPIRED=1}");
        assertThat(stage.ledger().posts().keySet()).containsExactly("otp-new");
    }

    @Test
    void takesAFileOnceWhenTwoBridgesShareTheInbox() throws Exception {
        String key = "0123456789abcdef0123456789abcdef";
        stage.set("pairing.batch.inbox", "").set("pairing.journal.otp-key", key);
        stage.startBridge();
        Batches batches = stage.bridge().journal().batches();
        BatchSubmitter intake = new BatchSubmitter(
                batches,
                BrokerConnections.factory(stage.bridge().broker()),
                new RequestBody(Path.of("config/schema/pairing-request.schema.json")),
                Set.of(),
                new OtpHash(key.getBytes(StandardCharsets.UTF_8)),
                Duration.ofHours(1),
                Clock.systemUTC());
        for (int i = 0; i < 20; i++) {
            drop("estate-" + i + ".csv", "name,otp\nTill,otp-" + i + "\n");
        }

        ExecutorService bridges = Executors.newFixedThreadPool(2);
        for (String name : List.of("one", "two")) {
            BatchInbox shared = new BatchInbox(inbox, name, intake, batches, Duration.ofDays(7), Clock.systemUTC());
            bridges.submit(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    shared.round();
                }
                return null;
            });
        }
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .untilAsserted(
                        () -> assertThat(inbox.resolve("done").toFile().list((d, n) -> n.matches("estate-\\d+\\.csv")))
                                .hasSize(20));
        bridges.shutdownNow();
        assertThat(bridges.awaitTermination(30, TimeUnit.SECONDS)).isTrue();

        for (int i = 0; i < 20; i++) {
            assertThat(stage.ledger().posts("otp-" + i))
                    .as("posts of row %d", i)
                    .hasSize(1);
            assertThat(batches.find("estate-" + i).orElseThrow().outcomes().toString())
                    .isEqualTo("{PAIRED=1}");
        }
    }

    private void drop(String name, String content) throws IOException {
        Files.writeString(inbox.resolve(name), content);
        Files.createFile(inbox.resolve(name + ".done"));
    }

    private void send(String batchId, byte[] document) throws JMSException {
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            BytesMessage message = session.createBytesMessage();
            message.writeBytes(document);
            message.setStringProperty("PairingBatchId", batchId);
            session.createProducer(session.createQueue("pairing.batches")).send(message);
        }
    }

    private Progress awaitFinished(String batchId) {
        return Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(
                        () -> stage.bridge().journal().batches().find(batchId).orElse(null),
                        batch -> batch != null && batch.batch().phase().ended());
    }
}
