package io.pairingbridge.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrokerAddressTest {
    @ParameterizedTest
    @CsvSource({
        "tcp://a:61616, false",
        "tcp://a:61617?sslEnabled=true, true",
        "tcp://a:61617?sslEnabled=false, false",
        "'(tcp://a:61617,tcp://b:61617)?sslEnabled=true', true",
        "'(tcp://a:61616,tcp://b:61617?sslEnabled=true)', false",
        "'(tcp://a:61617?sslEnabled=true,tcp://b:61617?sslEnabled=true)', true"
    })
    void knowsWhetherEveryBrokerIsReachedThroughTls(String url, boolean tls) {
        assertThat(new BrokerAddress(url, "bridge", "secret").usesTls()).isEqualTo(tls);
    }
}
