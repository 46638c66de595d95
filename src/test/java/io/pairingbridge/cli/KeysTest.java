package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private final SystemProperties properties = new SystemProperties();

    @AfterEach
    void forget() {
        properties.close();
    }

    @Test
    void makesAPairThatSealsByDefault() throws IOException {
        properties.with(Map.of(
                "pairing.seal.recipient-keys", folder.resolve("recipients.jwks").toString()));
        Ran ran = Ran.command("keys", "new", "--private", file("private.jwk"), "--json");

        assertThat(ran.code()).as(ran.all()).isZero();
        String kid = JSON.readTree(ran.out()).path("kid").asText();
        RecipientKeys recipients = RecipientKeys.load(folder.resolve("recipients.jwks"));
        assertThat(recipients.sealingKey().getKeyID()).isEqualTo(kid);
        assertThat(recipients.sealingKey().size()).isEqualTo(3072);
        assertThat(Opener.load(folder.resolve("private.jwk")).keyIds()).containsExactly(kid);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("private.jwk"))))
                .isEqualTo("rw-------");
        assertThat(Ran.command("keys", "list").out()).contains(kid, "RSA", "3072", "public", "yes");
    }

    @Test
    void theNewestKeySealsAndTheListSaysSo() throws IOException {
        newKey("old", "P256");
        newKey("new", "p521");

        JsonNode list = JSON.readTree(
                Ran.command("keys", "list", file("public.jwks"), "--json").out());

        assertThat(list.path("fit_for_sealing").asBoolean()).isTrue();
        assertThat(list.path("keys")).isEqualTo(JSON.readTree("""
        [{"kid":"new","kind":"P-521","bits":521,"half":"public","seals":true},
         {"kid":"old","kind":"P-256","bits":256,"half":"public","seals":false}]"""));
    }

    @Test
    void showsWhatIsInUse() throws IOException {
        newKey("old", "P256");
        newKey("new", "P521");
        assertThat(Ran.command(
                                "keys",
                                "new",
                                "--private",
                                file("spare"),
                                "--public",
                                file("glass.jwks"),
                                "--kid",
                                "glass",
                                "--kind",
                                "P384")
                        .code())
                .isZero();
        properties.with(Map.of(
                "pairing.seal.recipient-keys",
                file("public.jwks"),
                "pairing.seal.break-glass-keys",
                file("glass.jwks")));

        Ran shown = Ran.command("keys", "show", "--json");
        assertThat(shown.code()).as(shown.all()).isZero();
        JsonNode keys = JSON.readTree(shown.out()).path("keys");
        assertThat(keys.findValuesAsText("kid")).containsExactly("new", "old", "glass");
        assertThat(keys.findValuesAsText("use")).containsExactly("seals", "listed", "break-glass");
        assertThat(keys.findValuesAsText("kind")).containsExactly("EC P-521", "EC P-256", "EC P-384");
        assertThat(keys.findValuesAsText("age_days")).containsExactly("0", "0", "0");
        assertThat(Ran.command("keys", "show").out()).contains("seals", "break-glass", "0 days");

        properties.with(Map.of("pairing.seal.break-glass-keys", file("public.jwks")));
        Ran shared = Ran.command("keys", "show");
        assertThat(shared.code()).isEqualTo(1);
        assertThat(shared.err()).contains("loses the other");
    }

    @Test
    void neverOverwritesAPrivateKey() throws IOException {
        Files.writeString(folder.resolve("k1"), "precious");
        Ran ran =
                Ran.command("keys", "new", "--private", file("k1"), "--public", file("public.jwks"), "--kind", "P256");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("never overwritten");
        assertThat(folder.resolve("k1")).hasContent("precious");
        assertThat(folder.resolve("public.jwks")).doesNotExist();
    }

    @Test
    void leavesNoPrivateKeyBehindWhosePublicHalfHasNoPlace() {
        newKey("same", "P256");
        for (String[] place : new String[][] {{"public.jwks", "same"}, {"none/public.jwks", "x"}, {"same", "x"}}) {
            Ran ran = Ran.command(
                    "keys",
                    "new",
                    "--private",
                    file("private-" + place[1]),
                    "--public",
                    file(place[0]),
                    "--kid",
                    place[1],
                    "--kind",
                    "P256");
            assertThat(ran.code()).as(ran.all()).isEqualTo(1);
            assertThat(folder.resolve("private-" + place[1])).doesNotExist();
        }
    }

    @Test
    void listsAPrivateFileWithoutItsSecretsAndSaysWhereItBelongs() throws IOException {
        newKey("mine", "P256");
        Ran ran = Ran.command("keys", "list", file("mine"));
        assertThat(ran.code()).as(ran.all()).isZero();
        assertThat(ran.out()).contains("mine", "private");
        String secret = JSON.readTree(Files.readString(folder.resolve("mine")))
                .path("keys")
                .get(0)
                .path("d")
                .asText();
        assertThat(secret).isNotBlank();
        assertThat(ran.all()).doesNotContain(secret).contains("out of the bridge's reach");

        Files.setPosixFilePermissions(folder.resolve("mine"), PosixFilePermissions.fromString("rw-r--r--"));
        ran = Ran.command("keys", "list", file("mine"));
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("open to others");
    }

    @Test
    void aPrivateKeyWhereTheBridgeReadsIsAFailure() {
        newKey("mine", "P256");
        properties.with(Map.of("pairing.seal.recipient-keys", file("mine")));
        Ran ran = Ran.command("keys", "list");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("PRIVATE");
    }

    @Test
    void aFileThatHoldsNoKeysIsAFailureInWords() throws IOException {
        for (String content : new String[] {"-----BEGIN PRIVATE KEY-----", "{}", "{\"keys\":[]}", "[]"}) {
            Files.writeString(folder.resolve("bad"), content);
            Ran ran = Ran.command("keys", "list", file("bad"));
            assertThat(ran.code()).as(content).isEqualTo(1);
            assertThat(ran.err()).as(content).contains("bad").doesNotContain("Exception", "BEGIN");
        }
        assertThat(Ran.command("keys", "list", file("none")).code()).isEqualTo(1);
    }

    private void newKey(String kid, String kind) {
        Ran ran = Ran.command(
                "keys", "new", "--private", file(kid), "--public", file("public.jwks"), "--kid", kid, "--kind", kind);
        assertThat(ran.code()).as(ran.all()).isZero();
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }
}
