package dev.orbifold.symmetry;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Which operators let the coordinates of an axis be mixed (theory, 7): contractions pair a space with its dual, sums carry
 * one space, layout moves spaces around, norms leave isometries. What is not in this table ends the mixing.
 */
final class LinearRules {
    /** What one operator does to the spaces along the axes of its inputs. */
    @FunctionalInterface
    interface Rule {
        /** Unifies and caps spaces, and types the outputs; outputs left out carry positions only. */
        void apply(Node node, LinearInference in);
    }

    private static final Map<String, Rule> TABLE = new HashMap<>();

    static {
        put(LinearRules::same, "Identity", "Neg");
        put((node, in) -> {
            if (node.hasInput(2)) {
                in.endAll(node);
            }
            same(node, in);
        }, "Dropout");
        put(LinearRules::cast, "Cast");
        put(LinearRules::sum, "Add", "Sub", "Sum", "Mean");
        put(LinearRules::product, "Mul");
        put(LinearRules::quotient, "Div");
        put(LinearRules::where, "Where");
        put(LinearRules::matMul, "MatMul");
        put(LinearRules::gemm, "Gemm");
        put(LinearRules::einsum, "Einsum");
        put(LinearRules::conv, "Conv");
        put(LinearRules::reshape, "Reshape", "Flatten", "Squeeze", "Unsqueeze");
        put(LinearRules::transpose, "Transpose");
        put(LinearRules::expand, "Expand");
        put(LinearRules::concat, "Concat");
        put(LinearRules::split, "Split");
        put(LinearRules::slice, "Slice");
        put(LinearRules::gather, "Gather");
        put(LinearRules::reduce, "ReduceSum", "ReduceMean");
        put(LinearRules::pool, "AveragePool", "GlobalAveragePool");
        put((node, in) -> norm(node, in, true), "LayerNormalization");
        put((node, in) -> norm(node, in, false), "RMSNormalization", "SimplifiedLayerNormalization");
        put(LinearRules::attention, "Attention");
        put(LinearRules::rotary, "RotaryEmbedding");
        put((node, in) -> {
        }, "Shape", "Size", "ConstantOfShape", "Range");
    }

    private LinearRules() {
    }

    private static void put(Rule rule, String... operators) {
        for (String operator : operators) {
            TABLE.put(operator, rule);
        }
    }

    /** The rule of a node's operator. */
    static Optional<Rule> of(Node node) {
        boolean known = node.domain().isEmpty() || node.opType().equals("SimplifiedLayerNormalization");
        return known ? Optional.ofNullable(TABLE.get(node.opType())) : Optional.empty();
    }

    private static void same(Node node, LinearInference in) {
        in.define(node.output(0), in.type(node.input(0)));
    }

    private static void cast(Node node, LinearInference in) {
        if (in.shapes().type(node.output(0)).map(DataType::isReal).orElse(false)) {
            same(node, in);
        } else {
            in.endAll(node);
        }
    }

    /** The spaces of an operand along one axis of a broadcast result. */
    private record Side(String value, Optional<Ref> ref, long size) {
        boolean absent() {
            return ref.isEmpty() && size == 1;
        }
    }

    private static List<Side> sides(LinearInference in, List<String> values, int axis, int rank) {
        List<Side> sides = new ArrayList<>();
        for (String value : values) {
            List<Optional<Ref>> type = in.type(value);
            int at = axis - (rank - type.size());
            sides.add(at < 0 ? new Side(value, Optional.empty(), 1)
                    : new Side(value, type.get(at), in.dims(value)[at]));
        }
        return sides;
    }

    private static int rank(LinearInference in, List<String> values) {
        return values.stream().mapToInt(v -> in.type(v).size()).max().orElse(0);
    }

    private static void sum(Node node, LinearInference in) {
        in.define(node.output(0), summed(in, node.inputs()));
    }

    private static List<Optional<Ref>> summed(LinearInference in, List<String> values) {
        int rank = rank(in, values);
        List<Optional<Ref>> out = new ArrayList<>();
        for (int axis = 0; axis < rank; axis++) {
            List<Side> sides = sides(in, values, axis, rank);
            out.add(equal(in, sides.stream().filter(s -> !in.isZero(s.value())).toList()));
        }
        return out;
    }

