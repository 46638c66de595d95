package io.pairingbridge.monitor;

import io.pairingbridge.intake.Intake;
import io.pairingbridge.journal.Journal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckResultBuilder;
import org.apache.camel.impl.health.AbstractHealthCheck;

/** What {@code /observe/health/ready} says beside Camel's own checks. A closed intake is not ready; it is alive. */
public final class BridgeHealth {
  private BridgeHealth() {}

  public static List<HealthCheck> checks(Intake intake, Journal journal) {
    return List.of(new IntakeCheck(intake), new JournalCheck(journal));
  }

  private static final class IntakeCheck extends AbstractHealthCheck {
    private final Intake intake;

    IntakeCheck(Intake intake) {
      super("pairing", "intake");
      this.intake = intake;
    }

    @Override
    public boolean isLiveness() {
      return false;
    }

    @Override
    protected void doCall(HealthCheckResultBuilder builder, Map<String, Object> options) {
      Intake.Status status = intake.status();
      builder.detail("gate", status.gate().name()).detail("since", status.since().toString());
      if (status.gate() == Intake.Gate.OPEN) {
        builder.up();
      } else {
        builder.down().message("The intake is closed, jobs stay in their queue: " + status.reason());
      }
    }
  }

  private static final class JournalCheck extends AbstractHealthCheck {
    private final Journal journal;

    JournalCheck(Journal journal) {
      super("pairing", "journal");
      this.journal = journal;
    }

    @Override
    public boolean isLiveness() {
      return false;
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
