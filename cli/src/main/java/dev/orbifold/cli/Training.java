package dev.orbifold.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orbifold.report.HtmlReport;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import dev.orbifold.run.Typed;
import dev.orbifold.train.InterruptedRun;
import dev.orbifold.train.Progress;
import dev.orbifold.train.Reached;
import dev.orbifold.train.TrainException;
import dev.orbifold.train.Trials;
import java.util.function.Function;

/**
 * What stands around every training: signals, progress, the Run's state, the report, the result.
 *
 * @param output where things are said
 * @param command whose name the JSON document carries
 */
record Training(Output output, String command) {
    /** Does the work; whatever becomes of it, the Run says so and has a report. */
    int of(RunFolder run, Function<Progress, ? extends Reached> work) {
        Reached result;
        try (Interruption interruption = Interruption.listen(output::say);
                LiveProgress progress = output.progress(interruption::requested)) {
            result = work.apply(progress);
        } catch (InterruptedRun e) {
            String resume = Typed.command("resume", run.path());
            left(run, RunState.Status.INTERRUPTED, ExitCode.INTERRUPTED, resume, e);
            InterruptedRun said = new InterruptedRun(e.getMessage() + "; continue with `" + resume + "`");
            said.initCause(e);
            throw said;
        } catch (RuntimeException | Error e) {
            left(run, RunState.Status.FAILED, ExitCode.INPUT,
                    e instanceof TrainException ? String.valueOf(e.getMessage()) : Typed.command("resume", run.path()),
                    e);
            throw e;
        }
        named(run);
        Results results = new Results(run.view());
        int code = result.met() && results.equal() ? ExitCode.DONE : ExitCode.MISSED;
        run.state(RunState.Status.DONE, code, "");
        reports(run);
        return said(results, code, result.verdict());
    }

    /** Gives the recorded result the schema of the command that was typed, as {@code --json} prints it. */
    private void named(RunFolder run) {
        ObjectNode document = new Results(run.view()).document().deepCopy();
        run.result(document.put("schema", schema()));
    }

    private String schema() {
        return "orbifold." + command + "/1";
    }

    /** Prints what a Run that is done has reached. */
    int said(Results results, int code, String verdict) {
        output.print(() -> results.text(verdict));
        output.document(schema(), results::document);
        if (!results.equal()) {
            output.warn("the check of equality was missed: " + results.equalityText());
        }
        if (code == ExitCode.MISSED && results.equal()) {
            output.warn(results.missed(verdict));
        }
        return code;
    }

    /** Writes the report of a Run and, where it is an experiment, of each of its trainings. */
    private static void reports(RunFolder run) {
        // Theirs first: an experiment's page links to those that are there.
        Trials.runs(run.path()).forEach(one -> HtmlReport.write(RunView.of(one)));
        HtmlReport.write(run.view());
    }

    private static void left(RunFolder run, RunState.Status status, int code, String next, Throwable reason) {
        try {
            run.state(status, code, next);
            reports(run);
        } catch (RunException e) {
            // The disk that failed the training may fail this as well; the first reason is the one to tell.
            reason.addSuppressed(e);
        }
    }
}
