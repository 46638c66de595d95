package io.pairingbridge.fuzz;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.pairingbridge.batch.DocumentOracle;
import io.pairingbridge.text.Text;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Batch documents: what spreadsheets, editors, mail programs, scripts and mistakes make of them. */
final class DocumentDoor implements Door {
    /** What is found around, in and instead of values. */
    private static final String[] UNSEEN = {
        " ", "\u00a0", "\u200b", "\ufeff", "\u200e", "\u202a", "\u2060", "\u0085", "\u3000", "\t"
    };

    private static final String[] TEXTS = {
        "Till",
        "T\u00f6pfer",
        "\u5c71\u7530",
        "Caf\u00e9 \ud83d\udcb3",
        "=1+1",
        "@SUM(A1)",
        "+41 44 1",
        "-2+3",
        "a,b;c\td",
        "say \"hi\"",
        "two\nlines",
        "x\u001b[2J",
        "a\u0000b",
        "\u202eeros",
        "a\u0007",
        "half \ud83d",
        "'",
        "%0",
        "|x",
        "\uff1d1",
        "{{env:HOME}}",
        "</td>"
    };
    private static final String[] COLUMNS = {
        "Store",
        "=1+1",
        "@x",
        "serial",
        "a\u001bb",
        "a\u0000",
        "line",
        "given_line",
        "outcome",
        "\u202eeros",
        "webhok_url",
        "",
        "\ud83d",
        "Store",
        "-1",
        "reference"
    };
    private static final String[] ENDS = {"\n", "\r\n", "\r"};
    private static final String[] TIMES = {
        "2026-11-25T09:30:00Z",
        "yesterday",
        "+999999999-12-31T23:59:59Z",
        "2000-01-01T00:00:00+18:00",
        "2026-11-25 09:30"
    };

    private final String kind;
    private final DocumentOracle oracle;

    /** @param kind csv, ndjson or json */
    DocumentDoor(String kind, Path folder) {
        this.kind = kind;
        this.oracle = new DocumentOracle(folder);
    }

