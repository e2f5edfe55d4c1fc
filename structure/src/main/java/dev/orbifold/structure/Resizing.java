package dev.orbifold.structure;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Makes what a node says about lengths follow: group counts, target shapes, split sizes, slice bounds, gathered indices,
 * paddings, numbers of heads. Sizes that are computed from shapes while the Graph runs follow by themselves.
 */
final class Resizing {
    /** From this opset on a Gemm may do without a bias. */
    private static final int BIAS_OPTIONAL = 11;

    private final Axes axes;
    private final Kept kept;
    private final GraphEdit edit;
    private final int opset;

    Resizing(Axes axes, Kept kept, GraphEdit edit) {
        this.axes = axes;
        this.kept = kept;
        this.edit = edit;
        opset = axes.symmetries().graph().opset();
    }

    /** Makes one node follow. */
    void node(int index) {
        Node node = edit.node(index);
        if (!node.domain().isEmpty()) {
            return;
        }
        switch (node.opType()) {
            case "Conv" -> group(index, node, kept.size(node.input(0), 1), kept.size(node.input(1), 1));
            case "ConvTranspose" -> group(index, node, kept.size(node.output(0), 1), kept.size(node.input(1), 1));
            case "Gemm" -> unread(index, node);
            case "Reshape" -> reshape(index, node);
            case "Split" -> split(index, node);
            case "Slice" -> slice(index, node);
            case "Gather" -> gather(index, node);
            case "Expand" -> sizes(index, node, 1, 1);
            case "ConstantOfShape" -> sizes(index, node, 0, -1);
            case "Resize" -> {
                if (node.hasInput(3)) {
                    sizes(index, node, 3, -1);
                }
            }
            case "Pad" -> pad(index, node);
            case "Attention" -> attention(index, node);
            default -> {
            }
        }
    }

    private void group(int index, Node node, int channels, int perGroup) {
        long group = node.integer("group", 1);
        if (group > 1 && channels > 0 && perGroup > 0) {
            if (channels % perGroup != 0) {
                throw new StructureException(
                        node.label() + " would read " + channels + " channels in groups of " + perGroup
                                + ": units cannot be taken out of its groups separately");
            }
            if (channels / perGroup != group) {
                edit.node(index, node.with("group", new Attribute.Int(channels / perGroup)));
            }
        }
    }

    /** A bias that beta = 0 makes unread carries no units, but has to fit; it goes, or where ONNX asks for one, a single 0 comes. */
    private void unread(int index, Node node) {
        if (!node.hasInput(2) || node.real("beta", 1) != 0 || !kept.shrinks(node.output(0))) {
            return;
        }
        if (opset >= BIAS_OPTIONAL) {
            edit.node(index, node.withInputs(node.inputs().subList(0, 2)));
        } else {
            boolean fine = axes.shapes().type(node.output(0)).filter(t -> t == DataType.DOUBLE).isPresent();
            edit.addInput(index, 2, node.input(2),
                    fine ? TensorData.of(new double[1], 1) : TensorData.of(new float[1], 1));
        }
    }

    private void reshape(int index, Node node) {
        String in = node.input(0);
        String out = node.output(0);
        if (!kept.shrinks(out) && !kept.shrinks(in)) {
            return;
        }
        Optional<TensorData> target = axes.constant(node.input(1));
        if (target.isEmpty()) {
            computedReshape(index, node);
            return;
        }
        boolean copies = node.integer("allowzero", 0) == 0;
        long[] sizes = target.get().toLongs();
        for (int k = 0; k < sizes.length; k++) {
            int size = kept.size(out, k);
            boolean holds = sizes[k] == -1
                    || sizes[k] == 0 && copies && k < axes.rank(in) && kept.size(in, k) == size;
            if (!holds && size >= 0) {
                sizes[k] = size;
            }
        }
        change(index, 1, target.get(), sizes);
    }

    /** A target computed while running: replaced by a constant one that says the same, where there is one. */
    private void computedReshape(int index, Node node) {
        Optional<Shape> in = axes.shape(node.input(0));
        Optional<Shape> out = axes.shape(node.output(0));
        if (in.isEmpty() || out.isEmpty() || node.integer("allowzero", 0) != 0) {
            return;
        }
        long[] sizes = new long[out.get().rank()];
        int inferred = 0;
        for (int k = 0; k < sizes.length; k++) {
            Dim dim = out.get().dim(k);
            boolean same = k < in.get().rank() && in.get().dim(k).equals(dim) && !dim.equals(Dim.UNKNOWN);
            sizes[k] = dim.isFixed() ? kept.size(node.output(0), k) : same ? 0 : -1;
            inferred += sizes[k] == -1 ? 1 : 0;
        }
        if (inferred <= 1) {
            edit.constant(index, 1, TensorData.of(sizes, sizes.length));
        }
    }

