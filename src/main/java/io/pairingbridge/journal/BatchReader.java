package io.pairingbridge.journal;

import io.pairingbridge.journal.Batches.Place;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Batches.Row;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The journal's batches for those who only look. What {@link JournalReader} says of its queries holds here. */
public interface BatchReader {

    /** The place of this job in the document that was begun last of those that have it. */
    Optional<Place> place(String jobId);

    /** All batches, the latest first. */
    List<Progress> all();

    /** Those that are not finished. */
    List<Progress> running();

    Optional<Progress> find(String batchId);

    /** As {@link #find}, or else the latest batch that people call so. */
    Optional<Progress> named(String idOrName);

    /** Every row of a batch, in the order of the document; a thousand of them are in memory. */
    void rows(String batchId, Consumer<Row> reader);
}
