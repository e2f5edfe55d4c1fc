package dev.orbifold.train;

import dev.orbifold.constraint.WeightAxes;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Networks with random weights to start from. */
final class Networks {
    /** The spread of embeddings and of what follows a norm in transformers. */
    private static final double EMBEDDING = 0.02;
    /** The first operator set that has Gelu. */
    private static final int WITH_GELU = 20;
    private static final Set<String> RECTIFIED = Set.of("Relu", "LeakyRelu", "PRelu", "Gelu", "Elu", "Celu", "Figlu");

    private Networks() {
    }

    /** Dense layers with an activation between them; weights fc1.weight [units, inputs], biases fc1.bias, …. */
    static Graph dense(Recipe.Origin.Dense of, Seed seed) {
        List<Node> nodes = new ArrayList<>();
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        int layers = of.widths().size() - 1;
        String at = "x";
        for (int layer = 1; layer <= layers; layer++) {
            int from = of.widths().get(layer - 1);
            int to = of.widths().get(layer);
            String name = "fc" + layer;
            double gain = layer < layers && RECTIFIED.contains(of.activation()) ? 2 : 1;
            parameters.put(name + ".weight", normal(seed.split(name), of.scale() * Math.sqrt(gain / from), to, from));
            List<String> inputs = new ArrayList<>(List.of(at, name + ".weight"));
            if (of.bias()) {
                parameters.put(name + ".bias", TensorData.of(new float[to], to));
                inputs.add(name + ".bias");
            }
            boolean last = layer == layers;
            boolean added = of.residual() && from == to;
            String out = last && !added ? "y" : name + ".out";
            nodes.add(Node.of(name, "Gemm", inputs, List.of(out), Map.of("transB", new Attribute.Int(1))));
            if (!last && !of.activation().equals("Identity")) {
                if (of.activation().equals("Figlu")) {
                    nodes.addAll(figlu(name, out, normal(seed.split(name + ".mix"), Math.sqrt(1.0 / to), to, to)));
                } else {
                    nodes.add(Node.of(name + ".act", of.activation(), List.of(out), List.of(name + ".act"), Map.of()));
                }
                out = name + ".act";
            }
            if (added) {
                String sum = last ? "y" : name + ".sum";
                nodes.add(Node.of(name + ".add", "Add", List.of(at, out), List.of(sum), Map.of()));
                out = sum;
            }
            at = out;
        }
        Dim batch = Dim.named("batch");
        Graph graph = Graph.of("dense", List.of(value("x", batch, of.widths().getFirst())),
                List.of(value("y", batch, of.widths().getLast())),
                nodes, parameters);
        return withGelu(graph, of.activation());
    }

    /**
     * A variational autoencoder. Inputs x [batch, inputs] and noise [batch, latents]; outputs y, what x is reconstructed as
     * (logits where that is a probability), and mean and log-variance [batch, latents] of the posterior. Weights are
     * encoder1.weight, …, mean.weight, log-variance.weight, decoder1.weight, …, each with a bias.
     */
    static Graph autoencoder(Recipe.Origin.Autoencoder of, Seed seed) {
        List<Node> nodes = new ArrayList<>();
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        List<Integer> widths = of.widths();
        int last = widths.size() - 1;
        String at = "x";
        for (int layer = 1; layer < last; layer++) {
            at = layer(new Layer("encoder" + layer, at, widths.get(layer - 1), widths.get(layer)), of, seed, nodes,
                    parameters);
        }
        for (String head : List.of(Variational.MEAN, Variational.LOG_VARIANCE)) {
            gemm(new Layer(head, at, widths.get(last - 1), widths.get(last)), of.scale(), head, seed, nodes,
                    parameters);
        }
        nodes.add(Node.of("half", "Constant", List.of(), List.of("half"),
                Map.of("value", new Attribute.Tensor(TensorData.of(new float[] {0.5f})))));
        nodes.add(Node.of("half-log", "Mul", List.of(Variational.LOG_VARIANCE, "half"), List.of("half-log"), Map.of()));
        nodes.add(Node.of("deviation", "Exp", List.of("half-log"), List.of("deviation"), Map.of()));
        nodes.add(Node.of("spread", "Mul", List.of("deviation", Variational.NOISE), List.of("spread"), Map.of()));
        nodes.add(Node.of("latent", "Add", List.of(Variational.MEAN, "spread"), List.of("latent"), Map.of()));
        at = "latent";
        for (int layer = 1; layer < last; layer++) {
            at = layer(new Layer("decoder" + layer, at, widths.get(last - layer + 1), widths.get(last - layer)), of,
                    seed,
                    nodes, parameters);
        }
        gemm(new Layer("decoder" + last, at, widths.get(1), widths.getFirst()), of.scale(), "y", seed, nodes,
                parameters);
        Dim batch = Dim.named("batch");
        Graph graph = Graph.of("variational", List.of(value("x", batch, widths.getFirst()),
                value(Variational.NOISE, batch, widths.get(last))),
                List.of(value("y", batch, widths.getFirst()),
                        value(Variational.MEAN, batch, widths.get(last)),
                        value(Variational.LOG_VARIANCE, batch, widths.get(last))),
                nodes, parameters);
        return withGelu(graph, of.activation());
    }

    private static ValueInfo value(String name, Dim batch, int width) {
        return ValueInfo.of(name, DataType.FLOAT, new Shape(List.of(batch, Dim.of(width))));
    }