    /** All sides carry the same space; one that has positions there, or the same number everywhere, ends the mixing. */
    private static Optional<Ref> equal(LinearInference in, List<Side> sides) {
        List<Ref> refs = sides.stream().flatMap(s -> s.ref().stream()).toList();
        if (refs.isEmpty()) {
            return Optional.empty();
        }
        refs.forEach(ref -> in.frames().unify(refs.get(0), ref));
        if (refs.size() < sides.size()) {
            in.end(refs.get(0));
        }
        return Optional.of(refs.get(0));
    }

    private static void product(Node node, LinearInference in) {
        in.define(node.output(0), multiplied(in, node.inputs(), node.inputs().size()));
    }

    private static void quotient(Node node, LinearInference in) {
        in.define(node.output(0), multiplied(in, node.inputs(), 1));
    }

    /** Products: an axis passes where one operand alone has it and may be mixed; the divisor's axes may not. */
    private static List<Optional<Ref>> multiplied(LinearInference in, List<String> values, int linear) {
        int rank = rank(in, values);
        List<Optional<Ref>> out = new ArrayList<>();
        for (int axis = 0; axis < rank; axis++) {
            List<Side> sides = sides(in, values, axis, rank);
            List<Side> there = sides.stream().filter(s -> !s.absent()).toList();
            boolean passes = there.size() == 1 && sides.indexOf(there.get(0)) < linear;
            out.add(passes ? there.get(0).ref() : aligned(in, there));
        }
        return out;
    }

    /** Multiplied position by position: the positions correspond and are not mixed. */
    private static Optional<Ref> aligned(LinearInference in, List<Side> sides) {
        Optional<Ref> out = equal(in, sides);
        out.ifPresent(in::end);
        return out;
    }

    private static void where(Node node, LinearInference in) {
        List<String> branches = node.inputs().subList(1, 3);
        int rank = rank(in, node.inputs());
        List<Optional<Ref>> out = new ArrayList<>();
        for (int axis = 0; axis < rank; axis++) {
            Side condition = sides(in, node.inputs(), axis, rank).get(0);
            Optional<Ref> ref = equal(in, sides(in, branches, axis, rank).stream()
                    .filter(s -> !in.isZero(s.value())).toList());
            condition.ref().ifPresent(in::end);
            if (!condition.absent()) {
                ref.ifPresent(in::end);
            }
            out.add(ref);
        }
        in.define(node.output(0), out);
    }

    /** One side is summed against the other; {@code beside} is what remains of both. */
    private static void contract(LinearInference in, Optional<Ref> left, Optional<Ref> right) {
        if (left.isPresent() && right.isPresent()) {
            in.frames().unify(left.get(), right.get().opposite());
        } else {
            left.ifPresent(in::end);
            right.ifPresent(in::end);
        }
    }

