package io.pairingbridge.operate;

import io.pairingbridge.job.Job;
import io.pairingbridge.journal.Batches.Place;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.operate.AttentionQueues.Filter;
import io.pairingbridge.operate.AttentionQueues.Kind;
import io.pairingbridge.text.Text;
import jakarta.jms.JMSException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/** What an operator looks up: jobs in the journal, and the messages about those that need a person. Changes nothing. */
final class JobLookup {
    /** Messages of one page. */
    static final int LARGEST_PAGE = 500;

    private static final int LONGEST_TEXT = 500;
    private static final int MOST_WORDS = 8;
    private static final int MOST_FOUND = 100;
    private static final int MOST_MESSAGES_SEARCHED = 10_000;

    private final JournalReader journal;
    private final AttentionQueues queues;

    JobLookup(JournalReader journal, AttentionQueues queues) {
        this.journal = journal;
        this.queues = queues;
    }

    JmxViews.MessagePage page(Kind kind, Filter filter, int from, int count) {
        if (from < 0 || count < 0 || count > LARGEST_PAGE) {
            throw new IllegalArgumentException("from must be 0 or more, and count 0 to " + LARGEST_PAGE);
        }
        return BrokerCall.make(() -> JmxViews.MessagePage.of(queues.page(kind, filter, from, count), this::current));
    }

    /** The message's job as it is now; empty if the journal cannot be asked, too. */
    Optional<Entry> current(AttentionMessage message) {
        try {
            return Job.ID.matcher(message.jobId()).matches() ? journal.find(message.jobId()) : Optional.empty();
        } catch (JournalException e) {
            return Optional.empty();
        }
    }

    JmxViews.JobHistory job(String jobId) {
        Optional<Place> place = journal.batches().place(jobId);
        Entry entry = journal.find(jobId)
                .orElseThrow(() -> new IllegalArgumentException("the journal knows no job " + shortened(jobId)
                        + place.map(row -> "; line " + row.line() + " of batch " + row.batchId()
                                        + " asks for it, and it waits in its queue")
                                .orElse("; it may wait in its queue")));
        return JmxViews.JobHistory.of(entry, journal.earlierTries(jobId), journal.attempts(jobId), place);
    }

    JmxViews.FoundJobs find(String text, int count) {
        List<String> words = text == null || text.isBlank()
                ? List.of()
                : Stream.of(Text.line(text).strip().split("\\s+")).distinct().toList();
        if (words.isEmpty() || words.size() > MOST_WORDS || text.length() > LONGEST_TEXT) {
            throw new IllegalArgumentException(
                    "say what to look for: 1 to " + MOST_WORDS + " words, " + LONGEST_TEXT + " characters at most");
        }
        if (count < 1 || count > MOST_FOUND) {
            throw new IllegalArgumentException("count must be 1 to " + MOST_FOUND);
        }
        Map<String, JmxViews.FoundJob> found = new LinkedHashMap<>();
        journal.search(words, count + 1).forEach(job -> found.put(job.jobId(), JmxViews.FoundJob.of(job)));
        for (AttentionMessage message : attentionMessages(words, count + 1)) {
            found.merge(message.jobId(), ofMessage(message), (job, other) -> job.or(message));
        }
        return new JmxViews.FoundJobs(
                found.size() > count, found.values().stream().limit(count).toList());
    }

    /**
     * Messages of jobs that are looked for; none where the broker cannot be asked, for the journal has most of them.
     */
    private List<AttentionMessage> attentionMessages(List<String> words, int count) {
        List<AttentionMessage> found = new ArrayList<>();
        try {
            for (Kind kind : Kind.values()) {
                found.addAll(queues.search(
                        kind,
                        message -> !message.jobId().isEmpty() && words.stream().allMatch(message::mentions),
                        count,
                        MOST_MESSAGES_SEARCHED));
            }
        } catch (JMSException | IllegalStateException e) {
            LoggerFactory.getLogger(JobLookup.class).debug("The letters cannot be searched: {}", e.getMessage());
        }
        return found;
    }

    /** Where the job is now the journal says, if it knows it. */
    private JmxViews.FoundJob ofMessage(AttentionMessage message) {
        return current(message)
                .map(entry -> JmxViews.FoundJob.of(entry, message))
                .orElseGet(() -> JmxViews.FoundJob.of(message));
    }

    /** Text from outside, for a message. */
    static String shortened(String text) {
        return text == null ? "" : Text.line(text, 128);
    }
}
