package dev.orbifold.watch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.Json;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A headless Chromium that keeps a page open, spoken to over its DevTools protocol. */
final class DevTools implements AutoCloseable {
    /** Long enough for a machine that does other things. */
    private static final long SECONDS = 60;

    private static final long LOOK_MILLIS = 50;

    private final Process process;
    private final HttpClient client = HttpClient.newHttpClient();
    private final int port;

    private DevTools(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** The first Chromium on the path. */
    static Optional<Path> program() {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable).findFirst();
    }

    static DevTools start(Path program, Path scratch) throws IOException, InterruptedException {
        Path profile = Files.createTempDirectory(scratch, "profile");
        Path log = Files.createTempFile(scratch, "chromium", ".log");
        Process process = new ProcessBuilder(program.toString(), "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars",
                "--remote-debugging-port=0", "--user-data-dir=" + profile, "--window-size=1400,1000", "about:blank")
                .redirectErrorStream(true).redirectOutput(log.toFile()).start();
        Path port = profile.resolve("DevToolsActivePort");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (!Files.exists(port) || Files.readAllLines(port).size() < 2) {
            if (System.nanoTime() > end || !process.isAlive()) {
                process.destroyForcibly();
                throw new AssertionError("Chromium did not start: " + Files.readString(log));
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return new DevTools(process, Integer.parseInt(Files.readAllLines(port).getFirst().strip()));
    }

    /** Opens a page of its own. */
    Tab open(URI address) throws IOException, InterruptedException {
        String answer = client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/new?about:blank"))
                        .PUT(HttpRequest.BodyPublishers.noBody()).build(),
                BodyHandlers.ofString()).body();
        Tab tab = new Tab(client, URI.create(Json.parse(answer).path("webSocketDebuggerUrl").asText()));
        tab.ask("Page.enable", Map.of());
        tab.ask("Page.navigate", Map.of("url", address.toString()));
        return tab;
    }

    @Override
    public void close() throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        client.close();
    }

    /** One page. */
    static final class Tab implements WebSocket.Listener {
        private final StringBuilder partial = new StringBuilder();
        private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        private final WebSocket socket;
        private int asked;

        Tab(HttpClient client, URI address) {
            socket = client.newWebSocketBuilder().buildAsync(address, this).join();
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                messages.add(partial.toString());
                partial.setLength(0);
            }
            from.request(1);
            return null;
        }

        JsonNode ask(String method, Map<String, ?> parameters) throws InterruptedException {
            int id = ++asked;
            socket.sendText(Json.line(Map.of("id", id, "method", method, "params", parameters)), true).join();
            while (true) {
                String message = messages.poll(SECONDS, TimeUnit.SECONDS);
                if (message == null) {
                    throw new AssertionError("Chromium does not answer " + method);
                }
                JsonNode answer = Json.parse(message);
                if (answer.path("id").asInt() == id) {
                    return answer.path("result");
                }
            }
        }

        /** The value of an expression in the page. */
        JsonNode value(String expression) throws InterruptedException {
            JsonNode answer = ask("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
            if (answer.has("exceptionDetails")) {
                throw new AssertionError(expression + " failed: " + answer);
            }
            return answer.path("result").path("value");
        }

        String text(String expression) throws InterruptedException {
            return value(expression).asText();
        }

        /** Waits until an expression holds in the page; it does not while it cannot be computed yet. */
        void until(String expression) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (!value("(() => { try { return !!(" + expression + "); } catch { return false; } })()").asBoolean()) {
                if (System.nanoTime() > end) {
                    throw new AssertionError(expression + " never held: " + text(
                            "document.documentElement.outerHTML.replace(/<script[^]*?<\\/script>/g, '').slice(0, 4000)"));
                }
                Thread.sleep(LOOK_MILLIS);
            }
        }

        /** Lays the page out as on a screen of this width. */
        void width(int pixels) throws InterruptedException {
            ask("Emulation.setDeviceMetricsOverride", Map.of("width", pixels, "height", 900, "deviceScaleFactor", 1,
                    "mobile", pixels < 500));
        }

        /** The ids of the charts that are drawn and in sight. */
        List<String> charts() throws InterruptedException {
            List<String> ids = new ArrayList<>();
            value("[...document.querySelectorAll('figure:not([hidden]) .chart')]"
                    + ".filter(chart => chart.querySelector('svg path[d]') && chart.offsetWidth > 0).map(chart => chart.id)")
                    .forEach(id -> ids.add(id.asText()));
            return ids;
        }
    }
}
