package io.pairingbridge.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The report says what the figures say, and every run in it kept every promise. With {@code -Devidence.write=true} the
 * report is written first.
 */
class EvidenceReportTest {
    @Test
    void reportIsMadeFromTheFigures() throws Exception {
        if (Boolean.getBoolean("evidence.write")) {
            Files.writeString(EvidenceReport.REPORT, EvidenceReport.generate());
        }
        assertThat(Files.readString(EvidenceReport.REPORT)).isEqualTo(EvidenceReport.generate());
    }

    @Test
    void everyMistakeIsInTheReport() throws Exception {
        List<String> told = new ArrayList<>();
        new ObjectMapper()
                .readTree(Path.of("docs/reports/evidence/mistakes.json").toFile())
                .forEach(mistake -> {
                    told.add(mistake.path("id").asText() + ".patch");
                    assertThat(mistake.path("goesRed"))
                            .as("what went red for " + mistake.path("id"))
                            .isNotEmpty();
                });
        try (Stream<Path> patches = Files.list(Path.of("src/test/mistakes"))) {
            assertThat(told)
                    .containsExactlyElementsOf(patches.map(p -> p.getFileName().toString())
                            .filter(p -> p.endsWith(".patch"))
                            .sorted()
                            .toList());
        }
    }

    @Test
    void everyRunKeptEveryPromise() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("docs/reports/evidence/soak"))) {
            List<Path> runs = files.toList();
            assertThat(runs).isNotEmpty();
            for (Path run : runs) {
                JsonNode figures = new ObjectMapper().readTree(run.toFile());
                assertThat(figures.path("broken")).as(run.toString()).isEmpty();
                assertThat(figures.path("counts").path("jobs").asLong())
                        .as(run.toString())
                        .isPositive();
            }
        }
    }
}
