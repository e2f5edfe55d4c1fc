package dev.orbifold.certificate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.orbifold.engine.Inside;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.RandomInputs;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
import dev.orbifold.symmetry.Unshare;
import dev.orbifold.symmetry.Verification;
import dev.orbifold.symmetry.Verified;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Moved models compute the same function, to the rounding of float64. */
class MovedInFloat64Test {
    /** Rounding of float64 through a few dozen layers, relative to the output's range. */
    private static final double ROUNDING = 1e-10;

    @ParameterizedTest @ValueSource(
            strings = {"lenet300-mnist", "lenet5-mnist", "resnet20-cifar10", "gpt-char", "mobilenet_v3_small",
                    "squeezenet1_1"})
    void everyKindOfMapAtOnce(String name) {
        Path file = shared().resolve("models").resolve(name + ".onnx");
        assumeTrue(Files.exists(file), "no shared/models/" + name + ".onnx beside this checkout");
        Graph graph = inFloat64(Unshare.of(OnnxFile.read(file)).graph());
        Verified single = Verified.of(Unshare.of(OnnxFile.read(file)).graph(), OnnxRuntime.factory(2), 1, new Seed(1));
        Symmetries units = single.units();
        Verified verified = new Verified(
                new Symmetries(graph, units.shapes(), units.spaces(), units.axes(), units.scalings(), List.of()),
                new LinearSymmetries(graph, single.mixing().spaces()), single.shifts(), 1, single.maxError(),
                List.of());
        Graph moved = verified.moved(EnumSet.allOf(Transform.Kind.class), new Seed(2));
        Map<String, TensorData> inputs = RandomInputs.of(graph, units.shapes(), 2, new Seed(3));
        List<String> outputs = graph.outputs().stream().map(o -> o.name()).toList();
        Inside before = Inside.of(graph, outputs, List.of(inputs), 0, new Seed(0)).get(0);
        Inside after = Inside.of(moved, outputs, List.of(inputs), 0, new Seed(0)).get(0);
        assertEquals(List.of(), single.findings());
        for (String output : outputs) {
            double error = Verification.difference(before.value(output), after.value(output));
            assertTrue(error <= ROUNDING, name + " " + output + " moved by " + error);
            assertTrue(error > 0, "nothing moved");
        }
    }

    private static Path shared() {
        String named = System.getProperty("ORBIFOLD_SHARED", System.getenv().getOrDefault("ORBIFOLD_SHARED", ""));
        Path at = Path.of("").toAbsolutePath();
        while (named.isEmpty() && at.getParent() != null && !Files.isDirectory(at.resolve("shared/models"))) {
            at = at.getParent();
        }
        return named.isEmpty() ? at.resolve("shared") : Path.of(named);
    }

    private static Graph inFloat64(Graph graph) {
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        graph.parameters().forEach((name, data) -> parameters.put(name,
                data.type() == DataType.FLOAT ? TensorData.of(data.toDoubles(), data.dims()) : data));
        return graph.withParameters(parameters);
    }
}
