package io.pairingbridge.operate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.files.DurableFiles;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who did what, and when: a JSON object a line in {@code audit.log} of the data directory, only ever added to. A line
 * is on the disk before the action begins, so that there is no action without one; what came of it is a second line. No
 * one-time password and no secret is ever in one.
 */
public final class AuditLog {
    /** Its name in the data directory. */
    public static final String FILE = "audit.log";

    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Bytes at the end that are looked at for the last entries. */
    private static final int TAIL = 256 * 1024;

    private static final int LONGEST_SUBJECT = 500;
    /** Characters; the job ids of a hundred messages, each of the longest. */
    private static final int LONGEST_DETAIL = 16 * 1024;

    private final Path file;
    private final Clock clock;

    /**
     * One line.
     *
     * @param at ISO 8601, in UTC
     * @param who the login
     * @param action as the operation of the MBean is called
     * @param subject the job, or empty
     * @param detail a note, a filter, or what came of it; may be empty
     */
    public record Entry(String at, String who, String action, String subject, String detail) {
        /** What earlier versions wrote of a filter. */
        private static final Pattern FILTER =
                Pattern.compile("Filter\\[outcome=(.*?), reason=(.*?), batchId=(.*?), jobId=(.*?)]");

        /** Who did what, as a sentence for a person. */
        public String sentence() {
            String did = switch (action) {
                case "closeIntake" -> "closed the intake: " + detail;
                case "openIntake" -> "opened the intake";
                case "changeRateLimit" ->
                    "0.0".equals(detail) ? "took away the limit of calls a second" : "set calls a second to " + detail;
                case "changeConcurrency" -> "set calls at once to " + detail;
                case "replay" -> "replayed job " + subject + " " + detail;
                case "replayAll" -> replayedAll();
                case "resolve" -> "dealt with the letter of job " + subject + " " + detail;
                case "reconcileNow" -> "had credentials published that were sealed and not on their queue";
                case "changeLogLevel" ->
                    "set the log level of " + subject + " to "
                            + ("as its parent".equals(detail) ? "its parent's" : detail);
                case "startRoute", "stopRoute", "suspendRoute", "resumeRoute" ->
                    VERBS.get(action) + " route " + subject;
                default -> action + (subject.isEmpty() ? "" : " " + subject) + (detail.isEmpty() ? "" : ": " + detail);
            };
            did = (who + " " + did).strip();
            return did + (did.endsWith(".") || did.endsWith("!") || did.endsWith("?") ? "" : ".");
        }

        /** Begun, then each hundred jobs, then what came of it. */
        private String replayedAll() {
            Matcher filter = FILTER.matcher(detail);
            if (filter.matches()) {
                String words = new AttentionQueues.Filter(
                                filter.group(1), filter.group(2), filter.group(3), filter.group(4))
                        .words();
                return "began to replay " + (words.isEmpty() ? "all dead letters" : "dead letters with " + words);
            }
            return detail.startsWith("sends again ")
                    ? "replayed jobs " + detail.substring("sends again ".length())
                    : detail.matches("\\d.*") ? "replayed many: " + detail : "began to replay " + detail;
        }
    }

    private static final Map<String, String> VERBS = Map.of(
            "startRoute", "started", "stopRoute", "stopped", "suspendRoute", "suspended", "resumeRoute", "resumed");

    /** @param dataDirectory exists */
    public AuditLog(Path dataDirectory, Clock clock) {
        this.file = dataDirectory.resolve(FILE);
        this.clock = clock;
    }

    /**
     * Writes a line; when this returns it is on the disk.
     *
     * @throws UncheckedIOException if it cannot be written: then nothing may be done either
     */
    public synchronized void write(String action, String subject, String detail) {
        Entry entry = new Entry(
                clock.instant().truncatedTo(ChronoUnit.MILLIS).toString(),
                Text.line(CurrentUser.name(), LONGEST_SUBJECT),
                action,
                Text.line(subject, LONGEST_SUBJECT),
                Text.line(detail, LONGEST_DETAIL));
        ObjectNode line = JSON.createObjectNode()
                .put("at", entry.at())
                .put("who", entry.who())
                .put("action", entry.action())
                .put("subject", entry.subject())
                .put("detail", entry.detail());
        try {
            DurableFiles.append(file, (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "the audit log " + file + " cannot be written (" + e.getMessage() + "): nothing was done; make"
                            + " room, or mend its permissions",
                    e);
        }
        LOG.info("{} {} {} {}", entry.who(), entry.action(), entry.subject(), entry.detail());
    }

    /** The last lines, the latest first; of a very long log only those near its end. */
    public List<Entry> last(int count) {
        if (!Files.exists(file)) {
            return List.of();
        }
        List<Entry> entries = new ArrayList<>();
        try (RandomAccessFile log = new RandomAccessFile(file.toFile(), "r")) {
            long from = Math.max(0, log.length() - TAIL);
            log.seek(from);
            byte[] tail = new byte[(int) (log.length() - from)];
            log.readFully(tail);
            String[] lines = new String(tail, StandardCharsets.UTF_8).split("\n");
            for (int i = from > 0 ? 1 : 0; i < lines.length; i++) {
                entry(lines[i], entries);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the audit log " + file + " cannot be read: " + e.getMessage(), e);
        }
        Collections.reverse(entries);
        return entries.subList(0, Math.min(count, entries.size()));
    }

    /** An earlier version, or a person, may have written it. */
    private static String shown(ObjectNode node, String field) {
        return Text.line(node.path(field).asText(), LONGEST_DETAIL);
    }

    private static void entry(String line, List<Entry> entries) {
        try {
            if (JSON.readTree(line) instanceof ObjectNode node) {
                entries.add(new Entry(
                        shown(node, "at"),
                        shown(node, "who"),
                        shown(node, "action"),
                        shown(node, "subject"),
                        shown(node, "detail")));
            }
        } catch (JsonProcessingException e) {
            LOG.debug("A line of {} that is no entry: a crash tore it", FILE);
        }
    }
}
