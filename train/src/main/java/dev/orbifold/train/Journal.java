package dev.orbifold.train;

import dev.orbifold.run.Metric;
import dev.orbifold.run.RunFolder;
import dev.orbifold.structure.Equality;
import java.util.Locale;
import java.util.Map;

/** Tells the Run and the user how training goes. */
final class Journal {
    private static final int EVERY = 20;

    /** Running sums since the last line, part of a checkpoint. */
    record Sums(double loss, double accuracy, int count) {
    }

    private final RunFolder run;
    private final Progress progress;
    private final Plan plan;
    private Sums sums = new Sums(0, 0, 0);
    private String phase = "constrain";

    Journal(RunFolder run, Progress progress, Plan plan) {
        this.run = run;
        this.progress = progress;
        this.plan = plan;
    }

    /** Says which phase everything from now on belongs to. */
    void phase(boolean constrained) {
        phase = constrained ? "constrain" : "heal";
    }

    private Metric.Point at(long step) {
        return new Metric.Point(step, step / (double) plan.perEpoch(), phase);
    }

    void step(long step, Student.Step seen, double rate, double accuracy, long macs) {
        sums = new Sums(sums.loss() + seen.loss(), sums.accuracy() + seen.accuracy(), sums.count() + 1);
        if (step % EVERY == 0) {
            run.metrics().append(new Metric.Train(at(step), sums.loss() / sums.count(), rate,
                    Map.of("accuracy", sums.accuracy() / sums.count())));
            sums = new Sums(0, 0, 0);
        }
        progress.step(phase, step, plan.steps(), accuracy, macs);
    }

    void evaluation(long step, String part, Objective.Seen seen, long macs, long parameters) {
        run.metrics().append(new Metric.Evaluation(at(step), part, seen.accuracy(), seen.loss(), macs, parameters));
        progress.message(String.format(Locale.ROOT, "epoch %.0f of %.0f: %s %s, loss %.4f, %,d MACs",
                step / (double) plan.perEpoch(), plan.steps() / (double) plan.perEpoch(), part,
                Double.isNaN(seen.accuracy()) ? "" : String.format(Locale.ROOT, "%.2f %%", seen.accuracy()),
                seen.loss(), macs));
    }

    void widths(long step, Map<String, Integer> widths, long macs) {
        run.metrics().append(new Metric.Widths(at(step), macs, widths));
    }

    void removal(long step, long before, long after, Equality equality, Map<String, Integer> widths) {
        widths(step, widths, after);
        run.metrics().append(new Metric.Event(at(step), "removal",
                String.format(Locale.ROOT, "%,d to %,d MACs, largest output difference %.1e of the range", before,
                        after,
                        equality.maxError())));
    }

    void event(long step, String name, String message) {
        run.metrics().append(new Metric.Event(at(step), name, message));
        progress.message(message);
    }

    Sums sums() {
        return sums;
    }

    void restore(Sums from) {
        sums = from;
    }
}
