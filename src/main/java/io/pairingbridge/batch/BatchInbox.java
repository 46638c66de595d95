package io.pairingbridge.batch;

import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.settings.SettingsException;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder whose files are taken as batches, each called as its file. A file is taken once it is complete: there is a file of
 * its name with {@code .done} behind it, or it has not changed for some rounds. Then it is moved to
 * {@code processing/<instance>/<a folder of its own>/}, read from there, and moved to {@code done/} when its last row has ended, or to
 * {@code failed/} if not a single row could be read. What a crash leaves in {@code processing} is gone on with.
 *
 * <p>Bridges may share a folder: the move takes a file for one of them. What lies in the folder of one that is not there any more, the
 * others go on with, if they share its journal.
 */
public final class BatchInbox {
  private static final Logger LOG = LoggerFactory.getLogger(BatchInbox.class);
  private static final Pattern DOCUMENT = Pattern.compile("[^.~].*\\.(csv|tsv|txt|json|ndjson|jsonl)", Pattern.CASE_INSENSITIVE);
  /** In each bridge's folder: its name, of which the folder's own may leave something out. */
  private static final String NAME = ".instance";
  private static final String COMPLETE = ".done";
  private static final String DONE = "done";
  private static final String FAILED = "failed";
  /** Rounds in which a file must look the same, if nobody says that it is complete. */
  private static final int STABLE_ROUNDS = 3;
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
  private static final int LONGEST_ID = 100;

  private record Look(long size, FileTime changed, int rounds) {}

  private final Path folder;
  private final Path processing;
  private final BatchIntake intake;
  private final Batches batches;
  private final Clock clock;
  private Map<Path, Look> looks = new HashMap<>();
  private String trouble = "";

  /**
   * @param folder the inbox, or null if there is none
   * @param instance names this bridge among those that share the folder
   * @throws SettingsException if the folder is no folder, or this user may not read and write it
   */
  public BatchInbox(Path folder, String instance, BatchIntake intake, Batches batches, Clock clock) {
    this.folder = folder;
    this.processing = folder == null ? null : folder.resolve("processing").resolve(instance.replaceAll("[^A-Za-z0-9._-]", "_"));
    this.intake = intake;
    this.batches = batches;
    this.clock = clock;
    if (folder != null) {
      try {
        Files.createDirectories(processing);
        Files.writeString(processing.resolve(NAME), instance);
        Files.createDirectories(folder.resolve(DONE));
        Files.createDirectories(folder.resolve(FAILED));
        Files.delete(Files.createTempFile(folder, ".probe", null));
        list(folder, this::isDocument);
      } catch (IOException e) {
        throw new SettingsException("pairing.batch.inbox " + folder + " can't be used (" + e.getClass().getSimpleName()
            + "): it must be a folder that this user may read and write");
      }
    }
  }

  /** One round: goes on with what is in {@code processing}, then takes what is complete. One document at a time. */
  public void round() throws JMSException {
    if (folder == null) {
      return;
    }
    StringBuilder now = new StringBuilder();
    try {
      takeOver();
      List<Path> claims = new ArrayList<>(list(processing, Files::isDirectory));
      for (Path file : complete()) {
        Path claim = take(file);
        if (claim != null) {
          claims.add(claim);
        }
      }
      for (Path claim : claims) {
        try {
          goOn(claim);
        } catch (IOException e) {
          now.append(e).append(' '); // one file that can't be read keeps nobody else waiting
        }
      }
    } catch (IOException e) {
      now.append(e);
    }
    if (!now.isEmpty() && !now.toString().equals(trouble)) { // said once, not each second
      LOG.warn("Not all batches are taken from {}: {}; check the folder and its permissions", folder, now);
    }
    trouble = now.toString();
  }

  /** Where the report of this batch belongs, or null if it did not come from this inbox. */
  Path reportFolder(Progress batch) {
    return folder == null || !Path.of(batch.batch().source()).startsWith(folder) ? null
        : folder.resolve(batch.rows() > 0 ? DONE : FAILED);
  }

