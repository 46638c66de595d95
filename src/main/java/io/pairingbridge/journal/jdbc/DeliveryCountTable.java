package io.pairingbridge.journal.jdbc;

import static io.pairingbridge.journal.jdbc.Columns.millis;

import java.time.Instant;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The table {@code setback}: how often the deliveries of a message were begun since one of them got anywhere. */
final class DeliveryCountTable {
    private final JdbcClient sql;

    DeliveryCountTable(JdbcClient sql) {
        this.sql = sql;
    }

    /** Counts one delivery, and says how many that makes. */
    int count(String originalMessageId, String jobId, Instant now) {
        sql.sql("""
        INSERT INTO setback (carrier, job_id, begun, updated_at) VALUES (?, ?, 1, ?)
        ON CONFLICT (carrier) DO UPDATE SET begun = setback.begun + 1, updated_at = excluded.updated_at""").params(originalMessageId, jobId, millis(now)).update();
        return sql.sql("SELECT begun FROM setback WHERE carrier = ?")
                .param(originalMessageId)
                .query(Integer.class)
                .single();
    }

    /** The message got somewhere: the next delivery is the first again. */
    void reset(String originalMessageId) {
        sql.sql("DELETE FROM setback WHERE carrier = ?")
                .param(originalMessageId)
                .update();
    }

    /** Deletes up to a thousand that nobody has counted since. */
    int purge(Instant before) {
        return sql.sql(
                        "DELETE FROM setback WHERE carrier IN (SELECT carrier FROM setback WHERE updated_at < ? LIMIT 1000)")
                .param(millis(before))
                .update();
    }
}
