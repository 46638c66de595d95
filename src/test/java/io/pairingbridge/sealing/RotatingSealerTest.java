package io.pairingbridge.sealing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RotatingSealerTest {

    private static final byte[] ANSWER = "{}".getBytes(StandardCharsets.UTF_8);
    private static final String WEAK =
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"weak\",\"e\":\"AQAB\",\"n\":\"" + "_".repeat(342) + "\"}]}";

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void firstKey() {
        file = folder.resolve("recipients.jwks");
        put("first", file);
    }

    private RecipientKeyPair put(String keyId, Path target) {
        RecipientKeyPair pair = KeyPairs.generate(KeyKind.P256, keyId);
        KeyPairs.writePublic(pair, target);
        return pair;
    }

    @Test
    void takesTheNewFirstKeyAtTheNextLook() {
        var sealer = new RotatingSealer(file, null, Clock.systemUTC());
        assertThat(sealer.seal(ANSWER, "j").keyId()).isEqualTo("first");

        put("second", file);
        sealer.refresh();

        assertThat(sealer.seal(ANSWER, "j").keyId()).isEqualTo("second");
        assertThat(sealer.keyId()).isEqualTo("second");
        assertThat(sealer.keys()).extracting(KeyInUse::id).containsExactly("second", "first");
        assertThat(sealer.problem()).isEmpty();
    }

    @Test
    void followsALinkThatIsPointedAtAnotherFileOfTheSameTimeAndLength() throws IOException {
        Path one = folder.resolve("one.jwks");
        Path two = folder.resolve("two.jwks");
        put("a", one);
        put("b", two);
        Files.setLastModifiedTime(two, Files.getLastModifiedTime(one));
        assertThat(two).hasSize(Files.size(one));
        Path link = folder.resolve("link.jwks");
        Files.createSymbolicLink(link, one);
        var sealer = new RotatingSealer(link, null, Clock.systemUTC());

        Path next = Files.createSymbolicLink(folder.resolve("next"), two);
        Files.move(next, link, StandardCopyOption.ATOMIC_MOVE);
        sealer.refresh();

        assertThat(sealer.keyId()).isEqualTo("b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"keys\":[]}",
                "-----BEGIN PUBLIC KEY-----",
                WEAK_MARK,
                PRIVATE_MARK,
                TWICE_MARK,
                GONE_MARK
            })
    void goesOnWithTheOldKeyWhereTheNewFileCannotBeUsed(String content) throws IOException {
        var sealer = new RotatingSealer(file, null, Clock.systemUTC());
        String first = Files.readString(file);
        switch (content) {
            case WEAK_MARK -> Files.writeString(file, WEAK);
            case PRIVATE_MARK -> {
                Files.delete(file);
                KeyPairs.writePrivate(KeyPairs.generate(KeyKind.P256, "private"), file);
            }
            case TWICE_MARK -> Files.writeString(file, first.replaceFirst("\\[(.*)]", "[$1,$1]"));
            case GONE_MARK -> Files.delete(file);
            default -> Files.writeString(file, content);
        }

        sealer.refresh();
        sealer.verify();

        assertThat(sealer.seal(ANSWER, "j").keyId()).isEqualTo("first");
        assertThat(sealer.keys()).extracting(KeyInUse::id).containsExactly("first");
        assertThat(sealer.problem())
                .hasValueSatisfying(text -> assertThat(text)
                        .startsWith("The new keys are not used, key 'first' goes on sealing: ")
                        .contains(file.toString()));
        assertThatThrownBy(() -> new RotatingSealer(file, null, Clock.systemUTC()))
                .as("but nothing starts with it")
                .isInstanceOf(KeyFileException.class);

        Files.deleteIfExists(file);
        put("second", file);
        assertThat(sealer.problem()).isEmpty();
        assertThat(sealer.seal(ANSWER, "j").keyId()).isEqualTo("second");
    }

    private static final String WEAK_MARK = "a weak key";
    private static final String PRIVATE_MARK = "a private key";
    private static final String TWICE_MARK = "a kid that is there twice";
    private static final String GONE_MARK = "no file";

    @Test
    void takesANewBreakGlassKeyAndNeverOneThatIsTheRecipients() throws IOException {
        Path glass = folder.resolve("glass.jwks");
        put("glass-1", glass);
        var sealer = new RotatingSealer(file, glass, Clock.systemUTC());
        assertThat(sealer.keys())
                .extracting(KeyInUse::id, KeyInUse::sealing, KeyInUse::breakGlass)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("first", true, false),
                        org.assertj.core.groups.Tuple.tuple("glass-1", false, true));

        put("glass-2", glass);
        sealer.refresh();
        assertThat(Opener.header(sealer.seal(ANSWER, "j").breakGlass()).keyId()).isEqualTo("glass-2");

        Files.copy(file, glass, StandardCopyOption.REPLACE_EXISTING);
        assertThat(sealer.problem()).hasValueSatisfying(text -> assertThat(text).contains("loses the other"));
        assertThat(Opener.header(sealer.seal(ANSWER, "j").breakGlass()).keyId()).isEqualTo("glass-2");

        Files.delete(glass);
        assertThat(sealer.problem()).isPresent();
        assertThat(sealer.seal(ANSWER, "j").breakGlass())
                .as("a file that is gone switches nothing off")
                .isNotNull();
    }

    @Test
    void everySealingWorksWhileTheFileIsWrittenInPlaceOverAndOver() throws Exception {
        RecipientKeyPair other = KeyPairs.generate(KeyKind.P256, "other");
        KeyPairs.writePublic(other, folder.resolve("other.jwks"));
        byte[][] versions = {Files.readAllBytes(file), Files.readAllBytes(folder.resolve("other.jwks"))};
        var sealer = new RotatingSealer(file, null, Clock.systemUTC());
        var done = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            Runnable job = () -> {
                while (!done.get()) {
                    sealer.refresh();
                    assertThat(sealer.seal(ANSWER, "j").keyId()).isIn("first", "other");
                }
            };
            Future<?> one = threads.submit(job);
            Future<?> two = threads.submit(job);
            for (int i = 0; i < 300; i++) {
                byte[] version = versions[i % 2];
                try (var out = Files.newOutputStream(file)) {
                    out.write(version, 0, version.length / 2);
                    out.flush();
                    Thread.yield();
                    out.write(version, version.length / 2, version.length - version.length / 2);
                }
            }
            done.set(true);
            one.get();
            two.get();
        } finally {
            threads.shutdownNow();
        }
        assertThat(sealer.problem()).isEmpty();
        assertThat(sealer.keyId()).isEqualTo("other");
    }
}
