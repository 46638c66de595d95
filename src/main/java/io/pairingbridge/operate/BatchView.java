package io.pairingbridge.operate;

import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.text.Text;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/** A batch as JMX shows it. */
public final class BatchView {
    /** Where the management site has the page of a batch. */
    public static final String REPORT = "/console/batch-report";

    private final Progress progress;

    BatchView(Progress progress) {
        this.progress = progress;
    }

    /** The batch's id. */
    public String getId() {
        return Text.line(progress.batch().id());
    }

    /** What people call it. */
    public String getName() {
        return Text.line(progress.batch().name());
    }

    /**
     * The file, or the message, that it is read from; once a file is read to its end and reported, where it lies now.
     */
    public String getSource() {
        return Text.line(progress.batch().source());
    }

    /**
     * READING while its document is read, RUNNING until its last row has ended, then FINISHED; FAILED if not a single
     * row could be read.
     */
    public String getPhase() {
        return progress.batch().phase().name();
    }

    /** How many rows were taken so far, those that were refused included. */
    public long getRows() {
        return progress.rows();
    }

    /** How many of them have not ended. */
    public long getWaiting() {
        return progress.open();
    }

    /** How many of them ended with each outcome. */
    public Map<String, Long> getOutcomes() {
        Map<String, Long> outcomes = new TreeMap<>();
        progress.outcomes().forEach((outcome, count) -> outcomes.put(outcome.name(), count));
        return outcomes;
    }

    /** What kept the rest of the document from being read; empty if it was read to its end. */
    public String getProblem() {
        return progress.batch().problem() == null
                ? ""
                : Text.line(progress.batch().problem());
    }

    /** When it was begun, as ISO 8601 in UTC. */
    public String getStartedAt() {
        return progress.batch().startedAt().toString();
    }

    /** When its report was written, as ISO 8601 in UTC; empty until then. */
    public String getFinishedAt() {
        return progress.batch().finishedAt() == null
                ? ""
                : progress.batch().finishedAt().toString();
    }

    /** What a person should know although the document is good; empty if there is nothing. */
    public String getWarning() {
        return progress.batch().warning() == null
                ? ""
                : Text.line(progress.batch().warning());
    }

    /** Of the report, from 1; a later one takes the place of those before, because a row has changed. */
    public int getRevision() {
        return progress.batch().revision();
    }

    /** When a row changed after the first report, as ISO 8601 in UTC; empty if none did. */
    public String getRevisedAt() {
        return progress.batch().revisedAt() == null
                ? ""
                : progress.batch().revisedAt().toString();
    }

    /** The file of the report for people, on the machine of the bridge that wrote it; empty until it is written. */
    public String getReport() {
        return progress.batch().report() == null
                ? ""
                : Text.line(progress.batch().report());
    }

    /** Where the management site has that report, as it would be written now; behind the login. */
    public String getReportUrl() {
        return REPORT + "?id=" + URLEncoder.encode(progress.batch().id(), StandardCharsets.UTF_8);
    }
}
