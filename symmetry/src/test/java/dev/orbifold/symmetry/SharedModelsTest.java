package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The symmetries of real models, exported by others. */
class SharedModelsTest {
    /** What float32 may lose on the way through a deep network, as a share of the output's range. */
    private static final double ROUNDING = 1e-4;

    private static final Seed SEED = new Seed(20);

    @ParameterizedTest @ValueSource(
            strings = {"lenet300-mnist.onnx", "lenet5-mnist.onnx", "resnet20-cifar10.onnx", "gpt-char.onnx",
                    "mobilenet_v3_small.onnx", "squeezenet1_1.onnx"})
    void everyOperatorIsUnderstoodAndARandomElementKeepsTheOutputs(String model) {
        Graph graph = Unshare.apply(SharedModels.read(model));
        Symmetries symmetries = Symmetries.of(graph);
        assertEquals(List.of(),
                symmetries.findings().stream().filter(f -> f.severity() != Finding.Severity.INFO).toList());
        Verification verification = Verification.check(symmetries, OnnxRuntime::open, 2, SEED);
        assertTrue(verification.maxError() <= ROUNDING,
                () -> model + ": error " + verification.maxError() + " > " + ROUNDING + " with " + SEED);
        assertEquals(List.of(), verification.findings());
        double moved = moved(graph, Transform.random(symmetries, SEED));
        assertTrue(moved > 0.9, () -> model + ": only " + moved + " of the weights moved");
    }

    private static double moved(Graph before, Graph after) {
        long moved = 0;
        long all = 0;
        for (Map.Entry<String, TensorData> parameter : before.parameters().entrySet()) {
            TensorData old = parameter.getValue();
            TensorData now = after.parameter(parameter.getKey()).orElseThrow();
            if (old.type().isReal() && old.rank() > 1 && !parameter.getKey().endsWith("mask")) {
                for (long i = 0; i < old.elements(); i++) {
                    all++;
                    moved += old.doubleAt(i) != now.doubleAt(i) ? 1 : 0;
                }
            }
        }
        return moved / (double) all;
    }

    @Test
    void denseUnitsAreSpaces() {
        assertEquals(List.of(300, 100), dimensions("lenet300-mnist.onnx"));
    }

    @Test
    void channelsReachThroughFlattenToDenseUnits() {
        Symmetries symmetries = Symmetries.of(SharedModels.read("lenet5-mnist.onnx"));
        assertEquals(List.of("c1", "c2", "fc1"), symmetries.spaces().stream().map(Space::name).toList());
        assertEquals(List.of(20, 50, 500), symmetries.spaces().stream().map(Space::dimension).toList());
        Slot reader = symmetries.spaces().get(1).slots().get(2);
        assertEquals("fc1.weight", reader.parameter());
        assertEquals(1, reader.axis());
        assertEquals(Slot.Role.READS, reader.role());
        assertEquals(-1, reader.exponent());
        for (int i = 0; i < 800; i++) {
            assertEquals(i / 16, reader.unit()[i]);
            assertEquals(i % 16, reader.leg()[i]);
        }
        assertTrue(symmetries.spaces().stream().allMatch(Space::shrinkable));
        assertTrue(symmetries.spaces().stream()
                .allMatch(s -> s.group().equals(new Group.Monomial(Group.Diagonal.POSITIVE))));
    }

    @Test
    void residualStreamsAreOneSpaceEach() {
        assertEquals(List.of(16, 16, 16, 16, 32, 32, 32, 32, 64, 64, 64, 64), dimensions("resnet20-cifar10.onnx"));
    }

    @Test
    void headsAreBlocksAndTheStreamIsKept() {
        Symmetries symmetries = Symmetries.of(SharedModels.read("gpt-char.onnx"));
        assertEquals(List.of(128, 4, 512, 4, 512), symmetries.spaces().stream().map(Space::dimension).toList());
        assertFalse(symmetries.spaces().get(0).shrinkable(), "layer norm counts the stream's units");
        assertTrue(symmetries.spaces().get(1).shrinkable());
        Slot query = symmetries.spaces().get(1).slots().stream().filter(s -> s.parameter().equals("b.0.a.q.weight"))
                .findFirst().orElseThrow();
        for (int i = 0; i < 128; i++) {
            assertEquals(i / 32, query.unit()[i]);
            assertEquals(i % 32, query.leg()[i]);
        }
    }

    @Test
    void mergedParametersGetTheirOwnCopies() {
        Graph graph = SharedModels.read("squeezenet1_1.onnx");
        Unshare unshared = Unshare.of(graph);
        assertEquals(7, unshared.findings().size());
        assertTrue(unshared.graph().parameters().containsKey("features.12.expand3x3.bias"));
        assertTrue(unshared.graph().nodes().stream().noneMatch(n -> n.opType().equals("Identity")));
        assertEquals(25, Symmetries.of(unshared.graph()).spaces().size());
    }

    @Test
    void whatUnsharingInferredIsWhatTheUnsharedGraphHas() {
        Unshare unshared = Unshare.of(SharedModels.read("squeezenet1_1.onnx"));
        Symmetries known = unshared.inferred().orElseThrow();
        Symmetries fresh = Symmetries.of(unshared.graph());
        assertSame(unshared.graph(), known.graph());
        assertEquals(fresh.spaces().stream().map(SharedModelsTest::told).toList(),
                known.spaces().stream().map(SharedModelsTest::told).toList());
        assertEquals(fresh.findings(), known.findings());
    }

    private static String told(Space space) {
        return space.name() + " " + space.dimension() + " " + space.group() + " " + space.slots().stream()
                .map(s -> s.parameter() + s.axis() + s.role() + Arrays.toString(s.unit())).toList();
    }

    private static List<Integer> dimensions(String model) {
        return Symmetries.of(SharedModels.read(model)).spaces().stream().map(Space::dimension).toList();
    }
}
