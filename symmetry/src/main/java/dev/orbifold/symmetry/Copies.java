package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * All copies of a {@link LinearSpace} as one space of copies × dimension coordinates, with one Group: every copy has a map of
 * its own, and where whole heads change places, {@link Group.Heads} of what one head has (theory, 7).
 *
 * @param space the LinearSpace
 * @param heads the Space of units, if there is one, that changes the places of copies: its units are the heads
 * @param order the copies in the order in which the Group takes their coordinates: those of a head side by side, in the same
 *            order for every head; then those that stay where they are
 * @param group what moves all of them: an exchange of heads after a map of every copy
 */
public record Copies(LinearSpace space, Optional<Space> heads, List<Integer> order, Group group) {
    /** Copies the list. */
    public Copies {
        order = List.copyOf(order);
    }

    /**
     * The copies of a LinearSpace among the Spaces of units of the same Graph. Where several of these exchange copies, the Group
     * has the one that moves the most; what the others do is not in it.
     */
    public static Copies of(LinearSpace space, List<Space> units) {
        Group inner = space.group();
        List<List<Integer>> heads = List.of();
        Optional<Space> found = Optional.empty();
        for (Space candidate : units) {
            List<List<Integer>> moved = heads(space, candidate);
            if (count(moved) > count(heads)) {
                heads = moved;
                found = Optional.of(candidate);
            }
        }
        List<Integer> order = new ArrayList<>();
        heads.forEach(order::addAll);
        IntStream.range(0, space.copies()).filter(c -> !order.contains(c)).forEach(order::add);
        if (found.isEmpty()) {
            return new Copies(space, found, order, Group.sum(space.copies(), space.dimension(), inner));
        }
        int each = heads.get(0).size();
        int size = each * space.dimension();
        List<Group.Block> blocks = new ArrayList<>(List.of(new Group.Block(heads.size() * size,
                Group.heads(heads.size(), size, Group.sum(each, space.dimension(), inner)))));
        for (int still = heads.size() * each; still < space.copies(); still++) {
            blocks.add(new Group.Block(space.dimension(), inner));
        }
        return new Copies(space, found, order, Group.sum(blocks));
    }

    private static int count(List<List<Integer>> heads) {
        return heads.stream().mapToInt(List::size).sum();
    }

    /** Per unit the copies that go where it goes, each list in the same order; empty if units do not move whole copies. */
    private static List<List<Integer>> heads(LinearSpace space, Space units) {
        int count = units.dimension();
        if (count < 2 || count > space.copies()) {
            return List.of();
        }
        List<int[]> neighbours = new ArrayList<>();
        for (int u = 0; u + 1 < count; u++) {
            Optional<int[]> moved = exchanged(space, units, u);
            if (moved.isEmpty()) {
                return List.of();
            }
            neighbours.add(moved.get());
        }
        List<List<Integer>> heads = new ArrayList<>();
        IntStream.range(0, count).forEach(u -> heads.add(new ArrayList<>()));
        boolean[] taken = new boolean[space.copies()];
        for (int copy = 0; copy < space.copies(); copy++) {
            int start = copy;
            // The first head's copies are those that the first exchange alone moves, one of each pair where there are two heads.
            if (!taken[copy] && neighbours.get(0)[copy] != copy
                    && neighbours.stream().skip(1).allMatch(n -> n[start] == start)) {
                int at = copy;
                for (int u = 0; u < count; u++) {
                    heads.get(u).add(at);
                    taken[at] = true;
                    at = u + 1 < count ? neighbours.get(u)[at] : at;
                }
            }
        }
        return movesAll(neighbours, heads, space.copies()) ? heads : List.of();
    }

    /** Whether the exchanges of neighbouring heads move their copies and no others. */
    private static boolean movesAll(List<int[]> neighbours, List<List<Integer>> heads, int copies) {
        for (int u = 0; u < neighbours.size(); u++) {
            int[] expected = IntStream.range(0, copies).toArray();
            for (int k = 0; k < heads.get(u).size(); k++) {
                expected[heads.get(u).get(k)] = heads.get(u + 1).get(k);
                expected[heads.get(u + 1).get(k)] = heads.get(u).get(k);
            }
            if (!Arrays.equals(expected, neighbours.get(u))) {
                return false;
            }
        }
        return !heads.get(0).isEmpty();
    }

    /**
     * Where every copy goes when units u and u + 1 change places; empty if coordinates do not keep their numbers, or the places
     * where the Space meets parameters do not agree.
     */
    private static Optional<int[]> exchanged(LinearSpace space, Space units, int u) {
        int[] to = new int[space.copies()];
        Arrays.fill(to, -1);
        for (LinearSlot slot : space.slots()) {
            int[] own = moved(units, slot.parameter(), slot.axis(), slot.coordinate().length, u);
            Map<Long, Long> vectors = new HashMap<>();
            Map<Integer, Integer> sums = new HashMap<>();
            for (int i = 0; i < own.length; i++) {
                if (slot.coordinate()[i] != slot.coordinate()[own[i]]) {
                    return Optional.empty();
                }
                if (slot.coordinate()[i] >= 0) {
                    sums.put(slot.copy()[i], slot.copy()[own[i]]);
                    long image = vector(slot, own[i]);
                    if (vectors.merge(vector(slot, i), image, (a, b) -> a) != image) {
                        return Optional.empty();
                    }
                }
            }
            for (LinearSlot.Along along : slot.along()) {
                int[] other = moved(units, slot.parameter(), along.axis(), along.copy().length, u);
                Map<Integer, Integer> with = new HashMap<>();
                sums.forEach((from, image) -> IntStream.range(0, other.length)
                        .forEach(j -> with.put(from + along.copy()[j], image + along.copy()[other[j]])));
                sums = with;
            }
            for (Map.Entry<Integer, Integer> entry : sums.entrySet()) {
                int before = to[entry.getKey()];
                if (before >= 0 && before != entry.getValue()) {
                    return Optional.empty();
                }
                to[entry.getKey()] = entry.getValue();
            }
        }
        return Arrays.stream(to).sorted().boxed().toList().equals(IntStream.range(0, to.length).boxed().toList())
                ? Optional.of(to)
                : Optional.empty();
    }

    private static long vector(LinearSlot slot, int index) {
        return ((long) slot.copy()[index] << 32) | slot.row()[index];
    }

    /** Where every index of an axis of a parameter goes when units u and u + 1 change places. */
    private static int[] moved(Space units, String parameter, int axis, int size, int u) {
        int[] to = IntStream.range(0, size).toArray();
        for (Slot slot : units.slots()) {
            if (slot.parameter().equals(parameter) && slot.axis() == axis) {
                Map<Integer, Integer> legs = new HashMap<>();
                for (int i = 0; i < size; i++) {
                    if (slot.unit()[i] == u) {
                        legs.put(slot.leg()[i], i);
                    }
                }
                for (int i = 0; i < size; i++) {
                    Integer pair = slot.unit()[i] == u + 1 ? legs.get(slot.leg()[i]) : null;
                    if (pair != null) {
                        to[i] = pair;
                        to[pair] = i;
                    }
                }
            }
        }
        return to;
    }
}
