package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Symmetries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real exported models, with units planted as dead. */
class SharedModelsTest {
    /** Deep networks add up the rounding of float32 sums taken in another order. */
    private static final double ROUNDING = 1e-5;

    private static Path model(String name) {
        Optional<String> told = Optional.ofNullable(System.getProperty("ORBIFOLD_SHARED"))
                .or(() -> Optional.ofNullable(System.getenv("ORBIFOLD_SHARED")));
        if (told.isPresent()) {
            return Path.of(told.get(), "models", name);
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            for (Path shared : List.of(at.resolve("shared"), at.resolveSibling("shared"))) {
                if (Files.exists(shared.resolve("models").resolve(name))) {
                    return shared.resolve("models").resolve(name);
                }
            }
        }
        return Path.of(name);
    }

    @ParameterizedTest(name = "{0}") @CsvSource({"lenet300-mnist.onnx, 64", "lenet5-mnist.onnx, 64",
            "resnet20-cifar10.onnx, 32", "gpt-char.onnx, 16",
            "mobilenet_v3_small.onnx, 4", "squeezenet1_1.onnx, 2"})
    void plantedUnitsAreTakenOut(String name, int samples) {
        Path file = model(name);
        Assumptions.assumeTrue(Files.exists(file), "skipped: " + name + " is not in a shared folder");
        Symmetries symmetries = Symmetries.of(dev.orbifold.symmetry.Unshare.apply(OnnxFile.read(file)));
        List<BitSet> planted = Planting.choose(symmetries, new Seed(7).generator());
        Graph graph = Planting.zeroed(symmetries, planted);

        Shrink.Reduced reduced = Shrink.reduce(graph, ShrinkOptions.DEFAULT);

        int[] widths = IntStream.range(0, planted.size())
                .map(s -> symmetries.spaces().get(s).dimension() - planted.get(s).cardinality()).toArray();
        MacModel model = MacModel.of(symmetries);
        Cost cost = Cost.of(reduced.graph());
        assertEquals(model.macs(widths), cost.macs(), "multiply-adds; findings " + reduced.findings());
        assertEquals(model.parameters(widths), cost.parameters(), "parameters");
        assertTrue(cost.macs() < Cost.of(graph).macs());
        Equality equality = Equality.check(graph, reduced.graph(), OnnxRuntime.factory(1), new Seed(3), samples);
        assertTrue(equality.maxError() <= ROUNDING, "outputs differ by " + equality.maxError());
        Graph again = OnnxFile.read(write(reduced.graph(), name));
        assertEquals(reduced.graph().parameters(), again.parameters());
        assertEquals(reduced.graph().nodes().size(), again.nodes().size());
    }

    private static Path write(Graph graph, String name) {
        try {
            Path folder = Files.createTempDirectory("shrink");
            Path file = folder.resolve(name);
            file.toFile().deleteOnExit();
            OnnxFile.write(graph, file);
            return file;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
