package io.pairingbridge.site;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import com.microsoft.playwright.Dialog;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the operator's page shows and does. */
class ConsoleIT extends OperatorsPage {
    private static final String REPLAY_ALL = "Replay all that can be";

    @Test
    void leadsAnOperatorFromTheLoginToAReplayedJob() throws Exception {
        stage.ledger()
                .when("otp-canary-lost", call -> {
                    call.pair();
                    call.status(500);
                })
                .when("otp-canary-no", call -> call.status(400));
        Path inbox = Files.createDirectories(stage.folder().resolve("inbox"));
        stage.set("pairing.batch.inbox", inbox.toString());
        stage.startBridge();
        stage.send(
                Stage.text(
                        "store-7-till-2",
                        "{\"name\":\"Till 2\",\"otp\":\"otp-canary-lost\",\"reference\":{\"Store\":\"7 Main Street\",\"Serial\":\"SN-1\"}}"),
                Stage.request("store-7-till-3", "otp-canary-no"),
                Stage.request("paired", "otp-canary-good"));
        awaitState("store-7-till-2", State.IN_DOUBT);
        awaitState("store-7-till-3", State.REJECTED);
        awaitState("paired", State.PUBLISHED);

        open(1280, 900);
        picture("login");
        field("Password").fill("wrong");
        button("Log in").click();
        assertThat(page.getByRole(AriaRole.ALERT).filter(new Locator.FilterOptions().setHasText("wrong")))
                .isVisible();
        assertThat(page.locator("#desk").isVisible()).isFalse();
        logIn();

        assertThat(page.locator("#gate")).hasText("open");
        Locator letter = page.locator("[data-job=store-7-till-2]");
        assertThat(letter.getByRole(AriaRole.HEADING)).hasText("Till 2");
        assertThat(letter).containsText("ANSWER_LOST");
        assertThat(letter).containsText("Store 7 Main Street");
        assertThat(letter).containsText("unpair it on its own menu");
        button("Replay with a new password: Till 2, job store-7-till-2").click();
        assertThat(page.locator("#dialog-production")).isHidden();
        assertThat(field("New one-time password from the terminal")).isFocused();
        field("New one-time password from the terminal").fill("otp-canary-fresh");
        picture("replay");
        page.locator("#dialog-go").click();
        assertThat(page.locator("#letters-state")).hasText("Nothing here needs a person.");
        awaitState("store-7-till-2", State.PUBLISHED);
        assertThat(stage.ledger().posts("otp-canary-fresh")).hasSize(1);

        button(Pattern.compile("Dead letters")).click();
        button(Pattern.compile("^Dealt with: .*job store-7-till-3$")).click();
        field("What was done about it").fill("terminal was swapped");
        page.locator("#dialog-go").click();
        assertThat(page.locator("#letters-state")).hasText("Nothing here needs a person.");
        assertThat(page.locator("#audit li")).hasText(new Pattern[] {
            Pattern.compile(
                    "operator dealt with the letter of job store-7-till-3 from dead-letters \\(REJECTED REFUSED\\): terminal was swapped\\.$"),
            Pattern.compile("operator replayed job store-7-till-2 from in-doubt, with a new one-time password\\.$")
        });

        unfold("Change how this bridge runs");
        field("Why the intake is closed").fill("lunch");
        button("Close the intake").click();
        assertThat(page.locator("#gate")).hasText("closed");
        assertThat(page.locator("#gate-reason")).containsText("closed by operator: lunch");
        button("Open the intake").click();
        assertThat(page.locator("#gate")).hasText("open");

        document(inbox, "north", 30, i -> "otp-canary-row-" + i);
        assertThat(page.locator("#batches")).containsText("30 of 30 rows ended");
        assertThat(page.locator("#batches")).containsText("30 paired");

        String all = answers() + page.content();
        assertThat(all)
                .contains("store-7-till-2")
                .doesNotContain(
                        "otp-canary-fresh",
                        "otp-canary-lost",
                        "otp-canary-row",
                        LedgerEndpoint.SECRET,
                        LedgerEndpoint.secret("otp-canary-good"),
                        Management.password(stage.data()));
        assertThat(elsewhere).as("requests to other places").isEmpty();
        assertThat(complaints.stream().filter(c -> !c.contains("401")))
                .as("what the browser complained of")
                .isEmpty();
        assertThat(context.cookies()).isEmpty();
        assertThat(page.evaluate("() => localStorage.length + sessionStorage.length"))
                .isEqualTo(0);

        button("Log out").click();
        assertThat(page.locator("#login")).isVisible();
        assertThat(page.locator("#desk").isVisible()).isFalse();
    }

