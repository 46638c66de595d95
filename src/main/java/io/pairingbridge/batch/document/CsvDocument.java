package io.pairingbridge.batch.document;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * CSV (RFC 4180) as spreadsheet programs write it: comma, semicolon or tab, any line ends, quoted fields with line
 * breaks, and Excel's first line {@code sep=;}. The header is needed, in any order.
 */
final class CsvDocument extends BatchDocument {
    private final CsvReader<CsvRecord> reader;
    private final CloseableIterator<CsvRecord> records;
    private final List<String> columns;
    private final long skipped;
    private long line;

    /**
     * @param text from the header on, or from {@code sep=} on
     * @param skipped lines before that
     */
    CsvDocument(Reader text, long skipped) throws DocumentException, IOException {
        String peeked = peekLine(text);
        long before = skipped;
        char separator;
        if (peeked.toLowerCase(Locale.ROOT).matches("\"?sep=[,;\t]\"?")) {
            separator = peeked.replace("\"", "").charAt(4);
            readLine(text);
            text.mark(1);
            if (text.read() != '\n') { // of \r\n
                text.reset();
            }
            before++;
        } else {
            separator = separator(peeked);
        }
        this.skipped = before;
        this.line = before;
        // Missing and extra fields are looked at here: the reader would end at the first row that has them.
        reader = CsvReader.builder()
                .fieldSeparator(separator)
                .skipEmptyLines(true)
                .allowMissingFields(true)
                .allowExtraFields(true)
                .maxBufferSize(LONGEST_ROW)
                .ofCsvRecord(text);
        records = reader.iterator();
        CsvRecord header = record();
        while (header != null && isBlank(header)) {
            header = record();
        }
        if (header == null) {
            throw new DocumentException(
                    "the document has no header: the first line must name the columns, name and otp at least");
        }
        columns = Columns.of(line, header.getFields());
    }

    @Override
    DocumentEntry read() throws DocumentException, IOException {
        for (CsvRecord record = record(); record != null; record = record()) {
            if (!isBlank(record)) {
                return entry(record);
            }
        }
        return null;
    }

    /** Spreadsheets write rows of nothing. */
    private static boolean isBlank(CsvRecord record) {
        return record.getFields().stream().allMatch(field -> Text.trimmed(field).isEmpty());
    }

    private DocumentEntry entry(CsvRecord record) throws DocumentException {
        if (Columns.isHeader(record.getFields(), columns)) {
            return DocumentEntry.Refused.of(
                    line,
                    null,
                    "this is the header once more, as where documents are put one behind the other: leave it out. The"
                            + " rows after it are read as those before it");
        }
        if (Columns.isHeader(record.getFields())) {
            throw new DocumentException("line " + line
                    + " is a header again, and with other columns than the first one. Nothing from here on was looked"
                    + " at: send it as a document of its own");
        }
        if (record.getFieldCount() != columns.size()) {
            return DocumentEntry.Refused.of(
                    line,
                    null,
                    "the row has " + record.getFieldCount() + " fields where the header has " + columns.size()
                            + ": a value that holds a separator, a quote or a line break must stand in double quotes");
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            String value = Text.trimmed(record.getField(i));
            if (!value.isEmpty() && columns.get(i).isEmpty()) {
                return DocumentEntry.Refused.of(
                        line, null, "field " + (i + 1) + " has a value, and its column has no name");
            }
            if (!value.isEmpty()) {
                values.put(columns.get(i), value);
            }
        }
        return DocumentEntry.Row.of(line, values);
    }

    private CsvRecord record() throws DocumentException, IOException {
        try {
            if (!records.hasNext()) {
                return null;
            }
            CsvRecord record = records.next();
            line = skipped + record.getStartingLineNumber();
            return record;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (CsvParseException e) {
            throw new DocumentException(
                    "what follows line " + line + " can't be read: a row has more than " + LONGEST_ROW
                            + " characters or 16384 fields, or a double quote is never closed. Nothing after it was looked at",
                    e);
        }
    }

    /** What stands most often in the header, outside of quotes. */
    private static char separator(String header) {
        int[] counts = new int[128];
        boolean quoted = false;
        for (char c : header.toCharArray()) {
            quoted ^= c == '"';
            if (!quoted && c < counts.length) {
                counts[c]++;
            }
        }
        return counts[';'] > counts[','] && counts[';'] >= counts['\t'] ? ';' : counts['\t'] > counts[','] ? '\t' : ',';
    }

    private static String peekLine(Reader text) throws DocumentException, IOException {
        text.mark(LONGEST_ROW);
        String line = readLine(text);
        text.reset();
        return line;
    }

    private static String readLine(Reader text) throws DocumentException, IOException {
        StringBuilder line = new StringBuilder();
        for (int c = text.read(); c != -1 && c != '\n' && c != '\r'; c = text.read()) {
            if (line.length() == LONGEST_ROW - 2) {
                throw new DocumentException(
                        "the first line, which must name the columns, has more than " + LONGEST_ROW + " characters");
            }
            line.append((char) c);
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
