package io.pairingbridge.operate;

import ch.qos.logback.classic.Level;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.State;
import io.pairingbridge.operate.AttentionQueues.Decision;
import io.pairingbridge.operate.AttentionQueues.Filter;
import io.pairingbridge.operate.AttentionQueues.Handled;
import io.pairingbridge.operate.AttentionQueues.Kind;
import io.pairingbridge.text.Text;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What an operator does with the bridge. Each operation is in the audit log before it begins; where that cannot be
 * written, it does not begin.
 */
final class Operations {
    private static final int LONGEST_NOTE = 500;

    private final BridgeMBean.Parts parts;
    private final JobLookup jobs;
    private volatile int concurrency;

    /** @param concurrency calls at once, as the settings say */
    Operations(BridgeMBean.Parts parts, JobLookup jobs, int concurrency) {
        this.parts = parts;
        this.jobs = jobs;
        this.concurrency = concurrency;
    }

    /** Calls at once, as they are now. */
    int concurrency() {
        return concurrency;
    }

    void closeIntake(String note) {
        String why = required("a note", note);
        audit("closeIntake", "", why);
        parts.intake().closeByOperator("closed by " + CurrentUser.name() + ": " + why);
    }

    void openIntake() {
        audit("openIntake", "", "");
        parts.intake().openByOperator();
    }

    void changeRateLimit(String callsPerSecond) {
        double limit;
        try {
            limit = Double.parseDouble(callsPerSecond);
        } catch (NumberFormatException | NullPointerException e) {
            limit = -1;
        }
        if (!(limit >= 0 && limit <= 100_000)) {
            throw new IllegalArgumentException("calls a second must be 0 (no limit) to 100000");
        }
        audit("changeRateLimit", "", Double.toString(limit));
        parts.rateLimit().change(limit);
    }

    void changeConcurrency(int calls) {
        if (calls < 1 || calls > BridgeMBean.MOST_CALLS) {
            throw new IllegalArgumentException("calls at once must be 1 to " + BridgeMBean.MOST_CALLS);
        }
        audit("changeConcurrency", "", Integer.toString(calls));
        parts.intake().setConcurrency(calls);
        concurrency = calls;
    }

    JmxViews.Replayed replay(String queue, String messageId, String newOtp, String newName, boolean dryRun) {
        Kind kind = kind(queue);
        String id = required("a message id", messageId);
        String refusal = BrokerCall.make(() -> parts.queues()
                .handle(
                        kind,
                        id,
                        message -> decision(message, newOtp, newName),
                        message -> audit(
                                "replay",
                                message.jobId(),
                                "from " + queue
                                        + (newOtp == null || newOtp.isBlank()
                                                ? ", with the same one-time password"
                                                : ", with a new one-time password")),
                        dryRun));
        return JmxViews.Replayed.of(
                refusal == null ? new Handled(1, Map.of()) : new Handled(0, Map.of(refusal, 1L)), dryRun);
    }

    JmxViews.Replayed replayAll(String outcome, String reason, String batchId, boolean dryRun) {
        Filter filter = new Filter(outcome, reason, batchId, "");
        if (!dryRun) {
            audit(
                    "replayAll",
                    "",
                    filter.words().isEmpty() ? "all dead letters" : "dead letters with " + filter.words());
        }
        Handled handled = BrokerCall.make(() -> parts.queues()
                .handleAll(
                        Kind.DEAD_LETTERS,
                        filter,
                        message -> decision(message, "", ""),
                        jobs -> audit("replayAll", "", "sends again " + String.join(" ", jobs)),
                        dryRun));
        if (!dryRun) {
            audit("replayAll", "", handled.done() + " sent again" + left(handled.refused()));
        }
        return JmxViews.Replayed.of(handled, dryRun);
    }

    private static String left(Map<String, Long> refused) {
        StringJoiner left = new StringJoiner("; ", ", left: ", "");
        refused.forEach((reason, count) -> left.add(count + ", because " + reason));
        return refused.isEmpty() ? "" : left.toString();
    }

    private Decision decision(AttentionMessage message, String newOtp, String newName) {
        if (jobs.current(message).filter(Entry::paired).isPresent()) {
            return Decision.keep("the job was paired after this letter was written: take the letter away");
        }
        Replay replay = Replay.of(message, newOtp, newName, parts.requests());
        return replay.refusal() != null ? Decision.keep(replay.refusal()) : Decision.send(replay);
    }

    void resolve(String queue, String messageId, String note) {
        Kind kind = kind(queue);
        String id = required("a message id", messageId);
        String how = required("a note", note);
        String refusal = BrokerCall.make(() -> parts.queues()
                .handle(
                        kind,
                        id,
                        message -> Decision.remove(),
                        message -> audit(
                                "resolve",
                                message.jobId(),
                                "from " + queue + " (" + message.outcome() + " " + message.reason() + "): " + how),
                        false));
        if (refusal != null) {
            throw new IllegalArgumentException(refusal);
        }
    }

    int reconcileNow() {
        audit("reconcileNow", "", "");
        long left = parts.journal().counts().getOrDefault(State.SEALED, 0L);
        try {
            parts.reconcile().now();
        } catch (Exception e) {
            throw new IllegalStateException("the reconciler could not be started: " + e.getMessage(), e);
        }
        return Math.toIntExact(Math.min(left, Integer.MAX_VALUE));
    }

    void changeLogLevel(String logger, String level) {
        String of = required("a logger", logger);
        Level wanted = LogLevels.allowed(of, level);
        audit("changeLogLevel", of, wanted == null ? "as its parent" : wanted.toString());
        LogLevels.change(of, wanted);
    }

    private void audit(String action, String subject, String detail) {
        try {
            parts.audit().write(action, subject, detail);
        } catch (UncheckedIOException e) {
            throw new IllegalStateException(e.getMessage());
        }
    }

    private static Kind kind(String queue) {
        return switch (queue == null ? "" : queue) {
            case "dead-letters" -> Kind.DEAD_LETTERS;
            case "in-doubt" -> Kind.IN_DOUBT;
            default -> throw new IllegalArgumentException("the queue must be dead-letters or in-doubt");
        };
    }

    /** Text from outside on its way into a log: present, of bounded length, and on one line. */
    private static String required(String what, String text) {
        if (text == null || text.isBlank()) {
            throw new IllegalArgumentException(what + " is needed");
        }
        if (text.length() > LONGEST_NOTE) {
            throw new IllegalArgumentException(what + " may have " + LONGEST_NOTE + " characters at most");
        }
        return Text.line(Text.property(text.strip(), 2 * LONGEST_NOTE));
    }
}
