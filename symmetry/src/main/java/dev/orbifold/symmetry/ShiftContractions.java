package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/** Shifts through products that sum over an axis. */
final class ShiftContractions {
    private static final double[] ONE = {1};

    private ShiftContractions() {
    }

    /**
     * With a constant, a linear map. With weights that add up to one, what is the same for all that is weighed passes. With
     * any other value, what is the same for all rows makes a Level: q·(k + c) = q·k + q·c. Where both sides move, as where one
     * bias belongs to queries and keys, the left one must not: a softmax runs over the columns.
     */
    static void matMul(Node node, ShiftWalk walk) {
        int left = walk.facts().rank(node.input(0));
        int right = walk.facts().rank(node.input(1));
        int rank = Math.max(left, right);
        boolean both = walk.moves(node.input(0)) && walk.moves(node.input(1));
        int moved = walk.moves(node.input(0)) && !both ? 0 : 1;
        if (both) {
            walk.block(node.input(0));
        }
        Optional<Offset> found = walk.offset(node.input(moved)).flatMap(o -> o.aligned(rank));
        if (Math.min(left, right) < 2 || found.isEmpty()
                || walk.level(node.input(moved)).isPresent()) {
            node.inputs().forEach(walk::block);
            return;
        }
        Offset offset = found.get();
        String other = node.input(1 - moved);
        Optional<ShiftFacts.Constant> constant = walk.constant(other);
        int summed = moved == 0 ? rank - 1 : rank - 2;
        int kept = moved == 0 ? rank - 2 : rank - 1;
        int otherSummed = walk.facts().rank(other) - (moved == 0 ? 2 : 1);
        if (constant.isPresent()) {
            Offset mapped = moved == 0 ? product(offset, constant.get())
                    : flipped(product(flipped(offset), flipped(constant.get())));
            walk.offset(node.output(0), mapped);
        } else if (!offset.varies(summed) && walk.facts().sumsToOne(other, otherSummed)) {
            walk.offset(node.output(0), offset);
        } else if (!offset.varies(kept)) {
            boolean[] along = new boolean[rank];
            along[kept] = true;
            walk.level(node.output(0), new Level(along, java.util.List.of(offset)));
        } else {
            walk.zero(offset);
        }
    }

    private static int[] swapped(int rank) {
        int[] perm = IntStream.range(0, rank).toArray();
        perm[rank - 1] = rank - 2;
        perm[rank - 2] = rank - 1;
        return perm;
    }

    private static Offset flipped(Offset offset) {
        return offset.transposed(swapped(offset.rank()));
    }

    private static ShiftFacts.Constant flipped(ShiftFacts.Constant constant) {
        int[] perm = swapped(constant.dims().length);
        int[] strides = Offset.strides(constant.dims());
        int[] dims = Arrays.stream(perm).map(a -> constant.dims()[a]).toArray();
        int[] step = Arrays.stream(perm).map(a -> strides[a]).toArray();
        return new ShiftFacts.Constant(dims, () -> Offset.rearranged(constant.values().get(), dims, step));
    }

    /** (…, m, k) times (…, k, n). */
    private static Offset product(Offset offset, ShiftFacts.Constant by) {
        int rank = Math.max(offset.rank(), by.dims().length);
        int k = by.dims()[by.dims().length - 2];
        int n = by.dims()[by.dims().length - 1];
        int m = offset.dim(offset.rank() - 2);
        int[] lead = Offset.broadcast(Arrays.copyOf(offset.dims(), offset.rank() - 2),
                Arrays.copyOf(by.dims(), by.dims().length - 2));
        int[] from = Arrays.copyOf(lead, rank);
        from[rank - 2] = m;
        from[rank - 1] = k;
        int[] to = from.clone();
        to[rank - 1] = n;
        return new Offset(offset.columns(), to, () -> {
            Form[] forms = offset.aligned(rank).map(o -> o.expanded(from)).orElseThrow().forms();
            double[] values = by.values().get();
            int[] matrix = Offset.places(lead, Arrays.copyOf(Offset.padded(by.dims(), rank), rank - 2));
            Form.Sum sum = new Form.Sum(offset.columns());
            Form[] result = new Form[forms.length / k * n];
            double[] sums = new double[n];
            for (int row = 0; row < forms.length / k; row++) {
                int first = matrix[row / m] * k * n;
                if (offset.columns() == 1) {
                    // Numbers: rows of the weight are added up, in the order in which they lie.
                    Arrays.fill(sums, 0);
                    for (int j = 0; j < k; j++) {
                        addRow(values, first + j * n, forms[row * k + j].at(ONE), sums);
                    }
                    for (int c = 0; c < n; c++) {
                        result[row * n + c] = Form.unit(0).times(sums[c]);
                    }
                    continue;
                }
                for (int c = 0; c < n; c++) {
                    for (int j = 0; j < k; j++) {
                        sum.add(forms[row * k + j], values[first + j * n + c]);
                    }
                    result[row * n + c] = sum.take();
                }
            }
            return result;
        });
    }

