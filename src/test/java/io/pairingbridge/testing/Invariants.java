package io.pairingbridge.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.testing.LedgerEndpoint.Post;
import io.pairingbridge.testing.Stage.Received;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/**
 * The eight invariants of {@code docs/design/guarantees.md}, checked from outside: the ledger, the recipient, and what
 * is on disk.
 */
public final class Invariants {
    private Invariants() {}

    /**
     * Checks all of them.
     *
     * @param otpByJob every job that was sent, with its one OTP
     * @param maxPosts how often one OTP may be posted at most
     * @param logs what the processes printed
     */
    public static void check(Stage stage, Map<String, String> otpByJob, int maxPosts, Collection<Path> logs)
            throws IOException, SQLException {
        List<String> broken = new ArrayList<>();
        Set<String> paired = ids(stage.credentials());
        Set<String> dead = ids(stage.deadLetters());
        Set<String> doubtful = ids(stage.inDoubt());

        otpByJob.forEach((job, otp) -> {
            long endings =
                    count(stage.credentials(), job) + count(stage.deadLetters(), job) + count(stage.inDoubt(), job);
            if (endings != 1) {
                broken.add("1: job " + job + " has " + endings + " endings");
            }
            if (stage.outcomes(job).isEmpty()) {
                broken.add("1: job " + job + " has no outcome event");
            }
            boolean pairing = stage.ledger().pairings().containsKey(otp);
            if (pairing && !paired.contains(job) && !doubtful.contains(job)) {
                broken.add("3: the pairing of job " + job + " is neither on the credentials queue nor in doubt"
                        + (dead.contains(job) ? " but a dead letter" : ""));
            }
            posts(stage.ledger().posts(otp), job, maxPosts, broken);
            if (paired.contains(job)
                    && stage.ledger().pairedBy(otp) < stage.ledger().posts(otp).size()) {
                broken.add("4: the OTP of job " + job + " was posted after its success was read");
            }
        });

        Set<Object> attempts = new HashSet<>();
        for (Received message : stage.credentials()) {
            String job = message.jobId();
            JsonNode opened = Stage.json(new String(stage.opener().open(message.body()), StandardCharsets.UTF_8));
            String expected = stage.ledger().pairings().get(otpByJob.get(job));
            if (expected == null || !Stage.json(expected).equals(opened)) {
                broken.add("2: the credentials of job " + job + " are not what the endpoint answered");
            }
            if (!attempts.add(message.properties().getOrDefault("_AMQ_DUPL_ID", message.body()))) {
                broken.add("5: the recipient saw an attempt of job " + job + " twice");
            }
        }
        try (Connection journal = stage.journal()) {
            published(journal, broken);
        }
        secrets(stage, otpByJob, dead, logs, broken);
        assertThat(broken).as("invariants").isEmpty();
    }

    /** 4: not more posts of one OTP than allowed, and none while another one is under way. */
    public static void posts(List<Post> posts, String job, int maxPosts, List<String> broken) {
        posts(posts, job, maxPosts, (earlier, later) -> false, broken);
    }

    /**
     * The same.
     *
     * @param mayOverlap whether the later one may begin before the earlier one is done with
     */
    public static void posts(
            List<Post> posts, String job, int maxPosts, BiPredicate<Post, Post> mayOverlap, List<String> broken) {
        if (posts.size() > maxPosts) {
            broken.add("4: the OTP of job " + job + " was posted " + posts.size() + " times");
        }
        for (int i = 1; i < posts.size(); i++) {
            Post earlier = posts.get(i - 1);
            boolean overlap = earlier.endNanos() == 0 || posts.get(i).startNanos() < earlier.endNanos();
            if (overlap && !mayOverlap.test(earlier, posts.get(i))) {
                broken.add("4: two posts of job " + job + " overlap");
            }
        }
    }

    /** 2 and 7: each answer that was read is published, and what is published holds no sealed bytes. */
    public static void published(Connection journal, List<String> broken) throws SQLException {
        try (Statement statement = journal.createStatement()) {
            try (ResultSet row = statement.executeQuery(
                    "SELECT j.job_id FROM job j JOIN attempt a ON a.job_id = j.job_id WHERE j.state = 'PUBLISHED'"
                            + " AND (a.sealed IS NOT NULL OR a.break_glass IS NOT NULL)")) {
                while (row.next()) {
                    broken.add("7: job " + row.getString(1) + " is PUBLISHED and holds sealed bytes");
                }
            }
            try (ResultSet row = statement.executeQuery(
                    "SELECT job_id FROM attempt WHERE result = 'PAIRED' AND published_at IS NULL")) {
                while (row.next()) {
                    broken.add("2: the answer of job " + row.getString(1)
                            + " was read and is not on the credentials queue");
                }
            }
        }
    }

