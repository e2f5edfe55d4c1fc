package dev.orbifold.train;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.Unsupported;
import dev.orbifold.structure.SampleGradients;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The gradients of a model's loss on single samples of its data, in float64. Norms use their running statistics, as the
 * written model does.
 */
public final class LossGradients implements SampleGradients, AutoCloseable {
    private final Objective objective;
    private final Part part;
    private final int samples;
    private final Seed seed;
    private final Program program;

    private LossGradients(Graph graph, DataRequest data, CompressOptions.LossKind loss, int samples, long seed) {
        Unsupported.reason(graph).ifPresent(reason -> {
            throw new TrainException(reason);
        });
        this.seed = new Seed(seed);
        this.objective = Objective.of(graph, loss, 0, 0, 1);
        DataSet opened = data.open(this.seed.split("data"), objective.input());
        objective.requireFit(graph, opened);
        this.part = opened.train();
        this.samples = Math.min(samples, part.size());
        this.program = Program.compile(graph, Device.cpu(), DataType.DOUBLE);
    }

    /** Of a part of data that is open already. */
    LossGradients(Graph graph, Objective objective, Part part, int samples, Seed seed) {
        this.seed = seed;
        this.objective = objective;
        this.part = part;
        this.samples = Math.min(samples, part.size());
        this.program = Program.compile(graph, Device.cpu(), DataType.DOUBLE);
    }

    /**
     * Prepares them.
     *
     * @param samples how many of the training part, drawn by the seed; all where there are fewer
     * @param threads that compute
     * @throws TrainException if model and data do not fit
     */
    public static LossGradients of(Graph graph, DataRequest data, CompressOptions.LossKind loss, int samples, long seed,
            int threads) {
        Natives.load();
        Natives.threads(threads);
        return new LossGradients(graph, data, loss, samples, seed);
    }

    /** How many samples there are. */
    public int samples() {
        return samples;
    }

    /** The one class that all data are of; empty where there are several, or none. */
    public OptionalInt onlyClass() {
        return TrainFindings.onlyClass(part);
    }

    @Override
    public void each(Graph graph, Consumer<Map<String, TensorData>> sample) {
        try (PointerScope scope = new PointerScope();
                Loader loader = Loader.training(part, 1, seed.split("samples"), Augmentation.NONE, Device.cpu());
                Loader.Epoch batches = loader.epoch(0)) {
            Map<String, Tensor> leaves = new LinkedHashMap<>();
            for (String name : program.trainable()) {
                TensorData data = graph.parameter(name).orElseThrow();
                Tensor leaf = Tensors.of(TensorData.of(data.toDoubles(), data.dims()), Device.cpu())
                        .set_requires_grad(true);
                leaf.mutable_grad().put(torch.zeros_like(leaf.detach()));
                leaves.put(name, leaf);
            }
            for (int done = 0; done < samples; done++) {
                try (PointerScope inner = new PointerScope()) {
                    sample.accept(gradients(batches.next(), leaves));
                }
            }
        }
    }

    private Map<String, TensorData> gradients(Batch batch, Map<String, Tensor> leaves) {
        leaves.values().forEach(leaf -> leaf.grad().zero_());
        Map<String, Tensor> given = new HashMap<>(leaves);
        given.put(objective.input().name(), batch.inputs());
        Tensor answer = objective.answer(program.run(given, Mode.EVALUATION));
        Tensor targets = batch.targets().is_floating_point() ? batch.targets().to(ScalarType.Double) : batch.targets();
        objective.loss(answer, targets, Optional.empty()).backward();
        Map<String, TensorData> gradients = new LinkedHashMap<>();
        leaves.forEach((name, leaf) -> gradients.put(name, Tensors.toData(leaf.grad())));
        return gradients;
    }

    @Override
    public void close() {
        program.close();
    }
}
