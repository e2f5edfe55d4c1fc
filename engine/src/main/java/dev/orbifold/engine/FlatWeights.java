package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The trainable parameters of a Program in one flat float32 buffer, with their gradients in a second one of the same
 * layout, and the running statistics beside them. Each parameter is a view that requires a gradient; its gradient
 * accumulates straight into the flat buffer. Views start at multiples of 64 bytes.
 */
public final class FlatWeights implements AutoCloseable {
    private static final int ALIGN = 16;

    /**
     * Where a parameter lies.
     *
     * @param name its name
     * @param offset its first element in the flat buffer
     * @param dims its shape
     */
    public record Place(String name, long offset, long[] dims) {
        /** The number of elements. */
        public long elements() {
            long n = 1;
            for (long d : dims) {
                n *= d;
            }
            return n;
        }
    }

    private final List<Place> places;
    private final Device device;
    private final PointerScope scope;
    private final Tensor values;
    private final Tensor gradients;
    private final Map<String, Tensor> views = new LinkedHashMap<>();
    private final Map<String, Tensor> state = new LinkedHashMap<>();

    private FlatWeights(Graph graph, List<String> trainable, List<String> stateNames, Device device) {
        this.device = device;
        this.places = new ArrayList<>();
        long offset = 0;
        for (String name : trainable) {
            TensorData data = data(graph, name);
            if (data.type() != DataType.FLOAT) {
                throw new EngineException("parameter " + name + " is " + data.type() + "; only FLOAT is trained");
            }
            places.add(new Place(name, offset, data.dims()));
            offset += (data.elements() + ALIGN - 1) / ALIGN * ALIGN;
        }
        // Extended: what is made here lives until close, whatever scope the caller is in.
        this.scope = new PointerScope().extend();
        try {
            values = Tensors.of(device, new float[Math.toIntExact(Math.max(1, offset))], Math.max(1, offset));
            gradients = torch.zeros_like(values);
            for (Place place : places) {
                Tensor view = values.narrow(0, place.offset(), place.elements()).view(place.dims()).detach();
                view.set_requires_grad(true);
                view.mutable_grad().put(gradients.narrow(0, place.offset(), place.elements()).view(place.dims()));
                views.put(place.name(), view);
            }
            for (String name : stateNames) {
                state.put(name, Tensors.of(data(graph, name), device));
            }
        } finally {
            scope.close();
        }
        read(graph);
    }

    private static TensorData data(Graph graph, String name) {
        return graph.parameter(name).orElseThrow(() -> new EngineException("the graph has no parameter " + name));
    }

    /**
     * Lays out parameters of a Graph, starting at the Graph's values.
     *
     * @param trainable names of the parameters to train, all FLOAT
     * @param state names of the running statistics
     */
    public static FlatWeights of(Graph graph, List<String> trainable, List<String> state, Device device) {
        Natives.load();
        return new FlatWeights(graph, trainable, state, device);
    }

    /** Where each parameter lies, in order. */
    public List<Place> places() {
        return List.copyOf(places);
    }

    /** The parameters by name: leaf tensors that require a gradient. */
    public Map<String, Tensor> views() {
        return views;
    }

    /** The running statistics by name. */
    public Map<String, Tensor> state() {
        return state;
    }

    /** The flat values; gaps between parameters are zero. */
    public Tensor values() {
        return values;
    }

    /** The flat gradients, laid out like the values. */
    public Tensor gradients() {
        return gradients;
    }

    /** Where the weights are. */
    public Device device() {
        return device;
    }

    /** Sets all gradients to zero. */
    public void zeroGradients() {
        gradients.zero_();
    }

    /** Takes every value and statistic from a Graph with the same parameters. */
    public void read(Graph graph) {
        try (PointerScope inner = new PointerScope()) {
            for (Place place : places) {
                values.narrow(0, place.offset(), place.elements())
                        .copy_(Tensors.of(data(graph, place.name()).reshaped(place.elements()), device));
            }
            state.forEach((name, tensor) -> tensor.copy_(Tensors.of(data(graph, name), device)));
        }
    }

    /** The Graph with the present values and statistics. */
    public Graph writeBack(Graph graph) {
        Map<String, TensorData> changed = new LinkedHashMap<>();
        views.forEach((name, tensor) -> changed.put(name, Tensors.toData(tensor)));
        state.forEach((name, tensor) -> changed.put(name, Tensors.toData(tensor)));
        return graph.replacing(changed);
    }

    /** All numbers of a flat tensor laid out like the values, by parameter. */
    public Map<String, TensorData> split(Tensor flat) {
        Map<String, TensorData> parts = new LinkedHashMap<>();
        try (PointerScope inner = new PointerScope()) {
            for (Place place : places) {
                parts.put(place.name(), Tensors
                        .toData(flat.narrow(0, place.offset(), place.elements()).view(place.dims())));
            }
        }
        return parts;
    }

    /** Writes numbers by parameter into a flat tensor laid out like the values; parameters not given become zero. */
    public void join(Map<String, TensorData> parts, Tensor flat) {
        try (PointerScope inner = new PointerScope()) {
            flat.zero_();
            for (Place place : places) {
                TensorData part = parts.get(place.name());
                if (part != null) {
                    flat.narrow(0, place.offset(), place.elements())
                            .copy_(Tensors.of(part.reshaped(place.elements()), device));
                }
            }
        }
    }

    /** The bytes a checkpoint needs, by section name: flat values and every statistic. */
    public Map<String, MemorySegment> sections() {
        Map<String, MemorySegment> sections = new LinkedHashMap<>();
        sections.put("weights", Tensors.toData(values).bytes());
        state.forEach((name, tensor) -> sections.put("state/" + name, Tensors.toData(tensor).bytes()));
        return sections;
    }

    /** Restores what {@link #sections} gave, bit for bit. */
    public void restore(java.util.function.Function<String, MemorySegment> sections) {
        try (PointerScope inner = new PointerScope()) {
            restore(values, "weights", sections);
            state.forEach((name, tensor) -> restore(tensor, "state/" + name, sections));
        }
    }

    private void restore(Tensor tensor, String name, java.util.function.Function<String, MemorySegment> sections) {
        tensor.copy_(Tensors.of(new TensorData(DataType.FLOAT, Tensors.dims(tensor), sections.apply(name)), device));
    }

    @Override
    public void close() {
        scope.deallocate();
    }
}
