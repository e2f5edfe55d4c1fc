package dev.orbifold.certificate;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearFold;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Tangents of the continuous symmetries found: one per unit and scaling of a Space, one per generator and copy of a
 * LinearSpace. Norm scales are not folded: where a fold would be needed, the generator is conjugated by the scale. Running
 * statistics of batch norm are not in θ: what a symmetry does to them, the norm's scale and shift do instead, which is the
 * same function in evaluation mode.
 */
final class GroupTangents {
    private final Graph graph;
    private final Theta theta;
    private final Map<String, Statistic> statistics = new HashMap<>();
    private final Map<String, Theta.Place> others = new HashMap<>();
    private final List<Column> columns = new ArrayList<>();

    /** A running mean or variance: its norm's other parameters. */
    private record Statistic(boolean mean, String scale, String shift, double[] variance) {
    }

    private GroupTangents(Graph graph, Theta theta) {
        this.graph = graph;
        this.theta = theta;
        for (Node node : graph.nodes()) {
            if (node.opType().equals("BatchNormalization") && node.domain().isEmpty()) {
                statistics(node);
            }
        }
    }

    private void statistics(Node node) {
        TensorData variance = graph.parameters().get(node.input(4));
        if (variance == null || !theta.has(node.input(1)) || !theta.has(node.input(2))) {
            return;
        }
        double epsilon = node.real("epsilon", 1e-5f);
        double[] sum = variance.toDoubles();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += epsilon;
        }
        statistics.put(node.input(3), new Statistic(true, node.input(1), node.input(2), sum));
        statistics.put(node.input(4), new Statistic(false, node.input(1), node.input(2), sum));
    }

    /** How many tangents there are at most. */
    static long count(Verified verified) {
        long count = verified.mixing().spaces().stream()
                .mapToLong(s -> (long) s.copies() * s.group().manifold(s.dimension())).sum();
        for (Space space : verified.units().spaces()) {
            count += (long) verified.units().scalings(space).size() * space.dimension();
        }
        return count;
    }

    /** All tangents of what was verified. */
    static List<Column> of(Verified verified, Theta theta) {
        GroupTangents tangents = new GroupTangents(verified.units().graph(), theta);
        for (Space space : verified.units().spaces()) {
            verified.units().scalings(space).stream().filter(s -> s.diagonal() != Group.Diagonal.SIGNS)
                    .forEach(s -> tangents.scaling(space, s));
        }
        verified.mixing().spaces().forEach(tangents::mixing);
        return tangents.columns;
    }

    private void scaling(Space space, Scaling scaling) {
        for (int unit = 0; unit < space.dimension(); unit++) {
            Map<String, double[]> moved = new LinkedHashMap<>();
            for (int s = 0; s < space.slots().size(); s++) {
                scale(space.slots().get(s), scaling.powers().get(s), unit, moved);
            }
            add(moved, true);
        }
    }

    private void scale(Slot slot, double[] powers, int unit, Map<String, double[]> moved) {
        Theta.Place place = place(slot.parameter());
        int stride = place.stride(slot.axis());
        int size = slot.unit().length;
        for (int i = 0; i < size; i++) {
            if (slot.unit()[i] == unit && powers[slot.leg()[i]] != 0) {
                double[] to = moved.computeIfAbsent(slot.parameter(), k -> new double[place.values().length]);
                for (int o = 0; o < place.outer(slot.axis()); o++) {
                    int base = (o * size + i) * stride;
                    for (int k = base; k < base + stride; k++) {
                        to[k] += powers[slot.leg()[i]] * place.values()[k];
                    }
                }
            }
        }
    }

    private Theta.Place place(String name) {
        return theta.has(name) ? theta.at(name) : others.computeIfAbsent(name, k -> {
            TensorData data = Theta.data(graph, name);
            return new Theta.Place(-1, data.dims(), data.toDoubles());
        });
    }

    private void mixing(LinearSpace space) {
        List<Generators.Generator> generators = Generators.of(space.group(), space.dimension());
        for (int copy = 0; copy < space.copies(); copy++) {
            for (Generators.Generator generator : generators) {
                Map<String, double[]> moved = new LinkedHashMap<>();
                boolean folded = false;
                for (LinearSlot slot : space.slots()) {
                    double[][] acting = slot.dual() ? negativeTransposed(generator.matrix()) : generator.matrix();
                    Optional<double[]> scale = scale(space, slot);
                    folded |= scale.isPresent();
                    mix(slot, scale.map(s -> conjugated(acting, s)).orElse(acting), copy, moved);
                }
                add(moved, generator.symmetric() && !folded);
            }
        }
    }

    /** What a slot's entries would be divided by if the norm's scale between it and the Space were folded. */
    private Optional<double[]> scale(LinearSpace space, LinearSlot slot) {
        for (LinearFold fold : space.folds()) {
            for (LinearSlot met : fold.slots()) {
                if (met.parameter().equals(slot.parameter()) && met.axis() == slot.axis() && covers(met, slot)) {
                    double[] whole = Theta.data(graph, fold.scale()).toDoubles();
                    double[] scale = new double[space.dimension()];
                    for (int i = 0; i < slot.coordinate().length; i++) {
                        if (slot.coordinate()[i] >= 0) {
                            double s = whole[met.coordinate()[i]];
                            scale[slot.coordinate()[i]] = met.dual() ? 1 / s : s;
                        }
                    }
                    return Optional.of(scale);
                }
            }
        }
        return Optional.empty();
    }

    /** Whether a norm gives all that a slot takes: a norm over several Spaces gives more. */
    private static boolean covers(LinearSlot norm, LinearSlot slot) {
        return IntStream.range(0, slot.coordinate().length)
                .allMatch(i -> slot.coordinate()[i] < 0 || norm.coordinate()[i] >= 0);
    }

    private static double[][] negativeTransposed(double[][] a) {
        double[][] result = new double[a.length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a.length; j++) {
                result[i][j] = -a[j][i];
            }
        }
        return result;
    }

    /** D A D⁻¹. */
    private static double[][] conjugated(double[][] a, double[] d) {
        double[][] result = new double[a.length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a.length; j++) {
                result[i][j] = a[i][j] * d[i] / d[j];
            }
        }
        return result;
    }

    private void mix(LinearSlot slot, double[][] a, int copy, Map<String, double[]> moved) {
        Theta.Place place = place(slot.parameter());
        int stride = place.stride(slot.axis());
        int size = slot.coordinate().length;
        Map<Long, int[]> groups = new LinkedHashMap<>();
        for (int i = 0; i < size; i++) {
            if (slot.coordinate()[i] >= 0) {
                groups.computeIfAbsent(((long) slot.copy()[i] << 32) | slot.row()[i], k -> new int[a.length])[slot
                        .coordinate()[i]] = i;
            }
        }
        double[] to = moved.computeIfAbsent(slot.parameter(), k -> new double[place.values().length]);
        groups.forEach((key, places) -> {
            for (int o = 0; o < place.outer(slot.axis()); o++) {
                for (int s = 0; s < stride; s++) {
                    int base = o * size * stride + s;
                    if ((key >> 32) + along(slot, place, base) == copy) {
                        for (int i = 0; i < a.length; i++) {
                            for (int j = 0; j < a.length; j++) {
                                to[base + places[i] * stride] += a[i][j] == 0 ? 0
                                        : a[i][j] * place.values()[base + places[j] * stride];
                            }
                        }
                    }
                }
            }
        });
    }

    private static int along(LinearSlot slot, Theta.Place place, int element) {
        return slot.along().stream()
                .mapToInt(a -> a.copy()[element / place.stride(a.axis()) % a.copy().length]).sum();
    }

    /** Writes what moved into one column; statistics through their norm's scale and shift. */
    private void add(Map<String, double[]> moved, boolean charge) {
        double[] column = theta.zero();
        boolean linear = charge;
        for (Map.Entry<String, double[]> part : moved.entrySet()) {
            double[] by = part.getValue();
            if (theta.has(part.getKey())) {
                int offset = theta.at(part.getKey()).offset();
                for (int i = 0; i < by.length; i++) {
                    column[offset + i] += by[i];
                }
            } else if (Arrays.stream(by).anyMatch(x -> x != 0)) {
                Statistic statistic = statistics.get(part.getKey());
                if (statistic == null) {
                    // A constant that is not trained would have to move along.
                    return;
                }
                linear = false;
                absorb(statistic, by, column);
            }
        }
        if (Arrays.stream(column).anyMatch(x -> x != 0)) {
            columns.add(new Column(column, linear));
        }
    }

    private void absorb(Statistic statistic, double[] by, double[] column) {
        Theta.Place scale = theta.at(statistic.scale());
        Theta.Place shift = theta.at(statistic.shift());
        for (int i = 0; i < by.length; i++) {
            double gamma = scale.values()[i];
            if (statistic.mean()) {
                column[shift.offset() + i] -= gamma / Math.sqrt(statistic.variance()[i]) * by[i];
            } else {
                column[scale.offset() + i] -= gamma / (2 * statistic.variance()[i]) * by[i];
            }
        }
    }
}
