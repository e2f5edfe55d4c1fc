package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Rotary embeddings spelled out (Su et al., RoFormer, arXiv 2104.09864, equation 34), by what they compute: with x₁ and x₂
 * the two coordinates of every plane, either x·cos + (−x₂, x₁)·sin, or x₁·cos − x₂·sin beside x₂·cos + x₁·sin. The two
 * coordinates are halves of the axis, or neighbours (interleaved).
 */
final class Rotaries {
    /** One coordinate of every plane of a value: which one, in which layout, and the nodes it comes through. */
    private record Half(String whole, boolean second, boolean interleaved, List<Node> path) {
    }

    /** One coordinate of every plane times an angle. */
    private record Term(Half half, String angle, Node product) {
        boolean is(boolean second, String by) {
            return half.second() == second && angle.equals(by);
        }
    }

    /** The two coordinates of every plane put together again. */
    private record Pair(String first, String second, boolean interleaved, List<Node> path) {
    }

    private final Composites all;

    Rotaries(Composites all) {
        this.all = all;
    }

    /** Takes the nodes of an embedding that ends in a node as one. */
    void look(Node node) {
        if (node.domain().isEmpty()) {
            switch (node.opType()) {
                case "Add" -> turnedBeside(node);
                case "Concat", "Reshape" -> pair(node.output(0)).ifPresent(p -> planeByPlane(node, p));
                default -> {
                }
            }
        }
    }

    /** x·cos + (−x₂, x₁)·sin. */
    private void turnedBeside(Node end) {
        for (int side = 0; side < 2; side++) {
            Optional<Node> plain = all.producer(end.input(side), "Mul");
            Optional<Node> turned = all.producer(end.input(1 - side), "Mul");
            if (plain.isEmpty() || turned.isEmpty()) {
                return;
            }
            for (int factor = 0; factor < 2; factor++) {
                Optional<Pair> pair = pair(turned.get().input(factor));
                if (pair.isPresent()
                        && turned(end, plain.get(), turned.get(), turned.get().input(1 - factor), pair.get())) {
                    return;
                }
            }
        }
    }

    private boolean turned(Node end, Node plain, Node times, String sine, Pair pair) {
        Optional<Node> minus = all.producer(pair.first(), "Neg");
        Optional<Half> second = minus.flatMap(m -> half(m.input(0)));
        Optional<Half> first = half(pair.second());
        if (first.isEmpty() || second.isEmpty() || !complete(first.get(), second.get(), pair)) {
            return false;
        }
        String x = first.get().whole();
        for (int side = 0; side < 2; side++) {
            String cosine = plain.input(1 - side);
            if (plain.input(side).equals(x) && alike(cosine, x, pair.interleaved())
                    && alike(sine, x, pair.interleaved())) {
                Set<Node> path = Composites.nodes(plain, times, minus.get());
                path.addAll(pair.path());
                path.addAll(first.get().path());
                path.addAll(second.get().path());
                return all.take(end, new Composites.Rotary(x, List.of(cosine, sine), pair.interleaved()), path);
            }
        }
        return false;
    }

    private static boolean complete(Half first, Half second, Pair pair) {
        return !first.second() && second.second() && first.whole().equals(second.whole())
                && first.interleaved() == pair.interleaved() && second.interleaved() == pair.interleaved();
    }

    /** x₁·cos − x₂·sin beside x₂·cos + x₁·sin, or turned the other way, put together. */
    private void planeByPlane(Node end, Pair pair) {
        for (boolean last : new boolean[] {false, true}) {
            Optional<Node> minus = all.producer(last ? pair.second() : pair.first(), "Sub");
            Optional<Node> plus = all.producer(last ? pair.first() : pair.second(), "Add");
            if (minus.isEmpty() || plus.isEmpty()) {
                continue;
            }
            for (Term cosine : terms(minus.get().input(0))) {
                for (Term sine : terms(minus.get().input(1))) {
                    Half own = cosine.half();
                    Half other = sine.half();
                    if (own.second() != last || other.second() == last
                            || !complete(last ? other : own, last ? own : other, pair)) {
                        continue;
                    }
                    for (int side = 0; side < 2; side++) {
                        Optional<Term> straight = terms(plus.get().input(side)).stream()
                                .filter(t -> t.is(!last, cosine.angle()) && t.half().whole().equals(own.whole()))
                                .findFirst();
                        Optional<Term> crossed = terms(plus.get().input(1 - side)).stream()
                                .filter(t -> t.is(last, sine.angle()) && t.half().whole().equals(own.whole()))
                                .findFirst();
                        if (straight.isPresent() && crossed.isPresent()) {
                            Set<Node> path = Composites.nodes(minus.get(), plus.get());
                            path.addAll(pair.path());
                            path.remove(end);
                            for (Term term : List.of(cosine, sine, straight.get(), crossed.get())) {
                                path.add(term.product());
                                path.addAll(term.half().path());
                            }
                            all.take(end, new Composites.Rotary(own.whole(),
                                    List.of(cosine.angle(), sine.angle()), pair.interleaved()), path);
                            return;
                        }
                    }
                }
            }
        }
    }

