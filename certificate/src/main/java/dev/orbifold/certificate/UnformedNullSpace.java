package dev.orbifold.certificate;

import dev.orbifold.engine.Jacobian;
import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The null space of a Jacobian too large to be formed, through products alone. A direction is in it if its image vanishes.
 * Whether anything is left beside what is known is asked of random vectors: the part of a random vector that J does not see is
 * what is left of it after least squares, and a null space that is not explained would show in every one of them.
 */
final class UnformedNullSpace implements NullSpace {
    /** The image of a unit null direction, as a share of the norm: products round to 1e-15. */
    private static final double TAKEN = 1e-11;
    /** Random vectors that are asked; a null direction escapes all of them with probability below 1e-7. */
    private static final int PROBES = 4;
    /** What is left of a unit random vector counts above this; one null direction leaves 1/√columns. */
    private static final double LEFT = 1e-4;
    private static final int MOST = 64;
    private static final int SOUGHT = 1000;

    private final Jacobian jacobian;
    private final Preconditioner preconditioner;
    private final int size;
    private final Seed seed;
    private final Consumer<String> progress;
    private final double norm;
    private double largestZero;

    UnformedNullSpace(Jacobian jacobian, Preconditioner preconditioner, Seed seed, Consumer<String> progress) {
        this.progress = progress;
        this.jacobian = jacobian;
        this.preconditioner = preconditioner;
        this.seed = seed;
        size = jacobian.columns();
        norm = norm();
    }

    private double norm() {
        double[] v = Vectors.normal(size, seed.split("norm"));
        double value = 1;
        for (int i = 0; i < 10; i++) {
            Vectors.scale(v, 1 / Vectors.length(v));
            double[] image = jacobian.times(v);
            value = Vectors.length(image);
            if (value == 0) {
                return 1;
            }
            v = jacobian.transposedTimes(image);
        }
        return value;
    }

    @Override
    public int sought() {
        return SOUGHT;
    }

    @Override
    public int coordinates() {
        return size;
    }

    @Override
    public Tensor exact(List<double[]> columns) {
        List<double[]> kept = new ArrayList<>();
        keep(columns.stream().filter(c -> Vectors.length(c) > 0).toList(), kept, seed.split("combinations"));
        return kept.isEmpty() ? Algebra.of(new double[0], size, 0) : Algebra.unit(Algebra.columns(kept, size));
    }

    /** Keeps the columns whose images vanish: a random combination vanishes only if all do, and halves are asked if not. */
    private void keep(List<double[]> columns, List<double[]> kept, Seed at) {
        if (columns.isEmpty()) {
            return;
        }
        RandomGenerator random = at.generator();
        double[] sum = new double[size];
        for (double[] column : columns) {
            Vectors.add(sum, random.nextGaussian() / Vectors.length(column), column);
        }
        double image = Vectors.length(jacobian.times(sum)) / (norm * Math.max(Vectors.length(sum), Double.MIN_NORMAL));
        if (image <= TAKEN) {
            largestZero = Math.max(largestZero, image);
            kept.addAll(columns);
        } else if (columns.size() > 1) {
            keep(columns.subList(0, columns.size() / 2), kept, at.split(0));
            keep(columns.subList(columns.size() / 2, columns.size()), kept, at.split(1));
        }
    }

    @Override
    public Tensor within(List<double[]> family) {
        if (family.isEmpty()) {
            return Algebra.of(new double[0], size, 0);
        }
        Basis span = new Basis(size);
        span.add(Algebra.unit(Algebra.columns(family, size)));
        List<double[]> images = new ArrayList<>();
        for (double[] column : Algebra.columns(span.columns())) {
            images.add(jacobian.times(column));
        }
        Tensor image = Algebra.columns(images, images.get(0).length).contiguous();
        return span.columns().matmul(Algebra.nullSpace(image, TAKEN * norm));
    }

    /** Sought on few entries alone: every one of them costs a product. What is not found counts as unexplained. */
    @Override
    public Tensor supported(BitSet entries) {
        List<double[]> family = new ArrayList<>();
        if (entries.cardinality() <= SOUGHT) {
            entries.stream().forEach(e -> {
                double[] column = new double[size];
                column[e] = 1;
                family.add(column);
            });
        }
        return within(family);
    }

    @Override
    public Tensor beside(Basis basis) {
        Basis found = new Basis(size);
        for (int probes = PROBES;; probes = Math.min(MOST, 2 * probes)) {
            List<double[]> left = new ArrayList<>();
            for (int p = 0; p < probes; p++) {
                progress.accept("random vector " + (p + 1) + " of " + probes);
                left(basis, seed.split("probe").split(probes).split(p), left);
            }
            if (!left.isEmpty()) {
                found.add(Algebra.unit(Algebra.columns(left, size)));
            }
            if (left.size() < probes || found.dimension() < probes) {
                return found.columns();
            }
            if (probes == MOST) {
                throw new CertificateException("at least " + found.dimension()
                        + " null directions have no cause; beyond"
                        + " that they are counted only for models small enough for their Jacobian to be formed");
            }
        }
    }

    /** What J does not see of a random vector beside the basis, if anything. */
    private void left(Basis basis, Seed at, List<double[]> left) {
        double[] v = outside(basis, Vectors.normal(size, at));
        Vectors.scale(v, 1 / Vectors.length(v));
        double[] solution = new LeastSquares(jacobian, preconditioner).solve(jacobian.times(v));
        double[] rest = v.clone();
        Vectors.add(rest, -1, solution);
        rest = outside(basis, rest);
        if (Vectors.length(rest) > LEFT) {
            left.add(rest);
        }
    }

    private static double[] outside(Basis basis, double[] v) {
        try (PointerScope scope = new PointerScope()) {
            return Algebra.values(basis.outside(Algebra.of(v, v.length, 1)).reshape(-1));
        }
    }

    @Override
    public double largestZero() {
        return largestZero;
    }

    @Override
    public double smallestNonZero() {
        return Double.NaN;
    }
}
