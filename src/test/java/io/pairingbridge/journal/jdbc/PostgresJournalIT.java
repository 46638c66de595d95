package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The journal's contract on a real PostgreSQL server, with the role that the shipped script makes. */
class PostgresJournalIT extends JournalContract {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration LEASE = Duration.ofSeconds(45);

    private Settings.JournalStore store;

    @BeforeEach
    void empty() throws IOException, SQLException {
        store = PostgresServer.shared().journal();
    }

    @Override
    public Dialect dialect() {
        return dialect(null);
    }

    private Dialect dialect(String instance, int wait) {
        return new PostgresDialect(store.url(), store.username(), store.password(), instance, wait);
    }

    private Dialect dialect(String instance) {
        return new PostgresDialect(store.url(), store.username(), store.password(), instance);
    }

    @Test
    void refusesAServerThatLosesWhatItHasCommitted() throws Exception {
        try (PostgresServer careless = PostgresServer.start(List.of("fsync = off"))) {
            store = careless.journal();
            assertThatThrownBy(() -> open("a", "1"))
                    .isInstanceOf(JournalException.class)
                    .hasMessageContaining("fsync is off");
            careless.configure(List.of("full_page_writes = off"));
            assertThatThrownBy(() -> open("a", "1")).hasMessageContaining("full_page_writes is off");
            careless.configure(List.of("synchronous_commit = off"));
            open("a", "1").close(); // the role has its own
            careless.ask(
                    store,
                    "ALTER ROLE pairing_bridge IN DATABASE " + store.url().replaceFirst(".*/", "")
                            + " SET synchronous_commit = off");
            assertThatThrownBy(() -> open("a", "1"))
                    .hasMessageContaining("synchronous_commit is off")
                    .hasMessageContaining("set synchronous_commit");
        }
    }

