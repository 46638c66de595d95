package io.pairingbridge.evidence;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Turns the report of the mutation tests into {@code docs/reports/evidence/pit.json}: how many mutants each class had,
 * and why the ones that no test goes red for are harmless.
 *
 * <p>The reasons are kept by hand, see {@link Reason}. A mutant without one fails the build, and so does a reason for
 * which there is no such mutant any more, or more of them than it speaks of.
 */
public final class PitEvidence {
    private static final ObjectMapper JSON = new JsonMapper();

    private PitEvidence() {}

    /**
     * Why some mutants may survive.
     *
     * @param mutator as the report names it, without its package
     * @param mutation the report's words for the change
     * @param times how many mutants in that method this speaks of
     */
    record Reason(String type, String method, String mutator, String mutation, int times, String why) {
        String key() {
            return type + "." + method + ": " + mutation + " (" + mutator + ")";
        }
    }

    /** One change of the code, and what the tests said of it. */
    record Mutant(String type, String method, int line, String mutator, String mutation, String status) {
        boolean survived() {
            return status.equals("SURVIVED");
        }

        boolean uncovered() {
            return status.equals("NO_COVERAGE");
        }

        String key() {
            return type + "." + method + ": " + mutation + " (" + mutator + ")";
        }
    }

    /** @param args the report {@code mutations.xml}, the file of reasons, and the file to write */
    public static void main(String[] args) throws Exception {
        List<Mutant> mutants = mutants(Path.of(args[0]));
        List<Reason> reasons = JSON.readValue(Path.of(args[1]).toFile(), new TypeReference<>() {});
        List<String> faults = faults(mutants, reasons);
        if (!faults.isEmpty()) {
            throw new IllegalStateException("Mutants and " + args[1] + " do not agree:\n" + String.join("\n", faults));
        }
        Path evidence = Path.of(args[2]);
        Files.createDirectories(evidence.toAbsolutePath().getParent());
        Files.writeString(evidence, evidence(mutants, reasons));
    }

    static List<Mutant> mutants(Path report) throws Exception {
        NodeList found = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(report.toFile())
                .getElementsByTagName("mutation");
        List<Mutant> mutants = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            Element mutation = (Element) found.item(i);
            String mutator = text(mutation, "mutator");
            mutants.add(new Mutant(
                    text(mutation, "mutatedClass").replaceFirst("^io\\.pairingbridge\\.", ""),
                    // A lambda is named after its method; the number that the compiler gives it moves with the code
                    // around it.
                    text(mutation, "mutatedMethod").replaceFirst("^lambda\\$(.+)\\$\\d+$", "$1 (lambda)"),
                    Integer.parseInt(text(mutation, "lineNumber")),
                    mutator.substring(mutator.lastIndexOf('.') + 1),
                    text(mutation, "description"),
                    mutation.getAttribute("status")));
        }
        mutants.sort(
                Comparator.comparing(Mutant::type).thenComparing(Mutant::line).thenComparing(Mutant::key));
        return mutants;
    }

    private static String text(Element mutation, String field) {
        return mutation.getElementsByTagName(field).item(0).getTextContent();
    }

    static List<String> faults(List<Mutant> mutants, List<Reason> reasons) {
        List<String> faults = new ArrayList<>();
        if (mutants.isEmpty()) {
            faults.add("the report names no mutant");
        }
        Map<String, Integer> explained = new TreeMap<>();
        for (Reason reason : reasons) {
            if (reason.why() == null || reason.why().isBlank() || explained.put(reason.key(), reason.times()) != null) {
                faults.add("empty or given twice: the reason for " + reason.key());
            }
        }
        Map<String, List<Mutant>> left = mutants.stream()
                .filter(mutant -> mutant.survived() || mutant.uncovered())
                .collect(Collectors.groupingBy(Mutant::key, TreeMap::new, Collectors.toList()));
        left.forEach((key, alive) -> {
            Integer times = explained.remove(key);
            if (times == null || times != alive.size()) {
                faults.add(
                        alive.size() + " at " + alive.stream().map(Mutant::line).toList() + ", with a reason for "
                                + (times == null ? 0 : times) + ": " + key);
            }
        });
        explained.keySet().forEach(key -> faults.add("a reason, and no such mutant is left: " + key));
        return faults;
    }

    private static String evidence(List<Mutant> mutants, List<Reason> reasons) throws IOException {
        Map<String, String> why = reasons.stream().collect(Collectors.toMap(Reason::key, Reason::why));
        Map<String, List<Mutant>> byType =
                mutants.stream().collect(Collectors.groupingBy(Mutant::type, TreeMap::new, Collectors.toList()));
        List<String> types = new ArrayList<>();
        byType.forEach((type, all) -> types.add(counts("class", type, all)));
        List<String> survivors = mutants.stream()
                .filter(mutant -> mutant.survived() || mutant.uncovered())
                .map(mutant -> {
                    Map<String, Object> survivor = new LinkedHashMap<>();
                    survivor.put("class", mutant.type());
                    survivor.put("method", mutant.method());
                    survivor.put("line", mutant.line());
                    survivor.put("mutation", mutant.mutation());
                    survivor.put("why", why.get(mutant.key()));
                    return line(survivor);
                })
                .toList();
        List<String> mutators = mutants.stream()
                .map(Mutant::mutator)
                .distinct()
                .sorted()
                .map(PitEvidence::line)
                .toList();
        return "{\n\"mutators\": " + lines(mutators) + ",\n\"total\": " + counts("class", "all", mutants)
                + ",\n\"classes\": " + lines(types) + ",\n\"survivors\": " + lines(survivors) + "\n}\n";
    }

    private static String counts(String field, String name, List<Mutant> mutants) {
        long survived = mutants.stream().filter(Mutant::survived).count();
        long uncovered = mutants.stream().filter(Mutant::uncovered).count();
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put(field, name);
        counts.put("mutants", mutants.size());
        counts.put("killed", mutants.size() - survived - uncovered);
        counts.put("survived", survived);
        counts.put("noCoverage", uncovered);
        return line(counts);
    }

    private static String lines(List<String> values) {
        return values.isEmpty() ? "[]" : values.stream().collect(Collectors.joining(",\n  ", "[\n  ", "\n]"));
    }

    private static String line(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts and numbers that are no JSON", e);
        }
    }
}
