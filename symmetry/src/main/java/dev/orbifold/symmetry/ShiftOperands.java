package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import java.util.Arrays;
import java.util.Optional;

/** Which parameter can take back what was added to a value: one that is added there, and nowhere else. */
final class ShiftOperands {
    private final ShiftFacts facts;

    ShiftOperands(ShiftFacts facts) {
        this.facts = facts;
    }

    /** The parameter that a value is, where it is read here alone. */
    Optional<ShiftOperand> operand(String value) {
        if (!facts.readOnce(value)) {
            return Optional.empty();
        }
        if (facts.isWeight(value)) {
            return Optional.of(new ShiftOperand(value, facts.parameterDims(value), Optional.empty()));
        }
        Optional<Node> node = facts.producer(value).filter(ShiftFacts::arranges)
                .filter(n -> !facts.raises(n));
        Optional<Shape> shape = facts.shape(value).filter(Shape::isFixed);
        if (node.isEmpty() || shape.isEmpty()) {
            return Optional.empty();
        }
        int[] dims = Arrays.stream(shape.get().sizes(1)).mapToInt(Math::toIntExact).toArray();
        return operand(node.get().input(0)).map(from -> node.get().opType().equals("Transpose")
                ? transposed(from, dims, ShiftFacts.permutation(node.get(), dims.length))
                : new ShiftOperand(from.parameter(), dims, from.order()));
    }

    private static ShiftOperand transposed(ShiftOperand from, int[] dims, int[] perm) {
        int[] strides = Offset.strides(from.dims());
        int[] places = Offset.walk(dims, Arrays.stream(perm).map(a -> strides[a]).toArray());
        return new ShiftOperand(from.parameter(), dims,
                Optional.of(from.order().map(o -> Arrays.stream(places).map(p -> o[p]).toArray()).orElse(places)));
    }

    /** A parameter that makes a value grow by the given Offset, and changes nothing else. */
    Optional<ShiftWalk.Absorbed> absorber(String value, Offset change) {
        Optional<ShiftOperand> own = operand(value);
        if (own.isPresent()) {
            return own.filter(o -> o.fits(change)).map(o -> new ShiftWalk.Absorbed(o, change));
        }
        Optional<Node> node = facts.producer(value).filter(n -> n.domain().isEmpty() && facts.readOnce(value)
                && !facts.composites().consumes(n) && facts.composites().endingIn(n).isEmpty());
        return node.flatMap(n -> behind(n, value, change));
    }

    private Optional<ShiftWalk.Absorbed> behind(Node node, String value, Offset change) {
        return switch (node.opType()) {
            case "Identity" -> absorber(node.input(0), change);
            case "Dropout" -> facts.trains(node) ? Optional.empty() : absorber(node.input(0), change);
            case "Add" -> absorber(node.input(0), change).or(() -> absorber(node.input(1), change));
            case "Sub" -> absorber(node.input(0), change).or(() -> absorber(node.input(1), change.times(-1)));
            case "Conv", "BatchNormalization" -> node.hasInput(2) && facts.rank(value) > 1
                    && node.output(0).equals(value)
                            ? change.aligned(facts.rank(value))
                                    .flatMap(ShiftOperands::perChannel).flatMap(o -> absorber(node.input(2), o))
                            : Optional.empty();
            case "LayerNormalization" -> node.hasInput(2) && node.output(0).equals(value)
                    ? absorber(node.input(2), change)
                    : Optional.empty();
            case "Gemm" -> node.hasInput(2) && node.real("beta", 1) != 0
                    ? absorber(node.input(2), change.times(1 / node.real("beta", 1)))
                    : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** An Offset that varies along axis 1 alone, as a vector of channels. */
    static Optional<Offset> perChannel(Offset offset) {
        for (int a = 0; a < offset.rank(); a++) {
            if (a != 1 && offset.varies(a)) {
                return Optional.empty();
            }
        }
        return offset.rank() < 2 ? Optional.empty() : Optional.of(offset.reshaped(offset.dim(1)));
    }
}
