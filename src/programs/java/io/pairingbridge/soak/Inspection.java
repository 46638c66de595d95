package io.pairingbridge.soak;

import static io.pairingbridge.soak.Tally.Count.ANSWERED_BUT_IN_DOUBT;
import static io.pairingbridge.soak.Tally.Count.CREDENTIALS_LATE;
import static io.pairingbridge.soak.Tally.Count.CREDENTIALS_LOST;
import static io.pairingbridge.soak.Tally.Count.CREDENTIALS_RECEIVED;
import static io.pairingbridge.soak.Tally.Count.DUPLICATES_SEEN;
import static io.pairingbridge.soak.Tally.Count.FILES_SEARCHED;
import static io.pairingbridge.soak.Tally.Count.PAIRINGS;
import static io.pairingbridge.soak.Tally.Count.POSTS;
import static io.pairingbridge.soak.Tally.Count.REFUSED_AT_THE_BROKER;
import static io.pairingbridge.soak.Tally.Count.SILENT_LOSSES;
import static io.pairingbridge.soak.Tally.Count.TAKEN_OVER;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.soak.Recipients.Ends;
import io.pairingbridge.soak.Site.Instance;
import io.pairingbridge.soak.Workload.Job;
import io.pairingbridge.soak.Workload.Kind;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.LedgerEndpoint.Post;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The invariants of {@code docs/design/guarantees.md}, checked from outside after a round: the ledger of the endpoint,
 * what the recipients took off their queues, the rows of the journal, and every file. Each breach names its invariant
 * and its job.
 */
final class Inspection {
    /**
     * How long after an answer was written it may still be cut off from the queue by something that was done to the
     * site. Without such a thing it has to get there.
     */
    private static final long SETTLED = TimeUnit.SECONDS.toNanos(5);

    private final Site site;
    private final Tally tally;

    Inspection(Site site, Tally tally) {
        this.site = site;
        this.tally = tally;
    }

    /** Whether nothing more is to come of this job, as far as can be seen from outside. */
    boolean ended(Job job) {
        if (job.kind() == Kind.NOT_ADMITTED) {
            return true; // it is no job
        }
        Ends ends = site.recipients().of(job.id());
        synchronized (ends) {
            return !ends.events.isEmpty() && ends.places() >= job.otps().size();
        }
    }

    /** Checks the jobs of one round, all of which have ended. */
    void jobs(Collection<Job> jobs, Fault fault) {
        for (Job job : jobs) {
            Ends ends = site.recipients().of(job.id());
            synchronized (ends) {
                if (job.kind() == Kind.NOT_ADMITTED) {
                    notAdmitted(job, ends);
                    continue;
                }
                endsOnce(job, ends);
                outcome(job, ends, fault);
                List<String> opened = ends.credentials.stream()
                        .map(m -> new String(site.open(m.body()), StandardCharsets.UTF_8))
                        .toList();
                opened.forEach(answer -> credentials(job, answer));
                job.otps().forEach(otp -> onePassword(job, otp, opened));
                eachPairingIsAccountedFor(job, ends, opened);
                showsNothing(job, ends);
            }
        }
    }

    /** 9: its sender was told that it is none, and nothing became of it. */
    private void notAdmitted(Job job, Ends ends) {
        if (!job.messages().stream().allMatch(site.producer()::refused)) {
            tally.broken("9: the broker took a message of job " + job.id() + " that it has to refuse");
        }
        if (ends.places() > 0
                || !ends.events.isEmpty()
                || job.otps().stream().anyMatch(otp -> !site.ledger().posts(otp).isEmpty())) {
            tally.broken("9: the message of job " + job.id() + ", which its sender was told is refused, became a job");
        }
        tally.add(REFUSED_AT_THE_BROKER);
    }

