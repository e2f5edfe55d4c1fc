package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.RunView;
import dev.orbifold.train.Demo;
import dev.orbifold.train.RecipeReader;
import dev.orbifold.train.TrainException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages on recipes are true: every key is there, every example is understood, those of the how-to run. */
class RecipePagesTest {
    private static final Path REFERENCE = Checkout.root().resolve("docs/reference/recipe.md");
    private static final List<Path> HOW_TO = List.of(Checkout.root().resolve("docs/how-to/constrain.md"),
            Checkout.root().resolve("docs/how-to/prevent-collapse.md"),
            Checkout.root().resolve("docs/how-to/predict.md"),
            Checkout.root().resolve("docs/how-to/watch.md"));
    private static final Pattern EXAMPLE =
            Pattern.compile("(?:<!-- (?<file>\\S+\\.yaml) -->\\n)?```yaml\\n(?<text>.*?)```", Pattern.DOTALL);
    private static final Pattern KNOWN = Pattern.compile("Known here: (?<keys>.+)$");
    private static final String HEAD = "network: {dense: [64, 20, 10]}\ndata: digits.csv\n";
    /** What a guess gets right of ten digits, several times over. */
    private static final double LEARNT = 85;
    /** ‖Oᵀw‖ / ‖w‖ of sums that were rounded to float32. */
    private static final double ROUNDING = 1e-6;

    @TempDir private Path folder;

    private void read(String recipe) {
        RecipeReader.all("example", recipe, folder, RecipeReader.Overrides.none());
    }

    /** The keys that are understood at a place, as the refusal of another one lists them. */
    private Set<String> known(String recipe) {
        String message = assertThrows(TrainException.class, () -> read(recipe)).getMessage();
        Matcher found = KNOWN.matcher(message);
        assertTrue(found.find(), message);
        return new TreeSet<>(List.of(found.group("keys").split(", ")));
    }

    private static String part(String page, String title) {
        String marked = "\n## " + title + "\n";
        assertTrue(page.contains(marked), "there is no section " + title);
        return page.substring(page.indexOf(marked) + marked.length()).split("\n## ")[0];
    }

    /** Keys of the first columns of a section's tables. */
    private static Set<String> documented(String part) {
        Set<String> keys = new TreeSet<>();
        Matcher row = Pattern.compile("(?m)^\\| `([^`]+)` \\|").matcher(part);
        while (row.find()) {
            keys.add(row.group(1));
        }
        return keys;
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {"The recipe|zzzzzz: 1",
            "Optimizer|optimizer: {zzzzzz: 1}", "Tasks|tasks: {zzzzzz: 1}", "Remove|remove: {zzzzzz: 1}",
            "Watch|watch: {zzzzzz: 1}",
            "Constraints|constraints: [{parameters: w, zzzzzz: 1}]",
            "λ over training|constraints: [{parameters: w, sparse: elements, lambda: {to: 1, zzzzzz: 1}}]"})
    void everyKeyIsInTheReference(String title, String wrong) throws IOException {
        assertEquals(known(HEAD + wrong + "\n"), documented(part(Files.readString(REFERENCE), title)));
    }

    @Test
    void everyKeyOfNetworkAndDataIsInTheReference() throws IOException {
        String page = Files.readString(REFERENCE);
        Set<String> network = known("network: {dense: [4, 2], zzzzzz: 1}\ndata: d.csv\n");
        network.addAll(known("network: {variational: [4, 2], zzzzzz: 1}\ndata: d.csv\n"));
        assertEquals(network, documented(part(page, "Network")));
        assertEquals(known("network: {dense: [4, 2]}\ndata: {path: d.csv, zzzzzz: 1}\n"),
                documented(part(page, "Data")));
    }

