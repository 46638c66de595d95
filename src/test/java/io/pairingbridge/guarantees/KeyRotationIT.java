package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipient changes its key while credentials that were sealed for the old one are still in the journal. */
class KeyRotationIT {
    @Test
    void publishesWhatWasSealedForTheOldKeyAndSealsNewAnswersForTheNewOne(@TempDir Path folder) throws Exception {
        try (Stage stage = new Stage(folder)) {
            Path log = folder.resolve("bridge.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            stage.send(Stage.request("old", "otp-canary-old"));
            try (Child bridge =
                    Child.java(CrashingBridge.class, log, settings.toString(), "after:journal-answered", "old")) {
                assertThat(bridge.awaitEnd()).isEqualTo(CrashingBridge.KILLED);
            }

            RecipientKeyPair next = KeyPairs.generate(KeyKind.P256, "next-recipient");
            KeyPairs.writePrivate(next, folder.resolve("next.private.jwk"));
            KeyPairs.writePublic(next, folder.resolve("next.jwks"));
            stage.set("pairing.seal.recipient-keys", folder.resolve("next.jwks").toString());
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                stage.send(Stage.request("new", "otp-canary-new"));

                Received old = EndedJob.await(stage, "old", "otp-canary-old")
                        .paired()
                        .attempts(1)
                        .posts(1)
                        .credentials();
                Received fresh = EndedJob.await(stage, "new", "otp-canary-new")
                        .paired()
                        .attempts(1)
                        .posts(1)
                        .credentials();
                assertOpens(stage.opener(), old, "test-recipient", "otp-canary-old");
                assertOpens(Opener.load(folder.resolve("next.private.jwk")), fresh, "next-recipient", "otp-canary-new");
            }
        }
    }

    @Test
    void aRunningBridgeTakesTheNewKeyAndGoesOnWithItWhenTheFileIsSpoiled(@TempDir Path folder) throws Exception {
        try (Stage stage = new Stage(folder)) {
            stage.startBridge();
            Management operator = Management.operator(stage.managementPort(), stage.data());
            Path file = folder.resolve("recipients.jwks");
            stage.send(Stage.request("first", "otp-canary-first"));
            assertOpens(
                    stage.opener(),
                    EndedJob.await(stage, "first", "otp-canary-first").paired().credentials(),
                    "test-recipient",
                    "otp-canary-first");

            RecipientKeyPair next = KeyPairs.generate(KeyKind.P256, "next-recipient");
            KeyPairs.writePrivate(next, folder.resolve("next.private.jwk"));
            KeyPairs.writePublic(next, file);
            stage.send(Stage.request("second", "otp-canary-second"));
            Opener both =
                    Opener.load(List.of(folder.resolve("next.private.jwk"), folder.resolve("recipient.private.jwk")));
            assertOpens(
                    both,
                    EndedJob.await(stage, "second", "otp-canary-second")
                            .paired()
                            .credentials(),
                    "next-recipient",
                    "otp-canary-second");
            assertThat(operator.read("Keys").findValuesAsText("id"))
                    .containsExactly("next-recipient", "test-recipient");
            assertThat(operator.read("KeyProblem").asText()).isEmpty();

            String good = Files.readString(file);
            Files.writeString(file, good.substring(0, good.length() / 2));
            stage.send(Stage.request("third", "otp-canary-third"));
            assertOpens(
                    both,
                    EndedJob.await(stage, "third", "otp-canary-third").paired().credentials(),
                    "next-recipient",
                    "otp-canary-third");
            assertThat(operator.read("KeyProblem").asText())
                    .contains("key 'next-recipient' goes on sealing", file.toString());
            String health = operator.get("/observe/health/ready?data=true").body();
            assertThat(health)
                    .contains("\"name\":\"keys\"", "goes on sealing")
                    .contains("\"status\":\"UP\"")
                    .doesNotContain("\"status\":\"DOWN\"");

            Files.writeString(file, good);
            assertThat(operator.read("KeyProblem").asText()).isEmpty();
        }
    }

    private static void assertOpens(Opener opener, Received credentials, String keyId, String otp) {
        assertThat(credentials.text("PairingKeyId")).isEqualTo(keyId);
        assertThat(Opener.header(credentials.body()).keyId()).isEqualTo(keyId);
        assertThat(new String(opener.open(credentials.body()), StandardCharsets.UTF_8))
                .contains(LedgerEndpoint.secret(otp));
    }
}
