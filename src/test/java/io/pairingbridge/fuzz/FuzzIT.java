package io.pairingbridge.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Some hundred inputs for each door, the same ones each time; {@link Fuzz} runs as many as one likes. */
@Tag("heavy")
class FuzzIT {
    private static final int INPUTS = Integer.getInteger("fuzz.inputs", 300);

    static Stream<String> doors() {
        return Doors.all().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("doors")
    void eachInputGetsAnOutcomeOrARefusal(String name, @TempDir Path folder) throws Exception {
        Fuzz.Figures figures =
                new Fuzz(name, 1, 0, INPUTS, 10, 1).run(Doors.all().get(name), folder);

        assertThat(figures.fates().values().stream().mapToInt(Integer::intValue).sum())
                .isEqualTo(INPUTS);
        assertThat(figures.ordinary()).isGreaterThan(INPUTS / 10);
    }

    /** A fuzzer that cannot fail proves nothing. */
    @Test
    void stopsAtABrokenPromise(@TempDir Path folder) {
        Doors.Opener leaky = f -> new Door() {
            private int tried;

            @Override
            public Fate tryOne(java.util.Random random) {
                if (++tried == 7) {
                    throw new AssertionError("no outcome for input x");
                }
                return Fate.OUTCOME;
            }

            @Override
            public void ordinary() {}

            @Override
            public void restart() {}

            @Override
            public void close() {}
        };

        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                        () -> new Fuzz("leaky", 3, 0, 10, 10, 0).run(leaky, folder)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("input 6")
                .hasMessageContaining("-Dfuzz.first=6")
                .hasMessageContaining("no outcome for input x");
    }
}