    @Test
    void everyKeyOfAnExperimentIsInTheReference() throws IOException {
        String series = "series: [{name: a}]\n";
        Set<String> documented = documented(part(Files.readString(REFERENCE), "Experiments"));
        assertTrue(documented.containsAll(Set.of("series", "values", "seeds", "plot", "log-x", "claim")),
                documented.toString());
        String message = assertThrows(TrainException.class, () -> read(HEAD + series + "plot: {x: zz}\n")).getMessage();
        for (String word : message.replaceFirst(".*must be one of (.+), found.*", "$1").split(", ")) {
            assertTrue(part(Files.readString(REFERENCE), "Experiments").contains("`" + word + "`"), word);
        }
        for (String key : known(HEAD + series + "plot: {zzzzzz: 1}\n")) {
            assertTrue(part(Files.readString(REFERENCE), "Experiments").contains("`" + key + "`"), key);
        }
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {"ham|optimizer: {ham: {zzzzzz: 1}}",
            "sparse|constraints: [{parameters: w, lambda: 1, sparse: {zzzzzz: 1}}]",
            "syre|remove: {syre: {zzzzzz: 1}}", "asymmetric|remove: {asymmetric: {weights: 0.1, zzzzzz: 1}}",
            "noise|remove: {noise: {sigma: 1, zzzzzz: 1}}", "reset|remove: {reset: {dormant: 0, zzzzzz: 1}}",
            "shrink-and-perturb|remove: {shrink-and-perturb: {every: 1, shrink: 1, perturb: 1, zzzzzz: 1}}",
            "tied|constraints: [{parameters: w, tied: {zzzzzz: 1}}]",
            "tucker|constraints: [{parameters: w, lambda: 1, tucker: {share: 0.5, zzzzzz: 1}}]",
            "start|constraints: [{parameters: w, sparse: elements, lambda: 1, start: {pilot: 1, zzzzzz: 1}}]",
            "matrix|constraints: [{parameters: w, lambda: 1, matrix: {file: O.npz, zzzzzz: 1}}]"})
    void everyKeyWithinAValueIsInItsRows(String key, String wrong) throws IOException {
        List<String> lines = Files.readString(REFERENCE).lines().toList();
        int first = lines.indexOf(
                lines.stream().filter(line -> line.startsWith("| `" + key + "` |")).reduce((a, b) -> b).orElseThrow());
        StringBuilder rows = new StringBuilder(lines.get(first));
        for (int i = first + 1; lines.get(i).startsWith("| |"); i++) {
            rows.append(lines.get(i));
        }
        for (String known : known(HEAD + wrong + "\n")) {
            assertTrue(Pattern.compile("`[{]?(file: FILE, )?" + known + "\\b").matcher(rows).find(),
                    "the rows of " + key + " lack " + known + ": " + rows);
        }
    }

    /** Words that are one of several: each is in the row of its key. */
    @ParameterizedTest @CsvSource(delimiter = '|',
            value = {"loss|loss: zz", "augment|augment: zz", "precision|precision: zz",
                    "start|start: zz", "kind|optimizer: {kind: zz}", "what|watch: {what: zz}", "dear|watch: {dear: zz}",
                    "schedule|optimizer: {schedule: zz}",
                    "sparse|constraints: [{parameters: w, lambda: 1, sparse: zz}]",
                    "by|constraints: [{parameters: w, lambda: 1, sparse: units, by: zz}]",
                    "tied|constraints: [{parameters: w, tied: zz}]"})
    void everyWordIsInTheReference(String key, String wrong) throws IOException {
        String message = assertThrows(TrainException.class, () -> read(HEAD + wrong + "\n")).getMessage();
        Matcher found = Pattern.compile("must be one of (.+), found").matcher(message);
        assertTrue(found.find(), message);
        String page = Files.readString(REFERENCE);
        // What is no single word, such as {sets: FILE}, stands in the row in its own way.
        for (String word : Pattern.compile(", ").splitAsStream(found.group(1)).filter(w -> w.matches("[\\w-]+"))
                .toList()) {
            assertTrue(page.contains("`" + word + "`"), key + ": " + word + " is not in the reference");
        }
    }

    /** A whole recipe, some of its keys, or entries of its constraints. */
    private static String whole(String example) {
        if (example.startsWith("- ")) {
            return HEAD + "constraints:\n" + example;
        }
        String network = example.contains("network:") || example.contains("model:") ? ""
                : "network: {dense: [64, 20, 10]}\n";
        return network + (example.contains("data:") ? "" : "data: digits.csv\n") + example;
    }

    @Test
    void everyExampleOfTheReferenceIsUnderstood() throws IOException {
        NumpyFile.write(Map.of("O", TensorData.of(new double[] {1, 0, -1, 0, 0, 1, 0, 0}, 4, 2)),
                folder.resolve("O.npz"));
        NumpyFile.writeNpy(TensorData.of(new long[] {0, 0, -1, 1}, 4), folder.resolve("groups.npy"));
        NumpyFile.writeNpy(TensorData.of(new long[] {0, 0, -1, 1}, 4), folder.resolve("classes.npy"));
        Matcher example = EXAMPLE.matcher(Files.readString(REFERENCE));
        int read = 0;
        for (; example.find(); read++) {
            RecipeReader.all("example", whole(example.group("text")), folder, RecipeReader.Overrides.none());
        }
        assertTrue(read > 8, "only " + read + " examples were found");
    }

