package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Units that may change places because what they meet is repeated for them: query heads that share a key and a value head.
 * The groups as wholes are units of a Space already ({@link SpaceBuilder}); here every group is a Space whose units are its
 * members, found by a second inference in which what is repeated stays where it is. Together they are the wreath product
 * of the permutations within the groups with those of the groups.
 */
final class Sharers {
    private static final String KEPT = "the groups must stay equally large";

    private final Inference inference;
    private final Units units;
    private final Map<Integer, int[]> members = new HashMap<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> taken = new HashSet<>();

    private Sharers(Inference inference) {
        this.inference = inference;
        this.units = new Units(inference.coordinates());
    }

    /** One Space per group of at least two members, numbered after the Spaces known. */
    static List<Space> of(Symmetries known) {
        Inference inference = new Inference(known.graph(), known.shapes(), Inference.View.SHARERS);
        inference.run();
        Sharers sharers = new Sharers(inference);
        known.spaces().forEach(s -> sharers.names.add(s.name()));
        return sharers.build(known.spaces());
    }

    private List<Space> build(List<Space> known) {
        known.forEach(s -> s.slots().forEach(slot -> taken.add(key(slot))));
        BitSet marked = marked();
        int spaces = 0;
        for (List<Integer> roots : units.exchangeable()) {
            if (roots.size() > 1 && marked.get(roots.get(0))) {
                for (int u = 0; u < roots.size(); u++) {
                    members.put(roots.get(u), new int[] {spaces, u});
                }
                spaces++;
            }
        }
        List<List<Slot>> slots = new ArrayList<>();
        for (int s = 0; s < spaces; s++) {
            slots.add(slots(s));
        }
        slots.removeIf(here -> here.stream().noneMatch(slot -> slot.role() == Slot.Role.WRITES)
                || here.stream().anyMatch(this::isKnown));
        List<Space> result = new ArrayList<>();
        for (List<Slot> here : slots) {
            int size = 1 + Arrays.stream(here.get(0).unit()).max().orElse(-1);
            result.add(new Space(known.size() + result.size(), name(here), size, new Group.Permutation(), here,
                    Optional.of(KEPT)));
        }
        return result;
    }

    /** The units that meet something repeated. */
    private BitSet marked() {
        Coordinates coordinates = inference.coordinates();
        BitSet marked = new BitSet();
        for (Site site : coordinates.sites()) {
            for (int i = 0; i < site.rows().get(0).size(); i++) {
                int place = i;
                if (site.rows().stream().anyMatch(row -> row.node()[place] >= 0
                        && coordinates.isMark(row.node()[place]))) {
                    site.rows().stream().mapToInt(row -> row.node()[place])
                            .filter(n -> n >= 0 && !coordinates.isMark(n)).forEach(n -> marked.set(units.root(n)));
                }
            }
        }
        return marked;
    }

    private boolean isKnown(Slot slot) {
        return taken.contains(key(slot));
    }

    private static String key(Slot slot) {
        return slot.parameter() + " " + slot.axis() + " " + Arrays.hashCode(slot.unit());
    }

    private List<Slot> slots(int space) {
        List<Slot> slots = new ArrayList<>();
        inference.parameterTypes().forEach((parameter, type) -> type.parts().forEach(part -> {
            int[] nodes = part.node();
            int[] here = java.util.stream.IntStream.range(0, nodes.length).filter(i -> in(space, nodes[i])).toArray();
            if (here.length > 0) {
                int[] ranks = Arrays.stream(here).map(i -> units.rank(nodes[i])).sorted().distinct().toArray();
                int[] unit = new int[nodes.length];
                int[] leg = new int[nodes.length];
                Arrays.fill(unit, -1);
                for (int i : here) {
                    unit[i] = members.getOrDefault(units.root(nodes[i]), new int[] {0, -1})[1];
                    leg[i] = Arrays.binarySearch(ranks, units.rank(nodes[i]));
                }
                slots.add(new Slot(parameter, part.axes()[0], inference.coordinates().role(nodes[here[0]]), unit, leg,
                        0));
            }
        }));
        return slots;
    }

    private boolean in(int space, int node) {
        int[] member = node < 0 ? null : members.get(units.root(node));
        return member != null && member[0] == space;
    }

    private String name(List<Slot> slots) {
        Slot first = slots.stream().filter(s -> s.role() == Slot.Role.WRITES).findFirst().orElse(slots.get(0));
        String base = Names.of(first.parameter(), inference.firstUse(first.parameter())) + "/group";
        String name = base + 1;
        for (int k = 2; !names.add(name); k++) {
            name = base + k;
        }
        return name;
    }
}
