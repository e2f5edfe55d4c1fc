package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.Json;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import sun.misc.Signal;

/** {@code watch} from the command line. */
class WatchCommandTest {
    private static final long LONGEST_SECONDS = 60;

    @TempDir private Path folder;
    private Path run = Path.of("");

    @BeforeEach
    void makeRun() {
        run = folder.resolve("run");
        try (RunFolder made = RunFolder.create(run, "train", List.of())) {
            made.state(RunState.Status.DONE, 0, "");
        }
    }

    private static int status(String address) throws IOException {
        return ((HttpURLConnection) URI.create(address).toURL().openConnection()).getResponseCode();
    }

    @Test
    void itSaysWhereThePageIsAndCtrlCEndsIt() throws Exception {
        assumeFalse(System.getProperty("os.name").startsWith("Windows"), "skipped: Windows raises no signals");
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        CompletableFuture<Integer> code = CompletableFuture
                .supplyAsync(() -> line.execute("watch", run.toString(), "--json", "--open", "false"));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
        while (!err.toString().contains("Ctrl-C ends it") && !code.isDone() && System.nanoTime() < end) {
            Thread.sleep(20);
        }
        JsonNode document = Json.parse(out.toString());
        String address = document.path("url").asText();
        assertAll(() -> assertEquals("orbifold.watch/1", document.path("schema").asText()),
                () -> assertEquals("http://127.0.0.1:" + document.path("port").asInt() + "/?token="
                        + document.path("token").asText(), address),
                () -> assertEquals(200, status(address)),
                () -> assertEquals(403, status(address.replaceFirst("\\?.*", ""))));
        Signal.raise(new Signal("INT"));
        assertEquals(ExitCode.DONE, code.get(LONGEST_SECONDS, TimeUnit.SECONDS), err.toString());
        assertEquals("", err.toString().replaceFirst("watching .* \\(done\\); Ctrl-C ends it\n", ""),
                "nothing else is said");
    }

    @Test
    void aTakenPortIsNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Outcome outcome = Outcome.of("watch", run, "--port", taken.getLocalPort(), "--open", "false");
            assertAll(() -> assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all()),
                    () -> assertTrue(outcome.err().contains("cannot listen at port " + taken.getLocalPort()),
                            outcome.all()),
                    () -> assertEquals(1, outcome.err().lines().count(), outcome.all()),
                    () -> assertEquals("", outcome.out()));
        }
    }

    @Test
    void aRunOfAnotherVersionIsNamed() throws IOException {
        Path header = run.resolve("run.json");
        Files.writeString(header, Files.readString(header).replace("orbifold.run/1", "orbifold.run/9"));
        Outcome outcome = Outcome.of("watch", run, "--open", "false");
        assertAll(() -> assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("\"orbifold.run/9\", but this version reads"), outcome.all()),
                () -> assertEquals("", outcome.out()));
    }
}
