package io.pairingbridge.soak;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** Which parts a site has and where they run, in the words of the report. */
enum Topology {
    APART(1, "the broker in a process of its own"),
    EMBEDDED(1, "the broker inside the bridge, as the bundle comes, so that each kill takes both"),
    SHARED(2, "two bridges that share a journal on a PostgreSQL server, the broker in a process of its own");

    /**
     * What is done to one bridge of several, and to what they share; the others are about a journal in a file, one
     * clock, one wire.
     */
    private static final Set<Fault> OF_SEVERAL = EnumSet.of(
            Fault.NONE,
            Fault.KILL_BRIDGE,
            Fault.KILL_AT_EDGE,
            Fault.KILL_BROKER,
            Fault.KILL_BOTH,
            Fault.KILL_JOURNAL,
            Fault.TERM,
            Fault.PAUSE);

    private final int bridges;
    private final String description;

    Topology(int bridges, String description) {
        this.bridges = bridges;
        this.description = description;
    }

    int bridges() {
        return bridges;
    }

    String description() {
        return description;
    }

    /** Whether this fault means something here. */
    boolean has(Fault fault) {
        return this == SHARED ? OF_SEVERAL.contains(fault) : fault != Fault.KILL_JOURNAL;
    }

    /** As it is called on the command line and in the figures. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
