package io.pairingbridge.settings;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code pairing.journal.url}: the files that it names start at the bundle's folder, as everything in the settings
 * does.
 */
final class JournalUrl {
    private static final String SQLITE = "jdbc:sqlite:";
    private static final String POSTGRESQL = "jdbc:postgresql:";
    /** Parameters of PostgreSQL's driver that name a file, which it would look for in the working directory. */
    private static final Pattern FILES = Pattern.compile("(?<=[?&])(sslrootcert|sslcert|sslkey)=([^&]+)");

    private JournalUrl() {}

    /**
     * The URL with whole paths; unchanged where it names none.
     *
     * @param before the working directory, from which a relative path counted in 0.1.0: a journal that lies there is
     *     not left behind in silence; null not to look
     */
    static String absolute(String url, Path base, Path before, List<String> problems) {
        if (url.startsWith(POSTGRESQL)) {
            return FILES.matcher(url)
                    .replaceAll(found -> Matcher.quoteReplacement(found.group(1) + "=" + file(found.group(2), base)));
        }
        if (!url.startsWith(SQLITE)) {
            if (!url.isEmpty()) {
                problems.add("pairing.journal.url must begin with jdbc:sqlite: or jdbc:postgresql:");
            }
            return url;
        }
        String name = url.substring(SQLITE.length());
        if (name.isEmpty() || name.startsWith(":") || name.startsWith("file:") || name.indexOf('?') >= 0) {
            problems.add(
                    "pairing.journal.url must name a file and nothing more: jdbc:sqlite:/var/lib/pairing-bridge/journal.db");
            return url;
        }
        Path file;
        try {
            file = base.resolve(name).normalize();
        } catch (InvalidPathException e) {
            problems.add("pairing.journal.url names no file that can be had here");
            return url;
        }
        if (before != null && !Path.of(name).isAbsolute() && !Files.exists(file)) {
            Path left = before.resolve(name).normalize();
            if (Files.exists(left)) {
                problems.add(
                        "pairing.journal.url means " + file + ", which is not there, and there is a journal in " + left
                                + ", where an earlier"
                                + " version looked: move it with its -wal and -shm while no bridge runs, or write its whole path");
            }
        }
        return SQLITE + file;
    }

    private static String file(String encoded, Path base) {
        try {
            Path path = Path.of(URLDecoder.decode(encoded, StandardCharsets.UTF_8));
            return path.isAbsolute()
                    ? encoded
                    : URLEncoder.encode(base.resolve(path).toString(), StandardCharsets.UTF_8)
                            .replace("%2F", "/")
                            .replace("+", "%20");
        } catch (IllegalArgumentException e) {
            return encoded; // the driver says what is wrong with it; InvalidPathException is one
        }
    }
}
