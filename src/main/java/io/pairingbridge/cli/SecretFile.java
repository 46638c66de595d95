package io.pairingbridge.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A password or a one-time password that is given as a file, and so is not on the command line, where others could see
 * it.
 */
final class SecretFile {
    private SecretFile() {}

    /**
     * What the file holds, as it is.
     *
     * @param option which names the file
     * @throws IOException with a message for a person: which file, and what to do
     */
    static String read(String option, Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IOException(
                    option + " " + file + " cannot be read (" + e.getClass().getSimpleName()
                            + "): check the path and its permissions",
                    e);
        }
    }
}
