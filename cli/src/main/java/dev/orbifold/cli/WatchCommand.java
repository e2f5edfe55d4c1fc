package dev.orbifold.cli;

import dev.orbifold.run.RunView;
import dev.orbifold.watch.WatchServer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code watch}: a Run in a browser while it goes on. */
@Command(name = "watch", sortOptions = false,
        description = "Shows a Run in a browser on this machine while it goes on, or as it ended; prints the address. Ctrl-C ends it.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} watch runs/train-20260101-120000"})
final class WatchCommand implements Callable<Integer> {
    private static final int LAST_PORT = 65_535;

    @Parameters(paramLabel = "RUN", description = "The folder of the Run.") private Path folder = Path.of("");

    @Option(names = "--port", paramLabel = "N", defaultValue = "0",
            description = "Port of 127.0.0.1 to listen at (default: any that is free).") private int port;

    @Option(names = "--open", arity = "1", paramLabel = "true|false",
            description = "Whether to open the address in a browser (default: on a terminal, without --json).") private Optional<
                    Boolean> open = Optional.empty();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() throws InterruptedException {
        if (port < 0 || port > LAST_PORT) {
            throw output.wrong("--port must lie between 0 and " + LAST_PORT + ", found " + port);
        }
        RunView run = RunView.of(folder);
        try (Interruption interruption = Interruption.listen(output::say, "");
                WatchServer server = WatchServer.start(run, port)) {
            output.print(() -> server.address().toString());
            output.document("orbifold.watch/1", () -> document(server));
            output.say("watching " + folder + " (" + run.state().status().name().toLowerCase(Locale.ROOT)
                    + "); Ctrl-C ends it");
            if (open.orElseGet(() -> !output.isJson() && Terminal.isError()) && !Browser.open(server.address())) {
                output.say("no browser could be opened; open the address yourself");
            }
            interruption.await();
        }
        return ExitCode.DONE;
    }

    private Map<String, Object> document(WatchServer server) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("run", folder);
        document.put("url", server.address().toString());
        document.put("port", server.port());
        document.put("token", server.token());
        return document;
    }
}
