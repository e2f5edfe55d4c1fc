package dev.orbifold.constraint;

import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.engine.Tensors;
import java.util.random.RandomGenerator;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Every coordinate is a product of D numbers: z = ω₁⊙…⊙ω_D. For D = 2 this is spred (Ziyin, Wang, arXiv 2210.01212) and
 * equals L1; beyond, deep weight factorization (Kolb et al., arXiv 2502.02496) and L_{2/D}.
 *
 * @param depth D, 2 to 4
 * @param coordinates |z|
 */
public record Elementwise(int depth, long coordinates) implements Scheme {
    /** Factors of a random start lie above its D-th root (arXiv 2502.02496: ε = 3e-3). */
    private static final double LEAST = 3e-3;
    private static final int PATIENCE = 1000;
    private static final int LINE = 16;
    /** Numbers after which addresses fall into the same lines of the first cache again (4096 bytes). */
    private static final int PAGE = 1024;
    /** How far into such a page one factor lies behind the other: 8 streams at the same place fill all ways of a cache. */
    private static final int APART = 160;
    /** From so many coordinates on that is worth up to a page for each factor. */
    private static final int LARGE = 8 * PAGE;

    /** Checks D. */
    public Elementwise {
        Depths.check(depth);
    }

    /**
     * Numbers from one factor to the next: whole lines of the cache, so that vectors do not cross them, and for large
     * factors never a multiple of the distance after which addresses meet in the cache.
     */
    long stride() {
        long lines = (coordinates + LINE - 1) / LINE * LINE;
        return coordinates < LARGE ? lines : lines + Math.floorMod(APART - lines, PAGE);
    }

    /** Those between the end of a factor and the next stride are 0 and stay so. */
    @Override
    public long factors() {
        return depth * stride();
    }

    @Override
    public long cells() {
        return coordinates;
    }

    private Tensor factor(Tensor factors, int d) {
        return factors.narrow(0, d * stride(), coordinates);
    }

    @Override
    public void balance(Tensor z, Tensor factors) {
        Tensor root = z.abs().pow(new Scalar(1.0 / depth));
        for (int d = 1; d < depth; d++) {
            factor(factors, d).copy_(root);
        }
        factor(factors, 0).copy_(root.mul(z.sign()));
    }

    @Override
    public void free(Tensor z, Tensor factors, Optional<Double> excess) {
        Tensor size = z.abs().add(new Scalar(excess.orElseGet(() -> Depths.usual(z))));
        Tensor other = size.pow(new Scalar(1.0 / depth));
        for (int d = 1; d < depth; d++) {
            factor(factors, d).copy_(other);
        }
        factor(factors, 0).copy_(z.div(other.pow(new Scalar(depth - 1))));
    }

    /**
     * Each factor ~ N(0, σ^{2/D}) in variance, σ the spread of z, redrawn until ε^{1/D} &lt; |ω| &lt; min(1, (2σ)^{1/D}); all
     * are then scaled alike so that the product has the spread of z again, which the redrawing had made smaller.
     */
    @Override
    public void start(Tensor z, Tensor factors, Seed seed) {
        double sigma = Math.sqrt(z.mul(z).mean().item_double());
        if (!(sigma > 0)) {
            throw new ConstraintException("weights that are all 0 have no spread to draw factors for");
        }
        double spread = Math.pow(sigma, 1.0 / depth);
        double least = Math.min(Math.pow(LEAST, 1.0 / depth), spread / 2);
        double most = Math.max(Math.min(1, Math.pow(2 * sigma, 1.0 / depth)), 1.5 * least);
        int n = Math.toIntExact(coordinates);
        double[] product = new double[n];
        java.util.Arrays.fill(product, 1);
        double[][] drawn = new double[depth][n];
        for (int d = 0; d < depth; d++) {
            RandomGenerator random = seed.split(d).generator();
            for (int i = 0; i < n; i++) {
                drawn[d][i] = between(random, spread, least, most);
                product[i] *= drawn[d][i];
            }
        }
        double square = 0;
        for (double p : product) {
            square += p * p;
        }
        double correction = Math.pow(sigma / Math.sqrt(square / n), 1.0 / depth);
        for (int d = 0; d < depth; d++) {
            for (int i = 0; i < n; i++) {
                drawn[d][i] *= correction;
            }
            TensorData data = TensorData.of(drawn[d], n);
            Tensor own = factor(factors, d);
            own.copy_(Tensors.of(data, dev.orbifold.engine.Device.cpu()));
        }
    }

    /**
     * Two factors with m² − w² = β and the product x (PILoT, arXiv 2408.09966): m = √((β + √(β² + 4x²))/2), w = x/m. Sign-In
     * (arXiv 2504.12801) does it again and again.
     *
     * @param beta β, above 0
     * @throws ConstraintException if there are not two factors
     */
    public void shift(Tensor x, Tensor factors, double beta) {
        if (depth != 2) {
            throw new ConstraintException("PILoT and Sign-In have two factors, asked for " + depth);
        }
        Tensor root = x.mul(x).mul(new Scalar(4)).add(new Scalar(beta * beta)).sqrt();
        Tensor m = root.add(new Scalar(beta)).mul(new Scalar(0.5)).sqrt();
        Tensor w = x.div(m);
        factor(factors, 0).copy_(m);
        factor(factors, 1).copy_(w);
    }

    private static double between(RandomGenerator random, double spread, double least, double most) {
        for (int attempt = 0; attempt < PATIENCE; attempt++) {
            double drawn = spread * random.nextGaussian();
            double size = Math.abs(drawn);
            if (size > least && size < most) {
                return drawn;
            }
        }
        return random.nextBoolean() ? least : -least;
    }

    @Override
    public Tensor product(Tensor factors) {
        Tensor z = factor(factors, 0);
        for (int d = 1; d < depth; d++) {
            z = z.mul(factor(factors, d));
        }
        return z;
    }

    @Override
    public void pull(Tensor factors, Tensor gradient, Tensor into) {
        for (int d = 0; d < depth; d++) {
            Tensor own = gradient;
            for (int e = 0; e < depth; e++) {
                own = e == d ? own : own.mul(factor(factors, e));
            }
            factor(into, d).copy_(own);
        }
    }

    @Override
    public Tensor penalty(Tensor factors) {
        return factors.mul(factors).sum().div(new Scalar(depth));
    }

    @Override
    public Optional<Tensor> norm(Tensor z) {
        return Optional.of(z.abs().pow(new Scalar(2.0 / depth)).sum());
    }

    @Override
    public Tensor sizes(Tensor factors) {
        return product(factors).abs();
    }

    private Tensor stacked(Tensor factors) {
        return factors.view(depth, stride()).narrow(1, 0, coordinates);
    }

    @Override
    public double imbalance(Tensor factors) {
        Tensor squares = stacked(factors).mul(stacked(factors));
        double largest = squares.max().item_double();
        double apart = squares.amax(new long[] {0}, false).sub(squares.amin(new long[] {0}, false)).max()
                .item_double();
        return largest == 0 ? 0 : apart / largest;
    }

    @Override
    public void scale(Tensor factors, Tensor perCell) {
        stacked(factors).mul_(perCell);
    }

    @Override
    public void snap(Tensor factors) {
        Tensor all = stacked(factors);
        Tensor small = all.abs().amax(new long[] {0}, true).lt(new Scalar(Depths.zero(depth)));
        all.masked_fill_(small, Scalars.ZERO);
    }
}
