package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of docs/how-to/java.md do what the page says. */
class HowToTest {
    private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)?(E-?\\d+)?");
    /** Scalings and rotations round every weight to float32. */
    private static final double ROUNDING = 1e-5;
    private static final int BOTTLENECK = 3;

    @TempDir private Path folder = Path.of("");

    @Test
    void modelCostPrintsParametersAndMultiplyAdds() throws ReflectiveOperationException {
        String printed = run("ModelCost", Tiny.model(folder.resolve("m.onnx"), 0));
        int weights = Tiny.FEATURES * Tiny.HIDDEN + Tiny.HIDDEN * Tiny.CLASSES;
        assertTrue(printed.startsWith((weights + Tiny.HIDDEN + Tiny.CLASSES) + " parameters, " + weights), printed);
    }

    @Test
    void findSymmetriesPrintsUnitsAndMixing() throws ReflectiveOperationException {
        String printed = run("FindSymmetries", bottleneck(folder.resolve("m.onnx")));
        assertAll(() -> assertTrue(printed.contains(Tiny.HIDDEN + " units, Monomial (positive)"), printed),
                () -> assertTrue(printed.contains(
                        "1 times " + BOTTLENECK + " coordinates, General of dimension " + BOTTLENECK * BOTTLENECK),
                        printed),
                () -> assertTrue(last(printed, "outputs moved by") <= ROUNDING, printed));
    }

    @Test
    void findSymmetriesSaysWhatTakesAShiftBack() throws ReflectiveOperationException {
        String printed = run("FindSymmetries", Tiny.chain(folder.resolve("m.onnx"), 1));
        assertTrue(printed.contains("fc0.bias: 8 numbers may be added, taken back by fc1.bias"), printed);
    }

    @Test
    void moveModelWritesOtherWeightsOfTheSameFunction() throws Exception {
        Path model = bottleneck(folder.resolve("m.onnx"));
        Path moved = folder.resolve("moved.onnx");
        String printed = run("MoveModel", model, moved);
        assertAll(() -> assertTrue(numbers(printed).get(0) <= ROUNDING, printed),
                () -> assertNotEquals(-1L, Files.mismatch(model, moved)));
    }

    @Test
    void plantAndShrinkTakesTheTwinOut() throws ReflectiveOperationException {
        String printed = run("PlantAndShrink", Tiny.model(folder.resolve("m.onnx"), 0));
        int each = Tiny.FEATURES + 1 + Tiny.CLASSES;
        int all = Tiny.HIDDEN * each + Tiny.CLASSES;
        assertAll(() -> assertTrue(printed.contains("from " + Tiny.HIDDEN + " to " + (Tiny.HIDDEN - 1)), printed),
                () -> assertTrue(printed.contains((all - each) + " of " + all + " parameters"), printed),
                () -> assertTrue(last(printed, "outputs moved by") <= ROUNDING, printed));
    }

    @Test
    void modelDistanceIsNoneForAMovedModel() throws ReflectiveOperationException {
        Path model = Tiny.model(folder.resolve("m.onnx"), 0);
        Path moved = folder.resolve("moved.onnx");
        run("MoveModel", model, moved);
        List<Double> found = numbers(run("ModelDistance", model, moved));
        assertEquals(2, found.size());
        assertTrue(found.get(0) > 0.1 && found.get(1) <= ROUNDING, found.toString());
    }

    /** A ReLU layer, then a product of two matrices with nothing in between. */
    private static Path bottleneck(Path file) {
        Graph tiny = OnnxFile.read(Tiny.model(file, 0));
        RandomGenerator random = new Seed(8).generator();
        Map<String, TensorData> parameters = new LinkedHashMap<>(tiny.parameters());
        parameters.put("down", weights(random, Tiny.HIDDEN, BOTTLENECK));
        parameters.put("up", weights(random, BOTTLENECK, Tiny.HIDDEN));
        List<Node> nodes = new ArrayList<>(tiny.nodes().subList(0, 2));
        nodes.add(Node.of("down", "MatMul", List.of("active", "down"), List.of("narrow"), Map.of()));
        nodes.add(Node.of("up", "MatMul", List.of("narrow", "up"), List.of("wide"), Map.of()));
        nodes.add(Node.of("bend", "Relu", List.of("wide"), List.of("bent"), Map.of()));
        Node last = tiny.nodes().get(2);
        nodes.add(Node.of("fc2", "Gemm", List.of("bent", last.input(1), last.input(2)), last.outputs(),
                last.attributes()));
        OnnxFile.write(Graph.of("bottleneck", tiny.inputs(), tiny.outputs(), nodes, parameters), file);
        return file;
    }

    private static TensorData weights(RandomGenerator random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() / Math.sqrt(rows));
        }
        return TensorData.of(values, rows, columns);
    }

    /** What a program prints. */
    static String run(String program, Path... arguments) throws ReflectiveOperationException {
        Method main = Class.forName("howto." + program).getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        String[] texts = new String[arguments.length];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = arguments[i].toString();
        }
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
            System.setOut(out);
            main.invoke(null, (Object) texts);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static double last(String text, String before) {
        return numbers(text.substring(text.indexOf(before))).get(0);
    }

    private static List<Double> numbers(String text) {
        Matcher matcher = NUMBER.matcher(text);
        List<Double> numbers = new ArrayList<>();
        while (matcher.find()) {
            numbers.add(Double.parseDouble(matcher.group()));
        }
        return numbers;
    }
}
