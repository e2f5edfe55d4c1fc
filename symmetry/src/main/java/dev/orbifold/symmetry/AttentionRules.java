package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Rules of attention and rotary embedding as single nodes: heads are blocks that move as one. */
final class AttentionRules {
    private AttentionRules() {
    }

    /** Attention without a cache: query heads move with the key and value head they share. */
    static void attention(Node node, Inference in) {
        if (node.hasInput(4) || node.hasInput(5)) {
            throw new SymmetryException("attention with a cache of past keys and values is not understood");
        }
        if (in.byCoordinates()) {
            coordinates(node, in);
            return;
        }
        int queryHeads = heads(node, in, 0, "q_num_heads");
        int keyHeads = heads(node, in, 1, "kv_num_heads");
        Optional<Elements> query = blocks(node, in, node.input(0), queryHeads);
        Optional<Elements> key = blocks(node, in, node.input(1), keyHeads);
        Optional<Elements> value = blocks(node, in, node.input(2), keyHeads);
        Optional<Elements> mask = mask(node, in, queryHeads);
        boolean spread = keyHeads > 1;
        if (query.isEmpty() || spread && (key.isEmpty() || value.isEmpty())) {
            String reason = node.label() + " pairs it with heads at fixed positions";
            for (Optional<Elements> row : List.of(query, key, value, mask)) {
                row.ifPresent(r -> in.pin(r, reason));
            }
            return;
        }
        int shared = queryHeads / keyHeads;
        int[] owner = new int[queryHeads];
        int[] turn = new int[queryHeads];
        for (int h = 0; h < queryHeads; h++) {
            owner[h] = h / shared;
            turn[h] = spread ? h % shared : 0;
        }
        List<Elements> rows = new ArrayList<>(List.of(query.get()));
        boolean within = spread && shared > 1 && in.repeating();
        if (within) {
            Arrays.setAll(turn, h -> 0);
            int[] marks = in.coordinates().marks(keyHeads, node.label() + " repeats it");
            rows.add(Elements.of(Arrays.stream(owner).map(g -> marks[g]).toArray()));
            key.ifPresent(r -> in.pin(r, node.label() + " repeats it"));
            value.ifPresent(r -> in.pin(r, node.label() + " repeats it"));
        } else if (spread) {
            rows.add(key.orElseThrow().at(owner));
            rows.add(value.orElseThrow().at(owner));
        }
        mask.ifPresent(rows::add);
        Scales[] none = new Scales[rows.size()];
        Arrays.setAll(none, k -> Scales.none(k, rows.size()));
        in.relate(rows, turn, none);
        in.define(node.output(0), merged(in, node.output(0), query.get()));
    }

