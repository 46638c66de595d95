package io.pairingbridge.cli;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;

/**
 * Times as people read them: of this machine's zone and no finer than they need. JSON has them as they came, ISO 8601
 * in UTC.
 */
final class Times {
    private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm");
    private static final DateTimeFormatter SECOND = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss");

    private Times() {}

    /** {@code 2026-11-29 14:03}; what is no time as it is, null as an empty text. */
    static String minute(String iso) {
        return format(iso, MINUTE);
    }

    static String minute(Instant at) {
        return at == null ? "" : minute(at.toString());
    }

    /** {@code 2026-11-29 14:03:05} */
    static String second(String iso) {
        return format(iso, SECOND);
    }

    /** {@code 14:03:05}, and with its date if that is another one than today's. */
    static String brief(String iso) {
        return today(iso) ? format(iso, TIME) : format(iso, SECOND);
    }

    private static boolean today(String iso) {
        try {
            return iso != null
                    && Instant.parse(iso)
                            .atZone(ZoneId.systemDefault())
                            .toLocalDate()
                            .equals(LocalDate.now());
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    /** The zone that all of these are in, as at this moment: {@code CET}, {@code UTC}. */
    static String zone() {
        return DateTimeFormatter.ofPattern("zzz", Locale.ROOT).format(ZonedDateTime.now());
    }

    private static String format(String iso, DateTimeFormatter as) {
        if (iso == null || iso.isEmpty()) {
            return "";
        }
        try {
            return as.format(Instant.parse(iso).atZone(ZoneId.systemDefault()));
        } catch (DateTimeParseException e) {
            return iso;
        }
    }
}
