package dev.orbifold.graph;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Reads and writes ONNX files (IR version 3 and later, opset 11 to 23).
 *
 * <p>
 * What did not change since a Graph was read is written back byte for byte and in its old order: unknown operators and
 * fields, doc strings, metadata, functions, subgraphs. An unchanged Graph gives the identical file. Where
 * nodes or the shapes of parameters changed, declarations of inner values ({@link Graph#declared()}) that shape inference
 * does not confirm are left out, and outputs it contradicts are corrected.
 */
public final class OnnxFile {
    /** Protobuf's own limit on one message. */
    private static final long LARGEST = Integer.MAX_VALUE;
    private static final long SMALLEST_EXTERNAL = 1024;
    private static final int ALIGNMENT = 4096;

    private OnnxFile() {
    }

    /**
     * Reads a model, memory-mapped.
     *
     * @throws GraphException if it cannot be read; one sentence that names the file and what is wrong with it
     */
    public static Graph read(Path file) {
        try {
            if (Files.isDirectory(file)) {
                throw new GraphException("it is a folder");
            }
            MemorySegment bytes = ExternalData.map(file);
            if (bytes.byteSize() == 0) {
                throw new GraphException("the file is empty");
            }
            return new OnnxReader(bytes, Optional.of(file.toAbsolutePath())).read();
        } catch (IOException e) {
            throw new GraphException("cannot read " + file + ": " + ExternalData.reason(e), e);
        } catch (GraphException e) {
            throw new GraphException("cannot read " + file + " as an ONNX model: " + e.getMessage(), e);
        }
    }

    /**
     * Reads a model from memory; it cannot have external data.
     *
     * @throws GraphException if it cannot be read; one sentence that says what is wrong with it
     */
    public static Graph read(byte[] model) {
        try {
            return new OnnxReader(MemorySegment.ofArray(model.clone()), Optional.empty()).read();
        } catch (GraphException e) {
            throw new GraphException("cannot read the bytes as an ONNX model: " + e.getMessage(), e);
        }
    }

    /**
     * Writes a model atomically; what did not change since it was read is written back byte for byte.
     *
     * <p>
     * Tensors that were in an external file stay where they are if the model is written into the folder it was read
     * from and they did not change. Otherwise they go into a new file named like the model with {@code .data} appended,
     * as do the tensors of models that exceed protobuf's 2 GB.
     *
     * @throws GraphException if it cannot be written; no partial file is left
     */
    public static void write(Graph graph, Path file) {
        Path target = file.toAbsolutePath();
        Optional<OnnxOrigin> origin = origin(graph);
        boolean external = origin.map(OnnxOrigin::external).orElse(false);
        boolean keeps = external
                && origin.flatMap(OnnxOrigin::folder).map(f -> f.equals(target.getParent())).orElse(false);
        if (origin.isPresent() && unchanged(graph, origin.get()) && (keeps || !external)) {
            AtomicFile.write(target, channel -> WireMessage.write(origin.get().bytes(), channel));
            return;
        }
        Beside plan = new Beside(keeps, externals(origin), target);
        WireMessage model = new OnnxWriter(graph, plan).model();
        if (model.size() > LARGEST) {
            plan = new Beside(keeps, graph.parameters().keySet(), target);
            model = new OnnxWriter(graph, plan).model();
        }
        if (model.size() > LARGEST) {
            throw new GraphException("cannot write " + file + ": the model needs " + model.size()
                    + " bytes besides its parameters, the format allows " + LARGEST);
        }
        if (!plan.offsets.isEmpty()) {
            AtomicFile.write(plan.data, plan::writeTo);
        }
        AtomicFile.write(target, model::writeTo);
    }

    /**
     * The bytes {@link #write} would write, with all tensors inside (for runtimes that load from memory).
     *
     * @throws GraphException if they exceed 2 GB
     */
    public static byte[] bytes(Graph graph) {
        Optional<OnnxOrigin> origin = origin(graph);
        if (origin.isPresent() && !origin.get().external() && unchanged(graph, origin.get())) {
            return origin.get().bytes().toArray(ValueLayout.JAVA_BYTE);
        }
        WireMessage model = new OnnxWriter(graph, new Inside()).model();
        if (model.size() > LARGEST - 8) {
            throw new GraphException("the model needs " + model.size() + " bytes, which is more than the " + LARGEST
                    + " that fit into memory as one message; write it to a file instead");
        }
        return model.toBytes();
    }

    private static Optional<OnnxOrigin> origin(Graph graph) {
        return graph.origin() instanceof OnnxOrigin o ? Optional.of(o) : Optional.empty();
    }

    private static boolean unchanged(Graph graph, OnnxOrigin origin) {
        Graph old = origin.graph();
        return graph.name().equals(old.name()) && graph.opsets().equals(old.opsets())
                && graph.inputs().equals(old.inputs()) && graph.outputs().equals(old.outputs())
                && graph.declared().equals(old.declared()) && graph.nodes().size() == old.nodes().size()
                && IntStream.range(0, old.nodes().size())
                        .allMatch(i -> graph.nodes().get(i) == old.nodes().get(i))
                && graph.parameters().equals(old.parameters())
                && List.copyOf(graph.parameters().keySet())
                        .equals(List.copyOf(old.parameters().keySet()));
    }

    private static Set<String> externals(Optional<OnnxOrigin> origin) {
        Set<String> names = new HashSet<>();
        origin.ifPresent(o -> o.entries().stream().filter(OnnxOrigin.Entry::external)
                .filter(e -> !e.name().isEmpty()).forEach(e -> names.add(e.name())));
        return names;
    }

    /** Everything inside the model. */
    private record Inside() implements OnnxWriter.TensorPlan {
        @Override
        public boolean keepsExternal() {
            return false;
        }

        @Override
        public boolean moves(String name) {
            return false;
        }

        @Override
        public WireMessage tensor(String name, TensorData data) {
            return TensorProto.write(name, data);
        }
    }

    /** Some tensors in a file beside the model. */
    private static final class Beside implements OnnxWriter.TensorPlan {
        private final boolean keeps;
        private final Set<String> outside;
        private final Path data;
        private final Map<Long, TensorData> offsets = new TreeMap<>();
        private long end;

        Beside(boolean keeps, Set<String> outside, Path model) {
            this.keeps = keeps;
            this.outside = new HashSet<>(outside);
            this.data = free(model, keeps);
        }

        /** A name that no tensor which stays where it is can be stored under. */
        private static Path free(Path model, boolean keeps) {
            Path data = model.resolveSibling(model.getFileName() + ".data");
            for (int i = 1; keeps && Files.exists(data); i++) {
                data = model.resolveSibling(model.getFileName() + "." + i + ".data");
            }
            return data;
        }

        @Override
        public boolean keepsExternal() {
            return keeps;
        }

        @Override
        public boolean moves(String name) {
            return outside.contains(name);
        }

        @Override
        public WireMessage tensor(String name, TensorData tensor) {
            long size = tensor.bytes().byteSize();
            if (size < SMALLEST_EXTERNAL || !outside.contains(name) || tensor.type() == DataType.STRING) {
                return TensorProto.write(name, tensor);
            }
            long offset = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            offsets.put(offset, tensor);
            end = offset + size;
            return TensorProto.writeExternal(name, tensor, data.getFileName().toString(), offset);
        }

        void writeTo(FileChannel channel) throws IOException {
            for (Map.Entry<Long, TensorData> entry : offsets.entrySet()) {
                channel.position(entry.getKey());
                WireMessage.write(entry.getValue().bytes(), channel);
            }
        }
    }
}
