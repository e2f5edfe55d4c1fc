package dev.orbifold.cli;

import dev.orbifold.engine.Natives;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Loads the classes that commands start with, while the launcher records them in its ahead-of-time cache. */
@Command(name = "warm-up", hidden = true, description = "Loads what commands start with (used by the launcher).")
final class WarmUp implements Callable<Integer> {
    @Override
    public Integer call() {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        CommandLine line = Main.commandLine();
        line.usage(nowhere);
        line.getSubcommands().values().forEach(command -> command.usage(nowhere));
        Natives.load();
        return CommandLine.ExitCode.OK;
    }
}
