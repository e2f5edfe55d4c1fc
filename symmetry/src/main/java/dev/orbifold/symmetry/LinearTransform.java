package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
        Moving moving = new Moving(Tensors.real(graph), new LinkedHashMap<>());
        for (Element element : elements) {
            element.space().folds().forEach(moving::fold);
            List<LinearMap> inverses = element.maps().stream().map(LinearMap::inverseTransposed).toList();
            for (LinearSlot slot : element.space().slots()) {
                Tensor tensor = moving.tensor(slot.parameter());
                move(slot, element.space().dimension(), slot.dual() ? inverses : element.maps(),
                        tensor.original().dims(), tensor.values());
            }
        }
        Map<String, TensorData> moved = new LinkedHashMap<>();
        moving.tensors().forEach((name, tensor) -> moved.put(name,
                Tensors.encode(tensor.original().type(), tensor.values(), tensor.original().dims())));
        return Tensors.replace(graph, moved);
    }

    /** A parameter on the move: as it was, and its numbers as they are now. */
    private record Tensor(TensorData original, double[] values) {
    }

    /** The parameters touched so far. */
    private record Moving(Map<String, TensorData> originals, Map<String, Tensor> tensors) {
        Tensor tensor(String name) {
            return tensors.computeIfAbsent(name, k -> {
                TensorData original = originals.get(name);
                if (original == null) {
                    throw new SymmetryException("the Graph lacks the parameter " + name);
                }
                return new Tensor(original, original.toDoubles());
            });
        }

        void fold(LinearFold fold) {
            double[] scale = tensor(fold.scale()).values();
            for (LinearSlot slot : fold.slots()) {
                Tensor tensor = tensor(slot.parameter());
                int stride = stride(tensor.original().dims(), slot.axis());
                for (int i = 0; i < tensor.values().length; i++) {
                    int coordinate = slot.coordinate()[i / stride % slot.coordinate().length];
                    if (coordinate >= 0) {
                        tensor.values()[i] *= slot.dual() ? scale[coordinate] : 1 / scale[coordinate];
                    }
                }
            }
            Arrays.fill(scale, 1);
        }
    }

    private static void move(LinearSlot slot, int n, List<LinearMap> maps, long[] dims, double[] tensor) {
        int stride = stride(dims, slot.axis());
        int size = slot.coordinate().length;
        int outer = tensor.length / (stride * size);
        Map<Long, int[]> groups = new LinkedHashMap<>();
        for (int i = 0; i < size; i++) {
            if (slot.coordinate()[i] >= 0) {
                groups.computeIfAbsent(((long) slot.copy()[i] << 32) | slot.row()[i], k -> new int[n])[slot
                        .coordinate()[i]] = i;
            }
        }
        int run = slot.along().isEmpty() ? stride : 1;
        double[] dot = new double[run];
        groups.forEach((key, places) -> {
            for (int o = 0; o < outer; o++) {
                for (int s = 0; s < stride; s += run) {
                    int base = o * size * stride + s;
                    LinearMap map = maps.get((int) (key >> 32) + along(slot, dims, base));
                    for (LinearMap.Step step : map.steps()) {
                        apply(step, tensor, base, places, stride, dot);
                    }
                }
            }
        });
    }

    /** What the other axes add to the number of the copy that an element belongs to. */
    private static int along(LinearSlot slot, long[] dims, int element) {
        return slot.along().stream().mapToInt(
                a -> a.copy()[element / stride(dims, a.axis()) % a.copy().length]).sum();
    }

    private static void apply(LinearMap.Step step, double[] tensor, int base, int[] places, int stride, double[] dot) {
        Arrays.fill(dot, 0);
        for (int c = 0; c < places.length; c++) {
            double v = step.v()[c];
            int at = base + places[c] * stride;
            for (int s = 0; s < dot.length; s++) {
                dot[s] += v * tensor[at + s];
            }
        }
        for (int c = 0; c < places.length; c++) {
            double u = step.u()[c];
            int at = base + places[c] * stride;
            for (int s = 0; s < dot.length; s++) {
                tensor[at + s] += u * dot[s];
            }
        }
    }

    private static int stride(long[] dims, int axis) {
        int stride = 1;
        for (int a = axis + 1; a < dims.length; a++) {
            stride *= Math.toIntExact(dims[a]);
        }
        return stride;
    }
}
