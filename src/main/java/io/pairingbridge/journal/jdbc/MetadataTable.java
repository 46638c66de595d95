package io.pairingbridge.journal.jdbc;

import static io.pairingbridge.journal.jdbc.Columns.millis;

import io.pairingbridge.journal.Owner;
import java.time.Instant;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The tables {@code fact} and {@code pulse}: what holds for the journal as a whole, and the row of the write probe. */
final class MetadataTable {
    private final JdbcClient sql;

    MetadataTable(JdbcClient sql) {
        this.sql = sql;
    }

    /** What this name stands for: the value that was first given for it. */
    String putIfAbsent(String name, String value) {
        sql.sql("INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
                .params(name, value)
                .update();
        return sql.sql("SELECT value FROM fact WHERE name = ?")
                .param(name)
                .query(String.class)
                .single();
    }

    /** Writes one row for the sake of writing: it proves that the store takes a write. */
    int writeProbe(Owner owner, Instant now) {
        return sql.sql("""
        INSERT INTO pulse (id, owner, beaten_at) VALUES (1, ?, ?)
        ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, beaten_at = excluded.beaten_at""").params(owner.toString(), millis(now)).update();
    }
}
