package io.pairingbridge.batch;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.pairingbridge.batch.document.Columns;
import io.pairingbridge.files.DurableFiles;
import io.pairingbridge.files.PrivateFiles;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Batches.Row;
import io.pairingbridge.text.Text;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The report of a batch: {@code <name>.report.csv} with every row and the columns it came with, for programs, and
 * {@code <name>.report.html}, one file that needs no other, for people. Neither holds a one-time password or a secret.
 */
final class BatchReport {
    private static final List<String> TOLD = List.of(
            "line",
            "job_id",
            "outcome",
            "reason",
            "detail",
            "remedy",
            "attempts",
            "pay_connect_id",
            "pay_connect_name",
            "terminal_id",
            "finished_at");
    /** Rows that the page lists; beyond that the CSV is the better reading. */
    private static final int MOST_LISTED = 1_000;

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private static final int BARS = 40;
    /** Characters of a value that the page shows; the CSV has all. */
    private static final int LONGEST_VALUE = 200;

    static final String CSV = ".report.csv";
    static final String HTML = ".report.html";

    private final Batches batches;
    private final Function<Row, String> remedy;

    /** @param remedy what a person is to do about a row */
    BatchReport(Batches batches, Function<Row, String> remedy) {
        this.batches = batches;
        this.remedy = remedy;
    }

    /**
     * Writes both files in place of those of an earlier revision, each complete or not at all, and on the disk when
     * this returns. Repeatable.
     *
     * @return the name of the one for people
     */
    FileName write(Progress batch, Place place) throws IOException {
        FileName html = file(batch.batch(), HTML);
        place.replace(file(batch.batch(), CSV), text(out -> csv(batch, out)));
        place.replace(html, text(out -> html(batch, out)));
        return html;
    }

    private interface Written {
        void write(Writer out) throws IOException;
    }

