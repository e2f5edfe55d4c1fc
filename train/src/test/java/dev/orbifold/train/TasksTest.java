package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Seed;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunView;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tasks follow each other, each with data of its own, and what is measured of them is found at the end. */
class TasksTest {
    /** What a guess gets right of four classes, three times over. */
    private static final double LEARNT = 75;

    @TempDir private Path folder;

    private TrainRequest permuted(String more) throws IOException {
        Toy.digits(folder, 400);
        return new TrainRequest("recipe.yaml", """
                network: {dense: [64, 24, 4]}
                data: digits.csv
                tasks: {permuted: 3}
                optimizer: {rate: 0.05, schedule: constant}
                epochs: 4
                batch-size: 20
                output: out.onnx
                """ + more, folder, RecipeReader.Overrides.none(), 2);
    }

    private TrainResult run(TrainRequest request, String name) {
        try (Train train = Train.prepare(request);
                RunFolder run = RunFolder.create(folder.resolve(name), "train", List.of())) {
            return train.run(run, Progress.SILENT);
        }
    }

    private List<JsonNode> ends(String name) {
        return RunView.of(folder.resolve(name)).metrics().stream()
                .filter(line -> line.path("part").asText().startsWith(Fit.TASK)).toList();
    }

    private static float[] item(Part part, int index) {
        float[] numbers = new float[(int) part.itemBytes() / Float.BYTES];
        part.read(index, MemorySegment.ofArray(numbers), 0);
        return numbers;
    }

    private static float[] sorted(float[] numbers) {
        float[] sorted = numbers.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    @Test
    void everyTaskHasAnotherOrderOfTheSameNumbers() throws IOException {
        Recipe recipe = permuted("").recipe();
        Objective objective = Objective.of(
                Networks.dense((Recipe.Origin.Dense) recipe.origin(), new Seed(0)), recipe.loss(), 0, 0, 1);
        List<Tasks.Task> tasks = Tasks.open(recipe, objective, new Seed(0));
        List<Tasks.Task> again = Tasks.open(recipe, objective, new Seed(0));
        List<Tasks.Task> other = Tasks.open(recipe, objective, new Seed(1));
        assertEquals(3, tasks.size());
        for (int t = 0; t < 3; t++) {
            Part first = tasks.getFirst().data().test();
            Part part = tasks.get(t).data().test();
            assertArrayEquals(sorted(item(first, 5)), sorted(item(part, 5)));
            assertArrayEquals(item(again.get(t).data().test(), 5), item(part, 5), "by the seed");
            assertEquals(t == 0, Arrays.equals(item(first, 5), item(part, 5)), "task " + t);
            assertEquals(first.label(5), part.label(5));
        }
        assertFalse(Arrays.equals(item(tasks.get(1).data().train().select(new int[] {0}), 0),
                item(tasks.get(2).data().train(), 0)), "each its own");
        assertFalse(Arrays.equals(item(tasks.get(1).data().train(), 0), item(other.get(1).data().train(), 0)));
    }

    @Test
    void someSamplesAreTheSameOnesForAllTasks() throws IOException {
        Recipe recipe = permuted("samples: 40\nheld-out: 0.25\n").recipe();
        Objective objective = Objective.of(
                Networks.dense((Recipe.Origin.Dense) recipe.origin(), new Seed(0)), recipe.loss(), 0, 0, 1);
        List<Tasks.Task> tasks = Tasks.open(recipe, objective, new Seed(0));
        for (Tasks.Task task : tasks) {
            assertEquals(40, task.fit().size() + task.held().orElseThrow().size());
            assertEquals(80, task.data().test().size(), "the test part stays whole");
            assertArrayEquals(sorted(item(tasks.getFirst().fit(), 3)), sorted(item(task.fit(), 3)));
        }
        float[] first = item(tasks.getFirst().data().train(), 0);
        assertFalse(Arrays.equals(first, item(tasks.getFirst().fit(), 0))
                && Arrays.equals(item(tasks.getFirst().data().train(), 1), item(tasks.getFirst().fit(), 1)),
                "not the first ones");
    }

    @Test
    void everyTaskIsLearntInTurnAndResumedToTheSame() throws IOException {
        TrainResult result = run(permuted("watch: {every: 30, dear: [dormant, alignments]}\n"), "whole");
        byte[] whole = Files.readAllBytes(folder.resolve("out.onnx"));
        List<JsonNode> ends = ends("whole");
        assertEquals(List.of("task 1", "task 2", "task 3"),
                ends.stream().map(line -> line.path("part").asText()).toList());
        ends.forEach(line -> assertTrue(line.path("accuracy").asDouble() > LEARNT, line.toString()));
        assertEquals(ends.getLast().path("accuracy").asDouble(), result.after().accuracy(), 1e-9, "the last task");
        double mean = ends.stream().mapToDouble(line -> line.path("accuracy").asDouble()).average().orElseThrow();
        assertEquals(mean, new Watched(RunView.of(folder.resolve("whole")).metrics()).tasks("accuracy"), 1e-9);
        try (Train train = Train.prepare(permuted("watch: {every: 30, dear: [dormant, alignments]}\n"));
                RunFolder run = RunFolder.create(folder.resolve("stopped"), "train", List.of())) {
            assertThrows(InterruptedRun.class, () -> train.run(run, new StopAt(75)), "within the second task");
        }
        try (RunFolder run = RunFolder.open(folder.resolve("stopped"))) {
            Train.resume(run, Progress.SILENT);
        }
        assertArrayEquals(whole, Files.readAllBytes(folder.resolve("out.onnx")));
        assertEquals(ends.stream().map(line -> line.path("loss")).toList(),
                ends("stopped").stream().map(line -> line.path("loss")).toList());
    }

    /** ‖x‖ after the gate: the first task is learnt, and then the other one. */
    @Test
    void furtherDataAreTasks() throws IOException {
        run(new TrainRequest("recipe.yaml", """
                network: {dense: [2, 16, 1]}
                data: {planted: {disk: {radius: 2, learn: gate}, samples: 400, test: 200}}
                tasks: {then: {planted: {disk: {radius: 2, learn: norm}, samples: 400, test: 200}}}
                loss: mse
                optimizer: {rate: 0.02, schedule: constant}
                epochs: 20
                batch-size: 20
                output: out.onnx
                """, folder, RecipeReader.Overrides.none(), 2), "run");
        List<JsonNode> ends = ends("run");
        assertEquals(2, ends.size());
        // Saying 0 costs 1/2 and 2; the network of one task would be off by far more than this on the other.
        ends.forEach(line -> assertTrue(line.path("loss").asDouble() < 0.1, line.toString()));
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "tasks: {permuted: 1}|must be at least 2", "tasks: {}|name either how many tasks",
            "tasks: {permuted: 2}\\noptimizer: {schedule: cosine}|need 'schedule: constant'",
            "tasks: {permuted: 2}\\noptimizer: {schedule: constant}\\npredict: {at: 0.1}|without 'predict'"})
    void whatMakesNoSenseIsSaid(String keys, String message) {
        String text = assertThrows(TrainException.class, () -> RecipeReader.read("recipe.yaml",
                "network: {dense: [2, 1]}\ndata: d.csv\n" + keys.replace("\\n", "\n") + "\n", folder,
                RecipeReader.Overrides.none())).getMessage();
        assertTrue(text.startsWith("recipe.yaml line 3: ") && text.contains(message), text);
    }

