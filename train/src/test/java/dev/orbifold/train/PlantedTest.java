package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.ort.OnnxRuntime;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is planted is there: maps with their singular values, the disk, the same for the same seed. */
class PlantedTest {
    /** Float32 targets of sums of a few numbers. */
    private static final double ROUNDING = 1e-5;
    /** Five standard errors of means over 4000 samples of numbers with deviation 1 or less. */
    private static final double SPREAD = 0.08;

    private static DataSet open(Planted planted, long seed) {
        return planted.open(new Seed(seed), ValueInfo.of("x", DataType.FLOAT,
                new Shape(List.of(Dim.named("n"), Dim.of(planted.law().inputs())))));
    }

    private static float[] input(Part part, int item) {
        float[] numbers = new float[(int) part.itemBytes() / Float.BYTES];
        part.read(item, MemorySegment.ofArray(numbers), 0);
        return numbers;
    }

    private static float[] target(Part part, int item) {
        float[] numbers = new float[part.targetsPerItem()];
        part.readTarget(item, MemorySegment.ofArray(numbers), 0);
        return numbers;
    }

    private static double squares(double[][] matrix) {
        return Arrays.stream(matrix).flatMapToDouble(Arrays::stream).map(v -> v * v).sum();
    }

    private static double[][] gram(double[][] v) {
        double[][] gram = new double[v.length][v.length];
        for (int a = 0; a < v.length; a++) {
            for (int b = 0; b < v.length; b++) {
                int i = a;
                int j = b;
                gram[a][b] = IntStream.range(0, v[0].length).mapToDouble(k -> v[i][k] * v[j][k]).sum();
            }
        }
        return gram;
    }

    /** Σs² and Σs⁴ fix two singular values. */
    @ParameterizedTest @ValueSource(longs = {0, 1, 2})
    void aMapHasItsSingularValues(long seed) {
        double[][] map = Planted.map(new Planted.Linear(List.of(3.0, 1.0), 5, 4), new Seed(seed));
        assertEquals(10, squares(map), 1e-12);
        assertEquals(82, squares(gram(map)), 1e-11);
    }

    /** Targets are the planted sum to rounding, whatever the other inputs are. */
    @Test
    void sparseWeightsAreThoseOfTheFirstInputs() {
        Part part = open(new Planted(new Planted.Sparse(List.of(2.0, -0.5), 5), 0, 50, 10), 3).train();
        for (int i = 0; i < part.size(); i++) {
            float[] x = input(part, i);
            assertEquals(5, x.length);
            assertEquals(2 * x[0] - 0.5 * x[1], target(part, i)[0], ROUNDING);
        }
    }

    /** E[y xᵀ] = V for standard normal x, and what noise adds is as large as asked. */
    @Test
    void targetsAreTheMapOfInputsPlusNoise() {
        Planted.Linear law = new Planted.Linear(List.of(2.0, 1.0), 3, 2);
        double[][] map = Planted.map(law, new Seed(4).split("planted").split("map"));
        Part exact = open(new Planted(law, 0, 50, 10), 4).train();
        Part noisy = open(new Planted(law, 0.5, 4000, 10), 4).train();
        assertEquals(50, exact.size());
        for (int s = 0; s < exact.size(); s++) {
            for (int o = 0; o < 2; o++) {
                assertEquals(said(map[o], input(exact, s)), target(exact, s)[o], ROUNDING, "sample " + s);
            }
        }
        double noise = 0;
        double size = 0;
        for (int s = 0; s < noisy.size(); s++) {
            noise += Math.pow(target(noisy, s)[1] - said(map[1], input(noisy, s)), 2) / noisy.size();
            size += Math.pow(input(noisy, s)[0], 2) / noisy.size();
        }
        assertEquals(0.25, noise, SPREAD);
        assertEquals(1, size, 2 * SPREAD);
    }

    private static double said(double[] row, float[] x) {
        return IntStream.range(0, x.length).mapToDouble(i -> row[i] * x[i]).sum();
    }

    @ParameterizedTest @ValueSource(booleans = {true, false})
    void aDiskIsUniformAndItsTargetsAreTrue(boolean gate) {
        Part part = open(new Planted(new Planted.Disk(2, gate), 0, 4000, 10), 1).train();
        double squares = 0;
        for (int s = 0; s < part.size(); s++) {
            float[] x = input(part, s);
            double length = Math.hypot(x[0], x[1]);
            assertTrue(length <= 2 + ROUNDING, "inside");
            assertEquals(gate ? Math.max(x[0], 0) : length, target(part, s)[0], ROUNDING);
            squares += length * length / part.size();
        }
        assertEquals(2, squares, 1.2 * SPREAD, "half the radius squared");
    }

    @Test
    void theSameSeedDrawsTheSame() {
        Planted planted = new Planted(new Planted.Linear(List.of(1.0), 3, 2), 0.1, 20, 20);
        float[] first = input(open(planted, 3).train(), 7);
        assertArrayEquals(first, input(open(planted, 3).train(), 7));
        assertArrayEquals(target(open(planted, 3).train(), 7), target(open(planted, 3).train(), 7));
        assertFalse(Arrays.equals(first, input(open(planted, 4).train(), 7)), "another seed");
        assertFalse(Arrays.equals(first, input(open(planted, 3).test(), 7)), "the test part");
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "data: {planted: {linear: {singular: [1, 2, 3], inputs: 2}}}|has 1 to 2 singular values, found 3",
            "data: {planted: {linear: {singular: [-1]}}}|must not be negative",
            "data: {planted: {noise: 1}}|name one of a 'linear' map, 'sparse' weights and a 'disk'",
            "data: {planted: {sparse: {weights: [1, 2], inputs: 1}}}|of 1 inputs, 1 to 1 have a weight, found 2",
            "data: {planted: {disk: {learn: norm}}, mean: 1}|drawn, not read",
            "data: {planted: {disk: {radius: 1}}}|planted.disk: 'learn' is missing",
            "data: {mean: 1}|data: 'path' is missing"})
    void whatMakesNoSenseIsSaid(String data, String message) {
        String text = assertThrows(TrainException.class, () -> RecipeReader.read("recipe.yaml",
                "network: {dense: [2, 1]}\nloss: mse\n" + data + "\n", Path.of("."), RecipeReader.Overrides.none()))
                .getMessage();
        assertTrue(text.startsWith("recipe.yaml line 3: ") && text.contains(message), text);
    }

    @Test
    void plantedTargetsAreNoClasses() {
        String text = assertThrows(TrainException.class, () -> RecipeReader.read("recipe.yaml",
                "network: {dense: [2, 1]}\ndata: {planted: {disk: {learn: gate}}}\n", Path.of("."),
                RecipeReader.Overrides.none())).getMessage();
        assertTrue(text.contains("ask for 'loss: mse'"), text);
    }

    /** Without weights every layer hands on what it reads. */
    @ParameterizedTest @ValueSource(strings = {"Identity", "Tanh"})
    void residualConnectionsAddWhatALayerReads(String activation) {
        Graph graph = Networks.dense(new Recipe.Origin.Dense(List.of(3, 3, 3), activation, true, true, 0), new Seed(1));
        TensorData x = TensorData.of(new float[] {1, -2, 3}, 1, 3);
        try (Evaluator evaluator = OnnxRuntime.open(graph, 1)) {
            assertArrayEquals(x.toFloats(), evaluator.run(Map.of("x", x)).get("y").toFloats());
        }
    }
}
