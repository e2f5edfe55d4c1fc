package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearMap;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearTransform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * One Space whose coordinates mix: per copy the symmetric positive map S that makes ‖SP‖² + ‖S⁻¹D‖² smallest, P being what
 * moves with S and D what moves with its inverse transpose. With A = PPᵀ and B = DDᵀ it is SAS = S⁻¹BS⁻¹, that is S² =
 * A^−½ (A^½ B A^½)^½ A^−½. Where the Group only turns and scales, or a Gram matrix has no inverse, S is a number: S⁴ =
 * ‖D‖²/‖P‖². Isometries change no norm.
 */
final class CoordinateBalance {
    /** Eigenvalues of a Gram matrix below this share of the largest are rounding of float32 weights. */
    private static final double SINGULAR = 1e-10;

    private final LinearSpace space;

    private CoordinateBalance(LinearSpace space) {
        this.space = space;
    }

    /** The Spaces whose Groups scale, and which meet no Constant node. */
    static List<CoordinateBalance> all(Graph graph, List<LinearSpace> spaces) {
        return spaces.stream().filter(s -> scales(s) && !meetsConstants(graph, s)).map(CoordinateBalance::new).toList();
    }

    /** Of any Space, whatever its Group, for its Gram matrices. */
    static CoordinateBalance of(LinearSpace space) {
        return new CoordinateBalance(space);
    }

    /** Whether the maps of a Space are more than isometries. */
    static boolean scales(LinearSpace space) {
        return (space.group() instanceof Group.General || space.group() instanceof Group.RotationScaling)
                && space.folds().isEmpty();
    }

    /** Whether a Space meets the content of Constant nodes, which is never trained. */
    static boolean meetsConstants(Graph graph, LinearSpace space) {
        return space.slots().stream().anyMatch(slot -> !graph.parameters().containsKey(slot.parameter()));
    }

    LinearSpace space() {
        return space;
    }

    /** The Gram matrices of both sides, copy by copy. */
    record Grams(DMatrixRMaj[] primal, DMatrixRMaj[] dual) {
        double norm(boolean first) {
            double sum = 0;
            for (DMatrixRMaj gram : first ? primal : dual) {
                sum += CommonOps_DDRM.trace(gram);
            }
            return Math.sqrt(sum);
        }

        /** The Gram matrices of gradients and of so many times the weights, which move the other way. */
        Grams with(Grams weights, double k) {
            return new Grams(sums(primal, k, weights.dual()), sums(dual, k, weights.primal()));
        }

        private static DMatrixRMaj[] sums(DMatrixRMaj[] own, double k, DMatrixRMaj[] other) {
            DMatrixRMaj[] sums = new DMatrixRMaj[own.length];
            for (int c = 0; c < own.length; c++) {
                sums[c] = CommonOps_DDRM.add(1, own[c], k, other[c], null);
            }
            return sums;
        }

        /** How many copies have no best map: nothing stands on one side. */
        int open() {
            int open = 0;
            for (int c = 0; c < primal.length; c++) {
                open += CommonOps_DDRM.trace(primal[c]) == 0 != (CommonOps_DDRM.trace(dual[c]) == 0) ? 1 : 0;
            }
            return open;
        }
    }

    Grams grams(Graph graph) {
        int n = space.dimension();
        DMatrixRMaj[] primal = new DMatrixRMaj[space.copies()];
        DMatrixRMaj[] dual = new DMatrixRMaj[space.copies()];
        for (int c = 0; c < space.copies(); c++) {
            primal[c] = new DMatrixRMaj(n, n);
            dual[c] = new DMatrixRMaj(n, n);
        }
        for (LinearSlot slot : space.slots()) {
            graph.parameter(slot.parameter()).ifPresent(t -> add(t, slot, slot.dual() ? dual : primal));
        }
        return new Grams(primal, dual);
    }

    /** Adds Σ v vᵀ over the vectors that a parameter holds, one per copy, row, and place on the other axes. */
    private void add(TensorData tensor, LinearSlot slot, DMatrixRMaj[] grams) {
        int size = slot.coordinate().length;
        int inner = Gauge.inner(tensor, slot.axis());
        double[] values = tensor.toDoubles();
        int n = space.dimension();
        Map<List<Integer>, int[]> occurrences = new LinkedHashMap<>();
        for (int i = 0; i < size; i++) {
            if (slot.coordinate()[i] >= 0) {
                occurrences.computeIfAbsent(List.of(slot.copy()[i], slot.row()[i]), k -> absent(n))[slot
                        .coordinate()[i]] = i;
            }
        }
        double[] v = new double[n];
        occurrences.forEach((key, places) -> {
            for (int outer = 0; outer < values.length; outer += size * inner) {
                for (int k = 0; k < inner; k++) {
                    int from = outer + k;
                    Arrays.setAll(v, c -> places[c] < 0 ? 0 : values[from + places[c] * inner]);
                    add(v, grams[key.getFirst() + elsewhere(tensor, slot, from)].data);
                }
            }
        });
    }

    private static int[] absent(int n) {
        int[] places = new int[n];
        Arrays.fill(places, -1);
        return places;
    }

