package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.OpeningException;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipient's private key is lost: the break-glass key opens what was sealed, whatever happened on its way. */
class BreakGlassIT {
    @Test
    void opensWhatACrashLeftInTheJournalAndWhatIsInDoubt(@TempDir Path folder) throws Exception {
        try (Stage stage = new Stage(folder)) {
            RecipientKeyPair glass = KeyPairs.generate(KeyKind.RSA3072, "break-glass");
            KeyPairs.writePrivate(glass, folder.resolve("glass.private.jwk"));
            KeyPairs.writePublic(glass, folder.resolve("glass.jwks"));
            stage.set(
                    "pairing.seal.break-glass-keys",
                    folder.resolve("glass.jwks").toString());
            Opener alone = Opener.load(folder.resolve("glass.private.jwk"));
            Path log = folder.resolve("bridge.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);

            stage.send(Stage.request("crashed", "otp-canary-crashed"));
            try (Child bridge =
                    Child.java(CrashingBridge.class, log, settings.toString(), "after:journal-answered", "crashed")) {
                assertThat(bridge.awaitEnd()).isEqualTo(CrashingBridge.KILLED);
            }
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                Received crashed = EndedJob.await(stage, "crashed", "otp-canary-crashed")
                        .paired()
                        .attempts(1)
                        .posts(1)
                        .credentials();
                assertOpens(alone, crashed, "otp-canary-crashed");
                assertOpens(stage.opener(), crashed, "otp-canary-crashed");
                assertThatThrownBy(() -> alone.open(crashed.body())).isInstanceOf(OpeningException.class);

                // Larger than any property may be; it can't be understood, and may still hold everything.
                String odd = LedgerEndpoint.credentials("otp-canary-odd", "Till") + " ".repeat(200_000) + "<html>";
                stage.ledger().when("otp-canary-odd", call -> {
                    call.pair();
                    call.write(call.http(200, "Content-Type: application/json\r\n", odd));
                    call.answered();
                });
                stage.send(Stage.request("odd", "otp-canary-odd"));
                Received letter = EndedJob.await(stage, "odd", "otp-canary-odd")
                        .ended("IN_DOUBT", "ANSWER_UNREADABLE")
                        .letter();
                assertOpens(alone, letter, "otp-canary-odd");
            }
            assertThat(Files.readString(log)).doesNotContain(LedgerEndpoint.secret("otp-canary-crashed"));
        }
    }

    private static void assertOpens(Opener opener, Received message, String otp) {
        assertThat(new String(opener.open(message.body(), message.text("PairingBreakGlass")), StandardCharsets.UTF_8))
                .contains(LedgerEndpoint.secret(otp));
    }
}
