package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Mirror;
import dev.orbifold.symmetry.Normal;
import dev.orbifold.symmetry.Symmetries;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * On random instances whose threshold is known in closed form: the predicted wd* is that one, and gradient descent from near the
 * mirror switches between collapse and escape there.
 */
class ThresholdsTest {
    /** Prediction against closed form: Lanczos is asked for 1e-3 of λ and gives far better on so few dimensions. */
    private static final double EXACT = 1e-6;
    /** Prediction against training, as a share of wd*. */
    private static final double TRAINED = 0.01;
    /** How far from the mirror training starts: small beside 1, so that the linear part decides. */
    private static final double NEAR = 1e-4;
    private static final int STEPS = 6000;

    static IntStream instances() {
        return IntStream.range(0, 20);
    }

    private static double predicted(TwoLayer net, Mirror mirror) {
        try (LossCurvature curvature = net.curvature()) {
            MirrorCurvature found =
                    MirrorCurvature.of(curvature, mirror, net.graph(), MirrorCurvature.options(new Seed(3)));
            assertTrue(found.converged(), found::toString);
            assertEquals(0, found.coupling(), EXACT, "the point is on the mirror");
            return found.threshold();
        }
    }

    private static void check(double planted, double predicted, double trained) {
        assertEquals(planted, predicted, EXACT * planted, "closed form against prediction");
        assertEquals(predicted, trained, TRAINED * predicted, "prediction against training");
    }

    /** (uw − v)²: wd* = 2|v| (theory, 2). */
    @ParameterizedTest @MethodSource("instances")
    void scalarProduct(int seed) {
        Random random = new Random(seed);
        double v = random.uniform(0.3, 2) * Math.signum(random.normal());
        TwoLayer dead = new TwoLayer("Identity", new double[][] {{1}}, new double[][] {{v}}, 1, new double[1][1],
                new double[1][1]);
        double predicted;
        try (LossCurvature curvature = dead.curvature()) {
            predicted = MirrorCurvature.of(curvature, Subspace.of(2, List.of(Normal.unit(0), Normal.unit(1))),
                    MirrorCurvature.options(new Seed(seed))).threshold();
            // One of the two balanced lines attracts without decay, the other one as soon as 2|v| is reached.
            double half = Math.sqrt(0.5);
            Normal line = new Normal(new int[] {0, 1}, new double[] {half, Math.signum(v) * half});
            Normal other = new Normal(new int[] {0, 1}, new double[] {half, -Math.signum(v) * half});
            Lanczos.Options options = MirrorCurvature.options(new Seed(seed));
            assertEquals(2 * Math.abs(v),
                    MirrorCurvature.of(curvature, Subspace.of(2, List.of(line)), options).threshold(),
                    EXACT);
            assertEquals(0, MirrorCurvature.of(curvature, Subspace.of(2, List.of(other)), options).threshold());
        }
        dead.u[0][0] = NEAR * random.normal();
        dead.w[0][0] = NEAR * random.normal();
        check(2 * Math.abs(v), predicted, TwoLayer.switching(0, 8, decay -> dead.escapes(0.05, decay, STEPS,
                net -> Math.hypot(net.u[0][0], net.w[0][0]))));
    }

    /** ‖UW − V‖² with the largest singular value fitted: a second direction stays lost from wd* = 2 s₂ on (theory, 2). */
    @ParameterizedTest @MethodSource("instances")
    void matrixFactorization(int seed) {
        Random random = new Random(100 + seed);
        double[] s = {random.uniform(1.5, 2.5), random.uniform(0.4, 1.2), random.uniform(0.05, 0.3)};
        double[][] in = random.orthonormal(3, 4);
        double[][] out = random.orthonormal(3, 3);
        double[][] target = new double[4][3];
        for (int k = 0; k < 3; k++) {
            for (int i = 0; i < 4; i++) {
                Vectors.add(target[i], s[k] * in[k][i], out[k]);
            }
        }
        double[][] identity = new double[4][4];
        for (int i = 0; i < 4; i++) {
            identity[i][i] = 1;
        }
        double[][] inner = random.orthonormal(2, 2);
        double[] lost = inner[1];
        double[][] u = new double[4][2];
        double[][] w = new double[2][3];
        for (int i = 0; i < 4; i++) {
            Vectors.add(u[i], Math.sqrt(s[0]) * in[0][i], inner[0]);
        }
        for (int k = 0; k < 2; k++) {
            Vectors.add(w[k], Math.sqrt(s[0]) * inner[0][k], out[0]);
        }
        TwoLayer net = new TwoLayer("Identity", identity, target, 4, u, w);
        Graph graph = net.graph();
        LinearSpace space = LinearSymmetries.of(graph).spaces().get(0);
        double predicted;
        try (LossCurvature curvature = net.curvature()) {
            Subspace subspace = Columns.of(space, 0, List.of(new Normal(new int[] {0, 1}, lost)), graph,
                    TwoLayer.PARAMETERS);
            assertEquals(4 + 3, subspace.coordinates());
            assertEquals(0, Vectors.length(subspace.lower(curvature.weights())), EXACT);
            predicted = MirrorCurvature.of(curvature, subspace, MirrorCurvature.options(new Seed(seed))).threshold();
        }
        // Turning the inner space hands the first direction on and changes nothing; start without that.
        double third = random.uniform(-1, 1);
        for (int i = 0; i < 4; i++) {
            Vectors.add(net.u[i], NEAR * (in[1][i] + third * in[2][i]), lost);
        }
        double[] across = out[1].clone();
        Vectors.add(across, random.uniform(-1, 1), out[2]);
        for (int k = 0; k < 2; k++) {
            Vectors.add(net.w[k], NEAR * lost[k], across);
        }
        check(2 * s[1], predicted, TwoLayer.switching(0, 3, decay -> net.escapes(0.05, decay, STEPS, at -> {
            double sum = 0;
            for (double[] row : at.u) {
                sum += Math.pow(Vectors.dot(row, lost), 2);
            }
            for (int j = 0; j < 3; j++) {
                sum += Math.pow(at.w[0][j] * lost[0] + at.w[1][j] * lost[1], 2);
            }
            return Math.sqrt(sum);
        })));
    }