    private static void addRow(double[] values, int first, double by, double[] sums) {
        for (int c = 0; c < sums.length; c++) {
            sums[c] += by * values[first + c];
        }
    }

    /** α·A·B + β·C, with a constant B. */
    static void gemm(Node node, ShiftWalk walk) {
        walk.block(node.input(1));
        walk.level(node.input(0)).ifPresent(walk::block);
        walk.level(node.input(2)).ifPresent(walk::block);
        Optional<ShiftFacts.Constant> weight = walk.constant(node.input(1));
        Optional<Offset> from = walk.offset(node.input(0));
        if (from.isPresent() && weight.isEmpty()) {
            from.ifPresent(walk::zero);
            from = Optional.empty();
        }
        Optional<Offset> mapped = from.map(o -> node.integer("transA", 0) != 0 ? flipped(o) : o)
                .map(o -> product(o, node.integer("transB", 0) != 0 ? flipped(weight.orElseThrow())
                        : weight.orElseThrow()).times(node.real("alpha", 1)));
        float beta = node.real("beta", 1);
        Optional<Offset> added = walk.offset(node.input(2)).flatMap(o -> o.aligned(2)).map(o -> o.times(beta));
        Optional<Offset> sum = mapped.map(o -> added.map(c -> o.plus(c, 1)).orElse(o)).or(() -> added);
        if (sum.isPresent() && !(node.hasInput(2) && beta != 0
                && walk.absorb(node.input(2), sum.get().times(-1 / beta)))) {
            walk.offset(node.output(0), sum.get());
        }
    }

    /** Convolutions; at a padded border what is the same everywhere is not any more. */
    static void conv(Node node, ShiftWalk walk) {
        walk.block(node.input(1));
        walk.level(node.input(0)).ifPresent(walk::block);
        walk.level(node.input(2)).ifPresent(walk::block);
        int rank = walk.facts().rank(node.input(0));
        Optional<ShiftFacts.Constant> weight = walk.constant(node.input(1));
        boolean padded = node.integers("pads").map(p -> Arrays.stream(p).anyMatch(x -> x != 0)).orElse(false)
                || node.text("auto_pad", "NOTSET").startsWith("SAME");
        Optional<Offset> from = walk.offset(node.input(0));
        if (from.isPresent() && (padded || weight.isEmpty() || rank < 3 || !channelsOnly(from.get()))) {
            from.ifPresent(walk::zero);
            from = Optional.empty();
        }
        Optional<Offset> mapped = from.map(o -> convolved(o, weight.orElseThrow(),
                Math.toIntExact(node.integer("group", 1))));
        Optional<Offset> added = rank < 2 ? Optional.empty() : ShiftNorms.channels(walk.offset(node.input(2)), rank);
        if (rank < 2) {
            walk.block(node.input(2));
        }
        Optional<Offset> sum = mapped.map(o -> added.map(b -> o.plus(b, 1)).orElse(o)).or(() -> added);
        if (sum.isPresent() && !(node.hasInput(2) && ShiftOperands.perChannel(sum.get())
                .filter(o -> walk.absorb(node.input(2), o.times(-1))).isPresent())) {
            walk.offset(node.output(0), sum.get());
        }
    }

    private static boolean channelsOnly(Offset offset) {
        return IntStream.range(0, offset.rank()).noneMatch(a -> a != 1 && offset.varies(a));
    }

    /** Every output channel's kernel summed over positions, times the channels of its group. */
    private static Offset convolved(Offset offset, ShiftFacts.Constant weight, int groups) {
        int outputs = weight.dims()[0];
        int each = weight.dims()[1];
        int[] dims = offset.dims();
        int[] full = dims.clone();
        full[1] = each * groups;
        dims[1] = outputs;
        return new Offset(offset.columns(), dims, () -> {
            Form[] forms = offset.expanded(full).forms();
            double[] values = weight.values().get();
            int window = values.length / (outputs * each);
            Form.Sum sum = new Form.Sum(offset.columns());
            Form[] result = new Form[outputs];
            for (int o = 0; o < outputs; o++) {
                int first = o / (outputs / groups) * each;
                for (int c = 0; c < each; c++) {
                    double factor = 0;
                    for (int w = 0; w < window; w++) {
                        factor += values[(o * each + c) * window + w];
                    }
                    sum.add(forms[first + c], factor);
                }
                result[o] = sum.take();
            }
            return result;
        });
    }
}
