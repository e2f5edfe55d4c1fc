package dev.orbifold.structure;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;

/**
 * Linear bottlenecks whose rank is smaller than their width. A rotation of the Space, which changes nothing, gathers what
 * is used in the first coordinates; the others are then written or read by zeros alone and are dead units like any other.
 */
final class LostRank {
    /** What is smaller than this share of the largest singular value is rounding of float32 weights. */
    private static final double ROUNDING = 1e-6;

    private LostRank() {
    }

    /** The Graph with lost ranks gathered in dead units; the Graph itself where no rank is lost. */
    static Graph gathered(Graph graph, ShrinkOptions options) {
        return gathered(graph, LinearSymmetries.of(graph), options);
    }

    /** The same, with the Spaces of the Graph known. */
    static Graph gathered(Graph graph, LinearSymmetries symmetries, ShrinkOptions options) {
        Graph current = graph;
        for (LinearSpace space : symmetries.spaces()) {
            boolean excluded = space.slots().stream().anyMatch(s -> options.excludes(space.name(), s.parameter()));
            if (!excluded && bottleneck(graph, space)) {
                current = gathered(current, space);
            }
        }
        return current;
    }

    /** A Space of one copy that fills whole axes of float32 parameters: its coordinates are units too. */
    static boolean bottleneck(Graph graph, LinearSpace space) {
        return space.group() instanceof Group.General && space.copies() == 1 && space.folds().isEmpty()
                && space.slots().stream().allMatch(s -> s.coordinate().length == space.dimension()
                        && graph.parameter(s.parameter())
                                .map(t -> t.type() == DataType.FLOAT).orElse(false))
                && sides(graph, space);
    }

    private static boolean sides(Graph graph, LinearSpace space) {
        return space.slots().stream().anyMatch(s -> s.dual() && !isBias(graph, s))
                && space.slots().stream().anyMatch(s -> !s.dual() && !isBias(graph, s));
    }

    private static Graph gathered(Graph graph, LinearSpace space) {
        int n = space.dimension();
        DMatrixRMaj written = side(graph, space, false);
        DMatrixRMaj first = rotation(written, n);
        int used = rank(written);
        DMatrixRMaj read = new DMatrixRMaj(0, 0);
        DMatrixRMaj all = side(graph, space, true);
        DMatrixRMaj rotated = CommonOps_DDRM.mult(first, all, new DMatrixRMaj(n, all.numCols));
        CommonOps_DDRM.extract(rotated, 0, used, 0, all.numCols, reshape(read, used, all.numCols), 0, 0);
        DMatrixRMaj second = CommonOps_DDRM.identity(n);
        CommonOps_DDRM.insert(rotation(read, used), second, 0, 0);
        DMatrixRMaj both = CommonOps_DDRM.mult(second, first, new DMatrixRMaj(n, n));
        int kept = rank(read);
        if (kept == n) {
            return graph;
        }
        Map<String, TensorData> moved = new LinkedHashMap<>();
        for (LinearSlot slot : space.slots()) {
            TensorData tensor = Optional.ofNullable(moved.get(slot.parameter()))
                    .orElseGet(() -> graph.parameter(slot.parameter()).orElseThrow());
            // What the rotation leaves beyond the rank is rounding; it is set to the zero it stands for.
            moved.put(slot.parameter(), moved(tensor, slot, both,
                    isBias(graph, slot) ? n : slot.dual() ? kept : used));
        }
        return graph.replacing(moved);
    }

    private static DMatrixRMaj reshape(DMatrixRMaj matrix, int rows, int columns) {
        matrix.reshape(rows, columns);
        return matrix;
    }