    /** Attention seen by coordinates: queries are summed against keys, values pass, in all heads alike. */
    private static void coordinates(Node node, Inference in) {
        if (node.hasInput(3)) {
            in.pin(in.type(node.input(3)), node.label() + " masks by position");
        }
        List<Optional<Elements>> rows = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int heads = heads(node, in, i, i == 0 ? "q_num_heads" : "kv_num_heads");
            rows.add(within(node, in, node.input(i), heads));
        }
        Contractions.contract(in, node, rows.get(0), rows.get(1));
        long[] dims = in.dims(node.output(0));
        Optional<Elements> value = rows.get(2);
        if (value.isEmpty()) {
            in.define(node.output(0), Typed.fixed(dims.length));
            return;
        }
        int times = dims.length == 4 ? 1 : heads(node, in, 0, "q_num_heads");
        int size = value.get().size();
        int[] from = new int[times * size];
        int[] leg = new int[from.length];
        for (int i = 0; i < from.length; i++) {
            from[i] = value.get().node()[i % size];
            leg[i] = value.get().leg()[i % size] * times + i / size;
        }
        in.define(node.output(0),
                Typed.fixed(dims.length).with(Part.of(dims.length - 1, new Elements(from, leg))));
    }

    /** One coordinate per index of a head, of (batch, heads, sequence, size) or (batch, sequence, heads · size) data. */
    private static Optional<Elements> within(Node node, Inference in, String value, int heads) {
        Typed type = in.resolved(value);
        int axis = type.rank() - 1;
        for (Part part : type.parts()) {
            if (part.axes()[0] != axis) {
                in.pin(part.elements(), node.label() + " works along it");
            }
        }
        Optional<Elements> row = type.elements(axis);
        if (row.isEmpty() || type.rank() == 4 || heads == 1) {
            return row;
        }
        int size = row.get().size() / heads;
        return Optional.of(in.resolve(
                new Part(new int[] {1, 2}, new int[] {heads, size}, row.get().node(), row.get().leg())).elements());
    }

    /** RotaryEmbedding: passes whole heads. */
    static void rotary(Node node, Inference in) {
        for (int i = 1; i < node.inputs().size(); i++) {
            in.pin(in.type(node.input(i)), node.label() + " turns by it");
        }
        if (in.byCoordinates()) {
            in.pin(in.type(node.input(0)), node.label() + " turns it");
            in.define(node.output(0), Typed.fixed(in.rank(node.output(0))));
            return;
        }
        int heads = heads(node, in, 0, "num_heads");
        Optional<Elements> row = blocks(node, in, node.input(0), heads);
        if (row.isPresent()) {
            in.define(node.output(0), merged(in, node.output(0), row.get()));
        }
    }

    private static int heads(Node node, Inference in, int input, String attribute) {
        long[] dims = in.dims(node.input(input));
        long heads = dims.length == 4 ? dims[1] : node.integer(attribute, 0);
        if (heads <= 0) {
            throw new SymmetryException("its number of heads is not known");
        }
        return Math.toIntExact(heads);
    }

    /** One coordinate per head of (batch, heads, sequence, size) or (batch, sequence, heads · size) data. */
    private static Optional<Elements> blocks(Node node, Inference in, String value, int heads) {
        Typed type = in.resolved(value);
        int axis = type.rank() == 4 ? 1 : 2;
        for (Part part : type.parts()) {
            if (part.axes()[0] != axis) {
                in.pin(part.elements(), node.label() + " works along it");
            }
        }
        Optional<Elements> row = type.elements(axis);
        if (row.isEmpty() || type.rank() == 4) {
            return row;
        }
        if (heads == 1) {
            in.pin(row.get(), node.label() + " has a single head");
            return Optional.empty();
        }
        int size = row.get().size() / heads;
        Part joint = new Part(new int[] {1, 2}, new int[] {heads, size}, row.get().node(), row.get().leg());
        return Optional.of(in.resolve(joint).elements());
    }

    /** The heads on the output: an axis of their own, or merged with their size. */
    private static Typed merged(Inference in, String output, Elements heads) {
        long[] dims = in.dims(output);
        if (dims.length == 4) {
            return Typed.fixed(4).with(Part.of(1, heads));
        }
        if (dims[2] < 0) {
            throw new SymmetryException("the size of its output " + output + " is not known");
        }
        int size = Math.toIntExact(dims[2]) / heads.size();
        int[] from = new int[heads.size() * size];
        int[] leg = new int[from.length];
        for (int i = 0; i < from.length; i++) {
            from[i] = heads.node()[i / size];
            leg[i] = heads.leg()[i / size] * size + i % size;
        }
        return Typed.fixed(3).with(Part.of(2, new Elements(from, leg)));
    }

    private static Optional<Elements> mask(Node node, Inference in, int heads) {
        if (!node.hasInput(3)) {
            return Optional.empty();
        }
        Typed type = in.resolved(node.input(3));
        Optional<Elements> row = Optional.empty();
        for (Part part : type.parts()) {
            if (part.axes()[0] == type.rank() - 3 && part.node().length == heads) {
                row = Optional.of(part.elements());
            } else {
                in.pin(part.elements(), node.label() + " masks by position");
            }
        }
        boolean full = type.rank() >= 3 && in.dims(node.input(3))[type.rank() - 3] != 1;
        if (full && row.isEmpty()) {
            throw new SymmetryException("its mask differs from head to head at fixed positions");
        }
        return row;
    }
}
