package io.pairingbridge.batch.document;

import io.pairingbridge.text.Text;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a document holds at one place: a row, or what kept it from being one. */
public sealed interface DocumentEntry {
    /** Where it begins, counted from 1; a quoted field may go on over several lines. */
    long line();

    /** How many characters it holds, about. */
    int characters();

    /**
     * A terminal to pair. The values are those of the document, without white space around them; absent and empty ones
     * are null. Nothing but the form has been looked at.
     *
     * @param otpGeneratedAt when the terminal showed the one-time password, as written
     * @param reference every column that has no meaning of its own, in its order
     */
    record Row(
            long line,
            String name,
            String otp,
            String webhookUrl,
            String jobId,
            String integrator,
            String otpGeneratedAt,
            Map<String, String> reference)
            implements DocumentEntry {
        /** @param values of {@link Columns#KNOWN} and of any other column */
        static Row of(long line, Map<String, String> values) {
            Map<String, String> reference = new LinkedHashMap<>(values);
            reference.keySet().removeAll(Columns.KNOWN);
            return new Row(
                    line,
                    values.get(Columns.NAME),
                    values.get(Columns.OTP),
                    values.get(Columns.WEBHOOK_URL),
                    values.get(Columns.JOB_ID),
                    values.get(Columns.INTEGRATOR),
                    values.get(Columns.OTP_GENERATED_AT),
                    reference);
        }

        /**
         * The columns in the document's words, without the one-time password: what may be kept, shown and sent to
         * others.
         */
        public Map<String, String> fields() {
            Map<String, String> fields = new LinkedHashMap<>();
            put(fields, Columns.NAME, name);
            put(fields, Columns.WEBHOOK_URL, webhookUrl);
            put(fields, Columns.JOB_ID, jobId);
            put(fields, Columns.INTEGRATOR, integrator);
            put(fields, Columns.OTP_GENERATED_AT, otpGeneratedAt);
            fields.putAll(reference);
            return fields;
        }

        @Override
        public int characters() {
            int characters = otp == null ? 0 : otp.length();
            for (Map.Entry<String, String> field : fields().entrySet()) {
                characters += field.getKey().length() + field.getValue().length();
            }
            return characters;
        }

        private static void put(Map<String, String> fields, String column, String value) {
            if (value != null) {
                fields.put(column, value);
            }
        }

        @Override
        public String toString() {
            return "Row[line=" + line + "]"; // it holds a one-time password
        }
    }

    /**
     * A place that can't be used; the rows after it can.
     *
     * @param row what was understood of it, or null
     * @param sameOtpAs number of the earlier row that has its one-time password, from 1, or null
     */
    record Refused(long line, List<Flaw> flaws, Row row, Long sameOtpAs) implements DocumentEntry {
        Refused(long line, List<Flaw> flaws, Row row) {
            this(line, flaws, row, null);
        }

        @Override
        public int characters() {
            return row == null ? 0 : row.characters();
        }

        static Refused of(long line, String column, String problem) {
            return new Refused(line, List.of(new Flaw(line, column, problem)), null);
        }
    }

    /**
     * Something wrong.
     *
     * @param column its name, or null where the row as a whole is meant
     * @param problem a sentence for a person, with what to do; it quotes no value
     */
    record Flaw(long line, String column, String problem) {
        private static final int LONGEST_COLUMN = 64;
        private static final int LONGEST_PROBLEM = 1_000;

        public Flaw {
            // A column's name is the document's own text.
            column = Text.line(column, LONGEST_COLUMN);
            problem = Text.line(problem, LONGEST_PROBLEM);
        }

        @Override
        public String toString() {
            return "line " + line + (column == null ? "" : ", column " + column) + ": " + problem;
        }
    }
}
