package io.pairingbridge.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.Replacements;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.spi.InterceptStrategy;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an operator does about jobs that ended badly, over HTTP, on a real bridge, broker and endpoint. */
class OperateIT {
    private Stage stage;
    private Management operator;

    @BeforeEach
    void prepare(@TempDir Path folder) throws IOException {
        stage = new Stage(folder);
        stage.set("pairing.broker.users.operator.password", stage.users().password(BrokerUsers.OPERATOR))
                .set("pairing.retry.max-ambiguous-attempts", "1")
                .set("pairing.intake.probe-delay", "300ms");
    }

    @AfterEach
    void stop() throws IOException {
        stage.close();
    }

    private void start() throws IOException {
        stage.startBridge();
        operator = Management.operator(stage.managementPort(), stage.data());
    }

    private void awaitState(String job, State state) {
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .journal()
                        .find(job)
                        .map(e -> e.state() == state)
                        .orElse(false));
    }

    private JsonNode letter(String queue, String job) {
        return Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(
                        () -> queue.equals("in-doubt")
                                ? operator.call("inDoubt", "", "", job, 0, 10)
                                : operator.call("deadLetters", "", "", "", job, 0, 10),
                        page -> page.path("total").asInt() == 1)
                .path("letters")
                .get(0);
    }

    @Test
    void replaysAJobInDoubtWithANewOneTimePasswordOnly() throws Exception {
        stage.ledger().when("otp-canary-lost", call -> {
            call.pair();
            call.status(500);
        });
        start();
        stage.send(Stage.text(
                "till-1", "{\"name\":\"Till 1\",\"otp\":\"otp-canary-lost\",\"reference\":{\"Store\":\"S-1\"}}"));
        awaitState("till-1", State.IN_DOUBT);
        JsonNode letter = letter("in-doubt", "till-1");
        assertThat(letter.path("name").asText()).isEqualTo("Till 1");
        assertThat(letter.path("reference").path("Store").asText()).isEqualTo("S-1");
        assertThat(letter.path("remedy").asText()).isNotBlank();
        assertThat(letter.path("otpUnspent").asBoolean()).isFalse();
        String id = letter.path("messageId").asText();

        JsonNode without = operator.call("replay", "in-doubt", id, "", "", false);
        JsonNode dry = operator.call("replay", "in-doubt", id, "otp-canary-new", "", true);
        assertThat(without.path("replayed").asInt()).isZero();
        assertThat(without.path("refused").properties().iterator().next().getKey())
                .contains("may be spent");
        assertThat(dry.path("replayed").asInt()).isEqualTo(1);
        assertThat(stage.ledger().posts("otp-canary-new")).isEmpty();

        assertThat(operator.call("replay", "in-doubt", id, " otp-canary-new ", "", false)
                        .path("replayed")
                        .asInt())
                .isEqualTo(1);
        awaitState("till-1", State.PUBLISHED);
        assertThat(stage.ledger().posts("otp-canary-new")).hasSize(1);
        assertThat(stage.ledger().posts("otp-canary-lost")).hasSize(1);
        assertThat(operator.call("inDoubt", "", "", "till-1", 0, 10)
                        .path("total")
                        .asInt())
                .isZero();
        JsonNode again = operator.call("replay", "in-doubt", id, "otp-canary-third", "", false);
        assertThat(again.path("refused").properties().iterator().next().getKey())
                .contains("no such letter");
        assertThat(operator.call("job", "till-1").path("attempts")).hasSize(2);
        shownNowhere("otp-canary", LedgerEndpoint.secret("otp-canary-new"));
    }

    @Test
    void replaysDeadLettersAsTheirOutcomeAllows() throws Exception {
        stage.ledger().when("otp-canary-r", call -> call.status(400)).when("otp-canary-r2", Call::pairOnce);
        start();
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession()) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            operator.call("closeIntake", "so that jobs expire in their queue");
            producer.setTimeToLive(1);
            for (String job : List.of("late-1", "late-2", "late-3")) {
                producer.send(Stage.request(job, "otp-canary-" + job).make(session));
            }
        }
        for (String job : List.of("late-1", "late-2", "late-3")) {
            awaitState(job, State.EXPIRED);
        }
        operator.call("openIntake");
        stage.send(Stage.request("refused", "otp-canary-r"), Stage.text("broken", "{\"name\":\"\"}"));
        awaitState("refused", State.REJECTED);
        awaitState("broken", State.INVALID);
        letter("dead-letters", "broken");
        letter("dead-letters", "refused");

        JsonNode dry = operator.call("replayAll", "", "", "", true);
        assertThat(dry.path("replayed").asInt()).isEqualTo(3);
        assertThat(dry.path("refused").size()).isEqualTo(2);
        assertThat(operator.call("deadLetters", "EXPIRED", "", "", "", 0, 2)
                        .path("total")
                        .asInt())
                .isEqualTo(3);
        assertThat(operator.call("deadLetters", "EXPIRED", "", "", "", 2, 2).path("letters"))
                .hasSize(1);

        Path audit = stage.data().resolve(AuditLog.FILE);
        String before = Files.exists(audit) ? Files.readString(audit) : "";
        Files.deleteIfExists(audit);
        Files.createDirectory(audit); // cannot be written
        assertThatThrownBy(() -> operator.call("replayAll", "", "", "", false))
                .hasMessageContaining("nothing was done");
        Files.delete(audit);
        Files.writeString(audit, before);
        assertThat(operator.call("deadLetters", "EXPIRED", "", "", "", 0, 2)
                        .path("total")
                        .asInt())
                .isEqualTo(3);

        assertThat(operator.call("replayAll", "", "", "", false)
                        .path("replayed")
                        .asInt())
                .isEqualTo(3);
        assertThat(Files.readString(audit))
                .containsPattern("\"action\":\"replayAll\".*sends again late-[123] late-[123] late-[123]\"");
        assertThat(operator.call("audit", 10))
                .extracting(entry -> entry.path("sentence").asText())
                .anyMatch(sentence ->
                        sentence.matches("operator began to replay (all dead letters|dead letters with .*)\\."))
                .anyMatch(sentence -> sentence.matches("operator replayed jobs late-[123] late-[123] late-[123]\\."))
                .anyMatch(sentence -> sentence.startsWith("operator replayed many: 3 sent again"))
                .noneMatch(sentence -> sentence.contains("["));
        for (String job : List.of("late-1", "late-2", "late-3")) {
            awaitState(job, State.PUBLISHED);
            assertThat(stage.ledger().posts("otp-canary-" + job)).hasSize(1);
        }
        JsonNode left = operator.call("deadLetters", "", "", "", "", 0, 10);
        assertThat(left.path("letters"))
                .extracting(l -> l.path("jobId").asText())
                .containsExactlyInAnyOrder("refused", "broken");
        assertThat(operator.call(
                                "replay",
                                "dead-letters",
                                letter("dead-letters", "broken")
                                        .path("messageId")
                                        .asText(),
                                "otp-canary-b",
                                "",
                                false)
                        .path("refused")
                        .toString())
                .contains("not valid");
        assertThat(operator.call(
                                "replay",
                                "dead-letters",
                                letter("dead-letters", "refused")
                                        .path("messageId")
                                        .asText(),
                                "otp-canary-r2",
                                "",
                                false)
                        .path("replayed")
                        .asInt())
                .isEqualTo(1);
        awaitState("refused", State.PUBLISHED);
        shownNowhere("otp-canary");
    }

    @Test
    void replaysOnlyTheLettersOfTheReasonAndTheBatchThatAreMeant() throws Exception {
        stage.set("pairing.intake.close-after", "50");
        List<String> refused = List.of("east-refused", "west-refused");
        refused.forEach(job -> stage.ledger().when("otp-canary-" + job, call -> {
            if (call.number() == 1) {
                call.status(404);
            } else {
                call.pairOnce();
            }
        }));
        start();
        List<String> late = List.of("east-late-1", "east-late-2", "west-late");
        operator.call("closeIntake", "so that jobs expire in their queue");
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession()) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            producer.setTimeToLive(1);
            for (String job : late) {
                producer.send(ofBatch(job).make(session));
            }
        }
        for (String job : late) {
            awaitState(job, State.EXPIRED);
        }
        operator.call("openIntake");
        stage.send(ofBatch("east-refused"), ofBatch("west-refused"));
        for (String job : refused) {
            awaitState(job, State.MISCONFIGURED);
        }
        Map<String, String> letters =
                Awaitility.await().atMost(Stage.PATIENCE).until(this::lettersByJob, all -> all.size() == 5);

        replaysExactly(letters, "", "TOO_OLD", "east", "east-late-1", "east-late-2");
        replaysExactly(letters, "MISCONFIGURED", "", "", "east-refused", "west-refused");
        replaysExactly(letters, "EXPIRED", "NOT_ACCEPTED", "");
        replaysExactly(letters, "", "", "it's no batch");
        replaysExactly(letters, "", "", "west", "west-late");
        for (String job : Stream.concat(late.stream(), refused.stream()).toList()) {
            assertThat(stage.ledger().posts("otp-canary-" + job)).as(job).hasSize(refused.contains(job) ? 2 : 1);
        }
    }

    /**
     * Replays what the filters mean, after a trial that must say the same and do nothing; all other letters stay the
     * very same.
     */
    private void replaysExactly(
            Map<String, String> letters, String outcome, String reason, String batch, String... jobs) throws Exception {
        JsonNode dry = operator.call("replayAll", outcome, reason, batch, true);
        assertThat(lettersByJob()).as("after a trial").isEqualTo(letters);
        JsonNode done = operator.call("replayAll", outcome, reason, batch, false);
        assertThat(dry.path("replayed").asInt()).isEqualTo(jobs.length);
        assertThat(done.path("replayed").asInt()).isEqualTo(jobs.length);
        assertThat(done.path("refused")).isEqualTo(dry.path("refused")).isEmpty();
        for (String job : jobs) {
            assertThat(letters.remove(job)).as(job).isNotNull();
            awaitState(job, State.PUBLISHED);
        }
        assertThat(lettersByJob()).as("what is left").isEqualTo(letters);
    }

    /** The ids of the dead letters. */
    private Map<String, String> lettersByJob() throws Exception {
        Map<String, String> ids = new TreeMap<>();
        operator.call("deadLetters", "", "", "", "", 0, 100)
                .path("letters")
                .forEach(l ->
                        ids.put(l.path("jobId").asText(), l.path("messageId").asText()));
        return ids;
    }

    /** Of the batch that its name begins with. */
    private static Stage.MessageMaker ofBatch(String job) {
        return session -> {
            Message message = Stage.request(job, "otp-canary-" + job).make(session);
            message.setStringProperty("PairingBatchId", job.split("-")[0]);
            return message;
        };
    }

    @Test
    void sendsTheWholeRequestOfASealedAnswerAgain() throws Exception {
        stage.ledger().when("otp-canary-u", call -> {
            call.pair();
            call.write(call.http(200, "", "no JSON"));
        });
        start();
        stage.send(Stage.text("unreadable", """
        {"name": "Till 8", "otp": "otp-canary-u", "webhook_url": "https://shop.example.com/hook", "reference": {"store": "S-1"}}"""));
        JsonNode letter = letter("in-doubt", "unreadable");
        assertThat(letter.path("reference").path("store").asText()).isEqualTo("S-1");
        assertThat(letter.path("name").asText()).isEqualTo("Till 8");
        String id = letter.path("messageId").asText();

        assertThat(operator.call("replay", "in-doubt", id, "", "", false)
                        .path("refused")
                        .toString())
                .contains("generate a new one");
        assertThat(operator.call("replay", "in-doubt", id, "otp-canary-u2", "Till 9", false)
                        .path("replayed")
                        .asInt())
                .isEqualTo(1);
        awaitState("unreadable", State.PUBLISHED);
        assertThat(stage.ledger().bodies("otp-canary-u2").get(0))
                .contains("Till 9")
                .contains("https://shop.example.com/hook");
        assertThat(stage.bridge().journal().find("unreadable").orElseThrow().reference())
                .containsEntry("store", "S-1");
    }

    @Test
    void takesALetterAwayWithANoteThatSaysWhoAndHow() throws Exception {
        stage.ledger().when("otp-canary-d", call -> {
            call.pair();
            call.reset();
        });
        start();
        stage.send(Stage.request("doubt", "otp-canary-d"));
        String id = letter("in-doubt", "doubt").path("messageId").asText();

        assertThat(operator.refused("resolve", "in-doubt", id, " ")).contains("a note is needed");
        assertThat(operator.refused("resolve", "pairing.credentials", id, "x")).contains("dead-letters or in-doubt");
        operator.call("resolve", "in-doubt", id, "unpaired on its menu,\nticket 4711");

        assertThat(operator.call("inDoubt", "", "", "", 0, 10).path("total").asInt())
                .isZero();
        JsonNode entry = operator.call("audit", 10).get(0);
        assertThat(entry.path("who").asText()).isEqualTo("operator");
        assertThat(entry.path("action").asText()).isEqualTo("resolve");
        assertThat(entry.path("subject").asText()).isEqualTo("doubt");
        assertThat(entry.path("detail").asText()).contains("unpaired on its menu, ticket 4711", "ANSWER_LOST");
        assertThat(operator.refused("resolve", "in-doubt", id, "again")).contains("no such letter");
        assertThat(Files.readString(stage.data().resolve("audit.log")).lines())
                .anyMatch(line -> line.contains("ticket 4711"));
    }

    /** The journal does not know what a till without a batch is called; its letter does. */
    @Test
    void findsAJobByWhatPeopleKnowOfItsTill() throws Exception {
        stage.ledger()
                .when("otp-canary-lost", call -> {
                    call.pair();
                    call.status(500);
                })
                .when("otp-canary-no", call -> call.status(400));
        start();
        stage.send(
                Stage.text(
                        "job-a", "{\"name\":\"Kiosk\",\"otp\":\"otp-canary-lost\",\"reference\":{\"store\":\"0815\"}}"),
                Stage.text(
                        "job-b",
                        "{\"name\":\"Front till\",\"otp\":\"otp-canary-no\",\"reference\":{\"store\":\"0815\"}}"),
                Stage.text(
                        "job-c",
                        "{\"name\":\"Back till\",\"otp\":\"otp-canary-c\",\"reference\":{\"store\":\"0816\"}}"));
        letter("in-doubt", "job-a");
        letter("dead-letters", "job-b");
        awaitState("job-c", State.PUBLISHED);

        JsonNode kiosk = operator.call("findJobs", "KIOSK", 10);
        assertThat(kiosk.path("more").asBoolean()).isFalse();
        assertThat(kiosk.path("jobs")).singleElement().satisfies(job -> {
            assertThat(job.path("jobId").asText()).isEqualTo("job-a");
            assertThat(job.path("name").asText()).isEqualTo("Kiosk");
            assertThat(job.path("state").asText()).isEqualTo("IN_DOUBT");
            assertThat(job.path("reference").path("store").asText()).isEqualTo("0815");
        });
        assertThat(operator.call("findJobs", " 0815  store ", 10).path("jobs"))
                .extracting(job -> job.path("name").asText())
                .containsExactlyInAnyOrder("Kiosk", "Front till");
        JsonNode some = operator.call("findJobs", "store", 2);
        assertThat(some.path("more").asBoolean()).isTrue();
        assertThat(some.path("jobs")).hasSize(2);
        assertThat(operator.call("findJobs", "otp-canary", 10).path("jobs")).isEmpty();
        assertThat(operator.call("findJobs", "\u0000'; --", 10).path("jobs")).isEmpty();
        assertThat(operator.refused("findJobs", " ", 10)).contains("say what to look for");
        assertThat(operator.refused("findJobs", "store", 101)).contains("count must be 1 to 100");
        assertThat(operator.answers()).noneMatch(answer -> answer.contains("otp-canary"));
    }

    @Test
    void closesTheIntakeUntilAnOperatorOpensItAgain() throws Exception {
        start();
        assertThat(operator.read("IntakeOpen").asBoolean()).isTrue();
        operator.call("closeIntake", "maintenance of the endpoint");
        assertThat(operator.read("IntakeReason").asText()).isEqualTo("closed by operator: maintenance of the endpoint");
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .camel()
                        .getRouteController()
                        .getRouteStatus("requests")
                        .isSuspended());
        stage.send(Stage.request("waits", "otp-canary-w"));
        // Several looks would have been taken by now, had it closed by itself.
        Awaitility.await()
                .during(1_500, TimeUnit.MILLISECONDS)
                .atMost(Stage.PATIENCE)
                .until(() -> stage.ledger().posts("otp-canary-w").isEmpty());
        assertThat(operator.read("IntakeState").asText()).isEqualTo("CLOSED");
        assertThat(operator.read("QueueDepths").path("pairing.requests").asInt())
                .isEqualTo(1);

        operator.call("openIntake");
        awaitState("waits", State.PUBLISHED);
        assertThat(operator.read("IntakeOpen").asBoolean()).isTrue();
        assertThat(operator.call("audit", 10))
                .extracting(e -> e.path("action").asText())
                .containsExactly("openIntake", "closeIntake");
    }

    @Test
    void opensWithOneJobFirstWhereTheEndpointWasTheCause() throws Exception {
        stage.set("pairing.intake.close-after", "2").set("pairing.intake.probe-delay", "1h");
        stage.ledger().otherwise(call -> call.status(404));
        start();
        for (int i = 0; i < 2; i++) {
            stage.send(Stage.request("wrong-" + i, "otp-canary-x" + i));
            awaitState("wrong-" + i, State.MISCONFIGURED);
        }
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> !operator.read("IntakeOpen").asBoolean());
        assertThat(operator.read("LastErrorKind").asText()).isEqualTo(Result.MISCONFIGURED.name());
        for (int i = 0; i < 10; i++) {
            stage.send(Stage.request("later-" + i, "otp-canary-l" + i));
        }
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .camel()
                        .getRouteController()
                        .getRouteStatus("requests")
                        .isSuspended());
        int before = stage.ledger().posts().size();
        operator.call("openIntake");
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.ledger().posts().size() > before
                        && operator.read("IntakeState").asText().equals("CLOSED"));
        assertThat(stage.ledger().posts().size())
                .as("one job showed that nothing is mended")
                .isEqualTo(before + 1);

        stage.ledger().otherwise(Call::pairOnce);
        operator.call("openIntake");
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> operator.read("Outcomes").path("PAIRED").asInt() == 9);
        assertThat(operator.call("replayAll", "MISCONFIGURED", "", "", false)
                        .path("replayed")
                        .asInt())
                .isEqualTo(3);
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> operator.read("Outcomes").path("PAIRED").asInt() == 12);
    }

    @Test
    void changesHowManyCallsAreMadeAtOnceWhileItRuns() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch first = new CountDownLatch(1);
        stage.ledger().otherwise(call -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            first.countDown();
            call.think(30);
            now.decrementAndGet();
            call.pairOnce();
        });
        stage.set("pairing.requests.concurrency", "1");
        start();
        send(0, 40);
        assertThat(first.await(1, TimeUnit.MINUTES)).isTrue();
        awaitPaired(40);
        assertThat(most.get()).isEqualTo(1);

        operator.call("changeConcurrency", 8);
        send(40, 140);
        awaitPaired(140);
        assertThat(most.get()).isBetween(2, 8);

        operator.call("changeConcurrency", 2);
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .camel()
                        .getRouteController()
                        .getRouteStatus("requests")
                        .isStarted());
        most.set(0);
        send(140, 200);
        awaitPaired(200);
        assertThat(most.get()).isLessThanOrEqualTo(2);
        assertThat(operator.read("Concurrency").asInt()).isEqualTo(2);
        assertThat(operator.refused("changeConcurrency", 0)).contains("1 to 512");
        assertThat(operator.refused("changeRateLimit", "-1")).contains("0 (no limit)");
        operator.call("changeRateLimit", "12.5");
        assertThat(operator.read("RateLimit").asDouble()).isEqualTo(12.5);
    }

    @Test
    void changesHowOftenItCallsWhileJobsWait() throws Exception {
        CountDownLatch called = new CountDownLatch(8);
        CountDownLatch changed = new CountDownLatch(1);
        stage.ledger().otherwise(call -> {
            called.countDown();
            assertThat(changed.await(1, TimeUnit.MINUTES)).isTrue();
            call.pairOnce();
        });
        stage.set("pairing.endpoint.deadline", "1m").set("pairing.requests.concurrency", "8");
        start();
        send(0, 48);
        assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();

        operator.call("changeRateLimit", "1");
        changed.countDown();
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.ledger().posts().size() >= 8 + 3);
        // All of them would have been called by then, had nothing changed; and at one a second it takes a stop of half
        // a minute to call 20 more.
        Awaitility.await()
                .during(2, TimeUnit.SECONDS)
                .atMost(Stage.PATIENCE)
                .until(() -> stage.ledger().posts().size() <= 48 - 20);

        operator.call("changeRateLimit", "0");
        awaitPaired(48);
    }

    private void send(int from, int to) throws Exception {
        stage.send(IntStream.range(from, to)
                .mapToObj(i -> Stage.request("job-" + i, "otp-canary-" + i))
                .toArray(Stage.MessageMaker[]::new));
    }

    private void awaitPaired(int count) {
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> operator.read("Outcomes").path("PAIRED").asInt() == count);
    }

    @Test
    void showsWhatGoesOn() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        stage.ledger().when("otp-canary-slow", call -> {
            called.countDown();
            assertThat(answer.await(1, TimeUnit.MINUTES)).isTrue();
            call.pairOnce();
        });
        stage.set("pairing.endpoint.deadline", "1m");
        start();
        stage.send(Stage.request("slow", "otp-canary-slow"));
        assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(operator.read("InFlight").asInt()).isEqualTo(1);
        assertThat(operator.read("OldestInFlightSeconds").asDouble()).isPositive();
        answer.countDown();
        awaitState("slow", State.PUBLISHED);
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> operator.read("InFlight").asInt() == 0);
        assertThat(operator.read("OldestInFlightSeconds").asDouble()).isZero();
        awaitPaired(1);
        assertThat(operator.read("LastHour")).hasSize(60);
        assertThat(operator.read("JobsPerMinute").asInt()).isEqualTo(1);
        assertThat(operator.read("Keys").get(0).path("sealing").asBoolean()).isTrue();
        assertThat(operator.read("SealedNotPublished").asInt()).isZero();
        assertThat(operator.call("reconcileNow").asInt()).isZero();
        assertThat(operator.call("job", "slow").path("state").asText()).isEqualTo("PUBLISHED");
        assertThat(operator.refused("job", "nobody")).contains("knows no job nobody");
        assertThat(operator.read("QueueDepths").path("pairing.credentials").asInt())
                .isEqualTo(1);
        shownNowhere("otp-canary", LedgerEndpoint.secret("otp-canary-slow"));
    }

    @Test
    void publishesAtOnceWhatTheQueueDidNotTake() throws Exception {
        AtomicBoolean refused = new AtomicBoolean(true);
        stage.set("pairing.reconcile.interval", "1h");
        stage.startBridge(Replacements.NONE.withRoutes(camel -> camel.bind("refusesCredentials", (InterceptStrategy)
                (context, step, target, next) -> "publish-credentials".equals(step.getId())
                        ? exchange -> {
                            if (refused.get()) {
                                throw new IllegalStateException("the queue takes nothing");
                            }
                            target.process(exchange);
                        }
                        : target)));
        operator = Management.operator(stage.managementPort(), stage.data());
        stage.ledger().when("otp-canary-sealed", call -> {
            // So that the request does not come again and publish it.
            operator.call("closeIntake", "while the queue takes nothing");
            call.pairOnce();
        });
        stage.send(Stage.request("sealed", "otp-canary-sealed"));
        awaitState("sealed", State.SEALED);
        refused.set(false);
        // Longer than what was sealed is left to its own delivery, and two periods for which the MBean keeps its
        // counts.
        Awaitility.await()
                .during(5, TimeUnit.SECONDS)
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge().journal().reader().counts().get(State.SEALED) == 1);
        assertThat(operator.read("SealedNotPublished").asInt()).isEqualTo(1);

        assertThat(operator.call("reconcileNow").asInt()).isEqualTo(1);
        awaitState("sealed", State.PUBLISHED);
        stage.awaitUntil(() -> stage.credentials().size() == 1);
        assertThat(stage.ledger().posts("otp-canary-sealed")).hasSize(1);
        assertThat(operator.call("audit", 1).get(0).path("action").asText()).isEqualTo("reconcileNow");
        shownNowhere("otp-canary", LedgerEndpoint.secret("otp-canary-sealed"));
    }

    @Test
    void changesLogLevelsButNoneThatWouldPrintSecrets() throws Exception {
        start();
        Logger intake = LoggerFactory.getLogger("io.pairingbridge.intake");
        assertThat(intake.isDebugEnabled()).as("before").isFalse();
        operator.call("changeLogLevel", "io.pairingbridge.intake", "DEBUG");
        assertThat(intake.isDebugEnabled()).as("changed").isTrue();
        for (String logger : List.of(
                "ROOT",
                "org",
                "org.apache.hc",
                "org.apache.hc.client5.http.wire",
                "org.apache.camel",
                "org.springframework.jms",
                "org.apache.activemq.audit",
                "io.vertx")) {
            assertThat(operator.refused("changeLogLevel", logger, "DEBUG"))
                    .as(logger)
                    .contains("could print one-time passwords");
        }
        operator.call("changeLogLevel", "org.apache.camel", "INFO");
        operator.call("changeLogLevel", "org.apache.camel", "WARN");
        assertThat(operator.refused("changeLogLevel", "io.pairingbridge.intake", "LOUD"))
                .contains("ERROR, WARN");
        assertThat(intake.isDebugEnabled()).as("refused, so as it was").isTrue();
        operator.call("changeLogLevel", "io.pairingbridge.intake", "");
        assertThat(intake.isDebugEnabled()).as("as its parent again").isFalse();
    }

    private void shownNowhere(String... secrets) throws IOException {
        String all = String.join("\n", operator.answers())
                + Files.readString(stage.data().resolve("audit.log"));
        for (String secret : secrets) {
            assertThat(all).doesNotContain(secret);
        }
        assertThat(Set.of(secrets)).isNotEmpty();
    }
}
