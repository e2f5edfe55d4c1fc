package dev.orbifold.train;

import dev.orbifold.engine.Part;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** Judges a model on a part of its data by what an independent runtime computes. */
final class Judge {
    private static final int BATCH = 100;

    private final CompressOptions.LossKind kind;
    private double loss;
    private long right;
    private long targets;

    private Judge(CompressOptions.LossKind kind) {
        this.kind = kind;
    }

    /**
     * Loss and accuracy over a whole part.
     *
     * @param objective which graph input is fed, and which output is judged: logits (n, classes) or (n, tokens, classes), or
     *        values
     */
    static Objective.Seen of(Evaluator evaluator, Objective objective, Part part, CompressOptions.LossKind kind,
            Progress progress) {
        Judge judge = new Judge(kind);
        String output = objective.output();
        long[] item = part.itemShape();
        int perItem = part.targetsPerItem();
        for (int from = 0; from < part.size(); from += BATCH) {
            int n = Math.min(BATCH, part.size() - from);
            MemorySegment inputs = MemorySegment.ofArray(new byte[Math.toIntExact(n * part.itemBytes())]);
            boolean classes = !part.targetType().isReal();
            int targetBytes = perItem * part.targetType().bytes();
            MemorySegment wanted = MemorySegment.ofArray(new byte[n * targetBytes]);
            for (int i = 0; i < n; i++) {
                part.read(from + i, inputs, i * part.itemBytes());
                part.readTarget(from + i, wanted, (long) i * targetBytes);
            }
            long[] dims = new long[item.length + 1];
            dims[0] = n;
            System.arraycopy(item, 0, dims, 1, item.length);
            Map<String, TensorData> fed = new HashMap<>();
            objective.feed(fed, new TensorData(part.inputType(), dims, inputs), from);
            Map<String, TensorData> outputs = evaluator.run(fed);
            TensorData found = outputs.get(output);
            if (found == null) {
                throw new TrainException("the model has no output " + output + "; it has " + outputs.keySet());
            }
            TensorData expected = new TensorData(part.targetType(), new long[] {(long) n * perItem}, wanted);
            if (classes && kind == CompressOptions.LossKind.CROSS_ENTROPY) {
                judge.classes(found, expected, part);
            } else {
                judge.values(found, expected);
            }
            judge.loss += objective.variational()
                    .map(v -> v.penalty(Variational.output(outputs, Variational.MEAN),
                            Variational.output(outputs, Variational.LOG_VARIANCE)))
                    .orElse(0.0);
            progress.step("test", from + n, part.size(), Double.NaN, Double.NaN);
        }
        double accuracy = kind == CompressOptions.LossKind.CROSS_ENTROPY ? 100.0 * judge.right / judge.targets
                : Double.NaN;
        return new Objective.Seen(accuracy, judge.loss / judge.targets);
    }

    private void classes(TensorData logits, TensorData expected, Part part) {
        float[] values = logits.toFloats();
        int n = (int) expected.elements();
        if (values.length % n != 0) {
            throw new TrainException("the model gives " + logits + ", which does not fit " + n + " targets");
        }
        int width = values.length / n;
        if (logits.dim(-1) != width) {
            throw new TrainException("the model gives " + logits + "; expected classes along its last axis for " + n
                    + " targets of " + part.source());
        }
        for (int i = 0; i < n; i++) {
            int target = (int) expected.longAt(i);
            if (target < 0 || target >= width) {
                throw new TrainException(
                        "label " + target + " in " + part.source() + " does not fit the model's " + width
                                + " classes");
            }
            int best = 0;
            double sum = 0;
            for (int c = 1; c < width; c++) {
                best = values[i * width + c] > values[i * width + best] ? c : best;
            }
            for (int c = 0; c < width; c++) {
                sum += Math.exp(values[i * width + c] - values[i * width + best]);
            }
            loss += Math.log(sum) + values[i * width + best] - values[i * width + target];
            right += best == target ? 1 : 0;
        }
        targets += n;
    }

    private void values(TensorData found, TensorData expected) {
        if (found.elements() != expected.elements()) {
            throw new TrainException("the model gives " + found + ", which does not fit " + expected.elements()
                    + " target numbers");
        }
        for (int i = 0; i < expected.elements(); i++) {
            double y = found.doubleAt(i);
            double t = expected.doubleAt(i);
            loss += kind == CompressOptions.LossKind.MSE ? (y - t) * (y - t)
                    : Math.max(y, 0) - y * t + Math.log1p(Math.exp(-Math.abs(y)));
        }
        targets += expected.elements();
    }
}
