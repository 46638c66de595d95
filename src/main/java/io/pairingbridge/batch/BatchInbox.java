package io.pairingbridge.batch;

import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.text.Text;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder whose files are taken as batches, each called as its file. A file is taken once it is complete: there is a
 * file of its name with {@code .done} behind it, or it has not changed for some rounds. Then it is moved to
 * {@code processing/<instance>/}, with a stamp before its name, read from there, and moved to {@code done/} when its
 * last row has ended, or to {@code failed/} if not a single row could be read. What a crash leaves in
 * {@code processing} is gone on with.
 *
 * <p>Others may write into the folder: that is how documents are handed in. So no link in it is followed, nothing is
 * overwritten, names are taken byte for byte, and the three folders in it must be the bridge's own; see
 * {@link SecureFolder}.
 *
 * <p>Bridges of one user may share a folder: the move takes a file for one of them. What lies in the folder of one that
 * is not there any more, the others go on with, if they share its journal.
 */
public final class BatchInbox {
    private static final Logger LOG = LoggerFactory.getLogger(BatchInbox.class);
    /** Documents, and what people put there in their place: that is taken too, so that they are told. */
    private static final Pattern DOCUMENT =
            Pattern.compile("[^.~].*" + BatchName.ENDINGS, Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    /** Names under which files are still being written, and those that belong to others. */
    private static final Pattern LEFT_ALONE = Pattern.compile(
            "[.~].*|.*(~|\\.(done|part|partial|tmp|temp|filepart|crdownload|download|swp|lock))",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private static final Pattern REPORT =
            Pattern.compile("\\.?.*\\.report\\.(csv|html)(\\.part)?", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    /** In each bridge's folder: its name, of which the folder's own may leave something out. */
    private static final String NAME = ".instance";

    private static final int LONGEST_INSTANCE = 1_000;
    private static final String COMPLETE = ".done";
    private static final String PROCESSING = "processing";
    private static final String DONE = "done";
    private static final String FAILED = "failed";
    private static final Set<String> OURS = Set.of(PROCESSING, DONE, FAILED);
    /** Stands between the stamp and the name of a file that was taken. */
    private static final char STAMPED = '~';
    /** Rounds in which a file must look the same, if nobody says that it is complete. */
    private static final int STABLE_ROUNDS = 3;

    private static final Duration BETWEEN_PURGES = Duration.ofMinutes(1);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    private record Look(Path path, long size, FileTime changed, int rounds) {}

    private final Path folder;
    private final String instance;
    private final BatchSubmitter submitter;
    private final Batches batches;
    private final Duration kept;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private UserPrincipal owner;
    private Map<FileName, Look> looks = new HashMap<>();
    private Set<FileName> unknown = Set.of();
    private String trouble = "";
    private Instant purgedAt = Instant.MIN;
    private boolean lookedForMoved;

    /**
     * @param folder the inbox, or null if there is none; made, for its owner alone, if it is not there
     * @param instance names this bridge among those that share the folder
     * @param kept how long documents stay in {@code done/} and {@code failed/}: they hold one-time passwords
     * @throws SettingsException if the folder is no folder, or this user may not read and write it
     */
    public BatchInbox(
            Path folder, String instance, BatchSubmitter submitter, Batches batches, Duration kept, Clock clock) {
        this.folder = folder;
        this.instance = instance.replaceAll("[^A-Za-z0-9._-]", "_");
        this.submitter = submitter;
        this.batches = batches;
        this.kept = kept;
        this.clock = clock;
        if (folder != null) {
            try {
                if (!Files.isDirectory(folder)) {
                    Files.createDirectories(
                            folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                }
                Path probe = Files.createTempFile(folder, ".probe", null);
                owner = Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS);
                Files.delete(probe);
                try (SecureFolder inbox = SecureFolder.open(folder);
                        SecureFolder processing = inbox.own(PROCESSING, owner, false);
                        SecureFolder mine = processing.own(this.instance, owner, false);
                        SecureFolder done = inbox.own(DONE, owner, true);
                        SecureFolder failed = inbox.own(FAILED, owner, true)) {
                    mine.replace(FileName.ofText(NAME), out -> out.write(instance.getBytes(StandardCharsets.UTF_8)));
                    inbox.list();
                    LOG.debug("Inbox {} with {} and {}", folder, done.path(), failed.path());
                }
            } catch (IOException e) {
                throw new SettingsException("pairing.batch.inbox " + folder + " can't be used ("
                        + (e.getMessage() != null && e.getClass() == IOException.class
                                ? e.getMessage()
                                : e.getClass().getSimpleName())
                        + "): it must be a folder that this user may read and write");
            }
        }
    }

    /** One round: goes on with what is in {@code processing}, then takes what is complete. One document at a time. */
    public void round() throws JMSException {
        if (folder == null) {
            return;
        }
        Set<String> now = new HashSet<>();
        try (SecureFolder inbox = SecureFolder.open(folder);
                SecureFolder processing = inbox.own(PROCESSING, owner, false);
                SecureFolder mine = processing.own(instance, owner, false)) {
            takeOver(processing, mine, now);
            if (!lookedForMoved) {
                findMoved(inbox, mine);
                lookedForMoved = true;
            }
            List<FileName> claims = new ArrayList<>(claims(mine, now));
            for (Map.Entry<FileName, Look> file : complete(inbox)) {
                each(now, file.getKey(), () -> take(inbox, file.getKey(), file.getValue(), mine, claims));
            }
            for (FileName claim : claims) {
                each(now, claim, () -> goOn(inbox, mine, claim));
            }
            purge(inbox);
        } catch (IOException e) {
            now.add(words(e));
        }
        String all = String.join(" ", now.stream().sorted().limit(20).toList());
        if (!all.isEmpty() && !all.equals(trouble)) { // said once, not each second
            LOG.warn(
                    "Not all batches are taken from {}: {}; check the folder and its permissions",
                    folder,
                    Text.line(all, 4_000));
        }
        trouble = all;
    }

    private interface Step {
        void run() throws IOException, JMSException;
    }

    /** One file that can't be read, or is a trap, keeps nobody else waiting. */
    private static void each(Set<String> now, FileName file, Step step) throws JMSException {
        try {
            step.run();
        } catch (JournalException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            now.add(Text.line(file.text()) + ": " + words(e));
        }
    }

    private static String words(Exception e) {
        return e.getClass() == IOException.class ? e.getMessage() : e.toString();
    }

    // ---- where reports belong -------------------------------------------------------------------------------------

    /** Where the report of this batch belongs, or null if it did not come from this inbox. */
    Path reportFolder(Progress batch) {
        String inbox = folder == null ? "" : Text.line(folder.toString()) + "/";
        String source = batch.batch().source();
        return folder != null
                        && source.startsWith(inbox)
                        && OURS.contains(source.substring(inbox.length()).replaceFirst("/.*", ""))
                ? folder.resolve(batch.rows() > 0 ? DONE : FAILED)
                : null;
    }

    /** The same, to write into. */
    SecureFolder openReportFolder(Progress batch) throws IOException {
        try (SecureFolder inbox = SecureFolder.open(folder)) {
            return inbox.own(batch.rows() > 0 ? DONE : FAILED, owner, true);
        }
    }

    // ---- a file that was taken ------------------------------------------------------------------------------------

    private void goOn(SecureFolder inbox, SecureFolder mine, FileName claim) throws IOException, JMSException {
        BatchName name = BatchName.of(claim.after(STAMPED));
        String batchId = name.id();
        String source = Text.line(mine.path() + "/") + Text.line(claim.text());
        Progress known = batches.find(batchId).orElse(null);
        boolean ours = known != null && isSource(known.batch().source(), claim);
        if (ours && !known.batch().source().equals(source)) {
            batches.moved(batchId, source); // it was begun by the bridge that it was taken over from
        }
        boolean ended = known != null && known.batch().phase().ended();
        if (ours && ended) {
            batches.moved(batchId, moveAway(inbox, mine, claim, known.rows() > 0 ? DONE : FAILED));
        } else if (known == null || ended || ours && known.batch().phase() == Batches.Phase.READING) {
            read(mine, claim, name, source);
        } // else its rows have not all ended, or those of an earlier document of that name
    }

    private void read(SecureFolder mine, FileName claim, BatchName batch, String source)
            throws IOException, JMSException {
        String problem = trap(mine, claim);
        if (problem != null) {
            submitter.refuse(batch, source, problem);
            return;
        }
        InputStream document;
        try {
            document = mine.read(claim.path());
        } catch (NoSuchFileException e) {
            LOG.warn("Batch {}: {} has vanished", batch.id(), source);
            return;
        }
        submitter.take(batch, source, document);
    }

    /** Why this is nothing to be read, or null. */
    private static String trap(SecureFolder mine, FileName claim) throws IOException {
        BasicFileAttributes here = mine.look(claim.path());
        if (here.isSymbolicLink()) {
            return "it is a symbolic link, which is not followed: put the file itself into the inbox";
        }
        if (!here.isRegularFile()) {
            return here.isDirectory()
                    ? "it is a folder: put the files themselves into the inbox"
                    : "it is no regular file: put a file into the inbox";
        }
        Path path = mine.path().resolve(claim.path());
        Object links = Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        Object key = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
        if (!here.fileKey().equals(key)) {
            throw new IOException(mine.path() + " was replaced meanwhile");
        }
        return links instanceof Integer count && count > 1
                ? "it has another name too (a hard link), under which others may read or change it: put a copy into the inbox"
                : null;
    }

    /** Of a bridge that it was taken over from, or of an earlier version, which gave each file a folder of its own. */
    private static boolean isSource(String source, FileName claim) {
        String name = Text.line(claim.text());
        return source.endsWith("/" + name) || source.endsWith("/" + name.replaceFirst("~", "/"));
    }

    /** @return where it lies now */
    private String moveAway(SecureFolder inbox, SecureFolder mine, FileName claim, String where) throws IOException {
        try (SecureFolder to = inbox.own(where, owner, true)) {
            FileName name = claim.after(STAMPED);
            // A name of a report's kind would be in the report's way.
            while (to.has(name.path()) || REPORT.matcher(name.text()).matches()) {
                name = claim.after(STAMPED).beforeEnding("." + STAMP.format(clock.instant()) + "-" + someDigits());
            }
            mine.move(claim.path(), to, name.path());
            return to.path() + "/" + name.text();
        }
    }

    /** Finds documents again that were moved by a bridge which died before it could write down where to. */
    private void findMoved(SecureFolder inbox, SecureFolder mine) throws IOException {
        String before = Text.line(mine.path() + "/");
        for (Progress batch : batches.all()) {
            String source = batch.batch().source();
            int stamped = source.indexOf(STAMPED, before.length());
            if (!batch.batch().phase().ended()
                    || !source.startsWith(before)
                    || stamped < 0
                    || mine.has(
                            FileName.ofText(source.substring(before.length())).path())) {
                continue;
            }
            try (SecureFolder to = inbox.own(batch.rows() > 0 ? DONE : FAILED, owner, true)) {
                FileName name = FileName.ofText(source.substring(stamped + 1));
                if (to.has(name.path())) {
                    batches.moved(batch.batch().id(), to.path() + "/" + name.text());
                }
            }
        }
    }

    /**
     * What was taken and not finished; what an earlier version, in which each file had a folder of its own, left behind
     * is made like it.
     */
    private static List<FileName> claims(SecureFolder mine, Set<String> now) throws IOException {
        List<FileName> claims = new ArrayList<>();
        for (Path path : mine.list()) {
            FileName name = FileName.of(path);
            if (name.raw().indexOf(STAMPED) > 0 && !name.raw().startsWith(".")) {
                claims.add(name);
            } else if (mine.look(path).isDirectory()) {
                try (SecureFolder claim = mine.folder(path)) {
                    for (Path file : claim.list()) {
                        FileName stamped = FileName.of(file).behind(name.raw() + STAMPED);
                        claim.move(file, mine, stamped.path());
                        claims.add(stamped);
                    }
                    mine.deleteFolder(path);
                } catch (IOException e) {
                    now.add(Text.line(name.text()) + ": " + words(e));
                }
            }
        }
        claims.sort(Comparator.comparing(FileName::raw));
        return claims;
    }

    /** Moves to this bridge's folder what one that is gone has left in its own. */
    private void takeOver(SecureFolder processing, SecureFolder mine, Set<String> now) throws IOException {
        for (Path path : processing.list()) {
            FileName name = FileName.of(path);
            if (name.raw().equals(instance)
                    || !processing.look(path).isDirectory()
                    || !processing.look(path).owner().equals(owner)) {
                continue;
            }
            try (SecureFolder other = processing.folder(path)) {
                List<Path> left = other.list().stream()
                        .filter(file -> !file.toString().startsWith("."))
                        .toList();
                if (left.isEmpty() || !other.has(Path.of(NAME))) {
                    continue;
                }
                String instanceOfOther;
                try (InputStream in = other.read(Path.of(NAME))) {
                    instanceOfOther = new String(in.readNBytes(LONGEST_INSTANCE), StandardCharsets.UTF_8);
                }
                batches.whileGone(instanceOfOther, () -> {
                    for (Path file : left) {
                        try {
                            other.move(file, mine, file);
                            LOG.info(
                                    "Taken over from bridge {}, which is not there any more: {}",
                                    Text.line(instanceOfOther),
                                    Text.line(FileName.of(file).text()));
                        } catch (IOException e) {
                            LOG.warn(
                                    "Not all that bridge {} has left in {} can be taken over: {}",
                                    Text.line(instanceOfOther),
                                    other.path(),
                                    e.toString());
                        }
                    }
                });
            } catch (IOException e) {
                now.add(Text.line(name.text()) + ": " + words(e));
            }
        }
    }

    // ---- files in the inbox ---------------------------------------------------------------------------------------

    /** Moves a file to where only this bridge looks. */
    private void take(SecureFolder inbox, FileName file, Look look, SecureFolder mine, List<FileName> claims)
            throws IOException {
        FileName claim = file.behind(STAMP.format(clock.instant()) + "-" + someDigits() + STAMPED);
        try {
            inbox.move(look.path(), mine, claim.path());
        } catch (NoSuchFileException e) {
            return; // another bridge has it, or whoever put it there
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException(mine.path() + " is not on the file system of " + folder, e);
        }
        claims.add(claim);
        LOG.info("Batch {}: taken from {}/{}", BatchName.of(file).id(), folder, Text.line(file.text()));
        inbox.delete(marker(file).path());
    }

    private List<Map.Entry<FileName, Look>> complete(SecureFolder inbox) throws IOException {
        Map<FileName, Look> now = new HashMap<>();
        Set<FileName> strange = new HashSet<>();
        Map<FileName, Path> all = new HashMap<>();
        inbox.list().forEach(path -> all.put(FileName.of(path), path));
        for (Map.Entry<FileName, Path> file : all.entrySet()) {
            String name = file.getKey().text();
            if (!DOCUMENT.matcher(name).matches()) {
                if (!LEFT_ALONE.matcher(name).matches() && !OURS.contains(name)) {
                    strange.add(file.getKey());
                }
                continue;
            }
            try {
                BasicFileAttributes attributes = inbox.look(file.getValue());
                Look before = looks.get(file.getKey());
                boolean same = before != null
                        && before.size == attributes.size()
                        && before.changed.equals(attributes.lastModifiedTime());
                int rounds = all.containsKey(marker(file.getKey())) ? STABLE_ROUNDS : same ? before.rounds + 1 : 1;
                now.put(
                        file.getKey(),
                        new Look(file.getValue(), attributes.size(), attributes.lastModifiedTime(), rounds));
            } catch (NoSuchFileException e) {
                // vanished between the two looks
            }
        }
        looks = now;
        strange.stream()
                .filter(name -> !unknown.contains(name))
                .limit(20)
                .forEach(name -> LOG.warn(
                        "Left where it is, because its name is not that of"
                                + " a document (.csv, .tsv, .txt, .json, .ndjson, .jsonl): {}/{}",
                        folder,
                        Text.line(name.text())));
        unknown = strange;
        return now.entrySet().stream()
                .filter(file -> file.getValue().rounds >= STABLE_ROUNDS)
                .sorted(Map.Entry.comparingByKey(Comparator.comparing(FileName::raw)))
                .toList();
    }

    private static FileName marker(FileName file) {
        return new FileName(file.raw() + COMPLETE);
    }

    // ---- documents that were read ---------------------------------------------------------------------------------

    /** Deletes documents that were put into {@code done/} and {@code failed/} long ago. Reports stay. */
    private void purge(SecureFolder inbox) throws IOException {
        Instant now = clock.instant();
        if (purgedAt.plus(BETWEEN_PURGES).isAfter(now)) {
            return;
        }
        purgedAt = now;
        for (String where : List.of(DONE, FAILED)) {
            try (SecureFolder ended = inbox.own(where, owner, true)) {
                for (Path path : ended.list()) {
                    FileName name = FileName.of(path);
                    if (!REPORT.matcher(name.text()).matches()
                            && !ended.look(path).isDirectory()
                            && putThere(ended, path).plus(kept).isBefore(now)) {
                        ended.delete(path);
                        LOG.info(
                                "Deleted, because documents are kept for {} (pairing.batch.keep-documents): {}/{}",
                                kept,
                                ended.path(),
                                Text.line(name.text()));
                    }
                }
            }
        }
    }

    /** When it was moved there: its content may be much older. */
    private static Instant putThere(SecureFolder folder, Path name) throws IOException {
        return ((FileTime) Files.getAttribute(folder.path().resolve(name), "unix:ctime", LinkOption.NOFOLLOW_LINKS))
                .toInstant();
    }

    private String someDigits() {
        return HexFormat.of().toHexDigits(random.nextInt());
    }

    // ---- names ----------------------------------------------------------------------------------------------------

    /** What the batch of this file is called by programs. */
    public static String batchId(Path file) {
        return BatchName.of(file).id();
    }
}
