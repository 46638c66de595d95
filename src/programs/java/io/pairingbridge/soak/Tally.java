package io.pairingbridge.soak;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a soak has counted. Anything in {@link #broken} means that a promise was broken. */
final class Tally {
    /** What is counted. */
    enum Count {
        ROUNDS,
        JOBS,
        REQUESTS_SENT,
        BRIDGE_KILLS,
        BROKER_KILLS,
        JOURNAL_KILLS,
        BRIDGE_TERMS,
        BRIDGE_PAUSES,
        REFUSED_STARTS,
        POSTS,
        PAIRINGS,
        CREDENTIALS_RECEIVED,
        CREDENTIALS_LATE,
        ANSWERED_BUT_IN_DOUBT,
        CREDENTIALS_LOST,
        SILENT_LOSSES,
        DUPLICATES_SEEN,
        SENT_AT_ONCE,
        TAKEN_OVER,
        REFUSED_AT_THE_BROKER,
        FILES_SEARCHED,
        HEAPS_SEARCHED,
        MBEANS_SEARCHED
    }

    private final Map<Count, Long> counts = new EnumMap<>(Count.class);
    private final Map<Fault, Long> faults = new EnumMap<>(Fault.class);
    private final Map<String, Long> edges = new TreeMap<>();
    private final Map<String, Long> outcomes = new TreeMap<>();
    private final List<String> notProduced = new ArrayList<>();
    private final List<String> broken = new ArrayList<>();

    void add(Count count) {
        add(count, 1);
    }

    void add(Count count, long by) {
        counts.merge(count, by, Long::sum);
    }

    long get(Count count) {
        return counts.getOrDefault(count, 0L);
    }

    void hit(Fault fault) {
        faults.merge(fault, 1L, Long::sum);
    }

    void edge(String point) {
        edges.merge(point, 1L, Long::sum);
    }

    void outcome(String outcome) {
        outcomes.merge(outcome, 1L, Long::sum);
    }

    /** A fault that this machine does not let us do, and why. */
    void notProduced(String what) {
        notProduced.add(what);
    }

    void broken(String what) {
        broken.add(what);
    }

    List<String> broken() {
        return broken;
    }

    Map<Fault, Long> faults() {
        return faults;
    }

    Map<String, Long> outcomes() {
        return outcomes;
    }

    /** Writes the figures; {@code run} says what was run, and on what. */
    void write(Path file, ObjectNode run) throws IOException {
        ObjectNode counted = run.putObject("counts");
        for (Count count : Count.values()) {
            counted.put(count.name().toLowerCase(Locale.ROOT), get(count));
        }
        ObjectNode struck = run.putObject("faults");
        for (Fault fault : Fault.values()) {
            struck.put(fault.name().toLowerCase(Locale.ROOT), faults.getOrDefault(fault, 0L));
        }
        put(run.putObject("edges"), edges);
        put(run.putObject("outcomes"), outcomes);
        put(run.putArray("not_produced"), notProduced);
        put(run.putArray("broken"), broken);
        Files.createDirectories(file.getParent());
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), run);
    }

    private static void put(ObjectNode node, Map<String, Long> values) {
        values.forEach(node::put);
    }

    private static void put(ArrayNode node, List<String> values) {
        values.forEach(node::add);
    }
}
