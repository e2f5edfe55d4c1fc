package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The coordinates of all axes, the ties between them (union-find) and the sites they meet at. A class of tied
 * coordinates is a unit: it is permuted and taken out as a whole.
 */
final class Coordinates {
    private int[] parent = new int[1024];
    private int[] batch = new int[1024];
    private int count;
    private int batches;
    private final Map<Integer, String> pins = new HashMap<>();
    private final Map<Integer, String> keeps = new HashMap<>();
    private final Map<Integer, Slot.Role> roles = new HashMap<>();
    private final Map<Integer, Boolean> contracted = new HashMap<>();
    private final List<Site> sites = new ArrayList<>();
    private final BitSet marks = new BitSet();

    /** New coordinates, numbered in a row; those of one call correspond to each other. */
    int[] fresh(int size) {
        int[] nodes = new int[size];
        if (count + size > parent.length) {
            int length = Math.max(count + size, 2 * parent.length);
            parent = Arrays.copyOf(parent, length);
            batch = Arrays.copyOf(batch, length);
        }
        for (int i = 0; i < size; i++) {
            parent[count] = count;
            batch[count] = batches;
            nodes[i] = count++;
        }
        batches++;
        return nodes;
    }

    /**
     * Coordinates that only tell positions apart: what meets one may change places with what meets the same one, and is not
     * tied to it. They move nothing themselves.
     */
    int[] marks(int size, String reason) {
        int[] nodes = fresh(size);
        for (int node : nodes) {
            marks.set(node);
            pin(node, reason);
        }
        return nodes;
    }

    /** Whether a coordinate only tells positions apart. */
    boolean isMark(int node) {
        return marks.get(node);
    }

    /** New coordinates in the place of others, one for each, with the same legs. */
    Elements freshLike(Elements elements) {
        Map<Integer, Integer> places = new HashMap<>();
        for (int node : elements.node()) {
            if (node >= 0) {
                places.putIfAbsent(node, places.size());
            }
        }
        int[] nodes = fresh(places.size());
        int[] node = Arrays.stream(elements.node()).map(n -> n < 0 ? -1 : nodes[places.getOrDefault(n, 0)]).toArray();
        return new Elements(node, elements.leg());
    }

    /** The number of coordinates. */
    int count() {
        return count;
    }

    /** Which call of {@link #fresh} made a coordinate. */
    int batch(int node) {
        return batch[node];
    }

    /** The representative of a coordinate's unit. */
    int find(int node) {
        int root = node;
        while (parent[root] != root) {
            parent[root] = parent[parent[root]];
            root = parent[root];
        }
        return root;
    }

    /** Adds a site: ties the rows position by position; a row's fixed positions fix the others. */
    void add(Site site) {
        sites.add(site);
        int size = site.rows().get(0).size();
        for (Elements row : site.rows()) {
            if (row.size() != size) {
                throw new SymmetryException("rows of one site differ in size: " + row.size() + " != " + size);
            }
        }
        for (int i = 0; i < size; i++) {
            int first = -1;
            boolean fixed = false;
            for (Elements row : site.rows()) {
                int node = row.node()[i];
                if (node < 0) {
                    fixed = true;
                } else if (isMark(node)) {
                    continue;
                } else if (first < 0) {
                    first = node;
                } else {
                    tie(first, node);
                }
            }
            if (fixed && first >= 0) {
                pin(first, "it meets positions that are fixed");
            }
        }
    }

    private void tie(int a, int b) {
        int x = find(a);
        int y = find(b);
        if (x != y) {
            parent[Math.max(x, y)] = Math.min(x, y);
        }
    }

    /** Fixes a coordinate: no map but the identity acts on it. */
    void pin(int node, String reason) {
        pins.putIfAbsent(node, reason);
    }

    /** Notes why a coordinate cannot be taken out. */
    void keep(int node, String reason) {
        keeps.putIfAbsent(node, reason);
    }

    /** Notes what a parameter's coordinate does; the first writer's word counts. */
    void role(Elements elements, Slot.Role role, boolean contraction) {
        for (int node : elements.node()) {
            if (node >= 0) {
                if (role == Slot.Role.WRITES) {
                    roles.put(node, role);
                } else {
                    roles.putIfAbsent(node, role);
                }
                if (contraction) {
                    contracted.put(node, true);
                }
            }
        }
    }

    /** What a parameter's coordinate does. */
    Slot.Role role(int node) {
        return roles.getOrDefault(node, Slot.Role.FOLLOWS);
    }

    /** Whether the coordinate is summed over or made by a sum. */
    boolean contracted(int node) {
        return contracted.containsKey(node);
    }

    /** Why coordinates are fixed, by coordinate. */
    Map<Integer, String> pins() {
        return pins;
    }

    /** Why coordinates cannot be taken out, by coordinate. */
    Map<Integer, String> keeps() {
        return keeps;
    }

    /** All sites, in the order they were met. */
    List<Site> sites() {
        return sites;
    }
}
