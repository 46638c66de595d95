package io.pairingbridge.site;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.options.ColorScheme;
import io.pairingbridge.testing.Chromium;
import io.pairingbridge.testing.Management;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * No rule of axe-core is broken on any page of the operator's page, at the widths of a phone, a tablet and a desk, in
 * light and dark.
 */
class ConsoleAccessibilityIT extends OperatorsPage {
    private static final int[][] SIZES = {{360, 740}, {768, 1024}, {1280, 900}};

    private final List<String> violations = new ArrayList<>();

    @Test
    void breaksNoRuleAtAnyWidthInLightOrDark() throws Exception {
        aBusyMorning();
        Management operator = Management.operator(stage.managementPort(), stage.data());
        String axe = axe();
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            for (int[] size : SIZES) {
                String where = size[0] + "-" + scheme.name().toLowerCase();
                open(size[0], size[1], scheme, "");
                page.evaluate(axe);
                check("login-" + where);
                logIn();
                assertThat(page.locator("#letters li")).hasCount(2);
                check("overview-" + where);
                unfold("Filter, or replay many");
                unfold("Change how this bridge runs");
                button(Pattern.compile("Dead letters")).click();
                assertThat(page.locator("#letters-state")).containsText("2 letters");
                operator.call("closeIntake", "the line to the vendor is being repaired");
                assertThat(page.locator("#gate")).hasText("closed");
                check("closed-" + where);
                operator.call("openIntake");
                button(Pattern.compile("^Replay with a new password: Till 3")).click();
                check("dialog-" + where);
                button("Cancel").click();
                field("Job, till or store").fill("main street");
                field("Job, till or store").press("Enter");
                assertThat(page.locator("#found li")).hasCount(2);
                check("find-" + where);
                page.locator("#found a").getByText("Till 2").click();
                assertThat(page.locator("#job-title")).containsText("Till 2");
                assertThat(page.locator("#job-letters li")).hasCount(1);
                check("job-" + where);
                page.evaluate("location.hash = '#/batch/south'");
                assertThat(page.locator("#batch-title")).hasText("south");
                check("batch-" + where);
                assertThat((Boolean) page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))
                        .as("nothing to scroll sideways at " + where)
                        .isTrue();
            }
        }
        assertThat(violations).isEmpty();
    }

    /** All of axe's rules but those that are no more than experiments. */
    private void check(String what) {
        Chromium.picture(page, what, false);
        List<?> found = (List<?>)
                page.evaluate(
                        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
                                + ".map(v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.any.concat(n.all, n.none).map(c => c.message)).join('; '))");
        found.forEach(violation -> violations.add(what + ": " + violation));
    }

    private static String axe() throws IOException {
        try (InputStream script = ConsoleAccessibilityIT.class.getResourceAsStream("/axe.min.js")) {
            assertThat(script).as("axe-core on the class path").isNotNull();
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
