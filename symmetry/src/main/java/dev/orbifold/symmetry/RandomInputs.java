package dev.orbifold.symmetry;

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
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Random inputs that fit a Graph: normal numbers, integers that are valid rows of the tables they index, and shapes that the
 * Graph declares.
 */
public final class RandomInputs {
    private static final int SEQUENCE = 8;
    private static final int IMAGE = 64;

    private RandomInputs() {
    }

    /**
     * One tensor per graph input.
     *
     * @param samples the size of a symbolic first dimension
     * @throws SymmetryException if an input's type or rank is not declared, or is neither real, integer nor boolean
     */
    public static Map<String, TensorData> of(Graph graph, Shapes shapes, int samples, Seed seed) {
        Map<String, Long> symbols = new HashMap<>();
        Map<String, long[]> sizes = new HashMap<>();
        Map<String, TensorData> inputs = new LinkedHashMap<>();
        for (ValueInfo input : graph.inputs()) {
            sizes.put(input.name(), dims(input, samples, symbols));
        }
        for (ValueInfo input : graph.inputs()) {
            DataType type = input.type().orElse(DataType.STRING);
            long[] dims = sizes.getOrDefault(input.name(), new long[0]);
            int size = Math.toIntExact(Arrays.stream(dims).reduce(1, Math::multiplyExact));
            RandomGenerator random = seed.split(input.name()).generator();
            boolean sized = (type == DataType.INT64 || type == DataType.INT32) && dims.length == 1;
            Optional<long[]> values =
                    sized ? SizeInputs.values(graph, shapes, input.name(), size, symbols) : Optional.empty();
            inputs.put(input.name(), values.isPresent() ? integers(type, values.get(), dims)
                    : draw(input.name(), type, dims, size, random, bound(graph, shapes, input.name())));
        }
        return inputs;
    }

    private static long[] dims(ValueInfo input, int samples, Map<String, Long> symbols) {
        Shape shape = input.shape().orElseThrow(
                () -> new SymmetryException("the input " + input.name() + " declares no shape to draw values for"));
        long[] dims = new long[shape.rank()];
        for (int a = 0; a < dims.length; a++) {
            Dim dim = shape.dim(a);
            long free = a == 0 ? samples : shape.rank() == 4 && a > 1 ? IMAGE : SEQUENCE;
            // An unnamed dimension is named by Shapes after the input and axis.
            String symbol = dim.isFixed() ? "" : dim.equals(Dim.UNKNOWN) ? input.name() + "[" + a + "]" : dim.symbol();
            dims[a] = dim.isFixed() ? dim.size() : symbols.computeIfAbsent(symbol, s -> free);
        }
        return dims;
    }

    private static TensorData draw(String name, DataType type, long[] dims, int size, RandomGenerator random,
            long bound) {
        return switch (type) {
            case FLOAT -> {
                float[] values = new float[size];
                for (int i = 0; i < size; i++) {
                    values[i] = (float) random.nextGaussian();
                }
                yield TensorData.of(values, dims);
            }
            case DOUBLE -> TensorData.of(random.doubles(size, -2, 2).toArray(), dims);
            case INT64, INT32 -> integers(type, random.longs(size, 0, bound).toArray(), dims);
            case BOOL -> {
                byte[] values = new byte[size];
                for (int i = 0; i < size; i++) {
                    values[i] = (byte) random.nextInt(2);
                }
                yield new TensorData(type, dims, MemorySegment.ofArray(values));
            }
            default -> throw new SymmetryException("the input " + name + " has elements of type " + type
                    + "; random values are drawn for float32, float64, int32, int64 and boolean inputs");
        };
    }

    private static TensorData integers(DataType type, long[] values, long[] dims) {
        if (type == DataType.INT64) {
            return TensorData.of(values, dims);
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[Integer.BYTES * values.length]);
        for (int i = 0; i < values.length; i++) {
            bytes.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), i, (int) values[i]);
        }
        return new TensorData(type, dims, bytes);
    }

    /** The smallest table an integer input indexes, followed through casts and changes of shape; 2 where there is none. */
    private static long bound(Graph graph, Shapes shapes, String input) {
        Set<String> same = new HashSet<>(Set.of(input));
        long bound = Long.MAX_VALUE;
        for (Node node : graph.nodes()) {
            boolean passes = switch (node.opType()) {
                case "Cast", "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice" -> true;
                default -> false;
            };
            if (passes && same.contains(node.input(0))) {
                same.add(node.output(0));
            }
            if (node.opType().equals("Gather") && same.contains(node.input(1))) {
                int axis = Math.toIntExact(node.integer("axis", 0));
                Dim rows = shapes.shape(node.input(0)).map(s -> s.dim(axis)).orElse(Dim.UNKNOWN);
                bound = rows.isFixed() ? Math.min(bound, rows.size()) : bound;
            }
        }
        return bound == Long.MAX_VALUE ? 2 : bound;
    }
}
