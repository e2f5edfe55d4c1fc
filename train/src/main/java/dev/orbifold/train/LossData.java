package dev.orbifold.train;

import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Unsupported;
import dev.orbifold.ort.OnnxRuntime;
import java.util.stream.IntStream;

/**
 * The training data of a model and the loss on it, known to fit: what one asks about a loss without training.
 *
 * @param part the training part
 * @param input the input of the Graph that takes the data
 * @param output the output that is judged
 * @param loss of that output
 * @param kind the same, as people ask for it
 */
public record LossData(Part part, String input, String output, Loss loss, CompressOptions.LossKind kind) {
    /**
     * Opens the data and checks that model, data and loss fit.
     *
     * @throws TrainException if they do not; says what differs
     * @throws dev.orbifold.engine.DataException if the data cannot be read
     */
    public static LossData of(Graph graph, DataRequest data, CompressOptions.LossKind loss, long seed) {
        Unsupported.reason(graph).ifPresent(reason -> {
            throw new TrainException(reason);
        });
        Objective objective = Objective.of(graph, loss, 0, 0, 1);
        DataSet opened = data.open(new Seed(seed).split("data"), objective.input());
        objective.requireFit(graph, opened);
        return new LossData(opened.train(), objective.input().name(), objective.output(), objective.hard(),
                loss);
    }

    /** What ONNX Runtime answers right of some samples, in percent; NaN for a regression. */
    public double accuracy(Graph graph, Part some, int threads) {
        try (Evaluator evaluator = OnnxRuntime.open(graph, threads)) {
            return Judge.of(evaluator, Objective.of(graph, kind, 0, 0, 1), some, kind, Progress.SILENT).accuracy();
        }
    }

    /** Some of the samples, drawn without replacement; all where there are fewer. */
    public Part drawn(int count, Seed seed) {
        int[] order = IntStream.range(0, part.size()).toArray();
        java.util.random.RandomGenerator random = seed.generator();
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int moved = order[i];
            order[i] = order[j];
            order[j] = moved;
        }
        return part.select(java.util.Arrays.copyOf(order, Math.min(count, order.length)));
    }
}
