package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.Bridge;
import io.pairingbridge.operate.PairingBridgeMXBean;
import io.pairingbridge.site.ManagementSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator's commands on a real bridge and the simulator. */
class OperateCommandsIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void showsWhatNeedsAPersonAndReplaysIt(@TempDir Path folder) throws Exception {
        try (RunningBridge running = new RunningBridge(
                folder,
                Map.of(
                        "pairing.endpoint.deadline",
                        "1s",
                        "pairing.retry.first-delay",
                        "100ms",
                        "pairing.retry.max-ambiguous-attempts",
                        "1"))) {
            assertThat(Ran.command(
                                    "submit",
                                    "--job",
                                    "refused",
                                    "--name",
                                    "Till 1",
                                    "--otp",
                                    "canary-0400",
                                    "--reference",
                                    "store=7",
                                    "--wait=1m")
                            .code())
                    .isEqualTo(3);
            assertThat(Ran.command("submit", "--job", "doubt", "--name", "Till 2", "--otp", "canary-0599", "--wait=1m")
                            .code())
                    .isEqualTo(3);

            Ran dead = Ran.command("dead-letters");
            assertThat(dead.out())
                    .contains("refused", "REJECTED", "Till 1", "store 7", "new one-time password")
                    .doesNotContain("canary");
            assertThat(dead.out().lines())
                    .allSatisfy(line -> assertThat(Screen.width(line)).isLessThanOrEqualTo(80));
            assertThat(dead.err())
                    .contains(
                            "From bridge ",
                            "environment simulator",
                            folder.resolve("data").toString());
            assertThat(dead.out()).doesNotContain("HTTP");
            assertThat(Ran.command("dead-letters", "--detail").out()).contains("400");
            Ran wide = Ran.command("dead-letters", "-o", "wide");
            assertThat(wide.out().lines().toList())
                    .hasSize(2)
                    .last()
                    .asString()
                    .contains("refused", "400", "store 7", "new one-time password");
            Ran doubt = Ran.command("in-doubt", "--json");
            assertThat(JSON.readTree(doubt.out())
                            .path("letters")
                            .get(0)
                            .path("job_id")
                            .asText())
                    .isEqualTo("doubt");
            assertThat(doubt.all()).doesNotContain("canary");

            Ran without = Ran.command("replay", "--job", "refused");
            assertThat(without.code()).isEqualTo(1);
            assertThat(without.out()).contains("0 sent again", "may be spent");
            Path otp = Files.writeString(folder.resolve("otp"), "canary-fresh\n");
            assertThat(Ran.command("replay", "--job", "refused", "--otp-file", otp.toString(), "--dry-run")
                            .out())
                    .contains("1 would be sent again");
            assertThat(Ran.command("replay", "--job", "refused", "--otp-file", otp.toString())
                            .code())
                    .isZero();
            Awaitility.await()
                    .until(() -> running.bridge
                            .journal()
                            .find("refused")
                            .orElseThrow()
                            .state()
                            .name()
                            .equals("PUBLISHED"));
            assertThat(Ran.command("replay", "--job", "refused").err()).contains("no letter of job refused");
            assertThat(Ran.command("replay", "--all").out()).contains("0 sent again");
            assertThat(Ran.command("replay").code()).isEqualTo(2);

            assertThat(Ran.command("in-doubt", "--resolve", "unpaired by hand").code())
                    .isEqualTo(2);
            assertThat(Ran.command("in-doubt", "--job", "doubt", "--resolve", "unpaired by hand")
                            .code())
                    .isZero();
            assertThat(JSON.readTree(Ran.command("in-doubt", "--json").out())
                            .path("total")
                            .asInt())
                    .isZero();

            JsonNode status = JSON.readTree(Ran.command("status", "--json").out());
            assertThat(status.path("queues").path("pairing.in-doubt").asInt()).isZero();
            assertThat(status.path("last_error").path("kind").asText()).isEqualTo("AMBIGUOUS");
            assertThat(Ran.command("status").out()).contains("queues", "last      AMBIGUOUS at ");

            Path wrong = Files.writeString(folder.resolve("wrong"), "not the password");
            assertThat(Ran.command("dead-letters", "--password-file", wrong.toString())
                            .err())
                    .contains("does not take the login of operator");
            assertThat(Ran.command("dead-letters", "--url", "http://127.0.0.1:1")
                            .err())
                    .contains("no bridge answers");
            // Not as if nobody answered, and not from the journal then.
            String missing = folder.resolve("missing").toString();
            for (String[] command : new String[][] {
                {"dead-letters"}, {"batches"}, {"job", "refused"}, {"intake", "open"}, {"replay", "--all"}
            }) {
                Ran ran = Ran.command(Stream.concat(Stream.of(command), Stream.of("--password-file", missing))
                        .toArray(String[]::new));
                assertThat(ran.code()).as(ran.all()).isEqualTo(1);
                assertThat(ran.err())
                        .contains("--password-file " + missing + " cannot be read")
                        .doesNotContain("no bridge answers", "From the journal");
            }
            assertThat(Ran.command("submit", "--job", "again", "--name", "Till", "--otp", "canary-0400", "--wait=1m")
                            .code())
                    .isEqualTo(3);
            assertThat(Ran.command("replay", "--job", "again", "--otp-file", missing)
                            .err())
                    .contains("--otp-file " + missing + " cannot be read");
        }
    }

    @Test
    void tellsEverythingAboutAJobAndWaitsForItsReplay(@TempDir Path folder) throws Exception {
        try (RunningBridge running = new RunningBridge(
                folder,
                Map.of(
                        "pairing.endpoint.deadline",
                        "30s",
                        "pairing.retry.first-delay",
                        "100ms",
                        "pairing.retry.max-ambiguous-attempts",
                        "2"))) {
            assertThat(Ran.command(
                                    "submit",
                                    "--job",
                                    "doubt",
                                    "--name",
                                    "Till",
                                    "--otp",
                                    "canary-0599",
                                    "--reference",
                                    "store=7",
                                    "--wait")
                            .code())
                    .isEqualTo(3);

            Ran job = Ran.command("job", "doubt");
            assertThat(job.code()).as(job.all()).isZero();
            assertThat(job.out().replaceAll("\\s+", " "))
                    .contains(
                            "IN_DOUBT",
                            "store",
                            "Call 1 brought no complete answer and may have paired the terminal:"
                                    + " the endpoint answered 500 (after ",
                            "Call 2 was refused: the endpoint answered 400 (after ",
                            "Ended IN_DOUBT",
                            "Waits for a person: IN_DOUBT",
                            "Look at the terminal")
                    .doesNotContain("canary")
                    .doesNotContainPattern("\\dT\\d");
            JsonNode told =
                    JSON.readTree(Ran.command("job", "doubt", "-o", "json").out());
            assertThat(told.path("job_id").asText()).isEqualTo("doubt");
            assertThat(told.path("outcome").asText()).isEqualTo("IN_DOUBT");
            assertThat(told.path("attempts")).hasSize(2);
            assertThat(told.path("attempts").get(0).path("http_status").asInt()).isEqualTo(500);
            assertThat(told.path("attempts").get(0).path("started_at").asText()).endsWith("Z");
            assertThat(told.path("letters").get(0).path("message_id").asText()).startsWith("ID:");
            assertThat(told.toString())
                    .doesNotContainPattern("\"[a-z]+[A-Z]\\w*\":")
                    .doesNotContain("canary");

            assertThat(replayed(folder, "doubt", "fresh-0400").code())
                    .as("refused")
                    .isEqualTo(3);
            Ran slow = replayed(folder, "doubt", "fresh-0503", "--wait=100ms"); // which is tried again after 2 s
            assertThat(slow.code()).as(slow.all()).isEqualTo(4);
            assertThat(slow.err()).contains("has not ended within 100ms", "It is not lost");
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> JSON.readTree(
                                    Ran.command("job", "doubt", "-o", "json").out())
                            .path("outcome")
                            .asText()
                            .equals("PAIRED"));
            assertThat(Ran.command("submit", "--job", "other", "--name", "Till", "--otp", "canary-0400", "--wait")
                            .code())
                    .isEqualTo(3);
            Ran paired = replayed(folder, "other", "fresh-1");
            assertThat(paired.code()).as(paired.all()).isZero();
            assertThat(paired.out()).contains("Job other is PAIRED");
            assertThat(Ran.command("job", "nobody").code()).isEqualTo(1);

            running.bridge.close();
            Ran journal = Ran.command("job", "other", "--json");
            assertThat(journal.code()).as(journal.all()).isZero();
            assertThat(JSON.readTree(journal.out()).path("outcome").asText()).isEqualTo("PAIRED");
            assertThat(JSON.readTree(journal.out()).path("attempts")).hasSize(2);
            assertThat(journal.err()).contains("From the journal", "journal.db");
            assertThat(JSON.readTree(journal.out()).path("sentences").toString())
                    .contains("Call 1 was refused", "The credentials of call 2 were put on pairing.credentials.");
        }
    }

    private static Ran replayed(Path folder, String job, String otp, String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("new-otp"), otp);
        return Ran.command(
                "replay", "--job", job, "--otp-file", file.toString(), more.length == 0 ? "--wait" : more[0]);
    }

    @Test
    void anEmptyFileIsNotTakenForTheOldPassword(@TempDir Path folder) throws Exception {
        try (RunningBridge running = new RunningBridge(folder)) {
            assertThat(Ran.command(
                                    "submit",
                                    "--job",
                                    "late",
                                    "--name",
                                    "Till",
                                    "--otp",
                                    "canary-1",
                                    "--expires",
                                    "1ms",
                                    "--wait")
                            .code())
                    .isEqualTo(3);
            // What a copy from a messenger may be: nothing that can be seen.
            for (String empty : new String[] {"\n", "", " \t\r\n", "\u200b\n", "\u00a0", "\ufeff\u2060\n"}) {
                Ran ran = Ran.withInput(empty, "replay", "--job", "late", "--otp-file", "-");
                assertThat(ran.code()).isEqualTo(2);
                assertThat(ran.err()).contains("standard input holds no one-time password");
            }
            assertThat(running.bridge
                            .journal()
                            .find("late")
                            .orElseThrow()
                            .state()
                            .name())
                    .isEqualTo("EXPIRED");
        }
    }

    @Test
    void opensAndClosesTheIntakeAndTakesOutcomes(@TempDir Path folder) throws Exception {
        try (RunningBridge running = new RunningBridge(folder)) {
            Ran closed = Ran.command("intake", "close", "--note", "terminals are moved");
            assertThat(closed.code()).as(closed.all()).isZero();
            assertThat(closed.out()).contains("is CLOSED", "terminals are moved", "closed by operator");
            assertThat(closed.err()).contains(folder.resolve("data").toString());
            assertThat(Ran.command("status").out())
                    .startsWith("intake    closed since")
                    .contains("terminals are moved");
            assertThat(Ran.command("submit", "--job", "waits", "--name", "Till", "--otp", "canary-1", "--wait=300ms")
                            .code())
                    .isEqualTo(4);
            assertThat(JSON.readTree(Ran.command("intake", "open", "--json").out())
                            .path("state")
                            .asText())
                    .isIn("OPEN", "PROBING");
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> running.bridge
                            .journal()
                            .find("waits")
                            .filter(job -> job.state().name().equals("PUBLISHED"))
                            .isPresent());
            assertThat(Ran.command(
                                    "submit",
                                    "--job",
                                    "more",
                                    "--name",
                                    "Till",
                                    "--otp",
                                    "canary-2",
                                    "--batch",
                                    "b",
                                    "--wait")
                            .code())
                    .isZero();

            Ran all = Ran.command("outcomes");
            assertThat(all.out()).contains("waits", "more", "PAIRED");
            assertThat(all.err()).contains("2 events on pairing.outcomes.erp");
            Ran one = Ran.command("outcomes", "--batch", "b", "-o", "json");
            assertThat(JSON.readTree(one.out()).path("job_id").asText()).isEqualTo("more");
            assertThat(JSON.readTree(one.out()).path("event_id").asText()).isNotBlank();
            assertThat(Ran.command("outcomes", "--take", "--count", "1").out())
                    .contains("waits")
                    .doesNotContain("more");
            assertThat(Ran.command("outcomes", "--take").out()).contains("more").doesNotContain("waits");
            assertThat(Ran.command("outcomes").err()).contains("0 events on pairing.outcomes.erp");
        }
    }

    @Test
    void namesAreThoseOfTheBridge() {
        assertThat(ManagementClient.MBEAN).isEqualTo(PairingBridgeMXBean.NAME);
        assertThat(ManagementClient.JOLOKIA).isEqualTo(ManagementSite.JOLOKIA);
        assertThat(ManagementClient.USERS).isEqualTo(Bridge.MANAGEMENT_USERS);
    }

    @Test
    void narrowsDownWhatItListsAndWhatItReplays(@TempDir Path folder) throws Exception {
        try (RunningBridge running =
                new RunningBridge(folder, Map.of("pairing.integrators.unknown.id", "000000000000"))) {
            for (String job : List.of("east-late-1", "east-late-2", "west-late")) {
                submit(job, "--otp", "canary-" + job, "--expires", "1ms");
            }
            for (String job : List.of("east-misconfigured", "west-misconfigured")) {
                submit(
                        job,
                        "--otp",
                        "canary-" + job,
                        "--integrator",
                        "unknown"); // which the simulator refuses with 401
            }
            submit("west-refused", "--otp", "canary-0400");

            assertThat(listed("--reason", "TOO_OLD"))
                    .containsExactlyInAnyOrder("east-late-1", "east-late-2", "west-late");
            assertThat(listed("--batch", "west"))
                    .containsExactlyInAnyOrder("west-late", "west-misconfigured", "west-refused");
            assertThat(listed("--outcome", "MISCONFIGURED", "--batch", "east")).containsExactly("east-misconfigured");
            assertThat(listed("--outcome", "REJECTED", "--batch", "east")).isEmpty();
            assertThat(listed("--job", "west-refused")).containsExactly("west-refused");

            List<String> all = listed();
            assertThat(all).hasSize(6);
            assertThat(listed("--count", "4")).isEqualTo(all.subList(0, 4));
            assertThat(listed("--from", "4", "--count", "4")).isEqualTo(all.subList(4, 6));
            assertThat(listed("--from", "6")).isEmpty();
            assertThat(Ran.command("dead-letters", "--from", "4", "--count", "4")
                            .err())
                    .contains("2 of 6 letters");
            assertThat(Ran.command("dead-letters", "--from", "1", "--count", "1", "--batch", "west")
                            .err())
                    .contains("1 of 3 letters");
            assertThat(Ran.command("dead-letters", "--count", "501").code()).isEqualTo(1);

            assertThat(wouldReplay("--reason", "TOO_OLD")).isEqualTo(3);
            assertThat(wouldReplay("--batch", "east")).isEqualTo(3);
            assertThat(wouldReplay("--outcome", "MISCONFIGURED")).isEqualTo(2);
            assertThat(wouldReplay("--outcome", "EXPIRED", "--reason", "TOO_OLD", "--batch", "west"))
                    .isEqualTo(1);
            assertThat(wouldReplay("--outcome", "EXPIRED", "--reason", "NOT_ACCEPTED"))
                    .isZero();
            Ran some = Ran.command("replay", "--all", "--dry-run", "--batch", "west");
            assertThat(some.code()).as("one of them may not be").isEqualTo(1);
            assertThat(some.out()).contains("2 would be sent again", "1 left: ", "may be spent");
            assertThat(listed()).as("after trials only").isEqualTo(all);

            Ran real = Ran.command("replay", "--all", "--reason", "TOO_OLD", "--batch", "east");
            assertThat(real.code()).as(real.all()).isZero();
            assertThat(real.out()).contains("2 sent again");
            assertThat(listed())
                    .containsExactlyElementsOf(all.stream()
                            .filter(job -> !job.startsWith("east-late"))
                            .toList());
            Awaitility.await()
                    .until(() -> List.of("east-late-1", "east-late-2").stream()
                            .allMatch(job -> running.bridge
                                    .journal()
                                    .find(job)
                                    .orElseThrow()
                                    .state()
                                    .name()
                                    .equals("PUBLISHED")));
        }
    }

    /** A job of the batch that its name begins with, which ends badly. */
    private static void submit(String job, String... more) {
        Ran ran = Ran.command(Stream.concat(
                        Stream.of("submit", "--job", job, "--name", "Till", "--batch", job.split("-")[0], "--wait=1m"),
                        Stream.of(more))
                .toArray(String[]::new));
        assertThat(ran.code()).as(ran.all()).isEqualTo(3);
        assertThat(ran.out()).as(ran.all()).contains(job);
    }

    private static List<String> listed(String... filters) throws IOException {
        Ran ran = Ran.command(Stream.concat(Stream.of("dead-letters", "--json"), Stream.of(filters))
                .toArray(String[]::new));
        assertThat(ran.code()).as(ran.all()).isZero();
        return JSON.readTree(ran.out()).path("letters").findValuesAsText("job_id");
    }

    private static long wouldReplay(String... filters) throws IOException {
        Ran ran = Ran.command(Stream.concat(Stream.of("replay", "--all", "--dry-run", "--json"), Stream.of(filters))
                .toArray(String[]::new));
        assertThat(ran.code()).as(ran.all()).isZero();
        JsonNode said = JSON.readTree(ran.out());
        assertThat(said.path("dry_run").asBoolean()).isTrue();
        return said.path("replayed").asLong();
    }
}
