package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.text.Text;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of every command that has a result: in which form it is printed. */
final class Output {
    private static final List<String> FORMATS = List.of("table", "wide", "json");

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            converter = Formats.class,
            completionCandidates = Formats.class,
            description = "table, which fits the terminal; wide, a line for each row with all there is; or json")
    private String format;

    @Option(names = "--json", description = "the same as -o json")
    private boolean json;

    /** The names of the forms. */
    static final class Formats implements ITypeConverter<String>, Iterable<String> {
        @Override
        public String convert(String value) {
            String format = value.toLowerCase(Locale.ROOT);
            if (!FORMATS.contains(format)) {
                throw new TypeConversionException("must be " + String.join(", ", FORMATS.subList(0, 2)) + " or json");
            }
            return format;
        }

        @Override
        public Iterator<String> iterator() {
            return FORMATS.iterator();
        }
    }

    boolean json() {
        return json || "json".equals(format);
    }

    boolean wide() {
        return "wide".equals(format);
    }

    /** Prints the table for people, or the JSON for programs. */
    void print(Table table, JsonNode tree) {
        if (json()) {
            print(tree);
        } else {
            print(table);
        }
    }

    void print(Table table) {
        table.lines(wide(), Screen.width()).forEach(System.out::println);
    }

    /** What was done: a sentence for people, an object for programs. */
    void done(JsonNode tree, String sentence) {
        if (json()) {
            print(tree);
        } else {
            Screen.print(sentence);
        }
    }

    /** One line of JSON. */
    static void print(JsonNode tree) {
        System.out.println(Text.line(tree.toString()));
    }
}
