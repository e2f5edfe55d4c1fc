package dev.orbifold.certificate;

import dev.orbifold.engine.Inside;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.AxisType;
import dev.orbifold.symmetry.LinearFold;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Small families of directions within which a cause can act; which of them change nothing is then computed. */
final class Families {
    /** Slopes are quotients of numbers that are products of the slope. */
    private static final double ROUNDING = 1e-14;

    private final Graph graph;
    private final Theta theta;

    Families(Graph graph, Theta theta) {
        this.graph = graph;
        this.theta = theta;
    }

    /** Constants added along the way: every trainable parameter that is only added, and equal rows of tables. */
    List<double[]> shifts() {
        List<double[]> family = new ArrayList<>();
        for (String name : additive()) {
            Theta.Place place = theta.at(name);
            for (int k = 0; k < place.values().length; k++) {
                double[] column = theta.zero();
                column[place.offset() + k] = 1;
                family.add(column);
            }
        }
        for (String name : tables()) {
            Theta.Place place = theta.at(name);
            int width = place.stride(0);
            for (int d = 0; d < width; d++) {
                double[] column = theta.zero();
                for (int k = d; k < place.values().length; k += width) {
                    column[place.offset() + k] = 1;
                }
                family.add(column);
            }
        }
        return family;
    }

    /** Parameters that are only ever added. */
    private Set<String> additive() {
        Map<String, Boolean> only = new LinkedHashMap<>();
        for (Node node : graph.nodes()) {
            for (int i = 0; i < node.inputs().size(); i++) {
                if (theta.has(node.input(i))) {
                    only.merge(node.input(i), adds(node, i), Boolean::logicalAnd);
                }
            }
        }
        Set<String> names = new LinkedHashSet<>(only.keySet());
        names.removeIf(n -> !only.getOrDefault(n, false));
        return names;
    }

    /** Parameters whose rows are looked up, and that nothing else reads. */
    private Set<String> tables() {
        Set<String> names = new LinkedHashSet<>();
        graph.nodes().stream().filter(n -> n.opType().equals("Gather") && n.integer("axis", 0) == 0)
                .filter(n -> theta.has(n.input(0))).forEach(n -> names.add(n.input(0)));
        return names;
    }

    private static boolean adds(Node node, int input) {
        return switch (node.opType()) {
            case "Add", "Sub" -> true;
            case "Gemm", "Conv", "ConvTranspose", "LayerNormalization", "BatchNormalization", "GroupNormalization",
                    "InstanceNormalization" -> input == 2;
            default -> false;
        };
    }

    /** A value that is a multiple of another one at some units, on all data: which, and by how much. */
    record Piece(String before, String after) {
    }

    /** Activations with pieces that are linear. */
    List<Piece> pieces() {
        return graph.nodes().stream().filter(n -> n.domain().isEmpty() && switch (n.opType()) {
            case "Relu", "LeakyRelu", "PRelu", "Clip", "ThresholdedRelu", "HardSwish" -> true;
            default -> false;
        }).map(n -> new Piece(n.input(0), n.output(0))).toList();
    }

    /**
     * The weights around units that stay in one linear piece wherever anybody looks: what writes these units, all that reads
     * their Space, and all that is only added.
     */
    BitSet linearPieces(Symmetries symmetries, List<Inside> seen) {
        double[][] slopes = new double[symmetries.spaces().size()][];
        for (Space space : symmetries.spaces()) {
            slopes[space.id()] = new double[space.dimension()];
            java.util.Arrays.fill(slopes[space.id()], Double.NaN);
        }
        pieces().forEach(p -> slopes(symmetries, p, seen, slopes));
        BitSet entries = new BitSet();
        for (Space space : symmetries.spaces()) {
            double[] slope = slopes[space.id()];
            BitSet linear = new BitSet();
            for (int i = 0; i < slope.length; i++) {
                linear.set(i, slope[i] != 0 && Double.isFinite(slope[i]));
            }
            for (Slot slot : space.slots()) {
                if (!linear.isEmpty() && theta.has(slot.parameter())) {
                    mark(slot, linear, entries);
                }
            }
        }
        if (!entries.isEmpty()) {
            additive().forEach(name -> entries.set(theta.at(name).offset(),
                    theta.at(name).offset() + theta.at(name).values().length));
        }
        return entries;
    }

