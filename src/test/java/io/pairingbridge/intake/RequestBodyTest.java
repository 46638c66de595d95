package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestBodyTest {
  private static final RequestBody BODIES = new RequestBody(Path.of("config/schema/pairing-request.schema.json"));

  @ParameterizedTest
  @ValueSource(strings = {" ", "\u00a0", "\ufeff", "\u200b", "\u200e", "\u202a", "\u2060", "\u0085", "\u3000"})
  void removesWhatCannotBeSeenAroundAPassword(String around) throws Exception {
    assertThat(BODIES.read(body(around + "420001" + around)).otp()).isEqualTo("420001");
    assertThatThrownBy(() -> BODIES.read(body(around))).isInstanceOf(RequestBody.Refused.class).hasMessageContaining("$.otp");
    assertThatThrownBy(() -> BODIES.read(body(around).replace("Till", around))).isInstanceOf(RequestBody.Refused.class).hasMessageContaining("$.name");
  }

  @Test
  void leavesAPasswordAsItIsInside() throws Exception {
    assertThat(BODIES.read(body("42\u200b00 01")).otp()).isEqualTo("42\u200b00 01");
  }

  @Test
  void readsBehindAByteOrderMark() throws Exception {
    assertThat(BODIES.read("\ufeff" + body("420001")).otp()).isEqualTo("420001");
    assertThat(BODIES.read(("\ufeff" + body("420001")).getBytes(StandardCharsets.UTF_8)).otp()).isEqualTo("420001");
    assertThatThrownBy(() -> BODIES.read("\ufeff\ufeff" + body("1"))).isInstanceOf(RequestBody.Refused.class);
  }

  private static String body(String otp) {
    return "{\"name\":\"Till\",\"otp\":\"" + otp + "\"}";
  }
}
