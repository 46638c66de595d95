package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
      try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString(), "after:journal-answered", "old")) {
        assertThat(bridge.awaitEnd()).isEqualTo(CrashingBridge.KILLED);
      }

      RecipientKeyPair next = KeyPairs.generate(KeyKind.P256, "next-recipient");
      KeyPairs.writePrivate(next, folder.resolve("next.private.jwk"));
      KeyPairs.writePublic(next, folder.resolve("next.jwks"));
      stage.set("pairing.seal.recipient-keys", folder.resolve("next.jwks").toString());
      CrashingBridge.writeSettings(stage.settingTexts(), settings);
      try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
        stage.send(Stage.request("new", "otp-canary-new"));

        Received old = EndedJob.await(stage, "old", "otp-canary-old").paired().attempts(1).posts(1).credentials();
        Received fresh = EndedJob.await(stage, "new", "otp-canary-new").paired().attempts(1).posts(1).credentials();
        assertOpens(stage.opener(), old, "test-recipient", "otp-canary-old");
        assertOpens(Opener.load(folder.resolve("next.private.jwk")), fresh, "next-recipient", "otp-canary-new");
      }
    }
  }

  private static void assertOpens(Opener opener, Received credentials, String keyId, String otp) {
    assertThat(credentials.text("PairingKeyId")).isEqualTo(keyId);
    assertThat(Opener.header(credentials.body()).keyId()).isEqualTo(keyId);
    assertThat(new String(opener.open(credentials.body()), StandardCharsets.UTF_8)).contains(LedgerEndpoint.secret(otp));
  }
}
