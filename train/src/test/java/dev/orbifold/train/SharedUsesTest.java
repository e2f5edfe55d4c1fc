package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One Parameter that two layers read, under a constraint: it holds in both, or is refused. */
class SharedUsesTest {
    private static final int WIDE = Toy.SIDE * Toy.SIDE;

    @TempDir private Path folder;

    @BeforeEach
    void data() throws IOException {
        Toy.digits(folder, 200);
    }

    /** Layers w, u, w, v, with the second w under a name of its own or turned, if asked for. */
    private void model(String again, boolean turned) {
        Map<String, TensorData> weights = new LinkedHashMap<>();
        Toy.normal(weights, "w", WIDE, WIDE, WIDE);
        Toy.normal(weights, "u", WIDE, WIDE, WIDE);
        Toy.normal(weights, "v", WIDE, Toy.CLASSES, WIDE);
        List<Node> nodes = new ArrayList<>();
        if (!again.equals("w")) {
            nodes.add(Node.of("alias", "Identity", List.of("w"), List.of(again), Map.of()));
        }
        String at = "x";
        int l = 0;
        for (String weight : List.of("w", "u", again, "v")) {
            boolean last = weight.equals("v");
            long transposed = l == 2 && turned ? 0 : 1;
            nodes.add(Node.of("g" + l, "Gemm", List.of(at, weight), List.of(last ? "y" : "h" + l),
                    Map.of("transB", new Attribute.Int(transposed))));
            if (!last) {
                nodes.add(Node.of("r" + l, "Relu", List.of("h" + l), List.of("a" + l), Map.of()));
            }
            at = "a" + l++;
        }
        Toy.write(folder, "tied.onnx", new long[] {WIDE}, Toy.CLASSES, nodes, weights);
    }

    private TrainRequest request(String constraint) {
        return new TrainRequest("recipe.yaml", """
                model: tied.onnx
                data: digits.csv
                epochs: 3
                batch-size: 20
                output: out.onnx
                optimizer: {rate: 0.02}
                constraints:
                """ + "  - " + constraint + "\n", folder, RecipeReader.Overrides.none(), 2);
    }

    private TrainResult trained(String constraint) {
        try (Train train = Train.prepare(request(constraint));
                RunFolder run = RunFolder.create(folder.resolve("run"), "train", List.of())) {
            return train.run(run, Progress.SILENT);
        }
    }

    private String refused(String constraint) {
        return assertThrows(TrainException.class, () -> Train.prepare(request(constraint)).close()).getMessage();
    }

    /** w is one in the file, and as sparse as was asked. */
    private void assertOneAndSparse(TrainResult result) {
        assertTrue(result.met(), result.verdict());
        Graph written = OnnxFile.read(folder.resolve("out.onnx"));
        assertEquals(3, written.parameters().size(), written.parameters().keySet().toString());
        float[] w = written.parameters().get("w").toFloats();
        int zeros = 0;
        for (float value : w) {
            zeros += value == 0 ? 1 : 0;
        }
        assertEquals(0.75 * w.length, zeros, 1);
        assertEquals(List.of("w"), result.findings().stream().filter(f -> f.kind().equals("shared-parameter"))
                .map(f -> f.place()).toList());
    }

    @Test
    void whatIsNamedStaysOneAndHoldsInAllPlaces() {
        model("w", false);
        assertOneAndSparse(trained("{parameters: w, sparse: elements, zeros: 0.75}"));
    }

    @Test
    void aNameThatIdentityGivesIsAName() {
        model("head", false);
        assertOneAndSparse(trained("{parameters: head, sparse: elements, zeros: 0.75}"));
    }

    /** What one layer calls units the other calls inputs. */
    @Test
    void unitsThatTwoPlacesSeeDifferentlyAreRefusedAndEntriesAreNot() {
        model("w", true);
        String text = refused("{name: c, parameters: w, sparse: units, zeros: 0.5}");
        assertTrue(text.startsWith("recipe.yaml line 8: constraint c: it is not clear which axis of w counts units"),
                text);
        assertOneAndSparse(trained("{parameters: w, sparse: elements, zeros: 0.75}"));
    }

    @Test
    void aSpaceThatOnlyOnePlaceWritesIsRefused() {
        model("w", false);
        String text = refused("{name: c, spaces: w, sparse: units, zeros: 0.5}");
        assertTrue(text.startsWith("recipe.yaml line 8: constraint c: parameter w is read in 2 places, of which the"
                + " named Spaces see one"), text);
        assertEquals(1, text.lines().count());
        assertFalse(Files.exists(folder.resolve("run")));
        trained("{name: c, spaces: u, sparse: units, zeros: 0.5}");
    }

    /** A word that fits nothing beside one that does is a misspelling. */
    @Test
    void everyWordMustFit() {
        model("w", false);
        String text = refused("{name: c, parameters: [w, uu], sparse: elements, zeros: 0.5}");
        assertTrue(text.startsWith("recipe.yaml line 8: constraint c: [uu] fits no Parameter"), text);
    }
}
