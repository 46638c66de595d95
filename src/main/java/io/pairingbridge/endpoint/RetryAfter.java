package io.pairingbridge.endpoint;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long an answer asks to wait: RFC 9110, section 10.2.3, with all three dates of section 5.6.7. */
final class RetryAfter {
    /**
     * What is asked beyond that is cut by the settings anyway, and must not overflow when it is counted in smaller
     * units.
     */
    private static final Duration LONGEST = Duration.ofDays(1);

    private static final Pattern SECONDS = Pattern.compile("\\d+");
    /** Seconds with more digits are beyond {@link #LONGEST} in any case. */
    private static final int MOST_DIGITS = 9;

    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
    private static final String TIME = "(\\d{2}):(\\d{2}):(\\d{2})";
    private static final Pattern IMF_FIXDATE =
            Pattern.compile("[A-Za-z]{3},\\s+(\\d{1,2}) ([A-Za-z]{3}) (\\d{4}) " + TIME + " (?:GMT|UTC|UT|[+-]0000)");
    private static final Pattern RFC_850 =
            Pattern.compile("[A-Za-z]{3,9},\\s+(\\d{1,2})-([A-Za-z]{3})-(\\d{2}) " + TIME + " (?:GMT|UTC|UT)");
    private static final Pattern ASCTIME =
            Pattern.compile("[A-Za-z]{3} ([A-Za-z]{3}) {1,2}(\\d{1,2}) " + TIME + " (\\d{4})");

    private RetryAfter() {}

    /**
     * The longest wait that is asked for, at most a day.
     *
     * @param fields the values of all Retry-After fields
     * @return seconds, or null if none can be read
     */
    static Long seconds(List<String> fields, Instant now) {
        Long longest = null;
        for (String field : fields) {
            Long asked = seconds(field.strip(), now);
            if (asked != null && (longest == null || asked > longest)) {
                longest = asked;
            }
        }
        return longest;
    }

    private static Long seconds(String value, Instant now) {
        if (SECONDS.matcher(value).matches()) {
            return value.length() > MOST_DIGITS
                    ? LONGEST.toSeconds()
                    : Math.min(LONGEST.toSeconds(), Long.parseLong(value));
        }
        Instant until = date(value, now);
        return until == null
                ? null
                : Math.min(
                        LONGEST.toSeconds(),
                        Math.max(0, Duration.between(now, until).toSeconds()));
    }

    /** The day's name is not looked at: it says nothing that the date does not. */
    private static Instant date(String value, Instant now) {
        try {
            Matcher date = IMF_FIXDATE.matcher(value);
            if (date.matches()) {
                return instant(date.group(3), date.group(2), date.group(1), date, 4);
            }
            date = RFC_850.matcher(value);
            if (date.matches()) {
                return rfc850(date, now);
            }
            date = ASCTIME.matcher(value);
            return date.matches() ? instant(date.group(6), date.group(1), date.group(2), date, 3) : null;
        } catch (DateTimeException e) {
            return null; // 31 February
        }
    }

    /** Two digits of a year that appears to be more than 50 years ahead mean the last year that ended in them. */
    private static Instant rfc850(Matcher date, Instant now) {
        LocalDateTime today = LocalDateTime.ofInstant(now, ZoneOffset.UTC);
        int century = today.getYear() - Math.floorMod(today.getYear(), 100);
        int year = century + 100 + Integer.parseInt(date.group(3));
        while (year - today.getYear() > 51) {
            year -= 100;
        }
        Instant instant = instant(Integer.toString(year), date.group(2), date.group(1), date, 4);
        return instant.isAfter(today.plusYears(50).toInstant(ZoneOffset.UTC))
                ? instant(Integer.toString(year - 100), date.group(2), date.group(1), date, 4)
                : instant;
    }

    private static Instant instant(String year, String month, String day, Matcher date, int time) {
        String name = month.substring(0, 1).toUpperCase(Locale.ROOT)
                + month.substring(1).toLowerCase(Locale.ROOT);
        int at = MONTHS.indexOf(name);
        if (at < 0 || at % 3 != 0) {
            throw new DateTimeException("no month");
        }
        int second = Math.min(59, Integer.parseInt(date.group(time + 2))); // 60 is a leap second
        return LocalDateTime.of(
                        Integer.parseInt(year),
                        at / 3 + 1,
                        Integer.parseInt(day),
                        Integer.parseInt(date.group(time)),
                        Integer.parseInt(date.group(time + 1)),
                        second)
                .toInstant(ZoneOffset.UTC);
    }
}
