package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Rules of reductions and pooling: over an axis of units they are symmetric in them, over other axes units pass. */
final class ReductionRules {
    /** How a reduction treats the units it sums over and those it does not. */
    enum Kind {
        /** Sum. */
        SUM,
        /** Mean: like the sum, but units are counted. */
        MEAN,
        /** Maximum and minimum. */
        EXTREMUM,
        /** L1 and L2 norms: signs do not matter. */
        NORM,
        /** Sum of squares. */
        SQUARES,
        /** Everything else: symmetric, no scale passes. */
        OTHER
    }

    private ReductionRules() {
    }

    /** A reduction with attribute or input {@code axes}. */
    static Rule reduce(Kind kind) {
        return (node, in) -> reduce(node, in, kind);
    }

    private static void reduce(Node node, Inference in, Kind kind) {
        Typed x = in.type(node.input(0));
        int rank = x.rank();
        boolean[] reduced = reduced(node, in, rank);
        Typed plain = x.map(part -> {
            long hit = Arrays.stream(part.axes()).filter(a -> reduced[a]).count();
            return hit == 0 || hit == part.axes().length ? part : in.resolve(part);
        });
        boolean keepDims = node.integer("keepdims", 1) != 0;
        int[] place = places(reduced, keepDims);
        Typed out = Typed.fixed(in.rank(node.output(0)));
        for (Part part : plain.parts()) {
            if (reduced[part.axes()[0]]) {
                boolean even = kind == Kind.NORM || kind == Kind.SQUARES;
                in.relate(List.of(part.elements()), even ? Scales.unit(0, 1) : Scales.none(0, 1));
                if (kind == Kind.MEAN || kind == Kind.EXTREMUM || kind == Kind.OTHER) {
                    in.keep(part.elements(), node.label() + " counts its units");
                }
            } else {
                out = out.with(passed(in, part, kind).on(Arrays.stream(part.axes()).map(a -> place[a]).toArray()));
            }
        }
        in.define(node.output(0), out);
    }

    private static Part passed(Inference in, Part part, Kind kind) {
        Passes passes = switch (kind) {
            case SUM, MEAN, NORM, SQUARES -> Passes.ALL;
            case EXTREMUM -> Passes.POSITIVE;
            case OTHER -> Passes.NONE;
        };
        in.relate(List.of(part.elements()), passes.scales(0, 1));
        if (kind != Kind.NORM && kind != Kind.SQUARES) {
            return part;
        }
        Elements out = in.coordinates().freshLike(part.elements());
        in.relate(List.of(part.elements(), out),
                new Scales(new double[] {kind == Kind.SQUARES ? 2 : 1, -1}, new int[] {0, 1}));
        return new Part(part.axes(), part.sizes(), out.node(), out.leg());
    }

    private static boolean[] reduced(Node node, Inference in, int rank) {
        Optional<long[]> axes = node.hasInput(1) ? in.integers(node.input(1)) : node.integers("axes");
        if (node.hasInput(1) && axes.isEmpty()) {
            throw new SymmetryException("the axes it reduces are not constant");
        }
        boolean[] reduced = new boolean[rank];
        long[] listed = axes.orElse(new long[0]);
        if (listed.length == 0 && node.integer("noop_with_empty_axes", 0) == 0) {
            Arrays.fill(reduced, true);
        }
        for (long axis : listed) {
            reduced[Math.toIntExact(axis < 0 ? axis + rank : axis)] = true;
        }
        return reduced;
    }

    private static int[] places(boolean[] reduced, boolean keepDims) {
        int[] place = new int[reduced.length];
        int next = 0;
        for (int a = 0; a < reduced.length; a++) {
            place[a] = keepDims ? a : next;
            next += reduced[a] ? 0 : 1;
        }
        return place;
    }

    /** ArgMax and ArgMin: positions are shown, so the axis is fixed; what lies on others keeps no scale. */
    static void arg(Node node, Inference in) {
        Typed x = in.resolved(node.input(0));
        int rank = x.rank();
        int axis = Math.toIntExact(Math.floorMod(node.integer("axis", 0), (long) rank));
        x = in.pinned(x, axis, node.label() + " shows positions on it");
        in.touch(x, Passes.NONE);
        boolean keepDims = node.integer("keepdims", 1) != 0;
        Typed passed = x.map(p -> p.on(!keepDims && p.axes()[0] > axis ? p.axes()[0] - 1 : p.axes()[0]));
        in.define(node.output(0), new Typed(in.rank(node.output(0)), passed.parts()));
    }

    /** CumSum: order matters along its axis, others pass. */
    static void cumulative(Node node, Inference in) {
        Typed x = in.resolved(node.input(0));
        long axis = in.integers(node.input(1))
                .orElseThrow(() -> new SymmetryException("the axis it runs along is not constant"))[0];
        Typed out =
                in.pinned(x, Math.toIntExact(Math.floorMod(axis, (long) x.rank())), node.label() + " runs along it");
        in.touch(out, Passes.ALL);
        in.define(node.output(0), out);
    }

    /** Pooling over all axes from the third on. */
    static Rule pool(Passes passes) {
        return (node, in) -> {
            Typed x = spatialFixed(node, in);
            in.touch(x, passes);
            in.define(node.output(0), new Typed(in.rank(node.output(0)), x.parts()));
        };
    }

    /** Pooling by an Lp norm: signs stay behind. */
    static void lpPool(Node node, Inference in) {
        Typed x = spatialFixed(node, in);
        in.define(node.output(0), x.map(part -> passed(in, part, Kind.NORM)));
    }

    private static Typed spatialFixed(Node node, Inference in) {
        Typed x = in.resolved(node.input(0));
        for (int axis : IntStream.range(2, x.rank()).toArray()) {
            x = in.pinned(x, axis, node.label() + " pools along it");
        }
        return x;
    }
}
