package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Rules of convolutions, weights (out, in / groups, kernel…), or (in, out / groups, kernel…) where transposed. A group
 * with one channel ties its inputs and outputs; larger groups move their i-th channels together.
 */
final class ConvolutionRules {
    private ConvolutionRules() {
    }

    /** Conv. */
    static void conv(Node node, Inference in) {
        convolve(node, in, false);
    }

    /** ConvTranspose. */
    static void transposed(Node node, Inference in) {
        convolve(node, in, true);
    }

    private static void convolve(Node node, Inference in, boolean transposed) {
        Typed data = fixSpace(in, node, in.resolved(node.input(0)));
        Typed weight = fixSpace(in, node, in.resolved(node.input(1)));
        long[] dims = in.dims(node.input(1));
        int groups = Math.toIntExact(node.integer("group", 1));
        int channels = Math.toIntExact(transposed ? dims[0] : dims[1] * groups);
        int outputs = Math.toIntExact(transposed ? dims[1] * groups : dims[0]);
        if (dims[0] < 0 || dims[1] < 0) {
            throw new SymmetryException("the size of its weights is not known");
        }
        Optional<Elements> x = data.elements(1);
        Optional<Elements> y;
        if (groups == 1) {
            y = weight.elements(transposed ? 1 : 0);
            Contractions.contract(in, node, x, weight.elements(transposed ? 0 : 1));
            Contractions.write(in, y);
        } else if (channels == groups) {
            y = depthwise(node, in, x, weight, outputs / groups, transposed);
        } else {
            y = grouped(node, in, x, weight, new int[] {channels, outputs, groups}, transposed);
        }
        Contractions.bias(in, node, node.input(2), y);
        Typed out = Typed.fixed(data.rank());
        in.define(node.output(0), y.isPresent() ? out.with(Part.of(1, y.get())) : out);
    }

    private static Typed fixSpace(Inference in, Node node, Typed type) {
        Typed channels = type;
        for (int axis = 2; axis < type.rank(); axis++) {
            channels = in.pinned(channels, axis, node.label() + " slides along it");
        }
        return channels;
    }

    private static Optional<Elements> depthwise(Node node, Inference in, Optional<Elements> x, Typed weight,
            int multiplier, boolean transposed) {
        Optional<Elements> first = weight.elements(0);
        Optional<Elements> second = weight.elements(1);
        if (x.isEmpty() || first.isEmpty() || !transposed && second.isPresent()) {
            String reason = node.label() + " filters fixed positions";
            x.ifPresent(row -> in.pin(row, reason));
            in.pin(weight, reason);
            return Optional.empty();
        }
        int size = x.get().size() * multiplier;
        int[] channel = new int[size];
        int[] turn = new int[size];
        for (int o = 0; o < size; o++) {
            channel[o] = o / multiplier;
            turn[o] = o % multiplier;
        }
        Elements out = Elements.of(in.coordinates().fresh(size));
        Elements filter = transposed ? first.get().at(channel) : first.get();
        in.coordinates().role(first.get(), Slot.Role.WRITES, false);
        second.ifPresent(row -> in.pin(row, node.label() + " makes it for every channel"));
        in.relate(List.of(x.get().at(channel), filter, out), turn, Scales.linear(1, 1, -1));
        return Optional.of(out);
    }

    private static Optional<Elements> grouped(Node node, Inference in, Optional<Elements> x, Typed weight, int[] sizes,
            boolean transposed) {
        int groups = sizes[2];
        Optional<Elements> read = weight.elements(transposed ? 0 : 1);
        Optional<Elements> written = weight.elements(transposed ? 1 : 0);
        if (x.isPresent() && read.isPresent()) {
            List<Elements> rows = new ArrayList<>(List.of(x.get()));
            int[] group = inGroup(sizes[0], groups, true);
            int[] place = inGroup(sizes[0], groups, false);
            rows.add(transposed ? read.get() : read.get().at(place));
            rows.add(anchors(in, place, sizes[0] / groups));
            in.relate(rows, group, Scales.linear(1, 1, 0));
            in.coordinates().role(read.get(), Slot.Role.READS, true);
            in.joined(node, groups);
        } else {
            Contractions.contract(in, node, x, Optional.empty());
            Contractions.contract(in, node, Optional.empty(), read);
        }
        if (written.isEmpty()) {
            return Optional.empty();
        }
        int[] group = inGroup(sizes[1], groups, true);
        int[] place = inGroup(sizes[1], groups, false);
        Contractions.write(in, written);
        Elements out = transposed ? Elements.of(in.coordinates().fresh(sizes[1])) : written.get();
        Elements made = transposed ? written.get().at(place) : written.get();
        in.relate(List.of(out, made, anchors(in, place, sizes[1] / groups)), group, Scales.linear(1, -1, 0));
        return Optional.of(out);
    }

    private static Elements anchors(Inference in, int[] place, int size) {
        int[] nodes = in.coordinates().fresh(size);
        return Elements.of(nodes).at(place);
    }

    private static int[] inGroup(int size, int groups, boolean number) {
        int[] result = new int[size];
        int width = size / groups;
        for (int i = 0; i < size; i++) {
            result[i] = number ? i / width : i % width;
        }
        return result;
    }
}
