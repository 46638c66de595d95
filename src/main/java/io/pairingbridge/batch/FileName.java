package io.pairingbridge.batch;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * A file's name, byte for byte, whatever the locale. In the locale C a path that was listed can be used, but not made
 * again from its text: Java shows each byte beyond ASCII as U+FFFD there, and refuses to make a path of that.
 *
 * @param raw the bytes as in a URI's path (RFC 3986): what is not plain ASCII as {@code %C3%A4}
 */
record FileName(String raw) {
    /** Bytes of a file's name at most, on every file system of Linux. */
    private static final int LONGEST = 255;

    /** The last part of a path. */
    static FileName of(Path path) {
        String uri = path.toUri().getRawPath();
        String trimmed = uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri;
        return new FileName(trimmed.substring(trimmed.lastIndexOf('/') + 1));
    }

    /** A name of this text, in UTF-8. */
    static FileName ofText(String text) {
        StringBuilder raw = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || "._~-".indexOf(b) >= 0) {
                raw.append((char) b);
            } else {
                raw.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
            }
        }
        return new FileName(raw.toString());
    }

    /** This name with something of plain letters, digits and {@code -._~} before and behind it. */
    FileName between(String before, String behind) {
        return new FileName(before + raw + behind);
    }

    byte[] bytes() {
        return bytes(raw);
    }

    /** As a path of this name alone. */
    Path path() {
        return Path.of(URI.create("file:///" + raw)).getFileName();
    }

    /** For people and for patterns: read as UTF-8, whatever is not that as U+FFFD. Not a path. */
    String text() {
        return new String(bytes(raw), StandardCharsets.UTF_8);
    }

    /**
     * This name behind others of plain letters, digits and {@code -._~}; what would be too long loses something before
     * its ending.
     */
    FileName behind(String prefix) {
        return fitting(prefix + stem(), ending());
    }

    /** This name with something of such characters before its ending. */
    FileName beforeEnding(String infix) {
        return fitting(stem(), infix + ending());
    }

    /** What follows the first of this character. */
    FileName after(char separator) {
        return new FileName(raw.substring(raw.indexOf(separator) + 1));
    }

    private String stem() {
        return raw.substring(0, raw.length() - ending().length());
    }

    private String ending() {
        int dot = raw.lastIndexOf('.');
        return dot > 0 && raw.length() - dot <= 12 ? raw.substring(dot) : "";
    }

    private static FileName fitting(String stem, String ending) {
        String shorter = stem;
        while (bytes(shorter + ending).length > LONGEST) {
            shorter = shorter.substring(
                    0,
                    shorter.length() - (shorter.length() > 3 && shorter.charAt(shorter.length() - 3) == '%' ? 3 : 1));
        }
        return new FileName(shorter + ending);
    }

    private static byte[] bytes(String raw) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            if (raw.charAt(i) == '%') {
                bytes.write(Integer.parseInt(raw.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.write(raw.charAt(i));
            }
        }
        return bytes.toByteArray();
    }
}
