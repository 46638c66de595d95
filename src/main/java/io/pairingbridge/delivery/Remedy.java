package io.pairingbridge.delivery;

import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.Batches;

/** One sentence that tells a person what to do next, for every way in which a job can end. */
public final class Remedy {
    private Remedy() {}

    /**
     * What to do about a row of a batch that has ended: as for its job, and by what the journal knows of other rows.
     */
    public static String of(Batches.Row row) {
        if (row.outcome() != Outcome.PAIRED && row.twin() != null) {
            return ofTwin(row.twin());
        }
        if (row.outcome() == Outcome.REJECTED && row.pairedBefore() != null) {
            return "Nothing to do at the terminal: it was paired before with this one-time password, in batch "
                    + row.pairedBefore() + ". Do not unpair" + " it; leave the row out of this document.";
        }
        return of(Ending.uncalled(
                row.outcome(), row.reason(), row.detail(), row.jobId() == null ? "" : row.jobId(), row.endedAt()));
    }

    /** Another row has the one-time password: whether that is spent, and by what. */
    private static String ofTwin(Batches.Twin twin) {
        String line = "Line " + twin.line() + " (job " + twin.jobId() + ")";
        String used = twin.outcome() == null
                ? line + " has this one-time password and has not ended yet"
                : switch (twin.outcome()) {
                    case PAIRED ->
                        line + " was paired with this one-time password"
                                + (twin.terminalId() == null ? "" : ", as terminal " + twin.terminalId());
                    case REJECTED -> line + " was called with this one-time password, and the endpoint refused it";
                    case IN_DOUBT ->
                        line
                                + " was called with this one-time password, which may be spent: look there what to do about its terminal";
                    case INVALID, EXPIRED, MISCONFIGURED, DUPLICATE ->
                        line + " has this one-time password too, and ended " + twin.outcome() + " without"
                                + " using it";
                };
        return used
                + ". No call was made for this row: generate another one-time password on its own terminal, correct the row and send the document"
                + " again; rows that were paired are not paired again.";
    }

    /** @return never null; for a paired job it says that nothing is to be done */
    public static String of(Ending ending) {
        return switch (ending.outcome()) {
            case PAIRED -> "Nothing to do: the credentials were put on the queue pairing.credentials.";
            case REJECTED -> "Generate a new one-time password on the terminal and send the job again with it.";
            case INVALID ->
                switch (ending.reason() == null ? "" : ending.reason()) {
                    case "BEGUN_TOO_OFTEN" ->
                        "Look into the bridge's log for what stopped it, then send the request again.";
                    // Whether its one-time password was used is not said: another row of the document may have it.
                    case "ROW_REFUSED" ->
                        "Correct the row as the detail says and send the document again: rows that were paired are not paired again. No"
                                + " call was made for this row.";
                    default ->
                        "Correct the request as the detail says and send it again; the one-time password was not used.";
                };
            case EXPIRED ->
                "REQUEST_GONE".equals(ending.reason())
                        ? "The one-time password was not used: send the job again with it, or with a new one if the terminal does not show it any more;"
                                + " look who removed the request from the broker, or why it was not durable."
                        : "The one-time password was not used: if the terminal still shows it, send the job again as a replay"
                                + " (PairingReplay=true), else with a new one.";
            case MISCONFIGURED ->
                "Correct pairing.endpoint.url, pairing.environment or the integrator id (command: check); the"
                        + " one-time password was not used, so send the job again as a replay (PairingReplay=true) or with a new one.";
            case DUPLICATE ->
                "Use a new job id for another terminal, or wait for the first job to end; the one-time password of this"
                        + " request was not used.";
            case IN_DOUBT ->
                "ANSWER_UNREADABLE".equals(ending.reason())
                        ? "Open the sealed answer with the recipient's key; if it holds no credentials, unpair the terminal on its own menu,"
                                + " generate a new one-time password and send the job again."
                        : "Look at the terminal: if it shows as paired, unpair it on its own menu or through the vendor's support; then"
                                + " generate a new one-time password and send the job again with it.";
        };
    }
}
