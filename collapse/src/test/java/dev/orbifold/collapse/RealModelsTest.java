package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.DataOptions;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Mirror;
import dev.orbifold.symmetry.Normal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On models that others wrote; skipped where the shared folder is not there. */
class RealModelsTest {
    private final Random random = new Random(21);

    private static Path shared(String relative) {
        String named = System.getenv().getOrDefault("ORBIFOLD_SHARED", "");
        Path folder = Path.of("").toAbsolutePath();
        Path found = named.isEmpty() ? folder : Path.of(named).resolve(relative);
        while (named.isEmpty() && folder != null) {
            found = folder.resolve("shared").resolve(relative);
            folder = Files.exists(found) ? null : folder.getParent();
        }
        Assumptions.assumeTrue(Files.exists(found), "skipped: there is no shared/" + relative);
        return found;
    }

    private Examples images(int n, int channels, int size) {
        return new Examples(
                Map.of("image", TensorData.of(random.vector(n * channels * size * size), n, channels, size, size)),
                classes(n, 10, n));
    }

    private TensorData classes(int count, int classes, long... dims) {
        return TensorData.of(
                LongStream.range(0, count).map(i -> (long) random.uniform(0, classes)).toArray(), dims);
    }

    private static LossCurvature curvature(Graph graph, List<Examples> data, LossCurvature.Method method,
            DataType real) {
        List<String> parameters;
        try (Program program = Program.compile(graph, Device.cpu())) {
            parameters = program.trainable();
        }
        return LossCurvature.of(graph, parameters, data,
                DataLoss.of(graph.outputs().getFirst().name(), new Loss.CrossEntropy(0)), Mode.EVALUATION, method,
                Device.cpu(), real);
    }

    /**
     * Both ways to a product agree as far as differences say. A kink of a ReLU between their points puts them off by J/2h and
     * the product with twice the step by J/4h, so that the error is up to twice what is stated.
     */
    @ParameterizedTest @CsvSource({"lenet300-mnist.onnx, 1, 28", "resnet20-cifar10.onnx, 3, 32",
            "gpt-char.onnx, 0, 64"})
    void exactProductsAgreeWithDifferences(String file, int channels, int size) {
        Graph graph = OnnxFile.read(shared("models/" + file));
        boolean smooth = channels == 0;
        Examples data = smooth ? new Examples(Map.of(graph.inputs().getFirst().name(), classes(size, 65, 1, size)),
                classes(size, 65, 1, size)) : images(1, channels, size);
        try (LossCurvature curvature = curvature(graph, List.of(data), LossCurvature.Method.EXACT, DataType.DOUBLE)) {
            double[] v = random.vector(curvature.dimension());
            double[] exact = curvature.times(v);
            LossCurvature.Difference found = curvature.difference(v);
            double length = Vectors.length(exact);
            double error = Vectors.length(Vectors.difference(exact, found.product()));
            assertTrue(length > 0);
            assertTrue(error <= 3 * found.error() + 1e-8 * length, () -> error + ", stated " + found.error());
            assertTrue(!smooth || found.error() <= 1e-5 * length, () -> found.error() + " of " + length);
        }
    }

    /** The sharpest directions of a trained network on its own data, in float32. */
    @Test
    void theLargestEigenvaluesOfLeNetOnMnist() {
        Graph graph = OnnxFile.read(shared("models/lenet300-mnist.onnx"));
        DataSet mnist = DataSet.open(shared("data/mnist"),
                DataOptions.defaults().normalized(List.of(0.1307), List.of(0.3081)));
        List<Examples> data = Examples.of(mnist.train().adapt(graph.inputs().getFirst()), "image", 600, 256);
        assertEquals(List.of(256L, 256L, 88L), data.stream().map(d -> d.targets().elements()).toList());
        try (LossCurvature curvature = curvature(graph, data, LossCurvature.Method.EXACT_KEPT, DataType.FLOAT)) {
            assertEquals(266_610, curvature.dimension());
            assertTrue(curvature.loss() < 0.1, "the data are what it was trained on: " + curvature.loss());
            Lanczos.Result found = Lanczos.of(curvature, curvature.dimension(),
                    new Lanczos.Options(5, 0, 1e-3, 0, 30, 20, new Seed(4)));
            assertTrue(found.converged());
            for (double[] v : List.of(random.vector(266_610), found.top().get(0).vector(),
                    found.top().get(4).vector())) {
                LossCurvature.Difference difference = curvature.difference(v);
                double[] exact = curvature.times(v);
                double error = Vectors.length(Vectors.difference(exact, difference.product()));
                assertTrue(error <= 3 * difference.error(), () -> error + ", stated " + difference.error());
            }
            for (EigenPair pair : found.top()) {
                assertTrue(pair.value() > 0 && pair.residual() <= 1e-3 * pair.value(), () -> pair.value() + " ± "
                        + pair.residual());
            }
        }
    }

    /** A lost direction of a head's query and key: the point is on the mirror, and the curvature across it is found. */
    @Test
    void theMirrorOfAHead() {
        Graph graph = OnnxFile.read(shared("models/gpt-char.onnx"));
        LinearSpace head = LinearSymmetries.of(graph).spaces().stream()
                .filter(s -> s.copies() == 4 && s.folds().isEmpty()).findFirst().orElseThrow();
        double[] v = random.vector(head.dimension());
        Vectors.scale(v, 1 / Vectors.length(v));
        int[] all = new int[v.length];
        Arrays.setAll(all, i -> i);
        List<Normal> normals = List.of(new Normal(all, v));
        Examples data = new Examples(Map.of(graph.inputs().getFirst().name(), classes(128, 65, 2, 64)),
                classes(128, 65, 2, 64));
        try (LossCurvature curvature = curvature(graph, List.of(data), LossCurvature.Method.EXACT_KEPT,
                DataType.DOUBLE)) {
            Subspace subspace = Columns.of(head, 2, normals, graph, curvature.parameters());
            double[] theta = curvature.weights();
            double[] across = subspace.lift(subspace.lower(theta));
            // The mirror rounds to float32, and measures in it.
            double distance = Mirror.of(head, 2, normals).distance(graph);
            assertEquals(distance, Vectors.length(across), 1e-5 * distance);
            curvature.moveTo(Vectors.difference(theta, across));
            MirrorCurvature found =
                    MirrorCurvature.of(curvature, subspace, MirrorCurvature.options(new Seed(5)));
            assertTrue(found.converged(), found::toString);
            assertTrue(found.lowest() < 0, "a bilinear product bends down in some direction");
            assertTrue(found.coupling() <= 1e-8 * -found.lowest(),
                    () -> found.coupling() + " beside " + found.lowest());
            double[][][] blocks = MirrorCurvature.perBatch(curvature, List.of(found.direction()));
            assertEquals(found.lowest(), blocks[0][0][0], 1e-3 * -found.lowest());
        }
    }
}
