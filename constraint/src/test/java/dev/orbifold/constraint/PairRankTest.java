package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A product that a network multiplies itself: coordinates may turn at any time, and nothing but their names changes. */
class PairRankTest {
    /** Float32 rounding of a few products and a few dozen steps. */
    private static final float ROUNDING = 2e-4f;
    private static final int WIDE = 6;

    @BeforeAll
    static void load() {
        Natives.load();
    }

    /** A ReLU, a linear bottleneck with a bias, and a ReLU behind it. */
    private static Graph network() {
        Net net = new Net(new Seed(8));
        String x = net.apply("Relu", net.dense("in", net.input("x", 5), 5, 12));
        String b = net.node("Add", List.of(net.node("MatMul", List.of(x, net.weight("u", 12, WIDE))),
                net.weight("bias", WIDE)));
        return net.graph(net.apply("Relu", net.node("MatMul", List.of(b, net.weight("v", WIDE, 9)))));
    }

    private static LinearSpace bottleneck(Graph graph) {
        return LinearSymmetries.of(graph).spaces().stream().filter(s -> s.dimension() == WIDE).findFirst()
                .orElseThrow();
    }

    private record Session(Graph graph, Program program, Constrained constrained, PairRank rank, Tensor x) {
        Tensor outputs(Mode mode) {
            Map<String, Tensor> values = new HashMap<>(constrained.weights().views());
            values.put("x", x);
            return program.run(values, mode).values().iterator().next();
        }

        void step() {
            try (PointerScope inner = new PointerScope()) {
                Tensor loss = outputs(Mode.TRAINING).sub(new org.bytedeco.pytorch.Scalar(1)).pow(Scalars.TWO).mean();
                constrained.weights().zeroGradients();
                loss.backward();
            }
            constrained.step(0.02, Double.POSITIVE_INFINITY);
        }
    }

    private static void with(BiConsumer<Session, PointerScope> test) {
        Graph graph = network();
        Device cpu = Device.cpu();
        try (PointerScope scope = new PointerScope(); Program program = Program.compile(graph, cpu);
                FlatWeights weights = FlatWeights.of(graph, program.trainable(), program.state(), cpu);
                Constrained constrained = new Constrained(weights, new Kind.Sgd(0.9, false, 0), List.of());
                PairRank rank = new PairRank(bottleneck(graph), weights, constrained.optimizer().moments())) {
            RandomGenerator random = new Seed(2).generator();
            float[] x = new float[40 * 5];
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) random.nextGaussian();
            }
            test.accept(new Session(graph, program, constrained, rank, Tensors.of(cpu, x, 40, 5)), scope);
        }
    }

    private static float[] floats(Tensor tensor) {
        return Tensors.toData(tensor).toFloats();
    }

    @Test
    void balancingChangesNoOutputAndNamesSingularValues() {
        with((session, scope) -> {
            float[] before = floats(session.outputs(Mode.EVALUATION));
            session.rank().balance();
            assertArrayEquals(before, floats(session.outputs(Mode.EVALUATION)), ROUNDING);
            Map<String, Tensor> views = session.constrained().weights().views();
            Tensor left = torch.cat(new org.bytedeco.pytorch.TensorVector(views.get("u").detach(),
                    views.get("bias").detach().view(1, WIDE)), 0);
            Tensor values =
                    torch.linalg_svd(left.matmul(views.get("v").detach()), false, new StringViewOptional()).get1();
            assertArrayEquals(floats(values.narrow(0, 0, WIDE)), floats(session.rank().sizes()), ROUNDING);
        });
    }

    /** Momentum turns with the weights: a net that is turned at every step learns what one that is not does. */
    @Test
    void turningAtEveryStepChangesNothing() {
        float[][] ends = new float[2][];
        for (int turned = 0; turned < 2; turned++) {
            int run = turned;
            with((session, scope) -> {
                session.rank().balance();
                for (int step = 0; step < 40; step++) {
                    session.step();
                    if (run == 1) {
                        session.rank().align();
                    }
                }
                ends[run] = floats(session.outputs(Mode.EVALUATION));
            });
        }
        assertArrayEquals(ends[0], ends[1], ROUNDING);
    }

    @Test
    void aGoalLeavesExactZerosOnBothSides() {
        with((session, scope) -> {
            session.rank().balance();
            Aim aim = new Aim(new Aim.Goal(0.5, List.of(), 0, 60, 100, 10), session.rank(), Device.cpu());
            for (int step = 0; step < 150; step++) {
                session.step();
                aim.after(step);
            }
            assertEquals(WIDE / 2, session.rank().closed());
            float[] sizes = floats(session.rank().sizes());
            Map<String, Tensor> views = session.constrained().weights().views();
            float[] u = floats(views.get("u"));
            float[] v = floats(views.get("v"));
            for (int c = 0; c < WIDE; c++) {
                boolean zero = sizes[c] == 0;
                for (int i = 0; i < 12; i++) {
                    assertTrue(!zero || u[i * WIDE + c] == 0);
                }
                for (int i = 0; i < 9; i++) {
                    assertTrue(!zero || v[c * 9 + i] == 0);
                }
            }
        });
    }

    @Test
    void weightDecayOnBothSidesLosesRank() {
        with((session, scope) -> {
            session.rank().balance();
            for (int step = 0; step < 600; step++) {
                session.constrained().weights().zeroGradients();
                session.rank().pull(0.5);
                session.constrained().step(0.05, Double.POSITIVE_INFINITY);
            }
            session.rank().align();
            session.rank().snap();
            assertEquals(WIDE, session.rank().closed());
        });
    }

    @Test
    void unitsAreNoCoordinates() {
        Graph graph = network();
        LinearSpace space = bottleneck(graph);
        LinearSpace rotated = new LinearSpace(space.id(), space.name(), space.dimension(), space.copies(),
                new dev.orbifold.symmetry.Group.Orthogonal(), space.slots(), space.folds());
        with((session, scope) -> assertThrows(ConstraintException.class,
                () -> new PairRank(rotated, session.constrained().weights(), List.of())));
    }
}
