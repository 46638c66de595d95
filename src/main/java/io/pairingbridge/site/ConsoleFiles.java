package io.pairingbridge.site;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The files of the operator's page, read once from the program itself: nothing else can be asked for. */
final class ConsoleFiles {
    private static final String OWN = "/io/pairingbridge/console/";
    private static final String CHARTS = "/META-INF/resources/webjars/chart.js/4.4.9/dist/chart.umd.js";

    /** A file and its kind. */
    record File(String contentType, byte[] content) {}

    /** Which of them does what is said at the top of console.js. */
    private static final List<String> SCRIPTS =
            List.of("console.js", "bridge.js", "letters.js", "overview.js", "pages.js", "show.js");

    private static final Map<String, File> FILES = files();

    private ConsoleFiles() {}

    /** @return null if there is no file of this name */
    static File get(String name) {
        return FILES.get(name);
    }

    private static Map<String, File> files() {
        Map<String, File> files = new HashMap<>();
        files.put("", own("index.html", "text/html; charset=utf-8"));
        files.put("console.css", own("console.css", "text/css; charset=utf-8"));
        files.put("icon.svg", own("icon.svg", "image/svg+xml"));
        files.put("chart.js", new File("text/javascript; charset=utf-8", read(CHARTS)));
        SCRIPTS.forEach(name -> files.put(name, own(name, "text/javascript; charset=utf-8")));
        return Map.copyOf(files);
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
