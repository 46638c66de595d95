package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a machine can check of the documents: links, headings, lines, and that a program names no page that is gone. */
class DocumentsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.+?) *#*");
    private static final Pattern PAGE = Pattern.compile("\\bdocs/[A-Za-z0-9/_.-]+\\.(?:md|java|csv|py|png|svg)\\b");
    private static final int WIDEST = 100;

    @Test
    void everyLinkLeadsToAFileAndItsHeading() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path document : documents()) {
            for (String target : matches(LINK, prose(Files.readString(document)), 1)) {
                if (target.matches("[a-z]+:.*")) {
                    continue;
                }
                links++;
                String file = target.replaceFirst("#.*", "");
                String heading = target.contains("#") ? target.substring(target.indexOf('#') + 1) : "";
                Path parent = document.toAbsolutePath().getParent();
                Path linked = file.isEmpty()
                        ? document.toAbsolutePath()
                        : parent.resolve(file).normalize();
                if (!Files.exists(linked)) {
                    broken.add(document + ": no file " + target);
                } else if (!heading.isEmpty()
                        && !anchors(Files.readString(linked)).contains(heading)) {
                    broken.add(document + ": no heading " + target);
                }
            }
        }
        assertThat(links).isGreaterThan(100);
        assertThat(broken).isEmpty();
    }

    @Test
    void everyPageThatAProgramNamesIsThere() throws IOException {
        Set<String> gone = new TreeSet<>();
        int names = 0;
        for (String folder : List.of("src", "config", "docker", "routes", ".ci", "docs", "pom.xml")) {
            for (Path file : files(Path.of(folder), "")) {
                String text;
                try {
                    text = Files.readString(file);
                } catch (MalformedInputException picture) {
                    continue;
                }
                for (String page : matches(PAGE, text, 0)) {
                    names++;
                    if (!Files.exists(Path.of(page))) {
                        gone.add(file + " names " + page);
                    }
                }
            }
        }
        assertThat(names).isGreaterThan(30);
        assertThat(gone).isEmpty();
    }

    /** Tables, pictures and addresses cannot be broken. */
    @Test
    void linesFitAScreen() throws IOException {
        List<String> wide = new ArrayList<>();
        for (Path document : documents()) {
            List<String> lines = Files.readAllLines(document);
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                if (line.length() > WIDEST && !line.matches("\\s*(\\||!\\[).*|.*https?://.*")) {
                    wide.add(document + ":" + (i + 1) + " has " + line.length());
                }
            }
        }
        assertThat(wide).isEmpty();
    }

    @Test
    void everyMistakeThatIsMadeOnPurposeIsOnTheListOfThoseEasyToMake() throws IOException {
        Set<String> listed = new HashSet<>();
        for (String line : Files.readAllLines(Path.of("docs/design/easy-to-get-wrong.md"))) {
            if (line.startsWith("|")) {
                listed.addAll(matches(Pattern.compile("\\b\\d{2}\\b"), line, 0));
            }
        }
        assertThat(files(Path.of("src/test/mistakes"), ".patch"))
                .isNotEmpty()
                .allSatisfy(patch -> assertThat(listed)
                        .contains(patch.getFileName().toString().substring(0, 2)));
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        try (Stream<Path> top = Files.list(Path.of("."))) {
            top.map(Path::normalize)
                    .filter(file -> file.toString().endsWith(".md"))
                    .forEach(documents::add);
        }
        for (String folder : List.of("docs", "config", ".github")) {
            if (Files.isDirectory(Path.of(folder))) {
                documents.addAll(files(Path.of(folder), ".md"));
            }
        }
        assertThat(documents).contains(Path.of("README.md"), Path.of("docs/operate/runbook.md"));
        return documents;
    }

    private static List<Path> files(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> file.toString().endsWith(ending))
                    .sorted()
                    .toList();
        }
    }

    /** Without fenced blocks and code spans: what stands there is no link. */
    private static String prose(String document) {
        return document.replaceAll("(?ms)^ *```.*?^ *```", "").replaceAll("`[^`\\n]*`", "");
    }

    /** As the usual forges make them of headings: a second one of a text ends in -1. */
    private static Set<String> anchors(String document) {
        Map<String, Integer> seen = new HashMap<>();
        Set<String> anchors = new HashSet<>();
        String text = document.replaceAll("(?ms)^ *```.*?^ *```", "");
        text.lines()
                .map(HEADING::matcher)
                .filter(Matcher::matches)
                .map(heading -> heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .forEach(anchor -> {
                    int times = seen.merge(anchor, 1, Integer::sum);
                    anchors.add(times == 1 ? anchor : anchor + "-" + (times - 1));
                });
        return anchors;
    }

    private static List<String> matches(Pattern pattern, String text, int group) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult found) -> found.group(group))
                .toList();
    }
}
