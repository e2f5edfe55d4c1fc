package dev.orbifold.certificate;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All trainable parameters as one vector: where each of them lies.
 *
 * @param names the parameters in order
 * @param places by name
 * @param size the number of elements
 */
record Theta(List<String> names, Map<String, Place> places, int size) {
    /** One parameter: its first element's place, its shape, its values. */
    record Place(int offset, long[] dims, double[] values) {
        int stride(int axis) {
            int stride = 1;
            for (int a = axis + 1; a < dims.length; a++) {
                stride *= Math.toIntExact(dims[a]);
            }
            return stride;
        }

        /** How many elements lie before the given axis's first repetition is over. */
        int outer(int axis) {
            return values.length / Math.max(1, stride(axis) * Math.toIntExact(dims[axis]));
        }
    }

    static Theta of(Graph graph, List<String> names) {
        Map<String, Place> places = new LinkedHashMap<>();
        int offset = 0;
        for (String name : names) {
            TensorData data = data(graph, name);
            places.put(name, new Place(offset, data.dims(), data.toDoubles()));
            offset = Math.addExact(offset, Math.toIntExact(data.elements()));
        }
        return new Theta(List.copyOf(names), places, offset);
    }

    /** A parameter of a Graph. */
    static TensorData data(Graph graph, String name) {
        return graph.parameter(name).orElseThrow(() -> new IllegalArgumentException("no parameter " + name));
    }

    boolean has(String name) {
        return places.containsKey(name);
    }

    Place at(String name) {
        Place place = places.get(name);
        if (place == null) {
            throw new IllegalArgumentException("no trainable parameter " + name);
        }
        return place;
    }

    double[] zero() {
        return new double[size];
    }

    /** A direction cut into parameters. */
    Map<String, TensorData> parts(double[] direction) {
        Map<String, TensorData> parts = new LinkedHashMap<>();
        places.forEach((name, place) -> parts.put(name, TensorData.of(
                Arrays.copyOfRange(direction, place.offset(), place.offset() + place.values().length), place.dims())));
        return parts;
    }

    /** The parameters that carry most of a direction, with their share of its squared length. */
    Map<String, Double> shares(double[] direction, int most) {
        Map<String, Double> all = new LinkedHashMap<>();
        double total = Arrays.stream(direction).map(x -> x * x).sum();
        places.forEach((name, place) -> {
            double sum = 0;
            for (int i = 0; i < place.values().length; i++) {
                sum += direction[place.offset() + i] * direction[place.offset() + i];
            }
            all.put(name, total == 0 ? 0 : sum / total);
        });
        Map<String, Double> largest = new LinkedHashMap<>();
        all.entrySet().stream().sorted(Map.Entry.comparingByValue(Comparator.reverseOrder())).limit(most)
                .filter(e -> e.getValue() > 0).forEach(e -> largest.put(e.getKey(), e.getValue()));
        return largest;
    }
}
