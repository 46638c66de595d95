package io.pairingbridge.text;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shipped log, with text that strangers wrote. */
class LogLineTest {
    private static final String HOSTILE =
            "job \u001b[2J\r\n2026-01-01T00:00:00.000Z INFO  AuditLog forged\b\u009b\u0085\u2028\u202eT\u00f6pfer";

    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void writesEachMessageOnOneLine(String form) throws Exception {
        String log = logged(form, context -> {
            context.getLogger("io.pairingbridge.test").info("{}", HOSTILE);
            context.getLogger("io.pairingbridge.test").info("next");
        });
        assertThat(log.lines()).hasSize(2);
        assertThat(log).doesNotContain("\u001b", "\b", "\r").contains("T\u00f6pfer");
    }

    @Test
    void writesEachExceptionOnOneLineWithItsFirstFrame() throws Exception {
        String log = logged(
                "text",
                context -> context.getLogger("io.pairingbridge.test")
                        .error("failed", new IllegalStateException(HOSTILE, new IOException(HOSTILE))));
        List<String> lines = log.lines().toList();
        assertThat(lines).hasSize(5);
        assertThat(lines.get(1)).startsWith("java.lang.IllegalStateException: job \\u001b[2J\\r\\n2026");
        assertThat(lines.get(2)).startsWith("\tat io.pairingbridge.text.LogLineTest");
        assertThat(lines.get(3)).startsWith("Caused by: java.io.IOException: job");
        assertThat(log).doesNotContain("\u001b", "\u0085", "\u2028", "\u202e");
    }

    private interface Logging {
        void to(LoggerContext context);
    }

    private static String logged(String form, Logging logging) throws Exception {
        PrintStream err = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        try {
            context.putProperty("pairing.log", form);
            JoranConfigurator configurator = new JoranConfigurator();
            configurator.setContext(context);
            configurator.doConfigure("config/logback.xml");
            logging.to(context);
        } finally {
            context.stop();
            System.setErr(err);
        }
        return log.toString(StandardCharsets.UTF_8);
    }
}
