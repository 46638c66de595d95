package io.pairingbridge.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is told of a batch after it has finished: what is so now, wherever it is told. On a bridge with a real broker
 * and endpoint.
 */
class BatchRevisionIT {
    private Stage stage;
    private Path inbox;
    private Management operator;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder);
        inbox = Files.createDirectories(folder.resolve("inbox"));
        stage.set("pairing.batch.inbox", inbox.toString())
                .set("pairing.retry.max-ambiguous-attempts", "1")
                .set("pairing.broker.users.operator.password", stage.users().password(BrokerUsers.OPERATOR));
    }

    @AfterEach
    void stop() throws IOException {
        stage.close();
    }

    private void startBridge() throws IOException {
        stage.startBridge();
        operator = Management.operator(stage.managementPort(), stage.data());
    }

    /** Somebody would have unpaired a till that works. */
    @Test
    void tellsOfRowsThatAReplayHasPairedAsPairedInReportFiguresPageAndEvent() throws Exception {
        stage.ledger().when("660001", Call::silence).when("660002", call -> call.status(400));
        startBridge();
        drop(
                "estate.csv",
                "name,otp,job_id,Store\nTill A,660001,j-1,S-1\nTill B,660002,j-2,S-2\nTill C,660003,j-3,S-3\n");
        assertThat(awaitRevision("estate", 1).outcomes().toString()).isEqualTo("{PAIRED=1, REJECTED=1, IN_DOUBT=1}");
        Path csv = inbox.resolve("done/estate.report.csv");
        Path html = inbox.resolve("done/estate.report.html");
        assertThat(Files.readString(html)).contains("What needs a person", "unpair it");
        assertThat(operator.get("/console/batch-report?id=estate").body()).contains("unpair it");

        replay("inDoubt", "in-doubt", "j-1", "770001");
        replay("deadLetters", "dead-letters", "j-2", "770002");

        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .untilAsserted(
                        () -> assertThat(find("estate").outcomes().toString()).isEqualTo("{PAIRED=3}"));
        Awaitility.await().atMost(Stage.PATIENCE).untilAsserted(() -> {
            assertThat(Files.readString(csv)).doesNotContain("IN_DOUBT", "REJECTED", "unpair");
            assertThat(Files.readString(html))
                    .contains("Nothing needs a person", "Revision ")
                    .doesNotContain("IN_DOUBT", "unpair it");
        });
        JsonNode figures = operator.call("batch", "estate");
        assertThat(figures.path("phase").asText()).isEqualTo("FINISHED");
        assertThat(figures.path("outcomes").toString()).isEqualTo("{\"PAIRED\":3}");
        assertThat(figures.path("report").asText()).isEqualTo(html.toString());
        assertThat(figures.path("source").asText())
                .isEqualTo(inbox.resolve("done/estate.csv").toString());
        HttpResponse<String> page = operator.get(figures.path("reportUrl").asText());
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("Nothing needs a person").doesNotContain("unpair it", "6600", "7700");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .contains("sandbox", "default-src 'none'");
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge().journal().batches().ended().isEmpty());
        stage.gather();
        List<JsonNode> events = events("estate");
        assertThat(events).extracting(event -> event.path("id").asText()).doesNotHaveDuplicates();
        assertThat(events)
                .extracting(event -> event.path("data").path("revision").asInt())
                .startsWith(1, 2)
                .isSorted();
        assertThat(events.get(0).path("data").has("revised_at")).isFalse();
        JsonNode last = events.get(events.size() - 1);
        assertThat(last.path("data").path("outcomes").toString()).isEqualTo("{\"PAIRED\":3}");
        assertThat(last.path("time").asText())
                .startsWith(last.path("data").path("revised_at").asText().substring(0, 19));
        tellsWhatHappenedToAJob();
    }

    private void tellsWhatHappenedToAJob() throws Exception {
        JsonNode job = operator.call("job", "j-1");
        assertThat(job.path("name").asText()).isEqualTo("Till A");
        assertThat(job.path("line").asInt()).isEqualTo(2);
        assertThat(job.path("batchId").asText()).isEqualTo("estate");
        List<String> sentences = new ArrayList<>();
        job.path("sentences").forEach(sentence -> sentences.add(sentence.asText()));
        assertThat(sentences)
                .extracting(sentence -> sentence.substring(0, sentence.indexOf(' ')))
                .isSorted();
        assertThat(sentences).allMatch(sentence -> sentence.matches("[0-9T:.-]+Z [A-Z].*[.]"));
        assertThat(String.join("\n", sentences))
                .containsSubsequence(
                        "Asked for by line 2 of batch estate.",
                        "Call 1 of the endpoint began",
                        "may have paired",
                        "Ended IN_DOUBT",
                        "Asked for again",
                        "Call 2 of the endpoint began",
                        "Call 2 paired",
                        "were put on pairing.credentials");
    }

    /** The letter says "unpair it", and lies in its queue for as long as nobody takes it away. */
    @Test
    void tellsOfALetterWhoseJobWasPairedSinceThatNothingIsToBeDone() throws Exception {
        stage.ledger().when("660001", Call::silence);
        startBridge();
        stage.send(Stage.request("till-1", "660001"));
        JsonNode before = letter("inDoubt", "till-1");
        assertThat(before.path("remedy").asText()).contains("unpair it");
        assertThat(before.path("state").asText()).isEqualTo("IN_DOUBT");

        stage.send(Stage.request("till-1", "770001"));
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> "PUBLISHED"
                        .equals(operator.call("job", "till-1").path("state").asText()));

        JsonNode after = letter("inDoubt", "till-1");
        assertThat(after.path("remedy").asText()).contains("do not unpair it", "paired after this letter");
        assertThat(after.path("state").asText()).isEqualTo("PUBLISHED");
        JsonNode replayed =
                operator.call("replay", "in-doubt", after.path("messageId").asText(), "880001", "", false);
        assertThat(replayed.path("refused").properties().iterator().next().getKey())
                .contains("paired after this letter");
        assertThat(stage.ledger().posts("880001")).isEmpty();
    }

    @Test
    void saysWhatCameOfTheRowThatHasTheSameOneTimePassword() throws Exception {
        stage.ledger().when("660002", call -> call.status(400));
        startBridge();
        drop("twins.csv", "name,otp\nA,660001\nB,660001\nC,660002\nD,660002\n");
        awaitRevision("twins", 1);

        String report = Files.readString(inbox.resolve("done/twins.report.csv"));
        String[] lines = report.lines().toArray(String[]::new);
        assertThat(lines[2])
                .contains(
                        "otp is the same as in line 2",
                        "Line 2",
                        "was paired with this one-time password, as terminal");
        assertThat(lines[4]).contains("Line 4", "and the endpoint refused it");
    }

    @Test
    void takesTwoDocumentsForTwoWhateverTheirNamesAndCallsThemAsPeopleDo() throws Exception {
        startBridge();
        drop("a.csv", "name,otp\nTill,660001\n");
        drop("a.json", "[{\"name\":\"Till\",\"otp\":\"660002\"}]");
        drop("T\u00f6pfer.csv", "name,otp\nTill,660003\n");
        drop("T-pfer.csv", "name,otp\nTill,660004\n");

        for (String name : List.of("a", "a.json", "T\u00f6pfer", "T-pfer")) {
            Progress batch = Awaitility.await()
                    .atMost(Stage.PATIENCE)
                    .until(
                            () -> stage.bridge().journal().batches().named(name).orElse(null),
                            found -> found != null && found.batch().phase() == Phase.FINISHED);
            assertThat(batch.rows()).isEqualTo(1);
            assertThat(inbox.resolve("done/" + name + ".report.html"))
                    .content()
                    .contains("Batch " + name, "Nothing needs a person");
            JsonNode figures = operator.call("batch", name);
            assertThat(figures.path("name").asText()).isEqualTo(name);
            assertThat(figures.path("report").asText()).endsWith("/done/" + name + ".report.html");
            assertThat(operator.get(figures.path("reportUrl").asText()).body()).contains("Batch " + name);
            assertThat(operator.get("/console/batch-report?id=" + URLEncoder.encode(name, StandardCharsets.UTF_8))
                            .statusCode())
                    .isEqualTo(200);
        }
        assertThat(stage.ledger().posts()).hasSize(4);
        assertThat(operator.read("Batches")).hasSize(4);
    }

    @Test
    void showsNoReportWithoutALoginAndNoneOfABatchThatIsNot() throws Exception {
        startBridge();
        Management nobody = new Management(stage.managementPort(), null, null);
        assertThat(nobody.get("/console/batch-report?id=x").statusCode()).isEqualTo(401);
        assertThat(operator.get("/console/batch-report?id=x").statusCode()).isEqualTo(404);
        assertThat(operator.get("/console/batch-report").statusCode()).isEqualTo(404);
        assertThat(operator.get("/console/batch-report?id=x", "Sec-Fetch-Site", "cross-site")
                        .statusCode())
                .isEqualTo(403);
    }

    /** A copy of the file called everything once more, and told people to pair tills again that worked. */
    @Test
    void warnsOfRowsThatWerePairedUnderAnotherName() throws Exception {
        stage.ledger().otherwise(Call::pairOnce);
        startBridge();
        drop("estate.csv", "name,otp\nTill A,660001\nTill B,660002\n");
        awaitRevision("estate", 1);
        drop("estate-copy.csv", "name,otp\nTill A,660001\nTill B,660002\nTill C,660003\n");

        Progress copy = awaitRevision("estate-copy", 1);
        assertThat(copy.batch().warning()).contains("2 rows were paired before, in batch estate");
        assertThat(operator.call("batch", "estate-copy").path("warning").asText())
                .contains("do not unpair");
        assertThat(Files.readString(inbox.resolve("done/estate-copy.report.html")))
                .contains("2 rows were paired before, in batch estate");
        assertThat(Files.readString(inbox.resolve("done/estate-copy.report.csv")))
                .contains("Do not unpair it")
                .doesNotContain("Generate a new");
        assertThat(find("estate").batch().warning()).isNull();
    }

    private void replay(String operation, String queue, String job, String otp) throws Exception {
        String letter = letter(operation, job).path("messageId").asText();
        assertThat(operator.call("replay", queue, letter, otp, "", false)
                        .path("replayed")
                        .asInt())
                .isEqualTo(1);
    }

    private JsonNode letter(String operation, String job) {
        return Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(
                        () -> operation.equals("inDoubt")
                                ? operator.call("inDoubt", "", "", job, 0, 10)
                                : operator.call("deadLetters", "", "", "", job, 0, 10),
                        page -> page.path("total").asInt() == 1)
                .path("letters")
                .get(0);
    }

    private List<JsonNode> events(String batch) {
        return stage.events().stream()
                .map(event -> Stage.json(event.body()))
                .filter(event -> event.path("type").asText().equals(BatchCompletion.TYPE)
                        && event.path("subject").asText().equals(batch))
                .toList();
    }

    private Progress find(String batchId) {
        return stage.bridge().journal().batches().find(batchId).orElseThrow();
    }

    private Progress awaitRevision(String batchId, int revision) {
        return Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(
                        () -> stage.bridge().journal().batches().find(batchId).orElse(null),
                        batch -> batch != null
                                && batch.batch().phase().ended()
                                && batch.batch().revision() == revision
                                && batch.batch().source().contains("/done/"));
    }

    private void drop(String name, String content) throws IOException {
        Files.writeString(inbox.resolve(name), content);
        Files.createFile(inbox.resolve(name + ".done"));
    }
}
