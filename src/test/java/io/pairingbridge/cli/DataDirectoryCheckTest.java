package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataDirectoryCheckTest {
    private static final long MB = 1024 * 1024;

    @ParameterizedTest
    @CsvSource({
        // total MB, usable MB, embedded, level
        "100000, 50000, true,  OK",
        "100000, 15001, true,  OK",
        "100000, 15000, true,  WARN",
        "100000, 10001, true,  WARN",
        "100000, 10000, true,  FAIL",
        "100000, 10000, false, OK",
        "100000, 1023,  false, WARN",
        "100000, 99,    false, FAIL",
        "1000,   900,   true,  WARN",
        "0,      50000, true,  OK"
    })
    void judgesTheSpaceByWhatTheBridgeAndItsBrokerNeed(
            long total, long usable, boolean embedded, CheckResult.Level level) {
        assertThat(DataDirectoryCheck.space(total * MB, usable * MB, embedded).level())
                .isEqualTo(level);
    }

    @Test
    void seesThatABridgeUsesIt(@TempDir Path home) throws IOException {
        Path folder = home.resolve("data");
        try (DataDirectoryCheck first = DataDirectoryCheck.open(folder);
                DataDirectoryCheck second = DataDirectoryCheck.open(folder)) {
            assertThat(first.inUse()).isFalse();
            assertThat(second.inUse()).isTrue();
        }
        try (DataDirectoryCheck third = DataDirectoryCheck.open(folder)) {
            assertThat(third.inUse()).isFalse();
        }
        assertThat(Files.exists(folder.resolve("running"))).isFalse();
    }
}