    /** 1: one place for each request, and events that say the same. */
    private void endsOnce(Job job, Ends ends) {
        if (late(job, ends)) {
            tally.add(CREDENTIALS_LATE);
        }
        int places = ends.places();
        if (places < job.otps().size() + (late(job, ends) ? 1 : 0) || places > mostPlaces(job, ends)) {
            tally.broken("1: job " + job.id() + " (" + job.kind() + ") has " + ends.credentials.size()
                    + " credentials, " + ends.deadLetters.size() + " dead letters and " + ends.inDoubt.size()
                    + " in-doubt messages");
        }
        Set<String> told = new HashSet<>();
        ends.events.forEach(
                event -> told.add(Stage.json(event.body()).path("id").asText()));
        if (told.size() < places || told.size() > places + perhapsTwice(job)) {
            tally.broken("1: job " + job.id() + " (" + job.kind() + ") has " + told.size()
                    + " different outcome events for " + places + " places");
        }
    }

    /** Set aside as in doubt, and its credentials came after all: then there is a message for each, as is promised. */
    private static boolean late(Job job, Ends ends) {
        return !ends.inDoubt.isEmpty()
                && !ends.credentials.isEmpty()
                && ends.events.stream()
                        .anyMatch(event -> "ANSWER_CAME_LATE"
                                .equals(Stage.json(event.body())
                                        .path("data")
                                        .path("reason")
                                        .asText()));
    }

    private int mostPlaces(Job job, Ends ends) {
        if (job.kind() == Kind.NOT_ADMITTED) {
            return 0;
        }
        return job.otps().size() + (mayEndTwice(job) ? perhapsTwice(job) : 0) + (late(job, ends) ? 1 : 0);
    }

    private int perhapsTwice(Job job) {
        return (int) job.messages().stream()
                .filter(m -> site.producer().perhapsTwice(m))
                .count();
    }

    /** A request that nobody can tell from another one ends as often as it was sent. */
    private static boolean mayEndTwice(Job job) {
        return job.kind() == Kind.HOSTILE_BODY || job.kind() == Kind.IMPOSTOR;
    }

    private void outcome(Job job, Ends ends, Fault fault) {
        List<String> outcomes = new ArrayList<>();
        ends.deadLetters.forEach(letter -> outcomes.add(letter.text("PairingOutcome")));
        ends.credentials.forEach(message -> outcomes.add("PAIRED"));
        if (!late(job, ends)) {
            ends.inDoubt.forEach(message -> outcomes.add("IN_DOUBT"));
        }
        outcomes.forEach(tally::outcome);
        String last = Stage.json(ends.events.get(ends.events.size() - 1).body())
                .path("data")
                .path("outcome")
                .asText();
        if (!outcomes.contains(last)) {
            tally.broken("1: job " + job.id() + " is told to be " + last + " and lies where " + outcomes + " belongs");
        }
        if (job.expected() != null) {
            for (String outcome : outcomes) {
                if (!outcome.equals(job.expected()) && !excused(job, ends, outcome, fault)) {
                    tally.broken("1: job " + job.id() + " (" + job.kind() + ") ended " + outcome + " instead of "
                            + job.expected() + ", and nothing that was done explains it: " + details(ends));
                }
            }
        }
    }

    /** What a fault may turn an outcome into: doubt, or a job set aside that never got anywhere. */
    private static boolean excused(Job job, Ends ends, String outcome, Fault fault) {
        if (job.kind() == Kind.TOO_LATE) {
            return outcome.equals("PAIRED"); // delivered within its millisecond
        }
        if (fault == Fault.NONE || job.kind() == Kind.HOSTILE_BODY) {
            return false;
        }
        return outcome.equals("IN_DOUBT")
                || outcome.equals("INVALID")
                        && ends.deadLetters.stream()
                                .allMatch(letter -> "BEGUN_TOO_OFTEN".equals(letter.text("PairingReason")));
    }

    private static String details(Ends ends) {
        return Stream.of(ends.deadLetters, ends.inDoubt)
                .flatMap(List::stream)
                .map(m -> m.text("PairingReason") + " " + m.text("PairingDetail"))
                .toList()
                .toString();
    }

