package dev.orbifold.certificate;

import dev.orbifold.engine.Jacobian;
import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A symmetric positive map M that makes J M well conditioned: for a weight, the inverse roots of the second moments of what it
 * reads and of the gradients of what it writes (the Kronecker factors of Martens and Grosse, "Optimizing Neural Networks with
 * Kronecker-factored Approximate Curvature", 2015); for everything else, the inverse length of the column.
 */
final class Preconditioner {
    /** Directions that matter less than this share of the strongest are treated as if they mattered so much. */
    private static final double DAMPING = 1e-3;
    private static final int DRAWS = 8;

    private final double[] diagonal;
    private final List<Block> blocks = new ArrayList<>();

    /** One weight, bias included: places of (out, in), row by row. */
    private record Block(int[] places, int outs, int ins, Tensor written, Tensor read) {
    }

    Preconditioner(Theta theta, Jacobian jacobian, List<Site> sites, List<List<Reading>> readings, Seed seed) {
        diagonal = new double[theta.size()];
        BitSet taken = new BitSet();
        for (int s = 0; s < sites.size(); s++) {
            for (int group = 0; group < readings.get(s).size(); group++) {
                Reading reading = readings.get(s).get(group);
                if (!reading.cotangents().isEmpty()) {
                    Block block = block(theta, sites.get(s), group, reading);
                    blocks.add(block);
                    Arrays.stream(block.places()).forEach(taken::set);
                }
            }
        }
        for (int draw = 0; draw < DRAWS; draw++) {
            double[] product = jacobian.transposedTimes(
                    Vectors.normal(jacobian.rows(), seed.split(draw)));
            for (int i = 0; i < diagonal.length; i++) {
                diagonal[i] += product[i] * product[i] / DRAWS;
            }
        }
        double largest = Arrays.stream(diagonal).max().orElse(1);
        for (int i = 0; i < diagonal.length; i++) {
            diagonal[i] = taken.get(i) ? 0 : 1 / Math.sqrt(Math.max(diagonal[i], DAMPING * DAMPING * largest));
        }
    }

    private static Block block(Theta theta, Site site, int group, Reading reading) {
        int ins = (int) reading.read().size(1);
        int[] places = new int[site.outs() * ins];
        for (int o = 0; o < site.outs(); o++) {
            for (int i = 0; i < ins; i++) {
                places[o * ins + i] = site.place(theta, group, o, i);
            }
        }
        Tensor written = Algebra.below(reading.cotangents().toArray(new Tensor[0]));
        return new Block(places, site.outs(), ins, inverseRoot(written, reading.cotangents().size()),
                inverseRoot(reading.read(), reading.read().size(0)));
    }

    /** (AᵀA/n)^(−1/2), damped. */
    private static Tensor inverseRoot(Tensor a, double n) {
        T_TensorTensor_T eigen = torch.linalg_eigh(a.t().matmul(a).div(new Scalar(n)));
        double[] values = Algebra.values(eigen.get0());
        double largest = Arrays.stream(values).max().orElse(1);
        double[] roots = Arrays.stream(values)
                .map(v -> 1 / Math.sqrt(Math.max(v, DAMPING * DAMPING * Math.max(largest, Double.MIN_NORMAL))))
                .toArray();
        Tensor vectors = eigen.get1();
        return vectors.mul(Algebra.of(roots, 1, roots.length)).matmul(vectors.t());
    }

    /** M v. */
    double[] apply(double[] v) {
        double[] result = new double[v.length];
        for (int i = 0; i < v.length; i++) {
            result[i] = diagonal[i] * v[i];
        }
        for (Block block : blocks) {
            try (PointerScope scope = new PointerScope()) {
                Tensor matrix = Algebra.of(Arrays.stream(block.places()).mapToDouble(p -> v[p]).toArray(),
                        block.outs(), block.ins());
                double[] moved = Algebra.values(block.written().matmul(matrix).matmul(block.read()).reshape(-1));
                for (int i = 0; i < moved.length; i++) {
                    result[block.places()[i]] = moved[i];
                }
            }
        }
        return result;
    }
}
