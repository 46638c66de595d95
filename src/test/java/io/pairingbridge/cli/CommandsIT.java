package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.intake.Gate;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.sealing.JweSealer;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.sealing.RecipientKeys;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands against a real bridge, broker and journal; each starts with an empty credentials queue. */
class CommandsIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path folder;

    private static RunningBridge running;

    @TempDir
    private Path scratch;

    private final SystemProperties properties = new SystemProperties();

    @BeforeAll
    static void start() throws IOException {
        running = new RunningBridge(folder);
    }

    @AfterAll
    static void stop() {
        running.close();
    }

    @BeforeEach
    void emptyTheCredentialsQueue() {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> collect("--timeout", "200ms").out().isEmpty());
    }

    @AfterEach
    void forget() {
        properties.close();
    }

    // ---- submit ---------------------------------------------------------------------------------------------------

    @Test
    void followsAJobToItsOutcome() throws IOException {
        Ran ran = Ran.command(
                "submit",
                "--job",
                "till-1",
                "--name",
                "Till 1",
                "--otp",
                "031337",
                "--wait=30s",
                "--json",
                "--batch",
                "b1",
                "--integrator",
                "east",
                "--reference",
                "store=17",
                "--reference",
                "till=1",
                "--priority",
                "9",
                "--webhook-url",
                "https://erp.example.com/hook");

        assertThat(ran.code()).as(ran.all()).isZero();
        JsonNode data = JSON.readTree(ran.out());
        assertThat(data.path("job_id").asText()).isEqualTo("till-1");
        assertThat(data.path("batch_id").asText()).isEqualTo("b1");
        assertThat(data.path("outcome").asText()).isEqualTo("PAIRED");
        assertThat(data.path("reference")).isEqualTo(JSON.readTree("{\"store\":\"17\",\"till\":\"1\"}"));
        assertThat(ran.all()).doesNotContain("031337");
    }

    @Test
    void readsTheOneTimePasswordFromStandardInputOrAFile() throws IOException {
        Files.writeString(scratch.resolve("otp"), "042002\n");
        Ran piped = Ran.withInput("042001\n", "submit", "--name", "Till", "--otp", "-", "--wait");
        Ran file = Ran.command(
                "submit", "--name", "Till", "--otp-file", scratch.resolve("otp").toString(), "--wait");

        assertThat(piped.code()).as(piped.all()).isZero();
        assertThat(file.code()).as(file.all()).isZero();
        assertThat(piped.all() + file.all()).contains("PAIRED").doesNotContain("04200");
    }

    @Test
    void failsWhenTheJobIsNotPaired() {
        Ran ran = Ran.command("submit", "--job", "till-refused", "--name", "Till", "--otp", "050400", "--wait");
        assertThat(ran.code()).isEqualTo(3);
        assertThat(ran.out()).contains("till-refused", "REJECTED");
    }

    @Test
    void givesAJobItsLifetime() {
        Ran ran = Ran.command("submit", "--name", "Till", "--otp", "060001", "--expires", "1ms", "--wait=30s");
        assertThat(ran.code()).isEqualTo(3);
        assertThat(ran.out()).contains("EXPIRED");
    }

    @Test
    void doesNotWaitUnlessAskedTo() {
        Ran ran = Ran.command("submit", "--job", "till-later", "--name", "Till", "--otp", "070001");
        assertThat(ran.code()).isZero();
        assertThat(ran.out().strip()).isEqualTo("till-later");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> collect("--max", "1").out().contains("till-later"));
    }

    @Test
    void saysThatAJobWithoutAnOutcomeIsNotLost() throws IOException {
        Ran ran = Ran.command(
                "submit", "--job", "till-slow", "--name", "Till", "--otp", "080503", "--wait=300ms", "--json");
        assertThat(ran.code()).isEqualTo(4);
        assertThat(JSON.readTree(ran.out())).isEqualTo(JSON.readTree("{\"job_id\":\"till-slow\",\"outcome\":null}"));
        assertThat(ran.err()).contains("It is not lost");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> collect("--max", "1").out().contains("till-slow"));
    }

    @Test
    void sendsNothingThatIsNotValidAndNamesEveryViolation() {
        Ran ran = Ran.command(
                "submit", "--job", "till 9", "--otp", "090001", "--webhook-url", "http://erp.example.com", "--wait");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--job", "name", "webhook_url").doesNotContain("090001");
        assertThat(ran.out()).isEmpty();
        assertThat(running.bridge.journal().find("till 9")).isEmpty();
    }

    @Test
    void saysWhatToDoWhenThePasswordIsWrong() throws IOException {
        Files.writeString(scratch.resolve("wrong"), "wrong-password");
        Ran ran = Ran.command(
                "submit",
                "--name",
                "Till",
                "--otp",
                "091001",
                "--password-file",
                scratch.resolve("wrong").toString());
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .contains("refused the user 'erp-requester'", "--password-file")
                .doesNotContain("091001", "wrong-password");
    }

    @Test
    void saysWhatToDoWhenThereIsNoBroker() throws IOException {
        Ran ran = Ran.command(
                "submit", "--name", "Till", "--otp", "092001", "--broker-url", "tcp://127.0.0.1:" + Stage.freePort());
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .contains("cannot be reached", "pairing-bridge run", "--broker-url")
                .doesNotContain("092001");
    }

    @Test
    void mayNotSubmitAsTheOneWhoCollects() {
        Ran ran = Ran.command(
                "submit", "--name", "Till", "--otp", "093001", "--job", "till-wrong-user", "--user", "erp-credentials");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("till-wrong-user").doesNotContain("093001");
    }

    // ---- collect --------------------------------------------------------------------------------------------------

    @Test
    void writesOneFileForEachTerminalThatOnlyItsOwnerCanRead() throws IOException {
        pair("till-c1", "100001");
        pair("till-c2", "100002");
        Path out = scratch.resolve("new/credentials");

        Ran ran = Ran.command("collect", "--key", running.privateKey.toString(), "--out", out.toString(), "--json");

        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(out)))
                .isEqualTo("rwx------");
        List<String> lines = ran.out().lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(files(out))
                .containsExactlyInAnyOrder(
                        "Terminal-till-c1.till-c1.json",
                        "Terminal-till-c1.till-c1.about.json",
                        "Terminal-till-c2.till-c2.json",
                        "Terminal-till-c2.till-c2.about.json");
        for (String line : lines) {
            Path file = Path.of(JSON.readTree(line).path("file").asText());
            JsonNode credentials = JSON.readTree(Files.readString(file));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            String job = JSON.readTree(line).path("job_id").asText();
            assertThat(file.getFileName().toString()).isEqualTo("Terminal-" + job + "." + job + ".json");
            assertThat(credentials.path("terminal_id"))
                    .isEqualTo(JSON.readTree(line).path("terminal_id"));
            assertThat(credentials.path("client_secret").asText()).isNotBlank();
            assertThat(ran.all())
                    .doesNotContain(credentials.path("client_secret").asText());
            assertThat(credentials.path("webhook_secret_key").asText("x").length() > 3
                            && ran.all()
                                    .contains(credentials
                                            .path("webhook_secret_key")
                                            .asText()))
                    .isFalse();
        }
    }

    @Test
    void takesNoMoreThanItIsAskedTo() throws IOException {
        pair("till-m1", "110001");
        pair("till-m2", "110002");
        assertThat(collect("--max", "1").out().lines()).hasSize(1);
        assertThat(collect().out().lines()).hasSize(1);
    }

    @Test
    void aWrongKeyLeavesTheMessageInTheQueue() throws IOException {
        pair("till-k1", "120001");
        Path other = scratch.resolve("other.jwk");
        KeyPairs.writePrivate(KeyPairs.generate(KeyKind.P256, "other-key"), other);

        Ran ran = Ran.command(
                "collect",
                "--key",
                other.toString(),
                "--out",
                scratch.resolve("wrong").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("till-k1", "test-key", "stay in pairing.credentials");
        assertThat(files(scratch.resolve("wrong"))).isEmpty();
        assertThat(collect().out()).contains("till-k1");
    }

    @Test
    void aKeyOfTheSameNameLeavesTheMessageInTheQueue() throws IOException {
        pair("till-k2", "120002");
        Path other = scratch.resolve("other.jwk");
        KeyPairs.writePrivate(KeyPairs.generate(KeyKind.P256, "test-key"), other);

        Ran ran = Ran.command(
                "collect",
                "--key",
                other.toString(),
                "--out",
                scratch.resolve("wrong").toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("till-k2", "test-key");
        assertThat(collect().out()).contains("till-k2");
    }

    @Test
    void receivesNothingWithoutAKeyFile() throws IOException {
        pair("till-k3", "120003");
        Ran ran = Ran.command(
                "collect",
                "--key",
                scratch.resolve("none.jwk").toString(),
                "--out",
                scratch.resolve("x").toString());
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("none.jwk does not exist");
        assertThat(collect().out()).contains("till-k3");
    }

    @Test
    void receivesNothingIntoAFolderThatIsOpenToOthers() throws IOException {
        pair("till-f1", "130001");
        Path open = Files.createDirectory(scratch.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-x---"));

        Ran ran = Ran.command("collect", "--key", running.privateKey.toString(), "--out", open.toString());

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("open to others (rwxr-x---)", "chmod 700");
        assertThat(files(open)).isEmpty();
        assertThat(collect().out()).contains("till-f1");
    }

    @Test
    void theSameMessageAgainMakesTheSameFileAndAnotherContentIsNeverOverwritten() throws IOException, JMSException {
        pair("till-f2", "130002");
        String attempt =
                running.bridge.journal().reader().attempts("till-f2").get(0).attemptId();
        Path out = Files.createDirectory(scratch.resolve("again"));
        Files.setPosixFilePermissions(out, PosixFilePermissions.fromString("rwx------"));
        Path there = Files.writeString(out.resolve("Terminal-till-f2.till-f2.jwe"), "something else");
        Path beside = Files.writeString(
                out.resolve("Terminal-till-f2.till-f2." + attempt.substring(0, 8) + ".jwe"), "something else too");
        for (Path file : List.of(there, beside)) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
        String[] noOpen = {"collect", "--no-open", "--out", out.toString()};

        Ran ran = Ran.command(noOpen);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("never overwritten", "till-f2", "1 message stays in pairing.credentials");
        assertThat(there).hasContent("something else");
        assertThat(beside).hasContent("something else too");

        // As after a crash between the file and the acknowledgement: the file is there, and the message too.
        Files.writeString(there, bodyInTheQueue());
        ran = Ran.command(noOpen);
        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(ran.out().strip()).isEqualTo(there.toString());
        assertThat(files(out))
                .containsExactlyInAnyOrder(
                        there.getFileName().toString(),
                        beside.getFileName().toString(),
                        "Terminal-till-f2.till-f2.about.json");
        assertThat(collect("--timeout", "1500ms").out()).isEmpty();
    }

    @Test
    void aSecondAttemptsCredentialsLieBesideTheFirstOnes() throws IOException, JMSException {
        Path out = scratch.resolve("twice");
        for (String secret : List.of("one", "two", "one")) {
            sendCredentials(
                    "till-t1",
                    new JweSealer(RecipientKeys.load(folder.resolve("recipients.jwks")), Clock.systemUTC())
                            .seal(
                                    ("{\"pay_connect_name\":\"Till 1\",\"client_secret\":\"" + secret + "\"}")
                                            .getBytes(StandardCharsets.UTF_8),
                                    "till-t1"));
        }

        Ran ran = Ran.command("collect", "--key", running.privateKey.toString(), "--out", out.toString());

        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(out.resolve("Till-1.till-t1.json")).content().contains("one");
        assertThat(files(out)).hasSize(4);
        assertThat(ran.out().lines().filter(line -> line.endsWith("/Till-1.till-t1.json")))
                .as("the same content again is the same file")
                .hasSize(2);
    }

    /** One message for somebody else kept everybody's credentials behind it in the queue. */
    @Test
    void goesOnPastWhatItCannotOpenAndSaysWhatThatIs() throws IOException, JMSException {
        Path other = scratch.resolve("other.jwks");
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "other-key"), other);
        sendCredentials(
                "till-p0",
                new JweSealer(RecipientKeys.load(other), Clock.systemUTC())
                        .seal("{}".getBytes(StandardCharsets.UTF_8), "till-p0"));
        pair("till-p1", "125001");
        sendCredentials("till-p2", "{}", "application/json");
        pair("till-p3", "125003");
        Path out = scratch.resolve("past");

        Ran ran = Ran.command("collect", "--key", running.privateKey.toString(), "--out", out.toString(), "--json");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(files(out))
                .contains("Terminal-till-p1.till-p1.json", "Terminal-till-p3.till-p3.json")
                .hasSize(4);
        assertThat(ran.err())
                .contains(
                        "job till-p0, sealed for key 'other-key', stay in pairing.credentials",
                        "open it with the private file of that key",
                        "till-p2",
                        "not sealed",
                        "2 files written",
                        "2 messages stay in pairing.credentials");
        assertThat(ran.err().lines().filter(line -> line.startsWith("{\"note\":")))
                .as("what stands beside JSON is JSON")
                .hasSize(3);
        JsonNode left = JSON.readTree(ran.out().lines().findFirst().orElseThrow());
        assertThat(left.path("job_id").asText()).isEqualTo("till-p0");
        assertThat(left.path("opened").asBoolean()).isFalse();
        assertThat(left.path("key_id").asText()).isEqualTo("other-key");
        assertThat(left.path("problem").asText()).contains("other-key");
        Ran again = Ran.command(
                "collect", "--no-open", "--out", scratch.resolve("rest").toString());
        assertThat(again.code()).isZero();
        assertThat(files(scratch.resolve("rest"))).contains("till-p0.jwe", "till-p2.json");
    }

    @Test
    void saysBesideEachFileWhoseItIs() throws IOException {
        assertThat(Ran.command(
                                "submit",
                                "--job",
                                "till-a1",
                                "--name",
                                "T\u00f6pfer / 1",
                                "--otp",
                                "145001",
                                "--batch",
                                "b-a",
                                "--reference",
                                "store=0815",
                                "--wait")
                        .code())
                .isZero();
        Path out = scratch.resolve("about");

        Ran ran = Ran.command(
                "collect", "--key", running.privateKey.toString(), "--out", out.toString(), "--batch", "b-a");

        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(files(out))
                .containsExactlyInAnyOrder("T\u00f6pfer-1.till-a1.json", "T\u00f6pfer-1.till-a1.about.json");
        JsonNode about = JSON.readTree(Files.readString(out.resolve("T\u00f6pfer-1.till-a1.about.json")));
        JsonNode credentials = JSON.readTree(Files.readString(out.resolve("T\u00f6pfer-1.till-a1.json")));
        assertThat(about.path("job_id").asText()).isEqualTo("till-a1");
        assertThat(about.path("batch_id").asText()).isEqualTo("b-a");
        assertThat(about.path("reference")).isEqualTo(JSON.readTree("{\"store\":\"0815\"}"));
        assertThat(about.path("terminal_id")).isEqualTo(credentials.path("terminal_id"));
        assertThat(about.path("environment").asText()).isEqualTo("simulator");
        assertThat(about.path("key_id").asText()).isEqualTo("test-key");
        assertThat(about.path("file").asText()).isEqualTo("T\u00f6pfer-1.till-a1.json");
        assertThat(about.toString())
                .doesNotContain(credentials.path("client_secret").asText());
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(out.resolve("T\u00f6pfer-1.till-a1.about.json"))))
                .isEqualTo("rw-------");
    }

    @Test
    void anUnknownBatchIsAnErrorAtOnce() {
        long began = System.nanoTime();
        Ran ran = Ran.command(
                "collect",
                "--key",
                running.privateKey.toString(),
                "--out",
                scratch.resolve("x").toString(),
                "--batch",
                "nobody",
                "--timeout",
                "5m");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("no batch nobody", "batches");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMinutes(1));
        assertThat(Ran.command(
                                "collect",
                                "--key",
                                running.privateKey.toString(),
                                "--out",
                                scratch.resolve("x").toString(),
                                "--batch",
                                "no body")
                        .err())
                .contains("no batch no body");
    }

    /** What lies in the credentials queue, and stays there. */
    private static String bodyInTheQueue() throws JMSException {
        String user = BrokerUsers.ERP_CREDENTIALS;
        String password = BrokerUsers.read(folder.resolve("data"), Map.of()).password(user);
        try (Connection connection = BrokerConnections.factory(
                                new BrokerAddress(running.bridge.broker().url(), user, password))
                        .createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            connection.start();
            Message message = session.createConsumer(session.createQueue("pairing.credentials"))
                    .receive(5_000);
            String body = ((TextMessage) message).getText();
            session.rollback();
            return body;
        }
    }

    @Test
    void writesSealedTextsForSomebodyElseToOpen() throws IOException {
        pair("till-s1", "140001");
        Path out = scratch.resolve("sealed");
        Ran ran = Ran.command("collect", "--no-open", "--out", out.toString());

        assertThat(ran.code()).as(ran.all()).isZero();
        Path file = Path.of(ran.out().strip());
        assertThat(file.toString()).endsWith(".jwe");
        byte[] opened = Opener.load(running.privateKey).open(Files.readString(file));
        assertThat(JSON.readTree(opened).path("client_secret").asText()).isNotBlank();
    }

    @Test
    void theBreakGlassKeyOpensWhatTheLostKeyWouldHave() throws IOException, JMSException {
        RecipientKeyPair glass = KeyPairs.generate(KeyKind.P256, "break-glass");
        Path lost = scratch.resolve("lost.jwk");
        KeyPairs.writePrivate(KeyPairs.generate(KeyKind.P256, "another"), lost);
        KeyPairs.writePrivate(glass, scratch.resolve("glass.jwk"));
        KeyPairs.writePublic(glass, scratch.resolve("glass.jwks"));
        SealedAnswer sealed = new JweSealer(
                        RecipientKeys.load(folder.resolve("recipients.jwks")),
                        RecipientKeys.load(scratch.resolve("glass.jwks")),
                        Clock.systemUTC())
                .seal("{\"client_secret\":\"canary-glass\"}".getBytes(StandardCharsets.UTF_8), "till-glass");

        sendCredentials("till-glass", sealed);
        Ran ran = Ran.command(
                "collect",
                "--key",
                lost.toString(),
                "--key",
                scratch.resolve("glass.jwk").toString(),
                "--out",
                scratch.resolve("opened").toString());
        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(Path.of(ran.out().strip())).hasContent("{\"client_secret\":\"canary-glass\"}");

        sendCredentials("till-glass", sealed);
        Ran noOpen = Ran.command(
                "collect", "--no-open", "--out", scratch.resolve("kept").toString());
        Path file = Path.of(noOpen.out().strip());
        Path beside = Path.of(file.toString().replaceFirst("\\.jwe$", ".break-glass.jwe"));
        assertThat(Opener.load(scratch.resolve("glass.jwk")).open(Files.readString(file), Files.readString(beside)))
                .asString(StandardCharsets.UTF_8)
                .contains("canary-glass");
    }

    @Test
    void leavesAMessageThatSaysAnotherJobThanItWasSealedFor() throws IOException, JMSException {
        SealedAnswer sealed = new JweSealer(RecipientKeys.load(folder.resolve("recipients.jwks")), Clock.systemUTC())
                .seal("{}".getBytes(StandardCharsets.UTF_8), "till-sealed");
        sendCredentials("till-other", sealed.body(), sealed.contentType());

        Ran ran = collect();

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("till-other", "was sealed for job till-sealed");
        assertThat(Ran.command(
                                "collect",
                                "--no-open",
                                "--out",
                                scratch.resolve("odd").toString())
                        .out())
                .contains("till-other");
    }

    @Test
    void leavesAMessageThatIsNotSealedToWhoeverAsksForIt() throws IOException, JMSException {
        sendCredentials("till-open", "{\"client_secret\":\"canary-secret\"}", "application/json");

        Ran ran = collect();

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("till-open", "not sealed", "--no-open").doesNotContain("canary-secret");
        Ran noOpen = Ran.command(
                "collect", "--no-open", "--out", scratch.resolve("odd").toString());
        assertThat(noOpen.out().strip()).contains("till-open.").endsWith(".json");
    }

    /** As the bridge could, and nobody else. */
    private static void sendCredentials(String job, String body, String contentType) throws JMSException {
        sendCredentials(job, new SealedAnswer(body, "test-key", contentType));
    }

    private static void sendCredentials(String job, SealedAnswer sealed) throws JMSException {
        try (Connection connection =
                        BrokerConnections.factory(running.bridge.broker()).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            Message message = session.createTextMessage(sealed.body());
            message.setStringProperty("PairingJobId", job);
            message.setStringProperty("PairingKeyId", sealed.keyId());
            message.setStringProperty("PairingContentType", sealed.contentType());
            if (sealed.breakGlass() != null) {
                message.setStringProperty("PairingBreakGlass", sealed.breakGlass());
            }
            session.createProducer(session.createQueue("pairing.credentials")).send(message);
        }
    }

    @Test
    void mayNotCollectAsTheOneWhoSubmits() {
        Ran ran = Ran.command(
                "collect",
                "--key",
                running.privateKey.toString(),
                "--out",
                scratch.resolve("x").toString(),
                "--user",
                "erp-requester");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("pairing.credentials");
    }

    // ---- status ---------------------------------------------------------------------------------------------------

    @Test
    void showsHowTheBridgeIs() throws IOException {
        pair("till-st1", "150001");
        Ran table = Ran.command("status");
        assertThat(table.code()).as(table.all()).isZero();
        assertThat(table.out())
                .startsWith("intake    open since")
                .contains(
                        "version",
                        "environment simulator",
                        "/console/",
                        folder.resolve("data").toString(),
                        "PAIRED",
                        "PUBLISHED",
                        "under way");
        assertThat(table.out().lines().count()).isLessThan(24);
        assertThat(table.out().lines())
                .allSatisfy(line -> assertThat(Screen.width(line)).isLessThanOrEqualTo(80));
        assertThat(table.out())
                .as("times of people")
                .doesNotContainPattern("\\d\\dT\\d\\d:")
                .doesNotContainPattern("\\d\\.\\d{3}");

        JsonNode status = JSON.readTree(Ran.command("status", "--json").out());
        assertThat(status.path("ready").asBoolean()).isTrue();
        assertThat(status.path("intake").path("open").asBoolean()).isTrue();
        assertThat(status.path("jobs").path("PAIRED").asLong()).isPositive();
        assertThat(status.path("calls_in_flight").isIntegralNumber()).isTrue();
        assertThat(status.path("version").asText()).isNotBlank();
        assertThat(status.path("environment").asText()).isEqualTo("simulator");
        assertThat(status.path("data_directory").asText())
                .isEqualTo(folder.resolve("data").toString());
        assertThat(status.path("page").asText()).endsWith("/console/");
        assertThat(status.path("problems")).isEmpty();
    }

    @Test
    void showsWhyNoJobsAreTaken() throws IOException {
        for (int i = 0; i < 5; i++) {
            running.bridge.intake().callEnded(Result.MISCONFIGURED, "the endpoint answers 404", 0);
        }
        await().atMost(Duration.ofSeconds(10))
                .until(() -> running.bridge.intake().status().gate() != Gate.OPEN);

        Ran closed = Ran.command("status");

        assertThat(closed.code()).isEqualTo(1);
        assertThat(closed.out())
                .startsWith("intake    ")
                .containsPattern("intake +(closed|probing) since")
                .contains("the endpoint answers 404");
        assertThat(closed.out().lines().count()).isLessThan(24);
        pair("till-probe", "151001");
        await().atMost(Duration.ofSeconds(10)).until(() -> Ran.command("status").code() == 0);
    }

    // ---- check ----------------------------------------------------------------------------------------------------

    @Test
    void checksARunningBridgeWithoutDisturbingIt() throws IOException {
        long posts = calls();
        Ran ran = Ran.command("check", "--json");
        JsonNode checks = JSON.readTree(ran.out());
        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(checks.path("ok").asBoolean()).isTrue();
        assertThat(subjects(checks, "OK"))
                .contains(
                        "settings",
                        "recipient keys",
                        "data directory",
                        "journal",
                        "broker",
                        "endpoint name",
                        "endpoint connection");
        assertThat(ran.out()).contains("used by a running bridge");
        assertThat(calls()).isEqualTo(posts);
        assertThat(Files.exists(folder.resolve("data/running")))
                .as("the mark of a running bridge")
                .isTrue();
        pair("till-after-check", "160001");
    }

    @Test
    void checksABridgeThatDoesNotRunYet() throws IOException {
        Path data = scratch.resolve("data");
        properties.with(Map.of("pairing.data-directory", data.toString(), "pairing.broker.embedded.port", "0"));
        Ran ran = Ran.command("check");
        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(ran.out())
                .contains("writes durably", "permissions are right")
                .doesNotContain("running bridge");
        assertThat(Files.exists(data.resolve("running")))
                .as("the mark of a running bridge")
                .isFalse();
        Files.createFile(data.resolve("running"));
        assertThat(Ran.command("check").code()).isZero();
        assertThat(Files.exists(data.resolve("running")))
                .as("the mark of a crash stays")
                .isTrue();
    }

    @Test
    void namesEverythingThatIsWrong() throws IOException {
        Path data = Files.writeString(scratch.resolve("data"), "a file");
        properties.with(Map.of(
                "pairing.data-directory",
                data.toString(),
                "pairing.integrator-id",
                "",
                "pairing.seal.recipient-keys",
                scratch.resolve("none.jwks").toString(),
                "pairing.endpoint.url",
                "http://127.0.0.1:" + Stage.freePort() + "/"));
        Ran ran = Ran.command("check", "--json");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(subjects(JSON.readTree(ran.out()), "FAIL"))
                .containsExactlyInAnyOrder("settings", "recipient keys", "data directory", "endpoint connection");
    }

    @Test
    void checksWhatProductionRefuses() throws IOException {
        properties.with(Map.of(
                "pairing.environment",
                "production",
                "pairing.seal",
                "none",
                "pairing.management.host",
                "0.0.0.0",
                "pairing.endpoint.url",
                "https://127.0.0.1:" + Stage.freePort() + "/"));
        Ran ran = Ran.command("check", "--profile", "production", "--json");
        assertThat(ran.code()).isEqualTo(1);
        List<String> told = new ArrayList<>();
        JSON.readTree(ran.out()).path("checks").forEach(check -> {
            if (check.path("subject").asText().equals("settings")) {
                told.add(check.path("text").asText());
            }
        });
        assertThat(told)
                .anyMatch(text -> text.startsWith("pairing.seal=none is refused in production"))
                .anyMatch(text -> text.startsWith("pairing.management.host is reached from other machines"))
                .anyMatch(text -> text.startsWith("pairing.endpoint.url is on this machine"));
    }

    @Test
    void namesALoginThatTheBrokerRefuses() {
        properties.with(Map.of("pairing.broker.users.bridge.password", "wrong-password"));
        Ran ran = Ran.command("check");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).containsPattern("FAIL  broker .*bridge").doesNotContain("wrong-password");
    }

    @Test
    void namesAUserThatMayNotDoTheBridgesWork() {
        properties.with(Map.of(
                "pairing.broker.embedded",
                "false",
                "pairing.broker.url",
                running.bridge.broker().url(),
                "pairing.broker.username",
                "bridge",
                "pairing.broker.password",
                running.bridge.broker().password()));
        assertThat(Ran.command("check", "-o", "wide").out()).containsPattern("OK    broker .*permissions are right");
        properties.with(Map.of(
                "pairing.broker.embedded",
                "false",
                "pairing.broker.url",
                running.bridge.broker().url(),
                "pairing.broker.username",
                "erp-credentials",
                "pairing.broker.password",
                BrokerUsers.read(folder.resolve("data"), Map.of()).password("erp-credentials")));
        Ran ran = Ran.command("check", "-o", "wide");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out())
                .containsPattern("FAIL  broker .*pairing.requests")
                .containsPattern("FAIL  broker .*credentials");
    }

    // -------------------------------------------------------------------------------------------------------------------

    private static void pair(String job, String otp) throws IOException {
        Ran ran = Ran.command("submit", "--job", job, "--name", "Terminal " + job, "--otp", otp, "--wait=30s");
        assertThat(ran.code()).as(ran.all()).isZero();
    }

    private Ran collect(String... more) throws IOException {
        String[] command = Stream.concat(
                        Stream.of(
                                "collect",
                                "--key",
                                running.privateKey.toString(),
                                "--out",
                                scratch.resolve("all").toString()),
                        Stream.of(more))
                .toArray(String[]::new);
        return Ran.command(command);
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static List<String> subjects(JsonNode checks, String level) {
        return checks.path("checks").findParents("level").stream()
                .filter(c -> level.equals(c.path("level").asText()))
                .map(c -> c.path("subject").asText())
                .distinct()
                .toList();
    }

    private static long calls() {
        return running.simulator.answers().values().stream()
                        .mapToLong(Long::longValue)
                        .sum()
                + running.simulator.unanswered();
    }
}
