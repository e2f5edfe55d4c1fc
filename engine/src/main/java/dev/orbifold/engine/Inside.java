package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What happens inside a Graph on one batch, in float64 and evaluation mode.
 *
 * @param values inner values by name; integer inputs keep their type
 * @param cotangents per draw, by name: the gradient of a random combination of all outputs with respect to an inner value;
 *            values that do not depend on trainable parameters are absent
 */
public record Inside(Map<String, TensorData> values, List<Map<String, TensorData>> cotangents) {
    /** Copies the list. */
    public Inside {
        cotangents = List.copyOf(cotangents);
    }

    /**
     * One of the values.
     *
     * @throws EngineException if it was not asked for
     */
    public TensorData value(String name) {
        return known(values, name);
    }

    private static <T> T known(Map<String, T> map, String name) {
        T value = map.get(name);
        if (value == null) {
            throw new EngineException("the value " + name + " was not looked at");
        }
        return value;
    }

    /**
     * Looks at inner values of a Graph, and at how random combinations of the outputs depend on them.
     *
     * @param names values of the Graph that nodes make, or its inputs
     * @param batches the inputs of each batch
     * @param draws how many random combinations, normal and independent for every output element
     * @return what was seen, per batch
     * @throws EngineException if a name is unknown or a batch does not fit
     * @throws UnsupportedOperatorsException if the engine lacks operators
     */
    public static List<Inside> of(Graph graph, List<String> names, List<Map<String, TensorData>> batches, int draws,
            Seed seed) {
        Natives.load();
        List<String> fed = graph.inputs().stream().map(ValueInfo::name).toList();
        Map<String, ValueInfo> outputs = new LinkedHashMap<>();
        graph.outputs().forEach(o -> outputs.put(o.name(), o));
        names.stream().filter(n -> !fed.contains(n)).forEach(
                n -> outputs.putIfAbsent(n, new ValueInfo(n, Optional.empty(), Optional.empty())));
        Graph open = new Graph(graph.name(), graph.opsets(), graph.inputs(), List.copyOf(outputs.values()),
                graph.nodes(), graph.parameters(), graph.declared(), graph.origin());
        List<Inside> seen = new ArrayList<>();
        try (Program program = Program.compile(open, Device.cpu(), DataType.DOUBLE);
                PointerScope scope = new PointerScope()) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            program.trainable()
                    .forEach(name -> weights.put(name, Jacobian.leaf(known(graph.parameters(), name))));
            for (Map<String, TensorData> batch : batches) {
                try (PointerScope inner = new PointerScope()) {
                    seen.add(look(program, graph, names, weights, batch, draws, seed.split(seen.size())));
                }
            }
        }
        return seen;
    }

    private static Inside look(Program program, Graph graph, List<String> names, Map<String, Tensor> weights,
            Map<String, TensorData> batch, int draws, Seed seed) {
        Map<String, Tensor> given = new LinkedHashMap<>(weights);
        batch.forEach((name, data) -> given.put(name, Tensors.of(data, Device.cpu())));
        Map<String, Tensor> found = program.run(given, Mode.EVALUATION);
        Map<String, TensorData> values = new LinkedHashMap<>();
        for (String name : names) {
            Tensor value = found.containsKey(name) ? known(found, name) : known(given, name);
            values.put(name, Tensors.toData(value.is_floating_point() ? value.to(ScalarType.Double) : value));
        }
        List<Tensor> ends = graph.outputs().stream().map(o -> known(found, o.name())).filter(Tensor::requires_grad)
                .toList();
        Map<String, Tensor> moving = new LinkedHashMap<>();
        names.stream().filter(found::containsKey).forEach(n -> moving.put(n, known(found, n)));
        moving.values().removeIf(t -> !t.requires_grad());
        List<Map<String, TensorData>> cotangents = new ArrayList<>();
        for (int draw = 0; draw < draws && !moving.isEmpty() && !ends.isEmpty(); draw++) {
            cotangents.add(cotangents(ends, moving, seed.split(draw).generator()));
        }
        return new Inside(values, cotangents);
    }

    private static Map<String, TensorData> cotangents(List<Tensor> ends, Map<String, Tensor> moving,
            RandomGenerator random) {
        try (PointerScope inner = new PointerScope()) {
            List<Tensor> weights = ends.stream().map(o -> Tensors.of(TensorData.of(
                    random.doubles(o.numel()).map(x -> random.nextGaussian()).toArray(), Tensors.dims(o)),
                    Device.cpu())).toList();
            TensorVector gradients = torch.grad(Jacobian.vector(ends), Jacobian.vector(List.copyOf(moving.values())),
                    Jacobian.vector(weights), new BoolOptional(true), false, true);
            Map<String, TensorData> result = new LinkedHashMap<>();
            int i = 0;
            for (Map.Entry<String, Tensor> value : moving.entrySet()) {
                Tensor gradient = gradients.get(i++);
                result.put(value.getKey(), gradient.defined() ? Tensors.toData(gradient)
                        : TensorData.of(new double[(int) value.getValue().numel()], Tensors.dims(value.getValue())));
            }
            return result;
        }
    }
}
