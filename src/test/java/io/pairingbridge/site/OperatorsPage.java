package io.pairingbridge.site;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.Chromium;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * The operator's page in a real browser, on a real bridge, broker and endpoint. Skipped, with the reason, where there
 * is no Chromium. With {@code -Dconsole.screenshots=<folder>} pictures are left there.
 */
abstract class OperatorsPage {
    Stage stage;
    BrowserContext context;
    Page page;
    final List<String> elsewhere = Collections.synchronizedList(new ArrayList<>());
    final List<String> complaints = Collections.synchronizedList(new ArrayList<>());
    /** Calls whose one-time password begins with {@code otp-canary-held} are answered once this is counted down. */
    final CountDownLatch goOn = new CountDownLatch(1);

    private Chromium chromium;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        Path program = Chromium.find(getClass());
        stage = new Stage(folder);
        stage.set("pairing.broker.users.operator.password", stage.users().password(BrokerUsers.OPERATOR))
                .set("pairing.retry.max-ambiguous-attempts", "1");
        chromium = Chromium.start(program);
    }

    @AfterEach
    void stop() throws IOException {
        goOn.countDown();
        if (chromium != null) {
            chromium.close();
        }
        if (stage != null) {
            stage.close();
        }
    }

    void open(int width, int height) {
        open(width, height, ColorScheme.LIGHT, "");
    }

    /** @param fragment which of its pages, such as {@code #/job/till-1}; empty for the overview */
    void open(int width, int height, ColorScheme scheme, String fragment) {
        if (context != null) {
            context.close();
        }
        context = chromium.browser()
                .newContext(new Browser.NewContextOptions()
                        .setViewportSize(width, height)
                        .setColorScheme(scheme));
        context.addInitScript(
                "window.answers = []; const real = window.fetch; window.fetch = async (...call) => {"
                        + " const answer = await real(...call); window.answers.push(await answer.clone().text()); return answer; };");
        page = context.newPage();
        page.setDefaultTimeout(Stage.PATIENCE.toMillis());
        page.onRequest(request -> {
            if (!request.url().startsWith("http://127.0.0.1:" + stage.managementPort() + "/")) {
                elsewhere.add(request.url());
            }
        });
        page.onConsoleMessage(message -> complaints.add(message.type() + ": " + message.text()));
        page.onPageError(complaints::add);
        page.navigate("http://127.0.0.1:" + stage.managementPort() + "/console/" + fragment);
    }

    void logIn() throws IOException {
        field("Password").fill(Management.password(stage.data()));
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Log in"))
                .click();
        assertThat(page.locator("#desk")).isVisible();
        assertThat(page.locator("#updated")).hasText(Pattern.compile("^As of "));
    }

    Locator field(String label) {
        return page.getByLabel(label, new Page.GetByLabelOptions().setExact(true));
    }

    Locator button(String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    Locator button(Pattern name) {
        return page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name));
    }

    void unfold(String summary) {
        Locator words = page.locator("summary").getByText(summary, new Locator.GetByTextOptions().setExact(true));
        words.click();
        if (!(Boolean) words.evaluate(
                "e => e.closest('details').open")) { // what came above it meanwhile moved it away from the click
            words.click();
        }
    }

    void awaitState(String job, State state) {
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .journal()
                        .find(job)
                        .map(e -> e.state() == state)
                        .orElse(false));
    }

    void awaitEnd(String batch) {
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .journal()
                        .batches()
                        .find(batch)
                        .map(b -> b.batch().phase().ended())
                        .orElse(false));
    }

    /** Everything that Jolokia answered since the page was opened. */
    String answers() {
        return (String) page.evaluate("() => window.answers.join('\\n')");
    }

    void picture(String name) {
        Chromium.picture(page, name, true);
    }

    Locator figure(String list, String term) {
        return page.locator("#" + list + " div")
                .filter(new Locator.FilterOptions()
                        .setHas(page.locator("dt").getByText(term, new Locator.GetByTextOptions().setExact(true))))
                .locator("dd");
    }

    /**
     * A morning on which somebody is needed: two tills in doubt, two letters, a batch that is under way with 18 calls
     * held, and one that is finished.
     */
    void aBusyMorning() throws Exception {
        aBusyMorning(12);
    }

    /** @param ended how many rows of the batch have ended once this returns */
    void aBusyMorning(int ended) throws Exception {
        AtomicInteger north = new AtomicInteger();
        stage.ledger()
                .when("otp-canary-lost", call -> {
                    call.pair();
                    call.status(500);
                })
                .when("otp-canary-lost-2", call -> {
                    call.pair();
                    call.status(500);
                })
                .when("otp-canary-no", call -> call.status(400))
                .when("otp-canary-no-2", call -> call.status(400))
                .otherwise(call -> {
                    if (call.otp().startsWith("otp-canary-held")) {
                        if (north.get() < 12
                                && goOn.getCount()
                                        > 0) { // all places held, and a row that is to end would wait behind them
                            call.status(503, "Retry-After: 1");
                            return;
                        }
                        goOn.await();
                    }
                    call.pairOnce();
                    if (call.otp().startsWith("otp-canary-row")) {
                        north.incrementAndGet();
                    }
                });
        Path inbox = Files.createDirectories(stage.folder().resolve("inbox"));
        stage.set("pairing.batch.inbox", inbox.toString())
                .set("pairing.endpoint.deadline", "5m")
                .set("pairing.instance-id", "shop-7");
        stage.startBridge();
        stage.send(
                Stage.text(
                        "store-7-till-2",
                        "{\"name\":\"Till 2\",\"otp\":\"otp-canary-lost\",\"reference\":{\"Store\":\"7 Main Street\","
                                + "\"Serial\":\"SN-1\"}}"),
                Stage.text(
                        "store-9-till-1",
                        "{\"name\":\"Till 1\",\"otp\":\"otp-canary-lost-2\",\"reference\":{\"Store\":\"9 Harbour Road\"}}"),
                Stage.text(
                        "store-7-till-3",
                        "{\"name\":\"Till 3\",\"otp\":\"otp-canary-no\",\"reference\":{\"Store\":\"7 Main Street\"}}"),
                Stage.text(
                        "store-8-till-1",
                        "{\"name\":\"Kiosk\",\"otp\":\"otp-canary-no-2\",\"reference\":{\"Store\":\"8 Market Square\"}}"));
        awaitState("store-7-till-2", State.IN_DOUBT);
        awaitState("store-9-till-1", State.IN_DOUBT);
        awaitState("store-7-till-3", State.REJECTED);
        awaitState("store-8-till-1", State.REJECTED);
        document(inbox, "south", 4, i -> "otp-canary-south-" + i);
        awaitEnd("south");
        document(inbox, "north", 30, i -> i < 12 ? "otp-canary-row-" + i : "otp-canary-held-" + i);
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .journal()
                        .batches()
                        .find("north")
                        .map(b -> b.rows() == 30 && b.open() == 30 - ended)
                        .orElse(false));
    }

    /** One-time passwords by the number of the row. */
    interface Passwords {
        String of(int row);
    }

    static void document(Path inbox, String name, int rows, Passwords passwords) throws IOException {
        StringBuilder estate = new StringBuilder("name,otp,store\n");
        for (int i = 0; i < rows; i++) {
            estate.append("Till ")
                    .append(i)
                    .append(',')
                    .append(passwords.of(i))
                    .append(",Store ")
                    .append(i % 5)
                    .append('\n');
        }
        Files.writeString(inbox.resolve(name + ".csv"), estate);
        Files.createFile(inbox.resolve(name + ".csv.done"));
    }
}
