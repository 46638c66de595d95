import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Reads Surefire's reports for {@code run}: {@code <folder> --green <tests>} is content if each named test ran and passed,
 * {@code --red <tests>} if one of them failed, and {@code --json <id> <mistake> <consequence> <seconds>} writes a result.
 * A skipped test proves nothing, and neither does one that met a class or method that is not there any more.
 */
public final class Reports {
  /** The runs of a test method; {@code name} is empty where a class failed as a whole, before its first test. */
  private static final class Method {
    private int runs;
    private int failures;
    private int skipped;
  }

  private final Map<String, Method> methods = new LinkedHashMap<>();
  private final Map<String, Integer> testsByClass = new LinkedHashMap<>();

  public static void main(String[] args) throws Exception {
    Reports reports = new Reports();
    Path folder = Path.of(args[0]);
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "TEST-*.xml")) {
        for (Path file : files) {
          reports.read(file);
        }
      }
    }
    boolean content = switch (args[1]) {
      case "--green" -> reports.green(args[2].split(","));
      case "--red" -> reports.red(args[2].split(","));
      case "--json" -> reports.json(args[2], args[3], args[4], args[5]);
      default -> throw new IllegalArgumentException(args[1]);
    };
    System.exit(content ? 0 : 1);
  }

  private void read(Path file) throws Exception {
    NodeList cases = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile())
        .getElementsByTagName("testcase");
    for (int i = 0; i < cases.getLength(); i++) {
      Element test = (Element) cases.item(i);
      String type = test.getAttribute("classname").replaceAll(".*\\.", "");
      String name = test.getAttribute("name").replaceAll("[(\\[{].*", "");
      boolean whole = name.isEmpty() || name.equals(type);
      Method method = methods.computeIfAbsent(whole ? type : type + "." + name, n -> new Method());
      method.runs++;
      method.skipped += test.getElementsByTagName("skipped").getLength();
      method.failures += failed(test, "failure") || failed(test, "error") ? 1 : 0;
      testsByClass.merge(type, 1, Integer::sum);
    }
  }

  private static boolean failed(Element test, String how) {
    NodeList failures = test.getElementsByTagName(how);
    return failures.getLength() > 0 && !((Element) failures.item(0)).getAttribute("type")
        .matches("java\\.lang\\.(NoSuch\\w+Error|NoClassDefFoundError|AbstractMethodError|IncompatibleClassChangeError)");
  }

  /** {@code Class#method} or {@code Class}, as Surefire takes them; a method may end in {@code *}. */
  private boolean named(String test, String method) {
    String pattern = test.replace('#', '.').replace(".", "\\.").replace("*", ".*");
    return method.matches(pattern + (test.contains("#") ? "" : "(\\..*)?")) || method.equals(test.replaceAll("#.*", ""));
  }

  private boolean green(String[] tests) {
    boolean green = true;
    for (String test : tests) {
      List<Method> mine = methods.entrySet().stream().filter(m -> named(test, m.getKey())).map(Map.Entry::getValue).toList();
      String problem = mine.isEmpty() ? "was not run" : mine.stream().anyMatch(m -> m.failures > 0) ? "fails"
          : mine.stream().anyMatch(m -> m.skipped == m.runs) ? "was skipped" : null;
      if (problem != null) {
        System.err.println(test + " " + problem);
        green = false;
      }
    }
    return green;
  }

  private boolean red(String[] tests) {
    List<String> red = failures().entrySet().stream()
        .filter(f -> List.of(tests).stream().anyMatch(test -> named(test, f.getKey())))
        .map(f -> f.getKey() + " (" + f.getValue().failures + " of " + f.getValue().runs + ")").toList();
    System.out.println(red.isEmpty() ? "nobody noticed; run were " + testsByClass : String.join("\n", red));
    return !red.isEmpty();
  }

  private Map<String, Method> failures() {
    return methods.entrySet().stream().filter(m -> m.getValue().failures > 0)
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
  }

  private boolean json(String id, String mistake, String consequence, String seconds) throws IOException {
    List<String> fields = new ArrayList<>();
    fields.add("\"id\": " + text(id));
    fields.add("\"mistake\": " + text(mistake));
    fields.add("\"consequence\": " + text(consequence));
    fields.add("\"goesRed\": " + failures().keySet().stream().sorted().map(Reports::text)
        .collect(Collectors.joining(", ", "[", "]")));
    fields.add("\"seconds\": " + seconds);
    System.out.println("{" + String.join(", ", fields) + "}");
    return true;
  }

  private static String text(String value) {
    return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\s+", " ").trim() + "\"";
  }
}
