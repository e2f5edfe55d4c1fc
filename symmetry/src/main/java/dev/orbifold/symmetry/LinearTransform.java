package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;

/** Moves a Graph's parameters by maps that mix coordinates: other weights, same function. */
public final class LinearTransform {
    private LinearTransform() {
    }

    /**
     * One element of a Space's Group.
     *
     * @param space the Space
     * @param maps one map per copy
     */
    public record Element(LinearSpace space, List<LinearMap> maps) {
        /** Copies the list. */
        public Element {
            maps = List.copyOf(maps);
            if (maps.size() != space.copies()) {
                throw new SymmetryException(space.name() + " has " + space.copies() + " copies, found " + maps.size()
                        + " maps");
            }
        }
    }

    /** A random element. */
    public static Element element(LinearSpace space, Seed seed) {
        List<LinearMap> maps = new ArrayList<>();
        for (int copy = 0; copy < space.copies(); copy++) {
            maps.add(LinearMap.random(space.group(), space.dimension(), seed.split(copy)));
        }
        return new Element(space, maps);
    }

    /** The Graph moved by a random element of each of the Spaces. */
    public static Graph random(Graph graph, List<LinearSpace> spaces, Seed seed) {
        return apply(graph, spaces.stream().map(s -> element(s, seed.split(s.name()))).toList());
    }

    /**
     * The Graph moved by elements of different Spaces; norm scales that stand in the way are folded first.
     *
     * @throws SymmetryException if the Graph lacks a parameter of the Spaces
     */
    public static Graph apply(Graph graph, List<Element> elements) {
        Motion motion = new Motion(graph);
        add(motion, elements);
        return motion.onHeap();
    }

    /** Adds elements to a Motion. */
    static void add(Motion motion, List<Element> elements) {
        for (Element element : elements) {
            element.space().folds().forEach(motion::fold);
            List<LinearMap> inverses = element.maps().stream().map(LinearMap::inverseTransposed).toList();
            for (LinearSlot slot : element.space().slots()) {
                motion.mix(slot, element.space().dimension(), slot.dual() ? inverses : element.maps());
            }
        }
    }
}