    /** What the other axes of an element add to the number of its copy. */
    private static int elsewhere(TensorData tensor, LinearSlot slot, int element) {
        int copy = 0;
        for (LinearSlot.Along along : slot.along()) {
            copy += along.copy()[element / Gauge.inner(tensor, along.axis())
                    % Math.toIntExact(tensor.dim(along.axis()))];
        }
        return copy;
    }

    private static void add(double[] v, double[] gram) {
        for (int a = 0; a < v.length; a++) {
            for (int b = 0; b < v.length; b++) {
                gram[a * v.length + b] += v[a] * v[b];
            }
        }
    }

    /** The best maps for the Graph as it is, and how far they are from the identity: the largest |log| of an eigenvalue. */
    record Best(List<LinearMap> maps, double largest) {
    }

    /**
     * The best maps, to a power.
     *
     * @param power 1 for the maps themselves, −1 for their inverses, less in size for a part of the way
     */
    Best best(Grams grams, double power) {
        List<LinearMap> maps = new ArrayList<>();
        double largest = 0;
        for (int c = 0; c < space.copies(); c++) {
            DMatrixRMaj square = square(grams.primal()[c], grams.dual()[c]);
            EigenDecomposition_F64<DMatrixRMaj> eigen = eigen(square);
            List<LinearMap.Step> steps = new ArrayList<>();
            for (int k = 0; k < space.dimension(); k++) {
                double factor = Math.pow(eigen.getEigenvalue(k).getReal(), power / 2);
                double[] v = eigen.getEigenVector(k).data.clone();
                double[] u = new double[v.length];
                for (int i = 0; i < u.length; i++) {
                    u[i] = (factor - 1) * v[i];
                }
                steps.add(new LinearMap.Step(u, v));
                largest = Math.max(largest, Math.abs(Math.log(factor)));
            }
            maps.add(new LinearMap(steps));
        }
        return new Best(maps, largest);
    }

    private DMatrixRMaj square(DMatrixRMaj a, DMatrixRMaj b) {
        int n = space.dimension();
        double primal = CommonOps_DDRM.trace(a);
        double dual = CommonOps_DDRM.trace(b);
        DMatrixRMaj same = CommonOps_DDRM.identity(n);
        if (primal == 0 || dual == 0 || !Double.isFinite(primal + dual)) {
            return same;
        }
        if (!(space.group() instanceof Group.General) || singular(a) || singular(b)) {
            CommonOps_DDRM.scale(Math.sqrt(dual / primal), same);
            return same;
        }
        DMatrixRMaj root = power(a, 0.5);
        DMatrixRMaj back = power(a, -0.5);
        return product(product(back, power(product(product(root, b), root), 0.5)), back);
    }

    /** Whether only the size of a copy is balanced, because its coordinates have lost a rank on one side. */
    boolean lostRank(Grams grams, int copy) {
        return space.group() instanceof Group.General && Double
                .isFinite(CommonOps_DDRM.trace(grams.primal()[copy]) + CommonOps_DDRM.trace(grams.dual()[copy]))
                && (singular(grams.primal()[copy]) || singular(grams.dual()[copy]));
    }

    private static boolean singular(DMatrixRMaj gram) {
        EigenDecomposition_F64<DMatrixRMaj> eigen = eigen(gram);
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (int k = 0; k < gram.numRows; k++) {
            least = Math.min(least, eigen.getEigenvalue(k).getReal());
            most = Math.max(most, eigen.getEigenvalue(k).getReal());
        }
        return least <= SINGULAR * most;
    }

    private static DMatrixRMaj product(DMatrixRMaj a, DMatrixRMaj b) {
        return CommonOps_DDRM.mult(a, b, null);
    }

    private static DMatrixRMaj power(DMatrixRMaj symmetric, double exponent) {
        EigenDecomposition_F64<DMatrixRMaj> eigen = eigen(symmetric);
        DMatrixRMaj sum = new DMatrixRMaj(symmetric.numRows, symmetric.numRows);
        for (int k = 0; k < symmetric.numRows; k++) {
            DMatrixRMaj v = eigen.getEigenVector(k);
            CommonOps_DDRM.multAddTransB(Math.pow(Math.max(0, eigen.getEigenvalue(k).getReal()), exponent), v, v, sum);
        }
        return sum;
    }

    private static EigenDecomposition_F64<DMatrixRMaj> eigen(DMatrixRMaj matrix) {
        // Rounding leaves a product of symmetric matrices not quite symmetric.
        DMatrixRMaj symmetric = CommonOps_DDRM.add(0.5, matrix, 0.5, CommonOps_DDRM.transpose(matrix, null), null);
        EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(symmetric.numRows, true, true);
        if (!eigen.decompose(symmetric)) {
            throw new StructureException("the eigenvalues of a Gram matrix did not converge");
        }
        return eigen;
    }

    /** The Graph with every copy moved by its map. */
    Graph moved(Graph graph, List<LinearMap> maps) {
        return LinearTransform.apply(graph, List.of(new LinearTransform.Element(space, maps)));
    }
}
