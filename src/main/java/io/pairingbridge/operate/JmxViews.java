package io.pairingbridge.operate;

import io.pairingbridge.journal.Batches.Place;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.JournalReader.AttemptRecord;
import io.pairingbridge.operate.AttentionQueues.Handled;
import io.pairingbridge.operate.AttentionQueues.Page;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import io.pairingbridge.text.Text;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What the MBean's attributes and operations return: JMX makes composite data of these records. Times are ISO 8601 in
 * UTC; a text that there is none of is empty.
 */
public final class JmxViews {
    /** Characters; more than any text of the bridge has. */
    private static final int LONGEST = 4_000;

    private JmxViews() {}

    /**
     * A bridge that has the journal open.
     *
     * @param calls how many it has under way; -1 if that is not known
     * @param thisOne true for the bridge that was asked
     */
    public record Instance(String name, long calls, boolean thisOne) {}

    /**
     * How many jobs ended in one minute.
     *
     * @param begin when the minute began
     * @param outcomes jobs by outcome; one without any is left out
     */
    public record Minute(String begin, Map<String, Long> outcomes) {}

    /**
     * A public key that credentials are sealed to.
     *
     * @param id its {@code kid}
     * @param kind RSA with its bits, or EC with its curve
     * @param sealing true for the one that seals
     * @param madeAt by its {@code iat}
     * @param endsAt by its {@code exp}
     * @param ageDays whole days since it was made; -1 if the key does not say
     * @param breakGlass true for the offline key that opens everything too
     */
    public record Key(
            String id, String kind, boolean sealing, String madeAt, String endsAt, long ageDays, boolean breakGlass) {
        static Key of(KeyInUse key, Instant now) {
            return new Key(
                    key.id(),
                    key.kind(),
                    key.sealing(),
                    text(key.madeAt()),
                    text(key.endsAt()),
                    key.madeAt() == null
                            ? -1
                            : Duration.between(key.madeAt(), now).toDays(),
                    key.breakGlass());
        }
    }

    /**
     * Some of the messages of a queue.
     *
     * @param total how many there are in all
     */
    public record MessagePage(long total, List<MessageView> letters) {
        static MessagePage of(Page page, Function<AttentionMessage, Optional<Entry>> job) {
            return new MessagePage(
                    page.total(),
                    page.messages().stream()
                            .map(message -> MessageView.of(message, job.apply(message)))
                            .toList());
        }
    }

    /**
     * A message without its body.
     *
     * @param name the terminal's; empty if the message does not hold the request
     * @param reference what the sender said of the terminal: store, till, serial number
     * @param otpUnspent true if a replay may use the one-time password that the message holds
     * @param state of the job now, which may have moved since the message was written; empty if the journal does not
     *     know it
     */
    public record MessageView(
            String messageId,
            String jobId,
            String batchId,
            String outcome,
            String reason,
            String detail,
            int httpStatus,
            int attempts,
            String remedy,
            String failedAt,
            String name,
            Map<String, String> reference,
            boolean otpUnspent,
            String state) {
        /** What to do about a message whose job was paired after it was written. */
        private static final String PAIRED_SINCE =
                "Nothing to do at the terminal, and do not unpair it: the job was paired after this letter was"
                        + " written. Take the letter away.";

        /**
         * Where the message holds a sealed answer instead of the request, the journal still knows which terminal it
         * was.
         */
        static MessageView of(AttentionMessage message, Optional<Entry> job) {
            boolean readable = message.problem().isEmpty();
            Map<String, String> reference =
                    message.reference().isEmpty() ? job.map(Entry::reference).orElse(Map.of()) : message.reference();
            String remedy = job.filter(Entry::paired).isPresent() ? PAIRED_SINCE : message.remedy();
            return new MessageView(
                    message.messageId(),
                    some(message.jobId()),
                    some(message.batchId()),
                    some(message.outcome()),
                    readable || !message.reason().isEmpty() ? some(message.reason()) : "UNREADABLE",
                    readable ? some(message.detail()) : some("unreadable: " + message.problem()),
                    message.httpStatus(),
                    message.attempts(),
                    readable || !remedy.isEmpty()
                            ? some(remedy)
                            : "Look at it with the broker's own tools; it cannot be replayed.",
                    some(message.failedAt()),
                    some(message.name()),
                    some(reference),
                    message.otpUnspent(),
                    job.map(entry -> entry.state().name()).orElse(""));
        }
    }

