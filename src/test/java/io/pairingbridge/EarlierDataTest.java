package io.pairingbridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlierDataTest {
    @TempDir
    Path opt;

    @Test
    void isThatOfTheBundleBesideThisOneThatWasUsedLast() throws IOException {
        Path home = Files.createDirectories(opt.resolve("pairing-bridge-0.2.0"));
        Path data = home.resolve("data");
        assertThat(EarlierData.of(home, data)).isEmpty();
        journal("something-else/data", 3_000);
        journal("pairing-bridge-0.1.0/data/simulator", 3_000);
        assertThat(EarlierData.of(home, data))
                .as("of another program, and of another profile")
                .isEmpty();
        journal("pairing-bridge-0.1.0/data", 2_000);
        journal("pairing-bridge-0.0.9/data", 1_000);
        assertThat(EarlierData.of(home, data)).contains(opt.resolve("pairing-bridge-0.1.0/data"));
        assertThat(EarlierData.of(home, data.resolve("simulator")))
                .contains(opt.resolve("pairing-bridge-0.1.0/data/simulator"));
        assertThat(EarlierData.of(home, opt.resolve("elsewhere"))).isEmpty();
        assertThat(EarlierData.of(Path.of("/"), Path.of("/data"))).isEmpty();

        journal("pairing-bridge-0.2.0/data", 1_000);
        assertThat(EarlierData.of(home, data)).as("with a journal of its own").isEmpty();
    }

    private void journal(String data, long modified) throws IOException {
        Path folder = Files.createDirectories(opt.resolve(data));
        assertThat(Files.writeString(folder.resolve("journal.db"), "").toFile().setLastModified(modified))
                .isTrue();
    }
}
