package io.pairingbridge.batch.document;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.io.Reader;

/** One JSON object a line. A line that can't be read spoils no other. */
final class NdjsonDocument extends BatchDocument {
    private static final JsonFactory PARSERS = JsonRow.parsers();
    private final Reader text;
    private final StringBuilder content = new StringBuilder();
    private long line;
    private boolean tooLong;
    private boolean afterCarriageReturn;

    /**
     * @param text that begins with the first object
     * @param skipped lines before that
     */
    NdjsonDocument(Reader text, long skipped) {
        this.text = text;
        this.line = skipped;
    }

    @Override
    DocumentEntry read() throws IOException {
        while (readLine()) {
            if (tooLong) {
                return DocumentEntry.Refused.of(line, null, "the line has more than " + LONGEST_ROW + " characters");
            }
            String row = Text.trimmed(content.toString());
            if (!row.isEmpty()) {
                return entry(row);
            }
        }
        return null;
    }

    private DocumentEntry entry(String row) throws IOException {
        try (JsonParser parser = PARSERS.createParser(row)) {
            parser.nextToken();
            DocumentEntry entry = JsonRow.read(parser, line);
            return parser.nextToken() == null
                    ? entry
                    : DocumentEntry.Refused.of(line, null, "something follows the object in this line");
        } catch (JsonProcessingException e) {
            return DocumentEntry.Refused.of(
                    line,
                    null,
                    "this is no JSON"
                            + (e.getLocation() == null
                                    ? ""
                                    : ": error at character " + e.getLocation().getColumnNr()));
        }
    }

    /**
     * Reads a line with any line end, and of one that is too long no more than its beginning into memory; false at the
     * end.
     */
    private boolean readLine() throws IOException {
        content.setLength(0);
        tooLong = false;
        int c = text.read();
        if (c == '\n' && afterCarriageReturn) {
            c = text.read();
        }
        afterCarriageReturn = false;
        if (c == -1) {
            return false;
        }
        line++;
        for (; c != -1 && c != '\n' && c != '\r'; c = text.read()) {
            if (content.length() < LONGEST_ROW) {
                content.append((char) c);
            } else {
                tooLong = true;
            }
        }
        afterCarriageReturn = c == '\r';
        return true;
    }

    @Override
    public void close() throws IOException {
        text.close();
    }
}
