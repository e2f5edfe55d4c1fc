package dev.orbifold.report;

import dev.orbifold.run.Json;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A headless Chromium without a network. */
record Chromium(Path program) {
    private static final long SECONDS = 90;
    /** Times that a page is loaded until its scripts have run. */
    private static final int ATTEMPTS = 4;

    /** The first one on the path. */
    static Optional<Chromium> find() {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable).findFirst().map(Chromium::new);
    }

    /**
     * The page's document after its scripts ran, laid out in a frame of the width: windows of a headless Chromium are never
     * narrower than 500 pixels.
     *
     * <p>
     * Frames of tables say in {@code data-cut} how many pixels of them are out of sight to the right.
     *
     * @param clicks CSS selectors of what is clicked, one after the other, before the document is read
     */
    String load(Path page, int width, Path scratch, String... clicks) throws IOException, InterruptedException {
        Path frame = Files.createTempFile(scratch, "frame", ".html");
        Files.writeString(frame, """
                <!DOCTYPE html>
                <iframe id="page" style="border:0;width:%dpx;height:900px" srcdoc="%s"></iframe>
                <script>
                const inner = () => document.getElementById('page').contentDocument;
                const tell = () => {
                  for (const click of %s) inner().querySelector(click).click();
                  setTimeout(() => {
                    for (const table of inner().querySelectorAll('.scroll')) table.dataset.cut = table.scrollWidth - table.clientWidth;
                    const inside = inner().documentElement.outerHTML;
                    document.body.textContent = '';
                    document.body.append(document.createElement('pre'));
                    document.body.firstChild.textContent = inside;
                  }, 500);
                };
                const drawn = left => {
                  const page = inner().documentElement;
                  const all = inner().querySelectorAll('div.chart').length;
                  if (left === 0 || Number(page.dataset.charts) >= all) setTimeout(tell, 500);
                  else setTimeout(() => drawn(left - 1), 100);
                };
                addEventListener('load', () => drawn(60));
                </script>
                """.formatted(width, Html.escape(Files.readString(page)), Html.script(Json.line(List.of(clicks)))));
        String dom = "";
        for (int attempt = 0; attempt < ATTEMPTS && !whole(dom); attempt++) {
            Matcher inside = Pattern.compile("(?s)<pre>(.*)</pre>").matcher(run(frame, scratch));
            if (!inside.find()) {
                throw new AssertionError("the frame gave no document");
            }
            dom = inside.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        }
        return dom;
    }

    /**
     * Whether scripts have run. Virtual time passes while nothing waits for a network, also while the scripts of a frame are
     * still being read: on a busy machine all of it may be gone before they begin, and the document says 0 charts of several.
     */
    private static boolean whole(String dom) {
        return !dom.isEmpty() && !(dom.contains("data-charts=\"0\"") && dom.contains("<div class=\"chart"));
    }

    private String run(Path page, Path scratch) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString(), "--headless", "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
                "--user-data-dir=" + Files.createTempDirectory(scratch, "profile"), "--virtual-time-budget=10000",
                "--window-size=1400,1000", "--dump-dom"));
        command.add(page.toUri().toString());
        Path output = Files.createTempFile(scratch, "dom", ".html");
        Path errors = Files.createTempFile(scratch, "chromium", ".log");
        Process process =
                new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile()).start();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
            throw new AssertionError("Chromium did not finish in " + SECONDS + " s: " + Files.readString(errors));
        }
        if (process.exitValue() != 0) {
            throw new AssertionError("Chromium ended with " + process.exitValue() + ": " + Files.readString(errors));
        }
        return Files.readString(output);
    }
}
