package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.TensorData;
import dev.orbifold.run.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code --dry-run} says of a training is what will be. */
class PlanLinesTest {
    /** Weights of [64, 24, 4] with biases, and what SGD keeps of each: itself, its gradient, its momentum. */
    private static final long WEIGHTS = 64 * 24 + 24 + 24 * 4 + 4;
    private static final int BUFFERS = 3;

    @TempDir private Path folder;

    private Train prepared(String more) throws IOException {
        Toy.digits(folder, 200);
        return Train.prepare(new TrainRequest("recipe.yaml", """
                network: {dense: [64, 24, 4]}
                data: digits.csv
                epochs: 1
                output: out.onnx
                """ + more, folder, RecipeReader.Overrides.none(), 2));
    }

    private String plan(String more) throws IOException {
        try (Train train = prepared(more)) {
            return String.join("\n", train.plan());
        }
    }

    /** Of O with three columns, three coordinates go to zero and the others are free, though all entries are kept. */
    @Test
    void whatAMatrixLeavesIsFree() throws IOException {
        int entries = 64 * 24;
        double[] columns = new double[entries * 3];
        for (int c = 0; c < 3; c++) {
            columns[c * 3 + c] = 1;
        }
        NumpyFile.write(Map.of("O", TensorData.of(columns, entries, 3)), folder.resolve("O.npz"));
        // Factors of single entries begin at multiples of 16 numbers.
        int kept = 2 * 16 + entries;
        try (Train train = prepared("constraints: [{parameters: fc1.weight, matrix: O.npz, lambda: 0.1}]\n")) {
            String plan = String.join("\n", train.plan());
            assertTrue(plan.contains("3 cells, 1,536 entries as 6 factors (elementwise D = 2) and 1,533 free numbers"),
                    plan);
            assertEquals(6L + 1533, train.numbers().get("factors"));
            assertEquals(4L * BUFFERS * (WEIGHTS + kept), train.numbers().get("memory_bytes"));
        }
    }

    /** A share that leaves less than rank 1 leaves rank 1, which the plan says. */
    @ParameterizedTest @CsvSource(delimiter = ';', value = {
            "rank: 1.0e-5;rank, at most 0.001 %;rank 1 of 24 at most", "rank: 0.5;rank, at most 50 %;rank 12 of 24",
            "rank: 1;rank of [fc1.weight];rank 24 of 24",
            "tucker: 1.0e-5;multilinear rank of;ranks [1, 1] of [24, 64]"})
    void theRankIsSaid(String condition, String asked, String given) throws IOException {
        String plan = plan("constraints: [{parameters: fc1.weight, lambda: 0.1, " + condition + "}]\n");
        assertTrue(plan.contains(asked) && plan.contains(given), plan);
    }

    /** 200 items are 160 to train on and 40 to test; a tenth of the 160 is held out. */
    @Test
    void whatTheDataDoNotHaveIsSaid() throws IOException {
        String much = "samples: 5000\nbatch-size: 6000\n";
        String plan = plan(much);
        assertTrue(plan.contains("note: recipe.yaml line 5: samples: all 160 samples are used, fewer than the 5,000"),
                plan);
        assertTrue(plan.contains("note: recipe.yaml line 6: batch-size: a batch takes all 144 samples"), plan);
        try (Train train = prepared(much);
                RunFolder run = RunFolder.create(folder.resolve("run"), "train", List.of())) {
            List<String> kinds = train.run(run, Progress.SILENT).findings().stream().map(Finding::kind).toList();
            assertTrue(kinds.containsAll(List.of("samples-fewer", "batch-smaller")), kinds.toString());
        }
        String enough = plan("samples: 160\nbatch-size: 144\n");
        assertTrue(!enough.contains("note:") && !plan("").contains("note:"), enough);
    }

    @Test
    void timesAreNeverNothing() throws IOException {
        assertEquals("under 1 s", PlanWords.seconds(0.4));
        assertEquals("about 1 s", PlanWords.seconds(1));
        assertEquals("under 1 min", PlanWords.minutes(59));
        assertEquals("about 2 min", PlanWords.minutes(120));
        String plan = plan("");
        assertTrue(plan.contains(" s of training on this machine; start-up and tests are not counted"), plan);
    }
}
