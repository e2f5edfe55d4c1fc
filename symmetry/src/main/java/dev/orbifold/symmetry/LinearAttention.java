package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Attention as one node, and rotary embedding: heads are factors of an axis, rotated pairs are planes. */
final class LinearAttention {
    private LinearAttention() {
    }

    /**
     * Attention as one node: queries contract with keys head by head, values pass to the output. Where keys, values or
     * scores come in or out as a cache they are seen as they are.
     */
    static void attention(Node node, LinearInference in) {
        boolean shown = node.outputs().stream().skip(1).anyMatch(o -> !o.isEmpty());
        if (shown || node.hasInput(4) || node.hasInput(5)) {
            in.endAll(node);
            return;
        }
        for (int i = 0; i < 3; i++) {
            LinearAxes.endOthers(in, in.type(node.input(i)));
        }
        if (node.hasInput(3)) {
            in.end(node.input(3));
        }
        List<Optional<Ref>> q = headed(in, node, 0, "q_num_heads");
        List<Optional<Ref>> k = headed(in, node, 1, "kv_num_heads");
        List<Optional<Ref>> v = headed(in, node, 2, "kv_num_heads");
        LinearContractions.contract(in, q.get(1), k.get(1));
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
                    .forEach(a -> LinearAxes.gone(in, a, out));
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

    static void rotary(Node node, LinearInference in) {
        for (int i = 1; i < node.inputs().size(); i++) {
            in.end(node.input(i));
        }
        List<Optional<Ref>> type = in.type(node.input(0));
        LinearAxes.endOthers(in, type);
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

    /** Rotary embedding spelled out as several nodes. */
    static void composite(Composites.Rotary rotary, Node node, LinearInference in) {
        List<Optional<Ref>> type = in.type(rotary.input());
        rotary.angles().forEach(in::end);
        LinearAxes.endOthers(in, type);
        type.get(type.size() - 1).ifPresent(ref -> planes(in, ref, in.frames().size(ref), rotary.interleaved()));
        in.define(node.output(0), type);
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
}
