import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;

/**
 * Adds to an SBOM (CycloneDX) what lies inside the jars that it lists, since no tool that reads POMs can know of it: each
 * becomes a component nested in that of its jar. Run by the build, from source, between the SBOM and the bundle.
 *
 * <p>Arguments: the SBOM, which is written anew, and shaded.json. Ends with an error if a jar of shaded.json is not in the SBOM.
 */
final class AddShaded {
  private static final ObjectMapper JSON = new ObjectMapper();

  private AddShaded() {}

  public static void main(String[] arguments) throws IOException {
    File sbomFile = new File(arguments[0]);
    if (!sbomFile.exists()) {
      System.err.println("No SBOM was made, so nothing is added to it: " + sbomFile); // the bundle says the rest
      return;
    }
    ObjectNode sbom = (ObjectNode) JSON.readTree(sbomFile);
    JsonNode shaded = JSON.readTree(new File(arguments[1])).path("shaded");
    Set<String> missing = new TreeSet<>();
    shaded.fieldNames().forEachRemaining(missing::add);
    for (JsonNode component : sbom.path("components")) {
      String jar = component.path("group").asText() + ":" + component.path("name").asText();
      if (missing.remove(jar)) {
        ArrayNode nested = ((ObjectNode) component).putArray("components"); // in place of what an earlier run added
        shaded.path(jar).forEach(part -> add(nested, component.path("bom-ref").asText(), part));
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException("shaded.json names jars that are not in the bundle: " + missing + "; remove them there");
    }
    JSON.writerWithDefaultPrettyPrinter().writeValue(sbomFile, sbom);
  }

  private static void add(ArrayNode nested, String jar, JsonNode part) {
    ObjectNode component = nested.addObject().put("type", "library");
    component.put("bom-ref", part.path("purl").asText() + "#in-" + jar); // the same library may lie in two jars
    for (String field : new String[] {"group", "name", "version"}) {
      if (part.has(field)) {
        component.put(field, part.path(field).asText());
      }
    }
    String licence = part.path("license").asText();
    ObjectNode entry = component.putArray("licenses").addObject();
    if (licence.startsWith("LicenseRef-")) {
      entry.putObject("license").put("name", licence.substring("LicenseRef-".length()));
    } else {
      entry.putObject("license").put("id", licence);
    }
    component.put("purl", part.path("purl").asText());
    ArrayNode properties = component.putArray("properties");
    part.path("inside").forEach(folder -> properties.addObject().put("name", "io.pairingbridge:inside").put("value", folder.asText()));
    if (part.has("note")) {
      properties.addObject().put("name", "io.pairingbridge:note").put("value", part.path("note").asText());
    }
  }
}
