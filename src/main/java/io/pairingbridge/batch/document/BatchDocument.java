package io.pairingbridge.batch.document;

import io.pairingbridge.text.Text;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.util.HexFormat;
import java.util.Map;

/** A batch document that is read once, from its beginning to its end. Not for several threads. */
public abstract class BatchDocument implements AutoCloseable {
    /** Characters of one row at most; a request of the contract's 64 KiB fits. */
    static final int LONGEST_ROW = 128 * 1024;

    /**
     * Rows of one document at most: what is remembered of each, to find passwords that come twice, stays below 70 MB.
     */
    static final long MOST_ROWS = 1_000_000;
    /**
     * Bytes of a document at most: a million rows of a kilobyte. Memory does not grow with it; how long others wait
     * does.
     */
    static final long LARGEST = 1L << 30;
    /** The first bytes of what people put in place of a text, in hexadecimal digits. */
    private static final Map<String, String> PACKED = Map.of(
            "504b0304",
            "a workbook, or another packed file",
            "504b0506",
            "an empty zip file",
            "d0cf11e0",
            "a workbook of an old Excel",
            "1f8b",
            "packed (gzip)",
            "425a68",
            "packed (bzip2)",
            "fd377a58",
            "packed (xz)",
            "377abcaf",
            "packed (7z)",
            "28b52ffd",
            "packed (zstd)",
            "52617221",
            "packed (rar)",
            "25504446",
            "a PDF");

    private long rows;

    BatchDocument() {}

    /**
     * The next row, or what is wrong with it; null at the end.
     *
     * @throws DocumentException if nothing after this place can be understood, or the document is larger than is
     *     allowed
     * @throws IOException if the source failed
     */
    public final DocumentEntry next() throws DocumentException, IOException {
        try {
            DocumentEntry entry = read();
            if (entry != null && ++rows > MOST_ROWS) {
                throw new DocumentException("line " + entry.line() + ": a document may have " + MOST_ROWS
                        + " rows. Nothing from here on was looked at:" + " send it as a document of its own");
            }
            return entry;
        } catch (Utf8Reader.NotUtf8 e) {
            throw notUtf8(e);
        } catch (BoundedStream.TooLarge e) {
            throw tooLarge(e);
        }
    }

    /** As {@link #next}; what is not UTF-8 may be left to it. */
    abstract DocumentEntry read() throws DocumentException, IOException;

    @Override
    public abstract void close() throws IOException;

    /**
     * Finds out what a document is by how it begins: {@code [} a JSON array, an opening brace NDJSON, anything else
     * CSV.
     *
     * @param source UTF-8, with a byte order mark or without one; closed with the document
     * @throws DocumentException if it is nothing of these, and what it seems to be instead
     */
    public static BatchDocument open(InputStream source) throws DocumentException, IOException {
        BufferedInputStream bytes = new BufferedInputStream(new BoundedStream(source, LARGEST), 1 << 14);
        refuseOthers(bytes);
        return open(new Utf8Reader(bytes));
    }

    /**
     * As {@link #open(InputStream)}, for a document that is text already.
     *
     * @throws DocumentException likewise
     */
    public static BatchDocument open(Reader source) throws DocumentException, IOException {
        try {
            return recognised(new BufferedReader(source, 1 << 14));
        } catch (Utf8Reader.NotUtf8 e) {
            throw notUtf8(e);
        } catch (BoundedStream.TooLarge e) {
            throw tooLarge(e);
        }
    }

    private static BatchDocument recognised(Reader text) throws DocumentException, IOException {
        text.mark(LONGEST_ROW);
        int blanks = 0;
        int lines = 0;
        int behindLines = 0;
        int before = 0;
        int c = text.read();
        for (; c != -1 && isBlank(c); c = text.read()) {
            if (++blanks == LONGEST_ROW) {
                throw new DocumentException(
                        "the document begins with more than " + blanks + " characters of white space");
            }
            if (c == '\n' || c == '\r') {
                lines += c == '\n' && before == '\r' ? 0 : 1;
                behindLines = blanks;
            } else if (before == 0 && c == '\ufeff') {
                behindLines = blanks; // a byte order mark belongs to no column's name
            }
            before = c;
        }
        if (c == -1) {
            throw new DocumentException("the document is empty");
        }
        text.reset();
        return switch (c) {
            case '[' -> {
                skip(text, blanks);
                yield new JsonArrayDocument(text, lines);
            }
            case '{' -> {
                skip(text, blanks);
                yield new NdjsonDocument(text, lines);
            }
            default -> {
                skip(text, behindLines); // what follows in the first line may be a column without a name
                yield new CsvDocument(text, lines);
            }
        };
    }

    private static void skip(Reader text, int characters) throws IOException {
        for (int left = characters; left > 0; left--) {
            text.read();
        }
    }

    /** Whether this is nothing but white space, or what cannot be seen. */
    static boolean isBlank(int c) {
        return Text.trimmed(Character.toString(c)).isEmpty();
    }

    private static void refuseOthers(BufferedInputStream bytes) throws DocumentException, IOException {
        bytes.mark(4);
        byte[] start = bytes.readNBytes(4);
        bytes.reset();
        String hex = HexFormat.of().formatHex(start);
        for (Map.Entry<String, String> packed : PACKED.entrySet()) {
            if (hex.startsWith(packed.getKey())) {
                throw new DocumentException("this is " + packed.getValue()
                        + ", and no text: unpack it, or in the spreadsheet program save the sheet as"
                        + " \"CSV UTF-8\", and send that");
            }
        }
        if (hex.startsWith("fffe") || hex.startsWith("feff")) {
            throw new DocumentException("this is UTF-16: save it as UTF-8 (in Excel: \"CSV UTF-8\")");
        }
    }

    private static DocumentException notUtf8(Utf8Reader.NotUtf8 cause) {
        return new DocumentException(
                "line " + cause.line()
                        + " holds bytes that are not UTF-8. Nothing from this line on was looked at: save the"
                        + " document as UTF-8 (in Excel: \"CSV UTF-8\") and send it again",
                cause);
    }

    private static DocumentException tooLarge(BoundedStream.TooLarge cause) {
        return new DocumentException(
                "the document has " + cause.getMessage()
                        + ". What follows was not looked at: send it as several documents",
                cause);
    }
}
