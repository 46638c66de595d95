package io.pairingbridge.site;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Chromium;
import io.pairingbridge.testing.Hawtio;
import io.pairingbridge.testing.Keytool;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.camel.ServiceStatus;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A running bridge in Hawtio, as docs/operate/running.md tells an operator to look at it: over HTTPS, with his login,
 * in a real browser. Skipped, with the reason, where there is no Chromium or Hawtio was not fetched. With
 * {@code -Dconsole.screenshots=<folder>} it leaves pictures there.
 */
@Tag("heavy")
class HawtioIT {
    /** The routes that a job which is paired goes through, each once. */
    private static final List<String> WAY = List.of("requests", "pair", "call", "publish", "finish");

    private Stage stage;
    private Chromium chromium;
    private Hawtio hawtio;
    private Page page;
    private final List<String> dialogs = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        Path program = Chromium.find(getClass());
        Hawtio.need(getClass());
        Path store = folder.resolve("bridge-keystore");
        Path certificate = folder.resolve("bridge.crt");
        Path secrets = Files.createDirectories(folder.resolve("secrets"));
        Keytool.run(
                store,
                "password-of-the-store",
                "-genkeypair",
                "-alias",
                "bridge",
                "-keyalg",
                "EC",
                "-dname",
                "CN=bridge",
                "-ext",
                "SAN=ip:127.0.0.1");
        Keytool.run(store, "password-of-the-store", "-exportcert", "-alias", "bridge", "-file", certificate.toString());
        Keytool.run(
                secrets.resolve("truststore"),
                "password-of-the-store",
                "-importcert",
                "-noprompt",
                "-alias",
                "authority",
                "-file",
                certificate.toString());
        Files.writeString(secrets.resolve("truststore-password"), "password-of-the-store");
        stage = new Stage(folder.resolve("stage"));
        stage.set("pairing.management.keystore", store.toString())
                .set("pairing.management.keystore-password", "password-of-the-store");
        stage.startBridge();
        hawtio = Hawtio.start(folder, secrets, "127.0.0.1");
        chromium = Chromium.start(program);
    }

    @AfterEach
    void stop() throws IOException {
        if (chromium != null) {
            chromium.close();
        }
        if (hawtio != null) {
            hawtio.close();
        }
        if (stage != null) {
            stage.close();
        }
    }

    @Test
    void showsTheRoutesTheirDiagramAndTheirCounters() throws Exception {
        stage.send(Stage.request("seen-1", "otp-canary-first"));
        awaitCompleted(1);
        connect();

        for (String route : routeFiles()) {
            assertThat(tree(route)).isVisible();
        }
        tree("routes").click();
        for (String route : WAY) {
            assertThat(cell(route, "Completed")).hasText("1");
        }
        assertThat(cell("probe", "Completed")).hasText("0");
        assertThat(cell("requests", "State")).hasText("Started");
        Chromium.picture(page, "hawtio-routes", false);
        stage.send(Stage.request("seen-2", "otp-canary-second"));
        awaitCompleted(2);
        tree("pair").click();
        tree("routes").click();
        for (String route : WAY) {
            assertThat(cell(route, "Completed")).hasText("2");
        }

        row("batch-inbox").locator("input[type=checkbox]").check();
        button(page, "Stop").click();
        assertThat(cell("batch-inbox", "State")).hasText("Stopped");
        assertThat(stage.bridge().camel().getRouteController().getRouteStatus("batch-inbox"))
                .isEqualTo(ServiceStatus.Stopped);

        tree("call").click();
        page.getByRole(
                        AriaRole.LINK,
                        new Page.GetByRoleOptions().setName("Route Diagram").setExact(true))
                .click();
        Locator steps = page.locator(".react-flow__node");
        assertThat(steps.filter(new Locator.FilterOptions().setHasText("direct:call")))
                .isVisible();
        assertThat(steps.filter(new Locator.FilterOptions().setHasText("pairCall")))
                .not()
                .hasCount(0);
        assertThat(page.locator(".react-flow__edge")).not().hasCount(0);
        assertThat(steps.filter(new Locator.FilterOptions().setHasText("To {{pairing.endp")))
                .hasText(Pattern.compile("^\\s*2\\s*To "));
        Chromium.picture(page, "hawtio", false);

        String all = (String) page.evaluate("() => window.answers.join('\\n')") + page.content();
        assertThat(all)
                .contains("call-endpoint")
                .doesNotContain(
                        "otp-canary",
                        LedgerEndpoint.secret("otp-canary-first"),
                        Management.password(stage.data()),
                        stage.users().password(BrokerUsers.BRIDGE));
        assertThat(page.evaluate("() => window.answers.filter(a => a.includes('\"status\":403')).join('\\n')"))
                .as("what the policy refused")
                .isEqualTo("");
        assertThat((String) page.evaluate("() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"))
                .contains("Pairing Bridge")
                .doesNotContain(Management.password(stage.data()));
        assertThat(dialogs)
                .as("answers that make a browser ask for a login itself")
                .isEmpty();
    }

    @Test
    void forwardsToTheBridgeAloneAndTellsNothingOfItsOwnProcess() throws Exception {
        Page nobody = chromium.browser().newPage();
        APIResponse elsewhere = nobody.request().get(hawtio.url() + "proxy/https/artemis/61617/");
        assertThat(elsewhere.status()).as("another host").isEqualTo(403);
        APIResponse bridge = nobody.request()
                .get(hawtio.url() + "proxy/https/127.0.0.1/" + stage.managementPort() + "/observe/jolokia/version");
        assertThat(bridge.status()).as("without the bridge's login").isEqualTo(401);
        for (String own :
                List.of("list", "read/java.lang:type=Runtime/SystemProperties", "exec/java.lang:type=Memory/gc")) {
            assertThat(nobody.request().get(hawtio.url() + "jolokia/" + own).text())
                    .as(own)
                    .contains("\"status\":403")
                    .doesNotContain("\"value\"");
        }
    }

    /** As docs/operate/running.md describes it. */
    private void connect() throws IOException {
        BrowserContext context =
                chromium.browser().newContext(new Browser.NewContextOptions().setViewportSize(1280, 900));
        context.setDefaultTimeout(Stage.PATIENCE.toMillis());
        context.addInitScript(
                "window.answers = []; const real = window.fetch; window.fetch = async (...call) => {"
                        + " const answer = await real(...call); answer.clone().text().then(text => window.answers.push(text)); return answer; };");
        context.onResponse(response -> {
            if (response.headers().containsKey("www-authenticate")) {
                dialogs.add(response.status() + " " + response.url());
            }
        });
        Page start = context.newPage();
        start.navigate(hawtio.url().toString());
        start.getByText("Add connection").click();
        start.locator("#connection-form-name").fill("Pairing Bridge");
        assertThat(start.locator("#connection-form-scheme")).isChecked(); // HTTPS
        start.locator("#connection-form-host").fill("127.0.0.1");
        start.locator("#connection-form-port").fill(Integer.toString(stage.managementPort()));
        start.locator("#connection-form-path").fill(ManagementSite.JOLOKIA);
        button(start, "Test connection").click();
        assertThat(start.getByText("Connection successful")).isVisible();
        button(start, "Add").click();
        page = context.waitForPage(() -> button(start, "Connect").click());
        start.close();
        logIn();
        camel().click();
    }

    /** Shown to one who is logged in alone: Hawtio reads from the bridge that it has Camel. */
    private Locator camel() {
        return page.getByRole(
                AriaRole.LINK, new Page.GetByRoleOptions().setName("Camel").setExact(true));
    }

    /**
     * On a busy machine Hawtio was seen to stay where it was after a login that was right; then it is loaded again, as
     * a person would. The name of who is logged in is no sign: on a busy machine Hawtio was seen to show all else
     * without it.
     */
    private void logIn() throws IOException {
        Locator in = camel();
        Locator user = page.locator("#connect-login-form-username");
        for (int times = 1; ; times++) {
            try {
                assertThat(in.or(user)).isVisible();
                if (user.isVisible()) {
                    user.fill("operator");
                    page.locator("#connect-login-form-password").fill(Management.password(stage.data()));
                    button(page, "Log in").click();
                }
                assertThat(in).isVisible();
                return;
            } catch (AssertionError e) {
                String seen = "not logged in after " + times + " times, at " + page.url() + ": "
                        + page.locator("body").innerText();
                if (times == 3) {
                    throw new AssertionError(seen, e);
                }
                System.out.println(seen);
                page.reload();
            }
        }
    }

    private static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    /** What the tree of the Camel tab has under this name. */
    private Locator tree(String name) {
        return page.locator(".pf-v5-c-tree-view__node")
                .filter(new Locator.FilterOptions().setHasText(Pattern.compile("^\\s*" + name + "\\s*$")))
                .first();
    }

    /** A field of the table of routes. */
    private Locator cell(String route, String column) {
        return row(route).locator("td[data-label='" + column + "']");
    }

    private Locator row(String route) {
        return page.locator("tr")
                .filter(new Locator.FilterOptions()
                        .setHas(page.locator("td").getByText(route, new Locator.GetByTextOptions().setExact(true))));
    }

    private static List<String> routeFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            List<String> routes = files.map(
                            file -> file.getFileName().toString().replace(".camel.yaml", ""))
                    .filter(name -> !name.equals("errors"))
                    .toList();
            assertThat(routes).containsAll(WAY);
            return routes;
        }
    }

    /** Waits until each route that a paired job goes through counts this many. */
    private static void awaitCompleted(long times) throws Exception {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        for (String route : WAY) {
            ObjectName name = server.queryNames(
                            new ObjectName("org.apache.camel:type=routes,name=\"" + route + "\",*"), null)
                    .iterator()
                    .next();
            Awaitility.await(route)
                    .atMost(Stage.PATIENCE)
                    .until(() -> server.getAttribute(name, "ExchangesCompleted").equals(times));
        }
    }
}
