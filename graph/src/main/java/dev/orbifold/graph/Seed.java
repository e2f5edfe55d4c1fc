package dev.orbifold.graph;

import java.util.random.RandomGenerator;

/**
 * A seed that is split by name, so that every random draw has its own stream and neither thread count nor the order of
 * draws elsewhere changes it.
 *
 * @param value the 64 bits
 */
public record Seed(long value) {
    /** The seed of the named stream below this one. */
    public Seed split(String name) {
        long h = value ^ 0x9E3779B97F4A7C15L;
        for (int i = 0; i < name.length(); i++) {
            h = mix(h + 0x9E3779B97F4A7C15L * (name.charAt(i) + 1));
        }
        return new Seed(mix(h));
    }

    /** The seed of the numbered stream below this one, such as an epoch's. */
    public Seed split(long number) {
        return new Seed(mix(mix(value + 0xD1B54A32D192ED03L) ^ (number * 0x9E3779B97F4A7C15L)));
    }

    /** A fresh generator, always starting at the same place. */
    public RandomGenerator generator() {
        return new java.util.SplittableRandom(value);
    }

    private static long mix(long z) {
        long x = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
        return x ^ (x >>> 31);
    }
}