    @Test
    void worksOnAPhoneAndByKeyboardAlone() throws Exception {
        stage.startBridge();
        open(360, 740);
        page.keyboard().press("Tab");
        assertThat(page.getByText("Skip to the content")).isFocused();
        tabTo(field("Password"));
        page.keyboard().type(Management.password(stage.data()));
        page.keyboard().press("Enter");
        assertThat(page.locator("#login")).isHidden();
        assertThat(page.locator("#gate")).hasText("open");
        assertThat(page.locator("#letters-state")).hasText("Nothing here needs a person.");
        saysNothingAgainThatHasNotChanged();
        assertThat((Boolean) page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))
                .as("nothing to scroll sideways")
                .isTrue();
        for (AriaRole landmark : List.of(AriaRole.BANNER, AriaRole.MAIN, AriaRole.CONTENTINFO, AriaRole.SEARCH)) {
            assertThat(page.getByRole(landmark).first()).isVisible();
        }
        assertThat((Boolean) page.evaluate(
                        "() => [...document.querySelectorAll('input, select')].filter(e => e.offsetParent)"
                                + ".every(e => e.labels.length > 0)"))
                .as("every field has a label")
                .isTrue();
        unfold("Filter, or replay many");
        unfold("Change how this bridge runs");
        assertThat((Boolean) page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))
                .as("nor with all unfolded")
                .isTrue();
        fieldsStandBelowTheirLabels();
        assertThat((Boolean)
                        page.evaluate("() => [...document.querySelectorAll('#desk button')].filter(e => e.offsetParent)"
                                + ".every(e => e.getBoundingClientRect().height >= 40)"))
                .as("every button can be hit with a thumb")
                .isTrue();
        field("Why the intake is closed").focus();
        page.keyboard().type("by keyboard");
        page.keyboard().press("Tab");
        page.keyboard().press("Enter");
        assertThat(page.locator("#gate-reason")).containsText("by keyboard");
    }

    /** Wherever it wraps, a label is straight above its own field. */
    private void fieldsStandBelowTheirLabels() {
        assertThat(page.evaluate("""
        () => [...document.querySelectorAll('#desk .field')].filter(field => field.offsetParent).map(field => {
          const label = field.querySelector('label').getBoundingClientRect();
          const input = field.querySelector('input, select').getBoundingClientRect();
          return label.left === input.left && label.bottom <= input.top && input.top - label.bottom < 10;
        })"""))
                .asInstanceOf(LIST)
                .as("fields")
                .hasSize(7)
                .containsOnly(true);
    }

    /** From the login to the job that is sent again, with the keys of a keyboard and nothing else. */
    @Test
    void replaysAJobByKeyboardAloneOnAPhone() throws Exception {
        stage.ledger().when("otp-canary-lost", call -> {
            call.pair();
            call.status(500);
        });
        stage.startBridge();
        stage.send(Stage.request("till", "otp-canary-lost"));
        awaitState("till", State.IN_DOUBT);
        open(360, 740);
        tabTo(field("Password"));
        page.keyboard().type(Management.password(stage.data()));
        page.keyboard().press("Enter");
        assertThat(page.locator("#login")).isHidden();
        assertThat(page.locator("[data-job=till]")).containsText("ANSWER_LOST");
        picture("console-phone");
        tabTo(button(Pattern.compile("^Replay with a new password: .*job till$")));
        page.keyboard().press("Enter");
        assertThat(field("New one-time password from the terminal")).isFocused();
        page.keyboard().type("otp-canary-fresh");
        page.keyboard().press("Enter");
        assertThat(page.locator("#letters-state")).hasText("Nothing here needs a person.");
        assertThat(page.locator("#letter-dialog")).isHidden();
        awaitState("till", State.PUBLISHED);
        assertThat(stage.ledger().posts("otp-canary-fresh")).hasSize(1);
    }

    private void tabTo(Locator wanted) {
        wanted.waitFor();
        for (int tabs = 0; tabs < 50 && !(Boolean) wanted.evaluate("e => e === document.activeElement"); tabs++) {
            page.keyboard().press("Tab");
        }
        assertThat(wanted).isFocused();
    }

    @Test
    void replaysAllOfTheFilterThatWasAppliedAndNoOther() throws Exception {
        stage.startBridge();
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.dead-letters"));
            producer.send(letter(session, "late-1", "north", "EXPIRED", "TOO_OLD"));
            producer.send(letter(session, "late-2", "north", "EXPIRED", "TOO_OLD"));
            producer.send(letter(session, "late-3", "south", "EXPIRED", "TOO_OLD"));
            producer.send(letter(session, "strange", "north", "MISCONFIGURED", "NOT_ACCEPTED"));
            producer.send(letter(session, "refused", "north", "REJECTED", "REFUSED"));
            session.commit();
        }
        open(1280, 900);
        logIn();
        unfold("Filter, or replay many");
        assertThat(page.locator("#show-dead-letters")).hasAttribute("aria-pressed", "true");
        button(Pattern.compile("In doubt")).click();
        assertThat(button(REPLAY_ALL)).isDisabled();
        assertThat(page.locator("#replay-all-words")).containsText("Jobs in doubt are replayed one by one");
        button(Pattern.compile("Dead letters")).click();
        assertThat(page.locator("#letters-state")).hasText("5 letters, the oldest first.");
        assertThat(page.locator("#replay-all-words")).isEmpty();

        field("Batch").fill("south");
        field("Outcome").selectOption("MISCONFIGURED");
        assertThat(asked(Dialog::dismiss))
                .as("nothing was applied")
                .startsWith("Send 4 jobs again? Of all dead letters.\n1 left: ");
        field("Outcome").selectOption("");
        field("Batch").fill("north");
        button("Filter").click();
        assertThat(page.locator("#letters-state")).hasText("4 letters with batch north, the oldest first.");
        assertThat(asked(Dialog::dismiss)).startsWith("Send 3 jobs again? Of dead letters with batch north.\n1 left: ");
        field("Reason").fill("too_old");
        button("Filter").click();
        assertThat(page.locator("#letters-state"))
                .hasText("2 letters with batch north, reason TOO_OLD, the oldest first.");

        field("Job").fill("late-1");
        assertThat(button(REPLAY_ALL)).isEnabled();
        button("Filter").click();
        assertThat(page.locator("#letters-state"))
                .hasText("1 letter with job late-1, batch north, reason TOO_OLD, the oldest first.");
        assertThat(button(REPLAY_ALL)).isDisabled();
        assertThat(page.locator("#replay-all-words")).containsText("take the job out of the filter");
        field("Job").fill("");
        button("Filter").click();
        assertThat(page.locator("#letters li")).hasCount(2);

        Management operator = Management.operator(stage.managementPort(), stage.data());
        assertThat(operator.call("deadLetters", "", "", "", "", 0, 10)
                        .path("total")
                        .asInt())
                .as("letters after questions that were not confirmed")
                .isEqualTo(5);
        assertThat(stage.ledger().posts()).isEmpty();
        field("Batch").fill("south");
        assertThat(asked(Dialog::accept))
                .isEqualTo("Send 2 jobs again? Of dead letters with batch north, reason TOO_OLD.");
        assertThat(page.locator("#letters-state")).hasText("No letter with batch north, reason TOO_OLD.");
        awaitState("late-1", State.PUBLISHED);
        awaitState("late-2", State.PUBLISHED);
        assertThat(operator.call("deadLetters", "", "", "", "", 0, 10).path("letters"))
                .extracting(l -> l.path("jobId").asText())
                .containsExactly("late-3", "strange", "refused");
        assertThat(stage.ledger().posts()).containsOnlyKeys("otp-canary-late-1", "otp-canary-late-2");
    }

    /** What the page asks before it replays all. */
    private String asked(Consumer<Dialog> answer) {
        AtomicReference<String> asked = new AtomicReference<>();
        page.onceDialog(dialog -> {
            asked.set(dialog.message());
            answer.accept(dialog);
        });
        button(REPLAY_ALL).click();
        page.waitForCondition(() -> asked.get() != null);
        return asked.get();
    }

    private static Message letter(Session session, String job, String batch, String outcome, String reason)
            throws JMSException {
        Message letter = session.createTextMessage("{\"name\":\"Till\",\"otp\":\"otp-canary-" + job + "\"}");
        letter.setStringProperty("PairingJobId", job);
        letter.setStringProperty("PairingBatchId", batch);
        letter.setStringProperty("PairingOutcome", outcome);
        letter.setStringProperty("PairingReason", reason);
        return letter;
    }

    @Test
    void showsWhatARunningBridgeDoes() throws Exception {
        aBusyMorning();
        try {
            open(1280, 900);
            logIn();
            Locator progress = page.getByLabel("Rows of batch north that have ended");
            assertThat(progress).hasJSProperty("max", 30);
            assertThat(progress).hasJSProperty("value", 12);
            assertThat(page.locator("#batches")).containsText("12 of 30 rows ended");
            assertThat(figure("queues", "pairing.requests")).hasText("18");
            assertThat(figure("queues", "pairing.credentials")).hasText("16");
            assertThat(figure("queues", "pairing.in-doubt")).hasText("2");
            assertThat(figure("now", "Calls under way")).hasText("8");
            assertThat(figure("outcomes", "paired")).hasText("16");
            Locator bridges =
                    page.getByRole(AriaRole.TABLE, new Page.GetByRoleOptions().setName("Bridges on this journal"));
            assertThat(bridges.getByRole(AriaRole.ROW))
                    .hasText(new String[] {"BridgeCalls under way", "shop-7 (this one)8"});
            assertThat(page.locator("#hour-words")).containsText(Pattern.compile("^20 jobs ended: .*16 paired"));
            assertThat(page.locator("#hour-words")).containsText("2 in doubt");
            assertThat(
                            page.evaluate(
                                    "() => { const data = Chart.getChart('hour').data; return [data.labels.length,"
                                            + " ...data.datasets.map(set => set.label + ' ' + set.data.reduce((a, b) => a + b, 0)).filter(text => !text.endsWith(' 0'))]; }"))
                    .asInstanceOf(LIST)
                    .containsExactly(60, "paired 16", "rejected 2", "in doubt 2");
            picture("console");

            unfold("Change how this bridge runs");
            assertThat(field("Calls at once")).hasValue("8");
            assertThat(field("Calls a second, 0 for no limit")).hasValue("0");
            field("Calls at once").fill("6");
            field("Calls a second, 0 for no limit").fill("12.5");
            assertThat(button("Change")).hasAccessibleDescription(Pattern.compile("this bridge only"));
            assertThat(button("Close the intake")).hasAccessibleDescription(Pattern.compile("this bridge only"));
            button("Change").click();
            assertThat(figure("instance", "Calls at once")).hasText("6");
            assertThat(figure("instance", "Calls a second")).hasText("12.5");
            Management operator = Management.operator(stage.managementPort(), stage.data());
            assertThat(operator.read("Concurrency").asInt()).isEqualTo(6);
            assertThat(operator.read("RateLimit").asDouble()).isEqualTo(12.5);
        } finally {
            goOn.countDown();
        }
        assertThat(page.locator("#batches")).containsText("30 of 30 rows ended");
        assertThat(figure("queues", "pairing.requests")).hasText("0");
        assertThat(complaints).isEmpty();
    }

    @Test
    void showsThatTheKeyFilesAreNotUsedAsTheyAre() throws Exception {
        stage.startBridge();
        Path keys = stage.folder().resolve("recipients.jwks");
        String good = Files.readString(keys);
        open(1280, 900);
        logIn();
        assertThat(page.locator("#key-problem")).isHidden();
        Files.writeString(keys, good.substring(0, good.length() / 2));
        assertThat(page.getByRole(AriaRole.ALERT)
                        .filter(new Locator.FilterOptions().setHasText("key 'test-recipient' goes on sealing")))
                .isVisible();
        Files.writeString(keys, good);
        assertThat(page.locator("#key-problem")).isHidden();
    }

    /** To a screen reader: over two refreshes no live region is written. */
    private void saysNothingAgainThatHasNotChanged() {
        page.evaluate("""
        () => {
          window.spoken = [];
          const watch = new MutationObserver(all => all.forEach(one => window.spoken.push(one.target.id)));
          document.querySelectorAll('[role=status], [role=alert], [aria-live]').forEach(region => watch.observe(region,
              {childList: true, characterData: true, subtree: true}));
        }""");
        for (int refresh = 0; refresh < 2; refresh++) {
            String before = page.locator("#updated").textContent();
            assertThat(page.locator("#updated")).not().hasText(before);
        }
        assertThat(page.evaluate("() => window.spoken"))
                .as("live regions written")
                .isEqualTo(List.of());
    }

    @Test
    void showsMarkupOfStrangersAsTextAndPagesThroughTenThousandLetters() throws Exception {
        stage.startBridge();
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.dead-letters"));
            for (int i = 0; i < 10_000; i++) {
                Message letter = session.createTextMessage(
                        "{\"name\":\"<img src=x onerror=alert(1)>\",\"otp\":\"otp-canary-" + i + "\"}");
                letter.setStringProperty("PairingJobId", "letter-" + i);
                letter.setStringProperty("PairingOutcome", i % 100 == 0 ? "EXPIRED" : "REJECTED");
                letter.setStringProperty("PairingReason", "TOO_OLD");
                letter.setStringProperty("PairingDetail", "<b>bold</b>");
                letter.setStringProperty("PairingRemedy", "<script>document.title='owned'</script>");
                producer.send(letter);
                if (i % 1_000 == 999) {
                    session.commit();
                }
            }
        }
        open(1280, 900);
        logIn();
        assertThat(page.locator("#letters-state")).containsText("10,000 letters");
        assertThat(page.locator("#letters li")).hasCount(50);
        assertThat(page.locator("#letters li").first()).containsText("<img src=x onerror=alert(1)>");
        assertThat(page.title()).isEqualTo("(10000) simulator · Pairing Bridge");
        button("Later").click();
        assertThat(page.locator("#page")).hasText("51 to 100");
        unfold("Filter, or replay many");
        field("Outcome").selectOption("EXPIRED");
        button("Filter").click();
        assertThat(page.locator("#letters-state")).containsText("100 letters with outcome EXPIRED");
        field("Job, till or store").fill("<img letter-99");
        field("Job, till or store").press("Enter");
        assertThat(page.locator("#found-words")).containsText("The latest 50");
        assertThat(page.locator("#found li").first()).containsText("<img src=x onerror=alert(1)>");
        page.locator("#found a").first().click();
        assertThat(page.locator("#job-letters li")).containsText("<script>document.title='owned'</script>");
        assertThat(page.locator("#page-job img, #page-find img, #page-overview img"))
                .hasCount(0);
        assertThat(answers()).doesNotContain("otp-canary");
        assertThat(complaints).isEmpty();
    }
}
