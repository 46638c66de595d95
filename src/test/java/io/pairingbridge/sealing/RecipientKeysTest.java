package io.pairingbridge.sealing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.gen.OctetSequenceKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecipientKeysTest {

    private static final RecipientKeyPair RSA = KeyPairs.generate(KeyKind.RSA3072, "rsa-key");
    private static final RecipientKeyPair EC = KeyPairs.generate(KeyKind.P256, "ec-key");

    @TempDir
    Path folder;

    @Test
    void readsKeysInTheOrderOfTheFileAndSealsWithTheFirst() throws IOException {
        RecipientKeys keys = RecipientKeys.load(file(json(EC), json(RSA)));
        assertThat(keys.keyIds()).containsExactly("ec-key", "rsa-key");
        assertThat(keys.sealingKey()).isEqualTo(EC.publicKey());
        assertThat(keys.file()).isEqualTo(folder.resolve("keys.jwks"));
    }

    @Test
    void readsAKeyThatSaysNothingAboutItsUse() throws IOException {
        Map<String, Object> plain = json(RSA);
        plain.keySet().removeAll(List.of("use", "alg"));
        assertThat(RecipientKeys.load(file(plain)).keyIds()).containsExactly("rsa-key");
    }

    @Test
    void readsAKeyWithSuitableOperations() throws IOException {
        assertThat(RecipientKeys.load(file(with(RSA, "key_ops", List.of("wrapKey"))))
                        .keyIds())
                .containsExactly("rsa-key");
    }

    @Test
    void readsPastMembersOfTheSetThatItDoesNotKnow() throws IOException {
        String set = JSONObjectUtils.toJSONString(Map.of("keys", List.of(json(RSA)), "d", "department", "k", "other"));
        assertThat(RecipientKeys.load(Files.writeString(folder.resolve("keys.jwks"), set))
                        .keyIds())
                .containsExactly("rsa-key");
    }

    @Test
    void refusesAFileThatIsMissing() {
        refused(folder.resolve("nowhere.jwks"))
                .hasMessageContaining("nowhere.jwks does not exist")
                .hasMessageContaining("keys new");
    }

    @Test
    void refusesAFolder() {
        refused(folder).hasMessageContaining(folder + " can't be read");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "{\"keys\":[", "-----BEGIN PRIVATE KEY-----\nMIIcanary\n-----END PRIVATE KEY-----", "canary"
            })
    void refusesAFileThatIsNotAJsonObject(String text) throws IOException {
        refused(Files.writeString(folder.resolve("keys.jwks"), text))
                .hasMessageContaining("keys.jwks is not a JSON object");
    }

    @Test
    void refusesAFileThatIsNotText() throws IOException {
        refused(Files.write(folder.resolve("keys.jwks"), new byte[] {(byte) 0xFE, (byte) 0xED}))
                .hasMessageContaining("keys.jwks is not UTF-8 text");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[]", "{\"keys\":[]}", "{\"keys\":null}", "{\"keys\":{}}"})
    void refusesAFileWithoutKeys(String text) throws IOException {
        refused(Files.writeString(folder.resolve("keys.jwks"), text))
                .hasMessageContaining("keys.jwks has no keys")
                .message()
                .doesNotContain("single key");
    }

    @Test
    void refusesAKeyThatIsNoObject() throws IOException {
        refused(Files.writeString(folder.resolve("keys.jwks"), "{\"keys\":[\"canary\"]}"))
                .hasMessageContaining("key number 1 is not a JSON object");
    }

    @Test
    void refusesASingleKeyInPlaceOfASet() throws IOException {
        refused(Files.writeString(folder.resolve("keys.jwks"), JSONObjectUtils.toJSONString(json(RSA))))
                .hasMessageContaining("put it between those brackets");
    }

    @Test
    void refusesAPrivateKeyAnywhereInTheFile() throws IOException {
        for (RecipientKeyPair pair : List.of(RSA, EC)) {
            Map<String, Object> key = pair.privateKey().toJSONObject();
            key.put("kid", "mistake");
            refused(file(json(RSA), key))
                    .hasMessageContaining("key 'mistake' is a PRIVATE")
                    .message()
                    .doesNotContain(key.get("d").toString());
        }
    }

    @Test
    void refusesASinglePrivateKeyAsPrivate() throws IOException {
        refused(Files.writeString(folder.resolve("keys.jwks"), EC.privateKey().toJSONString()))
                .hasMessageContaining("key 'ec-key' is a PRIVATE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
    void refusesEveryPrivateParameter(String member) throws IOException {
        refused(file(with(RSA, member, "canary"))).hasMessageContaining("'rsa-key' is a PRIVATE");
    }

    @Test
    void refusesASymmetricKey() throws IOException, JOSEException {
        refused(file(new OctetSequenceKeyGenerator(256)
                        .keyID("shared")
                        .generate()
                        .toJSONObject()))
                .hasMessageContaining("key 'shared' is a PRIVATE or secret key");
    }

    @Test
    void refusesAShortRsaKey() throws IOException, JOSEException {
        JWK key = new RSAKeyGenerator(2048).keyID("short").generate().toPublicJWK();
        refused(file(key.toJSONObject())).hasMessageContaining("key 'short' is an RSA key of 2048 bits: at least 3072");
    }

    @Test
    void refusesAnRsaKeyThatEncryptsNothing() throws IOException {
        refused(file(with(RSA, "e", Base64URL.encode(BigInteger.ONE).toString())))
                .hasMessageContaining("'rsa-key' is not a valid RSA public key");
    }

    @Test
    void refusesAnRsaKeyWithoutItsModulus() throws IOException {
        Map<String, Object> key = json(RSA);
        key.remove("n");
        refused(file(key)).hasMessageContaining("'rsa-key' is not a valid RSA public key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"OKP", "AKP", "canary"})
    void refusesAnUnknownTypeOfKey(String type) throws IOException {
        refused(file(with(EC, "kty", type))).hasMessageContaining("'ec-key' has a \"kty\"");
    }

    @Test
    void refusesAnUnknownCurve() throws IOException {
        refused(file(with(EC, "crv", Curve.SECP256K1.getName())))
                .hasMessageContaining("'ec-key' is on a curve")
                .hasMessageContaining("P-256, P-384, P-521");
    }

    @Test
    void refusesAPointThatIsNotOnItsCurve() throws IOException {
        refused(file(with(EC, "x", EC.publicKey().toECKey().getY().toString())))
                .hasMessageContaining("'ec-key' is not a valid EC public key");
    }

    @Test
    void refusesAKeyForSignatures() throws IOException {
        refused(file(with(RSA, "use", "sig")))
                .hasMessageContaining("'rsa-key' is not meant for encryption")
                .hasMessageContaining("\"use\"");
        Map<String, Object> verify = with(RSA, "key_ops", List.of("verify"));
        verify.remove("use");
        refused(file(verify))
                .hasMessageContaining("'rsa-key' is not meant for encryption")
                .hasMessageContaining("\"key_ops\"");
        refused(file(with(RSA, "key_ops", "wrapKey")))
                .as("a text in place of a list")
                .hasMessageContaining("\"key_ops\"");
    }

    @Test
    void refusesAKeyBoundToAnotherAlgorithm() throws IOException {
        refused(file(with(RSA, "alg", "RSA-OAEP")))
                .hasMessageContaining("'rsa-key' is bound to another algorithm than RSA-OAEP-256");
    }

    @Test
    void refusesAKeyWithoutAName() throws IOException {
        for (Object kid : Arrays.asList(null, "", " ", 7)) {
            refused(file(json(EC), with(RSA, "kid", kid))).hasMessageContaining("key number 2 has no kid");
        }
    }

    @Test
    void refusesTwoKeysOfOneName() throws IOException {
        refused(file(json(RSA), with(EC, "kid", "rsa-key"))).hasMessageContaining("key 'rsa-key' is there twice");
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(Path file) {
        return assertThatThrownBy(() -> RecipientKeys.load(file))
                .isInstanceOf(KeyFileException.class)
                .satisfies(e -> assertThat(e.getMessage())
                        .startsWith("Key file " + file)
                        .doesNotContain("canary"));
    }

    private static Map<String, Object> json(RecipientKeyPair pair) {
        return new HashMap<>(pair.publicKey().toJSONObject());
    }

    private static Map<String, Object> with(RecipientKeyPair pair, String member, Object value) {
        Map<String, Object> key = json(pair);
        key.put(member, value);
        return key;
    }

    private Path file(Map<?, ?>... keys) throws IOException {
        return Files.writeString(
                folder.resolve("keys.jwks"), JSONObjectUtils.toJSONString(Map.of("keys", List.of((Object[]) keys))));
    }
}
