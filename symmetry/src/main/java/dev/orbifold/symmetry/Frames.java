package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The vector spaces that lie along the axes of values, seen as wholes: which axes carry the same space, which carry its
 * dual, and which linear maps the operators leave to it. A space is a leaf until an operator takes it apart: a
 * concatenation or split makes it a sum, a reshape makes it a product. Union-find with a parity: two axes of one class
 * are moved by the same g, or one of them by g to the minus transpose.
 */
final class Frames {
    /** What restricts the maps of a leaf; caps add up. */
    static final int BASIS = 1;
    /** Only isometries. */
    static final int ISOMETRY = 2;
    /** Only maps that keep the vector of ones. */
    static final int ONES = 4;
    /** Only maps that commute with the rotation of a plane. */
    static final int COMPLEX = 8;

    /**
     * An axis of a value as a space or its dual.
     *
     * @param id the space's number
     * @param dual whether the axis is moved by g to the minus transpose
     */
    record Ref(int id, boolean dual) {
        /** The dual of this one. */
        Ref opposite() {
            return new Ref(id, !dual);
        }

        Ref turned(boolean by) {
            return new Ref(id, dual ^ by);
        }
    }

    /** How a space is made of others. */
    enum Kind {
        /** Of none. */
        LEAF,
        /** One after the other. */
        SUM,
        /** Indices in all of them at once. */
        PRODUCT,
        /** Once for every index of another space; a leaf again as soon as it is asked for as a whole. */
        COPIES
    }

    private final List<Frame> frames = new ArrayList<>();
    private final Map<Integer, Set<Integer>> excluded = new HashMap<>();

    /** A space nothing is known of. */
    Ref fresh(int size) {
        frames.add(new Frame(size));
        return new Ref(frames.size() - 1, false);
    }

    /** A space of positions that cannot be mixed. */
    Ref positions(int size) {
        Ref ref = fresh(size);
        cap(ref, BASIS);
        return ref;
    }

    /** The size of an axis. */
    int size(Ref ref) {
        return frame(ref).size;
    }

    /** The direct sum of spaces. */
    Ref sum(List<Ref> parts) {
        return composed(Kind.SUM, parts, parts.stream().mapToInt(this::size).sum());
    }

    /** The tensor product of spaces, the first varying slowest. */
    Ref product(List<Ref> parts) {
        return composed(Kind.PRODUCT, parts, parts.stream().mapToInt(this::size).reduce(1, (a, b) -> a * b));
    }

