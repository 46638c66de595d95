package io.pairingbridge.cli;

import io.pairingbridge.cli.Screen.Colour;
import io.pairingbridge.text.Text;
import java.util.ArrayList;
import java.util.List;

/**
 * One line of {@code check}.
 *
 * @param subject what was looked at
 * @param text what was found
 * @param remedy what to do about it; empty if all is well
 */
record CheckResult(Level level, String subject, String text, String remedy) {
    private static final int LEVEL = 4;
    private static final int INDENT = 6;
    private static final int ROOM = 20;

    /** FAIL: the bridge would not start, or would lose or leak something. WARN: a person should look. */
    enum Level {
        OK,
        WARN,
        FAIL
    }

    static CheckResult ok(String subject, String text) {
        return new CheckResult(Level.OK, subject, text, "");
    }

    static CheckResult warn(String subject, String text, String remedy) {
        return new CheckResult(Level.WARN, subject, text, remedy);
    }

    static CheckResult fail(String subject, String text, String remedy) {
        return new CheckResult(Level.FAIL, subject, text, remedy);
    }

    /** As people read it: what was found beside its subject, and below it what to do. */
    List<String> lines(int width) {
        String head = String.format("%-4s  %-20s  ", level, subject);
        List<String> lines = new ArrayList<>();
        for (String line : Screen.wrapped(Text.line(text), Math.max(width - head.length(), ROOM))) {
            lines.add(
                    lines.isEmpty()
                            ? Screen.coloured(head.substring(0, LEVEL), Colour.of(level.name()))
                                    + head.substring(LEVEL)
                                    + line
                            : " ".repeat(head.length()) + line);
        }
        if (!remedy.isEmpty()) {
            Screen.wrapped("-> " + Text.line(remedy), Math.max(width - INDENT, ROOM))
                    .forEach(line -> lines.add(" ".repeat(INDENT) + line));
        }
        return lines;
    }
}
