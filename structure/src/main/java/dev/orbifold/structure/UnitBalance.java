package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * One scaling of one Space: per unit the factor t that makes Σ c·t^(2p) smallest, over the entries that t acts on, c being
 * the sum of squares of those multiplied by t^p. With powers 1 and −1 that is t⁴ = ‖out‖²/‖in‖².
 */
final class UnitBalance {
    /** Steps of the bisection; each halves an interval of 2·{@value #WIDE} in log t. */
    private static final int HALVINGS = 80;
    private static final double WIDE = 60;

    private final Symmetries symmetries;
    private final Space space;
    private final int number;
    private final boolean damped;

    private UnitBalance(Symmetries symmetries, Space space, int number) {
        this.symmetries = symmetries;
        this.space = space;
        this.number = number;
        // Where a parameter both writes and reads the Space its units meet in pairs, and all move at once: half a step of each
        // never overshoots, since every entry depends on at most two factors and its square is convex in their logarithms.
        long parameters = space.slots().stream().map(Slot::parameter).distinct().count();
        this.damped = parameters < space.slots().size();
    }

    /** The scalings of magnitude that can be balanced without moving what training does not. */
    static List<UnitBalance> all(Symmetries symmetries) {
        List<UnitBalance> all = new ArrayList<>();
        for (Space space : symmetries.spaces()) {
            List<Scaling> scalings = symmetries.scalings(space);
            for (int s = 0; s < scalings.size(); s++) {
                if (scalings.get(s).diagonal() != Group.Diagonal.SIGNS && !moves(symmetries.graph(), space,
                        scalings.get(s))) {
                    all.add(new UnitBalance(symmetries, space, s));
                }
            }
        }
        return all;
    }

    /**
     * Whether a scaling changes running statistics, which follow the data in training and not the scale, or the content of
     * Constant nodes, which is never trained.
     */
    static boolean moves(Graph graph, Space space, Scaling scaling) {
        return IntStream.range(0, space.slots().size())
                .anyMatch(i -> Arrays.stream(scaling.powers().get(i)).anyMatch(p -> p != 0)
                        && isFixed(graph, space.slots().get(i).parameter()));
    }

    private static boolean isFixed(Graph graph, String parameter) {
        if (!graph.parameters().containsKey(parameter)) {
            return true;
        }
        for (Node node : graph.nodes()) {
            if (node.opType().equals("BatchNormalization") && node.inputs().lastIndexOf(parameter) >= 3) {
                return true;
            }
        }
        return false;
    }

    Space space() {
        return space;
    }

    /** The Parameters that the scaling moves. */
    List<String> parameters() {
        Scaling scaling = scaling();
        return IntStream.range(0, space.slots().size())
                .filter(i -> Arrays.stream(scaling.powers().get(i)).anyMatch(p -> p != 0))
                .mapToObj(i -> space.slots().get(i).parameter()).distinct().toList();
    }

    /** Per unit, Σ x² of what is multiplied by positive powers of t, and of what by negative ones. */
    record Sides(double[] in, double[] out) {
        /** How many units have no finite best factor: nothing stands on one side. */
        int open() {
            return (int) IntStream.range(0, in.length).filter(u -> (in[u] == 0) != (out[u] == 0)).count();
        }

        double norm(boolean first) {
            return Math.sqrt(Arrays.stream(first ? in : out).sum());
        }
    }

    private record Terms(double power, double[] squares) {
    }

    /**
     * Per unit Σ p·x² over the entries x that t multiplies by t^p: the Noether charge θᵀAθ of the weights (theory, 4), A being
     * the generator of the unit's scaling, and gᵀAg of gradients.
     *
     * @param counts which parameters count
     */
    double[] charges(Graph graph, Predicate<String> counts) {
        double[] charges = new double[space.dimension()];
        for (Terms term : terms(graph, counts)) {
            Arrays.setAll(charges, u -> charges[u] + term.power() * term.squares()[u]);
        }
        return charges;
    }

    private List<Terms> terms(Graph graph) {
        return terms(graph, parameter -> true);
    }