    private Ref composed(Kind kind, List<Ref> parts, int size) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        Ref ref = fresh(size);
        frame(ref).kind = kind;
        frame(ref).parts = List.copyOf(parts);
        return ref;
    }

    Frame frame(Ref ref) {
        return frames.get(ref.id());
    }

    /** The representative of a space, with the duality of this axis to it. */
    Ref find(Ref ref) {
        Ref at = ref;
        while (frame(at).parent >= 0) {
            Frame frame = frame(at);
            at = new Ref(frame.parent, at.dual() ^ frame.flip);
        }
        if (frame(at).kind == Kind.COPIES) {
            List<Ref> copies = frame(at).parts;
            frame(at).kind = Kind.LEAF;
            frame(at).parts = List.of();
            for (Ref copy : copies) {
                unify(new Ref(at.id(), false), copy);
            }
            return find(at);
        }
        return at;
    }

    /** The leaves of a space in order, as seen from this axis. */
    List<Ref> leaves(Ref ref) {
        List<Ref> leaves = new ArrayList<>();
        collect(ref, leaves);
        return leaves;
    }

    private void collect(Ref ref, List<Ref> leaves) {
        Ref root = find(ref);
        if (frame(root).kind == Kind.LEAF) {
            leaves.add(root);
        } else {
            parts(root).forEach(p -> collect(p, leaves));
        }
    }

    /** How a space is made of others. */
    Kind kind(Ref ref) {
        return frame(find(ref)).kind;
    }

    /** Whether a space is a leaf or leaves one after the other: several, or one several times. */
    boolean isSum(Ref ref) {
        return kind(ref) == Kind.LEAF || kind(ref) == Kind.SUM && parts(ref).stream().allMatch(this::isSum);
    }

    /** What a space is made of, as seen from this axis; nothing for a leaf. */
    List<Ref> parts(Ref ref) {
        Ref root = find(ref);
        return frame(root).parts.stream().map(p -> p.turned(root.dual())).toList();
    }

    /** Restricts the maps of a space. */
    void cap(Ref ref, int caps) {
        leaves(ref).forEach(leaf -> frame(leaf).caps |= caps);
    }

    /** What restricts a leaf. */
    int caps(Ref leaf) {
        return frame(find(leaf)).caps;
    }

    /** The two axes carry the same space: what moves one moves the other. */
    void unify(Ref first, Ref second) {
        Ref a = find(first);
        Ref b = find(second);
        if (a.id() == b.id()) {
            if (a.dual() != b.dual()) {
                cap(a, ISOMETRY);
            }
            return;
        }
        if (size(a) != size(b)) {
            apart(a, b);
        } else if (frame(a).kind == Kind.LEAF) {
            link(a, b);
        } else if (frame(b).kind == Kind.LEAF) {
            link(b, a);
        } else if (frame(a).kind == frame(b).kind) {
            merge(a, b);
        } else {
            apart(a, b);
        }
    }

    private void link(Ref leaf, Ref to) {
        int caps = frame(leaf).caps;
        if (leaves(to).stream().anyMatch(l -> l.id() == leaf.id())) {
            apart(leaf, to);
            return;
        }
        frame(leaf).parent = to.id();
        frame(leaf).flip = leaf.dual() ^ to.dual();
        cap(to, caps);
    }

    private void apart(Ref a, Ref b) {
        cap(a, BASIS);
        cap(b, BASIS);
    }

    /** Two spaces taken apart in the same way: the coarsest parts that fit both are unified. */
    private void merge(Ref a, Ref b) {
        Kind kind = frame(a).kind;
        List<Ref> left = new ArrayList<>(flat(a, kind));
        List<Ref> right = new ArrayList<>(flat(b, kind));
        while (!left.isEmpty() && !right.isEmpty()) {
            Ref x = left.removeFirst();
            Ref y = right.removeFirst();
            if (size(x) == size(y)) {
                unify(x, y);
            } else if (size(x) > size(y) ? !cut(kind, x, size(y), left) : !cut(kind, y, size(x), right)) {
                apart(a, b);
                return;
            } else if (size(x) > size(y)) {
                right.addFirst(y);
            } else {
                left.addFirst(x);
            }
        }
    }

    /** Cuts a leaf so that a first part of the given size comes to the head of the rest. */
    private boolean cut(Kind kind, Ref leaf, int size, List<Ref> rest) {
        boolean fits = kind == Kind.SUM || size(leaf) % size == 0;
        if (frame(find(leaf)).kind != Kind.LEAF || !fits) {
            return false;
        }
        int[] sizes = {size, kind == Kind.SUM ? size(leaf) - size : size(leaf) / size};
        List<Ref> parts = refine(kind, leaf, sizes);
        rest.addAll(0, parts);
        return true;
    }

    List<Ref> flat(Ref ref, Kind kind) {
        Ref root = find(ref);
        if (frame(root).kind != kind) {
            return List.of(root);
        }
        List<Ref> flat = new ArrayList<>();
        parts(root).forEach(p -> flat.addAll(flat(p, kind)));
        return flat;
    }

    private List<Ref> refine(Kind kind, Ref leaf, int[] sizes) {
        Ref root = find(leaf);
        Frame frame = frame(root);
        List<Ref> parts = new ArrayList<>();
        for (int size : sizes) {
            Ref part = fresh(size);
            frame(part).caps = frame.caps;
            parts.add(part);
        }
        frame.kind = kind;
        frame.parts = List.copyOf(parts);
        return parts.stream().map(p -> p.turned(root.dual())).toList();
    }

    /** The axis as a product with the given sizes, the first varying slowest; its factors. */
    List<Ref> factors(Ref ref, int... sizes) {
        return divided(Kind.PRODUCT, ref, sizes);
    }

    /** The axis as a sum of parts of the given sizes. */
    List<Ref> parts(Ref ref, int... sizes) {
        return divided(Kind.SUM, ref, sizes);
    }

    private List<Ref> divided(Kind kind, Ref ref, int[] sizes) {
        List<Ref> fresh = new ArrayList<>();
        Arrays.stream(sizes).forEach(size -> fresh.add(fresh(size)));
        Ref whole = composed(kind, fresh, size(ref));
        unify(whole, ref);
        return fresh;
    }

    /**
     * The factors of an axis at one index of one of its factors. The first time, what follows that factor becomes a sum with
     * a part of its own for every index, because different indices (query, key and value of a fused projection) may be
     * moved by different maps.
     *
     * @param factor the factor that is indexed
     * @param others factors that may depend on it
     * @return the others at that index; those that are not tied to the factor unchanged
     */
    List<Ref> at(Ref factor, int index, List<Ref> others) {
        Ref leaf = find(factor);
        for (int id = 0; id < frames.size(); id++) {
            Ref whole = new Ref(id, false);
            if (frame(whole).parent < 0 && frame(whole).kind == Kind.PRODUCT
                    && FactorCopies.spread(this, whole, leaf)) {
                break;
            }
        }
        return others.stream().map(other -> FactorCopies.at(this, other, index, size(leaf))).toList();
    }

    /** Notes that the maps of what remains cannot depend on an axis that has been summed over. */
    void exclude(Ref remaining, Ref gone) {
        for (Ref leaf : leaves(remaining)) {
            excluded.computeIfAbsent(leaf.id(), k -> new LinkedHashSet<>()).add(gone.id());
        }
    }

    /** Whether the maps of a leaf may differ from index to index of another. */
    boolean mayDependOn(Ref leaf, Ref other) {
        int root = find(leaf).id();
        int index = find(other).id();
        return excluded.entrySet().stream().filter(e -> within(e.getKey(), root))
                .noneMatch(e -> e.getValue().stream().anyMatch(gone -> within(gone, index)));
    }

    /** Whether a leaf is a space or a part of it, however late the space was taken apart. */
    private boolean within(int space, int leaf) {
        int at = space;
        while (frames.get(at).parent >= 0) {
            at = frames.get(at).parent;
        }
        return at == leaf || frames.get(at).parts.stream().anyMatch(p -> within(p.id(), leaf));
    }
}
