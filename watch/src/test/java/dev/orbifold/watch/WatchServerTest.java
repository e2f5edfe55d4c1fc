package dev.orbifold.watch;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.orbifold.run.RunException;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server as programs see it that speak HTTP to it. */
class WatchServerTest {
    private static final List<String> PATHS = List.of("/", "/report", "/events", "/trials/1-1-0",
            "/trials/1-1-0/report", "/trials/1-1-0/events", "/nothing", "/run.json", "/favicon.ico");

    @TempDir private Path temporary;
    private Path folder = Path.of("");

    private WatchServer started() {
        return WatchServer.start(RunView.of(folder), 0);
    }

    private Path run() {
        folder = temporary.resolve("run");
        return folder;
    }

    /** What a server answers to these bytes, read until it ends the connection. */
    private static String answer(WatchServer server, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String request(String method, String path, String host, String... headers) {
        return method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n"
                + String.join("", Stream.of(headers).map(line -> line + "\r\n").toList()) + "\r\n";
    }

    private static String get(WatchServer server, String path) throws IOException {
        return answer(server, request("GET", path + "?token=" + server.token(), "127.0.0.1:" + server.port()));
    }

    private static void assertRefused(WatchServer server, String request) throws IOException {
        String answer = answer(server, request);
        assertTrue(answer.startsWith("HTTP/1.1 403 "), request + "\n" + answer);
        assertEquals("", answer.substring(answer.indexOf("\r\n\r\n") + 4), request + "\n" + answer);
        assertFalse(answer.toLowerCase().contains("jetty"), answer);
        assertFalse(answer.toLowerCase().contains("set-cookie") || answer.toLowerCase().contains("access-control"),
                answer);
    }

    @Test
    void nothingIsReachableWithoutTheToken() throws IOException {
        Runs.experiment(run(), "a series");
        try (WatchServer server = started()) {
            String here = "127.0.0.1:" + server.port();
            String token = server.token();
            String last = token.endsWith("A") ? "B" : "A";
            List<String> wrong = List.of("", "?token=", "?token=" + token.substring(1),
                    "?token=" + token.substring(0, token.length() - 1) + last, "?token=" + token + "A",
                    "?Token=" + token, "?other=" + token);
            for (String path : PATHS) {
                for (String end : wrong) {
                    assertRefused(server, request("GET", path + end, here, "Accept: text/event-stream"));
                }
                for (String method : List.of("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")) {
                    assertRefused(server, request(method, path, here));
                }
                assertRefused(server, request("GET", path, here, "Authorization: Bearer x" + token,
                        "Cookie: token=" + token));
                assertRefused(server, request("GET", path, here, "Authorization: Basic " + token));
            }
        }
    }

    /** What Jetty refuses by itself, before anybody looks for a token, says no more than a wrong token does. */
    @Test
    void whatIsNoProperRequestLearnsNothing() throws IOException {
        Runs.done(run(), 300);
        try (WatchServer server = started()) {
            String here = "127.0.0.1:" + server.port();
            for (String path : List.of("/../../etc/passwd", "/%2e%2e/etc", "/%00", "/%", "/%zz", "/a\\b", "*",
                    "http://evil.example/", "/" + "a".repeat(20_000))) {
                assertRefused(server, request("GET", path, here));
                assertRefused(server, request("GET", path + "?token=" + server.token(), here));
            }
            assertRefused(server, request("CONNECT", "/", here));
            assertRefused(server, request("GET", "/", here, "Host: evil.example"));
            assertRefused(server, request("GET", "/", here, "Expect: nothing"));
            assertRefused(server, request("GET", "/", here, "X: " + "a".repeat(20_000)));
            assertRefused(server, request("POST", "/", here, "Content-Length: x"));
            for (String bytes : List.of("GET / HTTP/1.1\r\n\r\n", "GET /\r\n", "GET / HTTP/3.7\r\n\r\n",
                    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u0016\u0003\u0001\r\n\r\n")) {
                assertRefused(server, bytes);
            }
        }
    }

    /** A line that is no JSON is named on the page of the report; nothing is thrown, and the dashboard goes on. */
    @Test
    void whatCannotBeReadIsSaidInASentence() throws IOException {
        Runs.experiment(run(), "a series");
        for (String of : List.of("", "trials/1-1-0")) {
            Path metrics = folder.resolve(of).resolve("metrics.jsonl");
            Files.writeString(metrics, "garbage <b>\n", StandardOpenOption.APPEND, StandardOpenOption.CREATE);
        }
        List<LogRecord> said = new ArrayList<>();
        Handler listener = listener(said);
        Logger.getLogger("").addHandler(listener);
        try (WatchServer server = started()) {
            for (String path : List.of("/report", "/trials/1-1-0/report")) {
                String answer = get(server, path);
                assertTrue(answer.startsWith("HTTP/1.1 409 "), answer);
                assertTrue(answer.contains("metrics.jsonl, line " + (path.equals("/report") ? 1 : 307)), answer);
                assertTrue(answer.contains("garbage") && !answer.contains("garbage <b>"), answer);
                assertTrue(answer.contains("Content-Security-Policy: default-src 'none'; style-src-elem 'sha256-"));
            }
            assertTrue(get(server, "/").startsWith("HTTP/1.1 200 "));
            answer(server, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
        } finally {
            Logger.getLogger("").removeHandler(listener);
        }
        assertEquals(List.of(), said.stream().map(LogRecord::getMessage).toList(), "the terminal stays quiet");
    }

    private static Handler listener(List<LogRecord> said) {
        return new Handler() {
            @Override
            public synchronized void publish(LogRecord line) {
                said.add(line);
            }

            @Override
            public void flush() {
                // Nothing is held back.
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    @Test
    void theTokenLetsInAndIsAnotherEveryTime() throws IOException {
        Runs.done(run(), 300);
        String first;
        try (WatchServer server = started()) {
            first = server.token();
            assertTrue(get(server, "/").startsWith("HTTP/1.1 200 "));
            assertTrue(get(server, "/report").startsWith("HTTP/1.1 200 "));
            assertTrue(answer(server, request("GET", "/", "localhost:" + server.port(),
                    "Authorization: Bearer " + server.token())).startsWith("HTTP/1.1 200 "));
            assertTrue(get(server, "/nothing").startsWith("HTTP/1.1 404 "));
            assertEquals("http://127.0.0.1:" + server.port() + "/?token=" + first, server.address().toString());
        }
        try (WatchServer server = started()) {
            assertNotEquals(first, server.token());
        }
    }

    /** A page from elsewhere that has its name point here, or that asks from its own place, gets nothing. */
    @Test
    void otherNamesAndOriginsAreRefused() throws IOException {
        Runs.done(run(), 300);
        try (WatchServer server = started()) {
            String path = "/?token=" + server.token();
            String here = "127.0.0.1:" + server.port();
            for (String host : List.of("evil.example", "evil.example:" + server.port(), "127.0.0.1",
                    "127.0.0.1:1", "127.0.0.1.evil.example:" + server.port(), "0.0.0.0:" + server.port())) {
                assertRefused(server, request("GET", path, host));
            }
            for (String origin : List.of("http://evil.example", "null", "https://" + here, "http://127.0.0.1:1")) {
                assertRefused(server, request("GET", path, here, "Origin: " + origin));
            }
            assertTrue(answer(server, request("GET", path, here, "Origin: http://" + here)).startsWith("HTTP/1.1 200"));
        }
    }

    @Test
    void onlyThisMachineIsListenedTo() throws IOException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "skipped: 127.0.0.2 is this machine on Linux alone");
        Runs.done(run(), 300);
        try (WatchServer server = started()) {
            for (InetAddress address : List.of(InetAddress.getByName("127.0.0.2"), InetAddress.getByName("::1"))) {
                assertThrows(SocketException.class, () -> new Socket(address, server.port()).close(),
                        address.toString());
            }
        }
    }

    @Test
    void thePolicyRunsOnlyWhatThePageBrings() throws IOException {
        Runs.running(run(), Runs.EVIL, 300).close();
        try (WatchServer server = started()) {
            String answer = get(server, "/");
            String policy = answer.lines().filter(line -> line.startsWith("Content-Security-Policy: ")).findFirst()
                    .orElseThrow();
            String scripts = policy.substring(policy.indexOf("script-src"), policy.indexOf("; style-src-elem"));
            assertAll(() -> assertTrue(policy.contains("default-src 'none'"), policy),
                    () -> assertTrue(policy.contains("frame-ancestors 'none'"), policy),
                    () -> assertTrue(scripts.matches("script-src( 'sha256-[A-Za-z0-9+/]{43}=')+"), scripts),
                    () -> assertFalse(answer.contains("<img src=x"), "a name is markup"),
                    () -> assertFalse(answer.contains("<script>alert"), "a name is a script"),
                    () -> assertTrue(answer.contains("Referrer-Policy: no-referrer")),
                    () -> assertFalse(answer.contains(server.token()), "the token is in the page"));
        }
    }

    @Test
    void whatIsWrittenArrives() throws Exception {
        try (RunFolder run = Runs.running(run(), "few weights", 300); WatchServer server = started();
                Events stream = Events.of(server, "/events")) {
            assertTrue(stream.until(state -> state.contains("<dd>300</dd>")).contains("\"status\":\"running\""));
            Runs.append(run, "few weights", 301);
            stream.until(state -> state.contains("<dd>301</dd>"));
            Path metrics = folder.resolve("metrics.jsonl");
            Files.writeString(metrics, "{\"t\":9,\"step\":302,\"ep", StandardOpenOption.APPEND);
            stream.beat();
            assertTrue(stream.last().contains("<dd>301</dd>"), "a torn line is not shown");
            Files.writeString(metrics, "och\":3.02,\"phase\":\"train\",\"kind\":\"train\",\"loss\":0.5}\n",
                    StandardOpenOption.APPEND);
            stream.until(state -> state.contains("<dd>302</dd>"));
            run.findings(List.of());
            stream.until(state -> state.contains("nothing in the model"));
            run.state(RunState.Status.DONE, 0, "");
            assertTrue(stream.until(state -> state.contains("\"status\":\"done\"")).contains("data-way=\\\"/report"));
        }
    }

    @Test
    void aRunThatWasCutBackIsShownFromThere() throws Exception {
        try (RunFolder run = Runs.running(run(), "few weights", 200)) {
            run.checkpoints().write(200, writer -> writer.putJson("state", 200));
            Runs.append(run, "few weights", 201);
            try (WatchServer server = started(); Events stream = Events.of(server, "/events")) {
                stream.until(state -> state.contains("<dd>201</dd>"));
                run.resume().orElseThrow().close();
                stream.until(state -> state.contains("<dd>200</dd>"));
                for (int step = 201; step < 240; step++) {
                    Runs.append(run, "few weights", step);
                }
                stream.until(state -> state.contains("<dd>239</dd>"));
            }
        }
    }

    /** Nothing in the folder changes when a process dies, and the page says so all the same. */
    @Test
    void aCrashIsNoticed() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sleep")) || Files.isExecutable(Path.of("/usr/bin/sleep")),
                "skipped: there is no program to play the worker");
        Process worker = Runs.sleeper();
        Runs.running(run(), "few weights", 300).close();
        Runs.worker(folder, worker.toHandle());
        try (WatchServer server = started(); Events stream = Events.of(server, "/events")) {
            stream.until(state -> state.contains("\"status\":\"running\""));
            worker.destroyForcibly().waitFor();
            assertTrue(stream.until(state -> state.contains("\"status\":\"interrupted\""))
                    .contains("The Run was interrupted"));
        }
    }

    @Test
    void aFolderThatGoesIsSaidBesideWhatWasSeen() throws Exception {
        Runs.done(run(), 300);
        try (WatchServer server = started(); Events stream = Events.of(server, "/events")) {
            stream.until(state -> state.contains("<dd>300</dd>"));
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
            assertTrue(stream.until(state -> state.contains("it does not exist")).contains("<dd>300</dd>"));
        }
    }

    @Test
    void anExperimentListsItsTrainings() throws Exception {
        Runs.experiment(run(), Runs.EVIL);
        Files.writeString(folder.resolve("secret.txt"), "secret");
        Files.createDirectories(folder.resolve("trials/notes"));
        try (WatchServer server = started(); Events stream = Events.of(server, "/trials/2-1-0/events")) {
            String page = get(server, "/");
            assertAll(() -> assertTrue(page.contains("1 of 4 are done"), page),
                    () -> assertTrue(page.contains("/trials/1-1-0") && page.contains("/trials/2-1-0")),
                    () -> assertFalse(page.contains("<img src=x")),
                    () -> assertTrue(stream.until(state -> state.contains("<dd>200</dd>")).contains("running")),
                    () -> assertTrue(get(server, "/trials/1-1-0/report").startsWith("HTTP/1.1 200 ")));
            for (String name : List.of("..", "%2e%2e", "..%2f..", "%2e%2e%2fsecret.txt", "notes", "3-1-0", "%00",
                    ".")) {
                for (String end : List.of("", "/report")) {
                    String answer = get(server, "/trials/" + name + end);
                    assertTrue(answer.matches("(?s)HTTP/1\\.1 40[034] .*"), name + end + "\n" + answer);
                }
            }
        }
    }

    @Test
    void whatCannotBeWatchedIsRefused() throws Exception {
        Runs.done(run(), 300);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            WatchException busy = assertThrows(WatchException.class,
                    () -> WatchServer.start(RunView.of(folder), taken.getLocalPort()));
            assertTrue(busy.getMessage().contains("port " + taken.getLocalPort()), busy.getMessage());
        }
        Path header = folder.resolve("run.json");
        Files.writeString(header, Files.readString(header).replace("orbifold.run/1", "orbifold.run/2"));
        RunException other = assertThrows(RunException.class, this::started);
        assertTrue(other.getMessage().contains("orbifold.run/2"), other.getMessage());
    }

    @Test
    void theEndOfTheServerEndsItsStreams() throws Exception {
        Runs.done(run(), 300);
        Events stream;
        try (WatchServer server = started()) {
            stream = Events.of(server, "/events");
            stream.until(state -> state.contains("done"));
        }
        try (stream) {
            stream.ended();
        }
    }
}