    private record Layer(String name, String input, int from, int to) {
    }

    /** A layer and its activation; returns the value that this writes. */
    private static String layer(Layer layer, Recipe.Origin.Autoencoder of, Seed seed, List<Node> nodes,
            Map<String, TensorData> parameters) {
        double gain = RECTIFIED.contains(of.activation()) ? Math.sqrt(2) : 1;
        gemm(layer, gain * of.scale(), layer.name() + ".out", seed, nodes, parameters);
        nodes.add(Node.of(layer.name() + ".act", of.activation(), List.of(layer.name() + ".out"),
                List.of(layer.name() + ".act"), Map.of()));
        return layer.name() + ".act";
    }

    private static void gemm(Layer layer, double gain, String output, Seed seed, List<Node> nodes,
            Map<String, TensorData> parameters) {
        String name = layer.name();
        parameters.put(name + ".weight",
                normal(seed.split(name), gain / Math.sqrt(layer.from()), layer.to(), layer.from()));
        parameters.put(name + ".bias", TensorData.of(new float[layer.to()], layer.to()));
        nodes.add(Node.of(name, "Gemm", List.of(layer.input(), name + ".weight", name + ".bias"), List.of(output),
                Map.of("transB", new Attribute.Int(1))));
    }

    private static Graph withGelu(Graph graph, String activation) {
        return activation.equals("Gelu")
                ? new Graph(graph.name(), Map.of("", WITH_GELU), graph.inputs(), graph.outputs(), graph.nodes(),
                        graph.parameters(), graph.declared(), graph.origin())
                : graph;
    }

    /**
     * σ(Fx)⊙x (σ-asymmetric networks, arXiv 2405.20231). F is the content of a Constant node and so no Parameter: it is never
     * trained.
     */
    private static List<Node> figlu(String name, String x, TensorData mix) {
        return List.of(Node.of(name + ".mix", "Constant", List.of(), List.of(name + ".mix"),
                Map.of("value", new Attribute.Tensor(mix))),
                Node.of(name + ".mixed", "MatMul", List.of(x, name + ".mix"), List.of(name + ".mixed"), Map.of()),
                Node.of(name + ".gate", "Sigmoid", List.of(name + ".mixed"), List.of(name + ".gate"), Map.of()),
                Node.of(name + ".act", "Mul", List.of(name + ".gate", x), List.of(name + ".act"), Map.of()));
    }

    private static TensorData normal(Seed seed, double spread, long... dims) {
        RandomGenerator random = seed.generator();
        float[] values = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, Math::multiplyExact))];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (spread * random.nextGaussian());
        }
        return TensorData.of(values, dims);
    }

    /**
     * The same Graph with weights drawn anew: normal with variance 2 over the fan-in (He et al., ICCV 2015) for weights of
     * contractions, 1 over the fan-in where the last such layer writes a graph output, scales 1, shifts and biases 0,
     * running statistics 0 and 1, tables N(0, 0.02²).
     */
    static Graph redrawn(Graph graph, Program program, Seed seed) {
        Map<String, TensorData> drawn = new LinkedHashMap<>();
        for (String name : program.trainable()) {
            drawn.put(name, weight(graph, name, seed.split(name)));
        }
        for (String name : program.state()) {
            drawn.put(name, filled(graph.parameter(name).orElseThrow(), (float) statistic(graph, name)));
        }
        return graph.replacing(drawn);
    }

    /** What a running statistic starts at: 1 for a variance, 0 for a mean. */
    static double statistic(Graph graph, String name) {
        return role(graph, name) == 4 ? 1 : 0;
    }

    /** One Parameter drawn anew, as {@link #redrawn} draws it. */
    static TensorData weight(Graph graph, String name, Seed seed) {
        TensorData data = graph.parameter(name).orElseThrow();
        if (data.rank() < 2) {
            return filled(data, role(graph, name) == 1 && isNorm(graph, name) ? 1 : 0);
        }
        boolean table = graph.nodes().stream().anyMatch(n -> n.opType().equals("Gather") && n.input(0).equals(name));
        if (table) {
            return normal(seed, EMBEDDING, data.dims());
        }
        double fan = WeightAxes.of(graph, name)
                .map(a -> data.elements() / (double) data.dim(a.units())).orElse((double) data.dim(data.rank() - 1));
        boolean writesOutput = graph.nodes().stream().filter(n -> n.inputs().contains(name))
                .anyMatch(n -> graph.outputs().stream().anyMatch(o -> o.name().equals(n.output(0))));
        return normal(seed, Math.sqrt((writesOutput ? 1 : 2) / fan), data.dims());
    }

    private static boolean isNorm(Graph graph, String name) {
        return graph.nodes().stream()
                .anyMatch(n -> n.opType().endsWith("Normalization") && n.inputs().contains(name));
    }

    /** The input of the first node that takes it, −1 if none does. */
    private static int role(Graph graph, String name) {
        return graph.nodes().stream().filter(n -> n.inputs().contains(name)).findFirst()
                .map(n -> n.inputs().indexOf(name)).orElse(-1);
    }

    private static TensorData filled(TensorData like, float value) {
        float[] values = new float[Math.toIntExact(like.elements())];
        Arrays.fill(values, value);
        return TensorData.of(values, like.dims());
    }
}