    /** 2 and 5: what the recipient opens is what the endpoint answered, and comes once. */
    private void credentials(Job job, String opened) {
        tally.add(CREDENTIALS_RECEIVED);
        if (job.otps().stream().noneMatch(otp -> opened.equals(site.ledger().pairing(otp)))) {
            tally.broken("2: the credentials of job " + job.id() + " are not what the endpoint answered");
        }
    }

    private void onePassword(Job job, String otp, List<String> opened) {
        List<Post> posts = site.ledger().posts(otp);
        tally.add(POSTS, posts.size());
        String pairing = site.ledger().pairing(otp);
        long copies = opened.stream().filter(answer -> answer.equals(pairing)).count();
        boolean received = copies > 0;
        List<String> broken = new ArrayList<>();
        int free = job.kind() == Kind.THROTTLES_FIRST || job.kind() == Kind.IS_MISCONFIGURED ? 1 : 0;
        Invariants.posts(posts, job.id(), Site.MAX_AMBIGUOUS + free, this::takenOverFromAPausedOne, broken);
        broken.forEach(tally::broken);
        if (received
                && site.ledger().pairedBy(otp) < posts.size()
                && !takenOverUnrecorded(job, posts, site.ledger().pairedBy(otp))) {
            tally.broken("4: the OTP of job " + job.id() + " was posted after its success was read");
        }
        if (copies > 1) {
            tally.add(DUPLICATES_SEEN, copies - 1);
            tally.broken("5: the recipient saw the pairing of job " + job.id() + " " + copies + " times");
        }
        if (pairing == null) {
            return;
        }
        tally.add(PAIRINGS);
        Long answered = site.ledger().answeredNanos(otp);
        if (!received && answered != null) {
            tally.add(ANSWERED_BUT_IN_DOUBT);
            long posted = posts.get(site.ledger().pairedBy(otp) - 1).startNanos();
            if (!site.poster(otp, site.ledger().pairedBy(otp)).disturbedBetween(posted, answered + SETTLED)) {
                tally.add(CREDENTIALS_LOST);
                tally.broken("2: the whole answer to job " + job.id()
                        + " was written, nothing was done to the bridge or its wire at"
                        + " that time, and its credentials are not on their queue");
            }
        }
    }

    /**
     * A bridge that is paused does not let go of its call; another one takes the job over when that call must be over.
     * What is not allowed is to do so earlier, or from a bridge that runs.
     */
    private boolean takenOverFromAPausedOne(Post earlier, Post later) {
        Instance owner = site.poster(earlier.otp(), earlier.number());
        boolean allowed = takenOverInTime(earlier, later) && owner.pausedAt(later.startNanos());
        if (allowed) {
            tally.add(TAKEN_OVER);
        }
        return allowed;
    }

    /**
     * The same for a success that its bridge had not recorded yet, because it was paused or its journal was away: by
     * the journal no attempt was begun once it was. With one bridge there is no such thing, for it knows what it holds.
     */
    private boolean takenOverUnrecorded(Job job, List<Post> posts, int pairedBy) {
        if (posts.stream().skip(pairedBy).anyMatch(later -> !takenOverInTime(posts.get(pairedBy - 1), later))) {
            return false;
        }
        try (Connection journal = site.journal()) {
            boolean allowed = Invariants.begunAfterSuccess(journal, job.id()).isEmpty();
            if (allowed) {
                tally.add(TAKEN_OVER);
            }
            return allowed;
        } catch (SQLException e) {
            throw new IllegalStateException("the journal cannot be read", e);
        }
    }

    /**
     * By another bridge, and after the deadline; the grace beyond it covers the time from the journal's word to the
     * first byte.
     */
    private boolean takenOverInTime(Post earlier, Post later) {
        return site.poster(earlier.otp(), earlier.number()) != site.poster(later.otp(), later.number())
                && later.startNanos() - earlier.startNanos() >= Site.DEADLINE.toNanos();
    }

    /** 3: each pairing that did not come has an in-doubt message of its own, also where two used one job id. */
    private void eachPairingIsAccountedFor(Job job, Ends ends, List<String> opened) {
        long missing = job.otps().stream()
                .map(otp -> site.ledger().pairing(otp))
                .filter(p -> p != null && !opened.contains(p))
                .count();
        if (missing > ends.inDoubt.size()) {
            tally.add(SILENT_LOSSES);
            tally.broken("3: the pairing of job " + job.id() + " is neither on the credentials queue nor in doubt");
        }
    }

