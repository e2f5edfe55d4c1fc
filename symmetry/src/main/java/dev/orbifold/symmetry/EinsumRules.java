package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The rule of Einsum with one or two operands and no repeated index within one: letters contract, multiply or pass. */
final class EinsumRules {
    private EinsumRules() {
    }

    /** Einsum. */
    static void einsum(Node node, Inference in) {
        String equation = node.text("equation", "").replace(" ", "");
        int arrow = equation.indexOf("->");
        if (equation.contains(".") || arrow < 0 || node.inputs().size() > 2) {
            throw new SymmetryException("its equation " + equation
                    + " is not understood (one or two operands, an explicit output and no ellipsis are)");
        }
        List<String> terms = List.of(equation.substring(0, arrow).split(",", -1));
        String result = equation.substring(arrow + 2);
        if (terms.stream().anyMatch(t -> t.chars().distinct().count() != t.length())) {
            throw new SymmetryException("its equation " + equation + " repeats an index within one operand");
        }
        Map<Character, List<Optional<Elements>>> rows = new HashMap<>();
        for (int k = 0; k < terms.size(); k++) {
            Typed type = in.resolved(node.input(k));
            for (int axis = 0; axis < type.rank(); axis++) {
                rows.computeIfAbsent(terms.get(k).charAt(axis), c -> new ArrayList<>()).add(type.elements(axis));
            }
        }
        Typed out = Typed.fixed(result.length());
        for (Map.Entry<Character, List<Optional<Elements>>> letter : rows.entrySet()) {
            List<Optional<Elements>> sides = letter.getValue();
            int axis = result.indexOf(letter.getKey());
            Optional<Elements> carried = axis < 0 ? summed(node, in, sides) : kept(node, in, sides);
            if (carried.isPresent()) {
                out = out.with(Part.of(axis, carried.get()));
            }
        }
        in.define(node.output(0), out);
    }

    private static Optional<Elements> summed(Node node, Inference in, List<Optional<Elements>> sides) {
        if (sides.size() == 2) {
            Contractions.contract(in, node, sides.get(0), sides.get(1));
        } else {
            sides.get(0).ifPresent(row -> in.relate(List.of(row), Scales.none(0, 1)));
        }
        return Optional.empty();
    }

    private static Optional<Elements> kept(Node node, Inference in, List<Optional<Elements>> sides) {
        if (sides.size() == 1) {
            Contractions.write(in, sides.get(0));
            return sides.get(0);
        }
        if (sides.stream().anyMatch(Optional::isEmpty)) {
            sides.forEach(s -> s.ifPresent(row -> in.pin(row, node.label() + " multiplies it with fixed positions")));
            return Optional.empty();
        }
        Elements left = sides.get(0).orElseThrow();
        Elements right = sides.get(1).orElseThrow();
        Elements out = Elements.of(in.coordinates().fresh(left.size()));
        in.relate(List.of(left, right, out), Scales.linear(1, 1, -1));
        return Optional.of(out);
    }
}
