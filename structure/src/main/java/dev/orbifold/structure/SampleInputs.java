package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Random inputs that a Graph accepts: standard normal numbers for real inputs, valid rows of the table for integers that
 * index one, zeros and ones for other integers and booleans.
 */
final class SampleInputs {
    private static final int OTHER_SYMBOL = 4;

    private final Graph graph;
    private final Shapes shapes;

    SampleInputs(Graph graph) {
        this.graph = graph;
        shapes = Shapes.of(graph);
    }

    /** The batch size the Graph insists on, or the one wanted where it takes any. */
    int batch(int wanted) {
        for (ValueInfo input : graph.inputs()) {
            if (input.shape().isPresent() && input.shape().get().rank() > 0) {
                Dim first = input.shape().get().dim(0);
                return first.isFixed() ? (int) first.size() : wanted;
            }
        }
        return wanted;
    }

    /**
     * One batch.
     *
     * @throws StructureException if an input has no declared shape or a type that cannot be drawn
     */
    Map<String, TensorData> draw(int batch, Seed seed) {
        Map<String, TensorData> drawn = new LinkedHashMap<>();
        for (ValueInfo input : graph.inputs()) {
            Shape shape = input.shape().orElseThrow(
                    () -> new StructureException("input " + input.name() + " declares no shape; give data for it"));
            DataType type = input.type().orElse(DataType.FLOAT);
            drawn.put(input.name(),
                    tensor(input.name(), type, dims(shape, batch), seed.split(input.name()).generator()));
        }
        return drawn;
    }

    private static long[] dims(Shape shape, int batch) {
        long[] dims = shape.sizes(OTHER_SYMBOL);
        if (dims.length > 0 && !shape.dim(0).isFixed()) {
            String symbol = shape.dim(0).symbol();
            for (int a = 0; a < dims.length; a++) {
                boolean same = a == 0 || !shape.dim(a).isFixed() && shape.dim(a).symbol().equals(symbol)
                        && !shape.dim(a).equals(Dim.UNKNOWN);
                dims[a] = same ? batch : dims[a];
            }
        }
        return dims;
    }

    private TensorData tensor(String name, DataType type, long[] dims, RandomGenerator random) {
        int n = Math.toIntExact(Shape.of(dims).dims().stream().mapToLong(Dim::size).reduce(1, Math::multiplyExact));
        return switch (type) {
            case FLOAT -> {
                float[] values = new float[n];
                for (int i = 0; i < n; i++) {
                    values[i] = (float) random.nextGaussian();
                }
                yield TensorData.of(values, dims);
            }
            case DOUBLE -> TensorData.of(random.doubles(n, -1, 1).toArray(), dims);
            case INT64 -> TensorData.of(random.longs(n, 0, rows(name)).toArray(), dims);
            case INT32, BOOL -> {
                MemorySegment bytes = MemorySegment.ofArray(new byte[n * type.bytes()]);
                for (int i = 0; i < n; i++) {
                    long v = random.nextLong(type == DataType.BOOL ? 2 : rows(name));
                    if (type == DataType.BOOL) {
                        bytes.set(ValueLayout.JAVA_BYTE, i, (byte) v);
                    } else {
                        bytes.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), i, (int) v);
                    }
                }
                yield new TensorData(type, dims, bytes);
            }
            default -> throw new StructureException("no random values for input " + name + " of type " + type
                    + "; give data for it");
        };
    }

    /** The rows of the smallest table that an integer input, possibly cast or moved, indexes; 2 where it indexes none. */
    private long rows(String input) {
        Set<String> same = new HashSet<>(Set.of(input));
        long rows = Long.MAX_VALUE;
        for (Node node : graph.nodes()) {
            boolean passes = Set.of("Cast", "Identity", "Reshape", "Unsqueeze", "Squeeze", "Slice", "Transpose")
                    .contains(node.opType());
            if (passes && same.contains(node.input(0))) {
                same.add(node.output(0));
            }
            if (node.opType().equals("Gather") && same.contains(node.input(1))) {
                int axis = (int) node.integer("axis", 0);
                Optional<Dim> dim = shapes.shape(node.input(0)).map(s -> s.dim(axis));
                if (dim.isPresent() && dim.get().isFixed()) {
                    rows = Math.min(rows, dim.get().size());
                }
            }
        }
        return rows == Long.MAX_VALUE ? 2 : rows;
    }
}
