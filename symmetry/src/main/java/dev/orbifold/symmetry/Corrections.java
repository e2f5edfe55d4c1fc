package dev.orbifold.symmetry;

import dev.orbifold.graph.Shapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What biases take back where signs turn an activation about another number than 0 (theory, 7: σ(−x) = 1 − σ(x)).
 *
 * <p>
 * With g the signs, the activation's result becomes f(g·x) = g·(f(x) + o), and o is −2·at for a unit that is flipped, 0 for
 * others. So the Graph with o added to that value, and with its weights as they are, must say what it said: a walk follows o as
 * it follows a shift ({@link ShiftWalk}) to the parameters that take it back. These move first, then g moves all that the Space
 * meets.
 */
final class Corrections {
    private Corrections() {
    }

    /**
     * Follows what is added to the result of an activation.
     *
     * @param added a number per unit of the Space
     * @return the walk, whose parameters take all of it back; empty where they cannot
     * @throws Offset.TooLarge if that cannot be followed
     */
    static Optional<ShiftWalk> walk(ShiftFacts facts, Centre centre, double[] added) {
        Offset start = new Offset(1, centre.dims(), () -> Arrays.stream(centre.unit())
                .mapToObj(u -> u < 0 ? Form.ZERO : Form.unit(0).times(added[u])).toArray(Form[]::new));
        ShiftWalk walk = ShiftWalk.from(facts, centre.value(), start).run();
        NullSpace free = new NullSpace(1);
        walk.conditions().forEach(c -> c.into(free));
        return free.basis().dimension() == 1 ? Optional.of(walk) : Optional.empty();
    }

    /**
     * Adds to a Motion what its parameters have to move by for some elements.
     *
     * @throws SymmetryException if the parameters cannot take it back at these weights
     */
    static void add(Motion motion, Symmetries symmetries, List<Transform.Element> elements) {
        Map<String, double[]> moved = new LinkedHashMap<>();
        Optional<ShiftFacts> facts = Optional.empty();
        for (Transform.Element element : elements) {
            for (Map.Entry<Centre, double[]> turned : turned(symmetries, element).entrySet()) {
                // Shapes hold the contents of weights, and those of the symmetries may be of other weights.
                ShiftFacts known = facts
                        .orElseGet(() -> new ShiftFacts(motion.graph(), Shapes.of(motion.graph()), false));
                facts = Optional.of(known);
                ShiftWalk walk =
                        walk(known, turned.getKey(), turned.getValue()).orElseThrow(() -> new SymmetryException(
                                "the signs of " + element.space().name() + " leave something behind "
                                        + turned.getKey().value()
                                        + " that no bias takes back at these weights"));
                for (ShiftWalk.Absorbed a : walk.absorbed()) {
                    moved.merge(a.operand().parameter(), a.operand().displacement(a.change()), Corrections::plus);
                }
            }
        }
        moved.forEach(motion::displace);
    }

    /** Per centre that an element turns what is added there, per unit. */
    private static Map<Centre, double[]> turned(Symmetries symmetries, Transform.Element element) {
        List<Scaling> scalings = symmetries.scalings(element.space());
        Map<Centre, double[]> signs = new LinkedHashMap<>();
        for (int s = 0; s < scalings.size(); s++) {
            double[] factors = element.factors().get(s);
            for (Centre centre : scalings.get(s).centres()) {
                double[] here = signs.computeIfAbsent(centre, c -> ones(factors.length));
                Arrays.setAll(here, u -> here[u] * Math.signum(factors[u]));
            }
        }
        List<Centre> still = new ArrayList<>();
        signs.forEach((centre, sign) -> {
            if (Arrays.stream(sign).allMatch(x -> x > 0)) {
                still.add(centre);
            }
            Arrays.setAll(sign, u -> sign[u] < 0 ? -2 * centre.at() : 0);
        });
        signs.keySet().removeAll(still);
        return signs;
    }

    private static double[] ones(int n) {
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static double[] plus(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray();
    }
}
