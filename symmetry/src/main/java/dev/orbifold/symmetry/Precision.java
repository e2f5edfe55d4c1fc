package dev.orbifold.symmetry;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shapes;
import java.util.Optional;

/** How finely real types divide numbers, and where a Graph computes more finely than it stores. */
final class Precision {
    private Precision() {
    }

    /** The distance from 1 to the next number of a real type. */
    static double epsilon(DataType type) {
        return switch (type) {
            case DOUBLE -> 0x1p-52;
            case FLOAT -> 0x1p-23;
            case FLOAT16 -> 0x1p-10;
            case BFLOAT16 -> 0x1p-7;
            default -> throw new IllegalArgumentException(type + " is no real type");
        };
    }

    /** The distance from a number to the next of its type, without the limits of its exponent. */
    static double spacing(DataType type, double value) {
        return Double.isFinite(value) ? Math.scalb(epsilon(type), Math.getExponent(value)) : Double.POSITIVE_INFINITY;
    }

    /**
     * Whether a Cast hands a parameter on, as it is or rearranged, in a type that is finer than its own. What multiplies the
     * parameter or adds to it is rounded more coarsely than the Graph computes; exchanges and signs are exact.
     */
    static boolean raises(Node cast, Graph graph, Shapes shapes) {
        Optional<DataType> to = shapes.type(cast.output(0)).filter(DataType::isReal);
        Optional<DataType> from = stored(cast.input(0), graph).filter(DataType::isReal);
        return to.isPresent() && from.isPresent() && epsilon(from.get()) > epsilon(to.get());
    }

    /** The type of the parameter, or of the tensor of a Constant, that a value is as it is or rearranged. */
    private static Optional<DataType> stored(String value, Graph graph) {
        if (graph.parameters().containsKey(value)) {
            return graph.parameter(value).map(t -> t.type());
        }
        Optional<Node> made = graph.nodes().stream().filter(n -> n.outputs().contains(value)).findFirst();
        return made.filter(Tensors::isConstant).map(n -> Tensors.real(graph).get(value)).map(t -> t.type())
                .or(() -> made.filter(ShiftFacts::arranges).flatMap(n -> stored(n.input(0), graph)));
    }
}
