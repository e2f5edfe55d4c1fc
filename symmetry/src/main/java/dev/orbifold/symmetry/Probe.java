package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A Graph fit to show that a symmetry does not hold. A weight of zeros, such as a classifier before training, hides
 * everything before it: whatever is moved there, the outputs stay. Symmetries belong to the Graph and not to its weights,
 * so they are tested with small random numbers in the place of such zeros.
 */
final class Probe {
    private Probe() {
    }

    /** The Graph without weights of zeros; the Graph itself where it has none. */
    static Graph of(Graph graph, Seed seed) {
        Map<String, TensorData> filled = new LinkedHashMap<>();
        Tensors.real(graph).forEach((name, tensor) -> {
            if (tensor.rank() > 1 && isZero(tensor)) {
                RandomGenerator random = seed.split(name).generator();
                double scale = Math.sqrt(tensor.dim(0) / (double) tensor.elements());
                filled.put(name, Tensors.encode(tensor.type(),
                        random.doubles(tensor.elements()).map(x -> scale * random.nextGaussian()).toArray(),
                        tensor.dims()));
            }
        });
        return filled.isEmpty() ? graph : Tensors.replace(graph, filled);
    }

    private static boolean isZero(TensorData tensor) {
        return tensor.doubleAt(0) == 0 && Arrays.stream(tensor.toDoubles()).allMatch(x -> x == 0);
    }
}
