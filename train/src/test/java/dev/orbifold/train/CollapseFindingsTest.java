package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.Json;
import dev.orbifold.symmetry.Symmetries;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of units that training has brought onto mirrors; they are planted here. */
class CollapseFindingsTest {
    private static final int INPUTS = 5;
    private static final int UNITS = 40;

    @TempDir private Path folder;

    private Graph start;
    private String space;

    @BeforeEach
    void network() throws IOException {
        Toy.regression(folder, 50);
        start = OnnxFile.read(Toy.dense(folder, "m.onnx", INPUTS, UNITS, 1));
        space = Symmetries.of(start).spaces().getFirst().name();
    }

    private Recipe recipe(String more) {
        return RecipeReader.read("r.yaml", "model: m.onnx\ndata: regression.csv\nloss: mse\n" + more, folder,
                RecipeReader.Overrides.none());
    }

    private List<Finding> found(String recipe, Graph end, Set<String> held, String... lines) {
        List<JsonNode> metrics = List.of(lines).stream().map(Json::parse).toList();
        return CollapseFindings.of(recipe(recipe), Symmetries.of(start), start, end, held, metrics);
    }

    /** The first units, with everything that writes them multiplied. */
    private Graph scaled(int count, float factor) {
        float[] weight = start.parameters().get("w0").toFloats().clone();
        float[] bias = start.parameters().get("b0").toFloats().clone();
        for (int u = 0; u < count; u++) {
            bias[u] *= factor;
            for (int i = 0; i < INPUTS; i++) {
                weight[u * INPUTS + i] *= factor;
            }
        }
        return start
                .replacing(Map.of("w0", TensorData.of(weight, UNITS, INPUTS), "b0", TensorData.of(bias, UNITS)));
    }

    private Graph repeated(int count) {
        int[] from = IntStream.range(0, UNITS).map(u -> u < count ? UNITS - 1 : u).toArray();
        return start.replacing(Map.of("w0", start.parameters().get("w0").select(0, from), "b0",
                start.parameters().get("b0").select(0, from)));
    }

    @Test
    void ofASoundNetworkNothingIsSaid() {
        assertEquals(List.of(), found("", start, Set.of()));
        assertEquals(List.of(), found("", scaled(UNITS, 0.5f), Set.of()));
        assertEquals(List.of(), found("", scaled(3, 1e-6f), Set.of()), "three of forty that come near");
    }

    @Test
    void deadUnitsAreAWarningFromATenthOn() {
        Finding few = found("", scaled(2, 0), Set.of()).getFirst();
        assertEquals("units-died", few.kind());
        assertEquals(Finding.Severity.INFO, few.severity());
        assertEquals(space, few.place());
        assertTrue(few.message().startsWith("2 of 40 units lie on the mirrors of their signs and scales"),
                few.message());
        Finding many = found("", scaled(10, 1e-6f), Set.of()).getFirst();
        assertEquals(Finding.Severity.WARNING, many.severity());
        assertTrue(many.message().startsWith("10 of 40 units have come within 1 % of"), many.message());
        assertEquals(List.of(), found("", scaled(10, 0), Set.of("w1")), "a constraint asked for it");
    }

    @Test
    void whatWasWatchedTellsWhen() {
        String line = "{\"kind\":\"watch\",\"epoch\":%s,\"dead\":{\"" + space + "\":%s}}";
        String message = found("", scaled(10, 0), Set.of(), line.formatted(0, 1), line.formatted(2.5, 1),
                line.formatted(3.5, 2), line.formatted(4, 10)).getFirst().message();
        assertTrue(message.contains("(the first from epoch 3.50 on)"), message);
        String near = "{\"kind\":\"watch\",\"epoch\":%s,\"distance-dead\":{\"" + space + "\":{\"least\":%s}}}";
        message = found("", scaled(10, 1e-6f), Set.of(), near.formatted(1, 0.5), near.formatted(2, 0.009))
                .getFirst().message();
        assertTrue(message.contains("(the first from epoch 2.00 on)"), message);
    }

