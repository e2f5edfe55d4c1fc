package dev.orbifold.train;

import dev.orbifold.graph.Finding;
import dev.orbifold.run.Checkpoint;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What somebody should know who continues a Run. */
final class Resumed {
    private Resumed() {
    }

    /** Says which checkpoints are lost, and where the Run goes on instead. */
    static List<Finding> damaged(RunFolder run, Optional<Checkpoint> from, Progress progress) {
        List<Finding> findings = new ArrayList<>();
        for (Path file : run.checkpoints().damaged()) {
            findings.add(new Finding(Finding.Severity.WARNING, "checkpoint-damaged", String.valueOf(file.getFileName()),
                    "is cut off or damaged; the Run goes on "
                            + from.map(c -> "from step " + c.step() + ", the last whole checkpoint")
                                    .orElse("from its start")
                            + ", to the same result"));
        }
        said(findings, progress);
        return findings;
    }

    /** Says that the recipe is another one now than the one this Run was given. */
    static List<Finding> changed(TrainRequest request, Progress progress) {
        Path file = request.folder().resolve(request.name());
        List<Finding> findings = new ArrayList<>();
        try {
            if (Files.isRegularFile(file) && !Files.readString(file).equals(request.text())) {
                findings.add(new Finding(Finding.Severity.WARNING, "recipe-changed", request.name(),
                        "has changed since this Run was given it; the Run goes on with what it was asked then, a new one"
                                + " would do what the recipe says now"));
            }
        } catch (MalformedInputException e) {
            findings.add(new Finding(Finding.Severity.WARNING, "recipe-changed", request.name(),
                    "is no text any more; the Run goes on with what it was asked then"));
        } catch (IOException e) {
            throw new TrainException("cannot read " + file + ": " + e.getMessage(), e);
        }
        said(findings, progress);
        return findings;
    }

    private static void said(List<Finding> findings, Progress progress) {
        findings.forEach(f -> progress.message("warning: " + f.place() + " " + f.message()));
    }
}
