package io.pairingbridge.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.batch.document.BatchDocument;
import io.pairingbridge.batch.document.Columns;
import io.pairingbridge.batch.document.DocumentEntry;
import io.pairingbridge.batch.document.DocumentEntry.Flaw;
import io.pairingbridge.batch.document.DocumentEntry.Refused;
import io.pairingbridge.batch.document.DocumentEntry.Row;
import io.pairingbridge.batch.document.DocumentException;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.job.Job;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The rows of a document that may be sent, and of each other one everything that is wrong with it. Refused is, besides
 * what is no valid request: a one-time password or job id that an earlier row has; a value that a spreadsheet would run
 * as a formula; and a one-time password that looks as if a spreadsheet had changed it.
 */
public final class CheckedRows implements AutoCloseable {
    /** How many rows are looked at before the first one is passed on, to learn how long one-time passwords are. */
    static final int LOOK_AHEAD = 256;
    /**
     * Characters of rows that are looked at before the first of them is passed on, at most, so that long rows do not
     * fill the memory.
     */
    private static final int MOST_AHEAD = 1 << 20;
    /** So many of the digits-only one-time passwords must have one length for a shorter one to be suspicious. */
    private static final double USUAL = 0.6;

    private static final Pattern DIGITS = Pattern.compile("[0-9]+");
    /** 1.23457E+11 */
    private static final Pattern ROUNDED = Pattern.compile("[0-9]+([.,][0-9]+)?[eE]\\+?[0-9]+");
    /** What people and spreadsheets put between or before digits. */
    private static final Pattern NO_DIGIT = Pattern.compile("[\\s\\p{Z}\\p{Cf}\\p{Cc}'\u2018\u2019`\"._-]");

    private static final Pattern FORMULA = Pattern.compile("[=@\\t\\r]|[+-](?![0-9 ()./-]*$)");

    private final BatchDocument document;
    private final RequestBody requests;
    private final Set<String> integrators;
    private final Deque<DocumentEntry> ahead = new ArrayDeque<>();
    private final Map<Integer, Integer> otpLengths = new HashMap<>();
    private int charactersAhead;
    private long otpsSeen;
    private final LinesByHash otps = new LinesByHash();
    private final LinesByHash jobIds = new LinesByHash();
    private DocumentException failure;
    private String body;
    private long number;
    private boolean ended;

    /** @param integrators the configured aliases, or null if they are not known here: then any is passed */
    public CheckedRows(BatchDocument document, RequestBody requests, Set<String> integrators) {
        this.document = document;
        this.requests = requests;
        this.integrators = integrators;
    }

    /**
     * The next row, or what is wrong with it; null at the end. As {@link BatchDocument#next}; what stands before a
     * place that can't be understood is returned first.
     */
    public DocumentEntry next() throws DocumentException, IOException {
        while (!ended && ahead.size() < LOOK_AHEAD && (ahead.isEmpty() || charactersAhead < MOST_AHEAD)) {
            fetch();
        }
        DocumentEntry entry = ahead.poll();
        charactersAhead -= entry == null ? 0 : entry.characters();
        if (entry == null && failure != null) {
            throw failure;
        }
        number++;
        return entry instanceof Row row ? check(row) : entry;
    }

    private void fetch() throws IOException {
        try {
            DocumentEntry entry = document.next();
            if (entry == null) {
                ended = true;
                return;
            }
            ahead.add(entry);
            charactersAhead += entry.characters();
            if (entry instanceof Row row && row.otp() != null) {
                otpsSeen++;
                if (DIGITS.matcher(row.otp()).matches()) {
                    otpLengths.merge(row.otp().length(), 1, Integer::sum);
                }
            }
        } catch (DocumentException e) {
            failure = e;
            ended = true;
        }
    }

    private DocumentEntry check(Row row) {
        List<Flaw> flaws = new ArrayList<>();
        spoiltBySpreadsheet(row, flaws);
        if (row.jobId() != null && !Job.ID.matcher(row.jobId()).matches()) {
            flaws.add(new Flaw(row.line(), Columns.JOB_ID, "must be at most 128 of A-Z a-z 0-9 . _ : -"));
        }
        if (row.integrator() != null && integrators != null && !integrators.contains(row.integrator())) {
            flaws.add(new Flaw(
                    row.line(),
                    Columns.INTEGRATOR,
                    "is not configured: pairing.integrators.<alias>.id; known are " + integrators));
        }
        generatedAt(row, flaws);
        for (String needed : List.of(Columns.NAME, Columns.OTP)) {
            if ((needed.equals(Columns.NAME) ? row.name() : row.otp()) == null) {
                flaws.add(new Flaw(row.line(), needed, "is missing"));
            }
        }
        if (row.otp() != null
                && Columns.OTP.equalsIgnoreCase(row.otp())
                && row.name() != null
                && Columns.NAME.equalsIgnoreCase(row.name())) {
            flaws.add(new Flaw(
                    row.line(), null, "these are the names of the columns, and no terminal: leave the row out"));
        }
        if (row.name() != null && row.otp() != null) {
            try {
                body = requests.write(request(row));
            } catch (RequestBody.Refused e) {
                if (e.violations().isEmpty()) {
                    flaws.add(new Flaw(row.line(), null, e.getMessage()));
                }
                e.violations()
                        .forEach(v ->
                                flaws.add(new Flaw(row.line(), v.field().isEmpty() ? null : v.field(), v.problem())));
            }
        }
        long sameOtpAs = row.otp() == null ? 0 : otps.number(row.otp());
        if (sameOtpAs != 0) {
            repeated(row, Columns.OTP, otps.line(row.otp()), flaws);
        }
        if (row.jobId() != null) {
            repeated(row, Columns.JOB_ID, jobIds.line(row.jobId()), flaws);
        }
        if (flaws.isEmpty()) {
            // Only what could be sent is remembered: the good one of two is not refused because of the bad one.
            otps.firstLine(row.otp(), row.line(), number);
            if (row.jobId() != null) {
                jobIds.firstLine(row.jobId(), row.line(), number);
            }
        }
        return flaws.isEmpty()
                ? row
                : new Refused(row.line(), List.copyOf(flaws), row, sameOtpAs == 0 ? null : sameOtpAs);
    }