    /** An input that lists all sizes of the output; sizes that mean "as the input" are left alone. */
    private void sizes(int index, Node node, int input, long asInput) {
        String out = node.output(0);
        Optional<TensorData> target = axes.constant(node.input(input));
        if (target.isEmpty() || !kept.shrinks(out) || target.get().elements() > axes.rank(out)) {
            return;
        }
        long[] sizes = target.get().toLongs();
        int lead = axes.rank(out) - sizes.length;
        for (int k = 0; k < sizes.length; k++) {
            if (sizes[k] != asInput && kept.shrinks(out, lead + k)) {
                sizes[k] = kept.size(out, lead + k);
            }
        }
        change(index, input, target.get(), sizes);
    }

    private void split(int index, Node node) {
        int axis = axis(node.integer("axis", 0), node.input(0));
        boolean shrinks = node.outputs().stream().anyMatch(out -> kept.shrinks(out, axis));
        if (!shrinks) {
            return;
        }
        long[] sizes = node.outputs().stream().mapToLong(out -> kept.size(out, axis)).toArray();
        boolean listed = node.hasInput(1) || node.integers("split").isPresent();
        if (!listed && LongStream.of(sizes).distinct().count() == 1) {
            return;
        }
        if (opset < 13) {
            edit.node(index, node.with("split", ints(sizes)));
            return;
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        if (attributes.remove("num_outputs") != null) {
            edit.node(index,
                    new Node(node.name(), node.opType(), node.domain(), node.inputs(), node.outputs(), attributes));
        }
        if (node.hasInput(1)) {
            edit.constant(index, 1, TensorData.of(sizes, sizes.length));
        } else {
            edit.addInput(index, 1, node.output(0) + ".split", TensorData.of(sizes, sizes.length));
        }
    }

    private void slice(int index, Node node) {
        String in = node.input(0);
        if (!kept.shrinks(in)) {
            return;
        }
        Optional<TensorData> starts = axes.constant(node.input(1));
        Optional<TensorData> ends = axes.constant(node.input(2));
        if (starts.isEmpty() || ends.isEmpty()) {
            return;
        }
        long[] from = starts.get().toLongs();
        long[] to = ends.get().toLongs();
        long[] along = axes.constant(node.input(3)).map(TensorData::toLongs)
                .orElseGet(() -> LongStream.range(0, from.length).toArray());
        long[] step = axes.constant(node.input(4)).map(TensorData::toLongs)
                .orElseGet(() -> LongStream.generate(() -> 1).limit(from.length).toArray());
        for (int k = 0; k < from.length; k++) {
            int axis = axis(along[k], in);
            if (kept.shrinks(in, axis)) {
                bounds(node, axis, k, from, to, step[k]);
            }
        }
        change(index, 1, starts.get(), from);
        change(index, 2, ends.get(), to);
    }

    /** New bounds so that exactly the chosen indices that stay are chosen again. */
    private void bounds(Node node, int axis, int k, long[] from, long[] to, long step) {
        int length = axes.size(node.input(0), axis);
        int[] chosen = chosen(length, from[k], to[k], step);
        int[] stay = kept.all(node.input(0), axis);
        if (step == 1 && chosen.length == length) {
            return;
        }
        int[] places = Arrays.stream(chosen).map(i -> Arrays.binarySearch(stay, i)).filter(p -> p >= 0).toArray();
        for (int p = 1; p < places.length; p++) {
            if (places[p] - places[p - 1] != step) {
                throw new StructureException(node.label() + " takes every " + step + "th index of " + node.input(0)
                        + "; what stays of them is no longer evenly spaced");
            }
        }
        if (places.length == 0) {
            from[k] = 0;
            to[k] = 0;
            return;
        }
        from[k] = places[0];
        long end = places[places.length - 1] + step;
        to[k] = end < 0 ? Long.MIN_VALUE + 1 : end;
    }

    /** The indices a Slice takes of an axis. */
    static int[] chosen(int length, long from, long to, long step) {
        long first = from < 0 ? from + length : from;
        long last = to < 0 ? to + length : to;
        if (step > 0) {
            long begin = Math.clamp(first, 0L, length);
            long end = Math.clamp(last, 0L, length);
            return LongStream.iterate(begin, i -> i < end, i -> i + step).mapToInt(i -> (int) i).toArray();
        }
        long begin = Math.clamp(first, -1L, length - 1L);
        long end = Math.clamp(last, -1L, length - 1L);
        return LongStream.iterate(begin, i -> i > end, i -> i + step).mapToInt(i -> (int) i).toArray();
    }

    private void gather(int index, Node node) {
        String in = node.input(0);
        int axis = axis(node.integer("axis", 0), in);
        Optional<int[]> stay = kept.indices(in, axis);
        Optional<TensorData> indices = axes.constant(node.input(1));
        if (stay.isEmpty() || indices.isEmpty() || axes.constant(in).isPresent()) {
            return;
        }
        if (indices.get().rank() > 1) {
            throw new StructureException(node.label() + " picks indices of an axis that shrinks by a table of shape "
                    + indices.get().shape() + "; only a list of indices can follow");
        }
        long[] old = indices.get().toLongs();
        int length = axes.size(in, axis);
        int[] picked = indices.get().rank() == 1 ? kept.all(node.output(0), axis) : new int[1];
        long[] now = new long[picked.length];
        for (int j = 0; j < picked.length; j++) {
            long was = old[picked[j]] < 0 ? old[picked[j]] + length : old[picked[j]];
            now[j] = Arrays.binarySearch(stay.get(), (int) was);
            if (now[j] < 0) {
                throw new StructureException(
                        node.label() + " picks index " + was + " of " + in + ", which is taken out");
            }
        }
        TensorData content = TensorData.of(now, now.length);
        edit.constant(index, 1, indices.get().rank() == 1 ? content : content.reshaped());
    }

    private void pad(int index, Node node) {
        String out = node.output(0);
        Optional<TensorData> pads = axes.constant(node.input(1));
        if (pads.isEmpty() || !kept.shrinks(out)) {
            return;
        }
        long[] amounts = pads.get().toLongs();
        int half = amounts.length / 2;
        long[] along = axes.constant(node.input(3)).map(TensorData::toLongs)
                .orElseGet(() -> LongStream.range(0, half).toArray());
        for (int k = 0; k < half; k++) {
            int axis = axis(along[k], out);
            int length = axes.size(out, axis);
            long before = amounts[k];
            long behind = length - amounts[half + k];
            if (kept.shrinks(out, axis) && (before > 0 || behind < length)) {
                int[] stay = kept.all(out, axis);
                amounts[k] = Arrays.stream(stay).filter(i -> i < before).count();
                amounts[half + k] = Arrays.stream(stay).filter(i -> i >= behind).count();
            }
        }
        change(index, 1, pads.get(), amounts);
    }

    /** ONNX's Attention: whole heads go, or coordinates of all heads; its scale stays what it was. */
    private void attention(int index, Node node) {
        boolean merged = axes.rank(node.input(0)) == 3;
        for (int input = 0; input < 2; input++) {
            String attribute = input == 0 ? "q_num_heads" : "kv_num_heads";
            String value = node.input(input);
            int axis = merged ? 2 : 3;
            int heads = merged ? Math.toIntExact(node.integer(attribute, 1)) : 1;
            if (!kept.shrinks(value, axis)) {
                continue;
            }
            int before = axes.size(value, axis) / heads;
            int[] stay = new int[heads];
            Arrays.stream(kept.all(value, axis)).forEach(i -> stay[i / before]++);
            int[] sizes = Arrays.stream(stay).filter(s -> s > 0).toArray();
            if (Arrays.stream(sizes).distinct().count() > 1) {
                throw new StructureException(node.label() + " would have heads of different sizes");
            }
            Node now = merged ? edit.node(index).with(attribute, new Attribute.Int(sizes.length)) : edit.node(index);
            boolean narrower = sizes.length > 0 && sizes[0] != before && node.real("scale", 0) == 0;
            edit.node(index,
                    narrower ? now.with("scale", new Attribute.Real((float) (1 / Math.sqrt(before)))) : now);
        }
    }

    private void change(int index, int input, TensorData old, long[] sizes) {
        if (!Arrays.equals(old.toLongs(), sizes)) {
            edit.constant(index, input, integers(old, sizes));
        }
    }

    private static TensorData integers(TensorData like, long[] values) {
        return switch (like.type()) {
            case INT64 -> TensorData.of(values, values.length);
            case INT32 -> {
                ByteBuffer bytes = ByteBuffer.allocate(4 * values.length)
                        .order(ByteOrder.LITTLE_ENDIAN);
                for (long v : values) {
                    bytes.putInt((int) Math.clamp(v, Integer.MIN_VALUE, Integer.MAX_VALUE));
                }
                yield new TensorData(like.type(), new long[] {values.length},
                        MemorySegment.ofArray(bytes.array()));
            }
            default -> throw new StructureException("sizes are int32 or int64, found " + like.type());
        };
    }

    private int axis(long axis, String value) {
        return (int) (axis < 0 ? axis + axes.rank(value) : axis);
    }

    private static Attribute ints(long[] values) {
        return new Attribute.Ints(LongStream.of(values).boxed().toList());
    }
}
