package dev.orbifold.engine;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** Chooses a share of items at random, the same share of every class. */
final class Stratification {
    private Stratification() {
    }

    /**
     * Which items are held out.
     *
     * @param classes the class of each item
     * @param fraction of every class, rounded to whole items
     */
    static boolean[] hold(int[] classes, double fraction, Seed seed) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new DataException("the fraction to hold out must lie between 0 and 1, found " + fraction);
        }
        Map<Integer, List<Integer>> members = new TreeMap<>();
        for (int i = 0; i < classes.length; i++) {
            members.computeIfAbsent(classes[i], c -> new ArrayList<>()).add(i);
        }
        boolean[] held = new boolean[classes.length];
        Seed stream = seed.split("hold out");
        members.forEach((label, items) -> {
            int[] order = items.stream().mapToInt(Integer::intValue).toArray();
            shuffle(order, stream.split(label).generator());
            long share = Math.round(fraction * order.length);
            for (int i = 0; i < share; i++) {
                held[order[i]] = true;
            }
        });
        return held;
    }

    /** Fisher and Yates: every order is equally likely. */
    static void shuffle(int[] order, RandomGenerator random) {
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
    }
}
