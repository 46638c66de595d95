package io.pairingbridge.cli;

import io.pairingbridge.cli.Screen.Colour;
import io.pairingbridge.text.Text;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A table for people. As wide as the screen: cells that are too long go on below themselves, sentences stand below
 * their row, and no line is longer than the screen is wide, nor anything left out but what only the wide form has. In
 * that one each row is one line, however long.
 */
final class Table {
    private static final String GAP = "  ";
    private static final String INDENT = "  ";
    private static final int NARROWEST = 6;
    /** A time takes so much, and is not broken for an id's sake. */
    private static final int NARROW = 16;

    private enum Place {
        BESIDE,
        WIDE,
        BELOW
    }

    private record Column(String name, Place place) {}

    private final List<Column> columns = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    Table(String... names) {
        Arrays.stream(names).forEach(name -> columns.add(new Column(name, Place.BESIDE)));
    }

    /** A column that only the wide form has. */
    Table wide(String name) {
        columns.add(new Column(name, Place.WIDE));
        return this;
    }

    /** A column of sentences, which stand below their row. */
    Table below(String name) {
        columns.add(new Column(name, Place.BELOW));
        return this;
    }

    /** @param cells one for each column, in the order in which they were made; null for an empty one */
    void row(Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        }
        rows.add(Arrays.stream(cells)
                .map(cell -> cell == null ? "" : Text.line(cell.toString()))
                .toList());
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The lines to print. */
    List<String> lines(boolean wide, int width) {
        List<Integer> shown = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            if (wide || columns.get(i).place() == Place.BESIDE) {
                shown.add(i);
            }
        }
        int[] widths = shown.stream().mapToInt(this::natural).toArray();
        if (!wide) {
            shrink(widths, width - GAP.length() * (widths.length - 1));
        }
        List<String> lines = new ArrayList<>();
        if (columns.stream().anyMatch(column -> !column.name().isEmpty())) {
            lines.addAll(row(shown.stream().map(i -> columns.get(i).name()).toList(), widths, true));
        }
        for (List<String> row : rows) {
            lines.addAll(row(shown.stream().map(row::get).toList(), widths, false));
            for (int i = 0; i < columns.size() && !wide; i++) {
                if (columns.get(i).place() == Place.BELOW && !row.get(i).isEmpty()) {
                    Screen.wrapped(row.get(i), width - INDENT.length()).forEach(line -> lines.add(INDENT + line));
                }
            }
        }
        return lines;
    }

    private int natural(int column) {
        return Math.max(
                Screen.width(columns.get(column).name()),
                rows.stream()
                        .mapToInt(row -> Screen.width(row.get(column)))
                        .max()
                        .orElse(0));
    }

    /**
     * Takes from the widest column until all of them fit; from the first one, which is what people copy, only if the
     * others are narrow.
     */
    private static void shrink(int[] widths, int room) {
        while (Arrays.stream(widths).sum() > room) {
            int widest = widest(widths, 1);
            if (widest < 0 || widths[widest] <= NARROW) {
                widest = widest(widths, 0);
            }
            if (widths[widest] <= NARROWEST) {
                return;
            }
            widths[widest]--;
        }
    }

    /** Among those from this one on; -1 if there are none. */
    private static int widest(int[] widths, int from) {
        int widest = -1;
        for (int i = from; i < widths.length; i++) {
            widest = widest < 0 || widths[i] >= widths[widest] ? i : widest;
        }
        return widest;
    }

    private static List<String> row(List<String> cells, int[] widths, boolean head) {
        List<List<String>> wrapped = new ArrayList<>();
        int height = 1;
        for (int i = 0; i < cells.size(); i++) {
            wrapped.add(Screen.wrapped(cells.get(i), widths[i]));
            height = Math.max(height, wrapped.get(i).size());
        }
        List<String> lines = new ArrayList<>();
        for (int line = 0; line < height; line++) {
            StringBuilder text = new StringBuilder();
            int gap = 0;
            for (int i = 0; i < cells.size(); i++) {
                String part = line < wrapped.get(i).size() ? wrapped.get(i).get(line) : "";
                if (!part.isEmpty()) {
                    text.append(" ".repeat(gap))
                            .append(Screen.coloured(part, head ? Colour.BOLD : Colour.of(cells.get(i))));
                    gap = 0;
                }
                gap += widths[i] - Screen.width(part) + GAP.length();
            }
            lines.add(text.toString());
        }
        return lines;
    }

    @Override
    public String toString() {
        return lines(false, Screen.width()).stream().collect(Collectors.joining(System.lineSeparator()));
    }
}