    private void mark(Slot slot, BitSet linear, BitSet entries) {
        Theta.Place place = theta.at(slot.parameter());
        int stride = place.stride(slot.axis());
        for (int e = 0; e < place.values().length; e++) {
            int unit = slot.unit()[e / stride % slot.unit().length];
            if (slot.role() == Slot.Role.READS || unit >= 0 && linear.get(unit)) {
                entries.set(place.offset() + e);
            }
        }
    }

    /** The one slope of every unit where anybody looks, infinite where there are several. */
    private static void slopes(Symmetries symmetries, Piece piece, List<Inside> seen, double[][] slopes) {
        List<Optional<AxisType>> axes = symmetries.axes().getOrDefault(piece.after(), List.of());
        for (int axis = 0; axis < axes.size(); axis++) {
            for (Inside batch : axes.get(axis).isPresent() ? seen : List.<Inside>of()) {
                TensorData before = batch.value(piece.before());
                double[] x = before.toDoubles();
                double[] y = batch.value(piece.after()).toDoubles();
                boolean[] seenThere = new boolean[x.length];
                for (Map<String, TensorData> draw : batch.cotangents()) {
                    TensorData g = draw.get(piece.after());
                    for (int e = 0; g != null && e < x.length; e++) {
                        seenThere[e] |= g.doubleAt(e) != 0;
                    }
                }
                int stride = 1;
                for (int a = axis + 1; a < before.rank(); a++) {
                    stride *= Math.toIntExact(before.dim(a));
                }
                AxisType type = axes.get(axis).get();
                for (int e = 0; e < x.length; e++) {
                    int i = e / stride % type.space().length;
                    if (type.space()[i] >= 0 && x[e] != 0 && seenThere[e]) {
                        double[] of = slopes[type.space()[i]];
                        int unit = type.unit()[i];
                        double slope = y[e] / x[e];
                        of[unit] = Double.isNaN(of[unit]) || Math.abs(of[unit] - slope) <= ROUNDING ? slope
                                : Double.POSITIVE_INFINITY;
                    }
                }
            }
        }
    }

    /**
     * Any linear map of what the norms of a stream give, made by their readers alone, beside all constants; nothing where these
     * are too many to ask about, so that what they would explain counts as unexplained.
     */
    List<double[]> handedOn(Verified verified, int most) {
        List<double[]> family = new ArrayList<>();
        long all = verified.mixing().spaces().stream().flatMap(s -> s.folds().stream())
                .mapToLong(f -> Theta.data(graph, f.scale()).elements()).map(n -> n * n).sum();
        if (all > most) {
            return family;
        }
        for (LinearSpace space : verified.mixing().spaces()) {
            for (LinearFold fold : space.folds()) {
                int n = Math.toIntExact(Theta.data(graph, fold.scale()).elements());
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        double[] column = theta.zero();
                        for (LinearSlot slot : fold.slots()) {
                            if (slot.dual() && theta.has(slot.parameter())) {
                                read(slot, i, j, column);
                            }
                        }
                        family.add(column);
                    }
                }
            }
        }
        return family.isEmpty() ? family : both(family, shifts());
    }

    /** Per norm of a stream: all that reads what it gives, all that is only added, and all tables. */
    List<BitSet> aroundNorms(Verified verified) {
        List<BitSet> all = new ArrayList<>();
        for (LinearSpace space : verified.mixing().spaces()) {
            for (LinearFold fold : space.folds()) {
                BitSet entries = new BitSet();
                Set<String> names = new LinkedHashSet<>(additive());
                names.addAll(tables());
                fold.slots().stream().map(LinearSlot::parameter).filter(theta::has).forEach(names::add);
                names.forEach(name -> entries.set(theta.at(name).offset(),
                        theta.at(name).offset() + theta.at(name).values().length));
                all.add(entries);
            }
        }
        return all;
    }

    private static List<double[]> both(List<double[]> first, List<double[]> second) {
        List<double[]> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    /** What reads coordinate i, read from coordinate j as well. */
    private void read(LinearSlot slot, int i, int j, double[] column) {
        Theta.Place place = theta.at(slot.parameter());
        int stride = place.stride(slot.axis());
        int size = slot.coordinate().length;
        for (int k = 0; k < size; k++) {
            for (int m = 0; m < size; m++) {
                if (slot.coordinate()[k] == j && slot.coordinate()[m] == i && slot.row()[k] == slot.row()[m]) {
                    for (int o = 0; o < place.outer(slot.axis()); o++) {
                        for (int s = 0; s < stride; s++) {
                            column[place.offset() + (o * size + k) * stride + s] +=
                                    place.values()[(o * size + m) * stride + s];
                        }
                    }
                }
            }
        }
    }
}
