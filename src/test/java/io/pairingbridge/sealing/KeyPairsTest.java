package io.pairingbridge.sealing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.pairingbridge.job.SealedAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.text.ParseException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyPairsTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(
            value = KeyKind.class,
            names = {"P256", "P384", "P521"})
    void makesPairsThatSealAndOpen(KeyKind kind) {
        RecipientKeyPair pair = KeyPairs.generate(kind, null);
        KeyPairs.writePrivate(pair, folder.resolve("private.jwks"));
        KeyPairs.writePublic(pair, folder.resolve("public.jwks"));
        Sealer sealer = new JweSealer(RecipientKeys.load(folder.resolve("public.jwks")), Clock.systemUTC());
        Opener opener = Opener.load(folder.resolve("private.jwks"));
        SealedAnswer sealed = sealer.seal(new byte[] {1, 2}, "job-1");
        assertThat(sealed.keyId()).isEqualTo(pair.keyId()).isEqualTo(sealer.keyId());
        assertThat(opener.keyIds()).containsExactly(pair.keyId());
        assertThat(opener.open(sealed.body())).containsExactly(1, 2);
    }

    @Test
    void namesAKeyByItsThumbprintUnlessToldOtherwise() throws Exception {
        RecipientKeyPair pair = KeyPairs.generate(KeyKind.P256, null);
        assertThat(pair.keyId())
                .isEqualTo(pair.publicKey().computeThumbprint("SHA-256").toString());
        assertThat(KeyPairs.generate(KeyKind.P256, "erp-2026").keyId()).isEqualTo("erp-2026");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a\nb"})
    void refusesNamesThatCanNotBePrinted(String keyId) {
        assertThatThrownBy(() -> KeyPairs.generate(KeyKind.P256, keyId)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writesThePrivateFileForItsOwnerAlone() throws IOException {
        Path file = folder.resolve("private.jwks");
        KeyPairs.writePrivate(KeyPairs.generate(KeyKind.P256, null), file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void neverOverwritesAPrivateFile() throws IOException {
        Path file = Files.writeString(folder.resolve("private.jwks"), "the only copy");
        assertThatThrownBy(() -> KeyPairs.writePrivate(KeyPairs.generate(KeyKind.P256, null), file))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining(file + " exists and is never overwritten");
        assertThat(file).hasContent("the only copy");
    }

    @Test
    void neverFollowsALinkWithThePrivateKey() throws IOException {
        Path elsewhere = folder.resolve("elsewhere");
        Path link = Files.createSymbolicLink(folder.resolve("private.jwks"), elsewhere);
        assertThatThrownBy(() -> KeyPairs.writePrivate(KeyPairs.generate(KeyKind.P256, null), link))
                .isInstanceOf(KeyFileException.class);
        assertThat(elsewhere).doesNotExist();
    }

    @Test
    void saysWhyAFileCanNotBeWritten() {
        Path file = folder.resolve("missing/key.jwks");
        RecipientKeyPair pair = KeyPairs.generate(KeyKind.P256, null);
        assertThatThrownBy(() -> KeyPairs.writePrivate(pair, file))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining(file + " can't be written");
        assertThatThrownBy(() -> KeyPairs.writePublic(pair, file))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining(file + " can't be written");
    }

    @Test
    void writesNothingPrivateIntoThePublicFile() throws IOException, ParseException {
        Path file = folder.resolve("public.jwks");
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "k"), file);
        Map<String, Object> key =
                JSONObjectUtils.getJSONObjectArray(JSONObjectUtils.parse(Files.readString(file)), "keys")[0];
        assertThat(key).containsOnlyKeys("kty", "kid", "use", "alg", "crv", "x", "y", "iat");
    }

    @Test
    void putsANewPublicKeyFirstAndKeepsTheRest() throws IOException, ParseException {
        Path file = folder.resolve("public.jwks");
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "old"), file);
        Map<String, Object> document = JSONObjectUtils.parse(Files.readString(file));
        document.put("owner", "ERP team");
        Files.writeString(file, JSONObjectUtils.toJSONString(document));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw----"));

        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P384, "new"), file);

        assertThat(RecipientKeys.load(file).keyIds()).containsExactly("new", "old");
        assertThat(JSONObjectUtils.parse(Files.readString(file))).containsEntry("owner", "ERP team");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-rw----");
        assertThat(folder).isDirectoryContaining(p -> p.equals(file)).isDirectoryNotContaining(p -> !p.equals(file));
    }

    @Test
    void makesANewPublicFileReadableForTheBridge() throws IOException {
        Path file = folder.resolve("public.jwks");
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, null), file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r--r--");
    }

    @Test
    void replacesWhatALinkToThePublicFilePointsAt() throws IOException {
        Path file = folder.resolve("public.jwks");
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "old"), file);
        Path link = Files.createSymbolicLink(folder.resolve("link.jwks"), file);
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "new"), link);
        assertThat(link).isSymbolicLink();
        assertThat(RecipientKeys.load(file).keyIds()).containsExactly("new", "old");
    }

    @Test
    void leavesAPublicFileAloneThatItCanNotTakeOver() throws IOException {
        Path file = folder.resolve("public.jwks");
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "taken"), file);
        String before = Files.readString(file);
        assertThatThrownBy(() -> KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "taken"), file))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("has a key 'taken' already");
        assertThat(file).hasContent(before);

        Files.writeString(file, "not a key set");
        assertThatThrownBy(() -> KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, null), file))
                .isInstanceOf(KeyFileException.class);
        assertThat(file).hasContent("not a key set");
    }

    @Test
    void opensWithASinglePrivateKeyToo() throws IOException {
        RecipientKeyPair pair = KeyPairs.generate(KeyKind.P256, "one");
        Path file =
                Files.writeString(folder.resolve("one.jwk"), pair.privateKey().toJSONString());
        assertThat(Opener.load(file).keyIds()).containsExactly("one");
    }

    @Test
    void refusesPrivateFilesThatOpenNothing() throws IOException {
        RecipientKeyPair pair = KeyPairs.generate(KeyKind.P256, "k");
        Path open = folder.resolve("public.jwks");
        KeyPairs.writePublic(pair, open);
        assertThatThrownBy(() -> Opener.load(open))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("key 'k' is only a public key");

        Path twice = Files.writeString(
                folder.resolve("twice.jwks"), "{\"keys\":[" + pair.privateKey() + "," + pair.privateKey() + "]}");
        assertThatThrownBy(() -> Opener.load(twice))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("key 'k' is there twice");

        Path nameless = Files.writeString(
                folder.resolve("nameless.jwk"), pair.privateKey().toJSONString().replace("\"kid\"", "\"name\""));
        assertThatThrownBy(() -> Opener.load(nameless))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("key number 1 has no kid");

        Path symmetric =
                Files.writeString(folder.resolve("oct.jwk"), "{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"Y2FuYXJ5\"}");
        assertThatThrownBy(() -> Opener.load(symmetric))
                .isInstanceOf(KeyFileException.class)
                .hasMessageContaining("neither an RSA nor an EC key");
    }

    @Test
    void quotesNothingOfADamagedPrivateKey() throws IOException {
        String secret = KeyPairs.generate(KeyKind.P256, "k")
                .privateKey()
                .toECKey()
                .getD()
                .toString();
        for (String damaged : List.of(
                "{\"kty\":\"EC\",\"kid\":\"k\",\"crv\":\"P-256\",\"d\":\"" + secret + "\"}",
                "{\"kty\":\"EC\",\"d\":\"" + secret)) {
            Path file = Files.writeString(folder.resolve("damaged.jwk"), damaged);
            assertThatThrownBy(() -> Opener.load(file))
                    .isInstanceOf(KeyFileException.class)
                    .hasNoCause()
                    .hasMessageContaining(file.toString())
                    .message()
                    .doesNotContain(secret);
        }
    }
}
