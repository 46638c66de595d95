package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The journal's contract for the role of the shipped script that may change rows and nothing else, after the schema's
 * owner was there once.
 */
class PostgresRowsIT extends JournalContract {
    private Settings.JournalStore owner;
    private Settings.JournalStore store;

    @BeforeEach
    void grant() throws IOException, SQLException {
        owner = PostgresServer.shared().journal();
        store = owner;
        open("owner", "1").close();
        store = PostgresServer.shared().journalOfRows();
    }

    @Override
    public Dialect dialect() {
        return dialect(store);
    }

    @Override
    public Dialect ownersDialect() {
        return dialect(owner);
    }

    private static Dialect dialect(Settings.JournalStore login) {
        return new PostgresDialect(login.url(), login.username(), login.password(), null);
    }

    /** To psql a file that it cannot read is an empty password, and an empty password takes the role's away. */
    @Test
    void keepsItsPasswordWhenTheScriptIsGivenAFileThatIsNotThere() throws Exception {
        PostgresServer server = PostgresServer.shared();
        for (String variable : List.of("password_file=/not-there", "rows_password_file=/not-there")) {
            assertThatThrownBy(() -> server.grant(
                            "-v",
                            "rows_role=bridge_rows",
                            "-v",
                            "rows_password_file=" + server.folder().resolve("password"),
                            "-v",
                            variable))
                    .as(variable)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("a password is empty, nothing was changed");
        }
        assertThat(
                        server.ask(
                                owner,
                                "SELECT count(*) FROM pg_authid WHERE rolname IN ('pairing_bridge', 'bridge_rows') AND rolpassword IS NOT NULL"))
                .isEqualTo("2");
    }

    @Test
    void cannotChangeTheSchema() throws Exception {
        open("a", "1");
        try (var bridge = dialect().openForWriting();
                var statement = bridge.createStatement()) {
            for (String forbidden : List.of(
                    "DROP TABLE job",
                    "ALTER TABLE job ADD COLUMN otp TEXT",
                    "CREATE TABLE other (x INT)",
                    "TRUNCATE job")) {
                assertThatThrownBy(() -> statement.execute(forbidden))
                        .as(forbidden)
                        .isInstanceOf(SQLException.class)
                        .satisfies(refused -> assertThat(((SQLException) refused).getSQLState())
                                .isEqualTo("42501"));
            }
        }
    }
}