    /**
     * A job in the journal.
     *
     * @param batchId the batch that it came from, or else the last one whose document names it
     * @param line of its row in that document; 0 if it is in none
     * @param name the terminal's, as far as the journal knows it: from a document, or from the endpoint's answer
     * @param dueAt when a job that waits is tried again
     * @param sentences what happened, the oldest first: each begins with its time and a space
     */
    public record JobHistory(
            String jobId,
            String state,
            String batchId,
            long line,
            String name,
            Map<String, String> reference,
            String reason,
            String detail,
            String requestedAt,
            String dueAt,
            String finishedAt,
            String payConnectId,
            String terminalId,
            List<Attempt> attempts,
            List<String> sentences) {
        static JobHistory of(Entry entry, List<Entry> earlier, List<AttemptRecord> attempts, Optional<Place> place) {
            String name = place.map(p -> p.fields().get("name")).orElse(entry.payConnectName());
            return new JobHistory(
                    some(entry.jobId()),
                    entry.state().name(),
                    some(place.map(Place::batchId).orElse(entry.batchId())),
                    place.map(Place::line).orElse(0L),
                    some(name),
                    some(entry.reference()),
                    some(entry.reason()),
                    some(entry.detail()),
                    text(entry.requestedAt()),
                    text(entry.dueAt()),
                    text(entry.finishedAt()),
                    some(entry.payConnectId()),
                    some(entry.terminalId()),
                    attempts.stream().map(Attempt::of).toList(),
                    Timeline.of(entry, earlier, attempts, place).stream()
                            .map(JmxViews::some)
                            .toList());
        }
    }

    /**
     * One call.
     *
     * @param result empty while it is under way
     * @param publishedAt when its credentials were on their queue
     */
    public record Attempt(
            String id,
            int number,
            String startedAt,
            String endedAt,
            String result,
            int httpStatus,
            String detail,
            String publishedAt) {
        static Attempt of(AttemptRecord attempt) {
            return new Attempt(
                    attempt.attemptId(),
                    attempt.number(),
                    text(attempt.startedAt()),
                    text(attempt.endedAt()),
                    attempt.result() == null ? "" : attempt.result().name(),
                    attempt.httpStatus() == null ? 0 : attempt.httpStatus(),
                    some(attempt.detail()),
                    text(attempt.publishedAt()));
        }
    }

    /**
     * Some of the jobs that were looked for.
     *
     * @param more there are others: say more of the till
     */
    public record FoundJobs(boolean more, List<FoundJob> jobs) {}

    /**
     * A job that was looked for.
     *
     * @param name the till's; empty if neither the journal nor a message knows it
     * @param state as in {@link JobHistory}; empty for the row of a batch whose job was not begun
     * @param line of its row in the batch's document; 0 if it is none
     * @param touchedAt when it was moved last
     */
    public record FoundJob(
            String jobId,
            String name,
            String state,
            String batchId,
            long line,
            Map<String, String> reference,
            String terminalId,
            String touchedAt) {
        static FoundJob of(JournalReader.FoundJob job) {
            return new FoundJob(
                    some(job.jobId()),
                    some(job.name()),
                    job.state() == null ? "" : job.state().name(),
                    some(job.batchId()),
                    job.line(),
                    some(job.reference()),
                    some(job.terminalId()),
                    text(job.touchedAt()));
        }

        /**
         * A message knows the till's name also where the journal does not, and some messages are of no job that the
         * journal knows.
         */
        FoundJob or(AttentionMessage message) {
            return new FoundJob(
                    jobId,
                    name.isEmpty() ? some(message.name()) : name,
                    state,
                    batchId,
                    line,
                    reference.isEmpty() ? some(message.reference()) : reference,
                    terminalId,
                    touchedAt);
        }

        static FoundJob of(Entry entry, AttentionMessage message) {
            return new FoundJob(
                    some(entry.jobId()),
                    some(message.name()),
                    entry.state().name(),
                    some(entry.batchId()),
                    0,
                    some(entry.reference().isEmpty() ? message.reference() : entry.reference()),
                    some(entry.terminalId()),
                    text(entry.finishedAt()));
        }

        static FoundJob of(AttentionMessage message) {
            return new FoundJob(
                    some(message.jobId()),
                    some(message.name()),
                    some(message.outcome()),
                    some(message.batchId()),
                    0,
                    some(message.reference()),
                    "",
                    some(message.failedAt()));
        }
    }

    /**
     * An entry of the audit log.
     *
     * @param sentence all of it but the time, for a person
     */
    public record Audited(String at, String who, String action, String subject, String detail, String sentence) {
        static Audited of(AuditLog.Entry entry) {
            return new Audited(
                    entry.at(), entry.who(), entry.action(), entry.subject(), entry.detail(), entry.sentence());
        }
    }

    /**
     * What came of a replay.
     *
     * @param dryRun true if nothing was sent
     * @param replayed how many jobs were sent again, or would be
     * @param refused how many were left, by the reason
     */
    public record Replayed(boolean dryRun, long replayed, Map<String, Long> refused) {
        static Replayed of(Handled handled, boolean dryRun) {
            Map<String, Long> refused = new LinkedHashMap<>();
            handled.refused().forEach((reason, count) -> refused.merge(some(reason), count, Long::sum));
            return new Replayed(dryRun, handled.done(), refused);
        }
    }

    private static String text(Instant instant) {
        return instant == null ? "" : instant.toString();
    }

    /** What strangers have said ends up on terminals and pages. */
    private static String some(String text) {
        return text == null ? "" : Text.line(text, LONGEST);
    }

    private static Map<String, String> some(Map<String, String> texts) {
        Map<String, String> shown = new TreeMap<>();
        texts.forEach((key, value) -> shown.put(some(key), some(value)));
        return shown;
    }
}
