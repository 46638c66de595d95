package io.pairingbridge.text;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one place that makes text fit for where it goes. Names, references, answers and file names come from strangers:
 * what leaves the bridge is well-formed Unicode without lone surrogates, and nothing in it acts on a terminal, a log, a
 * message's frame or a spreadsheet.
 *
 * <p>Each method takes {@code null} and gives {@code null} back. None of them keeps a secret secret.
 */
public final class Text {
    /** Unicode's sign for a character that could not be shown. */
    private static final char REPLACEMENT = '\ufffd';

    private static final String MORE = "...";
    /** What a person sees as one character: an extended grapheme cluster (Unicode Standard Annex 29). */
    private static final Pattern CHARACTER = Pattern.compile("\\X");
    /** A longer run of combining marks is no character of any language; it is cut between two code points. */
    private static final int LONGEST_CHARACTER = 64;

    private Text() {}

    /** The text with each surrogate that has no pair replaced by U+FFFD, so that it can be written as UTF-8. */
    public static String wellFormed(String text) {
        return text == null ? null : map(text, c -> isLoneSurrogate(c) ? REPLACEMENT : c);
    }

    /**
     * For a property or header of a message, which some protocols carry as a line (STOMP): well-formed, line ends and
     * tabs as a space, every other control character as U+FFFD, and at most {@code longest} characters.
     *
     * @param longest UTF-16 units, more than three; what is cut ends in three dots
     */
    public static String property(String text, int longest) {
        if (text == null) {
            return null;
        }
        return cut(
                map(text, c -> {
                    if (isLineEnd(c) || c == '\t') {
                        return ' ';
                    }
                    return isLoneSurrogate(c) || Character.getType(c) == Character.CONTROL ? REPLACEMENT : c;
                }),
                longest);
    }

    /**
     * For a line that a person reads: a terminal, a log, a table, a sentence about somebody else's input. What would
     * end the line, move the cursor, change the direction of writing or not be seen stands there as an escape
     * ({@code \n}, {@code \u001b}), as in Java. The two joiners that scripts and emoji need stay.
     */
    public static String line(String text) {
        if (text == null) {
            return null;
        }
        StringBuilder line = null;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            int next = i + Character.charCount(c);
            if (actsOnALine(c)) {
                if (line == null) {
                    line = new StringBuilder(text.length() + 16).append(text, 0, i);
                }
                escape(line, text, i, next);
            } else if (line != null) {
                line.appendCodePoint(c);
            }
            i = next;
        }
        return line == null ? text : line.toString();
    }

    /** As {@link #line(String)}, at most so long. */
    public static String line(String text, int longest) {
        return cut(line(text), longest);
    }

    /**
     * For a cell of a spreadsheet's file, the names of columns too: well-formed, without control characters other than
     * line ends and tabs inside, and with an apostrophe before what a spreadsheet would take for a formula (OWASP, CSV
     * Injection).
     */
    public static String cell(String text) {
        if (text == null || text.isEmpty()) {
            return text;
        }
        String cell = map(
                text,
                c -> c != '\n'
                                && c != '\r'
                                && c != '\t'
                                && (isLoneSurrogate(c) || Character.getType(c) == Character.CONTROL)
                        ? REPLACEMENT
                        : c);
        // Spreadsheets look past white space and what cannot be seen, and take the full-width forms for the same signs.
        int first = 0;
        while (first < cell.length() && isBlank(cell.codePointAt(first)) && !isCellStart(cell.charAt(first))) {
            first += Character.charCount(cell.codePointAt(first));
        }
        return first < cell.length() && isCellStart(cell.charAt(first)) ? "'" + cell : cell;
    }

    /**
     * The text, or its beginning with three dots; never cut inside what a person sees as one character.
     *
     * @param longest UTF-16 units of the result, more than three
     */
    public static String cut(String text, int longest) {
        if (text == null || text.length() <= longest) {
            return text;
        }
        int room = longest - MORE.length();
        int end = Character.isLowSurrogate(text.charAt(room)) && Character.isHighSurrogate(text.charAt(room - 1))
                ? room - 1
                : room;
        // Characters do not reach back over a control character or a plain letter of ASCII that no mark follows: a
        // short look is enough.
        int from = Math.max(0, room - LONGEST_CHARACTER);
        if (from > 0 && Character.isLowSurrogate(text.charAt(from))) {
            from++;
        }
        Matcher characters = CHARACTER.matcher(text).region(from, Math.min(text.length(), room + LONGEST_CHARACTER));
        while (characters.find() && characters.start() < room) {
            if (characters.end() > room && characters.start() > from) {
                end = characters.start();
            }
        }
        return text.substring(0, end) + MORE;
    }

    /**
     * For a part of a file's name: letters and digits of any script, with a dash for whatever else there is, at most so
     * long; empty if nothing is left. It begins with none of the characters that hide a file, or make an option of it.
     *
     * @param longestUtf8 bytes
     */
    public static String fileName(String text, int longestUtf8) {
        if (text == null) {
            return null;
        }
        String name = wellFormed(text)
                .replaceAll("[^\\p{L}\\p{M}\\p{N}._-]+", "-")
                .replaceAll("^[^\\p{L}\\p{N}]+|[._-]+$", "");
        StringBuilder fitting = new StringBuilder();
        int bytes = 0;
        for (Matcher characters = CHARACTER.matcher(name); characters.find(); ) {
            bytes += characters.group().getBytes(StandardCharsets.UTF_8).length;
            if (bytes > longestUtf8) {
                break;
            }
            fitting.append(characters.group());
        }
        return fitting.toString();
    }

    /**
     * Without what a copy from a web page, a spreadsheet or a messenger brings along at either end: white space of any
     * kind, and characters that cannot be seen (U+FEFF, U+200B, direction marks).
     */
    public static String trimmed(String text) {
        if (text == null) {
            return null;
        }
        int from = 0;
        int to = text.length();
        while (from < to && isBlank(text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (to > from && isBlank(text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(from, to);
    }

    /** Whether nobody sees it: white space of any kind, a control or a format character. */
    private static boolean isBlank(int c) {
        return Character.isWhitespace(c)
                || Character.isSpaceChar(c)
                || Character.isISOControl(c)
                || Character.getType(c) == Character.FORMAT;
    }

    private static boolean isCellStart(char c) {
        return "=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20".indexOf(c) >= 0;
    }

    private static boolean isLineEnd(int c) {
        return c == '\n' || c == '\r' || c == 0x0b || c == 0x0c || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    private static boolean actsOnALine(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
                true;
            case Character.FORMAT -> c != 0x200c && c != 0x200d;
            default -> false;
        };
    }

    private static void escape(StringBuilder line, String text, int from, int to) {
        switch (text.charAt(from)) {
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
                for (int i = from; i < to; i++) {
                    line.append(String.format("\\u%04x", (int) text.charAt(i)));
                }
            }
        }
    }

    private static boolean isLoneSurrogate(int codePoint) {
        return Character.getType(codePoint) == Character.SURROGATE;
    }

    private interface Mapping {
        int of(int codePoint);
    }

    private static String map(String text, Mapping mapping) {
        StringBuilder mapped = null;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            int to = mapping.of(c);
            if (to != c && mapped == null) {
                mapped = new StringBuilder(text.length()).append(text, 0, i);
            }
            if (mapped != null) {
                mapped.appendCodePoint(to);
            }
            i += Character.charCount(c);
        }
        return mapped == null ? text : mapped.toString();
    }
}
