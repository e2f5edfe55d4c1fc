package dev.orbifold.train;

import dev.orbifold.engine.Batch;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Distillation;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What is minimised, and between which input and output of a Graph.
 *
 * @param input the graph input that takes the data
 * @param output the graph output that is judged
 * @param hard the loss against targets
 * @param distillation the loss against targets and the original model's answers
 * @param variational what comes on top of a variational autoencoder's loss, and the noise that it is fed
 */
record Objective(ValueInfo input, String output, Loss hard, Distillation distillation,
        Optional<Variational> variational) {
    /** Of the noise in evaluations, which is always the same. */
    private static final Seed EVALUATION = new Seed(0).split("evaluation");
    private static final int SAMPLE_BATCH = 64;

    /**
     * The objective for a Graph with one input and at least one output; the first output is judged.
     *
     * @throws TrainException if the Graph has several inputs
     */
    static Objective of(Graph graph, CompressOptions.LossKind kind, double smoothing, double distill,
            double temperature) {
        if (graph.inputs().size() != 1) {
            throw new TrainException("training feeds one input, but the model has " + graph.inputs().size() + ": "
                    + graph.inputs().stream().map(ValueInfo::name).toList());
        }
        Loss hard = hard(kind, smoothing);
        return new Objective(graph.inputs().getFirst(), graph.outputs().getFirst().name(), hard,
                new Distillation(hard, distill, temperature, !isTransformer(graph)), Optional.empty());
    }

    /** The objective of a variational autoencoder, as {@link Networks#autoencoder} makes it. */
    static Objective variational(Graph graph, CompressOptions.LossKind kind, Variational variational) {
        Loss hard = hard(kind, 0);
        return new Objective(graph.inputs().getFirst(), graph.outputs().getFirst().name(), hard,
                new Distillation(hard, 0, 1, true), Optional.of(variational));
    }

    private static Loss hard(CompressOptions.LossKind kind, double smoothing) {
        return switch (kind) {
            case CROSS_ENTROPY -> new Loss.CrossEntropy(smoothing);
            case MSE -> new Loss.MeanSquaredError();
            case BCE -> new Loss.BinaryCrossEntropy();
        };
    }

    /** Data with the targets that the network is trained on: an autoencoder's are its inputs. */
    Part posed(Part part) {
        if (variational.isEmpty()) {
            return part;
        }
        if (hard instanceof Loss.BinaryCrossEntropy) {
            Variational.requireProbabilities(part);
        }
        return part.reconstructing();
    }

    /**
     * Feeds a batch.
     *
     * @param values gets what the network reads
     * @param inputs of the batch; the first axis is the batch
     * @param seed of the noise, where the network takes any
     */
    void feed(Map<String, Tensor> values, Tensor inputs, Seed seed) {
        values.put(input.name(), inputs);
        variational.ifPresent(v -> values.put(Variational.NOISE,
                Tensors.of(v.noise(inputs.size(0), seed), Device.cpu()).to(inputs.device(), ScalarType.Float)));
    }

    /** The loss of a batch, differentiable, of all that a network returned. */
    Tensor loss(Map<String, Tensor> outputs, Tensor targets) {
        Tensor loss = hard.of(answer(outputs), targets);
        return variational.map(v -> loss.add(v.penalty(outputs)
                .mul(new Scalar(targets.size(0) / (double) targets.numel())))).orElse(loss);
    }

    /**
     * Checks that a Graph can be asked about data: its batch is free, and what it answers can be compared with the targets.
     *
     * @throws TrainException if it cannot; says what differs
     */
    void requireFit(Graph graph, DataSet data) {
        requireFreeBatch();
        requireTargets(data);
        requireAnswers(graph, data);
    }

    /** Checks that the batch is free. */
    void requireFreeBatch() {
        input.shape().filter(s -> s.rank() > 0 && s.dim(0).isFixed()).ifPresent(s -> {
            throw new TrainException("the model's input " + input.name() + " has the shape " + s
                    + ", whose first axis, the batch, is fixed at " + s.dim(0).size()
                    + "; export the model with a free batch dimension");
        });
    }

    /** Checks that targets are classes where the loss needs them. */
    void requireTargets(DataSet data) {
        boolean numbers = data.train().targetType().isReal() || data.test().targetType().isReal();
        if (numbers && hard.isClassification()) {
            throw new TrainException(
                    "cross-entropy needs one class per target, a whole number from 0, but the targets of "
                            + data.train().source()
                            + " are other numbers; correct them, or ask for the loss mse or bce");
        }
    }

    /** Checks that what the Graph answers can be compared with the targets. */
    void requireAnswers(Graph graph, DataSet data) {
        Optional<Shape> answer = Shapes.of(graph).shape(output).filter(s -> s.rank() > 1);
        if (hard.isClassification()) {
            answer.map(a -> a.dim(a.rank() - 1)).filter(Dim::isFixed)
                    .ifPresent(classes -> data.requireClasses((int) classes.size()));
            return;
        }
        answer.filter(a -> a.dims().stream().skip(1).allMatch(Dim::isFixed)).ifPresent(a -> {
            long found = a.dims().stream().skip(1).mapToLong(Dim::size).reduce(1, Math::multiplyExact);
            if (found != data.train().targetsPerItem()) {
                throw new TrainException("the model's output " + output + " has the shape " + a + ", " + found
                        + " numbers for each item, but " + data.train().source() + " has "
                        + data.train().targetsPerItem() + " to compare them with");
            }
        });
    }

    /**
     * What the network says, among all that its program returned.
     *
     * @throws TrainException if the program does not return the output that is trained
     */
    Tensor answer(Map<String, Tensor> outputs) {
        Tensor answer = outputs.get(output);
        if (answer == null) {
            throw new TrainException("output " + output + " was not computed; computed: " + outputs.keySet());
        }
        return answer;
    }

    /** The loss of a batch's output, differentiable. */
    Tensor loss(Tensor outputs, Tensor targets, Optional<Tensor> answers) {
        return answers.map(a -> distillation.of(outputs, targets, a)).orElseGet(() -> hard.of(outputs, targets));
    }

    /** Accuracy in percent, NaN for a regression. */
    double accuracy(Tensor outputs, Tensor targets) {
        return hard.isClassification() ? 100.0 * Loss.correct(outputs, targets) / targets.numel() : Double.NaN;
    }

    /**
     * What a model does on a part.
     *
     * @param accuracy in percent, NaN for a regression
     * @param loss mean per target
     */
    record Seen(double accuracy, double loss) {
        /** What is compared between models, larger being better: accuracy, or minus the loss of a regression. */
        double score() {
            return Double.isNaN(accuracy) ? -loss : accuracy;
        }
    }

    /** Evaluates a Program with given parameters. */
    Seen evaluate(Program program, Map<String, Tensor> parameters, dev.orbifold.engine.Loader batches) {
        double loss = 0;
        double right = 0;
        long targets = 0;
        Loss plain = hard instanceof Loss.CrossEntropy ? new Loss.CrossEntropy(0) : hard;
        int number = 0;
        for (Batch batch : batches.epoch(0)) {
            try (PointerScope scope = new PointerScope();
                    org.bytedeco.pytorch.NoGradGuard guard = new org.bytedeco.pytorch.NoGradGuard()) {
                Map<String, Tensor> values = new HashMap<>(parameters);
                feed(values, batch.inputs(), EVALUATION.split(number++));
                Map<String, Tensor> found = program.run(values, Mode.EVALUATION);
                Tensor outputs = answer(found);
                long n = batch.targets().numel();
                loss += variational.map(v -> v.penalty(found).item_double() * batch.size()).orElse(0.0);
                loss += plain.of(outputs, batch.targets()).item_double() * n;
                right += hard.isClassification() ? Loss.correct(outputs, batch.targets()) : Double.NaN;
                targets += n;
            }
        }
        return new Seen(100 * right / targets, loss / targets);
    }

    /** Feeds a batch to the independent runtime; the noise is that of its first item's number. */
    void feed(Map<String, TensorData> values, TensorData inputs, int from) {
        values.put(input.name(), inputs);
        variational.ifPresent(v -> values.put(Variational.NOISE, v.noise(inputs.dim(0), EVALUATION.split(from))));
    }

    /** The first samples of a part as inputs for the independent runtime, in batches. */
    List<Map<String, TensorData>> samples(Part part, int count) {
        List<Map<String, TensorData>> batches = new ArrayList<>();
        int all = Math.min(count, part.size());
        for (int from = 0; from < all; from += SAMPLE_BATCH) {
            int n = Math.min(SAMPLE_BATCH, all - from);
            long[] item = part.itemShape();
            long[] dims = new long[item.length + 1];
            dims[0] = n;
            System.arraycopy(item, 0, dims, 1, item.length);
            MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(n * part.itemBytes())]);
            for (int i = 0; i < n; i++) {
                part.read(from + i, bytes, i * part.itemBytes());
            }
            Map<String, TensorData> fed = new HashMap<>();
            feed(fed, new TensorData(part.inputType(), dims, bytes), from);
            batches.add(Map.copyOf(fed));
        }
        return batches;
    }

    /**
     * The optimizer for a Graph: momentum, or AdamW where the Graph normalises with layer or RMS norms or reads tokens, as
     * transformers do.
     */
    static Optimizer.Kind optimizer(Graph graph, double decay) {
        return isTransformer(graph) ? new Optimizer.Kind.Adam(0.9, 0.99, 1e-8, 0.01, true)
                : new Optimizer.Kind.Sgd(0.9, true, decay);
    }

    /** The highest learning rate where the user names none. */
    static double rate(Graph graph) {
        return isTransformer(graph) ? 1e-3 : 0.1;
    }

    private static boolean isTransformer(Graph graph) {
        boolean tokens = graph.inputs().getFirst().type().filter(t -> !t.isReal()).isPresent();
        return tokens || graph.nodes().stream().map(Node::opType)
                .anyMatch(
                        op -> op.equals("LayerNormalization") || op.equals("RMSNormalization") || op.equals("Softmax"));
    }
}
