package dev.orbifold.symmetry;

import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Graph inputs that are no data but say how large something is: shapes, repeats, axes and bounds. Not any number will do. */
final class SizeInputs {
    /** What an operator's inputs from the second on (ConstantOfShape, Range: the first) say, where it is a size. */
    private static final Map<String, String> SAID = Map.ofEntries(Map.entry("Reshape", "shape"),
            Map.entry("Expand", "shape"), Map.entry("ConstantOfShape", "shape"), Map.entry("Tile", "repeats"),
            Map.entry("Slice", "bounds"), Map.entry("Range", "bounds"), Map.entry("TopK", "number of elements"),
            Map.entry("OneHot", "depth"), Map.entry("Resize", "sizes"), Map.entry("Upsample", "scales"),
            Map.entry("Pad", "pads"), Map.entry("Squeeze", "axes"), Map.entry("Unsqueeze", "axes"),
            Map.entry("Split", "sizes"), Map.entry("ReduceSum", "axes"), Map.entry("ReduceMean", "axes"),
            Map.entry("ReduceMax", "axes"), Map.entry("ReduceMin", "axes"), Map.entry("CumSum", "axis"),
            Map.entry("CenterCropPad", "shape"));
    private static final Set<String> FROM_THE_FIRST = Set.of("ConstantOfShape", "Range");
    private static final Set<String> PASSES = Set.of("Cast", "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze",
            "Slice", "Gather", "Concat", "Add", "Sub", "Mul", "Div");

    private SizeInputs() {
    }

    /**
     * Values of an input that is, as it comes, what a Reshape, Expand, ConstantOfShape or Tile makes: the shape that the Graph
     * declares of the result, or else one that the operator itself takes whatever it is given. Empty for any other input.
     *
     * @param length how many numbers the input has
     * @param symbols the sizes of symbolic dimensions
     */
    static Optional<long[]> values(Graph graph, Shapes shapes, String input, int length, Map<String, Long> symbols) {
        Set<String> same = new HashSet<>(Set.of(input));
        for (Node node : graph.nodes()) {
            boolean passes = node.opType().equals("Cast") || node.opType().equals("Identity");
            if (passes && same.contains(node.input(0))) {
                same.add(node.output(0));
            }
            int at = node.opType().equals("ConstantOfShape") ? 0 : 1;
            if (node.inputs().size() <= at || !same.contains(node.input(at))) {
                continue;
            }
            switch (node.opType()) {
                case "Tile" -> {
                    return Optional.of(ones(length));
                }
                case "Reshape", "Expand", "ConstantOfShape" -> {
                    return Optional.of(shape(node, shapes, length, symbols));
                }
                default -> {
                }
            }
        }
        return Optional.empty();
    }

    private static long[] shape(Node node, Shapes shapes, int length, Map<String, Long> symbols) {
        boolean reshapes = node.opType().equals("Reshape");
        long[] values = ones(length);
        Optional<Shape> made = shapes.shape(node.output(0)).filter(s -> s.rank() == length);
        int open = 0;
        for (int a = 0; a < length; a++) {
            Dim dim = made.isPresent() ? made.get().dim(a) : Dim.UNKNOWN;
            Optional<Long> size = dim.isFixed() ? Optional.of(dim.size())
                    : dim.equals(Dim.UNKNOWN) ? Optional.empty() : Optional.ofNullable(symbols.get(dim.symbol()));
            open += size.isPresent() ? 0 : 1;
            values[a] = size.orElse(reshapes ? -1L : 1L);
        }
        return reshapes && open > 1 ? kept(shapes.shape(node.input(0)).map(Shape::rank).orElse(1), length) : values;
    }

    /** What any tensor can be reshaped to: its own axes (0), the last ones as one (-1), and axes of length one behind. */
    private static long[] kept(int rank, int length) {
        long[] values = ones(length);
        int last = Math.max(Math.min(rank, length) - 1, 0);
        Arrays.fill(values, 0, last, 0);
        values[last] = -1;
        return values;
    }

    private static long[] ones(int length) {
        long[] ones = new long[length];
        Arrays.fill(ones, 1);
        return ones;
    }

    /** A graph input whose numbers, not only whose shape, a value of sizes is made from. */
    static Optional<String> behind(Graph graph, String value) {
        Set<String> made = new HashSet<>(Set.of(value));
        for (int n = graph.nodes().size() - 1; n >= 0; n--) {
            Node node = graph.nodes().get(n);
            boolean asks = node.opType().equals("Shape") || node.opType().equals("Size");
            if (!asks && node.outputs().stream().anyMatch(made::contains)) {
                made.addAll(node.inputs());
            }
        }
        return graph.inputs().stream().map(ValueInfo::name)
                .filter(i -> made.contains(i) && !graph.parameters().containsKey(i)).findFirst();
    }

    /** The inputs that reach an operator as a size, each in words such as "size, the shape of Reshape r". */
    static List<String> uses(Graph graph) {
        List<String> uses = new ArrayList<>();
        for (ValueInfo input : graph.inputs()) {
            Set<String> from = new HashSet<>(Set.of(input.name()));
            for (Node node : graph.nodes()) {
                String said = SAID.getOrDefault(node.opType(), "");
                List<String> sizes = node.inputs()
                        .subList(FROM_THE_FIRST.contains(node.opType()) ? 0 : Math.min(1, node.inputs().size()),
                                node.inputs().size());
                if (!said.isEmpty() && sizes.stream().anyMatch(from::contains)) {
                    uses.add(input.name() + ", the " + said + " of " + node.label());
                    break;
                }
                if (PASSES.contains(node.opType()) && node.inputs().stream().anyMatch(from::contains)) {
                    from.addAll(node.outputs());
                }
            }
        }
        return uses;
    }
}
