package io.pairingbridge.site;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions.IsInViewportOptions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.Chromium;
import io.pairingbridge.testing.Management;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Tasks of the day by a person who counts: a click, a text that is typed and a key are one action each. What can be
 * seen costs none.
 */
class ConsolePersonIT extends OperatorsPage {
    private static final int MOST = 3;
    private int actions;

    private void click(Locator what) {
        actions++;
        what.click();
    }

    private void type(Locator where, String text) {
        actions++;
        where.pressSequentially(text);
    }

    private void press(Locator where, String key) {
        actions++;
        where.press(key);
    }

    private void tookAtMostThree() {
        assertThat(actions).as("actions").isLessThanOrEqualTo(MOST);
        actions = 0;
    }

    /** On a small phone, without scrolling: which till, and the button. */
    @Test
    void findsTheTillInDoubtAndReplaysItWithANewPassword() throws Exception {
        aBusyMorning();
        open(360, 640);
        logIn();
        Locator till = page.locator("[data-job=store-7-till-2]");
        Locator replay = button(Pattern.compile("^Replay with a new password: Till 2,"));
        assertThat(till.getByText("Till 2")).isInViewport();
        assertThat(till.getByText("Store 7 Main Street")).isInViewport();
        assertThat(replay).isInViewport(new IsInViewportOptions().setRatio(1));

        click(replay);
        Locator password = field("New one-time password from the terminal");
        assertThat(password).isFocused();
        type(password, "otp-canary-fresh");
        press(password, "Enter");
        assertThat(till).hasCount(0);
        tookAtMostThree();
        goOn.countDown();
        awaitState("store-7-till-2", State.PUBLISHED);
        assertThat(stage.ledger().posts("otp-canary-fresh")).hasSize(1);
    }

    @Test
    void findsWhyTheIntakeIsClosedAndOpensIt() throws Exception {
        aBusyMorning();
        goOn.countDown(); // an intake that closes waits for the calls that are under way
        awaitEnd("north");
        Management.operator(stage.managementPort(), stage.data())
                .call("closeIntake", "the line to the vendor is being repaired");
        open(360, 640);
        logIn();
        assertThat(page.locator("#gate")).isInViewport();
        assertThat(page.locator("#gate-reason")).isInViewport();
        assertThat(page.locator("#gate-reason"))
                .containsText("closed by operator: the line to the vendor is being repaired");
        click(button("Open the intake"));
        assertThat(page.locator("#gate")).hasText("open");
        assertThat(page.locator("#audit li").first()).containsText("operator opened the intake.");
        tookAtMostThree();
    }

    /**
     * Somebody calls from a shop: which till, what became of it; and the address of that goes to a colleague, who logs
     * in and is there.
     */
    @Test
    void findsATillByItsStoreAndSendsItsPageToAColleague() throws Exception {
        aBusyMorning();
        open(1280, 900);
        logIn();
        Locator find = field("Job, till or store");
        type(find, "harbour till");
        press(find, "Enter");
        assertThat(page.locator("#found li")).hasCount(1);
        click(page.locator("#found").getByText("Till 1"));
        assertThat(page.locator("#job-title")).hasText("Till 1 in doubt");
        assertThat(page.locator("#job-title")).isFocused();
        tookAtMostThree();
        theStoryOfTillOne();

        String address = page.url();
        assertThat(address).endsWith("#/job/store-9-till-1");
        open(768, 1024, ColorScheme.LIGHT, address.substring(address.indexOf('#')));
        assertThat(page.locator("#page-job")).isHidden();
        logIn();
        theStoryOfTillOne();
        assertThat(page.title()).isEqualTo("(4) Till 1 · simulator · Pairing Bridge");

        // What is done here is seen here, and the way back is the browser's.
        click(button(Pattern.compile("^Replay with a new password: Till 1,")));
        type(field("New one-time password from the terminal"), "otp-canary-fresh");
        click(page.locator("#dialog-go"));
        assertThat(page.locator("#job-person")).isHidden();
        goOn.countDown();
        assertThat(page.locator("#job-title")).hasText("Till 1 paired");
        assertThat(page.locator("#job-times"))
                .containsText("operator replayed job store-9-till-1 from in-doubt, with a new one-time password.");
        assertThat(page.locator("#job-times li").last())
                .containsText("The credentials of call 2 were put on pairing.credentials.");
        assertThat(page.locator("#job-now")).containsText("The till is paired");
        page.evaluate("location.hash = '#/job/no-such-job'");
        assertThat(page.locator("#job-now"))
                .containsText("The journal knows no job no-such-job; it may wait in its queue.");
        page.goBack();
        assertThat(page.locator("#job-title")).hasText("Till 1 paired");
        assertThat(complaints).isEmpty();
    }

