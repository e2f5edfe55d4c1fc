package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Moves a Graph's parameters by elements of its symmetries: other weights, same function. */
public final class Transform {
    /** Which maps to use. */
    public enum Kind {
        /** Exchanging units. */
        PERMUTATION,
        /** Flipping signs. */
        SIGN,
        /** Positive factors. */
        SCALING,
        /** Maps that mix coordinates ({@link LinearTransform}). */
        ROTATION,
        /** Translations ({@link Shifts}). */
        SHIFT
    }

    /**
     * One element of a Space's symmetries.
     *
     * @param space the Space
     * @param permutation where every unit goes
     * @param factors per {@link Symmetries#scalings(Space) scaling} of the Space, a factor per unit, not 0
     */
    public record Element(Space space, int[] permutation, List<double[]> factors) {
        /** Copies the list. */
        public Element {
            factors = List.copyOf(factors);
        }
    }

    private Transform() {
    }

    /** The Graph moved by a random element of every Space. */
    public static Graph random(Symmetries symmetries, Seed seed) {
        return random(symmetries, symmetries.spaces(), EnumSet.allOf(Kind.class), seed);
    }

    /** The Graph moved by a random element, of the given kinds, of the given Spaces. */
    public static Graph random(Symmetries symmetries, List<Space> spaces, Set<Kind> kinds, Seed seed) {
        return apply(symmetries,
                spaces.stream().map(s -> element(symmetries, s, kinds, seed.split(s.name()))).toList());
    }

    /** A random element of a Space: a uniform permutation, signs ±1, and magnitudes from 1/2 to 2. */
    public static Element element(Symmetries symmetries, Space space, Set<Kind> kinds, Seed seed) {
        int n = space.dimension();
        RandomGenerator random = seed.generator();
        int[] permutation = new int[n];
        Arrays.setAll(permutation, u -> u);
        for (int u = n - 1; u > 0 && kinds.contains(Kind.PERMUTATION); u--) {
            int v = random.nextInt(u + 1);
            int moved = permutation[u];
            permutation[u] = permutation[v];
            permutation[v] = moved;
        }
        List<double[]> factors = new ArrayList<>();
        for (Scaling scaling : symmetries.scalings(space)) {
            double[] factor = new double[n];
            for (int u = 0; u < n; u++) {
                double size = Math.pow(2, 2 * random.nextDouble() - 1);
                boolean flip = random.nextBoolean();
                boolean sized = kinds.contains(Kind.SCALING) && scaling.diagonal() != Group.Diagonal.SIGNS;
                boolean signed = kinds.contains(Kind.SIGN) && scaling.diagonal() != Group.Diagonal.POSITIVE;
                factor[u] = (sized ? size : 1) * (signed && flip ? -1 : 1);
            }
            factors.add(factor);
        }
        return new Element(space, permutation, factors);
    }

    /**
     * The Graph moved by elements of different Spaces.
     *
     * @throws SymmetryException if an element does not fit its Space
     */
    public static Graph apply(Symmetries symmetries, List<Element> elements) {
        Motion motion = new Motion(symmetries.graph());
        add(motion, symmetries, elements);
        return motion.onHeap();
    }

    /**
     * Adds elements to a Motion. Where they turn signs about another number than 0, biases take that back, worked out at the
     * weights that the Motion starts from.
     */
    static void add(Motion motion, Symmetries symmetries, List<Element> elements) {
        for (Element element : elements) {
            Space space = element.space();
            List<Scaling> scalings = symmetries.scalings(space);
            if (element.permutation().length != space.dimension() || element.factors().size() != scalings.size()) {
                throw new SymmetryException("an element of " + space.name() + " needs " + space.dimension()
                        + " units and " + scalings.size() + " factors per unit, found " + element.permutation().length
                        + " and " + element.factors().size());
            }
            for (int i = 0; i < space.slots().size(); i++) {
                Slot slot = space.slots().get(i);
                int[] sources = sources(slot, element.permutation());
                double[] factors = factors(slot, i, scalings, element.factors());
                motion.exchange(slot.parameter(), slot.axis(),
                        new AxisMap(sources, Arrays.stream(sources).mapToDouble(from -> factors[from]).toArray()));
            }
        }
        Corrections.add(motion, symmetries, elements);
    }

    /** For every index of a Slot's axis the index whose entries come there. */
    private static int[] sources(Slot slot, int[] permutation) {
        Map<Long, Integer> places = new LinkedHashMap<>();
        int[] sources = new int[slot.unit().length];
        for (int i = 0; i < sources.length; i++) {
            places.put(((long) slot.unit()[i] << 32) | slot.leg()[i], i);
            sources[i] = i;
        }
        for (int i = 0; i < sources.length; i++) {
            if (slot.unit()[i] >= 0) {
                Integer to = places.get(((long) permutation[slot.unit()[i]] << 32) | slot.leg()[i]);
                if (to == null) {
                    throw new SymmetryException("unit " + permutation[slot.unit()[i]] + " has no leg " + slot.leg()[i]
                            + " on axis " + slot.axis() + " of " + slot.parameter());
                }
                sources[to] = i;
            }
        }
        return sources;
    }

    private static double[] factors(Slot slot, int number, List<Scaling> scalings, List<double[]> factors) {
        double[] result = new double[slot.unit().length];
        Arrays.fill(result, 1);
        for (int s = 0; s < scalings.size(); s++) {
            double[] powers = scalings.get(s).powers().get(number);
            for (int i = 0; i < result.length; i++) {
                int unit = slot.unit()[i];
                if (unit >= 0) {
                    double power = powers[slot.leg()[i]];
                    double factor = factors.get(s)[unit];
                    boolean negative = factor < 0 && Math.abs(power) % 2 == 1;
                    result[i] *= Math.pow(Math.abs(factor), power) * (negative ? -1 : 1);
                }
            }
        }
        return result;
    }
}