    @Test
    void failsUntilItIsHealedAfterItsConnectionIsGone() throws Exception {
        JdbcJournal journal = open("a", "1");
        PostgresServer.shared()
                .ask(
                        store,
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND pid <> pg_backend_pid()");
        assertThatThrownBy(() -> journal.admit(job("j", "otp")))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("Jobs stay in their queue");
        assertThat(journal.failure()).hasValueSatisfying(why -> assertThat(why).contains("//127.0.0.1:"));
        assertThatThrownBy(() -> journal.admit(job("j", "otp")))
                .as("nothing is tried again")
                .isInstanceOf(JournalException.class);
        journal.recover();
        var again = job("j", "otp");
        journal.admit(again);
        assertThat(again.next()).isEqualTo(NextStep.CALL);
    }

    @Test
    void keepsWhatItCommittedWhenTheServerIsKilled() throws Exception {
        try (PostgresServer server = PostgresServer.start(List.of())) {
            store = server.journal();
            JdbcJournal journal = open("a", "1");
            journal.admit(job("j", "otp"));
            server.kill();
            assertThatThrownBy(journal::recover).isInstanceOf(JournalException.class);
            assertThatThrownBy(() -> journal.find("j"))
                    .isInstanceOf(JournalException.class)
                    .hasMessageContaining("cannot be read");
            server.start();
            journal.recover();
            assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
        }
    }

    @Test
    void cannotDoMoreThanItsSchemaNeeds() throws Exception {
        open("a", "1");
        try (var bridge = dialect(null).openForWriting();
                var statement = bridge.createStatement()) {
            for (String forbidden : List.of(
                    "CREATE DATABASE other",
                    "CREATE ROLE other",
                    "CREATE SCHEMA other",
                    "CREATE TABLE public.other (x INT)",
                    "ALTER SYSTEM SET fsync = off",
                    "COPY job TO '/tmp/other'",
                    "SELECT * FROM pg_authid",
                    "CREATE EXTENSION dblink")) {
                assertThatThrownBy(() -> statement.execute(forbidden))
                        .as(forbidden)
                        .isInstanceOf(SQLException.class)
                        .satisfies(refused -> assertThat(((SQLException) refused).getSQLState())
                                .isEqualTo("42501"));
            }
        }
    }

    @Test
    void refusesASecondBridgeOfTheSameName() throws Exception {
        try (var first = dialect("till").openForWriting()) {
            assertThatThrownBy(() -> dialect("till", 500).openForWriting())
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("another bridge with pairing.instance-id till runs on it")
                    .hasMessageContaining("a name of its own");
            dialect("other", 500).openForWriting().close();
            assertThat(first.isValid(5)).isTrue();
        }
    }

    /** As after a restart, when the server has not noticed yet that the run before is gone. */
    @Test
    void waitsForTheNameUntilTheRunBeforeIsGone() throws Exception {
        var before = dialect("till").openForWriting();
        CompletableFuture<Connection> next = CompletableFuture.supplyAsync(() -> {
            try {
                return dialect("till").openForWriting();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        Awaitility.await()
                .until(() -> PostgresServer.shared()
                        .ask(store, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                        .equals("1"));
        assertThat(next).isNotDone();
        before.close();
        next.get(60, TimeUnit.SECONDS).close();
    }

    @Test
    void leavesSendingToTheBridgeThatSealedUntilItsTurnIsOver() {
        JdbcJournal first = open("a", "1");
        Job job = sealed(first);
        Job repeated = job("j", "otp");
        JdbcJournal second = open("b", "1");
        clock.move(SECOND);

        assertThat(first.acquireLease(job.credentials())).isTrue();
        assertThat(first.unpublished(clock.instant(), 10)).hasSize(1);
        assertThat(second.unpublished(clock.instant(), 10)).isEmpty();
        assertThat(second.acquireLease(job.credentials())).isFalse();
        second.admit(repeated);
        assertThat(repeated.next()).isEqualTo(NextStep.WAIT);
        assertThat(repeated.delay()).isEqualTo(LEASE.minus(SECOND));

        clock.move(LEASE.minus(SECOND));
        assertThat(second.unpublished(clock.instant(), 10)).hasSize(1);
        Job again = job("j", "otp");
        second.admit(again);
        assertThat(again.next()).isEqualTo(NextStep.PUBLISH);
        assertThat(second.acquireLease(again.credentials())).isTrue();
        assertThat(first.acquireLease(job.credentials()))
                .as("a bridge that was paused since it sealed")
                .isFalse();
        assertThat(first.unpublished(clock.instant(), 10)).isEmpty();
    }

    /** What it sent last may still be on its way when a lease expires, so a send is begun only early in one. */
    @Test
    void takesItsTurnAnewBeforeItSendsLate() {
        JdbcJournal first = open("a", "1");
        Job job = sealed(first);
        clock.move(LEASE.minus(SECOND));
        assertThat(first.acquireLease(job.credentials())).isTrue();
        clock.move(SECOND);

        assertThat(open("b", "1").unpublished(clock.instant(), 10))
                .as("the lease was extended")
                .isEmpty();
    }

    @Test
    void goesOnAtOnceWithWhatItSealedBeforeARestart() {
        JdbcJournal before = open("a", "1");
        Job job = sealed(before);
        before.close();
        clock.move(SECOND);

        JdbcJournal after = open("a", "2");
        assertThat(after.unpublished(clock.instant(), 10)).hasSize(1);
        Job again = job("j", "otp");
        after.admit(again);
        assertThat(again.next()).isEqualTo(NextStep.PUBLISH);
        assertThat(after.acquireLease(again.credentials())).isTrue();
    }

    @Test
    void doesNotWaitForATurnThatWasGivenBeforeTheClockWasTurnedBack() {
        JdbcJournal first = open("a", "1");
        Job job = sealed(first);
        clock.move(Duration.ofHours(-3));

        JdbcJournal second = open("b", "1");
        assertThat(second.unpublished(clock.instant(), 10)).hasSize(1);
        assertThat(second.acquireLease(job.credentials())).isTrue();
        assertThat(first.acquireLease(job.credentials())).isFalse();
    }

    @Test
    void leavesNothingToSendOnceItIsPublished() {
        JdbcJournal first = open("a", "1");
        Job job = sealed(first);
        first.published(job.id(), job.attempt().id());
        assertThat(open("b", "1").acquireLease(job.credentials())).isFalse();
    }

    @Test
    void refusesAnotherKey() {
        open("a", "1");
        assertThatThrownBy(() -> JdbcJournal.open(
                        dialect(),
                        new Limits(Duration.ofSeconds(1), Duration.ofHours(1), 1, null),
                        new Owner("b", "1"),
                        new OtpHash(new byte[32]),
                        java.time.Clock.systemUTC()))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("pairing.journal.otp-key");
    }
}
