package io.pairingbridge.fuzz;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.fuzz.Door.Fate;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Hands many odd inputs to a {@link Door}: {@code mvn -Pfuzz verify}. Properties: {@code fuzz.door} (names with commas;
 * all of them if empty), {@code fuzz.inputs} a door (20000), {@code fuzz.seed} (drawn if empty), {@code fuzz.first} the
 * number of the first input (0), to try one again, {@code fuzz.ordinary} after how many inputs an ordinary job must get
 * on (10), {@code fuzz.restarts} how often in a run (4), and {@code fuzz.report} a folder for the figures
 * (target/fuzz). Stops at the first broken promise, and prints how to repeat it.
 */
public final class Fuzz {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final String name;
    private final long seed;
    private final int first;
    private final int inputs;
    private final int ordinaryAfter;
    private final int restarts;

    Fuzz(String name, long seed, int first, int inputs, int ordinaryAfter, int restarts) {
        this.name = name;
        this.seed = seed;
        this.first = first;
        this.inputs = inputs;
        this.ordinaryAfter = Math.max(1, ordinaryAfter);
        this.restarts = restarts;
    }

    /** The figures of a run in which every promise was kept. */
    record Figures(
            String door,
            long seed,
            int inputs,
            Map<Fate, Integer> fates,
            int ordinary,
            int restarts,
            long peakHeapMb,
            long seconds) {
        ObjectNode json() {
            ObjectNode json =
                    JSON.createObjectNode().put("door", door).put("seed", seed).put("inputs", inputs);
            fates.forEach((fate, count) -> json.put(fate.name().toLowerCase(java.util.Locale.ROOT), count));
            return json.put(
                            "without_outcome_or_refusal",
                            inputs
                                    - fates.values().stream()
                                            .mapToInt(Integer::intValue)
                                            .sum())
                    .put("ordinary_jobs", ordinary)
                    .put("restarts", restarts)
                    .put("peak_heap_mb", peakHeapMb)
                    .put("seconds", seconds)
                    .put("heap_limit_mb", Runtime.getRuntime().maxMemory() >> 20)
                    .put("java", Runtime.version().toString());
        }
    }

    /** The random source of one input: the same for the same seed and number, and unlike its neighbours'. */
    static Random source(long seed, int number) {
        long mixed = (seed + number * 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L;
        return new Random(mixed ^ (mixed >>> 31));
    }

    /** @throws AssertionError at the first broken promise, with the way to repeat it */
    Figures run(Doors.Opener opener, Path folder) throws Exception {
        Map<Fate, Integer> fates = new EnumMap<>(Fate.class);
        for (Fate fate : Fate.values()) {
            fates.put(fate, 0);
        }
        int ordinary = 0;
        int restarted = 0;
        long from = System.nanoTime();
        forgetPeak();
        try (Door door = opener.open(folder)) {
            int number = first;
            try {
                for (int done = 0; done < inputs; done++) {
                    number = first + done;
                    fates.merge(door.tryOne(source(seed, number)), 1, Integer::sum);
                    if ((done + 1) % ordinaryAfter == 0) {
                        door.ordinary();
                        ordinary++;
                    }
                    if (restarts > 0 && (done + 1) % Math.max(1, inputs / restarts) == 0) {
                        door.restart();
                        door.ordinary();
                        restarted++;
                        ordinary++;
                    }
                }
                door.ordinary();
                ordinary++;
            } catch (Exception | AssertionError e) {
                throw new AssertionError(
                        "door " + name + ", seed " + seed + ", input " + number + ": " + e.getMessage()
                                + " (again: -Dfuzz.door=" + name + " -Dfuzz.seed=" + seed + " -Dfuzz.first=" + number
                                + " -Dfuzz.inputs=1; the cause may be one"
                                + " of the " + ordinaryAfter + " before)",
                        e);
            }
        }
        return new Figures(
                name,
                seed,
                inputs,
                fates,
                ordinary,
                restarted,
                peakMb(),
                TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - from));
    }

    private static List<MemoryPoolMXBean> heap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
    }

    private static void forgetPeak() {
        heap().forEach(MemoryPoolMXBean::resetPeakUsage);
    }

    /** What the pools held at most, garbage included: never less than what was in use at once. */
    private static long peakMb() {
        return heap().stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum() >> 20;
    }

    public static void main(String[] arguments) throws Exception {
        String only = System.getProperty("fuzz.door", "");
        List<String> names = only.isBlank() ? List.copyOf(Doors.all().keySet()) : List.of(only.split(","));
        String given = System.getProperty("fuzz.seed", "");
        long seed = given.isBlank() ? System.nanoTime() & 0xffffff : Long.parseLong(given);
        Path report = Files.createDirectories(Path.of(System.getProperty("fuzz.report", "target/fuzz")));
        List<String> broken = new ArrayList<>();
        for (String name : names) {
            Doors.Opener opener = Doors.all().get(name);
            if (opener == null) {
                throw new IllegalArgumentException(
                        "no door " + name + "; there are " + Doors.all().keySet());
            }
            Path folder = Files.createTempDirectory("fuzz-" + name + "-");
            try {
                Figures figures = new Fuzz(
                                name,
                                seed,
                                Integer.getInteger("fuzz.first", 0),
                                Integer.getInteger("fuzz.inputs", 20_000),
                                Integer.getInteger("fuzz.ordinary", 10),
                                Integer.getInteger("fuzz.restarts", 4))
                        .run(opener, folder);
                System.out.println(figures);
                JSON.writeValue(report.resolve("fuzz-" + name + ".json").toFile(), figures.json());
            } catch (AssertionError e) {
                System.out.println(e.getMessage());
                e.printStackTrace(System.out);
                broken.add(name);
            }
        }
        System.exit(broken.isEmpty() ? 0 : 1);
    }
}
