package io.pairingbridge.batch.document;

import io.pairingbridge.text.EditDistance;
import io.pairingbridge.text.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The names of columns and fields: those with a meaning of their own, and those that only look like one of them. */
public final class Columns {
    public static final String NAME = "name";
    public static final String OTP = "otp";
    public static final String WEBHOOK_URL = "webhook_url";
    public static final String JOB_ID = "job_id";
    public static final String INTEGRATOR = "integrator";
    public static final String OTP_GENERATED_AT = "otp_generated_at";
    public static final List<String> KNOWN = List.of(NAME, OTP, WEBHOOK_URL, JOB_ID, INTEGRATOR, OTP_GENERATED_AT);
    /** How many others a request can carry in its reference. */
    static final int MOST_OTHERS = 16;

    private static final int LONGEST_NAME = 64;
    /** Columns of a document, those without a name included: as many as a row of JSON may have fields. */
    static final int MOST = 64;
    /** What a byte order mark becomes where somebody read or wrote the document in another encoding than its own. */
    private static final Pattern MARK_CONVERTED = Pattern.compile("^(\\?|\ufffd+|\u00ef\u00bb\u00bf)");
    /** How much of what is wrong is told. */
    private static final int MOST_PROBLEMS = 16;

    private Columns() {}

    /** A name as it is meant: those with a meaning may be written in any case, with white space around them. */
    static String meant(String written) {
        String trimmed = Text.trimmed(written);
        String lower = trimmed.toLowerCase(Locale.ROOT);
        return KNOWN.contains(lower) ? lower : trimmed;
    }

    /**
     * The columns of a header, as they are meant; the name of one without a name is empty.
     *
     * @throws DocumentException if it names one twice, lacks one that is needed, has too many, or has one that is
     *     surely a mistyped one: taken for a reference, it would be missing where it was meant to be, and the password
     *     be spent
     */
    static List<String> of(long line, List<String> header) throws DocumentException {
        List<String> columns = header.stream().map(Columns::meant).toList();
        List<String> problems = new ArrayList<>();
        if (columns.size() > MOST) {
            problems.add("there are " + columns.size() + " columns; " + MOST + " are allowed");
        }
        for (String needed : List.of(NAME, OTP)) {
            if (!columns.contains(needed)) {
                problems.add("the column " + needed + " is missing");
            }
        }
        Set<String> seen = new TreeSet<>();
        int others = 0;
        for (String column : columns) {
            if (column.length() > LONGEST_NAME) {
                problems.add(
                        "a column's name has " + column.length() + " characters; " + LONGEST_NAME + " are allowed");
            } else if (!column.isEmpty() && !seen.add(column)) {
                problems.add("the column " + Text.line(column) + " is there twice");
            }
            if (mistyped(column) != null) {
                problems.add("the column " + Text.line(column) + " looks like " + mistyped(column)
                        + " and is not: write it so");
            }
            others += column.isEmpty() || KNOWN.contains(column) ? 0 : 1;
        }
        if (others > MOST_OTHERS) {
            problems.add("there are " + others + " columns besides " + String.join(", ", KNOWN) + "; " + MOST_OTHERS
                    + " are allowed");
        }
        if (!problems.isEmpty()) {
            throw new DocumentException("line " + line + ", the header: "
                    + String.join("; ", problems.subList(0, Math.min(problems.size(), MOST_PROBLEMS)))
                    + ". The first line names the columns: name and otp are needed, webhook_url, job_id, integrator and"
                    + " otp_generated_at are known, all others become part of the reference");
        }
        return columns;
    }

    /** Whether these are names of columns once more, as where documents were put one behind the other. */
    static boolean isHeader(List<String> fields) {
        boolean name = false;
        boolean otp = false;
        for (String field : fields) {
            if (field.length() <= LONGEST_NAME) {
                String meant = again(field);
                name |= meant.equals(NAME);
                otp |= meant.equals(OTP);
            }
        }
        return name && otp;
    }

    /** As {@link #isHeader(List)}, and of the same columns in the same order. */
    static boolean isHeader(List<String> fields, List<String> columns) {
        return isHeader(fields) && fields.stream().map(Columns::again).toList().equals(columns);
    }

    /**
     * Behind a byte order mark inside of a document, quotes belong to the value; and a converter may have made
     * something else of the mark.
     */
    private static String again(String field) {
        return meant(MARK_CONVERTED
                .matcher(field.indexOf('"') < 0 ? field : field.replace('"', ' '))
                .replaceFirst(""));
    }

    /** The column that was surely meant by this one, or null. */
    static String mistyped(String column) {
        if (KNOWN.contains(column) || column.length() > LONGEST_NAME) {
            return null;
        }
        String letters = letters(column);
        for (String known : KNOWN) {
            int tolerated = known.length() < 6
                    ? 0
                    : known.length() < 8 ? 1 : 2; // "not" is no "otp", and "names" may be a column
            if (letters.equals(letters(known))
                    || EditDistance.between(column.toLowerCase(Locale.ROOT), known) <= tolerated) {
                return known;
            }
        }
        return null;
    }

    private static String letters(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }
}
