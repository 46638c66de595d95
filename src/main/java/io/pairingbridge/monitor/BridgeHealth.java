package io.pairingbridge.monitor;

import io.pairingbridge.intake.Gate;
import io.pairingbridge.intake.Intake;
import io.pairingbridge.intake.IntakeStatus;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** What {@code /observe/health/ready} says beside Camel's own checks. A closed intake is not ready; it is alive. */
public final class BridgeHealth {
    private BridgeHealth() {}

    public static List<HealthCheck> checks(
            Intake intake,
            JournalReader journal,
            Supplier<List<KeyInUse>> keys,
            Supplier<Optional<String>> keyProblem,
            Supplier<Optional<String>> undecodable) {
        return List.of(
                new IntakeCheck(intake),
                new JournalCheck(journal),
                new KeysCheck(keys, keyProblem),
                new UndecodableCheck(undecodable));
    }

    /** Restarting the process would mend nothing of what these look at, so none of them says whether it is alive. */
    private abstract static class Readiness extends AbstractHealthCheck {
        Readiness(String name) {
            super("pairing", name);
        }

        @Override
        public boolean isLiveness() {
            return false;
        }
    }

    /**
     * Up whatever the key files are like: the keys in use go on sealing, and a detail says that somebody has to look.
     */
    private static final class KeysCheck extends Readiness {
        private final Supplier<List<KeyInUse>> keys;
        private final Supplier<Optional<String>> problem;

        KeysCheck(Supplier<List<KeyInUse>> keys, Supplier<Optional<String>> problem) {
            super("keys");
            this.keys = keys;
            this.problem = problem;
        }

        @Override
        protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
            builder.up();
            for (KeyInUse key : keys.get()) {
                if (key.sealing() || key.breakGlass()) {
                    builder.detail(key.sealing() ? "sealing" : "break-glass", key.id());
                }
            }
            problem.get().ifPresent(text -> builder.detail("problem", text));
        }
    }

    /** Up even if it could not take such a message away: what one of them stops is told by the intake. */
    private static final class UndecodableCheck extends Readiness {
        private final Supplier<Optional<String>> problem;

        UndecodableCheck(Supplier<Optional<String>> problem) {
            super("undecodable-messages");
            this.problem = problem;
        }

        @Override
        protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
            builder.up();
            problem.get().ifPresent(text -> builder.detail("problem", text));
        }
    }

    private static final class IntakeCheck extends Readiness {
        private final Intake intake;

        IntakeCheck(Intake intake) {
            super("intake");
            this.intake = intake;
        }

        @Override
        protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
            IntakeStatus status = intake.status();
            builder.detail("gate", status.gate().name())
                    .detail("since", status.since().toString());
            if (status.gate() == Gate.OPEN) {
                builder.up();
            } else {
                builder.down().message("The intake is closed, jobs stay in their queue: " + status.reason());
            }
        }
    }

    private static final class JournalCheck extends Readiness {
        private final JournalReader journal;

        JournalCheck(JournalReader journal) {
            super("journal");
            this.journal = journal;
        }

        @Override
        protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
            Optional<String> failure = journal.failure();
            if (failure.isEmpty()) {
                builder.up();
            } else {
                builder.down().message(failure.get());
            }
        }
    }
}
