package io.pairingbridge.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.broker.TestBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerUsersTest {

    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve(BrokerUsers.FILE);
    }

    @Test
    void makesALongPasswordForEachUserAtTheFirstStart() {
        BrokerUsers users = BrokerUsers.load(directory, Map.of());

        assertThat(BrokerUsers.ALL.stream().map(users::password))
                .doesNotHaveDuplicates()
                .allMatch(password -> password.matches("[A-Za-z0-9_-]{32,}"));
    }

    @Test
    void keepsThePasswordsForTheNextStartAndForCommands() {
        BrokerUsers first = BrokerUsers.load(directory, Map.of());

        assertSamePasswords(BrokerUsers.load(directory, Map.of()), first);
        assertSamePasswords(BrokerUsers.read(directory, Map.of()), first);
    }

    @Test
    void keepsThemWhereOnlyTheOwnerReads() throws IOException {
        BrokerUsers.load(directory.resolve("made/as/needed"), Map.of());

        Path made = directory.resolve("made/as/needed").resolve(BrokerUsers.FILE);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rw-------");
    }

    @Test
    void leavesNothingElseInTheDataDirectory() throws IOException {
        BrokerUsers.load(directory, Map.of());
        Files.writeString(file(), "bridge=kept-password\n");
        BrokerUsers.load(directory, Map.of());

        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactly(file());
        }
    }

    @Test
    void prefersAConfiguredPasswordAndDoesNotStoreIt() {
        BrokerUsers.load(directory, Map.of());
        BrokerUsers users = BrokerUsers.load(directory, Map.of(BrokerUsers.OPERATOR, "from-the-settings"));

        assertThat(users.password(BrokerUsers.OPERATOR)).isEqualTo("from-the-settings");
        assertThat(file()).content().doesNotContain("from-the-settings");
    }

    @Test
    void writesNoFileIfEveryPasswordIsConfigured() {
        TestBroker.users(directory);

        assertThat(file()).doesNotExist();
    }

    @Test
    void makesOnlyWhatIsMissing() {
        BrokerUsers first = BrokerUsers.load(directory, Map.of(BrokerUsers.OPERATOR, "from-the-settings"));
        assertThat(file()).content().doesNotContain("\n" + BrokerUsers.OPERATOR + "=");

        BrokerUsers second = BrokerUsers.load(directory, Map.of());

        assertThat(second.password(BrokerUsers.OPERATOR))
                .isNotEqualTo("from-the-settings")
                .hasSizeGreaterThan(31);
        assertThat(second.password(BrokerUsers.BRIDGE)).isEqualTo(first.password(BrokerUsers.BRIDGE));
    }

    @Test
    void refusesAFileThatOthersCanRead() throws IOException {
        for (String open : Set.of("rw-r-----", "rw----r--", "rw--w----")) {
            Files.deleteIfExists(file());
            BrokerUsers.load(directory, Map.of());
            Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString(open));

            assertThatThrownBy(() -> BrokerUsers.load(directory, Map.of()))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContainingAll(file().toString(), open, "chmod 600");
            assertThatThrownBy(() -> BrokerUsers.read(directory, Map.of())).isInstanceOf(BrokerException.class);
        }
    }

    @Test
    void refusesAnUnknownUserAndAnEmptyPassword() {
        assertThatThrownBy(() -> BrokerUsers.load(directory, Map.of("admin", "x")))
                .isInstanceOf(BrokerException.class)
                .hasMessageContainingAll("admin", BrokerUsers.OPERATOR);
        assertThatThrownBy(() -> BrokerUsers.load(directory, Map.of(BrokerUsers.BRIDGE, " ")))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("pairing.broker.users.bridge.password");
        assertThatThrownBy(() -> BrokerUsers.load(directory, Map.of()).password("admin"))
                .isInstanceOf(BrokerException.class);
    }

    @Test
    void saysWhatToDoWhenACommandFindsNoPassword() {
        BrokerUsers users = BrokerUsers.read(directory, Map.of(BrokerUsers.OPERATOR, "from-the-settings"));

        assertThat(users.password(BrokerUsers.OPERATOR)).isEqualTo("from-the-settings");
        assertThatThrownBy(() -> users.password(BrokerUsers.BRIDGE))
                .isInstanceOf(BrokerException.class)
                .hasMessageContainingAll(file().toString(), "pairing.broker.users.bridge.password");
        assertThat(file()).doesNotExist();
    }

    @Test
    void saysWhichFileCannotBeWritten() throws IOException {
        Path notADirectory = Files.writeString(directory.resolve("file"), "");

        assertThatThrownBy(() -> BrokerUsers.load(notADirectory, Map.of()))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining(notADirectory.resolve(BrokerUsers.FILE).toString());
    }

    @Test
    void printsNoPassword() {
        BrokerUsers users = BrokerUsers.load(directory, Map.of());

        assertThat(BrokerUsers.ALL).allSatisfy(user -> {
            assertThat(users.toString()).contains(user).doesNotContain(users.password(user));
        });
    }

    @RepeatedTest(50)
    void agreesOnOnePasswordWhenSeveralStartsAreTheFirst() {
        Set<String> seen = ConcurrentHashMap.newKeySet();

        IntStream.range(0, 16)
                .parallel()
                .forEach(i -> seen.add(BrokerUsers.load(directory, Map.of()).password(BrokerUsers.BRIDGE)));

        assertThat(seen).hasSize(1);
    }

    private static void assertSamePasswords(BrokerUsers one, BrokerUsers other) {
        assertThat(BrokerUsers.ALL)
                .allSatisfy(user -> assertThat(one.password(user)).isEqualTo(other.password(user)));
    }
}