    private static void matMul(Node node, LinearInference in) {
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
            out.add(present.size() == 1 ? present.get(0).ref() : aligned(in, present));
        }
        contract(in, left, right);
        if (ra > 1) {
            out.add(a.get(ra - 2));
        }
        if (rb > 1) {
            out.add(b.get(rb - 1));
        }
        gone(in, left, out);
        gone(in, right, out);
        in.define(node.output(0), out);
    }

    private static void gone(LinearInference in, Optional<Ref> contracted, List<Optional<Ref>> out) {
        contracted.ifPresent(c -> out.forEach(o -> o.ifPresent(ref -> in.frames().exclude(ref, c))));
    }

    private static void gemm(Node node, LinearInference in) {
        List<Optional<Ref>> a = in.type(node.input(0));
        List<Optional<Ref>> b = in.type(node.input(1));
        int ta = node.integer("transA", 0) == 0 ? 0 : 1;
        int tb = node.integer("transB", 0) == 0 ? 0 : 1;
        contract(in, a.get(1 - ta), b.get(tb));
        List<Optional<Ref>> out = new ArrayList<>(List.of(a.get(ta), b.get(1 - tb)));
        gone(in, a.get(1 - ta), out);
        if (node.hasInput(2) && node.real("beta", 1) != 0 && !in.isZero(node.input(2))) {
            long[] sizes = {in.dims(node.input(0))[ta], in.dims(node.input(1))[1 - tb]};
            for (int axis = 0; axis < 2; axis++) {
                Side bias = sides(in, List.of(node.input(2)), axis, 2).get(0);
                out.set(axis, equal(in, List.of(new Side("", out.get(axis), sizes[axis]), bias)));
            }
        }
        in.define(node.output(0), out);
    }

    private static void einsum(Node node, LinearInference in) {
        String equation = node.text("equation", "").replace(" ", "");
        int arrow = equation.indexOf("->");
        List<String> terms = arrow < 0 ? List.of() : List.of(equation.substring(0, arrow).split(",", -1));
        if (equation.contains(".") || arrow < 0 || terms.size() > 2
                || terms.stream().anyMatch(t -> t.chars().distinct().count() != t.length())) {
            in.endAll(node);
            return;
        }
        Map<Character, List<Side>> letters = new java.util.LinkedHashMap<>();
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
                out.set(axis, sides.size() == 1 ? sides.get(0).ref() : aligned(in, sides));
            } else if (sides.size() == 2) {
                contract(in, sides.get(0).ref(), sides.get(1).ref());
                summed.add(sides.get(0).ref());
            } else {
                sides.get(0).ref().ifPresent(in::end);
                summed.add(sides.get(0).ref());
            }
        });
        summed.forEach(s -> gone(in, s, out));
        in.define(node.output(0), out);
    }

    private static void conv(Node node, LinearInference in) {
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
            gone(in, x.get(axis), out);
            gone(in, w.get(axis), out);
        }
        if (node.hasInput(2) && !in.isZero(node.input(2))) {
            Optional<Ref> bias = in.type(node.input(2)).get(0);
            long channels = in.dims(node.input(1))[0];
            out.set(1, equal(in, List.of(new Side("", w.get(0), channels), new Side("", bias, channels))));
        }
        in.define(node.output(0), out);
    }

    private static void reshape(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        List<Dim> from = in.dimensions(node.input(0));
        List<Dim> to = in.dimensions(node.output(0));
        List<Optional<Ref>> out = new ArrayList<>(Collections.nCopies(to.size(), Optional.empty()));
        List<Reshaping.AxisGroup> groups = Reshaping.groups(from, to);
        if (groups.stream().anyMatch(g -> !g.understood())) {
            Optional<List<Optional<Ref>>> batched = BatchedReshape.reshape(in, type, from, to);
            if (batched.isPresent()) {
                in.define(node.output(0), batched.get());
                return;
            }
        }
        for (Reshaping.AxisGroup group : groups) {
            regroup(in, type, group, from, to, out);
        }
        in.define(node.output(0), out);
    }

    private static void regroup(LinearInference in, List<Optional<Ref>> type, Reshaping.AxisGroup group, List<Dim> from,
            List<Dim> to, List<Optional<Ref>> out) {
        List<Optional<Ref>> inside = type.subList(group.inFrom(), group.inTo());
        if (inside.stream().allMatch(Optional::isEmpty)) {
            return;
        }
        if (!group.understood()) {
            inside.forEach(r -> r.ifPresent(in::end));
            return;
        }
        List<Ref> factors = new ArrayList<>();
        for (int a = group.inFrom(); a < group.inTo(); a++) {
            int size = Math.toIntExact(from.get(a).size());
            if (size != 1) {
                factors.add(type.get(a).isPresent() ? type.get(a).get() : in.frames().positions(size));
            }
        }
        int[] axes = IntStream.range(group.outFrom(), group.outTo()).filter(a -> to.get(a).size() != 1).toArray();
        int[] sizes = Arrays.stream(axes).map(a -> Math.toIntExact(to.get(a).size())).toArray();
        Ref whole = in.frames().product(factors);
        List<Ref> parts = axes.length == 1 ? List.of(whole)
                : Arrays.equals(sizes, factors.stream().mapToInt(in.frames()::size).toArray()) ? factors
                        : in.frames().factors(whole, sizes);
        for (int i = 0; i < axes.length; i++) {
            out.set(axes[i], Optional.of(parts.get(i)));
        }
    }

    private static void transpose(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = type.size();
        long[] order = node.integers("perm").orElseGet(
                () -> IntStream.range(0, rank).mapToLong(a -> rank - 1L - a).toArray());
        in.define(node.output(0), Arrays.stream(order).mapToObj(a -> type.get(Math.toIntExact(a))).toList());
    }

    private static void expand(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = in.dimensions(node.output(0)).size();
        List<Optional<Ref>> out = new ArrayList<>(Collections.nCopies(rank - type.size(), Optional.empty()));
        out.addAll(type);
        in.define(node.output(0), out);
    }

    private static void concat(Node node, LinearInference in) {
        int rank = in.type(node.input(0)).size();
        int axis = Math.toIntExact(Math.floorMod(node.integer("axis", 0), (long) rank));
        List<Optional<Ref>> out = new ArrayList<>();
        for (int a = 0; a < rank; a++) {
            List<Side> sides = sides(in, node.inputs(), a, rank);
            out.add(a == axis ? joined(in, sides) : equal(in, sides));
        }
        in.define(node.output(0), out);
    }

    private static Optional<Ref> joined(LinearInference in, List<Side> sides) {
        if (sides.stream().allMatch(s -> s.ref().isEmpty())) {
            return Optional.empty();
        }
        if (sides.stream().anyMatch(s -> s.size() < 0)) {
            sides.forEach(s -> s.ref().ifPresent(in::end));
            return Optional.empty();
        }
        return Optional.of(in.frames().sum(sides.stream().filter(s -> s.size() > 0)
                .map(s -> s.ref().orElseGet(() -> in.frames().positions(Math.toIntExact(s.size())))).toList()));
    }

    private static void split(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int axis = Math.toIntExact(Math.floorMod(node.integer("axis", 0), (long) type.size()));
        int[] sizes = node.outputs().stream().mapToInt(o -> Math.toIntExact(in.dims(o)[axis])).toArray();
        Optional<Ref> ref = type.get(axis);
        boolean known = ref.isPresent() && Arrays.stream(sizes).allMatch(s -> s > 0);
        if (ref.isPresent() && !known) {
            in.end(ref.get());
        }
        boolean single = known && Arrays.stream(sizes).allMatch(s -> s == 1);
        List<Ref> parts = known && !single ? in.frames().parts(ref.get(), sizes) : List.of();
        for (int k = 0; k < sizes.length; k++) {
            List<Optional<Ref>> out = single ? picked(in, type, axis, k, true) : new ArrayList<>(type);
            out.set(axis, parts.isEmpty() ? Optional.empty() : Optional.of(parts.get(k)));
            in.define(node.output(k), out);
        }
    }

    /** What remains along the other axes when one index of an axis is picked. */
    private static List<Optional<Ref>> picked(LinearInference in, List<Optional<Ref>> type, int axis, int index,
            boolean keep) {
        List<Integer> others = new ArrayList<>();
        List<Ref> refs = new ArrayList<>();
        for (int a = 0; a < type.size(); a++) {
            if (a != axis && type.get(a).isPresent()) {
                others.add(a);
                refs.add(type.get(a).get());
            }
        }
        List<Optional<Ref>> out = new ArrayList<>(type);
        if (type.get(axis).isPresent()) {
            Ref factor = type.get(axis).get();
            List<Ref> there = in.frames().at(factor, index, refs);
            in.end(factor);
            for (int k = 0; k < there.size(); k++) {
                out.set(others.get(k), Optional.of(there.get(k)));
                if (there.get(k).equals(refs.get(k))) {
                    in.frames().exclude(there.get(k), factor);
                }
            }
        }
        if (keep) {
            out.set(axis, Optional.empty());
        } else {
            out.remove(axis);
        }
        return out;
    }

    private static void slice(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        boolean inputs = node.inputs().size() > 1;
        Optional<long[]> starts = inputs ? in.integers(node.input(1)) : node.integers("starts");
        Optional<long[]> ends = inputs ? in.integers(node.input(2)) : node.integers("ends");
        Optional<long[]> axes = inputs ? in.integers(node.input(3)) : node.integers("axes");
        boolean stepped = node.hasInput(4)
                && !in.integers(node.input(4)).map(s -> Arrays.stream(s).allMatch(x -> x == 1)).orElse(false);
        if (type.stream().allMatch(Optional::isEmpty)) {
            return;
        }
        if (starts.isEmpty() || ends.isEmpty() || stepped || node.hasInput(3) && axes.isEmpty()) {
            in.endAll(node);
            return;
        }
        List<Optional<Ref>> out = new ArrayList<>(type);
        for (int i = 0; i < starts.get().length; i++) {
            int axis = Math.toIntExact(
                    Math.floorMod(axes.isPresent() ? axes.get()[i] : i, (long) type.size()));
            if (out.get(axis).isPresent()) {
                int size = in.frames().size(out.get(axis).get());
                int from = clamp(starts.get()[i], size);
                int to = clamp(ends.get()[i], size);
                out = to - from == 1 ? picked(in, out, axis, from, true) : sliced(in, out, axis, from, to);
            }
        }
        in.define(node.output(0), out);
    }

    private static int clamp(long index, int size) {
        return Math.toIntExact(Math.clamp(index < 0 ? index + size : index, 0, size));
    }

    private static List<Optional<Ref>> sliced(LinearInference in, List<Optional<Ref>> type, int axis, int from,
            int to) {
        Ref ref = type.get(axis).orElseThrow();
        int size = in.frames().size(ref);
        if (from == 0 && to == size) {
            return type;
        }
        int[] sizes = IntStream.of(from, to - from, size - to).filter(s -> s > 0).toArray();
        List<Ref> parts = in.frames().parts(ref, sizes);
        List<Optional<Ref>> out = new ArrayList<>(type);
        out.set(axis, Optional.of(parts.get(from > 0 ? 1 : 0)));
        return out;
    }

    private static void gather(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int axis = Math.toIntExact(Math.floorMod(node.integer("axis", 0), (long) type.size()));
        int rank = in.dimensions(node.input(1)).size();
        Optional<long[]> indices = in.integers(node.input(1));
        if (indices.isPresent() && indices.get().length == 1 && rank == 0) {
            long size = in.dims(node.input(0))[axis];
            int index = size < 0 ? 0 : Math.toIntExact(Math.floorMod(indices.get()[0], size));
            in.define(node.output(0), picked(in, type, axis, index, false));
            return;
        }
        type.get(axis).ifPresent(in::end);
        List<Optional<Ref>> out = new ArrayList<>(type.subList(0, axis));
        out.addAll(Collections.nCopies(rank, Optional.empty()));
        out.addAll(type.subList(axis + 1, type.size()));
        Optional<Ref> gone = type.get(axis);
        gone(in, gone, out);
        in.define(node.output(0), out);
    }

    private static void reduce(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = type.size();
        Optional<long[]> axes = node.hasInput(1) ? in.integers(node.input(1)) : node.integers("axes");
        if (node.hasInput(1) && axes.isEmpty()) {
            in.endAll(node);
            return;
        }
        boolean[] reduced = new boolean[rank];
        if (axes.orElse(new long[0]).length == 0) {
            Arrays.fill(reduced, node.integer("noop_with_empty_axes", 0) == 0);
        }
        for (long axis : axes.orElse(new long[0])) {
            reduced[Math.toIntExact(Math.floorMod(axis, (long) rank))] = true;
        }
        boolean keep = node.integer("keepdims", 1) != 0;
        List<Optional<Ref>> out = new ArrayList<>();
        for (int a = 0; a < rank; a++) {
            if (!reduced[a]) {
                out.add(type.get(a));
            } else if (keep) {
                out.add(Optional.empty());
            }
        }
        for (int a = 0; a < rank; a++) {
            if (reduced[a]) {
                type.get(a).ifPresent(in::end);
                gone(in, type.get(a), out);
            }
        }
        in.define(node.output(0), out);
    }

    private static void pool(Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(node.input(0));
        List<Optional<Ref>> out = new ArrayList<>(type);
        for (int axis = 2; axis < type.size(); axis++) {
            type.get(axis).ifPresent(in::end);
            out.set(axis, Optional.empty());
        }
        in.define(node.output(0), out);
    }

    /** LayerNormalization and RMSNormalization as nodes. */
    private static void norm(Node node, LinearInference in, boolean centred) {
        List<Optional<Ref>> type = in.type(node.input(0));
        int rank = type.size();
        boolean last = Math.floorMod(node.integer("axis", -1), (long) rank) == rank - 1;
        Optional<Ref> ref = type.get(rank - 1);
        if (!last || ref.isEmpty()) {
            in.endAll(node);
            in.define(node.output(0), type);
            return;
        }
        Ref out = normalized(in, ref.get(), centred);
        if (node.hasInput(1)) {
            out = scaled(in, out, node.input(1));
        }
        if (node.hasInput(2) && !in.isZero(node.input(2))) {
            Side shift = sides(in, List.of(node.input(2)), rank - 1, rank).get(0);
            equal(in, List.of(new Side("", Optional.of(out), in.frames().size(out)), shift));
        }
        endOthers(in, type);
        List<Optional<Ref>> types = new ArrayList<>(type);
        types.set(rank - 1, Optional.of(out));
        in.define(node.output(0), types);
    }

    /** What is done along the last axis keeps the positions along the others apart: it is not linear in them. */
    private static void endOthers(LinearInference in, List<Optional<Ref>> type) {
        type.subList(0, type.size() - 1).forEach(axis -> axis.ifPresent(in::end));
    }

    private static Ref normalized(LinearInference in, Ref ref, boolean centred) {
        in.frames().cap(ref, Frames.ISOMETRY | (centred ? Frames.ONES : 0));
        return ref;
    }

    /** Past a norm's scale lies another space, which becomes one with the space before if the scale folds into its readers. */
    private static Ref scaled(LinearInference in, Ref normalized, String scale) {
        in.type(scale).forEach(axis -> axis.ifPresent(in::end));
        Ref after = in.frames().fresh(in.frames().size(normalized));
        in.fold(scale, normalized, after);
        return after;
    }

    /** Norms and rotary embeddings spelled out as several nodes. */
    static void composite(Composites.Composite composite, Node node, LinearInference in) {
        switch (composite) {
            case Composites.Norm norm -> {
                List<Optional<Ref>> type = new ArrayList<>(in.type(norm.input()));
                Optional<Ref> ref = type.get(type.size() - 1);
                if (ref.isPresent()) {
                    Ref out = normalized(in, ref.get(), norm.centred());
                    if (norm.scale().isPresent()) {
                        out = scaled(in, out, norm.scale().get());
                    }
                    type.set(type.size() - 1, Optional.of(out));
                }
                endOthers(in, type);
                in.define(node.output(0), type);
            }
            case Composites.Rotary rotary -> {
                List<Optional<Ref>> type = in.type(rotary.input());
                rotary.angles().forEach(in::end);
                endOthers(in, type);
                type.get(type.size() - 1).ifPresent(ref -> planes(in, ref, in.frames().size(ref), false));
                in.define(node.output(0), type);
            }
        }
    }

    /** The first {@code turned} coordinates are pairs that are rotated: maps of a pair commute with that. */
    private static void planes(LinearInference in, Ref ref, int turned, boolean interleaved) {
        int size = in.frames().size(ref);
        Ref part = turned < size ? in.frames().parts(ref, turned, size - turned).get(0) : ref;
        int pairs = turned / 2;
        List<Ref> factors = interleaved ? in.frames().factors(part, pairs, 2) : in.frames().factors(part, 2, pairs);
        if (pairs == 1) {
            in.frames().cap(part, Frames.COMPLEX);
            return;
        }
        in.frames().cap(factors.get(interleaved ? 1 : 0), Frames.COMPLEX);
        in.end(factors.get(interleaved ? 0 : 1));
    }

    private static void rotary(Node node, LinearInference in) {
        for (int i = 1; i < node.inputs().size(); i++) {
            in.end(node.input(i));
        }
        List<Optional<Ref>> type = in.type(node.input(0));
        endOthers(in, type);
        Optional<Ref> last = type.get(type.size() - 1);
        if (last.isPresent()) {
            Ref head = last.get();
            if (type.size() == 3) {
                int heads = Math.toIntExact(node.integer("num_heads", 0));
                int size = in.frames().size(head);
                if (heads <= 0 || size % heads != 0) {
                    in.endAll(node);
                    in.define(node.output(0), type);
                    return;
                }
                head = heads == 1 ? head : in.frames().factors(head, heads, size / heads).get(1);
            }
            int turned = Math.toIntExact(node.integer("rotary_embedding_dim", 0));
            planes(in, head, turned == 0 ? in.frames().size(head) : turned, node.integer("interleaved", 0) != 0);
        }
        in.define(node.output(0), type);
    }

    /**
     * Attention as one node: queries contract with keys head by head, values pass to the output. Where keys, values or
     * scores come in or out as a cache they are seen as they are.
     */
    private static void attention(Node node, LinearInference in) {
        boolean shown = node.outputs().stream().skip(1).anyMatch(o -> !o.isEmpty());
        if (shown || node.hasInput(4) || node.hasInput(5)) {
            in.endAll(node);
            return;
        }
        for (int i = 0; i < 3; i++) {
            endOthers(in, in.type(node.input(i)));
        }
        if (node.hasInput(3)) {
            in.end(node.input(3));
        }
        List<Optional<Ref>> q = headed(in, node, 0, "q_num_heads");
        List<Optional<Ref>> k = headed(in, node, 1, "kv_num_heads");
        List<Optional<Ref>> v = headed(in, node, 2, "kv_num_heads");
        contract(in, q.get(1), k.get(1));
        Optional<Ref> queryHeads = q.get(0);
        Optional<Ref> keyHeads = k.get(0);
        if (queryHeads.isPresent() && keyHeads.isPresent()) {
            int heads = in.frames().size(queryHeads.get());
            int shared = in.frames().size(keyHeads.get());
            Ref groups = heads == shared ? queryHeads.get()
                    : in.frames().factors(queryHeads.get(), shared, heads / shared).get(0);
            in.frames().unify(groups, keyHeads.get());
        }
        if (keyHeads.isPresent() && v.get(0).isPresent()) {
            in.frames().unify(keyHeads.get(), v.get(0).get());
        }
        queryHeads.ifPresent(in::end);
        keyHeads.ifPresent(in::end);
        v.get(0).ifPresent(in::end);
        int rank = in.type(node.input(0)).size();
        List<Optional<Ref>> out = new ArrayList<>(Collections.nCopies(rank, Optional.empty()));
        if (rank == 4) {
            out.set(1, queryHeads);
            out.set(3, v.get(1));
        } else if (v.get(1).isPresent()) {
            out.set(2, queryHeads.isEmpty() ? v.get(1)
                    : Optional.of(in.frames().product(List.of(queryHeads.get(), v.get(1).get()))));
        }
        for (int input = 0; input < 3; input++) {
            List<Optional<Ref>> type = in.type(node.input(input));
            type.subList(0, rank - 1).stream().filter(a -> rank == 3 || !a.equals(type.get(1)))
                    .forEach(a -> gone(in, a, out));
        }
        in.define(node.output(0), out);
    }

    /** The heads and the inner space of an attention's input; an axis of one head is not there. */
    private static List<Optional<Ref>> headed(LinearInference in, Node node, int input, String attribute) {
        List<Optional<Ref>> type = in.type(node.input(input));
        if (type.size() == 4) {
            return List.of(type.get(1), type.get(3));
        }
        int heads = Math.toIntExact(node.integer(attribute, 1));
        Optional<Ref> ref = type.get(2);
        if (ref.isEmpty() || heads <= 1) {
            return List.of(Optional.empty(), ref);
        }
        int size = in.frames().size(ref.get());
        List<Ref> factors = in.frames().factors(ref.get(), heads, size / heads);
        return List.of(Optional.of(factors.get(0)), Optional.of(factors.get(1)));
    }
}
