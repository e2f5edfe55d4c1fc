package dev.orbifold.engine;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Turns a Graph into the slots and steps of a {@link Program}. */
final class Compiler {
    /** Operators whose result changes from run to run or with the {@link Mode}. */
    private static final Set<String> NEVER_FOLDED = Set.of("Dropout", "BatchNormalization");
    /** Folded values above this size are not looked into when later nodes are compiled. */
    private static final int MOST_CONTENT = 4096;

    private final Graph graph;
    private final Device device;
    private final DataType real;

    private final Map<String, String> aliases = new HashMap<>();
    private final Map<String, Integer> slots = new LinkedHashMap<>();
    private final List<@Nullable Tensor> own = new ArrayList<>();
    private final List<@Nullable HostValue> hosts = new ArrayList<>();
    private final Map<Integer, TensorData> contents = new HashMap<>();
    private final Map<Integer, Integer> readers = new HashMap<>();
    private final Map<Integer, String> producers = new HashMap<>();
    private final Map<String, Integer> parameters = new LinkedHashMap<>();
    private final Set<Integer> fed = new HashSet<>();
    private final BitSet constant = new BitSet();
    private final BitSet onHost = new BitSet();
    private final List<Program.Step> steps = new ArrayList<>();
    private final List<String> unsupported = new ArrayList<>();

    Compiler(Graph graph, Device device, DataType real) {
        this.graph = graph;
        this.device = device;
        this.real = real;
    }

    Program compile(PointerScope scope) {
        List<Node> live = live();
        Map<String, Integer> inputs = new LinkedHashMap<>();
        graph.inputs().forEach(input -> inputs.put(input.name(), slot(input.name())));
        fed.addAll(inputs.values());
        countReaders(live);
        try (NoGradGuard noGrad = new NoGradGuard()) {
            for (Node node : live) {
                add(node);
            }
        }
        if (!unsupported.isEmpty()) {
            throw new UnsupportedOperatorsException(unsupported);
        }
        Map<String, Integer> outputs = new LinkedHashMap<>();
        for (ValueInfo output : graph.outputs()) {
            outputs.put(output.name(), read(output.name()));
        }
        for (int slot = constant.nextSetBit(0); slot >= 0; slot = constant.nextSetBit(slot + 1)) {
            HostValue host = hosts.get(slot);
            if (own.get(slot) == null && host != null) {
                own.set(slot, Tensors.of(host.data(), device));
            }
        }
        parameters.values().removeIf(slot -> !used(slot, outputs));
        return new Program(graph, device, real, scope, inputs, outputs, Collections.unmodifiableMap(parameters),
                own.toArray(new Tensor[0]), hosts.toArray(new HostValue[0]), freed(inputs, outputs));
    }

    private boolean used(int slot, Map<String, Integer> outputs) {
        return outputs.containsValue(slot)
                || steps.stream().anyMatch(step -> Arrays.stream(step.inputs()).anyMatch(in -> in == slot));
    }

    /** The nodes an output depends on; Identity nodes become other names of what they pass on. */
    private List<Node> live() {
        Set<String> wanted = new HashSet<>();
        graph.outputs().forEach(output -> wanted.add(output.name()));
        List<Node> live = new ArrayList<>();
        for (Node node : graph.nodes().reversed()) {
            if (node.outputs().stream().anyMatch(wanted::contains)) {
                live.add(node);
                wanted.addAll(node.inputs());
                for (Attribute attribute : node.attributes().values()) {
                    if (attribute instanceof Attribute.Subgraph subgraph) {
                        wanted.addAll(subgraph.captured());
                    }
                }
            }
        }
        Collections.reverse(live);
        live.removeIf(node -> {
            boolean identity = node.opType().equals("Identity") && node.domain().isEmpty();
            if (identity) {
                aliases.put(node.output(0), name(node.input(0)));
            }
            return identity;
        });
        return live;
    }

    private String name(String value) {
        return aliases.getOrDefault(value, value);
    }

    private void countReaders(List<Node> live) {
        for (Node node : live) {
            for (String input : node.inputs()) {
                if (!input.isEmpty()) {
                    readers.merge(slot(name(input)), 1, Integer::sum);
                }
            }
        }
        graph.outputs().forEach(output -> readers.merge(slot(name(output.name())), 1, Integer::sum));
    }

    /** The slot of a value, made on first sight. */
    private int slot(String value) {
        return slots.computeIfAbsent(value, v -> {
            own.add(null);
            hosts.add(null);
            return own.size() - 1;
        });
    }

    /** The slot of a value somebody reads; initializers are loaded here. */
    private int read(String value) {
        String name = name(value);
        int slot = slot(name);
        TensorData data = graph.parameters().get(name);
        if (data != null && own.get(slot) == null && hosts.get(slot) == null) {
            load(slot, data);
            if (data.type().isReal()) {
                parameters.put(name, slot);
            } else {
                constant.set(slot);
            }
        }
        return slot;
    }

    private void load(int slot, TensorData data) {
        contents.put(slot, data);
        if (HostValue.fits(data.type(), data.elements())) {
            hosts.set(slot, HostValue.of(data));
            onHost.set(slot);
            return;
        }
        Tensor tensor = Tensors.of(data, device);
        own.set(slot, real == DataType.DOUBLE && data.type().isReal() ? tensor.to(Tensors.scalarType(real)) : tensor);
    }

