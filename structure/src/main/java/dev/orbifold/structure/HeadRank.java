package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * Head dimensions whose products, query by key or value by output, have a rank smaller than the dimension. Every head is moved
 * by an isometry of its own, which changes nothing, or where only the product shows the rank by its {@link Balanced} factors, so
 * that what is used comes first; the coordinates behind are zeros on both sides, and those that are zeros in all heads are dead units of the Graph seen by coordinates
 * ({@link Symmetries#ofCoordinates}). Under a rotary embedding nothing can be gathered: a plane goes where one side of it is
 * zeros in all heads, and the tables of angles with it. The scale of the product, 1/√d, is a number of the Graph and stays what it was.
 */
final class HeadRank {
    /** What is smaller than this share of the largest singular value is rounding of float32 weights. */
    private static final double ROUNDING = 1e-6;

    private final Graph graph;
    private final LinearSpace space;
    private final Map<String, double[]> values = new LinkedHashMap<>();

    /**
     * A vector of the Space in a parameter.
     *
     * @param base where index 0 of the axis would be
     * @param places per coordinate the index on the axis
     */
    private record Vector(String parameter, int base, int[] places, int stride, boolean dual) {
    }

    /** What one copy of a Space loses: the maps of both sides that gather what is used, and how much that is. */
    private record Head(DMatrixRMaj written, DMatrixRMaj read, int used) {
        static Head isometry(DMatrixRMaj map, int used) {
            return new Head(map, map, used);
        }
    }

    /** How many coordinates the head that needs most needs. */
    private record Width(LinearSpace space, int used) {
    }

    private HeadRank(Graph graph, LinearSpace space) {
        this.graph = graph;
        this.space = space;
        space.slots().forEach(s -> values.computeIfAbsent(s.parameter(),
                p -> graph.parameter(p).orElseThrow().toDoubles()));
    }

    /**
     * A Graph without the coordinates that no head uses.
     *
     * @param graph the narrower Graph, in which heads that use nothing are written and read by zeros; the Graph itself where
     *            every head uses every coordinate
     * @param removed the Spaces that lost units
     * @param findings what had to stay, and why
     */
    record Narrowed(Graph graph, List<Quotient.Removed> removed, List<Finding> findings) {
    }

    /** Takes out what no head uses. */
    static Narrowed of(Graph graph, ShrinkOptions options) {
        LinearSymmetries symmetries = LinearSymmetries.of(graph);
        return of(graph, symmetries, symmetries.spaces().stream()
                .map(s -> Spectrum.bilinear(s) ? Spectrum.of(graph, s) : Optional.<Spectrum>empty()).toList(), options);
    }

    /**
     * The same, with the Spaces of the Graph known. Where singular values show that no head has lost a rank nothing is moved.
     *
     * @param spectra per Space its spectrum, where it is known
     */
    static Narrowed of(Graph graph, LinearSymmetries symmetries, List<Optional<Spectrum>> spectra,
            ShrinkOptions options) {
        double share = Math.max(ROUNDING, options.tolerance());
        List<LinearSpace> spaces = IntStream.range(0, spectra.size())
                .filter(i -> spectra.get(i).filter(s -> s.full(share)).isEmpty())
                .mapToObj(symmetries.spaces()::get).filter(s -> candidate(graph, s)).toList();
        List<Width> widths = new ArrayList<>();
        Graph gathered = spaces.isEmpty() ? graph : gathered(graph, spaces, options, widths);
        List<Finding> findings = new ArrayList<>();
        Graph narrow = gathered;
        List<Quotient.Removed> removed = List.of();
        if (gathered != graph || !spaces.stream().allMatch(s -> s.group() instanceof Group.General)) {
            Pass pass = Pass.of(Symmetries.ofCoordinates(gathered), options);
            removed = pass.quotient().removed();
            narrow = removed.isEmpty() ? gathered : pass.quotient().graph();
            findings.addAll(removed.isEmpty() ? List.of() : pass.findings());
        }
        findings.addAll(HeadRankFindings.of(graph, narrow, spectra, widths.stream()
                .collect(Collectors.toMap(Width::space, Width::used)), options));
        return new Narrowed(narrow, removed, findings);
    }

    /** Whether a Space can be narrowed head by head. */
    static boolean candidate(Graph graph, LinearSpace space) {
        return movable(graph, space) && !LostRank.bottleneck(graph, space);
    }

    private static Graph gathered(Graph graph, List<LinearSpace> spaces, ShrinkOptions options,
            List<Width> widths) {
        List<Space> units = Symmetries.ofCoordinates(graph).spaces().stream()
                .filter(s -> s.shrinkable() && !options.excludes(s)).toList();
        Graph current = graph;
        for (LinearSpace space : spaces) {
            boolean excluded = space.slots().stream().anyMatch(s -> options.excludes(space.name(), s.parameter()));
            if (!excluded) {
                current = new HeadRank(current, space).gathered(options.tolerance(),
                        units.stream().anyMatch(s -> isUnits(s, space)), widths);
            }
        }
        return current;
    }

    /** Spaces of float32 parameters with both sides: heads, or the planes of rotary embeddings. */
    private static boolean movable(Graph graph, LinearSpace space) {
        boolean group = space.group() instanceof Group.General || space.group() instanceof Group.RotationScaling;
        return group && space.folds().isEmpty() && space.slots().stream().allMatch(
                s -> graph.parameter(s.parameter()).map(t -> t.type() == DataType.FLOAT).orElse(false))
                && space.slots().stream().anyMatch(LinearSlot::dual)
                && space.slots().stream().anyMatch(s -> !s.dual());
    }

    /** Whether the coordinates of all copies of a linear Space are the units of another. */
    private static boolean isUnits(Space units, LinearSpace space) {
        int[] unit = new int[space.dimension()];
        Arrays.fill(unit, -1);
        for (LinearSlot linear : space.slots()) {
            Optional<Slot> slot = units.slots().stream()
                    .filter(s -> s.parameter().equals(linear.parameter()) && s.axis() == linear.axis()).findFirst();
            if (slot.isEmpty()) {
                return false;
            }
            for (int i = 0; i < linear.coordinate().length; i++) {
                int c = linear.coordinate()[i];
                int u = slot.get().unit()[i];
                if (c >= 0 && (u < 0 || unit[c] >= 0 && unit[c] != u)) {
                    return false;
                }
                if (c >= 0) {
                    unit[c] = u;
                }
            }
        }
        return units.dimension() == space.dimension() && Arrays.stream(unit).distinct().count() == unit.length;
    }

    private Graph gathered(double tolerance, boolean narrows, List<Width> widths) {
        List<List<Vector>> vectors = vectors();
        boolean planes = space.group() instanceof Group.RotationScaling;
        double zero = tolerance * vectors.stream().mapToDouble(v -> largest(v, true, true)).max().orElse(0);
        List<Head> heads = vectors.stream()
                .map(v -> planes ? plane(v, zero) : head(v, Math.max(ROUNDING, tolerance))).toList();
        int width = heads.stream().mapToInt(Head::used).max().orElse(space.dimension());
        widths.add(new Width(space, width));
        boolean gathers = narrows && width < space.dimension();
        boolean changed = false;
        for (int copy = 0; copy < heads.size(); copy++) {
            for (Vector vector : vectors.get(copy)) {
                if (gathers || heads.get(copy).used() == 0 && Arrays.stream(read(vector)).anyMatch(x -> x != 0)) {
                    move(vector, heads.get(copy));
                    changed = true;
                }
            }
        }
        if (!changed) {
            return graph;
        }
        Map<String, TensorData> moved = new LinkedHashMap<>();
        values.forEach((name, numbers) -> {
            float[] rounded = new float[numbers.length];
            for (int i = 0; i < rounded.length; i++) {
                rounded[i] = (float) numbers[i];
            }
            moved.put(name, TensorData.of(rounded, graph.parameter(name).orElseThrow().dims()));
        });
        return graph.replacing(moved);
    }

    /** Per copy of the Space everything that meets it. */
    private List<List<Vector>> vectors() {
        List<List<Vector>> vectors = new ArrayList<>();
        IntStream.range(0, space.copies()).forEach(c -> vectors.add(new ArrayList<>()));
        for (LinearSlot slot : space.slots()) {
            TensorData tensor = graph.parameter(slot.parameter()).orElseThrow();
            int stride = Gauge.inner(tensor, slot.axis());
            int size = slot.coordinate().length;
            int outer = Math.toIntExact(tensor.elements() / ((long) stride * size));
            Map<List<Integer>, int[]> groups = new LinkedHashMap<>();
            for (int i = 0; i < size; i++) {
                if (slot.coordinate()[i] >= 0) {
                    groups.computeIfAbsent(List.of(slot.copy()[i], slot.row()[i]),
                            k -> new int[space.dimension()])[slot.coordinate()[i]] = i;
                }
            }
            groups.forEach((key, places) -> {
                for (int o = 0; o < outer; o++) {
                    for (int k = 0; k < stride; k++) {
                        int base = o * size * stride + k;
                        int copy = key.get(0) + slot.along().stream().mapToInt(a -> a.copy()[base
                                / Gauge.inner(tensor, a.axis()) % a.copy().length]).sum();
                        vectors.get(copy).add(new Vector(slot.parameter(), base, places, stride, slot.dual()));
                    }
                }
            });
        }
        return vectors;
    }

    /**
     * Maps after which the used coordinates of a copy come first: an isometry that gathers those written, then those of them
     * read; the balanced factors of the product where its rank is smaller still.
     */
    private Head head(List<Vector> vectors, double share) {
        int n = space.dimension();
        DMatrixRMaj written = matrix(vectors, false);
        DMatrixRMaj first = LostRank.rotation(written, n);
        int some = rank(CommonOps_DDRM.mult(first, written, null), share);
        if (some == 0) {
            return Head.isometry(first, 0);
        }
        DMatrixRMaj all = matrix(vectors, true);
        DMatrixRMaj turned = CommonOps_DDRM.mult(first, all, new DMatrixRMaj(n, all.numCols));
        DMatrixRMaj read = CommonOps_DDRM.extract(turned, 0, some, 0, all.numCols);
        DMatrixRMaj second = CommonOps_DDRM.identity(n);
        DMatrixRMaj inner = LostRank.rotation(read, some);
        CommonOps_DDRM.insert(inner, second, 0, 0);
        int used = rank(CommonOps_DDRM.mult(inner, read, null), share);
        return Balanced.of(written, all, share, used).map(b -> new Head(b.written(), b.read(), b.written().numRows))
                .orElseGet(() -> Head.isometry(CommonOps_DDRM.mult(second, first, new DMatrixRMaj(n, n)), used));
    }

    /** The rank of a matrix that has been moved by its left singular vectors: the lengths of its rows are its singular values. */
    private static int rank(DMatrixRMaj matrix, double share) {
        double[] squares = new double[matrix.numRows];
        for (int r = 0; r < squares.length; r++) {
            for (int c = 0; c < matrix.numCols; c++) {
                squares[r] += matrix.get(r, c) * matrix.get(r, c);
            }
        }
        double largest = Arrays.stream(squares).max().orElse(0);
        return (int) Arrays.stream(squares).filter(s -> s > share * share * largest).count();
    }

    /** Positions turn a plane, so that it is used unless one side of it is zeros, in both coordinates. */
    private Head plane(List<Vector> vectors, double zero) {
        boolean dead = largest(vectors, true, false) <= zero || largest(vectors, false, true) <= zero;
        return Head.isometry(CommonOps_DDRM.identity(space.dimension()), dead ? 0 : space.dimension());
    }

    private double largest(List<Vector> vectors, boolean written, boolean read) {
        return vectors.stream().filter(v -> v.dual() ? read : written).flatMapToDouble(v -> Arrays.stream(read(v)))
                .map(Math::abs).max().orElse(0);
    }

    private DMatrixRMaj matrix(List<Vector> vectors, boolean dual) {
        List<Vector> side = vectors.stream().filter(v -> v.dual() == dual).toList();
        DMatrixRMaj matrix = new DMatrixRMaj(space.dimension(), side.size());
        for (int k = 0; k < side.size(); k++) {
            double[] column = read(side.get(k));
            for (int c = 0; c < column.length; c++) {
                matrix.set(c, k, column[c]);
            }
        }
        return matrix;
    }

    private double[] read(Vector vector) {
        double[] from = values.getOrDefault(vector.parameter(), new double[0]);
        return Arrays.stream(vector.places()).mapToDouble(p -> from[vector.base() + p * vector.stride()]).toArray();
    }

    /** Moves a vector; what is not used is rounding, and set to the zero it stands for. */
    private void move(Vector vector, Head head) {
        double[] old = read(vector);
        double[] to = values.getOrDefault(vector.parameter(), new double[0]);
        DMatrixRMaj map = vector.dual() ? head.read() : head.written();
        for (int r = 0; r < old.length; r++) {
            double sum = 0;
            for (int c = 0; c < old.length && r < head.used(); c++) {
                sum += map.get(r, c) * old[c];
            }
            to[vector.base() + vector.places()[r] * vector.stride()] = sum;
        }
    }
}
