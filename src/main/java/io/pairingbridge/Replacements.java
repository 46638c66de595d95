package io.pairingbridge;

import io.pairingbridge.sealing.Sealer;
import java.time.Clock;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.camel.main.Main;

/**
 * What a test puts in the place of a part of the bridge. The program replaces nothing.
 *
 * @param clock the wall clock
 * @param sealer put around the one that was loaded
 * @param routes told of Camel before it starts, to watch or stop the steps of the routes
 */
public record Replacements(Clock clock, UnaryOperator<Sealer> sealer, Consumer<Main> routes) {
    public static final Replacements NONE = new Replacements(Clock.systemUTC(), UnaryOperator.identity(), camel -> {});

    public Replacements withClock(Clock other) {
        return new Replacements(other, sealer, routes);
    }

    public Replacements withSealer(UnaryOperator<Sealer> around) {
        return new Replacements(clock, around, routes);
    }

    public Replacements withRoutes(Consumer<Main> watch) {
        return new Replacements(clock, sealer, watch);
    }
}