  /** @param claim the folder of one file that was taken */
  private void goOn(Path claim) throws IOException, JMSException {
    List<Path> files = list(claim, this::isDocument);
    if (files.isEmpty()) {
      Files.deleteIfExists(claim); // a crash between making the folder and the move, or after the last one
      return;
    }
    Path file = files.get(0);
    String batchId = batchId(file);
    Progress known = batches.find(batchId).orElse(null);
    boolean mine = known != null && known.batch().source().endsWith("/" + claim.getFileName() + "/" + file.getFileName());
    if (mine && !known.batch().source().equals(file.toString())) {
      batches.moved(batchId, file.toString()); // it was begun by the bridge that it was taken over from
    }
    boolean finished = known != null && known.batch().phase() == Phase.FINISHED;
    if (mine && finished) {
      move(file, folder.resolve(known.rows() > 0 ? DONE : FAILED));
      Files.deleteIfExists(claim);
    } else if (known == null || finished || mine && known.batch().phase() == Phase.READING) {
      try {
        intake.take(batchId, file.toString(), Files.newInputStream(file));
      } catch (NoSuchFileException e) {
        LOG.warn("Batch {}: {} has vanished", batchId, file);
      }
    } // else its rows have not all ended, or those of an earlier document of that name
  }

  /** Moves to this bridge's folder what one that is gone has left in its own. */
  private void takeOver() throws IOException {
    for (Path other : list(processing.getParent(), Files::isDirectory)) {
      Path name = other.resolve(NAME);
      if (other.equals(processing) || !Files.exists(name) || list(other, Files::isDirectory).isEmpty()) {
        continue;
      }
      String instance = Files.readString(name);
      batches.whileGone(instance, () -> {
        try {
          for (Path claim : list(other, Files::isDirectory)) {
            Files.move(claim, processing.resolve(claim.getFileName()), StandardCopyOption.ATOMIC_MOVE);
            LOG.info("Taken over from bridge {}, which is not there any more: {}", instance, claim);
          }
        } catch (IOException e) {
          LOG.warn("Not all that bridge {} has left in {} can be taken over: {}", instance, other, e.toString());
        }
      });
    }
  }

  /** Moves a file to a folder of its own where only this bridge looks; null if it is gone. */
  private Path take(Path file) throws IOException {
    Path claim = Files.createTempDirectory(processing, STAMP.format(clock.instant()) + "-");
    Path target = claim.resolve(file.getFileName());
    try {
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
      Files.deleteIfExists(marker(file));
      LOG.info("Batch {}: taken from {}", batchId(file), file);
      return claim;
    } catch (NoSuchFileException e) {
      Files.delete(claim);
      return null; // another bridge has it, or whoever put it there
    } catch (AtomicMoveNotSupportedException e) {
      Files.delete(claim);
      throw new IOException(processing + " is not on the file system of " + folder, e);
    }
  }

  private List<Path> complete() throws IOException {
    Map<Path, Look> now = new HashMap<>();
    for (Path file : list(folder, this::isDocument)) {
      try {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        Look before = looks.get(file);
        boolean same = before != null && before.size == attributes.size() && before.changed.equals(attributes.lastModifiedTime());
        int rounds = Files.exists(marker(file)) ? STABLE_ROUNDS : same ? before.rounds + 1 : 1;
        now.put(file, new Look(attributes.size(), attributes.lastModifiedTime(), rounds));
      } catch (NoSuchFileException e) {
        // vanished between the two looks
      }
    }
    looks = now;
    return now.entrySet().stream().filter(file -> file.getValue().rounds >= STABLE_ROUNDS).map(Map.Entry::getKey).sorted().toList();
  }

  private static Path marker(Path file) {
    return file.resolveSibling(file.getFileName() + COMPLETE);
  }

  private static List<Path> list(Path folder, Predicate<Path> which) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(which).sorted().toList();
    }
  }

  private boolean isDocument(Path file) {
    return DOCUMENT.matcher(file.getFileName().toString()).matches() && Files.isRegularFile(file);
  }

  private void move(Path file, Path to) throws IOException {
    try {
      Files.move(file, to.resolve(file.getFileName()));
    } catch (FileAlreadyExistsException e) {
      String name = file.getFileName().toString();
      int dot = name.lastIndexOf('.');
      Files.move(file, to.resolve(name.substring(0, dot) + "." + STAMP.format(clock.instant()) + name.substring(dot)));
    }
  }

  /** The file's name without its ending, with what an id may not hold replaced. */
  public static String batchId(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String id = name.substring(0, dot > 0 ? dot : name.length()).replaceAll("[^A-Za-z0-9._:-]", "-");
    return id.length() <= LONGEST_ID ? id : id.substring(0, LONGEST_ID);
  }
}