    private static DurableFiles.Content text(Written text) {
        return bytes -> {
            Writer out = new BufferedWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8));
            text.write(out);
            out.flush();
        };
    }

    static FileName file(Batches.Batch batch, String ending) {
        return new BatchName(batch.id(), batch.name()).file().between("", ending);
    }

    /** Where reports are put; see {@link SecureFolder#replace}. */
    interface Place {
        void replace(FileName name, DurableFiles.Content content) throws IOException;

        /** A folder that nobody else may write into; made if it is not there. */
        static Place in(Path folder) {
            return (name, content) -> {
                PrivateFiles.makeFolder(folder);
                DurableFiles.replace(folder.resolve(name.path()), OWNER_ONLY, content);
            };
        }
    }

    // ---- CSV ------------------------------------------------------------------------------------------------------

    private void csv(Progress batch, Writer out) throws IOException {
        Set<String> columns = new LinkedHashSet<>(Columns.KNOWN);
        columns.removeAll(List.of(Columns.OTP, Columns.JOB_ID));
        batches.rows(batch.batch().id(), row -> columns.addAll(row.fields().keySet()));
        columns.remove(Columns.JOB_ID);
        CsvWriter csv = CsvWriter.builder().build(out);
        Set<String> header = new LinkedHashSet<>();
        for (String column : columns) {
            String name = Text.cell(column);
            while (TOLD.contains(name) || !header.add(name)) {
                name = TOLD.contains(name) ? "given_" + name : name + "_";
            }
        }
        header.addAll(TOLD);
        csv.writeRecord(header);
        batches.rows(batch.batch().id(), row -> {
            List<String> record = new ArrayList<>();
            columns.forEach(column -> record.add(cell(row.fields().get(column))));
            for (Object value : Arrays.asList(
                    row.line(),
                    row.jobId(),
                    row.outcome(),
                    row.reason(),
                    row.detail(),
                    told(row),
                    row.attempts(),
                    row.payConnectId(),
                    row.payConnectName(),
                    row.terminalId(),
                    row.endedAt())) {
                record.add(cell(value));
            }
            csv.writeRecord(record);
        });
        csv.flush();
    }

    private static String cell(Object value) {
        return value == null ? "" : Text.cell(value.toString());
    }

    private String told(Row row) {
        return row.outcome() == null ? "" : remedy.apply(row);
    }

    // ---- page -----------------------------------------------------------------------------------------------------

    /** Writes the page for people; also of a batch that has not ended, as it stands. */
    void html(Progress batch, Writer out) throws IOException {
        Batches.Batch b = batch.batch();
        out.write("""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>Batch %1$s</title><style>
        body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1a1a1a}
        h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}table{border-collapse:collapse;width:100%%}
        th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}th{background:#f3f3f3}
        td.n,th.n{text-align:right}.problem{background:#fdecea;padding:.6rem}.wide{overflow-x:auto}
        </style></head><body><main><h1>Batch %1$s</h1>
        <p>%2$s rows, begun %3$s, %4$s.%5$s</p>
        """.formatted(
                        escaped(b.name()),
                        number(batch.rows()),
                        time(b.startedAt()),
                        b.finishedAt() == null
                                ? number(batch.open()) + " have not ended yet"
                                : "finished " + time(b.finishedAt()) + " (" + took(b.startedAt(), b.finishedAt()) + ")",
                        b.id().equals(b.name()) ? "" : " For programs it is called " + escaped(b.id()) + "."));
        if (b.revisedAt() != null) {
            out.write("<p>Revision " + b.revision() + " of " + time(b.revisedAt())
                    + ": some rows have changed since the first report, after a replay,"
                    + " a new try or a late answer. This one takes its place.</p>\n");
        }
        if (b.warning() != null) {
            out.write("<p class=\"problem\"><strong>Look at this first.</strong> " + escaped(b.warning()) + ".</p>\n");
        }
        if (b.problem() != null) {
            out.write("<p class=\"problem\"><strong>The document was not read to its end.</strong> "
                    + escaped(b.problem()) + "</p>\n");
        }
        out.write(
                "<h2>Outcomes</h2>\n<table><thead><tr><th>Outcome</th><th class=\"n\">Rows</th><th class=\"n\">Share</th></tr></thead>"
                        + "<tbody>\n");
        for (Outcome outcome : Outcome.values()) {
            long count = batch.outcomes().getOrDefault(outcome, 0L);
            if (count > 0) {
                out.write("<tr><td>" + outcome + "</td><td class=\"n\">" + number(count) + "</td><td class=\"n\">"
                        + String.format(Locale.ROOT, "%.1f %%", 100.0 * count / batch.rows()) + "</td></tr>\n");
            }
        }
        out.write("</tbody></table>\n");
        chart(batch, out);
        persons(batch, out);
        out.write("</main></body></html>\n");
    }

    /** How many rows were paired, and how many ended otherwise, in each of some equal times. */
    private void chart(Progress batch, Writer out) throws IOException {
        Instant from = batch.batch().startedAt();
        Instant to = batch.batch().revisedAt() != null
                ? batch.batch().revisedAt()
                : batch.batch().finishedAt();
        if (to == null) {
            return;
        }
        long span = Math.max(1, Duration.between(from, to).toMillis());
        long[][] bars = new long[BARS][2];
        batches.rows(batch.batch().id(), row -> {
            if (row.endedAt() != null) {
                int bar = (int) Math.max(
                        0,
                        Math.min(BARS - 1, Duration.between(from, row.endedAt()).toMillis() * BARS / span));
                bars[bar][row.outcome() == Outcome.PAIRED ? 0 : 1]++;
            }
        });
        long highest = 1;
        for (long[] bar : bars) {
            highest = Math.max(highest, bar[0] + bar[1]);
        }
        int height = 160;
        int width = 16;
        StringBuilder svg = new StringBuilder("<h2>Over time</h2>\n<svg role=\"img\" viewBox=\"0 0 ")
                .append(BARS * width)
                .append(' ')
                .append(height + 20)
                .append("\" width=\"100%\"><title>Rows that ended, over time: paired below, others above; at most ")
                .append(highest)
                .append(" in one of ")
                .append(BARS)
                .append(" equal times</title>\n");
        for (int i = 0; i < BARS; i++) {
            long paired = bars[i][0] * height / highest;
            long others = bars[i][1] * height / highest;
            rectangle(svg, i * width, height - paired, width - 2, paired, "#2e7d32");
            rectangle(svg, i * width, height - paired - others, width - 2, others, "#c62828");
        }
        svg.append("<text x=\"0\" y=\"")
                .append(height + 16)
                .append("\" font-size=\"12\">")
                .append(time(from))
                .append("</text><text x=\"")
                .append(BARS * width)
                .append("\" y=\"")
                .append(height + 16)
                .append("\" font-size=\"12\" text-anchor=\"end\">")
                .append(time(to))
                .append("</text></svg>\n<p>Green: paired. Red: ended otherwise.</p>\n");
        out.write(svg.toString());
    }

    private static void rectangle(StringBuilder svg, int x, long y, int width, long height, String colour) {
        if (height > 0) {
            svg.append("<rect x=\"")
                    .append(x)
                    .append("\" y=\"")
                    .append(y)
                    .append("\" width=\"")
                    .append(width)
                    .append("\" height=\"")
                    .append(height)
                    .append("\" fill=\"")
                    .append(colour)
                    .append("\"/>\n");
        }
    }

    private void persons(Progress batch, Writer out) throws IOException {
        long others = batch.rows() - batch.open() - batch.outcomes().getOrDefault(Outcome.PAIRED, 0L);
        if (others == 0 && batch.open() > 0) {
            out.write("<h2>Nothing needs a person so far</h2>\n<p>Every row that has ended is paired.</p>\n");
            return;
        }
        if (others == 0) {
            out.write(
                    batch.batch().problem() == null
                            ? "<h2>Nothing needs a person</h2>\n<p>Every row is paired.</p>\n"
                            : "<h2>What needs a person</h2>\n<p>"
                                    + (batch.rows() == 0
                                            ? "Not a single row could be read"
                                            : "Every row that could be read is paired;"
                                                    + " the others were not looked at")
                                    + ": see above. Correct the document and send it again.</p>\n");
            return;
        }
        out.write("<h2>What needs a person</h2>\n"
                + (others > MOST_LISTED
                        ? "<p>The first " + MOST_LISTED + " of " + number(others)
                                + " rows; all are in the CSV report.</p>\n"
                        : "")
                + "<div class=\"wide\"><table><thead><tr><th class=\"n\">Line</th>"
                + "<th>Terminal</th><th>Outcome</th><th>Why</th><th>What to do</th></tr></thead><tbody>\n");
        int[] listed = new int[1];
        batches.rows(batch.batch().id(), row -> {
            if (row.outcome() != null && row.outcome() != Outcome.PAIRED && listed[0]++ < MOST_LISTED) {
                try {
                    out.write("<tr><td class=\"n\">" + row.line() + "</td><td>" + terminal(row) + "</td><td>"
                            + row.outcome() + "</td><td>" + escaped(row.detail()) + "</td><td>" + escaped(told(row))
                            + "</td></tr>\n");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        out.write("</tbody></table></div>\n");
    }

    private static String terminal(Row row) {
        Map<String, String> shown = new TreeMap<>(row.fields());
        shown.keySet().removeAll(List.of(Columns.WEBHOOK_URL, Columns.OTP_GENERATED_AT));
        String name = shown.remove(Columns.NAME);
        StringBuilder text = new StringBuilder("<strong>")
                .append(escaped(Text.cut(name, LONGEST_VALUE)))
                .append("</strong>");
        shown.forEach((key, value) ->
                text.append("<br>").append(escaped(key)).append(": ").append(escaped(Text.cut(value, LONGEST_VALUE))));
        return text.toString();
    }

    private static String escaped(String text) {
        return text == null
                ? ""
                : Text.line(text)
                        .replace("&", "&amp;")
                        .replace("<", "&lt;")
                        .replace(">", "&gt;")
                        .replace("\"", "&quot;")
                        .replace("'", "&#39;");
    }

    private static String number(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    private static String time(Instant instant) {
        return instant == null ? "" : instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String took(Instant from, Instant to) {
        return Duration.between(from, to)
                .truncatedTo(ChronoUnit.SECONDS)
                .toString()
                .substring(2)
                .toLowerCase(Locale.ROOT);
    }
}
