package io.pairingbridge.monitor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/** The files of the operator's page, read once from the program itself: nothing else can be asked for. */
final class ConsoleFiles {
  private static final String OWN = "/io/pairingbridge/console/";
  private static final String CHARTS = "/META-INF/resources/webjars/chart.js/4.4.9/dist/chart.umd.js";

  /** A file and its kind. */
  record File(String contentType, byte[] content) {}

  private static final Map<String, File> FILES = Map.of(
      "", own("index.html", "text/html; charset=utf-8"),
      "console.css", own("console.css", "text/css; charset=utf-8"),
      "console.js", own("console.js", "text/javascript; charset=utf-8"),
      "icon.svg", own("icon.svg", "image/svg+xml"),
      "chart.js", new File("text/javascript; charset=utf-8", read(CHARTS)));

  private ConsoleFiles() {}

  /** @return null if there is no file of this name */
  static File get(String name) {
    return FILES.get(name);
  }

  private static File own(String name, String contentType) {
    return new File(contentType, read(OWN + name));
  }

  private static byte[] read(String resource) {
    try (InputStream in = ConsoleFiles.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the program lacks its file " + resource);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
