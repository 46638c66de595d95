package io.pairingbridge.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the benchmarks came to: a table for people, JSON for programs, a chart. */
final class Results {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * One line.
     *
     * @param compared ratio or difference of the two sides, round by round
     * @param mark what is to be reached, or 0 if nothing is
     * @param reached null without a mark
     */
    private record Line(
            String bench,
            String what,
            String opponent,
            Series ours,
            Series theirs,
            Series compared,
            String unit,
            String mark,
            double goal,
            Boolean reached) {}

    private final List<Line> lines = new ArrayList<>();
    private final int rounds;

    Results(int rounds) {
        this.rounds = rounds;
    }

    /** More is better; the ratio is to be at least so much. 0: there is no mark. */
    void atLeast(String bench, String what, String opponent, Series ours, Series theirs, double goal) {
        Series ratio = ratio(ours, theirs);
        line(new Line(
                bench,
                what,
                opponent,
                ours,
                theirs,
                ratio,
                "x",
                goal == 0 ? "" : ">= " + number(goal),
                goal,
                goal == 0 ? null : ratio.median() >= goal));
    }

    /** Less is better; the ratio is to be at most so much. */
    void atMost(String bench, String what, String opponent, Series ours, Series theirs, double goal) {
        Series ratio = ratio(ours, theirs);
        line(new Line(
                bench, what, opponent, ours, theirs, ratio, "x", "<= " + number(goal), goal, ratio.median() <= goal));
    }

    /** Less is better; the difference is to be at most so much. */
    void atMostMore(String bench, String what, String opponent, Series ours, Series theirs, double goal) {
        Series difference = new Series("more");
        for (int i = 0; i < ours.rounds(); i++) {
            difference.add(ours.get(i) - theirs.get(i));
        }
        line(new Line(
                bench,
                what,
                opponent,
                ours,
                theirs,
                difference,
                "+",
                "<= +" + number(goal),
                goal,
                difference.median() <= goal));
    }

    /** Less is better; our own figure is to be at most so much. 0: there is no mark. */
    void below(String bench, String what, String opponent, Series ours, Series theirs, double goal) {
        line(new Line(
                bench,
                what,
                opponent,
                ours,
                theirs,
                ratio(ours, theirs),
                "x",
                goal == 0 ? "" : "own figure <= " + number(goal),
                goal,
                goal == 0 ? null : ours.median() <= goal));
    }

    private static Series ratio(Series ours, Series theirs) {
        Series ratio = new Series("ratio");
        for (int i = 0; i < ours.rounds(); i++) {
            ratio.add(ours.get(i) / theirs.get(i));
        }
        return ratio;
    }

    private void line(Line line) {
        lines.add(line);
        System.out.println(row(line));
    }

    private static String machine() {
        return String.format(
                Locale.ROOT,
                "%d processors, %s %s, Java %s, Camel %s, version %s, %s",
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                Runtime.version(),
                org.apache.camel.CamelContext.class.getPackage().getImplementationVersion(),
                Version.get(),
                LocalDate.now());
    }

    private static String row(Line line) {
        String sign = line.unit().equals("+") ? "+" : "";
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %s | **%s%s** (%s%s to %s%s) | %s | %s |",
                line.bench(),
                line.what(),
                number(line.ours().median()),
                line.opponent(),
                number(line.theirs().median()),
                sign,
                number(line.compared().median()),
                sign,
                number(line.compared().least()),
                sign,
                number(line.compared().most()),
                line.mark(),
                line.reached() == null ? "" : line.reached() ? "yes" : "no");
    }

    private static String number(double value) {
        return String.format(
                Locale.ROOT, Math.abs(value) >= 100 ? "%,.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.2f", value);
    }

    /** Writes all three, as far as there are results. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        StringBuilder table = new StringBuilder(machine())
                .append("; ")
                .append(rounds)
                .append(" rounds\n\n")
                .append("| | measured | bridge | against | its figure | median (least to most) | mark | reached |\n")
                .append("| --- | --- | ---: | --- | ---: | ---: | ---: | --- |\n");
        lines.forEach(line -> table.append(row(line)).append('\n'));
        Files.writeString(folder.resolve("table.md"), table);
        Files.writeString(folder.resolve("results.json"), json() + "\n");
        Files.writeString(folder.resolve("chart.svg"), chart());
    }

    private String json() throws IOException {
        ObjectNode all = JSON.createObjectNode().put("machine", machine()).put("rounds", rounds);
        ArrayNode array = all.putArray("results");
        for (Line line : lines) {
            ObjectNode node = array.addObject()
                    .put("bench", line.bench())
                    .put("measured", line.what())
                    .put("against", line.opponent());
            node.set("bridge", JSON.valueToTree(line.ours().values()));
            node.set("opponent", JSON.valueToTree(line.theirs().values()));
            node.set(
                    line.unit().equals("+") ? "difference" : "ratio",
                    JSON.valueToTree(line.compared().values()));
            node.put("mark", line.mark());
            node.put("reached", line.reached());
        }
        return JSON.writeValueAsString(all);
    }

    /** A bar for each line that has a mark, drawn so that all marks lie under each other; better is longer. */
    private String chart() {
        List<Line> marked =
                lines.stream().filter(line -> line.reached() != null).toList();
        int width = 1000;
        int left = 480;
        int markAt = left + 220;
        int rowHeight = 26;
        int height = 40 + marked.size() * rowHeight;
        StringBuilder svg = new StringBuilder(String.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
                        + " font-family=\"sans-serif\" font-size=\"12\">%n<title>Benchmarks against their marks</title>%n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n",
                width, height, width, height));
        svg.append(String.format("<text x=\"%d\" y=\"18\" text-anchor=\"middle\" fill=\"#444\">mark</text>%n", markAt));
        int y = 30;
        for (Line line : marked) {
            double share = Math.min(1.4, better(line));
            double end = left + share * (markAt - left);
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#222\">%s %s</text>%n",
                    left - 8,
                    y + 13,
                    line.bench(),
                    escaped(shortened(line.what()))));
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"16\" fill=\"%s\"/>%n",
                    left,
                    y,
                    end - left,
                    line.reached() ? "#2a7f62" : "#b3541e"));
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.0f\" y=\"%d\" fill=\"#222\">%s%s (%s)</text>%n",
                    end + 6,
                    y + 13,
                    line.unit().equals("+") ? "+" : "",
                    number(
                            line.mark().startsWith("own")
                                    ? line.ours().median()
                                    : line.compared().median()),
                    escaped(line.mark())));
            y += rowHeight;
        }
        svg.append(String.format(
                "<line x1=\"%d\" y1=\"24\" x2=\"%d\" y2=\"%d\" stroke=\"#444\" stroke-dasharray=\"3 3\"/>%n</svg>%n",
                markAt, markAt, height - 8));
        return svg.toString();
    }

    /** How far towards the mark; 1 is just there. */
    private static double better(Line line) {
        double figure = line.mark().startsWith("own")
                ? line.ours().median()
                : line.compared().median();
        if (line.mark().startsWith(">=")) {
            return figure / line.goal();
        }
        return figure <= 0 ? 1.4 : line.goal() / figure;
    }

    private static String shortened(String text) {
        return text.length() <= 74 ? text : text.substring(0, 73) + "…";
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