    @Test
    void itRecommendsWhatIsNotThereYet() {
        String decays = "optimizer: {weight-decay: 1e-3}\n";
        advises(decays, scaled(10, 0), "add 'remove: {syre: {sigma: " + sigma() + "}}' to the recipe");
        advises("optimizer: {weight-decay: 0}\n", scaled(10, 0), "add 'remove: {reset: {dormant: 0.025}}'");
        advises(decays + "remove: {syre: {}}\n", scaled(10, 0), "give 'syre' a larger 'sigma', such as " + sigma());
        advises(decays + "remove: {syre: {sigma: 0.1}}\n", scaled(10, 0),
                "add 'reset: {dormant: 0.025}' under 'remove'");
        advises(decays + "remove: {syre: {sigma: 0.1}, reset: {dormant: 0.1}}\n", scaled(10, 0),
                "try less weight decay");
        advises(decays, repeated(10), "add 'remove: {syre: {sigma: " + sigma() + "}}'");
        advises("optimizer: {weight-decay: 0}\n", repeated(10), "add 'remove: {asymmetric: {weights: 0.1}}'");
    }

    /** A twentieth of the root mean square that the weights begin with, to one digit. */
    private String sigma() {
        double[] weights = java.util.stream.Stream.of("w0", "w1")
                .flatMapToDouble(name -> java.util.Arrays.stream(start.parameters().get(name).toDoubles())).toArray();
        double mean = java.util.Arrays.stream(weights).map(w -> w * w).average().orElseThrow();
        return new java.math.BigDecimal(0.05 * Math.sqrt(mean)).round(new java.math.MathContext(1)).toPlainString();
    }

    private void advises(String recipe, Graph end, String advice) {
        String message = found(recipe, end, Set.of()).getFirst().message();
        assertTrue(message.contains(advice), message);
        // What is recommended is understood.
        if (message.contains("'remove: {")) {
            String line = message.replaceFirst(".*add '(remove: .+?)' to the recipe.*", "$1");
            assertTrue(!recipe(line + "\n").remove().isNone(), line);
        }
    }

    @Test
    void twinsAreToldFromTheDead() {
        Finding twins = found("", repeated(10), Set.of()).getFirst();
        assertEquals("units-became-twins", twins.kind());
        assertTrue(twins.message().startsWith("11 of 40 units") || twins.message().startsWith("10 of 40 units"),
                twins.message());
    }

    @Test
    void aLostRankIsTold() {
        Map<String, TensorData> weights = new java.util.LinkedHashMap<>();
        Toy.normal(weights, "down", 6, 6, 8);
        Toy.normal(weights, "up", 8, 8, 5);
        start = OnnxFile.read(Toy.write(folder, "m.onnx", new long[] {6}, 5, List.of(
                dev.orbifold.graph.Node.of("d", "MatMul", List.of("x", "down"), List.of("h"), Map.of()),
                dev.orbifold.graph.Node.of("u", "MatMul", List.of("h", "up"), List.of("y"), Map.of())), weights));
        float[] down = start.parameters().get("down").toFloats().clone();
        for (int i = 2 * 8; i < down.length; i++) {
            down[i] = 0;
        }
        List<Finding> all = found("", start.replacing(Map.of("down", TensorData.of(down, 6, 8))), Set.of());
        Finding lost = all.stream().filter(f -> f.kind().equals("rank-lost")).findFirst().orElseThrow();
        assertEquals(Finding.Severity.WARNING, lost.severity());
        assertTrue(lost.message().matches(".*add 'remove: \\{syre: \\{sigma: 0\\.\\d+, anisotropic: true}}'.*"),
                lost.message());
    }

    @Test
    void dormantUnitsThatBecomeMoreAreLostPlasticity() {
        String line = "{\"kind\":\"watch\",\"epoch\":%s,\"dormant\":{\"fc1\":%s}}";
        assertEquals(List.of(), found("", start, Set.of(), line.formatted(0, 0.1), line.formatted(5, 0.3)));
        Finding finding = found("", start, Set.of(), line.formatted(0, 0.05), line.formatted(3, 0.35),
                line.formatted(5, 0.4)).getFirst();
        assertEquals("plasticity-lost", finding.kind());
        assertTrue(finding.message().contains("40 % of the units hardly answer, 5 % at the start (so many more from"
                + " epoch 3.00 on)"), finding.message());
        assertTrue(finding.message().contains("add 'remove: {reset: {dormant: 0.025}}'"), finding.message());
    }
}