    /** A dead tanh unit in ½ mean‖f − y‖²: the Hessian pairs u with w by E[y xᵀ], so wd* is its largest singular value. */
    @ParameterizedTest @MethodSource("instances")
    void tanhUnit(int seed) {
        Random random = new Random(200 + seed);
        double[][] x = random.matrix(40, 3, 1);
        double[][] teacher = random.matrix(3, 2, 0.7);
        double[][] y = new double[40][2];
        double[][] moments = new double[3][2];
        for (int i = 0; i < 40; i++) {
            for (int c = 0; c < 3; c++) {
                Vectors.add(y[i], Math.tanh(x[i][c]), teacher[c]);
            }
            for (int c = 0; c < 3; c++) {
                Vectors.add(moments[c], x[i][c] / 40, y[i]);
            }
        }
        double[][] gram = new double[2][2];
        for (double[] row : moments) {
            Vectors.add(gram[0], row[0], row);
            Vectors.add(gram[1], row[1], row);
        }
        double planted = Math.sqrt(SymmetricMatrix.eigen(gram).values()[1]);
        // Two units, of which the second one stays dead: a single one has no Space of its own.
        TwoLayer net = new TwoLayer("Tanh", x, y, 0.5, new double[3][2], new double[2][2]);
        Symmetries symmetries = Symmetries.of(net.graph());
        Mirror sign = Mirror.of(symmetries, symmetries.spaces().get(0)).findFirst().orElseThrow();
        TwoLayer near = net.copy();
        for (double[] row : near.u) {
            row[0] = NEAR * random.normal();
        }
        Vectors.add(near.w[0], NEAR, random.vector(2));
        for (int c = 0; c < 3; c++) {
            net.u[c][0] = random.normal();
        }
        check(planted, predicted(net, sign),
                TwoLayer.switching(0, 2 * planted, decay -> near.escapes(0.1 / planted, decay, STEPS,
                        at -> Math.sqrt(at.u[0][0] * at.u[0][0] + at.u[1][0] * at.u[1][0] + at.u[2][0] * at.u[2][0]
                                + Vectors.dot(at.w[0], at.w[0])))));
    }

    /**
     * Two ReLU units that say the same and fit the first of two directions: on one half of the data both are on and x has the
     * covariance I, on the other both are off. They part to fit the second direction below wd* = s₂.
     */
    @ParameterizedTest @MethodSource("instances")
    void clonedReluUnits(int seed) {
        Random random = new Random(300 + seed);
        double[] s = {random.uniform(1.2, 2), random.uniform(0.3, 0.8)};
        double[][] in = random.orthonormal(3, 3);
        double[][] out = random.orthonormal(2, 2);
        double[][] x = new double[8][3];
        double[][] y = new double[8][2];
        for (int i = 0; i < 4; i++) {
            double[] signs = {1, i % 2 == 0 ? 1 : -1, i < 2 ? 1 : -1};
            for (int k = 0; k < 3; k++) {
                Vectors.add(x[i], signs[k], in[k]);
            }
            for (int k = 0; k < 2; k++) {
                Vectors.add(y[i], s[k] * signs[k], out[k]);
            }
            Vectors.add(x[4 + i], -1, x[i]);
        }
        double size = Math.sqrt(s[0] / 2);
        double[][] u = new double[3][2];
        double[][] w = new double[2][2];
        for (int k = 0; k < 2; k++) {
            for (int c = 0; c < 3; c++) {
                u[c][k] = size * in[0][c];
            }
            Vectors.add(w[k], size, out[0]);
        }
        // Half of the data are off: the mean over all is half of the mean over what is on.
        TwoLayer clones = new TwoLayer("Relu", x, y, 1, u, w);
        Symmetries symmetries = Symmetries.of(clones.graph());
        Mirror pair = Mirror.of(symmetries, symmetries.spaces().get(0)).findFirst().orElseThrow();
        double predicted = predicted(clones, pair);
        // Sharing the weights of the first direction out differently changes nothing; start without that.
        for (int k = 1; k < 3; k++) {
            double by = NEAR * random.normal();
            for (int c = 0; c < 3; c++) {
                clones.u[c][0] += by * in[k][c];
                clones.u[c][1] -= by * in[k][c];
            }
        }
        Vectors.add(clones.w[0], NEAR, out[1]);
        Vectors.add(clones.w[1], -NEAR, out[1]);
        check(s[1], predicted, TwoLayer.switching(0, 1.1, decay -> clones.escapes(0.1, decay, STEPS, at -> {
            double sum = 0;
            for (double[] row : at.u) {
                sum += Math.pow(row[0] - row[1], 2) / 2;
            }
            double[] apart = Vectors.difference(at.w[0], at.w[1]);
            return Math.sqrt(sum + Vectors.dot(apart, apart) / 2);
        })));
    }
}
