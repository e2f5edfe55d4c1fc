package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The classes of tied coordinates, and which of them are exchangeable: those that meet all sites alike. A class that
 * contains a fixed coordinate is fixed.
 */
final class Units {
    private record Signature(long first, long second, int size) {
    }

    private final Coordinates coordinates;
    private final int[] root;
    private final int[] rank;
    private final int[] size;
    private final Map<Integer, String> pins = new HashMap<>();

    Units(Coordinates coordinates) {
        this.coordinates = coordinates;
        int count = coordinates.count();
        root = new int[count];
        rank = new int[count];
        size = new int[count];
        for (int node = 0; node < count; node++) {
            root[node] = coordinates.find(node);
            rank[node] = size[root[node]]++;
        }
        coordinates.pins().forEach(
                (node, reason) -> pins.merge(root[node], reason, (a, b) -> b.startsWith(Inference.SHOWN) ? b : a));
    }

    /** The representative of a coordinate's unit: the coordinate met first. */
    int root(int node) {
        return root[node];
    }

    /** The coordinate's number within its unit. */
    int rank(int node) {
        return rank[node];
    }

    /** The number of coordinates of a unit. */
    int size(int unitRoot) {
        return size[unitRoot];
    }

    /** Whether no map but the identity acts on a unit. */
    boolean fixed(int unitRoot) {
        return pins.containsKey(unitRoot);
    }

    /** Why a unit is fixed; empty where it is not. */
    String reason(int unitRoot) {
        return pins.getOrDefault(unitRoot, "");
    }

    /** Units that can be exchanged with each other, by representative, in the order they were met. */
    List<List<Integer>> exchangeable() {
        int count = root.length;
        long[] first = new long[count];
        long[] second = new long[count];
        for (int node = 0; node < count; node++) {
            add(first, second, root[node], mix(coordinates.batch(node) + 1L, rank[node]));
        }
        int number = 0;
        for (Site site : coordinates.sites()) {
            number++;
            int positions = site.rows().get(0).size();
            for (int i = 0; i < positions; i++) {
                int unit = -1;
                long hash = mix(number, site.label().length == 0 ? -1 : site.label()[i]);
                for (Elements row : site.rows()) {
                    int node = row.node()[i];
                    if (node >= 0 && coordinates.isMark(node)) {
                        hash = mix(hash, mix(~node, row.leg()[i]));
                    } else if (node >= 0) {
                        unit = root[node];
                        hash = mix(hash, ((long) rank[node] << 32) | row.leg()[i]);
                    }
                }
                if (unit >= 0) {
                    add(first, second, unit, hash);
                }
            }
        }
        Map<Signature, List<Integer>> classes = new LinkedHashMap<>();
        for (int node = 0; node < count; node++) {
            if (root[node] == node && !fixed(node)) {
                classes.computeIfAbsent(new Signature(first[node], second[node], size[node]), s -> new ArrayList<>())
                        .add(node);
            }
        }
        return List.copyOf(classes.values());
    }

    private static void add(long[] first, long[] second, int unit, long hash) {
        first[unit] += hash;
        second[unit] += mix(hash, 0x5DEECE66DL);
    }

    private static long mix(long a, long b) {
        long z = a * 0x9E3779B97F4A7C15L + b * 0xD1B54A32D192ED03L + 0x632BE59BD9B4E019L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
