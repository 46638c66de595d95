package io.pairingbridge.batch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.Reader;

/** One JSON object a line. A line that can't be read spoils no other. */
final class NdjsonDocument extends BatchDocument {
  private static final JsonFactory PARSERS = JsonRow.parsers();
  private final Reader text;
  private final StringBuilder content = new StringBuilder();
  private long line;
  private boolean tooLong;

  NdjsonDocument(Reader text) {
    this.text = text;
  }

  @Override
  BatchEntry read() throws IOException {
    while (readLine()) {
      if (tooLong) {
        return BatchEntry.Refused.of(line, null, "the line has more than " + LONGEST_ROW + " characters");
      }
      String row = content.toString();
      if (!row.isBlank()) {
        return entry(row);
      }
    }
    return null;
  }

  private BatchEntry entry(String row) throws IOException {
    try (JsonParser parser = PARSERS.createParser(row)) {
      parser.nextToken();
      BatchEntry entry = JsonRow.read(parser, line);
      return parser.nextToken() == null ? entry : BatchEntry.Refused.of(line, null, "something follows the object in this line");
    } catch (JsonProcessingException e) {
      return BatchEntry.Refused.of(line, null, "this is no JSON" + (e.getLocation() == null ? "" : ": error at character " + e.getLocation().getColumnNr()));
    }
  }

  /** Reads a line, and of one that is too long no more than its beginning into memory; false at the end. */
  private boolean readLine() throws IOException {
    content.setLength(0);
    tooLong = false;
    int c = text.read();
    if (c == -1) {
      return false;
    }
    line++;
    for (; c != -1 && c != '\n'; c = text.read()) {
      if (content.length() < LONGEST_ROW) {
        content.append((char) c);
      } else {
        tooLong = true;
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    text.close();
  }
}
