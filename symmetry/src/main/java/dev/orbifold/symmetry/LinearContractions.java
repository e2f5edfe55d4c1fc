package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Frames.Ref;
import dev.orbifold.symmetry.LinearAxes.Side;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sums over products: the axis summed over is a space on one side and its dual on the other. */
final class LinearContractions {
    private LinearContractions() {
    }

    /** One side is summed against the other; where one has positions there, the other's mixing ends. */
    static void contract(LinearInference in, Optional<Ref> left, Optional<Ref> right) {
        if (left.isPresent() && right.isPresent()) {
            in.frames().unify(left.get(), right.get().opposite());
        } else {
            left.ifPresent(in::end);
            right.ifPresent(in::end);
        }
    }

    static void matMul(Node node, LinearInference in) {
        List<Optional<Ref>> a = in.type(node.input(0));
        List<Optional<Ref>> b = in.type(node.input(1));
        int ra = a.size();
        int rb = b.size();
        Optional<Ref> left = a.get(ra - 1);
        Optional<Ref> right = b.get(rb == 1 ? 0 : rb - 2);
        int batch = Math.max(Math.max(ra, rb) - 2, 0);
        List<Optional<Ref>> out = new ArrayList<>();
        for (int axis = 0; axis < batch; axis++) {
            int x = axis - batch + Math.max(ra - 2, 0);
            int y = axis - batch + Math.max(rb - 2, 0);
            List<Side> there = new ArrayList<>();
            if (x >= 0) {
                there.add(new Side(node.input(0), a.get(x), in.dims(node.input(0))[x]));
            }
            if (y >= 0) {
                there.add(new Side(node.input(1), b.get(y), in.dims(node.input(1))[y]));
            }
            List<Side> present = there.stream().filter(s -> !s.absent()).toList();
            out.add(present.size() == 1 ? present.get(0).ref() : LinearAxes.aligned(in, present));
        }
        contract(in, left, right);
        if (ra > 1) {
            out.add(a.get(ra - 2));
        }
        if (rb > 1) {
            out.add(b.get(rb - 1));
        }
        LinearAxes.gone(in, left, out);
        LinearAxes.gone(in, right, out);
        in.define(node.output(0), out);
    }

    static void gemm(Node node, LinearInference in) {
        List<Optional<Ref>> a = in.type(node.input(0));
        List<Optional<Ref>> b = in.type(node.input(1));
        int ta = node.integer("transA", 0) == 0 ? 0 : 1;
        int tb = node.integer("transB", 0) == 0 ? 0 : 1;
        contract(in, a.get(1 - ta), b.get(tb));
        List<Optional<Ref>> out = new ArrayList<>(List.of(a.get(ta), b.get(1 - tb)));
        LinearAxes.gone(in, a.get(1 - ta), out);
        if (node.hasInput(2) && node.real("beta", 1) != 0 && !in.isZero(node.input(2))) {
            long[] sizes = {in.dims(node.input(0))[ta], in.dims(node.input(1))[1 - tb]};
            for (int axis = 0; axis < 2; axis++) {
                Side bias = LinearAxes.sides(in, List.of(node.input(2)), axis, 2).get(0);
                out.set(axis, LinearAxes.equal(in, List.of(new Side("", out.get(axis), sizes[axis]), bias)));
            }
        }
        in.define(node.output(0), out);
    }

    static void einsum(Node node, LinearInference in) {
        String equation = node.text("equation", "").replace(" ", "");
        int arrow = equation.indexOf("->");
        List<String> terms = arrow < 0 ? List.of() : List.of(equation.substring(0, arrow).split(",", -1));
        if (equation.contains(".") || arrow < 0 || terms.size() > 2
                || terms.stream().anyMatch(t -> t.chars().distinct().count() != t.length())) {
            in.endAll(node);
            return;
        }
        Map<Character, List<Side>> letters = new LinkedHashMap<>();
        for (int k = 0; k < terms.size(); k++) {
            List<Optional<Ref>> type = in.type(node.input(k));
            for (int axis = 0; axis < type.size(); axis++) {
                letters.computeIfAbsent(terms.get(k).charAt(axis), c -> new ArrayList<>())
                        .add(new Side(node.input(k), type.get(axis), in.dims(node.input(k))[axis]));
            }
        }
        String result = equation.substring(arrow + 2);
        List<Optional<Ref>> out = new ArrayList<>(Collections.nCopies(result.length(), Optional.empty()));
        List<Optional<Ref>> summed = new ArrayList<>();
        letters.forEach((letter, sides) -> {
            int axis = result.indexOf(letter);
            if (axis >= 0) {
                out.set(axis, sides.size() == 1 ? sides.get(0).ref() : LinearAxes.aligned(in, sides));
            } else if (sides.size() == 2) {
                contract(in, sides.get(0).ref(), sides.get(1).ref());
                summed.add(sides.get(0).ref());
            } else {
                sides.get(0).ref().ifPresent(in::end);
                summed.add(sides.get(0).ref());
            }
        });
        summed.forEach(s -> LinearAxes.gone(in, s, out));
        in.define(node.output(0), out);
    }

    static void conv(Node node, LinearInference in) {
        List<Optional<Ref>> x = in.type(node.input(0));
        List<Optional<Ref>> w = in.type(node.input(1));
        List<Optional<Ref>> out = new ArrayList<>(Collections.nCopies(x.size(), Optional.empty()));
        for (int axis = 2; axis < x.size(); axis++) {
            x.get(axis).ifPresent(in::end);
            w.get(axis).ifPresent(in::end);
        }
        if (node.integer("group", 1) == 1) {
            contract(in, x.get(1), w.get(1));
        } else {
            x.get(1).ifPresent(in::end);
            w.get(0).ifPresent(in::end);
            w.get(1).ifPresent(in::end);
        }
        out.set(0, x.get(0));
        out.set(1, w.get(0));
        for (int axis = 1; axis < x.size(); axis++) {
            LinearAxes.gone(in, x.get(axis), out);
            LinearAxes.gone(in, w.get(axis), out);
        }
        if (node.hasInput(2) && !in.isZero(node.input(2))) {
            Optional<Ref> bias = in.type(node.input(2)).get(0);
            long channels = in.dims(node.input(1))[0];
            out.set(1, LinearAxes.equal(in, List.of(new Side("", w.get(0), channels), new Side("", bias, channels))));
        }
        in.define(node.output(0), out);
    }
}
