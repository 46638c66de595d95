package io.pairingbridge.cli;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.pairingbridge.text.Text;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jline.utils.WCWidth;

/**
 * What a command prints to: how wide it is, whether it is a terminal, whether it may have colours. The launcher tells
 * which of standard output and standard error is a terminal, for Java itself cannot tell them apart; without the
 * launcher neither is taken for one.
 */
public final class Screen {
    private static final int COLUMNS = 80;
    private static final int LINES = 24;
    /** Below that nothing can be laid out. */
    private static final int NARROWEST = 20;

    private static final Pattern SIZE = Pattern.compile("(\\d{1,5}) (\\d{1,5})");
    private static final Pattern WORD = Pattern.compile("\\S+|\\s+");

    private static boolean json;

    private Screen() {}

    /** What a text is printed in. */
    enum Colour {
        PLAIN(""),
        BOLD("\033[1m"),
        RED("\033[31m"),
        GREEN("\033[32m"),
        YELLOW("\033[33m"),
        FAINT("\033[2m");

        private final String begin;

        Colour(String begin) {
            this.begin = begin;
        }

        /** How an outcome, a phase or a state of the journal looks. */
        static Colour of(String word) {
            return switch (word) {
                case "PAIRED", "PUBLISHED", "FINISHED", "open", "OK" -> GREEN;
                case "IN_DOUBT", "FAILED", "MISCONFIGURED", "closed", "FAIL" -> RED;
                case "REJECTED", "INVALID", "EXPIRED", "DUPLICATE", "WARN" -> YELLOW;
                default -> PLAIN;
            };
        }
    }

    /**
     * Whether this command line asks for JSON; known before it is parsed, for what is wrong with it is said as JSON
     * then too.
     */
    public static void expect(String... arguments) {
        json = false;
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            json |= argument.equals("--json")
                    || argument.matches("(?i)(-o=?|--output=)json")
                    || argument.matches("-o|--output")
                            && i + 1 < arguments.length
                            && arguments[i + 1].equalsIgnoreCase("json");
        }
    }

    static boolean json() {
        return json;
    }

    /** Whether standard output is a terminal. */
    static boolean terminal() {
        return System.getProperty("terminal", "").contains("out");
    }

    /** Whether standard error is one. */
    static boolean errorTerminal() {
        return System.getProperty("terminal", "").contains("err");
    }

    /** Whether standard output is to be coloured: on a terminal that can, unless NO_COLOR (no-color.org) is set. */
    public static boolean colours() {
        String no = System.getenv("NO_COLOR");
        return terminal() && (no == null || no.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
    }

    /** Columns of standard output: COLUMNS of the environment, else the terminal's, else 80. */
    public static int width() {
        return columns(terminal());
    }

    /** Columns of standard error. */
    static int errorWidth() {
        return columns(errorTerminal());
    }

    private static int columns(boolean isTerminal) {
        String columns = System.getenv("COLUMNS");
        if (columns != null && columns.matches("[1-9]\\d{0,4}")) {
            return Math.max(NARROWEST, Integer.parseInt(columns));
        }
        int size = isTerminal ? size(2) : 0;
        return size == 0 ? COLUMNS : Math.max(NARROWEST, size);
    }

    /** Lines of the terminal, 24 if that is not known. */
    static int height() {
        int size = terminal() ? size(1) : 0;
        return size == 0 ? LINES : size;
    }

    private static int size(int group) {
        Matcher size = SIZE.matcher(System.getProperty("terminal.size", ""));
        return size.matches() ? Integer.parseInt(size.group(group)) : 0;
    }

    /** Asks the terminal for its size again: somebody may have made it larger. */
    static void measure() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (InputStream answer = stty.getInputStream()) {
                String size = new String(answer.readAllBytes(), StandardCharsets.US_ASCII).strip();
                if (SIZE.matcher(size).matches()) {
                    System.setProperty("terminal.size", size);
                }
            }
        } catch (IOException e) {
            // it stays as it was when the command was started
        }
    }

    static String coloured(String text, Colour colour) {
        return colour == Colour.PLAIN || !colours() ? text : colour.begin + text + "\033[0m";
    }

    /** A sentence of the result: one line, or as many as the terminal needs. */
    static void print(String sentence) {
        String line = Text.line(sentence);
        (terminal() ? wrapped(line, width()) : List.of(line)).forEach(System.out::println);
    }

    /** A line beside the result, on standard error; a JSON object if JSON is asked for. */
    static void note(String text) {
        beside("note", text, "");
    }

    /** What went wrong, by a command; a JSON object if JSON is asked for. */
    static void problem(String command, String text, int exitCode) {
        if (json) {
            System.err.println("{\"error\":{\"command\":" + quoted(command) + ",\"message\":" + quoted(text)
                    + ",\"exit_code\":" + exitCode + "}}");
        } else {
            beside("error", text, command + ": ");
        }
    }

    private static void beside(String kind, String text, String before) {
        if (json) {
            System.err.println("{\"" + kind + "\":" + quoted(text) + "}");
            return;
        }
        String[] lines = text.split("\\R");
        for (int i = 0; i < lines.length; i++) {
            String line = (i == 0 ? before : "") + Text.line(lines[i]);
            if (errorTerminal()) {
                wrapped(line, errorWidth()).forEach(System.err::println);
            } else {
                System.err.println(line);
            }
        }
    }

    static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    /**
     * Columns that a text takes: two for a character of East Asia or an emoji, none for a mark that stands above
     * another one.
     */
    static int width(String text) {
        int width = 0;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            width += Math.max(0, WCWidth.wcwidth(c));
            i += Character.charCount(c);
        }
        return width;
    }

    /** The text on as many lines as it needs, broken between words, and inside of one that is longer than a line. */
    static List<String> wrapped(String text, int columns) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        int used = 0;
        Matcher words = WORD.matcher(text);
        while (words.find()) {
            String word = words.group();
            int width = width(word);
            if (used + width > columns && used > 0) {
                lines.add(line.toString().stripTrailing());
                line.setLength(0);
                used = 0;
            }
            if (used == 0 && word.isBlank() && !lines.isEmpty()) {
                continue;
            }
            while (width > columns) {
                int end = fitting(word, columns);
                lines.add(word.substring(0, end));
                word = word.substring(end);
                width = width(word);
            }
            line.append(word);
            used += width;
        }
        if (line.length() > 0 || lines.isEmpty()) {
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    /** How many UTF-16 units fit, with the marks that belong to the last character; one character at least. */
    private static int fitting(String word, int columns) {
        int width = 0;
        int end = 0;
        while (end < word.length()) {
            int c = word.codePointAt(end);
            int more = Math.max(0, WCWidth.wcwidth(c));
            if (width + more > columns && end > 0) {
                break;
            }
            width += more;
            end += Character.charCount(c);
        }
        return end;
    }
}
