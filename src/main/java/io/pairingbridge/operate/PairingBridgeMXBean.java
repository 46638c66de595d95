package io.pairingbridge.operate;

import io.pairingbridge.operate.JmxViews.Audited;
import io.pairingbridge.operate.JmxViews.FoundJobs;
import io.pairingbridge.operate.JmxViews.Instance;
import io.pairingbridge.operate.JmxViews.JobHistory;
import io.pairingbridge.operate.JmxViews.Key;
import io.pairingbridge.operate.JmxViews.MessagePage;
import io.pairingbridge.operate.JmxViews.Minute;
import io.pairingbridge.operate.JmxViews.Replayed;
import java.util.List;
import java.util.Map;

/**
 * What an operator sees of the bridge and can do with it, in JMX under {@value #NAME}; Camel's own MBeans stand beside
 * it. The commands, the console and whatever else manages the bridge use this and nothing else.
 *
 * <p>Operations throw an IllegalArgumentException whose message is meant for a person. Every one that changes something
 * is written to the audit log first. None returns a one-time password or a secret. All times are ISO 8601 in UTC.
 */
@Description("The pairing bridge: what it does, and what an operator can do about jobs that ended badly.")
public interface PairingBridgeMXBean {
    String NAME = "io.pairingbridge:type=PairingBridge";

    // ---- what runs ------------------------------------------------------------------------------------------------

    @Description("The version of the program.")
    String getVersion();

    @Description("The name of this bridge among those that share a journal.")
    String getInstance();

    @Description("Where terminals are paired: sandbox, production or simulator.")
    String getEnvironment();

    @Description("The folder in which this bridge keeps its journal, its broker and its passwords.")
    String getDataDirectory();

    @Description("When this process was started.")
    String getStartedAt();

    @Description(
            "The bridges that have this journal open, by name, with the calls that each has under way; -1 if the journal cannot be asked. Operations act on this bridge only.")
    List<Instance> getInstances();

    // ---- the intake -----------------------------------------------------------------------------------------------

    @Description("True while requests are taken from their queue.")
    boolean isIntakeOpen();

    @Description(
            "OPEN, CLOSED, or PROBING while one job after the other is let through to see whether the cause is gone.")
    String getIntakeState();

    @Description("Why the intake is not open; empty while it is.")
    String getIntakeReason();

    @Description("Since when the intake has been in this state.")
    String getIntakeSince();

    @Description("Calls a second that this bridge makes at most; 0 is no limit.")
    double getRateLimit();

    @Description("Calls that this bridge makes at once at most.")
    int getConcurrency();

    // ---- jobs -----------------------------------------------------------------------------------------------------

    @Description("Jobs that ended since the start of this process, by outcome.")
    Map<String, Long> getOutcomes();

    @Description(
            "Jobs in the journal by state, counted at most a minute ago; under SEALED the credentials that are not on their queue yet.")
    Map<String, Long> getJournalEntries();

    @Description("Calls of the endpoint that are under way now.")
    int getInFlight();

    @Description("Seconds since the oldest call that is under way began; 0 without one.")
    double getOldestInFlightSeconds();

    @Description("Jobs that were called and wait in the broker to be tried again.")
    long getWaiting();

    @Description(
            "Credentials that are sealed in the journal and not on their queue; some always are while jobs run, see OldestSealedSeconds.")
    long getSealedNotPublished();

    @Description(
            "For how many seconds the oldest credentials have been sealed and not on their queue; 0 without any, -1 if the journal cannot be asked. Under load some are always on their way; more than 60 needs somebody to look.")
    double getOldestSealedSeconds();

    @Description("Jobs that ended in the last sixty seconds.")
    long getJobsPerMinute();

    @Description(
            "Jobs that ended in each of the last sixty minutes, by outcome, the oldest first; the last one is not over.")
    List<Minute> getLastHour();

    @Description(
            "The result of the last call that did not pair: NOT_SENT, MISCONFIGURED, AMBIGUOUS, UNREADABLE, REJECTED or THROTTLED; empty if there was none.")
    String getLastErrorKind();

    @Description("What that call came to, in words.")
    String getLastErrorDetail();

    @Description("When that was; empty if there was none.")
    String getLastErrorAt();

    @Description("The public keys in use: the recipient's, of which the first one seals, and the break-glass key.")
    List<Key> getKeys();

    @Description("Why the key files as they are now are not used, and what to do; empty if they are.")
    String getKeyProblem();

    @Description("Messages in each queue of the broker; -1 if the broker cannot be asked, or has no such queue.")
    Map<String, Long> getQueueDepths();

    @Description(
            "All batches that the journal still knows, the latest first, with the figures of each, at most a minute old.")
    List<BatchView> getBatches();

    // ---- looking --------------------------------------------------------------------------------------------------

    @ReadOnly
    @Description(
            "Dead letters in the order in which they came, without one-time passwords. Empty texts leave a filter out; count is at most 500.")
    MessagePage deadLetters(String outcome, String reason, String batchId, String jobId, int from, int count);

    @ReadOnly
    @Description(
            "Jobs in doubt in the order in which they came, without one-time passwords. Empty texts leave a filter out; count is at most 500.")
    MessagePage inDoubt(String reason, String batchId, String jobId, int from, int count);

    @ReadOnly
    @Description("One job with all its attempts, as the journal holds it, and what happened to it in sentences.")
    JobHistory job(String jobId);

    @ReadOnly
    @Description(
            "Looks for jobs by what people know of them: those that have each word of the text in their id, their till's name, what was said of the till (store, serial number) or their terminal's id, the latest first. Capitals do not matter. count is at most 100; of each queue of letters the first 10000 are looked at.")
    FoundJobs findJobs(String text, int count);

    @ReadOnly
    @Description("One batch with its figures, by its id or else by the name that people give it.")
    BatchView batch(String batchId);

    @ReadOnly
    @Description("The last entries of the audit log, the latest first; count is at most 500.")
    List<Audited> audit(int count);

    // ---- acting ---------------------------------------------------------------------------------------------------

    @Description(
            "Stops taking requests until openIntake is called or the process is started anew; calls under way end as ever. The note is shown as the reason.")
    void closeIntake(String note);

    @Description("Takes requests again; if the endpoint was the cause, with one job first to see whether it is gone.")
    void openIntake();

    @Description(
            "Sets how many calls a second are made at most, such as 12.5, or 0 for no limit, until the next start.")
    void changeRateLimit(String callsPerSecond);

    @Description("Sets how many calls are made at once, 1 to 512, until the next start; calls under way end first.")
    void changeConcurrency(int calls);

    @Description(
            "Sends one job again and takes its letter away. queue is dead-letters or in-doubt. A new one-time password is needed where the old one may be spent; the name only where the letter does not hold it. A dry run only tells whether it would be done.")
    Replayed replay(String queue, String messageId, String newOtp, String newName, boolean dryRun);

    @Description(
            "Sends all dead letters again that the filter means and whose one-time password certainly was not used. The others are counted with the reason. A dry run only counts.")
    Replayed replayAll(String outcome, String reason, String batchId, boolean dryRun);

    @Description(
            "Takes a letter away because a person has dealt with it; the note says how and is kept in the audit log. queue is dead-letters or in-doubt.")
    void resolve(String queue, String messageId, String note);

    @Description(
            "Looks for credentials that are sealed and not published now instead of at the next interval; returns how many there were.")
    int reconcileNow();

    @Description(
            "Sets the level of a logger until the next start: ERROR, WARN, INFO, DEBUG or TRACE; empty gives it its parent's. Refused for loggers that would print one-time passwords or secrets.")
    void changeLogLevel(String logger, String level);
}
