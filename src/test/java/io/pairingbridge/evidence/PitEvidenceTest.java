package io.pairingbridge.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PitEvidenceTest {
    private static final String REASON = """
      {"type": "job.Attempt", "method": "seconds (lambda)", "mutator": "MathMutator", "mutation": "minus to plus",
       "times": 1, "why": "because"}""";

    @TempDir
    private Path folder;

    private static String mutant(String status, int line) {
        return """
        <mutation detected='%s' status='%s'><sourceFile>Attempt.java</sourceFile>
        <mutatedClass>io.pairingbridge.job.Attempt</mutatedClass><mutatedMethod>lambda$seconds$3</mutatedMethod>
        <methodDescription>()D</methodDescription><lineNumber>%d</lineNumber>
        <mutator>org.pitest.mutationtest.engine.gregor.mutators.MathMutator</mutator><killingTest/>
        <description>minus to plus</description></mutation>""".formatted(status.equals("KILLED"), status, line);
    }

    private JsonNode evidence(String mutants, String reasons) throws Exception {
        Path report = Files.writeString(folder.resolve("mutations.xml"), "<mutations>" + mutants + "</mutations>");
        Path why = Files.writeString(folder.resolve("equivalent.json"), "[" + reasons + "]");
        Path evidence = folder.resolve("evidence/pit.json");
        PitEvidence.main(new String[] {report.toString(), why.toString(), evidence.toString()});
        return new ObjectMapper().readTree(evidence.toFile());
    }

    @Test
    void countsWhatWasFoundAndSaysWhyTheRestIsHarmless() throws Exception {
        JsonNode evidence = evidence(mutant("KILLED", 1) + mutant("TIMED_OUT", 2) + mutant("SURVIVED", 3), REASON);
        assertThat(evidence.at("/classes/0"))
                .isEqualTo(
                        new ObjectMapper()
                                .readTree(
                                        "{\"class\": \"job.Attempt\", \"mutants\": 3, \"killed\": 2, \"survived\": 1, \"noCoverage\": 0}"));
        assertThat(evidence.at("/survivors/0")).isEqualTo(new ObjectMapper().readTree("""
        {"class": "job.Attempt", "method": "seconds (lambda)", "line": 3, "mutation": "minus to plus", "why": "because"}"""));
    }

    @Test
    void failsIfAMutantIsLeftThatNobodyExplained() throws IOException {
        for (String status : new String[] {"SURVIVED", "NO_COVERAGE"}) {
            assertThatThrownBy(() -> evidence(mutant(status, 3), ""))
                    .hasMessageContaining("1 at [3], with a reason for 0");
        }
        assertThatThrownBy(() -> evidence(mutant("SURVIVED", 3) + mutant("SURVIVED", 4), REASON))
                .as("a second one of the kind")
                .hasMessageContaining("2 at [3, 4], with a reason for 1");
        assertThat(folder.resolve("evidence")).doesNotExist();
    }

    @Test
    void failsIfAReasonIsEmptyOrOfNoUseAnyMore() {
        assertThatThrownBy(() -> evidence(mutant("KILLED", 3), REASON)).hasMessageContaining("no such mutant is left");
        assertThatThrownBy(() -> evidence(mutant("SURVIVED", 3), REASON.replace("because", " ")))
                .hasMessageContaining("empty or given twice");
        assertThatThrownBy(() -> evidence("", "")).hasMessageContaining("names no mutant");
    }
}
