package io.pairingbridge.batch;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** A batch document that is read once, from its beginning to its end. Not for several threads. */
public abstract class BatchDocument implements AutoCloseable {
  /** Characters of one row at most; a request of the contract's 64 KiB fits. */
  static final int LONGEST_ROW = 128 * 1024;

  private long line;

  BatchDocument() {}

  /**
   * The next row, or what is wrong with it; null at the end.
   *
   * @throws BatchException if nothing after this place can be understood
   * @throws IOException if the source failed
   */
  public final BatchEntry next() throws BatchException, IOException {
    try {
      BatchEntry entry = read();
      line = entry == null ? line : entry.line();
      return entry;
    } catch (CharacterCodingException e) {
      throw notUtf8(line, e);
    }
  }

  /** As {@link #next}; what is not UTF-8 may be left to it. */
  abstract BatchEntry read() throws BatchException, IOException;

  @Override
  public abstract void close() throws IOException;

  /**
   * Finds out what a document is by how it begins: {@code [} a JSON array, an opening brace NDJSON, anything else CSV.
   *
   * @param source UTF-8, with a byte order mark or without one; closed with the document
   * @throws BatchException if it is nothing of these, and what it seems to be instead
   */
  public static BatchDocument open(InputStream source) throws BatchException, IOException {
    BufferedInputStream bytes = new BufferedInputStream(source, 1 << 16);
    refuseOthers(bytes);
    Reader text = new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT)), 1 << 16);
    try {
      return open(text);
    } catch (CharacterCodingException e) {
      throw notUtf8(0, e);
    }
  }

  private static BatchDocument open(Reader text) throws BatchException, IOException {
    text.mark(1);
    if (text.read() != '\ufeff') {
      text.reset();
    }
    text.mark(LONGEST_ROW);
    int lines = 0;
    int first = text.read();
    for (int n = 1; first != -1 && Character.isWhitespace(first); n++) {
      if (n == LONGEST_ROW) {
        throw new BatchException("the document begins with more than " + n + " characters of white space");
      }
      lines += first == '\n' ? 1 : 0;
      first = text.read();
    }
    if (first == -1) {
      throw new BatchException("the document is empty");
    }
    text.reset();
    return switch (first) {
      case '[' -> new JsonArrayDocument(text);
      case '{' -> new NdjsonDocument(text);
      default -> {
        skipLines(text, lines);
        yield new CsvDocument(text, lines);
      }
    };
  }

  private static void skipLines(Reader text, int lines) throws IOException {
    for (int left = lines; left > 0;) {
      left -= text.read() == '\n' ? 1 : 0;
    }
  }

  private static void refuseOthers(BufferedInputStream bytes) throws BatchException, IOException {
    bytes.mark(4);
    byte[] start = bytes.readNBytes(4);
    bytes.reset();
    String hex = HexFormat.of().formatHex(start);
    if (hex.startsWith("504b0304") || hex.startsWith("d0cf11e0")) {
      throw new BatchException("this is a workbook, or another packed file, and no text: in the spreadsheet program, save the"
          + " sheet as \"CSV UTF-8\"");
    }
    if (hex.startsWith("fffe") || hex.startsWith("feff")) {
      throw new BatchException("this is UTF-16: save it as UTF-8 (in Excel: \"CSV UTF-8\")");
    }
  }

  /** What is said of a document whose bytes are no UTF-8, somewhere after a line that was read. */
  private static BatchException notUtf8(long line, CharacterCodingException cause) {
    return new BatchException("a character somewhere after line " + line + " is not UTF-8: save the document as UTF-8 (in Excel: \"CSV"
        + " UTF-8\")", cause);
  }
}