    @Override
    public Fate tryOne(Random random) throws Exception {
        Set<String> passwords = new HashSet<>();
        String text = kind.equals("csv") ? csv(random, passwords) : json(random, passwords);
        byte[] document = encoded(text, random);
        boolean whole = document != null;
        if (!whole) {
            document = spoilt(text.getBytes(StandardCharsets.UTF_8), random);
        }
        try {
            return oracle.check(document, whole ? passwords : null, random) > 0 ? Fate.OUTCOME : Fate.REFUSED;
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    e.getMessage() + "; the document: " + Text.line(new String(document, StandardCharsets.UTF_8), 600),
                    e);
        }
    }

    /** As bytes in which every password can still be found, or null where they are to be spoilt. */
    private static byte[] encoded(String text, Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> text.getBytes(Charset.forName("windows-1252"));
            case 1 -> null;
            case 2 ->
                random.nextInt(4) == 0
                        ? text.getBytes(StandardCharsets.UTF_16)
                        : ("\ufeff" + text).getBytes(StandardCharsets.UTF_8);
            default -> text.getBytes(StandardCharsets.UTF_8);
        };
    }

    private static byte[] spoilt(byte[] bytes, Random random) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte b : bytes) {
            switch (random.nextInt(60)) {
                case 0 -> out.write(random.nextInt(256));
                case 1 -> {}
                case 2 -> {
                    out.write(b);
                    out.write(b);
                }
                default -> out.write(b);
            }
        }
        byte[] all = out.toByteArray();
        return random.nextInt(3) == 0 ? java.util.Arrays.copyOf(all, random.nextInt(all.length + 1)) : all;
    }

    // ---- CSV ------------------------------------------------------------------------------------------------------

    private static String csv(Random random, Set<String> passwords) {
        String separator = List.of(",", ";", "\t").get(random.nextInt(3));
        String end = one(ENDS, random);
        StringBuilder text = new StringBuilder();
        if (random.nextInt(8) == 0) {
            text.append("sep=").append(separator).append(end);
        } else {
            for (int i = random.nextInt(8) - 4; i > 0; i--) {
                text.append(random.nextBoolean() ? "" : one(UNSEEN, random)).append(end);
            }
        }
        List<String> columns = columns(random);
        int documents = random.nextInt(6) == 0 ? 2 : 1;
        for (int document = 0; document < documents; document++) {
            if (document > 0) {
                if (random.nextInt(3) == 0) {
                    Collections.shuffle(columns, random);
                }
                text.append(random.nextBoolean() ? "\ufeff" : "");
            }
            boolean shout = random.nextInt(5) == 0;
            line(
                            text,
                            columns.stream()
                                    .map(column -> shout ? column.toUpperCase(java.util.Locale.ROOT) : column)
                                    .toList(),
                            separator,
                            random)
                    .append(end);
            for (int row = random.nextInt(7); row > 0; row--) {
                if (random.nextInt(12) == 0) {
                    text.append(separator.repeat(random.nextInt(columns.size() + 1)))
                            .append(end);
                }
                List<String> cells = new ArrayList<>(columns.stream()
                        .map(column -> value(column, random, passwords))
                        .toList());
                if (random.nextInt(25) == 0) {
                    cells.remove(0);
                }
                line(text, cells, separator, random)
                        .append(row == 1 && document == documents - 1 && random.nextBoolean() ? "" : end);
            }
        }
        return text.toString();
    }

    private static List<String> columns(Random random) {
        List<String> columns = new ArrayList<>(List.of("name", "otp"));
        for (String optional : List.of("webhook_url", "job_id", "integrator", "otp_generated_at")) {
            if (random.nextInt(6) == 0) {
                columns.add(optional);
            }
        }
        for (int i = random.nextInt(6) == 0 ? random.nextInt(20) : random.nextInt(3); i > 0; i--) {
            columns.add(random.nextInt(3) > 0 ? "column" + i : one(COLUMNS, random));
        }
        if (random.nextInt(30) == 0) {
            columns.remove(random.nextInt(2));
        }
        Collections.shuffle(columns, random);
        return columns;
    }

    private static StringBuilder line(StringBuilder text, List<String> cells, String separator, Random random) {
        for (int i = 0; i < cells.size(); i++) {
            String cell = cells.get(i);
            boolean quoted = cell.contains(separator)
                    || cell.contains("\"")
                    || cell.contains("\n")
                    || cell.contains("\r")
                    || random.nextInt(6) == 0;
            text.append(i == 0 ? "" : separator).append(quoted ? "\"" + cell.replace("\"", "\"\"") + "\"" : cell);
        }
        return text;
    }

    // ---- JSON -----------------------------------------------------------------------------------------------------

    private String json(Random random, Set<String> passwords) {
        boolean array = kind.equals("json");
        String end = one(ENDS, random);
        StringBuilder text = new StringBuilder(
                        random.nextInt(8) == 0 ? end + one(UNSEEN, random).replace("\u0085", " ") : "")
                .append(array ? "[" : "");
        for (int row = random.nextInt(7), n = 0; row > 0; row--, n++) {
            text.append(n == 0 ? "" : array ? "," + (random.nextBoolean() ? end : "") : end);
            if (!array && random.nextInt(10) == 0) {
                text.append(random.nextBoolean() ? end : "\ufeff");
            }
            text.append(
                    random.nextInt(20) == 0
                            ? one(
                                    new String[] {"1", "null", "[{}]", "\"x\"", "{}", "{\"otp\":420001,\"name\":\"T\"}"
                                    },
                                    random)
                            : object(columns(random), random, passwords));
        }
        return text.append(array && random.nextInt(15) > 0 ? "]" : "")
                .append(random.nextInt(20) == 0 ? "[]" : "")
                .toString();
    }

    private static String object(List<String> columns, Random random, Set<String> passwords) {
        StringBuilder text = new StringBuilder("{");
        for (String column : columns) {
            text.append(text.length() == 1 ? "" : ",")
                    .append(quoted(random.nextInt(20) == 0 ? one(UNSEEN, random) + column : column))
                    .append(':')
                    .append(
                            switch (random.nextInt(40)) {
                                case 0 -> "null";
                                case 1 -> "17";
                                case 2 -> "{\"a\":[1]}";
                                default -> quoted(value(column, random, passwords));
                            });
        }
        if (random.nextInt(5) == 0) {
            text.append(",\"reference\":{")
                    .append(quoted(one(COLUMNS, random)))
                    .append(':')
                    .append(quoted(one(TEXTS, random)))
                    .append('}');
        }
        return text.append('}').toString();
    }

    private static String quoted(String text) {
        return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + "\"";
    }

    // ---- values ---------------------------------------------------------------------------------------------------

    private static String value(String column, Random random, Set<String> passwords) {
        return switch (column) {
            case "otp" -> password(random, passwords);
            case "name" ->
                random.nextInt(3) > 0
                        ? "Till " + random.nextInt(100)
                        : random.nextInt(20) == 0 ? "x".repeat(random.nextInt(70_000)) : one(TEXTS, random);
            case "webhook_url" ->
                one(new String[] {"", "https://erp.example/a", "http://erp.example", "https://\u00e9.example"}, random);
            case "job_id" -> random.nextInt(4) == 0 ? "j " + one(TEXTS, random) : "j-" + random.nextInt(1_000_000_000);
            case "integrator" -> one(new String[] {"", "east", "nobody"}, random);
            case "otp_generated_at" -> one(TIMES, random);
            default -> random.nextInt(3) > 0 ? "v" + random.nextInt(9) : one(TEXTS, random);
        };
    }

    private static String password(Random random, Set<String> passwords) {
        String digits = String.format("%06d", 420_000 + random.nextInt(20));
        String otp = switch (random.nextInt(14)) {
            case 0 -> one(UNSEEN, random);
            case 1 -> "'" + digits;
            case 2 -> digits.substring(0, 2) + " " + digits.substring(2, 4) + " " + digits.substring(4);
            case 3 -> "1.2E+11";
            case 4 -> "=" + digits;
            case 5 -> digits.substring(3);
            case 6 -> one(TEXTS, random);
            case 7 -> "p-" + random.nextInt(100);
            default -> digits;
        };
        String around = random.nextInt(4) == 0 ? one(UNSEEN, random) : "";
        String value = random.nextBoolean() ? otp + around : around + otp + around;
        passwords.add(Text.trimmed(value));
        for (Charset charset : List.of(StandardCharsets.UTF_8, Charset.forName("windows-1252"))) {
            passwords.add(Text.trimmed(
                    new String(value.getBytes(charset), charset))); // what cannot be written is a question mark
        }
        return value;
    }

    private static String one(String[] all, Random random) {
        return all[random.nextInt(all.length)];
    }

    // ---- beside ---------------------------------------------------------------------------------------------------

    @Override
    public void ordinary() throws Exception {
        String text = switch (kind) {
            case "csv" -> "name,otp,Store\nTill 1,031337,S-1\nTill 2,031338,S-2\n";
            case "ndjson" -> "{\"name\":\"Till 1\",\"otp\":\"031337\"}\n{\"name\":\"Till 2\",\"otp\":\"031338\"}\n";
            default -> "[{\"name\":\"Till 1\",\"otp\":\"031337\"},{\"name\":\"Till 2\",\"otp\":\"031338\"}]";
        };
        if (oracle.check(text.getBytes(StandardCharsets.UTF_8), Set.of("031337", "031338"), new Random(1)) != 2) {
            throw new AssertionError("an ordinary document was not sent whole");
        }
    }

    @Override
    public void restart() {
        oracle.restart();
    }

    @Override
    public void close() {
        oracle.close();
    }
}
