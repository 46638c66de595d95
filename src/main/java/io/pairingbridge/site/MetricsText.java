package io.pairingbridge.site;

import io.vertx.ext.web.MIMEHeader;
import java.util.List;

/**
 * The content types of {@code /observe/metrics}. Nobody is refused: a server may answer with another type than the one
 * that was asked for (RFC 9110, 12.5.1), and whoever asks here wants the figures.
 */
final class MetricsText {
    static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private MetricsText() {}

    /**
     * The type to answer with: OpenMetrics for those that like it best of the two, else Prometheus' own.
     *
     * @param accepted from the header {@code Accept}, best first
     */
    static String contentType(List<? extends MIMEHeader> accepted) {
        for (MIMEHeader one : accepted) {
            if (one.weight() <= 0) {
                continue;
            }
            String version = one.parameter("version");
            if ("openmetrics-text".equalsIgnoreCase(one.subComponent())
                    && (version == null || version.startsWith("1."))) {
                return OPEN_METRICS;
            }
            if ("*".equals(one.component())
                    || "text".equalsIgnoreCase(one.component())
                            && List.of("plain", "*").contains(one.subComponent())) {
                return PROMETHEUS;
            }
        }
        return PROMETHEUS;
    }
}