    /** The ways in which a value is one coordinate of every plane times an angle. */
    private List<Term> terms(String value) {
        List<Term> terms = new ArrayList<>();
        Optional<Node> product = all.producer(value, "Mul");
        for (int side = 0; side < 2 && product.isPresent(); side++) {
            String angle = product.get().input(1 - side);
            String of = product.get().input(side);
            Optional<Half> half = half(of);
            if (half.isPresent() && all.rank(angle) <= all.rank(of)
                    && (all.last(angle) == 1 || all.last(angle) == all.last(of) || all.rank(angle) == 0)) {
                terms.add(new Term(half.get(), angle, product.get()));
            }
        }
        return terms;
    }

    /** Two values put together along the last axis: one after the other, or in turn. */
    private Optional<Pair> pair(String value) {
        Optional<Node> concat = all.producer(value, "Concat");
        if (concat.isPresent()) {
            return Optional.of(concat.get()).filter(c -> joins(c) && all.last(c.input(0)) == all.last(c.input(1)))
                    .map(c -> new Pair(c.input(0), c.input(1), false, List.of(c)));
        }
        Optional<Node> flat = all.producer(value, "Reshape");
        Optional<Node> stack = flat.flatMap(f -> all.producer(f.input(0), "Concat")).filter(this::joins);
        Optional<Node> first = stack.flatMap(s -> all.producer(s.input(0), "Unsqueeze")).filter(this::addsLast);
        Optional<Node> second = stack.flatMap(s -> all.producer(s.input(1), "Unsqueeze")).filter(this::addsLast);
        if (first.isEmpty() || second.isEmpty() || all.rank(value) != all.rank(first.get().input(0))
                || all.last(value) <= 0 || all.last(value) != 2 * all.last(first.get().input(0))) {
            return Optional.empty();
        }
        return Optional.of(new Pair(first.get().input(0), second.get().input(0), true,
                List.of(flat.orElseThrow(), stack.orElseThrow(), first.get(), second.get())));
    }

    private boolean joins(Node concat) {
        int rank = all.rank(concat.input(0));
        return concat.inputs().size() == 2 && rank > 0
                && Math.floorMod(concat.integer("axis", 0), (long) rank) == rank - 1;
    }

    private boolean addsLast(Node unsqueeze) {
        return all.rank(unsqueeze.output(0)) == all.rank(unsqueeze.input(0)) + 1 && all.last(unsqueeze.output(0)) == 1
                && !keepsLast(unsqueeze);
    }

    /** Whether the last axis is none of those added. */
    private boolean keepsLast(Node unsqueeze) {
        long[] axes = unsqueeze.hasInput(1) ? all.longs(unsqueeze.input(1))
                : unsqueeze.integers("axes").orElse(new long[0]);
        long rank = all.rank(unsqueeze.input(0)) + (long) axes.length;
        return axes.length > 0 && Arrays.stream(axes).allMatch(a -> Math.floorMod(a, rank) != rank - 1);
    }

    /** A value as one coordinate of every plane of another. */
    private Optional<Half> half(String value) {
        Optional<Node> slice = all.producer(value, "Slice").filter(s -> s.hasInput(2));
        if (slice.isPresent()) {
            return sliced(slice.get());
        }
        Optional<Node> split = all.producer(value, "Split");
        if (split.isPresent()) {
            Node node = split.get();
            return lastAxis(node.integer("axis", 0), node.input(0)) && node.outputs().size() == 2
                    && 2 * all.last(value) == all.last(node.input(0))
                            ? Optional.of(new Half(node.input(0), node.outputs().indexOf(value) == 1, false,
                                    List.of(node)))
                            : Optional.empty();
        }
        return picked(value);
    }

    private Optional<Half> sliced(Node slice) {
        String whole = slice.input(0);
        long size = all.last(whole);
        long[] starts = all.longs(slice.input(1));
        long[] ends = all.longs(slice.input(2));
        long[] axes = slice.hasInput(3) ? all.longs(slice.input(3)) : new long[] {0};
        long[] steps = slice.hasInput(4) ? all.longs(slice.input(4)) : new long[] {1};
        if (size <= 0 || size % 2 != 0 || starts.length != 1 || ends.length != 1 || axes.length != 1
                || steps.length != 1 || !lastAxis(axes[0], whole)) {
            return Optional.empty();
        }
        long from = bound(starts[0], size);
        long to = bound(ends[0], size);
        boolean halves = steps[0] == 1 && (from == 0 && to == size / 2 || from == size / 2 && to == size);
        boolean every = steps[0] == 2 && (from == 0 && to >= size - 1 || from == 1 && to == size);
        return halves || every ? Optional.of(new Half(whole, from > 0, every, List.of(slice))) : Optional.empty();
    }

