package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestBodyTest {
    private static final RequestBody BODIES = new RequestBody(Path.of("config/schema/pairing-request.schema.json"));

    @ParameterizedTest
    @ValueSource(strings = {" ", "\u00a0", "\ufeff", "\u200b", "\u200e", "\u202a", "\u2060", "\u0085", "\u3000"})
    void removesWhatCannotBeSeenAroundAPassword(String around) throws Exception {
        assertThat(BODIES.read(body(around + "420001" + around)).otp()).isEqualTo("420001");
        assertThatThrownBy(() -> BODIES.read(body(around)))
                .isInstanceOf(RequestBody.Refused.class)
                .hasMessage("otp is empty");
        assertThatThrownBy(() -> BODIES.read(body(around).replace("Till", around)))
                .isInstanceOf(RequestBody.Refused.class)
                .hasMessage("name is empty; otp is empty");
    }

    @Test
    void leavesAPasswordAsItIsInside() throws Exception {
        assertThat(BODIES.read(body("42\u200b00 01")).otp()).isEqualTo("42\u200b00 01");
    }

    @Test
    void readsBehindAByteOrderMark() throws Exception {
        assertThat(BODIES.read("\ufeff" + body("420001")).otp()).isEqualTo("420001");
        assertThat(BODIES.read(("\ufeff" + body("420001")).getBytes(StandardCharsets.UTF_8))
                        .otp())
                .isEqualTo("420001");
        assertThatThrownBy(() -> BODIES.read("\ufeff\ufeff" + body("1"))).isInstanceOf(RequestBody.Refused.class);
    }

    private static String body(String otp) {
        return "{\"name\":\"Till\",\"otp\":\"" + otp + "\"}";
    }

    /** Not in the words of the library that finds it, and without a value. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|name is missing; otp is missing",
                "{\"name\":\"Till\",\"otp\":\" \"}|otp is empty",
                "{\"name\":\"Till\",\"otp\":\"\"}|otp is empty",
                "{\"name\":\"Till\",\"otp\":4711}|otp is a number, and must be text in quotes: a number loses its leading zeros",
                "{\"name\":null,\"otp\":\"1\"}|name is null, and must be text",
                "{\"name\":\"Till\",\"otp\":\"1\",\"webhook_url\":\"http://a/b\"}|webhook_url is not an https address",
                "{\"name\":\"Till\",\"otp\":\"1\",\"webhook_url\":true}|webhook_url is true or false, and must be text",
                "{\"name\":\"Till\",\"otp\":\"1\",\"webhok\":\"x\"}|webhok is no field of a request; known are name, otp, webhook_url and reference",
                "{\"name\":\"Till\",\"otp\":\"1\",\"reference\":{\"till\":4}}|reference.till is a number, and must be text in quotes: a number loses its leading zeros",
                "{\"name\":\"Till\",\"otp\":\"1\",\"reference\":\"S-1\"}|reference is a text, and must be an object of texts",
                "[]|the body is a list, and must be one JSON object",
                "null|the body is null, and must be one JSON object"
            })
    void saysWhatIsWrongInWordsOfAPerson(String request, String words) {
        assertThatThrownBy(() -> BODIES.read(request))
                .isInstanceOf(RequestBody.Refused.class)
                .hasMessage(words);
    }
}
