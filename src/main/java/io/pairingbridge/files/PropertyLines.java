package io.pairingbridge.files;

import io.pairingbridge.text.Text;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;

/**
 * A file of names and values in the format of {@link Properties}, in UTF-8, of which nothing is dropped in silence: not
 * what stands behind a byte order mark, not the first of two values, not a backslash that the format would leave out.
 */
public final class PropertyLines {
    /** Bytes. */
    private static final int LARGEST = 1024 * 1024;
    /** What may follow a backslash and means something, line ends included. */
    private static final String ESCAPED = "tnrfu\\:=#! \"'\n\r";

    /** @param number of its first line in the file, from 1 */
    public record Line(int number, String name, String value) {}

    private PropertyLines() {}

    /**
     * Reads the file.
     *
     * @param problems told of each thing that is wrong, as the end of a sentence that begins with the file's name;
     *     never with a value
     * @throws IOException with such an end of a sentence, if the file as a whole cannot be read
     */
    public static List<Line> read(Path file, Consumer<String> problems) throws IOException {
        List<Line> lines = new ArrayList<>();
        Map<String, Line> byName = new HashMap<>();
        String[] natural = text(file, LARGEST).split("\r\n|\n|\r", -1);
        for (int i = 0; i < natural.length; i++) {
            String start = natural[i].replaceFirst("^[ \t\f]+", "");
            if (start.isEmpty() || start.startsWith("#") || start.startsWith("!")) {
                continue;
            }
            int number = i + 1;
            StringBuilder logical = new StringBuilder(natural[i]);
            while (continued(natural[i]) && i + 1 < natural.length) {
                i++;
                if (natural[i].strip().matches("(?s)(pairing|camel)\\..*")) {
                    problems.accept("ends line " + i + " with a backslash, which makes a part of it of line " + (i + 1)
                            + ": remove the backslash," + " or write two");
                }
                logical.append('\n').append(natural[i]);
            }
            Line line = line(number, logical.toString(), problems);
            Line before = line == null ? null : byName.putIfAbsent(line.name(), line);
            if (before != null && !before.value().equals(line.value())) {
                problems.accept("sets " + Text.line(line.name(), 100) + " twice, in line " + before.number()
                        + " and in line " + number + ": keep one of them");
            } else if (line != null && before == null) {
                lines.add(line);
            }
        }
        return lines;
    }

    private static boolean continued(String line) {
        int backslashes = 0;
        while (backslashes < line.length() && line.charAt(line.length() - 1 - backslashes) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 1;
    }

    private static Line line(int number, String text, Consumer<String> problems) throws IOException {
        for (int i = text.indexOf('\\'); i >= 0; i = text.indexOf('\\', i + 2)) {
            if (i + 1 == text.length() || ESCAPED.indexOf(text.charAt(i + 1)) < 0) {
                problems.accept(
                        "has a single backslash in line " + number + ", which would be left out: write two for one");
                return null;
            }
        }
        Properties one = new Properties();
        try {
            one.load(new StringReader(text));
        } catch (IllegalArgumentException e) {
            problems.accept("has \\u without four hexadecimal digits in line " + number);
            return null;
        }
        String name = one.stringPropertyNames().iterator().next();
        return new Line(number, name, one.getProperty(name));
    }

    /**
     * The text of a file, without the mark that some editors put at the beginning of UTF-8.
     *
     * @param largest bytes
     * @throws IOException with the end of a sentence that begins with the file's name
     */
    public static String text(Path file, int largest) throws IOException {
        if (!Files.isRegularFile(file)) {
            // A pipe would be waited for, a device might never end.
            throw new IOException(Files.isDirectory(file) ? "is a folder" : "is no ordinary file");
        }
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(largest + 1);
        } catch (IOException e) {
            throw new IOException("cannot be read (" + e.getClass().getSimpleName() + "): check its permissions", e);
        }
        if (bytes.length > largest) {
            throw new IOException("is larger than " + largest + " bytes");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\ufeff") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new IOException("is not in UTF-8: save it in that encoding", e);
        }
    }
}