    @Test
    void tasksAreEquallyLarge() {
        String text = assertThrows(TrainException.class, () -> Train.prepare(new TrainRequest("recipe.yaml", """
                network: {dense: [2, 1]}
                data: {planted: {disk: {learn: gate}, samples: 40}}
                tasks: {then: {planted: {disk: {learn: norm}, samples: 60}}}
                loss: mse
                optimizer: {schedule: constant}
                output: out.onnx
                """, folder, RecipeReader.Overrides.none(), 1))).getMessage();
        assertTrue(text.contains("36 samples to train on") && text.contains("54"), text);
    }

    /** The last of each measure, over all places; charges follow the law from the start on. */
    @Test
    void theLastMeasurementCounts() throws IOException {
        ObjectMapper json = new ObjectMapper();
        Watched watched = new Watched(List.of(
                json.readTree("{'kind':'watch','dead':{'a':1,'b':2},'charge':{'a':{'sum':4,'largest':9}}}"
                        .replace('\'', '"')),
                json.readTree(("{'kind':'watch','dead':{'a':5,'b':2},'charge':{'a':{'sum':3,'largest':9}},"
                        + "'charge-rate':{'a':{'measured':-0.5,'predicted':-0.25}}}").replace('\'', '"')),
                json.readTree("{'kind':'watch','alignment':{'w':{'in H~G':0.5,'in H~Z':0.7,'chance':0.1}}}"
                        .replace('\'', '"'))));
        assertEquals(7, watched.sum("dead"));
        assertEquals(3.5, watched.mean("dead", n -> true));
        assertEquals(0.6, watched.mean("alignment", n -> !n.equals("chance")), 1e-12);
        assertEquals(0.1, watched.mean("alignment", "chance"::equals), 1e-12);
        assertEquals(3, watched.charge());
        assertEquals(3.5, watched.chargePredicted(), 1e-12);
        assertTrue(Double.isNaN(watched.sum("twins")), "not watched");
        assertTrue(Double.isNaN(watched.tasks("accuracy")), "one task");
    }
}