    /** The jobs that the journal has not brought to an end, with their states. */
    public static List<String> unfinished(Connection journal) throws SQLException {
        return rows(
                journal,
                "SELECT job_id || ' ' || state FROM job WHERE state IN ('CALLING', 'WAITING', 'SEALED')"
                        + " UNION ALL SELECT job_id || ' unpublished' FROM attempt WHERE sealed IS NOT NULL AND result = 'PAIRED'");
    }

    /** The attempts that brought credentials. */
    public static List<String> paired(Connection journal) throws SQLException {
        return rows(journal, "SELECT attempt_id FROM attempt WHERE result = 'PAIRED'");
    }

    /** Attempts that were begun when the journal held a success of their job. */
    public static List<String> begunAfterSuccess(Connection journal, String jobId) throws SQLException {
        return rows(
                journal,
                "SELECT later.attempt_id FROM attempt later JOIN attempt paired ON paired.job_id = later.job_id"
                        + " WHERE paired.result = 'PAIRED' AND later.started_at > paired.ended_at AND later.job_id = '"
                        + jobId + "'");
    }

    /** What the journal holds of a job, for the message of a failure. */
    public static List<String> row(Connection journal, String jobId) throws SQLException {
        return rows(
                journal,
                "SELECT state || ' attempts ' || attempts || ' ambiguous ' || ambiguous FROM job WHERE job_id = '"
                        + jobId + "'");
    }

    private static List<String> rows(Connection journal, String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Statement statement = journal.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            while (row.next()) {
                rows.add(row.getString(1));
            }
        }
        return rows;
    }

    private static void secrets(
            Stage stage, Map<String, String> otpByJob, Set<String> dead, Collection<Path> logs, List<String> broken)
            throws IOException {
        List<Path> written = new ArrayList<>(logs);
        try (Stream<Path> files = Files.walk(stage.data())) {
            files.filter(Files::isRegularFile).forEach(written::add);
        }
        Path brokerFiles = stage.folder().resolve("artemis");
        List<Path> brokerWritten;
        try (Stream<Path> files = Files.walk(brokerFiles)) {
            brokerWritten = files.filter(Files::isRegularFile).toList();
        }
        List<String> secrets =
                otpByJob.values().stream().map(LedgerEndpoint::secret).toList();
        List<String> both = new ArrayList<>(secrets);
        both.addAll(otpByJob.values());
        for (Path file : written) {
            find(file.toString(), Files.readAllBytes(file), both, broken);
        }
        // The request queue lies there, with its OTPs; secrets never do.
        for (Path file : brokerWritten) {
            find(file.toString(), Files.readAllBytes(file), secrets, broken);
        }
        for (Received event : stage.events()) {
            find(
                    "an event of " + event.jobId(),
                    (event.body() + event.properties()).getBytes(StandardCharsets.UTF_8),
                    both,
                    broken);
        }
        for (Received message : stage.inDoubt()) {
            find(
                    "an in-doubt message of " + message.jobId(),
                    (message.body() + message.properties()).getBytes(StandardCharsets.UTF_8),
                    both,
                    broken);
        }
        for (Received message : stage.deadLetters()) {
            boolean spent = "REJECTED".equals(message.text("PairingOutcome"));
            find(
                    "a dead letter of " + message.jobId(),
                    (message.body() + message.properties()).getBytes(StandardCharsets.UTF_8),
                    spent ? both : secrets,
                    broken);
        }
    }

    /** Looks for each text as it is, in base64 at any of the three offsets, and in UTF-16. */
    public static void find(String where, byte[] content, Collection<String> secrets, List<String> broken) {
        String latin = new String(content, StandardCharsets.ISO_8859_1);
        for (String secret : secrets) {
            byte[] plain = secret.getBytes(StandardCharsets.UTF_8);
            List<String> forms = new ArrayList<>();
            forms.add(secret);
            forms.add(new String(secret.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.ISO_8859_1));
            forms.add(new String(secret.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.ISO_8859_1));
            for (int offset = 0; offset < 3; offset++) {
                byte[] shifted = new byte[plain.length + offset];
                System.arraycopy(plain, 0, shifted, offset, plain.length);
                String base64 = Base64.getEncoder().withoutPadding().encodeToString(shifted);
                // The first and last characters also depend on the neighbours.
                String core = base64.substring(offset == 0 ? 0 : offset + 1, base64.length() - 2);
                forms.add(core);
                forms.add(core.replace('+', '-').replace('/', '_'));
            }
            for (String form : forms) {
                if (latin.contains(form)) {
                    broken.add("6: a secret stands in " + where + (form.equals(secret) ? "" : " (encoded)"));
                    break;
                }
            }
        }
    }

    private static Set<String> ids(List<Received> messages) {
        Set<String> ids = new HashSet<>();
        messages.forEach(m -> ids.add(m.jobId()));
        return ids;
    }

    private static long count(List<Received> messages, String job) {
        return messages.stream().filter(m -> job.equals(m.jobId())).count();
    }
}
