package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.PairingBridge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.ParameterException;

/** Every command with options that a document tells people to type is one that the program understands. */
class DocumentedCommandsTest {
    /**
     * In a code span, on a line of a block, or behind another command; to where the shell would end it. The first word
     * is a command.
     */
    private static final Pattern COMMAND = Pattern.compile(
            "(?:bin/|/)?pairing-bridge(?= +(?!pairing-)[a-z-]*[a-z](?![^ ]*[/.]))(?! +-)((?: +(?:\"[^\"]*\"|'[^']*'|[^\\s`'\"|;()&<>#\\\\]+))+)");

    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

    @Test
    void areUnderstood() throws IOException {
        Set<String> commands = new LinkedHashSet<>();
        for (Path document : documents()) {
            for (String code : code(Files.readString(document))) {
                Matcher command = COMMAND.matcher(code);
                while (command.find()) {
                    commands.add(command.group(1).strip());
                }
                if (isBare(code)) {
                    commands.add(code);
                }
            }
        }
        assertThat(commands)
                .hasSizeGreaterThan(30)
                .contains("status --watch", "submit --file estate.csv --dry-run", "replay --all --dry-run");
        assertThat(commands)
                .allSatisfy(command ->
                        assertThatCode(() -> parse(command)).as(command).doesNotThrowAnyException());
    }

    @Test
    void notices() {
        assertThatThrownBy(() -> parse("submit --file estate.csv --dryrun")).isInstanceOf(ParameterException.class);
        assertThatThrownBy(() -> parse("statsu")).isInstanceOf(ParameterException.class);
    }

    /** A command with options without the program's name before it, as running text has it. */
    private static boolean isBare(String code) {
        return code.contains(" -")
                && PairingBridge.commands().getSubcommands().containsKey(code.replaceFirst(" .*", ""));
    }

    private static void parse(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(command);
        while (word.find()) {
            words.add(word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group(3));
        }
        PairingBridge.commands().parseArgs(words.toArray(String[]::new));
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents =
                new ArrayList<>(List.of(Path.of("README.md"), Path.of("SECURITY.md"), Path.of("CONTRIBUTING.md")));
        try (Stream<Path> files = Files.walk(Path.of("docs"))) {
            files.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
        }
        return documents;
    }

    /** The lines of fenced blocks, and what stands between single back quotes. */
    private static List<String> code(String document) {
        List<String> code = new ArrayList<>();
        Matcher blocks = Pattern.compile("(?s)```.*?\\n(.*?)```").matcher(document);
        while (blocks.find()) {
            blocks.group(1).lines().forEach(code::add);
        }
        Matcher spans = Pattern.compile("`([^`\\n]+)`").matcher(blocks.replaceAll(""));
        while (spans.find()) {
            code.add(spans.group(1));
        }
        return code;
    }
}
