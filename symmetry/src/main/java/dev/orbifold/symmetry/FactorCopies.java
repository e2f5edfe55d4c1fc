package dev.orbifold.symmetry;

import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Factors of a product that are spaces of their own at every index of another factor, as query, key and value may be. */
final class FactorCopies {
    private FactorCopies() {
    }

    /** A factor at one index of another one of the given size; itself where it has no copies for these. */
    static Ref at(Frames frames, Ref factor, int index, int size) {
        Ref at = factor;
        while (frames.frame(at).parent >= 0) {
            at = new Ref(frames.frame(at).parent, at.dual() ^ frames.frame(at).flip);
        }
        Frame frame = frames.frame(at);
        boolean copied = frame.kind == Frames.Kind.COPIES && frame.parts.size() == size;
        return copied ? frame.parts.get(index).turned(at.dual()) : factor;
    }

    /**
     * Makes what follows a factor of a product a sum with a part of its own for every index of the factor.
     *
     * @return whether the product has the factor, and leaves behind it
     */
    static boolean spread(Frames frames, Ref whole, Ref leaf) {
        List<Ref> flat = frames.flat(whole, Frames.Kind.PRODUCT);
        int place = flat.stream().map(Ref::id).toList().indexOf(leaf.id());
        if (place < 0 || place == flat.size() - 1
                || flat.subList(place + 1, flat.size()).stream()
                        .anyMatch(f -> frames.frame(f).kind != Frames.Kind.LEAF)) {
            return false;
        }
        List<Ref> suffix = flat.subList(place + 1, flat.size());
        List<Ref> sums = new ArrayList<>();
        Map<Integer, List<Ref>> copies = new HashMap<>();
        for (int i = 0; i < frames.size(leaf); i++) {
            List<Ref> parts = new ArrayList<>();
            for (Ref factor : suffix) {
                Ref copy = frames.fresh(frames.size(factor));
                frames.frame(copy).caps = frames.frame(factor).caps;
                parts.add(copy.turned(factor.dual()));
                copies.computeIfAbsent(factor.id(), k -> new ArrayList<>()).add(copy);
            }
            sums.add(frames.product(parts));
        }
        List<Ref> all = new ArrayList<>(flat.subList(0, place));
        all.add(frames.sum(sums));
        Frame frame = frames.frame(whole);
        if (all.size() == 1) {
            frame.kind = Frames.Kind.SUM;
            frame.parts = List.copyOf(sums);
        } else {
            frame.parts = List.copyOf(all);
        }
        copies.forEach((id, list) -> {
            frames.frame(new Ref(id, false)).kind = Frames.Kind.COPIES;
            frames.frame(new Ref(id, false)).parts = List.copyOf(list);
        });
        return true;
    }
}
