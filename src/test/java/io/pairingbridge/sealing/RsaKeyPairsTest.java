package io.pairingbridge.sealing;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.pairingbridge.job.SealedAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * As {@link KeyPairsTest}, with keys that take seconds to make: apart, so that the mutation tests need not make them
 * each time.
 */
class RsaKeyPairsTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(
            value = KeyKind.class,
            names = {"RSA3072", "RSA4096"})
    void makesPairsThatSealAndOpenAndKeepThePrivateHalfApart(KeyKind kind) throws IOException, ParseException {
        RecipientKeyPair pair = KeyPairs.generate(kind, null);
        KeyPairs.writePrivate(pair, folder.resolve("private.jwks"));
        KeyPairs.writePublic(pair, folder.resolve("public.jwks"));
        Sealer sealer = new JweSealer(RecipientKeys.load(folder.resolve("public.jwks")), Clock.systemUTC());
        Opener opener = Opener.load(folder.resolve("private.jwks"));
        SealedAnswer sealed = sealer.seal(new byte[] {1, 2}, "job-1");
        assertThat(sealed.keyId()).isEqualTo(pair.keyId()).isEqualTo(sealer.keyId());
        assertThat(opener.keyIds()).containsExactly(pair.keyId());
        assertThat(opener.open(sealed.body())).containsExactly(1, 2);
        assertThat(pair.publicKey().toRSAKey().size()).isEqualTo(kind == KeyKind.RSA3072 ? 3072 : 4096);

        String json = Files.readString(folder.resolve("public.jwks"));
        Map<String, Object> key = JSONObjectUtils.getJSONObjectArray(JSONObjectUtils.parse(json), "keys")[0];
        assertThat(key).containsOnlyKeys("kty", "kid", "use", "alg", "n", "e", "iat");
    }
}
