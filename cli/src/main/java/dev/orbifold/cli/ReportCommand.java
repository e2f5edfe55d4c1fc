package dev.orbifold.cli;

import dev.orbifold.report.HtmlReport;
import dev.orbifold.run.RunView;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code report}: the page of a Run, written again. */
@Command(name = "report", sortOptions = false, description = "Writes the HTML page of a Run again and prints its path.",
        footer = {"", "Example:", "  ${ROOT-COMMAND-NAME} report runs/compress-20260101-120000"})
final class ReportCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RUN", description = "The folder of the Run.") private Path run = Path.of("");

    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
        Path page = HtmlReport.write(RunView.of(run));
        output.print(page::toString);
        output.document("orbifold.report/1", () -> Map.of("run", run, "report", page));
        return ExitCode.DONE;
    }
}
