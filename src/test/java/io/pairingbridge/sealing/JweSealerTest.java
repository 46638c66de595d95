package io.pairingbridge.sealing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.CompressionAlgorithm;
import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWEObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.RSAEncrypter;
import com.nimbusds.jose.util.JSONObjectUtils;
import io.pairingbridge.job.SealedAnswer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class JweSealerTest {

    private static final byte[] ANSWER =
            "{\"pay_connect_id\":\"1\", \"client_secret\":\"canary-é\"}\n".getBytes(StandardCharsets.UTF_8);
    private static final String BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private static final Instant NOW = Instant.parse("2026-11-22T10:15:30.999Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

    /** A sealer and the opener of the same pair, read from files as in real life. */
    private record Recipient(RecipientKeyPair pair, RecipientKeys keys, Sealer sealer, Opener opener) {

        static Recipient of(KeyKind kind, String keyId) {
            try {
                Path folder = Files.createTempDirectory("recipient");
                RecipientKeyPair pair = KeyPairs.generate(kind, keyId);
                KeyPairs.writePrivate(pair, folder.resolve("private.jwks"));
                KeyPairs.writePublic(pair, folder.resolve("public.jwks"));
                RecipientKeys keys = RecipientKeys.load(folder.resolve("public.jwks"));
                Opener opener = Opener.load(folder.resolve("private.jwks"));
                Files.delete(folder.resolve("private.jwks"));
                Files.delete(folder.resolve("public.jwks"));
                Files.delete(folder);
                return new Recipient(pair, keys, new JweSealer(keys, CLOCK), opener);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static final Recipient RSA = Recipient.of(KeyKind.RSA3072, "rsa-key");
    private static final Recipient EC = Recipient.of(KeyKind.P256, "ec-key");

    @Property(tries = 150)
    void opensToTheSameBytesWhateverTheyAre(@ForAll byte[] bytes) {
        assertThat(EC.opener().open(EC.sealer().seal(bytes, "job-1").body())).isEqualTo(bytes);
        assertThat(RSA.opener().open(RSA.sealer().seal(bytes, "job-1").body())).isEqualTo(bytes);
    }

    @Test
    void opensToTheSameBytesWhenThereAreNoneOrVeryMany() {
        byte[] many = new byte[1 << 20];
        Arrays.fill(many, (byte) 0xFF);
        for (byte[] bytes : List.of(new byte[0], many)) {
            assertThat(EC.opener().open(EC.sealer().seal(bytes, "job-1").body()))
                    .isEqualTo(bytes);
        }
    }

    @Test
    void writesExactlyTheHeaderOfTheContractForRsa() throws ParseException {
        SealedAnswer sealed = RSA.sealer().seal(ANSWER, "store-7:till.2");
        assertThat(sealed.contentType()).isEqualTo("application/jose");
        assertThat(header(sealed.body()))
                .isEqualTo(Map.of(
                        "alg",
                        "RSA-OAEP-256",
                        "enc",
                        "A256GCM",
                        "kid",
                        "rsa-key",
                        "cty",
                        "application/json",
                        "iat",
                        NOW.getEpochSecond(),
                        "job",
                        "store-7:till.2"));
    }

    @Test
    void writesExactlyTheHeaderOfTheContractForEc() throws ParseException {
        Map<String, Object> header = header(EC.sealer().seal(ANSWER, "job-1").body());
        assertThat(header)
                .containsOnlyKeys("alg", "enc", "kid", "cty", "iat", "job", "epk")
                .containsEntry("alg", "ECDH-ES+A256KW")
                .containsEntry("enc", "A256GCM")
                .containsEntry("kid", "ec-key");
        assertThat(header.get("epk"))
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsOnlyKeys("kty", "crv", "x", "y");
    }

    @Test
    void tellsJobKeyAndTimeWithoutOpening() {
        SealedHeader header = Opener.header(EC.sealer().seal(ANSWER, "job-1").body());
        assertThat(header).isEqualTo(new SealedHeader("ec-key", "job-1", Instant.parse("2026-11-22T10:15:30Z")));
    }

    @Test
    void sealsTheSameBytesDifferentlyEachTime() {
        for (Recipient recipient : List.of(RSA, EC)) {
            String[] first = recipient.sealer().seal(ANSWER, "job-1").body().split("\\.");
            String[] second = recipient.sealer().seal(ANSWER, "job-1").body().split("\\.");
            for (int part = 1; part < 5; part++) {
                assertThat(first[part]).as("part %d", part).isNotEqualTo(second[part]);
            }
        }
    }

    @Test
    void theBreakGlassKeyAloneOpensEverythingAndSoDoesTheRecipientsKey() throws ParseException {
        byte[] many = new byte[1 << 20];
        for (List<Recipient> pair : List.of(List.of(RSA, EC), List.of(EC, RSA))) {
            Recipient recipient = pair.get(0);
            Recipient spare = pair.get(1);
            var sealer = new JweSealer(recipient.keys(), spare.keys(), CLOCK);
            for (byte[] bytes : List.of(ANSWER, new byte[0], many)) {
                SealedAnswer sealed = sealer.seal(bytes, "job-1");

                assertThat(sealed.keyId()).isEqualTo(recipient.pair().keyId());
                assertThat(recipient.opener().open(sealed.body())).isEqualTo(bytes);
                assertThat(recipient.opener().open(sealed.body(), sealed.breakGlass()))
                        .isEqualTo(bytes);
                assertThat(spare.opener().open(sealed.body(), sealed.breakGlass()))
                        .isEqualTo(bytes);
                assertThat(sealed.breakGlass())
                        .as("fits a property, whatever the answer")
                        .hasSizeLessThan(1500);
                assertThat(header(sealed.breakGlass()))
                        .containsEntry("kid", spare.pair().keyId())
                        .containsEntry("cty", "jwk+json")
                        .containsEntry("job", "job-1")
                        .containsEntry("enc", "A256GCM");
            }
        }
    }

    @Test
    void theBreakGlassKeyOpensNothingThatWasChangedOrBelongsToAnotherMessage() {
        var sealer = new JweSealer(EC.keys(), RSA.keys(), CLOCK);
        SealedAnswer one = sealer.seal(ANSWER, "job-1");
        SealedAnswer other = sealer.seal(ANSWER, "job-2");

        assertThatThrownBy(() -> RSA.opener().open(one.body(), other.breakGlass()))
                .isInstanceOf(OpeningException.class)
                .hasMessageContaining("changed after sealing")
                .hasNoCause();
        String[] parts = one.body().split("\\.");
        String[] otherParts = other.body().split("\\.");
        assertThatThrownBy(() -> RSA.opener()
                        .open(
                                String.join(".", otherParts[0], parts[1], parts[2], parts[3], parts[4]),
                                one.breakGlass()))
                .as("another header")
                .isInstanceOf(OpeningException.class);
        assertThatThrownBy(() -> RSA.opener()
                        .open(one.body(), RSA.sealer().seal(ANSWER, "job-1").body()))
                .as("no content key in it")
                .isInstanceOf(OpeningException.class)
                .hasNoCause()
                .message()
                .doesNotContain("canary");
        assertThatThrownBy(() -> RSA.opener().open(one.body()))
                .as("without the property")
                .hasMessageContaining("'ec-key'");
    }

    @Test
    void sealsNoContentKeyTwice() throws ParseException {
        var sealer = new JweSealer(EC.keys(), RSA.keys(), CLOCK);
        SealedAnswer one = sealer.seal(ANSWER, "job-1");
        assertThat(RSA.opener().open(one.breakGlass()))
                .isNotEqualTo(RSA.opener().open(sealer.seal(ANSWER, "job-1").breakGlass()));
        assertThat(new String(RSA.opener().open(one.breakGlass()), StandardCharsets.UTF_8))
                .matches("\\{.*\"kty\":\"oct\".*}")
                .contains("\"k\":\"");
    }

    @Test
    void refusesABreakGlassKeyThatIsTheRecipientsUnderWhateverName() {
        var renamed = new RecipientKeys(
                Path.of("glass.jwks"),
                List.of(new com.nimbusds.jose.jwk.RSAKey.Builder(
                                RSA.pair().publicKey().toRSAKey())
                        .keyID("glass")
                        .build()));
        for (RecipientKeys same : List.of(RSA.keys(), renamed)) {
            assertThatThrownBy(() -> new JweSealer(RSA.keys(), same, CLOCK))
                    .isInstanceOf(KeyFileException.class)
                    .hasMessageContaining("loses the other");
        }
    }

    @Test
    void sealsWithTheFirstKeyOfTheFile() {
        for (List<Recipient> order : List.of(List.of(EC, RSA), List.of(RSA, EC))) {
            var keys = new RecipientKeys(
                    Path.of("two.jwks"),
                    order.stream()
                            .map(recipient -> recipient.pair().publicKey())
                            .toList());
            SealedAnswer sealed = new JweSealer(keys, CLOCK).seal(ANSWER, "job-1");
            assertThat(sealed.keyId()).isEqualTo(order.get(0).pair().keyId());
            assertThat(order.get(0).opener().open(sealed.body())).isEqualTo(ANSWER);
        }
    }

    @Test
    void refusesATextThatWasChangedInAnyCharacter() {
        String body = EC.sealer().seal(ANSWER, "job-1").body();
        for (int at = 0; at < body.length(); at++) {
            // The neighbour in the alphabet differs in the lowest bit: in a last character, that is one which no byte
            // uses.
            int place = BASE64URL.indexOf(body.charAt(at));
            char changed = place < 0 ? 'A' : BASE64URL.charAt(place ^ 1);
            String tampered = body.substring(0, at) + changed + body.substring(at + 1);
            assertThatThrownBy(() -> EC.opener().open(tampered))
                    .as("character %d", at)
                    .isInstanceOf(OpeningException.class);
        }
    }

    @Property(tries = 100)
    void refusesATextOfWhichAnyPartHasOtherBytes(
            @ForAll("parts") int part, @ForAll @Size(min = 1, max = 40) byte[] bytes) {
        String[] parts = RSA.sealer().seal(ANSWER, "job-1").body().split("\\.");
        parts[part] = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        assertThatThrownBy(() -> RSA.opener().open(String.join(".", parts))).isInstanceOf(OpeningException.class);
    }

    @Provide
    Arbitrary<Integer> parts() {
        return Arbitraries.integers().between(0, 4);
    }

    @Test
    void refusesPartsOfTwoSealedTextsPutTogether() {
        String[] one = EC.sealer().seal(ANSWER, "job-1").body().split("\\.");
        for (int part = 0; part < 5; part++) {
            String[] mixed = one.clone();
            mixed[part] = EC.sealer().seal(ANSWER, "job-2").body().split("\\.")[part];
            assertThatThrownBy(() -> EC.opener().open(String.join(".", mixed)))
                    .as("part %d", part)
                    .isInstanceOf(OpeningException.class);
        }
    }

    @Test
    void refusesTextThatIsNotSealed() {
        String body = EC.sealer().seal(ANSWER, "job-1").body();
        for (String text : List.of(
                "",
                "....",
                "a.b.c.d.e",
                "{\"client_secret\":\"canary\"}",
                body + "\n",
                " " + body,
                body + ".",
                body.substring(0, body.lastIndexOf('.')))) {
            assertThatThrownBy(() -> EC.opener().open(text))
                    .isInstanceOf(OpeningException.class)
                    .hasMessageStartingWith("Not a sealed text")
                    .hasNoCause()
                    .message()
                    .doesNotContain("canary");
        }
    }

    @Test
    void refusesATextForAnotherKeyAndNamesIt() {
        assertThatThrownBy(() ->
                        EC.opener().open(RSA.sealer().seal(ANSWER, "job-1").body()))
                .isInstanceOf(OpeningException.class)
                .hasMessageContaining("'rsa-key'")
                .hasMessageContaining("private.jwks");
    }

    @Test
    void refusesATextForAnotherKeyOfTheSameName() {
        Sealer other = Recipient.of(KeyKind.P256, "ec-key").sealer();
        assertThatThrownBy(() -> EC.opener().open(other.seal(ANSWER, "job-1").body()))
                .isInstanceOf(OpeningException.class)
                .hasMessageContaining("'ec-key'")
                .hasNoCause();
    }

    @Test
    void refusesOtherAlgorithmsAndCompressionEvenWithTheRightKey() throws JOSEException {
        var headers = List.of(
                new JWEHeader.Builder(JWEAlgorithm.RSA_OAEP_512, EncryptionMethod.A256GCM),
                new JWEHeader.Builder(JWEAlgorithm.RSA_OAEP_256, EncryptionMethod.A128GCM),
                new JWEHeader.Builder(JWEAlgorithm.RSA_OAEP_256, EncryptionMethod.A256GCM)
                        .compressionAlgorithm(CompressionAlgorithm.DEF));
        for (JWEHeader.Builder header : headers) {
            String text = sealedWith(header.keyID("rsa-key").build());
            assertThatThrownBy(() -> RSA.opener().open(text)).isInstanceOf(OpeningException.class);
        }
    }

    @Test
    void readsTheHeaderOfATextThatNoBridgeSealed() throws JOSEException {
        JWEHeader.Builder header =
                new JWEHeader.Builder(JWEAlgorithm.RSA_OAEP_256, EncryptionMethod.A256GCM).keyID("rsa-key");
        assertThat(Opener.header(sealedWith(header.build()))).isEqualTo(new SealedHeader("rsa-key", null, null));
        assertThat(Opener.header(sealedWith(
                        header.customParam("job", 7).customParam("iat", "soon").build())))
                .isEqualTo(new SealedHeader("rsa-key", null, null));
        assertThat(Opener.header(sealedWith(header.customParam("iat", 1.5).build()))
                        .sealedAt())
                .isNull();
        assertThat(Opener.header(sealedWith(
                                header.customParam("iat", Long.MAX_VALUE).build()))
                        .sealedAt()
                        .getEpochSecond())
                .isEqualTo(Instant.MAX.getEpochSecond());
        assertThat(Opener.header(sealedWith(
                                header.customParam("iat", Long.MIN_VALUE).build()))
                        .sealedAt()
                        .getEpochSecond())
                .isEqualTo(Instant.MIN.getEpochSecond());
    }

    @Test
    void namesAStrangeKeyWithoutControlCharactersAndNotWithoutEnd() throws JOSEException {
        String longest = "k".repeat(128);
        assertThatThrownBy(() -> RSA.opener().open(sealedWith(headerFor("\u001B[31m\n"))))
                .hasMessageStartingWith("Sealed to key '?[31m?', which");
        assertThatThrownBy(() -> RSA.opener().open(sealedWith(headerFor(longest))))
                .hasMessageStartingWith("Sealed to key '" + longest + "', which");
        assertThatThrownBy(() -> RSA.opener().open(sealedWith(headerFor(longest + "k"))))
                .hasMessageStartingWith("Sealed to key '" + longest + "…', which");
    }

    private static JWEHeader headerFor(String keyId) {
        return new JWEHeader.Builder(JWEAlgorithm.RSA_OAEP_256, EncryptionMethod.A256GCM)
                .keyID(keyId)
                .build();
    }

    private static String sealedWith(JWEHeader header) throws JOSEException {
        var jwe = new JWEObject(header, new Payload(ANSWER));
        jwe.encrypt(new RSAEncrypter(RSA.pair().publicKey().toRSAKey()));
        return jwe.serialize();
    }

    @Test
    void sealsInManyThreadsAtOnce() throws Exception {
        int threads = 8;
        var start = new CountDownLatch(1);
        var executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<List<String>>> results = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                String name = "job-" + thread + "-";
                Callable<List<String>> work = () -> {
                    start.await();
                    List<String> bodies = new ArrayList<>();
                    for (int i = 0; i < 25; i++) {
                        Recipient recipient = i % 2 == 0 ? RSA : EC;
                        bodies.add(recipient
                                .sealer()
                                .seal((name + i).getBytes(StandardCharsets.UTF_8), name + i)
                                .body());
                    }
                    return bodies;
                };
                results.add(executor.submit(work));
            }
            start.countDown();
            for (int thread = 0; thread < threads; thread++) {
                List<String> bodies = results.get(thread).get();
                for (int i = 0; i < bodies.size(); i++) {
                    String job = "job-" + thread + "-" + i;
                    assertThat(Opener.header(bodies.get(i)).jobId()).isEqualTo(job);
                    assertThat((i % 2 == 0 ? RSA : EC).opener().open(bodies.get(i)))
                            .asString(StandardCharsets.UTF_8)
                            .isEqualTo(job);
                }
            }
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void passesThePreFlightWhenItCanSeal() {
        RSA.sealer().verify();
        EC.sealer().verify();
    }

    @Test
    void failsThePreFlightWhenTheJvmCanNotSeal() {
        // Without its provider the cipher is gone: what a JVM in a restricted mode looks like.
        List<Provider> providers = List.of(Security.getProviders());
        Provider cipher = Security.getProvider("SunJCE");
        try {
            Security.removeProvider(cipher.getName());
            assertThatThrownBy(RSA.sealer()::verify)
                    .isInstanceOf(SealingException.class)
                    .hasMessageContaining("'rsa-key'")
                    .hasMessageContaining("public.jwks")
                    .hasMessageContaining("security providers");
        } finally {
            Security.insertProviderAt(cipher, providers.indexOf(cipher) + 1);
        }
        RSA.sealer().verify();
    }

    @Test
    void neverPrintsWhatItSealed() {
        SealedAnswer sealed = new PlainSealer().seal(ANSWER, "job-1");
        assertThat(sealed.toString()).startsWith("SealedAnswer[keyId=none").doesNotContain("canary");
        assertThat(RSA.pair().toString()).isEqualTo("RecipientKeyPair[keyId=rsa-key]");
    }

    private static Map<String, Object> header(String jwe) throws ParseException {
        String json =
                new String(Base64.getUrlDecoder().decode(jwe.substring(0, jwe.indexOf('.'))), StandardCharsets.UTF_8);
        return JSONObjectUtils.parse(json);
    }
}