    /** Everything that is trained and moves with the units, by power. */
    private List<Terms> terms(Graph graph, Predicate<String> counts) {
        List<Terms> all = new ArrayList<>();
        Scaling scaling = scaling();
        for (int i = 0; i < space.slots().size(); i++) {
            Slot slot = space.slots().get(i);
            Optional<TensorData> tensor = graph.parameter(slot.parameter()).filter(t -> t.type().isReal());
            if (slot.role() == Slot.Role.FOLLOWS || tensor.isEmpty() || !counts.test(slot.parameter())) {
                continue;
            }
            double[] squares = Entries.squares(tensor.get(), slot.axis());
            double[] powers = scaling.powers().get(i);
            for (double power : Arrays.stream(powers).filter(p -> p != 0).distinct().toArray()) {
                double[] own = new double[space.dimension()];
                for (int k = 0; k < squares.length; k++) {
                    if (slot.unit()[k] >= 0 && powers[slot.leg()[k]] == power) {
                        own[slot.unit()[k]] += squares[k];
                    }
                }
                all.add(new Terms(power, own));
            }
        }
        return all;
    }

    private Scaling scaling() {
        return symmetries.scalings(space).get(number);
    }

    Sides sides(Graph graph) {
        double[] in = new double[space.dimension()];
        double[] out = new double[space.dimension()];
        for (Terms term : terms(graph)) {
            double[] side = term.power() > 0 ? in : out;
            Arrays.setAll(side, u -> side[u] + term.squares()[u]);
        }
        return new Sides(in, out);
    }

    /** The best factors for the Graph as it is, by their logarithms; 0 where there is none, or weights are not finite. */
    double[] logarithms(Graph graph) {
        return logarithms(terms(graph));
    }

    /**
     * The same for the gradients together with so many times the weights, which move the other way: Σ c·t^(2p) + k·Σ x²·t^(−2p).
     *
     * @param roots gradients in the place of parameters
     * @param weights the Graph they belong to
     * @param k how much weights count, at least 0
     */
    double[] logarithms(Graph roots, Graph weights, double k) {
        List<Terms> all = new ArrayList<>(terms(roots));
        if (k > 0) {
            for (Terms term : terms(weights)) {
                all.add(new Terms(-term.power(), Arrays.stream(term.squares()).map(s -> k * s).toArray()));
            }
        }
        return logarithms(all);
    }

    private double[] logarithms(List<Terms> terms) {
        double[] logs = new double[space.dimension()];
        Arrays.setAll(logs, u -> best(terms, u) * (damped ? 0.5 : 1));
        return logs;
    }

    private static double best(List<Terms> terms, int unit) {
        boolean up = terms.stream().anyMatch(t -> t.power() > 0 && t.squares()[unit] > 0);
        boolean down = terms.stream().anyMatch(t -> t.power() < 0 && t.squares()[unit] > 0);
        boolean numbers = terms.stream().allMatch(t -> Double.isFinite(t.squares()[unit]));
        if (!up || !down || !numbers) {
            return 0;
        }
        double low = -WIDE;
        double high = WIDE;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            double slope = 0;
            for (Terms term : terms) {
                slope += term.power() * term.squares()[unit] * Math.exp(2 * term.power() * middle);
            }
            if (slope > 0) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return (low + high) / 2;
    }

    /** The Graph with every unit scaled. */
    Graph moved(Graph graph, double[] logs) {
        int n = space.dimension();
        List<double[]> factors = new ArrayList<>();
        for (int s = 0; s < symmetries.scalings(space).size(); s++) {
            double[] factor = new double[n];
            int own = s;
            Arrays.setAll(factor, u -> own == number ? Math.exp(logs[u]) : 1);
            factors.add(factor);
        }
        Symmetries here = new Symmetries(graph, symmetries.shapes(), symmetries.spaces(), symmetries.axes(),
                symmetries.scalings(), symmetries.findings());
        return Transform.apply(here, List.of(new Transform.Element(space, IntStream.range(0, n).toArray(), factors)));
    }
}
