package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whoever is called at night finds a section for what the letter says. */
class OperationsPageTest {
  private static final Pattern REASON = Pattern.compile("\"([A-Z]+(?:_[A-Z]+)+|REFUSED|SCHEMA|ENCODING|PROPERTY)\"");

  @Test
  void hasSomethingToSayOfEachReasonThatTheCodeGives() throws IOException {
    Set<String> reasons = new TreeSet<>();
    for (String stage : new String[] {"intake", "journal", "delivery", "job"}) {
      try (Stream<Path> files = Files.list(Path.of("src/main/java/io/pairingbridge", stage))) {
        for (Path file : (Iterable<Path>) files::iterator) {
          Matcher reason = REASON.matcher(Files.readString(file));
          while (reason.find()) {
            reasons.add(reason.group(1));
          }
        }
      }
    }
    assertThat(reasons).contains("ANSWER_LOST", "REFUSED", "NOT_JSON");
    String page = Files.readString(Path.of("docs/operations.md"));
    String endings = page.substring(page.indexOf("## Bad endings"), page.indexOf("## The intake is closed"));
    assertThat(reasons).allSatisfy(reason -> assertThat(endings).contains("`" + reason + "`"));
  }
}
