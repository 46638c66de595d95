package io.pairingbridge.testing;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** The machine's own Chromium, without a window, in a process of its own that ends with {@link #close}. */
public final class Chromium implements AutoCloseable {
    private static final List<Path> PLACES = List.of(
            Path.of("/usr/bin/chromium"), Path.of("/usr/bin/chromium-browser"), Path.of("/usr/bin/google-chrome"));

    private final Playwright playwright;
    private final Browser browser;

    private Chromium(Path program) {
        PlaywrightAssertions.setDefaultAssertionTimeout(Stage.PATIENCE.toMillis());
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(program)
                        .setArgs(List.of(
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync",
                                "--no-first-run")));
    }

    /**
     * The test is skipped, with the reason, where there is none: so this comes before anything that would have to be
     * stopped.
     */
    public static Path find(Class<?> test) {
        Path program = PLACES.stream().filter(Files::isExecutable).findFirst().orElse(null);
        if (program == null) {
            System.out.println("SKIPPED: " + test.getSimpleName() + " needs Chromium, in one of " + PLACES);
        }
        Assumptions.assumeTrue(program != null, "needs Chromium");
        return program;
    }

    public static Chromium start(Path program) {
        return new Chromium(program);
    }

    public Browser browser() {
        return browser;
    }

    /** Leaves a picture of the page in the folder of {@code -Dconsole.screenshots}, if there is one. */
    public static void picture(Page page, String name, boolean whole) {
        String folder = System.getProperty("console.screenshots");
        if (folder != null) {
            page.screenshot(new Page.ScreenshotOptions()
                    .setPath(Path.of(folder, name + ".png"))
                    .setFullPage(whole));
        }
    }

    @Override
    public void close() {
        playwright.close();
    }
}