    private void add(Node node) {
        int[] ins;
        try {
            ins = node.inputs().stream().mapToInt(input -> input.isEmpty() ? Frame.NONE : read(input)).toArray();
        } catch (EngineException e) {
            unsupported.add(node.label() + ": " + e.getMessage());
            return;
        }
        int[] outs = node.outputs().stream().mapToInt(output -> output.isEmpty() ? Frame.NONE : slot(output)).toArray();
        if (node.opType().equals("Constant") && node.domain().isEmpty()) {
            addConstant(node, outs[0]);
            return;
        }
        boolean hostInputs = Arrays.stream(ins).allMatch(in -> in == Frame.NONE || onHost.get(in));
        boolean mayStayOnHost = node.domain().isEmpty() && (hostInputs || HostKernels.takesTensors(node.opType()));
        Kernel.Factory host = mayStayOnHost ? HostKernels.TABLE.get(node.opType()) : null;
        boolean lastReader = ins.length > 0 && ins[0] != Frame.NONE && readers.getOrDefault(ins[0], 0) == 1
                && producers.containsKey(ins[0]);
        Site site = new Site(node, graph.opset(), ins, outs, contents, constant, real, lastReader,
                ins.length > 0 ? producers.getOrDefault(ins[0], "") : "", ins.length > 0 && fed.contains(ins[0]));
        Kernel kernel;
        try {
            kernel = host != null && HostKernels.accepts(site)
                    ? onHost(host.compile(site), outs)
                    : Operators.factory(node).compile(site);
        } catch (Site.Unsupported e) {
            unsupported.add(node.label() + ": " + e.getMessage());
            return;
        }
        boolean fold = unsupported.isEmpty() && !NEVER_FOLDED.contains(node.opType())
                && Arrays.stream(ins).allMatch(in -> in == Frame.NONE || constant.get(in));
        if (fold) {
            fold(kernel, outs);
            return;
        }
        for (int out : outs) {
            producers.put(out, node.opType());
        }
        steps.add(new Program.Step(kernel, node.label(), ins, outs, new int[0]));
    }

    private Kernel onHost(Kernel kernel, int[] outs) {
        for (int out : outs) {
            if (out != Frame.NONE) {
                onHost.set(out);
            }
        }
        return kernel;
    }

    private void addConstant(Node node, int out) {
        try {
            load(out, constantOf(node));
            constant.set(out);
        } catch (Site.Unsupported | EngineException e) {
            unsupported.add(node.label() + ": " + e.getMessage());
        }
    }

    private static TensorData constantOf(Node node) {
        for (Map.Entry<String, Attribute> attribute : node.attributes().entrySet()) {
            switch (attribute.getValue()) {
                case Attribute.Tensor tensor -> {
                    return tensor.value();
                }
                case Attribute.Int one -> {
                    return TensorData.of(new long[] {one.value()});
                }
                case Attribute.Real one -> {
                    return TensorData.of(new float[] {one.value()});
                }
                case Attribute.Ints list -> {
                    return TensorData.of(list.values().stream().mapToLong(Long::longValue).toArray(),
                            list.values().size());
                }
                case Attribute.Reals list -> {
                    float[] values = new float[list.values().size()];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = list.values().get(i);
                    }
                    return TensorData.of(values, values.length);
                }
                default -> throw new Site.Unsupported(
                        "constants given as " + attribute.getKey() + " are not supported");
            }
        }
        throw new Site.Unsupported("it has no value");
    }

    /** Runs a node whose inputs are all constant once, now. */
    private void fold(Kernel kernel, int[] outs) {
        Frame frame = new Frame(device, false, own.toArray(new Tensor[0]), hosts.toArray(new HostValue[0]));
        kernel.run(frame);
        for (int out : outs) {
            if (out == Frame.NONE) {
                continue;
            }
            HostValue host = frame.hostOrNull(out);
            Tensor tensor = frame.tensorOrNull(out);
            constant.set(out);
            if (tensor != null) {
                own.set(out, tensor);
                if (tensor.numel() <= MOST_CONTENT) {
                    TensorData data = Tensors.toData(tensor);
                    contents.put(out, data);
                    if (HostValue.fits(data.type(), data.elements())) {
                        hosts.set(out, HostValue.of(data));
                        onHost.set(out);
                    }
                }
            } else if (host != null) {
                hosts.set(out, host);
                onHost.set(out);
                contents.put(out, host.data());
            }
        }
    }

    /** The steps, each with the slots nobody reads after it. */
    private List<Program.Step> freed(Map<String, Integer> inputs, Map<String, Integer> outputs) {
        BitSet seen = new BitSet();
        outputs.values().forEach(seen::set);
        inputs.values().forEach(seen::set);
        parameters.values().forEach(seen::set);
        seen.or(constant);
        List<Program.Step> result = new ArrayList<>(steps);
        for (int i = result.size() - 1; i >= 0; i--) {
            Program.Step step = result.get(i);
            List<Integer> last = new ArrayList<>();
            for (int[] side : new int[][] {step.outputs(), step.inputs()}) {
                for (int slot : side) {
                    if (slot != Frame.NONE && !seen.get(slot)) {
                        seen.set(slot);
                        last.add(slot);
                    }
                }
            }
            result.set(i, step.freeing(last.stream().mapToInt(Integer::intValue).toArray()));
        }
        return result;
    }
}
