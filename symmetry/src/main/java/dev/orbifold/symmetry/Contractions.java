package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.List;
import java.util.Optional;

/** What all sums over products share: the axis summed over is read by one side and carried by the other. */
final class Contractions {
    private Contractions() {
    }

    /**
     * Sums over an axis: the two sides move together, with scales that cancel.
     *
     * @param left what the data carry on the axis
     * @param right what the weights carry on it
     */
    static void contract(Inference in, Node node, Optional<Elements> left, Optional<Elements> right) {
        if (left.isPresent() && right.isPresent()) {
            in.relate(List.of(left.get(), right.get()), Scales.linear(1, 1));
            in.coordinates().role(left.get(), Slot.Role.READS, true);
            in.coordinates().role(right.get(), Slot.Role.READS, true);
        } else {
            String reason = node.label() + " sums it against fixed positions";
            left.ifPresent(row -> in.pin(row, reason));
            right.ifPresent(row -> in.pin(row, reason));
        }
    }

    /** Notes that an axis of the weights makes units. */
    static void write(Inference in, Optional<Elements> weights) {
        weights.ifPresent(row -> in.coordinates().role(row, Slot.Role.WRITES, true));
    }

    /** Adds a bias along an axis: the same scale as what it is added to. */
    static void bias(Inference in, Node node, String bias, Optional<Elements> out) {
        if (bias.isEmpty()) {
            return;
        }
        Typed type = in.resolved(bias);
        Optional<Elements> row = type.elements(type.rank() - 1);
        if (row.isPresent() && out.isPresent()) {
            in.coordinates().role(row.get(), Slot.Role.WRITES, false);
            in.relate(List.of(out.get(), row.get()), Scales.equal(0, 1, 2));
            return;
        }
        row.ifPresent(r -> in.pin(r, node.label() + " adds it to fixed positions"));
        Optional<Double> uniform = in.uniform(bias);
        if (out.isPresent() && uniform.isPresent()) {
            in.relate(List.of(out.get()), (uniform.get() == 0 ? Passes.ALL : Passes.NONE).scales(0, 1));
        } else {
            out.ifPresent(r -> in.pin(r, node.label() + " adds data at fixed positions"));
        }
    }
}
