package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.constraint.Condition;
import dev.orbifold.constraint.Start;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.TensorData;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recipes say what they mean, or which line does not. */
class RecipeReaderTest {
    private static final String HEAD = "network: {dense: [4, 8, 2]}\ndata: some.csv\n";

    @TempDir private Path folder;

    private Recipe read(String text) {
        return RecipeReader.read("recipe.yaml", text, folder, RecipeReader.Overrides.none());
    }

    private String refused(String text) {
        return assertThrows(TrainException.class, () -> read(text)).getMessage();
    }

    @Test
    void aRecipeInFull() {
        Recipe recipe = read("""
                about: everything at once
                network: {dense: [784, 300, 100, 10], activation: tanh, bias: false}
                data: {path: mnist, mean: [0.1307], std: [0.3081]}
                loss: mse
                epochs: 3
                batch-size: all
                seed: 7
                held-out: 0
                optimizer: {kind: adam, rate: 2e-3, betas: [0.8, 0.95], weight-decay: 0, schedule: constant, clip: 1}
                constraints:
                  - name: filters
                    parameters: fc1.weight
                    sparse: elements
                    depth: 3
                    start: published
                    lambda: {from: 0, to: 1e-4, until: 0.5, off: 0.9}
                  - spaces: ["*"]
                    sparse: units
                    zeros: 0.5
                    zeros-by: 0.4
                shrink: false
                output: out.onnx
                """);
        assertEquals(new Recipe.Origin.Dense(List.of(784, 300, 100, 10), "Tanh", false), recipe.origin());
        assertEquals(Optional.of(folder.resolve("mnist")), recipe.data().file());
        assertEquals(0, recipe.batch());
        assertEquals(new Optimizer.Kind.Adam(0.8, 0.95, 1e-8, 0, false), recipe.optimizer());
        assertEquals(2e-3, recipe.rate().at(0.9));
        Recipe.Asked filters = recipe.constraints().getFirst();
        assertEquals(3, filters.constraint().depth());
        assertInstanceOf(Start.Published.class, filters.constraint().start());
        assertEquals(5e-5, filters.lambda().at(0.25), 1e-12);
        assertEquals(1e-4, filters.lambda().at(0.7));
        assertEquals(0, filters.lambda().at(0.95));
        Recipe.Asked units = recipe.constraints().get(1);
        assertEquals(Optional.of(0.5), units.constraint().goal());
        assertEquals(0.4, units.goalUntil());
        assertEquals(new Condition.Units(List.of("*")), units.constraint().condition());
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "sparse: elements|Elements", "sparse: units|Slices", "sparse: inputs|Slices", "sparse: kernels|Slices",
            "sparse: '2:4'|Pattern", "sparse: {blocks: [4, 4]}|Blocks", "rank: 0.5|Rank", "tucker: 0.5|TuckerRank",
            "tucker: {share: 0.5, layers: 2}|TuckerRank",
            "tied: pairs|Pairs", "tied: {pairs: 0.5}|Pairs", "tied: {mirror: [28, 28]}|Mirrored",
            "tied: circulant|Circulant", "tied: toeplitz|Toeplitz", "tied: symmetric|Symmetric", "tied: shared|Shared",
            "zero-sum: true|ZeroSums", "pieces: 28|Pieces", "pieces: all|Pieces"})
    void everyCondition(String key, String condition) {
        String pushed = condition.equals("Pattern") ? "" : "lambda: 0.1, ";
        Recipe recipe = read(HEAD + "constraints:\n  - {parameters: w, " + pushed + key + "}\n");
        assertEquals(condition, recipe.constraints().getFirst().constraint().condition().getClass().getSimpleName());
    }

    @Test
    void tuckerFormsHaveAsManyLayersAsAsked() {
        Recipe recipe =
                read(HEAD + "constraints:\n  - {parameters: w, lambda: 0.1, tucker: {share: 0.5, layers: 3}}\n");
        assertEquals(new Condition.TuckerRank(0.5, 3), recipe.constraints().getFirst().constraint().condition());
    }

    @Test
    void conditionsInFiles() {
        Map<String, TensorData> sparse = new LinkedHashMap<>();
        sparse.put("rows", TensorData.of(new long[] {0, 1, 2}, 3));
        sparse.put("columns", TensorData.of(new long[] {0, 0, 1}, 3));
        sparse.put("values", TensorData.of(new double[] {1, -1, 1}, 3));
        sparse.put("shape", TensorData.of(new long[] {4, 2}, 2));
        NumpyFile.write(sparse, folder.resolve("sparse.npz"));
        NumpyFile.writeNpy(TensorData.of(new double[] {1, 0, -1, 0, 0, 1, 0, 0}, 4, 2), folder.resolve("dense.npy"));
        NumpyFile.writeNpy(TensorData.of(new long[] {0, 0, -1, 1}, 4), folder.resolve("sets.npy"));
        for (String file : List.of("sparse.npz", "dense.npy", "{file: sparse.npz, together: true}")) {
            Condition.Matrix matrix = assertInstanceOf(Condition.Matrix.class,
                    read(HEAD + "constraints:\n  - {parameters: w, lambda: 0.1, matrix: " + file + "}\n").constraints()
                            .getFirst().constraint().condition());
            assertEquals(4, matrix.columns().entries());
            assertEquals(file.startsWith("{"), matrix.together());
        }
        assertInstanceOf(Condition.Sets.class,
                read(HEAD + "constraints:\n  - {parameters: w, lambda: 0.1, sparse: {sets: sets.npy}}\n").constraints()
                        .getFirst().constraint().condition());
        assertTrue(refused(HEAD + "constraints:\n  - {parameters: w, lambda: 0.1, matrix: no.npz}\n")
                .startsWith("recipe.yaml line 4: constraints[0].matrix: there is no file"));
    }

    @Test
    void tiesAreSteeredToTheEndUnlessALambdaIsNamed() {
        Recipe recipe = read(HEAD + "constraints:\n  - {parameters: w, tied: pairs}\n");
        assertEquals(Optional.of(1.0), recipe.constraints().getFirst().constraint().goal());
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "{parameters: w, sparse: elements, lamda: 1}|line 4: constraints[0].lamda: nobody knows this key; did you mean 'lambda'?",
            "{parameters: w, sparse: elements, lambda: -1}|line 4: constraints[0].lambda: must not be negative, found -1",
            "{parameters: w, sparse: elements, zeros: 90}|line 4: constraints[0].zeros: must lie between 0 and 1, found 90; it is a share: 90 % is 0.9",
            "{parameters: w, sparse: element, zeros: 0.9}|line 4: constraints[0].sparse: must be one of elements, units, inputs, kernels",
            "{parameters: w, sparse: elements, lambda: {to: 1, until: 0.9, off: 0.2}}|line 4: constraints[0].lambda: 'off' at 0.2 comes before",
            "{parameters: w, sparse: elements, lambda: .nan}|line 4: constraints[0].lambda: expected a number",
            "{parameters: w, sparse: elements, lambda: 1.0e+30}|line 4: constraints[0].lambda: λ is at most 1e6, found 1.0e+30",
            "{parameters: w, sparse: elements, lambda: {to: 1.0e+7}}|line 4: constraints[0].lambda.to: λ is at most 1e6",
            "{parameters: w, sparse: elements, lambda: {from: 1.0e+7, to: 1}}|line 4: constraints[0].lambda.from: λ is at most",
            "{parameters: w, sparse: elements, zeros: 0.5, zeros-by: 0}|line 4: constraints[0].zeros-by: must lie above 0",
            "{parameters: w, sparse: elements, lambda: [1, 2]}|line 4: constraints[0].lambda: expected a number, found a list",
            "{parameters: w, sparse: elements, zeros: [0.5]}|line 4: constraints[0].zeros: expected a number, found a list",
            "{parameters: w, sparse: elements, lambda: 1, depth: [2]}|line 4: constraints[0].depth: expected a whole number, found a list",
            "{parameters: w, zero-sum: [true]}|line 4: constraints[0].zero-sum: expected true or false, found a list",
            "{parameters: w, tucker: {share: 0.5, layers: 5}, lambda: 1}|line 4: constraints[0].tucker: a Tucker axis takes 1 to 4 matrices",
            "{parameters: w, tucker: {layers: 2}, lambda: 1}|line 4: constraints[0].tucker: 'share' is missing",
            "{parameters: w, sparse: elements, lambda: {budget: 0.5}}|line 4: constraints[0]: a budget of λ is PILoT's",
            "{parameters: w, sparse: elements, start: pilot, lambda: {budget: 0.5, to: 1}}|line 4: constraints[0].lambda.to: a budget decides",
            "{spaces: w, rank: 1, lambda: 1, start: pilot}|line 4: constraints[0].start: the rank of a product",
            "{parameters: w, sparse: elements, lambda: 1, depth: 7}|line 4: constraints[0]: a constraint has 2, 3 or 4 factors",
            "{parameters: w, sparse: elements, start: pilot, zeros: 0.5, lambda: {budget: 0.5}}|line 4: constraints[0].lambda: a budget and",
            "{spaces: w, rank: 1, zeros: 0.5, lambda: 1}|line 4: constraints[0].lambda: the rank of a product of the network's own goes by",
            "{parameters: w, lambda: 1}|line 4: constraints[0]: says no condition",
            "{parameters: w, sparse: elements, rank: 0.5, lambda: 1}|line 4: constraints[0]: says several conditions",
            "{sparse: elements, lambda: 1}|line 4: constraints[0]: a constraint is put either on 'parameters' or on 'spaces'",
            "{parameters: w, sparse: elements}|line 4: constraints[0]: name a 'lambda'",
            "{parameters: w, sparse: '4:2', lambda: 1}|line 4: constraints[0].sparse: a pattern N:M keeps N of M",
            "{parameters: w, sparse: colums, lambda: 1}|line 4: constraints[0].sparse: must be one of elements"})
    void whatIsWrongIsSaidWithItsLine(String entry, String message) {
        String found = refused(HEAD + "constraints:\n  - " + entry + "\n");
        assertTrue(found.startsWith("recipe.yaml " + message), found);
    }

    @Test
    void everyConstraintHasANameOfItsOwn() {
        String entry = "{parameters: w, sparse: elements, lambda: 1";
        String two = HEAD + "constraints:\n  - " + entry + ", name: a}\n  - " + entry + ",\n     name: a}\n";
        assertTrue(refused(two).startsWith("recipe.yaml line 6: constraints[1].name: another constraint is called 'a'"),
                refused(two));
        String usual = HEAD + "constraints:\n  - " + entry + ", name: constraint-2}\n  - " + entry + "}\n";
        assertTrue(refused(usual).startsWith("recipe.yaml line 5: constraints[1]: another"), refused(usual));
        assertEquals(2, read(two.replace("   name: a", "   name: b")).constraints().size());
        assertEquals(List.of(), read(HEAD + "constraints: []\n").constraints());
    }

    /** 536 870 911 float32 numbers are 2³¹ − 1 bytes, as many as an array has. */
    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "{dense: [64, 2000000000, 10]}|dense: a layer of 2,000,000,000 × 64 weights is too large",
            "{dense: [64, 20000000, 10]}|dense: a layer of 20,000,000 × 64 weights is too large",
            "{dense: [1, 536870912]}|dense: a layer of 536,870,912 × 1 weights is too large",
            "{dense: [4, 30000, 4], activation: figlu}|dense: a layer of 30,000 × 30,000 weights is too large",
            "{dense: [20000, 20000, 20000, 20000, 20000, 20000, 20000]}|dense: a network of 2,400,120,000 weights",
            "{variational: [784, 2000000000, 16]}|variational: a layer of 2,000,000,000 × 784 weights is too large",
            "{variational: [20000, 20000, 20000, 20000]}|variational: a network of 2,800,140,000 weights is too large"})
    void networksThatNoArrayHoldsAreRefused(String network, String message) {
        String found = refused("data: some.csv\nnetwork: " + network + "\n");
        assertTrue(found.startsWith("recipe.yaml line 2: network." + message), found);
    }

    @Test
    void widthsThatAnArrayHoldsAreNot() {
        Recipe recipe = read("network: {dense: [1, 536870911]}\ndata: some.csv\n");
        assertEquals(new Recipe.Origin.Dense(List.of(1, 536_870_911), "Relu", true), recipe.origin());
        String planted =
                "network: {dense: [2, 1]}\nloss: mse\ndata: {planted: {samples: $, linear: {singular: [1, 1]}}}\n";
        assertTrue(refused(planted.replace("$", "2000000000")).startsWith("recipe.yaml line 3: data.planted: "),
                refused(planted.replace("$", "2000000000")));
        assertInstanceOf(Planted.class, read(planted.replace("$", "2000")).data());
    }

    /** One matrix is O, whatever it is called; of several it must be named. */
    @Test
    void aMatrixAloneIsO() {
        TensorData column = TensorData.of(new double[] {1, -1}, 2, 1);
        NumpyFile.write(Map.of("A", column), folder.resolve("one.npz"));
        NumpyFile.write(Map.of("A", column, "B", column), folder.resolve("two.npz"));
        NumpyFile.write(Map.of("A", column, "O", column), folder.resolve("named.npz"));
        String entry = HEAD + "constraints:\n  - {parameters: w, lambda: 1, matrix: $}\n";
        for (String file : List.of("one.npz", "named.npz")) {
            assertInstanceOf(Condition.Matrix.class,
                    read(entry.replace("$", file)).constraints().getFirst().constraint().condition());
        }
        String found = refused(entry.replace("$", "two.npz"));
        assertTrue(found.startsWith("recipe.yaml line 4: constraints[0].matrix: expected one matrix"), found);
    }

    @Test
    void whatIsNoRecipeIsSaid() {
        assertTrue(refused("").contains("is empty"));
        assertTrue(refused("a: [1").contains("line 1: this is not YAML"), refused("a: [1"));
        assertTrue(refused("- a\n- b\n").contains("line 1: expected keys with values, found a list"));
        assertTrue(refused(HEAD + "optimizer: {kind: adam, momentum: 0.5}\n")
                .startsWith("recipe.yaml line 3: optimizer.momentum: kind: adam knows no 'momentum'"));
        assertTrue(refused(HEAD + "optimizer: {betas: [0.9, 0.99]}\n").contains("it is for adam and adamw"));
        assertTrue(refused(HEAD + "optimizer: {kind: varpro, rate: 1}\n").contains("varpro knows no 'rate'"));
        assertTrue(refused("data: x\n").contains("name either a 'model'"));
        assertTrue(refused("network: {dense: [4, 2]}\n").contains("'data' is missing"));
        assertTrue(refused(HEAD + "epochs: 0\n").contains("line 3: epochs: must be at least 1"));
        assertTrue(refused(HEAD + "epochs: 1\nepochs: 2\n").contains("stands here twice"));
    }

    @Test
    void whatIsTypedWins() {
        Recipe recipe = RecipeReader.read("recipe.yaml", HEAD + "epochs: 5\nseed: 3\n", folder,
                new RecipeReader.Overrides(Optional.of(folder.resolve("m.onnx")), Optional.of(folder.resolve("d.csv")),
                        List.of(0.5), List.of(2.0), Optional.of(9), Optional.of(32), Optional.of(0.3), Optional.of(1L),
                        Optional.of(folder.resolve("o.onnx")), List.of("name: a, parameters: w, tied: pairs")));
        assertEquals("a", recipe.constraints().getFirst().constraint().name());
        assertEquals(9, recipe.epochs());
        assertEquals(1, recipe.seed());
        assertEquals(32, recipe.batch());
        assertEquals(0.3, recipe.rate().at(0));
        assertEquals(new Recipe.Origin.Model(folder.resolve("m.onnx"), false), recipe.origin());
        assertEquals(new DataRequest(folder.resolve("d.csv"), List.of(0.5), List.of(2.0)), recipe.data());
    }
}