    private static Map<String, String> recipes() throws IOException {
        Map<String, String> recipes = new LinkedHashMap<>();
        for (Path page : HOW_TO) {
            Matcher example = EXAMPLE.matcher(Files.readString(page));
            while (example.find()) {
                assertFalse(example.group("file") == null, "an example without a name: " + example.group("text"));
                recipes.put(example.group("file"), example.group("text"));
            }
        }
        return recipes;
    }

    @Test
    void everyRecipeOfTheHowToIsRunHere() throws IOException {
        assertEquals(Set.of("sparse.yaml", "units.yaml", "lowrank.yaml", "tied.yaml", "pieces.yaml", "own.yaml",
                "lambda.yaml", "budget.yaml", "syre.yaml", "asymmetric.yaml", "figlu.yaml", "plasticity.yaml",
                "both.yaml", "latents.yaml", "fates.yaml", "watched.yaml"), recipes().keySet());
    }

    private Outcome trained(String name) throws IOException {
        Path recipe = Files.writeString(folder.resolve(name), recipes().get(name));
        Demo.digits(folder);
        Outcome outcome = Outcome.of("train", recipe, "--run", folder.resolve("run"), "--json", "--quiet");
        assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all());
        return outcome;
    }

    /** What is told of latents is there, and some of them say something. */
    @Test
    void latents() throws IOException {
        JsonNode latents = trained("latents.yaml").json().path("latents");
        assertEquals(8, latents.path("latents").asInt());
        assertTrue(latents.path("active").asInt() > 2, latents.toString());
        assertTrue(latents.path("divergence").asDouble() > 1, latents.toString());
    }

    private JsonNode run(String name) throws IOException {
        Outcome outcome = trained(name);
        assertTrue(outcome.json().path("after").path("accuracy").asDouble() > LEARNT, outcome.all());
        return outcome.json();
    }

    /** Fates of the page, and the model is asked as the page does. */
    @Test
    void fates() throws IOException {
        JsonNode fates = run("fates.yaml").path("fates");
        int right = fates.path("diedAsSaid").asInt() + fates.path("livedAsSaid").asInt();
        Outcome asked = Outcome.of("predict", folder.resolve("fates.onnx"), "--data", folder.resolve("digits.csv.gz"),
                "--mean", 0, "--std", 16, "--rate", 0.2, "--weight-decay", 0.02, "--batch-size", 20, "--run",
                folder.resolve("predicted"), "--json", "--eigenvalues", 0);
        assertTrue(right >= 90, fates.toString());
        assertTrue(fates.path("diedAsSaid").asInt() > 0, fates.toString());
        assertEquals(ExitCode.DONE, asked.exitCode(), asked.all());
        assertTrue(asked.json().path("spaces").path(0).path("repel").asInt() > 80, asked.all());
    }

    private Graph written(String name) {
        return OnnxFile.read(folder.resolve(name));
    }

    @Test
    void sparseIsSparse() throws IOException {
        JsonNode constraint = run("sparse.yaml").path("constraints").path(0);
        assertEquals(5760, constraint.path("zero").asLong());
    }

    @Test
    void unitsLeaveTheFile() throws IOException {
        JsonNode json = run("units.yaml");
        assertEquals(50, written("units.onnx").parameters().get("fc1.weight").dim(0));
        assertTrue(json.path("after").path("macs").asLong() * 2 <= json.path("before").path("macs").asLong());
    }

    @Test
    void aLowRankBecomesTwoMatrices() throws IOException {
        run("lowrank.yaml");
        assertEquals(16, written("lowrank.onnx").parameters().get("fc1.weight.first").dim(0));
    }

    @Test
    void tiesHold() throws IOException {
        JsonNode json = run("tied.yaml");
        json.path("constraints").forEach(c -> assertTrue(c.path("left").asDouble(1) <= ROUNDING, c.toString()));
        float[] w = written("tied.onnx").parameters().get("fc1.weight").toFloats();
        for (int i = 0; i < w.length; i++) {
            assertEquals(w[i], w[i / 8 * 8 + 7 - i % 8], "entry " + i);
        }
    }

    @ParameterizedTest @ValueSource(strings = {"syre.yaml", "figlu.yaml", "plasticity.yaml"})
    void whatIsKeptFromCollapsingLearns(String name) throws IOException {
        JsonNode json = run(name);
        assertTrue(json.path("constraints").isEmpty(), json.toString());
        assertEquals(name.equals("syre.yaml"), Files.exists(folder.resolve("run/models/decay-centre.npz")));
    }

    @Test
    void whatIsWatchedIsInTheMetricsUnderItsName() throws IOException {
        run("watched.yaml");
        Set<String> found = new TreeSet<>();
        RunView.of(folder.resolve("run")).metrics().stream()
                .filter(line -> line.path("kind").asText().equals("watch"))
                .forEach(line -> line.properties().forEach(field -> found.add(field.getKey())));
        String part = part(Files.readString(REFERENCE), "Watch");
        for (String measure : found) {
            assertTrue(Set.of("t", "step", "epoch", "phase", "kind").contains(measure)
                    || part.contains("`" + measure + "`"), measure);
        }
        assertTrue(found.containsAll(Set.of("distance-dead", "twins", "stable-rank", "balance", "charge-rate",
                "alignment", "dormant", "breaking")), found.toString());
    }

    @Test
    void aTenthOfEachUnitIsFixed() throws IOException {
        run("asymmetric.yaml");
        float[] before = OnnxFile.read(folder.resolve("run/models/start.onnx")).parameters().get("fc1.weight")
                .toFloats();
        float[] after = written("asymmetric.onnx").parameters().get("fc1.weight").toFloats();
        for (int unit = 0; unit < 100; unit++) {
            int same = 0;
            for (int i = 64 * unit; i < 64 * unit + 64; i++) {
                same += before[i] == after[i] ? 1 : 0;
            }
            // 0.1 of 64 inputs; weights of pixels that are always 0 only decay.
            assertEquals(6, same, "unit " + unit);
        }
    }

    @Test
    void aConstraintHoldsBesideSyre() throws IOException {
        JsonNode json = run("both.yaml");
        assertEquals(5120, json.path("constraints").path(0).path("zero").asLong());
        assertEquals(Set.of("fc2.weight"), NumpyFile.read(folder.resolve("run/models/decay-centre.npz")).keySet());
    }

    @Test
    void filtersHaveFewPieces() throws IOException {
        run("pieces.yaml");
        float[] w = written("pieces.onnx").parameters().get("fc1.weight").toFloats();
        int same = 0;
        for (int i = 0; i < w.length; i++) {
            same += i % 8 > 0 && w[i] == w[i - 1] ? 1 : 0;
        }
        assertTrue(same >= 0.7 * w.length * 7 / 8 - 1, same + " of " + w.length * 7 / 8);
    }

    @Test
    void aConstraintOfOnesOwnHolds() throws Exception {
        HowToTest.run("WriteConstraint", folder.resolve("O.npz"));
        JsonNode constraint = run("own.yaml").path("constraints").path(0);
        float[] w = written("own.onnx").parameters().get("fc1.weight").toFloats();
        assertAll(() -> assertEquals(20, constraint.path("zero").asLong()),
                () -> assertTrue(constraint.path("left").asDouble(1) <= ROUNDING, constraint.toString()));
        for (int unit = 0; unit < w.length / 64; unit++) {
            double difference = 0;
            double size = 0;
            for (int i = 64 * unit; i < 64 * unit + 64; i++) {
                difference += i % 8 < 4 ? w[i] : -w[i];
                size += Math.abs(w[i]);
            }
            assertTrue(Math.abs(difference) <= ROUNDING * size, "unit " + unit + ": " + difference + " of " + size);
        }
    }

    @Test
    void theProgramOfTheHowToWritesTheMatrix() throws ReflectiveOperationException {
        HowToTest.run("WriteConstraint", folder.resolve("O.npz"));
        TensorData o = NumpyFile.read(folder.resolve("O.npz")).get("O");
        assertEquals(List.of(1280L, 20L), List.of(o.dim(0), o.dim(1)));
        for (int entry = 0; entry < 1280; entry++) {
            for (int unit = 0; unit < 20; unit++) {
                double expected = entry / 64 != unit ? 0 : entry % 8 < 4 ? 1 : -1;
                assertEquals(expected, o.doubleAt(20L * entry + unit), "entry " + entry + ", unit " + unit);
            }
        }
    }

    @Test
    void aBudgetEndsWithoutPenaltyAndWithZeros() throws IOException {
        JsonNode constraint = run("budget.yaml").path("constraints").path(0);
        assertEquals(0, constraint.path("lambda").asDouble(1));
        assertTrue(constraint.path("zero").asLong() > constraint.path("cells").asLong() / 2, constraint.toString());
    }

    @Test
    void anAnnealedPenaltyMakesZeros() throws IOException {
        JsonNode constraint = run("lambda.yaml").path("constraints").path(0);
        assertTrue(constraint.path("zero").asLong() > 0.2 * constraint.path("cells").asLong(), constraint.toString());
        assertEquals(0, constraint.path("lambda").asDouble(1));
    }
}