    /** The body of the request that the row means which {@link #next} returned last. */
    public String body() {
        return body;
    }

    private static ObjectNode request(Row row) {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        if (row.name() != null) {
            request.put(Columns.NAME, row.name());
        }
        if (row.otp() != null) {
            request.put(Columns.OTP, row.otp());
        }
        if (row.webhookUrl() != null) {
            request.put(Columns.WEBHOOK_URL, row.webhookUrl());
        }
        if (!row.reference().isEmpty()) {
            ObjectNode reference = request.putObject("reference");
            row.reference().forEach(reference::put);
        }
        return request;
    }

    private static void repeated(Row row, String column, long first, List<Flaw> flaws) {
        if (first != 0) {
            flaws.add(new Flaw(
                    row.line(),
                    column,
                    "is the same as in line " + first + ", which is the row that is sent with it"
                            + (column.equals(Columns.OTP) ? ": generate another one on this terminal" : "")));
        }
    }

    private static void generatedAt(Row row, List<Flaw> flaws) {
        if (row.otpGeneratedAt() != null) {
            try {
                int year = OffsetDateTime.parse(row.otpGeneratedAt()).getYear();
                if (year < 2000 || year > 2100) {
                    throw new DateTimeException("no year of a one-time password");
                }
            } catch (DateTimeException e) {
                flaws.add(new Flaw(
                        row.line(),
                        Columns.OTP_GENERATED_AT,
                        "must be a time with its zone, such as 2026-11-25T09:30:00Z or"
                                + " 2026-11-25T10:30:00+01:00"));
            }
        }
    }

    private void spoiltBySpreadsheet(Row row, List<Flaw> flaws) {
        row.reference().forEach((column, value) -> formula(row, column, value, flaws));
        formula(row, Columns.NAME, row.name(), flaws);
        formula(row, Columns.OTP, row.otp(), flaws);
        if (row.otp() == null) {
            return;
        }
        boolean digits = DIGITS.matcher(row.otp()).matches();
        if (!digits && ROUNDED.matcher(row.otp()).matches()) {
            flaws.add(new Flaw(
                    row.line(),
                    Columns.OTP,
                    "is a rounded number: a spreadsheet program has changed it. Format the column as text"
                            + " and enter it again"));
        } else if (digits && row.otp().length() < usualOtpLength()) {
            flaws.add(new Flaw(
                    row.line(),
                    Columns.OTP,
                    "has " + row.otp().length() + " digits where most have " + usualOtpLength()
                            + ": a spreadsheet program may have dropped zeros at its beginning. Format the column as text and enter it again; if"
                            + " it really is that short, send it as a single request"));
        } else if (!digits) {
            withMoreThanDigits(row, flaws);
        }
    }

    /** {@code 12 34 56} and {@code '123456} where nearly all are six digits. */
    private void withMoreThanDigits(Row row, List<Flaw> flaws) {
        int usual = usualOtpLength();
        String digits = NO_DIGIT.matcher(row.otp()).replaceAll("");
        if (usual > 0
                && digits.length() == usual
                && DIGITS.matcher(digits).matches()
                && otpLengths.get(usual) >= USUAL * otpsSeen) {
            flaws.add(new Flaw(
                    row.line(),
                    Columns.OTP,
                    "holds spaces or signs between or before its digits where most are " + usual + " digits: enter it"
                            + " without them; if they really belong to it, send it as a single request"));
        }
    }

    private static void formula(Row row, String column, String value, List<Flaw> flaws) {
        if (value != null && FORMULA.matcher(value).lookingAt()) {
            flaws.add(new Flaw(
                    row.line(),
                    column,
                    "begins as a formula does, with = + - or @: a spreadsheet program would run it, or has"
                            + " put an error in its place"));
        }
    }

    /** The length that most digits-only passwords have so far, the longer one of two; 0 if there is no such. */
    private int usualOtpLength() {
        int all = 0;
        int usual = 0;
        for (Map.Entry<Integer, Integer> length : otpLengths.entrySet()) {
            all += length.getValue();
            int most = otpLengths.getOrDefault(usual, 0);
            usual = length.getValue() > most || length.getValue() == most && length.getKey() > usual
                    ? length.getKey()
                    : usual;
        }
        return otpLengths.getOrDefault(usual, 0) >= USUAL * all ? usual : 0;
    }

    @Override
    public void close() throws IOException {
        document.close();
    }
}