    /** An orthogonal matrix that moves the range of a matrix into the first coordinates: Uᵀ of its singular vectors. */
    static DMatrixRMaj rotation(DMatrixRMaj matrix, int n) {
        DMatrixRMaj gram = new DMatrixRMaj(n, n);
        CommonOps_DDRM.multOuter(matrix, gram);
        var eigen = DecompositionFactory_DDRM.eig(n, true, true);
        if (!eigen.decompose(gram)) {
            throw new StructureException("the eigenvectors of a Space did not converge");
        }
        Integer[] order = IntStream.range(0, n).boxed()
                .sorted((a, b) -> Double.compare(eigen.getEigenvalue(b).getReal(), eigen.getEigenvalue(a).getReal()))
                .toArray(Integer[]::new);
        DMatrixRMaj rotation = new DMatrixRMaj(n, n);
        for (int r = 0; r < n; r++) {
            for (int c = 0; c < n; c++) {
                rotation.set(r, c, eigen.getEigenVector(order[r]).get(c, 0));
            }
        }
        return rotation;
    }

    private static int rank(DMatrixRMaj matrix) {
        var svd = DecompositionFactory_DDRM.svd(matrix.numRows, matrix.numCols, false, false, false);
        if (!svd.decompose(matrix)) {
            throw new StructureException("the singular values of a Space did not converge");
        }
        double[] values = Arrays.copyOf(svd.getSingularValues(), Math.min(matrix.numRows, matrix.numCols));
        double largest = Arrays.stream(values).max().orElse(0);
        return (int) Arrays.stream(values).filter(v -> v > ROUNDING * largest).count();
    }

    /** Everything on one side of a Space, a row per coordinate. */
    private static DMatrixRMaj side(Graph graph, LinearSpace space, boolean dual) {
        List<double[][]> blocks = new ArrayList<>();
        int columns = 0;
        for (LinearSlot slot : space.slots()) {
            if (slot.dual() == dual && !isBias(graph, slot)) {
                double[][] rows = rows(graph.parameter(slot.parameter()).orElseThrow(), slot);
                blocks.add(rows);
                columns += rows[0].length;
            }
        }
        DMatrixRMaj matrix = new DMatrixRMaj(space.dimension(), columns);
        int at = 0;
        for (double[][] block : blocks) {
            for (int r = 0; r < block.length; r++) {
                for (int c = 0; c < block[r].length; c++) {
                    matrix.set(r, at + c, block[r][c]);
                }
            }
            at += block[0].length;
        }
        return matrix;
    }

    /** Biases have no rank to lose: a coordinate they alone write is a constant, which folds into what reads it. */
    private static boolean isBias(Graph graph, LinearSlot slot) {
        return graph.parameter(slot.parameter()).orElseThrow().rank() == 1;
    }

    private static double[][] rows(TensorData tensor, LinearSlot slot) {
        double[] values = tensor.toDoubles();
        int size = slot.coordinate().length;
        int inner = Gauge.inner(tensor, slot.axis());
        int outer = values.length / (size * inner);
        double[][] rows = new double[size][outer * inner];
        for (int i = 0; i < size; i++) {
            for (int o = 0; o < outer; o++) {
                System.arraycopy(values, (o * size + i) * inner, rows[slot.coordinate()[i]], o * inner, inner);
            }
        }
        return rows;
    }

    private static TensorData moved(TensorData tensor, LinearSlot slot, DMatrixRMaj rotation, int used) {
        double[][] rows = rows(tensor, slot);
        float[] values = new float[(int) tensor.elements()];
        int size = slot.coordinate().length;
        int inner = Gauge.inner(tensor, slot.axis());
        int outer = values.length / (size * inner);
        for (int i = 0; i < size; i++) {
            int to = slot.coordinate()[i];
            for (int o = 0; o < outer; o++) {
                for (int k = 0; k < inner; k++) {
                    double sum = 0;
                    for (int c = 0; c < rows.length && to < used; c++) {
                        sum += rotation.get(to, c) * rows[c][o * inner + k];
                    }
                    values[(o * size + i) * inner + k] = (float) sum;
                }
            }
        }
        return TensorData.of(values, tensor.dims());
    }
}
