package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gradients of single samples, against the closed form of a linear model. */
class LossGradientsTest {
    /** Data is float32, all else float64. */
    private static final double EXACT = 1e-6;

    @TempDir private Path folder;

    /** With ℓ = (w·x + b − t)², ∂ℓ/∂b = 2(w·x + b − t) and ∂ℓ/∂w = x·∂ℓ/∂b, for some row (x, t) of the table. */
    @Test
    void theyAreThoseOfEachSample() throws IOException {
        Path table = Toy.regression(folder, 60);
        Graph graph = OnnxFile.read(Toy.dense(folder, "linear.onnx", 5, 1));
        List<double[]> rows = Files.readAllLines(table).stream().skip(1)
                .map(l -> Arrays.stream(l.split(",")).mapToDouble(Double::parseDouble).toArray()).toList();
        double[] w = graph.parameters().get("w0").toDoubles();
        double b = graph.parameters().get("b0").doubleAt(0);
        List<Map<String, TensorData>> found = new ArrayList<>();
        List<Map<String, TensorData>> again = new ArrayList<>();
        try (LossGradients gradients = LossGradients.of(graph, new DataRequest(table, List.of(), List.of()),
                CompressOptions.LossKind.MSE, 20, 0, 1)) {
            gradients.each(graph, found::add);
            gradients.each(graph, again::add);
        }
        assertEquals(20, found.size());
        assertEquals(found, again, "the same samples every time");
        for (Map<String, TensorData> gradient : found) {
            double outer = gradient.get("b0").doubleAt(0);
            double[] inner = gradient.get("w0").toDoubles();
            assertTrue(rows.stream().anyMatch(row -> {
                double y = b;
                for (int i = 0; i < 5; i++) {
                    y += w[i] * row[i];
                }
                boolean same = Math.abs(2 * (y - row[5]) - outer) < EXACT;
                for (int i = 0; i < 5; i++) {
                    same &= Math.abs(inner[i] - row[i] * outer) < EXACT;
                }
                return same;
            }), "no row has the gradient " + outer + " and " + Arrays.toString(inner));
        }
    }
}