    /** One index of the last axis, of size 2, after a reshape that takes neighbours apart. */
    private Optional<Half> picked(String value) {
        List<Node> path = new ArrayList<>();
        int index = -1;
        String from = "";
        Optional<Node> gather = all.producer(value, "Gather");
        Optional<Node> split = all.producer(value, "Squeeze").flatMap(s -> {
            path.add(s);
            return all.producer(s.input(0), "Split");
        });
        if (gather.isPresent() && lastAxis(gather.get().integer("axis", 0), gather.get().input(0))
                && all.rank(gather.get().input(1)) == 0 && all.longs(gather.get().input(1)).length == 1) {
            path.add(gather.get());
            index = (int) Math.floorMod(all.longs(gather.get().input(1))[0], 2L);
            from = gather.get().input(0);
        } else if (split.isPresent() && lastAxis(split.get().integer("axis", 0), split.get().input(0))
                && split.get().outputs().size() == 2) {
            index = split.get().outputs().indexOf(path.get(0).input(0));
            path.add(split.get());
            from = split.get().input(0);
        }
        Optional<Node> apart = index < 0 || all.last(from) != 2 ? Optional.empty() : all.producer(from, "Reshape");
        if (apart.isEmpty() || all.rank(value) != all.rank(apart.get().input(0))
                || 2 * all.last(value) != all.last(apart.get().input(0))) {
            return Optional.empty();
        }
        path.add(apart.get());
        return Optional.of(new Half(apart.get().input(0), index == 1, true, path));
    }

    private boolean lastAxis(long axis, String value) {
        int rank = all.rank(value);
        return rank > 0 && Math.floorMod(axis, (long) rank) == rank - 1;
    }

    private static long bound(long index, long size) {
        return Math.clamp(index < 0 ? index + size : index, 0, size);
    }

    /** Whether an angle broadcasts over a value and is the same for both coordinates of a plane, however it is computed. */
    private boolean alike(String angle, String of, boolean interleaved) {
        long size = all.last(of);
        return size > 0 && all.rank(angle) <= all.rank(of)
                && (all.rank(angle) == 0 || all.last(angle) == 1
                        || all.last(angle) == size && repeats(angle, size, interleaved));
    }

    private boolean repeats(String value, long size, boolean interleaved) {
        if (all.last(value) == 1) {
            return true;
        }
        Optional<TensorData> constant = all.shapes().constant(value);
        if (constant.isPresent()) {
            double[] x = constant.get().toDoubles();
            int half = Math.toIntExact(size / 2);
            return IntStream.range(0, x.length)
                    .allMatch(i -> interleaved ? x[i] == x[i - i % 2] : i % size < half || x[i] == x[i - half]);
        }
        Optional<Node> made = all.producer(value, "Cos", "Sin", "Cast", "Identity", "Mul", "Unsqueeze", "Gather",
                "Concat", "Reshape");
        if (made.isEmpty() || all.last(value) != size) {
            return false;
        }
        Node node = made.get();
        return switch (node.opType()) {
            case "Mul" -> repeats(node.input(0), size, interleaved) && repeats(node.input(1), size, interleaved);
            case "Unsqueeze" -> keepsLast(node) && repeats(node.input(0), size, interleaved);
            case "Gather" -> all.rank(node.input(0)) > 0 && !lastAxis(node.integer("axis", 0), node.input(0))
                    && repeats(node.input(0), size, interleaved);
            case "Concat" -> !interleaved && joins(node) && node.input(0).equals(node.input(1));
            case "Reshape" -> interleaved && all.last(node.input(0)) == 2
                    && all.rank(node.input(0)) == all.rank(value) + 1 && copies(node.input(0));
            default -> repeats(node.input(0), size, interleaved);
        };
    }

    /** Whether the two indices of a value's last axis hold the same. */
    private boolean copies(String value) {
        Optional<Node> made = all.producer(value, "Expand", "Tile", "Concat");
        return made.isPresent() && (made.get().opType().equals("Concat")
                ? joins(made.get()) && made.get().input(0).equals(made.get().input(1))
                        && all.last(made.get().input(0)) == 1
                : all.last(made.get().input(0)) == 1);
    }
}
