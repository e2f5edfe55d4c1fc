package dev.orbifold.cli;

import dev.orbifold.engine.Natives;
import dev.orbifold.graph.OnnxFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Runs what commands start with, while the launcher records classes and profiles in its ahead-of-time cache. */
@Command(name = "warm-up", hidden = true, description = "Runs what commands start with (used by the launcher).")
final class WarmUp implements Callable<Integer> {
    private static final int SCANS = 3;

    @Override
    public Integer call() {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        CommandLine line = Main.commandLine();
        line.usage(nowhere);
        line.getSubcommands().values().forEach(command -> command.usage(nowhere));
        try {
            Path folder = Files.createTempDirectory("orbifold");
            try {
                Path model = folder.resolve("model.onnx");
                OnnxFile.write(WarmUpNetwork.graph(), model);
                for (int i = 0; i < SCANS; i++) {
                    CommandLine scan = Main.commandLine().setOut(nowhere).setErr(nowhere);
                    int code = scan.execute("scan", model.toString(), "--run", folder.resolve("run" + i).toString());
                    if (code != ExitCode.DONE) {
                        return code;
                    }
                }
            } finally {
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path file : List.copyOf(files.sorted(Comparator.reverseOrder()).toList())) {
                        Files.delete(file);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write into the folder for temporary files", e);
        }
        Natives.load();
        return ExitCode.DONE;
    }
}
