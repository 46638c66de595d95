package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Whoever is called at night finds a section for what the alert or the letter says, and in it each of the four answers.
 */
class OperationsPageTest {
    private static final Pattern REASON = Pattern.compile("\"([A-Z]+(?:_[A-Z]+)+|REFUSED|SCHEMA|ENCODING|PROPERTY)\"");
    private static final List<String> ANSWERS = List.of("Means", "Look at", "Do", "Do not");

    @Test
    void answersFourQuestionsForEachReasonThatTheCodeGives() throws IOException {
        Set<String> reasons = new TreeSet<>();
        for (String stage : new String[] {"batch", "endpoint", "intake", "journal", "delivery", "job"}) {
            try (Stream<Path> files = Files.walk(Path.of("src/main/java/io/pairingbridge", stage))) {
                for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                    reasons.addAll(all(REASON, Files.readString(file)));
                }
            }
        }
        assertThat(reasons).contains("ANSWER_LOST", "REFUSED", "NOT_JSON", "ROW_REFUSED");
        assertThat(lacking(reasons, "## Bad endings", "`%s`")).isEmpty();
    }

    @Test
    void answersFourQuestionsForEachAlert() throws IOException {
        List<String> alerts =
                all(Pattern.compile("alert: (\\w+)"), Files.readString(Path.of("docker/prometheus/rules.yml")));
        assertThat(alerts).contains("PairingBridgeDown", "PairingKeyOld");
        assertThat(lacking(alerts, "## Alerts", "### %s\n")).isEmpty();
    }

    /**
     * What is missing, all at once: a section that names each of these, with each of the answers in a line of its own.
     */
    private static List<String> lacking(Iterable<String> names, String chapter, String mark) throws IOException {
        String page = Files.readString(Path.of("docs/operate/runbook.md"));
        int begins = page.indexOf("\n" + chapter + "\n");
        List<String> sections = List.of(
                page.substring(begins, page.indexOf("\n## ", begins + 1)).split("(?m)^(?=### )"));
        List<String> lacking = new ArrayList<>();
        for (String name : names) {
            String section = sections.stream()
                    .skip(1)
                    .filter(s -> s.contains(mark.formatted(name)))
                    .findFirst()
                    .orElse(null);
            if (section == null) {
                lacking.add(name + " has no section");
            } else {
                ANSWERS.stream()
                        .filter(answer -> !Pattern.compile("(?m)^- \\*\\*" + answer + "\\*\\* \\S.{10,}")
                                .matcher(section)
                                .find())
                        .forEach(answer -> lacking.add(name + " lacks **" + answer + "**"));
            }
        }
        return lacking;
    }

    private static List<String> all(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(result -> result.group(1)).toList();
    }
}
