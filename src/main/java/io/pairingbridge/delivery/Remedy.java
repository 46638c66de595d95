package io.pairingbridge.delivery;

import io.pairingbridge.job.Ending;
import io.pairingbridge.journal.Batches;

/** One sentence that tells a person what to do next, for every way in which a job can end. */
public final class Remedy {
  private Remedy() {}

  /** What to do about a row of a batch that has ended; as for its job. */
  public static String of(Batches.Row row) {
    return of(Ending.uncalled(row.outcome(), row.reason(), row.detail(), row.jobId() == null ? "" : row.jobId(), row.endedAt()));
  }

  /** @return never null; for a paired job it says that nothing is to be done */
  public static String of(Ending ending) {
    return switch (ending.outcome()) {
      case PAIRED -> "Nothing to do: the credentials are on the queue pairing.credentials.";
      case REJECTED -> "Generate a new one-time password on the terminal and send the job again with it.";
      case INVALID -> switch (ending.reason() == null ? "" : ending.reason()) {
        case "BEGUN_TOO_OFTEN" -> "Look into the bridge's log for what stopped it, then send the request again.";
        // Whether its one-time password was used is not said: another row of the document may have it.
        case "ROW_REFUSED" -> "Correct the row as the detail says and send the document again: rows that were paired are not paired again. No"
            + " call was made for this row.";
        default -> "Correct the request as the detail says and send it again; the one-time password was not used.";
      };
      case EXPIRED -> "REQUEST_GONE".equals(ending.reason())
          ? "The one-time password was not used: send the job again with it, or with a new one if the terminal does not show it any more;"
              + " look who removed the request from the broker, or why it was not durable."
          : "The one-time password was not used: if the terminal still shows it, send the job again as a replay"
          + " (PairingReplay=true), else with a new one.";
      case MISCONFIGURED -> "Correct pairing.endpoint.url, pairing.environment or the integrator id (command: check); the"
          + " one-time password was not used, so send the job again as a replay (PairingReplay=true) or with a new one.";
      case DUPLICATE -> "Use a new job id for another terminal, or wait for the first job to end; the one-time password of this"
          + " request was not used.";
      case IN_DOUBT -> "ANSWER_UNREADABLE".equals(ending.reason())
          ? "Open the sealed answer with the recipient's key; if it holds no credentials, unpair the terminal on its own menu,"
              + " generate a new one-time password and send the job again."
          : "Look at the terminal: if it shows as paired, unpair it on its own menu or through the vendor's support; then"
              + " generate a new one-time password and send the job again with it.";
    };
  }
}
