package io.pairingbridge.batch;

import io.pairingbridge.text.Text;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What a batch is called: by programs, and by people.
 *
 * <p>The batch of a file is called as the file. {@code estate.csv} is {@code estate}; any other name keeps its ending,
 * because {@code estate.json} is another document. Where a name holds what an id may not, a hash of it follows behind a
 * colon, which no plain name has: {@code Töpfer.csv} and {@code T-pfer.csv} are two batches.
 *
 * @param id what identifies it
 * @param text for people, without line ends
 */
public record BatchName(String id, String text) {
    private static final Pattern PLAIN = Pattern.compile("(?=.*[A-Za-z0-9])[A-Za-z0-9._-]{1,100}");
    /** Endings of documents, and of what people send in their place, as a regular expression. */
    static final String ENDINGS =
            "\\.(csv|tsv|txt|json|ndjson|jsonl|xlsx|xlsm|xlsb|xls|ods|numbers|gz|tgz|zip|7z|bz2|xz|zst|tar|rar|pdf)";

    private static final Pattern DOCUMENT = Pattern.compile(".*" + ENDINGS, Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final String CSV = ".csv";
    private static final int LONGEST_TEXT = 200;
    private static final int LONGEST_READABLE = 64;
    private static final int HASH_CHARACTERS = 16;
    /** Bytes of a name that a report's ending, and the name that it has while it is written, still fit behind. */
    private static final int LONGEST_FILE = 200;

    /** A batch that is called as its id. */
    static BatchName of(String id) {
        return new BatchName(id, id);
    }

    /** The batch of a file. */
    public static BatchName of(Path file) {
        return file.getFileName() == null ? of("batch") : of(FileName.of(file.getFileName()));
    }

    static BatchName of(FileName file) {
        String name = file.text();
        // Without the ending of most documents, unless what is left could be the name of another one.
        String stem = name.endsWith(CSV) ? name.substring(0, name.length() - CSV.length()) : "";
        boolean shortened = !stem.isEmpty() && !DOCUMENT.matcher(stem).matches();
        String text = shortened ? stem : name;
        if (PLAIN.matcher(text).matches()
                && (shortened || DOCUMENT.matcher(name).matches())) {
            return of(text);
        }
        String readable = text.replaceAll("[^A-Za-z0-9._-]", "-");
        return new BatchName(
                (readable.length() > LONGEST_READABLE ? readable.substring(0, LONGEST_READABLE) : readable) + ":"
                        + hash(file.bytes()),
                Text.line(text, LONGEST_TEXT));
    }

    /** A document that came with a name for people. */
    static BatchName of(String id, String text) {
        String shown = text == null ? "" : Text.line(Text.trimmed(text), LONGEST_TEXT);
        return new BatchName(id, shown.isEmpty() ? id : shown);
    }

    /**
     * How the batch's files begin: as people call it, where nothing else can be called so, else as programs do.
     *
     * @return a name of one file, byte for byte
     */
    FileName file() {
        FileName name = FileName.ofText(text);
        boolean its = !text.contains("/")
                && !text.startsWith(".")
                && name.bytes().length <= LONGEST_FILE
                && (id.equals(of(FileName.ofText(text + CSV)).id)
                        || DOCUMENT.matcher(text).matches() && id.equals(of(name).id));
        return its ? name : FileName.ofText(id);
    }

    private static String hash(byte[] name) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name);
            return HexFormat.of().formatHex(hash).substring(0, HASH_CHARACTERS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
