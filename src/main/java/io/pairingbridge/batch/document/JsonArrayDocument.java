package io.pairingbridge.batch.document;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.Reader;

/** One JSON array of row objects. */
final class JsonArrayDocument extends BatchDocument {
    private final JsonParser parser;
    private final long skipped;
    private boolean ended;

    /**
     * @param text that begins with the array's bracket
     * @param skipped lines before that
     */
    JsonArrayDocument(Reader text, long skipped) throws IOException {
        this.skipped = skipped;
        parser = JsonRow.parsers().createParser(text);
        parser.nextToken();
    }

    @Override
    DocumentEntry read() throws DocumentException, IOException {
        if (ended) {
            return null;
        }
        try {
            if (parser.nextToken() != JsonToken.END_ARRAY) {
                return JsonRow.read(parser, line());
            }
            ended = true;
            if (parser.nextToken() != null) {
                throw new DocumentException("something follows the end of the array in line " + line());
            }
            return null;
        } catch (JsonProcessingException e) {
            // Its message may quote the document.
            JsonLocation at = e.getLocation() == null ? parser.currentLocation() : e.getLocation();
            throw new DocumentException("line " + (skipped + at.getLineNr()) + ", column " + at.getColumnNr()
                    + ": this is no JSON, or ends too early, or" + " has a text of more than " + LONGEST_ROW
                    + " characters. Nothing after it was looked at");
        }
    }

    private long line() {
        return skipped + parser.currentTokenLocation().getLineNr();
    }

    @Override
    public void close() throws IOException {
        parser.close();
    }
}
