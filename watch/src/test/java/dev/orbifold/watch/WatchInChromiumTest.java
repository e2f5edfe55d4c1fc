package dev.orbifold.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunView;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page of a watched Run as a browser sees it. */
class WatchInChromiumTest {
    private static final int POINTS = 10_000;
    private static final List<String> CHARTS =
            List.of("chart-accuracy", "chart-loss", "chart-zeros", "chart-cost", "chart-parameters");
    private static final String FACTS = "document.querySelector('dl.facts').innerText";

    @TempDir private static Path scratch;
    private static Optional<DevTools> chromium = Optional.empty();

    @TempDir private Path temporary;

    @BeforeAll
    static void startChromium() throws Exception {
        Optional<Path> program = DevTools.program();
        if (program.isEmpty() && "true".equals(System.getenv("CI"))) {
            fail("CI=true, but there is no chromium, chromium-browser or google-chrome on the path; install one");
        }
        Assumptions.assumeTrue(program.isPresent(), "no Chromium on the path: the page is not checked in a browser");
        chromium = Optional.of(DevTools.start(program.get(), scratch));
    }

    @AfterAll
    static void endChromium() throws Exception {
        if (chromium.isPresent()) {
            chromium.get().close();
        }
    }

    private static DevTools.Tab open(WatchServer server) throws Exception {
        DevTools.Tab tab = chromium.orElseThrow().open(server.address());
        tab.until("document.documentElement.dataset.connection === 'live'");
        return tab;
    }

    private static void assertClean(DevTools.Tab tab) throws Exception {
        assertEquals("0", tab.text("document.documentElement.dataset.errors"),
                tab.text("document.documentElement.dataset.error"));
    }

    @Test
    void aRunInProgressIsDrawnAndGoesOn() throws Exception {
        Path folder = temporary.resolve("run");
        try (RunFolder run = Runs.running(folder, "few weights", POINTS);
                WatchServer server = WatchServer.start(RunView.of(folder), 0)) {
            DevTools.Tab tab = open(server);
            assertEquals(CHARTS, tab.charts());
            assertEquals("running", tab.text("document.querySelector('.status').innerText"));
            assertFalse(tab.text("document.body.innerText").contains("Report"), "there is a report of what goes on");
            assertTrue(tab.text(FACTS).contains("10,000"), tab.text(FACTS));
            String before = tab.text("document.querySelector('#chart-loss svg').outerHTML");
            for (int step = POINTS + 1; step <= POINTS + 200; step++) {
                Runs.append(run, "few weights", step);
            }
            tab.until(FACTS + ".includes('10,200')");
            assertNotEquals(before, tab.text("document.querySelector('#chart-loss svg').outerHTML"));
            assertEquals(CHARTS, tab.charts());
            assertClean(tab);
        }
    }

    @ParameterizedTest @ValueSource(ints = {360, 1280})
    void aFinishedRunLeadsToItsReport(int width) throws Exception {
        Path folder = temporary.resolve("run");
        Runs.done(folder, 1_000);
        try (WatchServer server = WatchServer.start(RunView.of(folder), 0)) {
            DevTools.Tab tab = open(server);
            tab.width(width);
            assertEquals("done", tab.text("document.querySelector('.status').innerText"));
            assertEquals(CHARTS, tab.charts());
            // Charts are drawn anew a moment after the width has changed.
            tab.until("document.documentElement.scrollWidth <= " + width);
            assertClean(tab);
            tab.value("document.querySelector('a[data-way=\"/report\"]').click()");
            tab.until("location.pathname === '/report' && document.documentElement.dataset.charts === '3'");
            assertClean(tab);
        }
    }

    @Test
    void aCrashedRunSaysSo() throws Exception {
        Process worker = Runs.sleeper();
        Path folder = temporary.resolve("run");
        Runs.running(folder, "few weights", 500).close();
        Runs.worker(folder, worker.toHandle());
        try (WatchServer server = WatchServer.start(RunView.of(folder), 0)) {
            DevTools.Tab tab = open(server);
            assertEquals("running", tab.text("document.querySelector('.status').innerText"));
            worker.destroyForcibly().waitFor();
            tab.until("document.querySelector('.status').innerText === 'interrupted'");
            assertTrue(tab.text("document.body.innerText").contains("The Run was interrupted"));
            assertClean(tab);
        }
    }

    @Test
    void aRunThatHasNotBegunGetsItsChartsLater() throws Exception {
        Path folder = temporary.resolve("run");
        try (RunFolder run = Runs.running(folder, "few weights", 0);
                WatchServer server = WatchServer.start(RunView.of(folder), 0)) {
            DevTools.Tab tab = open(server);
            assertEquals(List.of(), tab.charts());
            for (int step = 1; step <= 200; step++) {
                Runs.append(run, "few weights", step);
            }
            tab.until(FACTS + ".includes('Step\\n200')");
            assertEquals(CHARTS, tab.charts());
            assertClean(tab);
        }
    }

    @Test
    void anExperimentLeadsToItsTrainings() throws Exception {
        Path folder = temporary.resolve("run");
        Runs.experiment(folder, "a series");
        try (WatchServer server = WatchServer.start(RunView.of(folder), 0)) {
            DevTools.Tab tab = open(server);
            assertEquals(List.of("chart-experiment"), tab.charts());
            tab.value("document.querySelector('a[data-way=\"/trials/2-1-0\"]').click()");
            tab.until(
                    "location.pathname === '/trials/2-1-0' && document.documentElement.dataset.connection === 'live'");
            assertEquals(CHARTS, tab.charts());
            assertClean(tab);
            tab.value("document.querySelector('a[data-way=\"/\"]').click()");
            tab.until("location.pathname === '/' && document.documentElement.dataset.connection === 'live'");
            assertClean(tab);
        }
    }

    @Test
    void namesCannotRunAndScriptsFromElsewhereAreRefused() throws Exception {
        Path folder = temporary.resolve("run");
        try (RunFolder run = Runs.running(folder, Runs.EVIL, 200);
                WatchServer server = WatchServer.start(RunView.of(folder), 0)) {
            DevTools.Tab tab = open(server);
            Runs.append(run, Runs.EVIL, 201);
            tab.until(FACTS + ".includes('201')");
            assertEquals("0", tab.text("document.querySelectorAll('img').length"));
            assertEquals("4", tab.text("document.scripts.length"), "watch, data, ECharts and ours");
            assertClean(tab);
            tab.value("(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
                    + " document.body.append(s); document.body.setAttribute('onclick', 'window.ran = 1'); document.body.click(); })()");
            assertEquals("undefined", tab.text("typeof window.ran"), "the policy lets foreign scripts run");
        }
    }

    @Test
    void withoutTheTokenThereIsNothingAndTheEndIsNoticed() throws Exception {
        Path folder = temporary.resolve("run");
        Runs.done(folder, 200);
        int port;
        DevTools.Tab tab;
        try (WatchServer server = WatchServer.start(RunView.of(folder), 0)) {
            port = server.port();
            DevTools.Tab stranger = chromium.orElseThrow().open(URI.create("http://127.0.0.1:" + port + "/"));
            stranger.until("document.readyState === 'complete' && location.host !== ''");
            assertFalse(stranger.text("document.documentElement.outerHTML").contains("few weights"));
            tab = open(server);
        }
        tab.until("document.documentElement.dataset.connection === 'lost'");
        try (WatchServer again = WatchServer.start(RunView.of(folder), port)) {
            assertEquals(port, again.port());
            tab.until("document.documentElement.dataset.connection === 'closed'");
        }
    }
}
