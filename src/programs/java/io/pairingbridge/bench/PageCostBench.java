package io.pairingbridge.bench;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Page;
import com.sun.management.OperatingSystemMXBean;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Chromium;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.util.FileSystemUtils;

/**
 * What an operator's page that is open costs a bridge, as processor time: {@code PageCostBench}. The page's own
 * requests, with 10,000 dead letters waiting, one after the other; bridge, broker and reader are one process, so that
 * the figure is an upper bound. What it takes from the bridge's throughput is its share of the processors, for a bridge
 * at its limit has no other time to spare. Then, in Chromium, how long a person waits for the page.
 */
public final class PageCostBench {
    private static final int ROUNDS = 5;
    private static final int REFRESHES = 100;
    private static final int LETTERS = 10_000;

    private PageCostBench() {}

    public static void main(String[] args) throws Exception {
        String page = Files.readString(Path.of("src/main/resources/io/pairingbridge/console/console.js"));
        double seconds = Integer.parseInt(found(page, "REFRESH = (\\d+)")) / 1000.0;
        int lettersEvery = Integer.parseInt(found(page, "LETTERS_EVERY = (\\d+)"));
        String attributes = "[" + found(page, "(?s)ATTRIBUTES = \\[(.*?)]") + "]";
        Path folder = Files.createTempDirectory("page-cost");
        try (Stage stage = new Stage(folder)) {
            letters(stage);
            stage.set("pairing.broker.users.operator.password", stage.users().password(BrokerUsers.OPERATOR))
                    .startBridge();
            Management operator = Management.operator(stage.managementPort(), stage.data());
            ArrayNode look = Stage.JSON.createArrayNode();
            look.addObject().put("type", "read").put("mbean", Management.BEAN).set("attribute", Stage.json(attributes));
            look.add(exec("audit", 20));
            ObjectNode letters = exec("deadLetters", "", "", "", "", 0, 50);
            double[] costs = new double[ROUNDS];
            refresh(operator, look, letters, lettersEvery); // warm
            for (int round = 0; round < ROUNDS; round++) {
                long before = used();
                refresh(operator, look, letters, lettersEvery);
                costs[round] = (used() - before) / 1e6 / REFRESHES;
            }
            Arrays.sort(costs);
            int processors = Runtime.getRuntime().availableProcessors();
            System.out.printf(
                    Locale.ROOT,
                    "| letters | processor time a refresh, ms | refreshed each | share of %d processors |%n| ---: | ---: | ---: | ---: |%n",
                    processors);
            System.out.printf(
                    Locale.ROOT,
                    "| %,d | %.1f (%.1f to %.1f) | %.0f s | %.2f %% (%.2f to %.2f) |%n",
                    LETTERS,
                    costs[ROUNDS / 2],
                    costs[0],
                    costs[ROUNDS - 1],
                    seconds,
                    share(costs[ROUNDS / 2], seconds, processors),
                    share(costs[0], seconds, processors),
                    share(costs[ROUNDS - 1], seconds, processors));
            waits(stage);
        } finally {
            FileSystemUtils.deleteRecursively(folder);
        }
        System.exit(0);
    }

    /**
     * How long a person waits for the page in a browser of this machine, until the text stands there; each is one
     * figure a round.
     */
    private static void waits(Stage stage) throws Exception {
        String password = Management.password(stage.data());
        double[][] millis = new double[3][ROUNDS];
        try (Chromium chromium = Chromium.start(Chromium.find(PageCostBench.class));
                Browser browser = chromium.browser()) {
            for (int round = -1; round < ROUNDS; round++) { // the first one warms
                Page page = browser.newPage();
                page.navigate("http://127.0.0.1:" + stage.managementPort() + "/console/");
                page.locator("#password").fill(password);
                double[] took = {
                    took(
                            () -> {
                                page.locator("#login-form button").click();
                                page.locator("#show-dead-letters").click();
                            },
                            () -> assertThat(page.locator("#page")).hasText("1 to 50")),
                    took(
                            () -> page.locator("#next").click(),
                            () -> assertThat(page.locator("#page")).hasText("51 to 100")),
                    took(
                            () -> {
                                page.locator("#filters > summary").click();
                                page.locator("#filter-reason").fill("TOO_OLD");
                                page.locator("#filter button[type=submit]").click();
                            },
                            () -> assertThat(page.locator("#letters-state"))
                                    .containsText("100 letters with reason TOO_OLD"))
                };
                for (int i = 0; i < took.length && round >= 0; i++) {
                    millis[i][round] = took[i];
                }
                page.close();
            }
        }
        System.out.printf(
                "%n| what a person waits for, %,d letters | median of %d (least to most), ms |%n| --- | ---: |%n",
                LETTERS, ROUNDS);
        String[] what = {
            "login and a click on \"Dead letters\", to the first 50",
            "\"Later\" to the next 50",
            "a filter to the 100 letters that it means"
        };
        for (int i = 0; i < what.length; i++) {
            Arrays.sort(millis[i]);
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.0f (%.0f to %.0f) |%n",
                    what[i],
                    millis[i][ROUNDS / 2],
                    millis[i][0],
                    millis[i][ROUNDS - 1]);
        }
    }

    private static double took(Runnable action, Runnable until) {
        long before = System.nanoTime();
        action.run();
        until.run();
        return (System.nanoTime() - before) / 1e6;
    }

    private static double share(double millis, double seconds, int processors) {
        return millis / 10 / seconds / processors;
    }

    private static void refresh(Management operator, ArrayNode look, ObjectNode letters, int lettersEvery)
            throws Exception {
        for (int i = 0; i < REFRESHES; i++) {
            answered(operator.post(look.toString()).body());
            if (i % lettersEvery == 0) {
                answered(operator.post(letters.toString()).body());
            }
        }
    }

    private static void answered(String body) {
        if (!body.contains("\"status\":200") || body.contains("\"error\"")) {
            throw new IllegalStateException("the page's request was not answered: " + body);
        }
    }

    private static ObjectNode exec(String operation, Object... arguments) {
        ObjectNode request = Stage.JSON
                .createObjectNode()
                .put("type", "exec")
                .put("mbean", Management.BEAN)
                .put("operation", operation);
        request.set("arguments", Stage.JSON.valueToTree(arguments));
        return request;
    }

    private static void letters(Stage stage) throws Exception {
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.dead-letters"));
            for (int i = 0; i < LETTERS; i++) {
                Message letter = session.createTextMessage("{\"name\":\"Till\",\"otp\":\"***\"}");
                letter.setStringProperty("PairingJobId", "letter-" + i);
                letter.setStringProperty("PairingOutcome", "REJECTED");
                letter.setStringProperty("PairingReason", i % 100 == 0 ? "TOO_OLD" : "REFUSED");
                producer.send(letter);
                if (i % 1_000 == 999) {
                    session.commit();
                }
            }
        }
    }

    private static long used() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static String found(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("the page has no " + pattern);
        }
        return matcher.group(1);
    }
}
