package io.pairingbridge.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output and standard error of this process, in UTF-8 whatever the locale is: programs read what is printed.
 * Java's own streams swallow what cannot be written; a result that did not get to where it was sent is no result.
 */
public final class StandardStreams {
    private IOException failure;

    private StandardStreams() {}

    /** Puts them in place of Java's. */
    public static StandardStreams utf8() {
        StandardStreams streams = new StandardStreams();
        System.setOut(print(streams.watched(new FileOutputStream(FileDescriptor.out))));
        System.setErr(print(new FileOutputStream(FileDescriptor.err)));
        return streams;
    }

    private static PrintStream print(OutputStream to) {
        return new PrintStream(new BufferedOutputStream(to, 8_192), true, StandardCharsets.UTF_8);
    }

    private OutputStream watched(OutputStream to) {
        return new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                try {
                    to.write(bytes, from, length);
                } catch (IOException e) {
                    failure = e;
                    throw e;
                }
            }
        };
    }

    /**
     * Writes what is left.
     *
     * @param code what the command ended with
     * @return that, or 1 if its result could not be written. Whoever reads only the first lines through a pipe and goes
     *     has what was wanted: that is no failure
     */
    public int close(int code) {
        System.out.flush();
        if (System.out.checkError() && failure != null && !readerIsGone()) {
            Screen.problem(
                    "pairing-bridge",
                    "the result could not be written to standard output (" + failure.getMessage() + ")",
                    ExitCodes.FAILED);
            System.err.flush();
            return ExitCodes.FAILED;
        }
        System.err.flush();
        return code;
    }

    private boolean readerIsGone() {
        if (String.valueOf(failure.getMessage()).contains("Broken pipe")) {
            return true;
        }
        try {
            // The message is in the language of the locale; a pipe has no other failure.
            return Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString().startsWith("pipe:");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
