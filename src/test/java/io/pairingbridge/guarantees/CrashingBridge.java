package io.pairingbridge.guarantees;

import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.settings.Settings;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The bridge as a process that dies at one step of one job: {@code CrashingBridge <settings file> [before|after:<step
 * id> <job id>|#<n>]}; with a number, it dies when the step is reached for the n-th time by any job. The steps are
 * those of the routes, and {@code seal}. It dies like a process that is killed: no hook, no flush, no goodbye.
 */
public final class CrashingBridge extends WatchedBridge {
    /** As the shell reports a SIGKILL. */
    public static final int KILLED = 137;

    private final String point;
    private final String victim;
    private final AtomicInteger timesLeft;

    private CrashingBridge(Settings settings, Path clock, String point, String victim) {
        super(settings, clock);
        this.point = point;
        this.victim = victim;
        this.timesLeft = new AtomicInteger(victim.startsWith("#") ? Integer.parseInt(victim.substring(1)) : 0);
    }

    public static void main(String[] args) throws Exception {
        Path settings = Path.of(args[0]);
        new CrashingBridge(
                        readSettings(settings),
                        clock(settings),
                        args.length > 1 ? args[1] : "",
                        args.length > 2 ? args[2] : "")
                .run();
    }

    /** The file that bends the clock of a process with this settings file. */
    public static Path clock(Path settings) {
        return settings.resolveSibling("ahead");
    }

    @Override
    void at(String here, String jobId) {
        if (here.equals(point) && (victim.equals(jobId) || timesLeft.get() > 0 && timesLeft.decrementAndGet() == 0)) {
            Runtime.getRuntime().halt(KILLED);
        }
    }

    @Override
    Sealer sealer(Sealer loaded) {
        return new Sealer() {
            @Override
            public SealedAnswer seal(byte[] plaintext, String jobId) {
                at("before:seal", jobId);
                SealedAnswer sealed = loaded.seal(plaintext, jobId);
                at("after:seal", jobId);
                return sealed;
            }

            @Override
            public String keyId() {
                return loaded.keyId();
            }

            @Override
            public void refresh() {
                loaded.refresh();
            }

            @Override
            public void verify() {
                loaded.verify();
            }
        };
    }
}
