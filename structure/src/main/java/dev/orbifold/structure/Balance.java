package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.Set;

/**
 * A Graph moved along the orbits of its scalings to where ‖θ‖² is smallest: the state that weight decay leads to, in which
 * every unit has ‖in‖ = ‖out‖ (theory, 4). The function stays the same. θ is everything that writes or reads a Space; running
 * statistics and constants do not count, and scalings that would move a running statistic or a Constant node are left alone,
 * because training would not follow.
 *
 * <p>
 * ‖θ‖² is convex in the logarithms of all factors together, so that one Space after the other is brought to its best until
 * nothing moves; the end does not depend on where on the orbit the Graph was. All is done in float64 and rounded once.
 *
 * @param graph the moved Graph
 * @param spaces what became of every Space that scales
 * @param before ‖θ‖ over the parameters that these Spaces meet
 * @param after the same of the moved Graph
 * @param sweeps how often all Spaces were gone through
 * @param noise where gradients were balanced instead ({@link NoiseBalance}): the root of their total variance by Space
 * @param findings what could not be balanced, and why
 */
public record Balance(Graph graph, List<Moved> spaces, double before, double after, int sweeps, List<Moved> noise,
        List<Finding> findings) {
    /** A sweep that moves no logarithm of a factor by more than this is the last: well below float32's rounding. */
    private static final double STILL = 1e-9;
    /** As often all Spaces are gone through at most. */
    static final int MOST_SWEEPS = 2000;

    /**
     * One scaling of a Space.
     *
     * @param name of the Space
     * @param dimension units, or coordinates of all copies
     * @param before the norms as they were
     * @param after the norms as they are
     */
    public record Moved(String name, int dimension, Norms before, Norms after) {
    }

    /**
     * ‖in‖ of what is multiplied with the factors and ‖out‖ of what is divided by them, over all units.
     *
     * @param in what writes the Space
     * @param out what reads it
     */
    public record Norms(double in, double out) {
    }

    /** Copies the lists. */
    public Balance {
        spaces = List.copyOf(spaces);
        noise = List.copyOf(noise);
        findings = List.copyOf(findings);
    }

    /**
     * Balances a Graph.
     *
     * @param units the symmetries that keep units apart, of the Graph
     * @param mixing the Spaces whose coordinates mix
     * @throws StructureException if a parameter is of half precision, in which nothing can be balanced closely
     */
    public static Balance of(Symmetries units, List<LinearSpace> mixing) {
        List<UnitBalance> scaled = UnitBalance.all(units);
        List<CoordinateBalance> mixed = CoordinateBalance.all(units.graph(), mixing);
        List<Finding> findings = new ArrayList<>(left(units, mixing));
        requireFloat(units.graph());
        Graph start = converted(units.graph(), DataType.FLOAT, DataType.DOUBLE, Set.of());
        Set<String> met = met(scaled, mixed);
        scaled.forEach(s -> open(s.space().name(), s.sides(start).open(), "units", findings));
        mixed.forEach(s -> open(s, start, findings));
        Graph graph = start;
        int sweeps = 0;
        double largest = Double.POSITIVE_INFINITY;
        while (largest > STILL && sweeps < MOST_SWEEPS) {
            largest = 0;
            for (UnitBalance one : scaled) {
                double[] logs = one.logarithms(graph);
                double most = Arrays.stream(logs).map(Math::abs).max().orElse(0);
                graph = most > STILL ? one.moved(graph, logs) : graph;
                largest = Math.max(largest, most);
            }
            for (CoordinateBalance one : mixed) {
                CoordinateBalance.Best best = one.best(one.grams(graph), 1);
                graph = best.largest() > STILL ? one.moved(graph, best.maps()) : graph;
                largest = Math.max(largest, best.largest());
            }
            sweeps++;
        }
        if (largest > STILL) {
            findings.add(new Finding(Finding.Severity.WARNING, "balance-unfinished", units.graph().name(),
                    "after " + sweeps + " sweeps over all Spaces factors still move by " + largest
                            + " of their size; balance the result again to go on"));
        }
        List<Moved> spaces = moved(scaled, mixed, start, graph);
        Graph rounded = converted(graph, DataType.DOUBLE, DataType.FLOAT, doubles(units.graph()));
        return new Balance(rounded, spaces, norm(start, met), norm(graph, met), sweeps, List.of(),
                findings);
    }

    /** The parameters that count: all that write or read one of the Spaces. */
    static Set<String> met(List<UnitBalance> scaled, List<CoordinateBalance> mixed) {
        Set<String> met = new TreeSet<>();
        scaled.forEach(s -> s.space().slots().stream().filter(slot -> slot.role() != Slot.Role.FOLLOWS)
                .forEach(slot -> met.add(slot.parameter())));
        mixed.forEach(s -> s.space().slots().forEach(slot -> met.add(slot.parameter())));
        return met;
    }

    /** The norms of every Space in two Graphs. */
    static List<Moved> moved(List<UnitBalance> scaled, List<CoordinateBalance> mixed, Graph before, Graph after) {
        List<Moved> spaces = new ArrayList<>();
        for (UnitBalance one : scaled) {
            spaces.add(new Moved(one.space().name(), one.space().dimension(), norms(one.sides(before)),
                    norms(one.sides(after))));
        }
        for (CoordinateBalance one : mixed) {
            spaces.add(new Moved(one.space().name(), one.space().copies() * one.space().dimension(),
                    norms(one.grams(before)), norms(one.grams(after))));
        }
        return spaces;
    }

    static void requireFloat(Graph graph) {
        graph.parameters().forEach((name, t) -> {
            if (t.type() == DataType.FLOAT16 || t.type() == DataType.BFLOAT16) {
                throw new StructureException("parameter " + name + " is " + t.type()
                        + ", too coarse to be balanced; export the model in float32");
            }
        });
    }

    static Norms norms(UnitBalance.Sides sides) {
        return new Norms(sides.norm(true), sides.norm(false));
    }

    static Norms norms(CoordinateBalance.Grams grams) {
        return new Norms(grams.norm(true), grams.norm(false));
    }

    /** The names of what is float64 already, and stays it. */
    static Set<String> doubles(Graph graph) {
        Set<String> names = new TreeSet<>();
        graph.parameters().forEach((name, t) -> {
            if (t.type() == DataType.DOUBLE) {
                names.add(name);
            }
        });
        return names;
    }

    static Graph converted(Graph graph, DataType from, DataType to, Set<String> except) {
        Map<String, TensorData> changed = new LinkedHashMap<>();
        graph.parameters().forEach((name, t) -> {
            if (t.type() == from && !except.contains(name)) {
                changed.put(name, to == DataType.DOUBLE ? TensorData.of(t.toDoubles(), t.dims())
                        : TensorData.of(t.toFloats(), t.dims()));
            }
        });
        return graph.replacing(changed);
    }

    static double norm(Graph graph, Set<String> names) {
        double sum = 0;
        for (String name : names) {
            double[] values = graph.parameter(name).map(TensorData::toDoubles).orElse(new double[0]);
            sum += Arrays.stream(values).map(x -> x * x).sum();
        }
        return Math.sqrt(sum);
    }

    /** What is not balanced although it could be moved. */
    static List<Finding> left(Symmetries units, List<LinearSpace> mixing) {
        List<Finding> findings = new ArrayList<>();
        for (Space space : units.spaces()) {
            for (Scaling scaling : units.scalings(space)) {
                if (scaling.diagonal() != Group.Diagonal.SIGNS
                        && UnitBalance.moves(units.graph(), space, scaling)) {
                    findings.add(new Finding(Finding.Severity.INFO, "balance-statistics", space.name(),
                            "one of its scalings is left alone, because it would move running statistics of a norm,"
                                    + " which training takes from the data, or a constant, which is not trained"));
                }
            }
        }
        mixing.stream().filter(m -> CoordinateBalance.scales(m) && CoordinateBalance.meetsConstants(units.graph(), m))
                .forEach(m -> findings.add(new Finding(Finding.Severity.INFO, "balance-statistics", m.name(),
                        "its coordinates are left alone, because they meet a constant, which is not trained")));
        return findings;
    }

    static void open(String name, int count, String what, List<Finding> findings) {
        if (count > 0) {
            findings.add(new Finding(Finding.Severity.INFO, "balance-open", name,
                    count + " " + what + " are zero on one side and not on the other, so that no scale of them is best;"
                            + " `orbifold shrink` takes dead units out"));
        }
    }

    private static void open(CoordinateBalance one, Graph graph, List<Finding> findings) {
        CoordinateBalance.Grams grams = one.grams(graph);
        open(one.space().name(), grams.open(), "copies", findings);
        int lost = 0;
        for (int c = 0; c < one.space().copies(); c++) {
            lost += one.lostRank(grams, c) ? 1 : 0;
        }
        if (lost > 0) {
            findings.add(new Finding(Finding.Severity.INFO, "balance-rank", one.space().name(),
                    lost + " of " + one.space().copies()
                            + " copies have lost a rank on one side, so that no map of all coordinates is best; only"
                            + " their size was balanced"));
        }
    }
}