    /** 2: what a journal held as credentials when its bridge was dead has reached the recipient. */
    void owedAtAStart() {
        Set<String> missing = new HashSet<>(site.owedAtAStart());
        missing.removeAll(site.recipients().attempts());
        missing.forEach(attempt -> {
            tally.add(CREDENTIALS_LOST);
            tally.broken("2: attempt " + attempt
                    + " was paired in the journal that a dead bridge left, and its credentials never came");
        });
    }

    /** 6, for what was sent. */
    private void showsNothing(Job job, Ends ends) {
        List<String> broken = new ArrayList<>();
        List<String> both = List.of(Workload.OTP, LedgerEndpoint.SECRET);
        Stream.of(ends.events, ends.credentials, ends.inDoubt)
                .flatMap(List::stream)
                .forEach(m -> Invariants.find("a message of job " + job.id(), bytes(m), both, broken));
        for (Received letter : ends.deadLetters) {
            boolean spent = "REJECTED".equals(letter.text("PairingOutcome"));
            Invariants.find(
                    "a dead letter of job " + job.id(),
                    bytes(letter),
                    spent ? both : List.of(LedgerEndpoint.SECRET),
                    broken);
        }
        broken.forEach(tally::broken);
    }

    private static byte[] bytes(Received message) {
        return (message.body() + message.properties()).getBytes(StandardCharsets.UTF_8);
    }

    /** Whether the journal has nothing left to do. */
    boolean journalAtRest() throws SQLException {
        try (Connection journal = site.journal()) {
            return Invariants.unfinished(journal).isEmpty();
        }
    }

    /** 1 again, over everything so far: nothing may have come of a job after it was looked at. */
    void noMorePlaces(Collection<Job> all) {
        for (Job job : all) {
            Ends ends = site.recipients().of(job.id());
            synchronized (ends) {
                if (ends.places() > mostPlaces(job, ends)) {
                    tally.broken("1: job " + job.id() + " (" + job.kind() + ") got another ending after its round");
                }
            }
        }
    }

    /** 2, 7, and 8: the journal's own figures. */
    void journal() throws SQLException {
        List<String> broken = new ArrayList<>();
        try (Connection journal = site.journal()) {
            Invariants.published(journal, broken);
            Invariants.unfinished(journal).forEach(row -> broken.add("8: the journal still holds " + row));
        }
        broken.forEach(tally::broken);
    }

    /** 6, for files. */
    void files(boolean brokerToo) throws IOException {
        List<String> broken = new ArrayList<>();
        for (Path file : site.written()) {
            search(file, List.of(Workload.OTP, LedgerEndpoint.SECRET), broken);
        }
        if (brokerToo) {
            for (Path file : Site.files(site.brokerData())) {
                search(
                        file,
                        List.of(LedgerEndpoint.SECRET),
                        broken); // the request queue lies there, with its passwords
            }
        }
        broken.forEach(tally::broken);
    }

    private void search(Path file, List<String> texts, List<String> broken) throws IOException {
        byte[] content;
        try {
            content = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return; // its process has removed it meanwhile
        }
        Invariants.find(file.getFileName().toString(), content, texts, broken);
        tally.add(FILES_SEARCHED);
    }

    /** What an outcome event says of a job, for a person who looks into a breach. */
    String lastWord(Job job) throws SQLException {
        List<String> rows;
        try (Connection journal = site.journal()) {
            rows = Invariants.row(journal, job.id());
        }
        Ends ends = site.recipients().of(job.id());
        synchronized (ends) {
            List<JsonNode> events = ends.events.stream()
                    .map(e -> Stage.json(e.body()).path("data").path("outcome"))
                    .toList();
            return job.kind() + ", events " + events + ", places " + ends.places() + ", journal: " + rows;
        }
    }
}
