package io.pairingbridge.journal.jdbc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.State;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;

/** How values stand in the journal's columns: instants as milliseconds since 1970, maps of texts as JSON objects. */
final class Columns {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectReader TEXTS = JSON.readerForMapOf(String.class);

    private Columns() {}

    /** A row of {@code job}, or of {@code ended_try}, which has the columns that an entry needs. */
    static Entry entry(ResultSet row, int n) throws SQLException {
        return new Entry(
                row.getString("job_id"),
                State.valueOf(row.getString("state")),
                row.getString("otp_hash"),
                row.getString("carrier"),
                row.getString("batch_id"),
                fromJson(row.getString("reference")),
                instant(row, "requested_at"),
                instant(row, "expires_at"),
                instant(row, "due_at"),
                row.getInt("waits"),
                row.getInt("attempts"),
                row.getInt("ambiguous"),
                row.getString("attempt_id"),
                row.getString("owner"),
                instant(row, "deadline"),
                row.getString("reason"),
                row.getString("detail"),
                integer(row, "http_status"),
                row.getString("pay_connect_id"),
                row.getString("pay_connect_name"),
                row.getString("terminal_id"),
                instant(row, "finished_at"));
    }

    /** PostgreSQL's texts cannot hold the character 0, and what the endpoint says is not ours to choose. */
    static String text(String value) {
        return value == null ? null : value.replace('\0', '\uFFFD');
    }

    static Long millis(Instant instant) {
        return instant == null ? null : instant.toEpochMilli();
    }

    static Instant instant(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? null : Instant.ofEpochMilli(value);
    }

    static Integer integer(ResultSet row, String column) throws SQLException {
        int value = row.getInt(column);
        return row.wasNull() ? null : value;
    }

    static String toJson(Map<String, String> texts) {
        try {
            return JSON.writeValueAsString(texts);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("a map of texts that is no JSON", e);
        }
    }

    static Map<String, String> fromJson(String json) {
        try {
            return json == null ? Map.of() : TEXTS.readValue(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("column reference holds no JSON object", e);
        }
    }
}
