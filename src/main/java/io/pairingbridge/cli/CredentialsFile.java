package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.files.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/** Opened credentials as NDJSON, each once, however often its message comes. */
final class CredentialsFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ATTEMPT = "attempt_id";

    private final Path file;
    private final Set<String> attempts = new HashSet<>();

    /**
     * Reads what is there. A last line without its end is what a crash left of a line whose message was not
     * acknowledged: it is cut off, and comes again.
     *
     * @throws IOException if the file holds something else
     */
    CredentialsFile(Path file) throws IOException {
        this.file = file;
        byte[] content = Files.readAllBytes(file);
        int end = content.length;
        while (end > 0 && content[end - 1] != '\n') {
            end--;
        }
        if (end < content.length) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
                channel.truncate(end);
            }
        }
        for (String line : new String(content, 0, end, StandardCharsets.UTF_8).split("\n")) {
            if (!line.isBlank()) {
                JsonNode known = JSON.readTree(line).get(ATTEMPT);
                if (known == null) {
                    throw new IOException(
                            file + " holds a line without " + ATTEMPT + ", and is left as it is: move it away");
                }
                attempts.add(known.asText());
            }
        }
    }

    Path path() {
        return file;
    }

    /** Adds a line, unless that attempt has one. After a return it is on the disk. */
    Path keep(String attempt, ObjectNode line) throws IOException {
        if (!attempts.contains(attempt)) {
            byte[] text = (line.put(ATTEMPT, attempt) + "\n").getBytes(StandardCharsets.UTF_8);
            DurableFiles.append(file, text, LinkOption.NOFOLLOW_LINKS);
            attempts.add(attempt);
        }
        return file;
    }
}