    /** From the list to the report in one click, without a second login; what is in a document stays text. */
    @Test
    void readsAndSavesTheReportOfABatch() throws Exception {
        goOn.countDown();
        aBusyMorning(30);
        Path inbox = stage.folder().resolve("inbox");
        Files.writeString(
                inbox.resolve("west.csv"),
                "name,otp,store\nTill 1,otp-canary-west,W1\n<img src=x onerror=alert(1)>,otp-canary-no,W2\n");
        Files.createFile(inbox.resolve("west.csv.done"));
        awaitEnd("west");
        open(1280, 900);
        logIn();
        click(page.locator("#batches").getByText("west"));
        assertThat(page.locator("#batch-title")).hasText("west");
        assertThat(page.locator("#report").getByRole(AriaRole.HEADING).getByText("What needs a person"))
                .isVisible();
        assertThat(page.locator("#report table").last()).containsText("<img src=x onerror=alert(1)>");
        assertThat(page.locator("#report img, #report script, #report style")).hasCount(0);
        assertThat(page.locator("#report svg rect")).not().hasCount(0);
        assertThat(page.locator("#batch-letters li")).hasCount(1);
        assertThat(page.locator("#batch-facts")).containsText("west.csv");
        Download saved = page.waitForDownload(() -> click(button("Save the report")));
        assertThat(saved.suggestedFilename()).isEqualTo("west.report.html");
        assertThat(Files.readString(saved.path()))
                .startsWith("<!doctype html>")
                .contains("&lt;img src=x onerror=alert(1)&gt;");
        tookAtMostThree();
        assertThat(complaints).isEmpty();
    }

    private void theStoryOfTillOne() {
        assertThat(figure("job-facts", "Store")).hasText("9 Harbour Road");
        assertThat(page.locator("#job-times li")).hasText(new Pattern[] {
            Pattern.compile("Asked for\\.$"),
            Pattern.compile("Call 1 of the endpoint began\\.$"),
            Pattern.compile("Call 1 brought no complete answer and may have paired the terminal: "),
            Pattern.compile("Ended IN_DOUBT: ")
        });
        assertThat(button(Pattern.compile("^Replay with a new password: Till 1,")))
                .isVisible();
    }

    /** Whoever has two tabs open sees which one is production before he acts. */
    @Test
    void showsWhichEnvironmentItIs() throws Exception {
        aBusyMorning();
        open(360, 640);
        logIn();
        assertThat(page.locator("#environment")).hasText("simulator");
        assertThat(page.locator("#harmless")).hasText("The simulator: no real till is paired here.");
        String simulator = (String) page.locator("header").evaluate("e => getComputedStyle(e).backgroundColor");

        // The endpoint of the tests is not the vendor's, so that a bridge cannot be told that it is production: its
        // answers are.
        page.route("**/observe/jolokia/", route -> {
            APIResponse answer = route.fetch();
            route.fulfill(new Route.FulfillOptions()
                    .setResponse(answer)
                    .setBody(answer.text().replace("\"Environment\":\"simulator\"", "\"Environment\":\"production\"")));
        });
        assertThat(page.locator("#environment")).hasText("production");
        assertThat(page.locator("#harmless")).isHidden();
        assertThat(page.locator("#environment")).isInViewport();
        assertThat(page.locator("header")).not().hasCSS("background-color", simulator);
        assertThat(page).hasTitle("(4) production · Pairing Bridge");
        Chromium.picture(page, "production", false);
        click(button(Pattern.compile("^Replay with a new password: Till 2,")));
        assertThat(page.getByText("Production: this calls the vendor for a real till."))
                .isVisible();
    }

    /** A number is red if it needs somebody, and not because it is more than 0. */
    @Test
    void showsCredentialsOnTheirWayAsNormalUntilTheyAreLate() throws Exception {
        aBusyMorning();
        open(1280, 900);
        String[] sealed = {"\"SealedNotPublished\":40", "\"OldestSealedSeconds\":3.5"};
        page.route("**/observe/jolokia/", route -> {
            APIResponse answer = route.fetch();
            route.fulfill(new Route.FulfillOptions()
                    .setResponse(answer)
                    .setBody(answer.text()
                            .replaceFirst("\"SealedNotPublished\":\\d+", sealed[0])
                            .replaceFirst("\"OldestSealedSeconds\":[\\d.E-]+", sealed[1])));
        });
        logIn();
        assertThat(figure("now", "Sealed, not published")).hasText("40");
        assertThat(page.locator("#now .alarm")).hasCount(0);
        sealed[1] = "\"OldestSealedSeconds\":75.2";
        assertThat(figure("now", "Sealed, not published")).hasText("40, the oldest for 75 s");
        assertThat(page.locator("#now .alarm")).hasCount(1);
    }

    /**
     * What came first on the page, and filled in, is what helps; what stops the shop is at its end, unfilled and folded
     * away.
     */
    @Test
    void weighsActionsByWhatTheyDo() throws Exception {
        aBusyMorning();
        open(1280, 900);
        logIn();
        Locator buttons = page.locator("#page-overview button:visible");
        assertThat(page.locator("#letters button.primary").first()).hasText("Replay with a new password");
        assertThat(buttons.filter(new Locator.FilterOptions().setHasText("Close the intake")))
                .hasCount(0);
        unfold("Change how this bridge runs");
        assertThat(buttons.last()).hasText("Close the intake");
        assertThat(buttons.last()).hasClass("dangerous");
        press(buttons.last(), "Enter");
        assertThat(page.locator("#note")).isFocused(); // a reason is asked for
        assertThat(page.locator("#gate")).hasText("open");
    }
}
