package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.graph.Finding;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a recipe's {@code watch} measures, and that training does not notice. */
class WatchTest {
    private static final String ALL =
            "watch: {every: 7, dear: [charges, alignments, dormant, breaking, ranks], dear-every: 2}\n";
    /**
     * How far a charge may be from where the law takes it between two measurements, over the charge. Batches are one draw, and
     * rates are known at both ends alone.
     */
    private static final double FOLLOWS = 1e-3;

    @TempDir private Path folder;

    private TrainRequest digits(String more) throws IOException {
        Toy.digits(folder, 400);
        return new TrainRequest("recipe.yaml", """
                network: {dense: [64, 24, 16, 4]}
                data: digits.csv
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

    private List<JsonNode> watched(String name) {
        return RunView.of(folder.resolve(name)).metrics().stream()
                .filter(line -> line.path("kind").asText().equals("watch")).toList();
    }

    @Test
    void trainingDoesNotNoticeAndAllIsThere() throws IOException {
        run(digits(""), "without");
        byte[] without = Files.readAllBytes(folder.resolve("out.onnx"));
        assertTrue(watched("without").isEmpty(), "nothing is measured unless it is asked for");
        run(digits(ALL), "with");
        assertArrayEquals(without, Files.readAllBytes(folder.resolve("out.onnx")));
        Set<String> measures = new LinkedHashSet<>();
        watched("with").forEach(line -> line.properties().forEach(field -> measures.add(field.getKey())));
        assertTrue(measures.containsAll(Set.of("distance-dead", "distance-twins", "dead", "twins", "stable-rank",
                "effective-rank", "balance", "charge", "charge-rate", "alignment", "dormant", "breaking")),
                measures.toString());
        // 14 steps an epoch: 0, 7, 14, … 56; charges at the start, after 2 epochs and after 4.
        assertEquals(9, watched("with").stream().filter(line -> line.has("dead")).count());
        assertEquals(List.of(0, 28, 56), watched("with").stream().filter(line -> line.has("charge"))
                .map(line -> line.path("step").asInt()).toList());
        assertFalse(watched("with").getFirst().has("balance"), "there is no gradient before the first step");
    }

    @ParameterizedTest @CsvSource({"17", "28", "40"})
    void aRunThatWasStoppedMeasuresTheSame(int stop) throws IOException {
        TrainRequest request = digits(ALL);
        run(request, "whole");
        Path path = folder.resolve("stopped");
        try (Train train = Train.prepare(request); RunFolder run = RunFolder.create(path, "train", List.of())) {
            assertThrows(InterruptedRun.class, () -> train.run(run, new StopAt(stop)));
        }
        try (RunFolder run = RunFolder.open(path)) {
            Train.resume(run, Progress.SILENT);
        }
        assertEquals(timeless(watched("whole")), timeless(watched("stopped")));
    }

    private static List<JsonNode> timeless(List<JsonNode> lines) {
        List<JsonNode> all = new ArrayList<>();
        for (JsonNode line : lines) {
            com.fasterxml.jackson.databind.node.ObjectNode copy = line.deepCopy();
            copy.remove("t");
            all.add(copy);
        }
        return all;
    }

    @Test
    void chargesMoveAsTheyShould() throws IOException {
        Toy.digits(folder, 240);
        run(new TrainRequest("recipe.yaml", """
                network: {dense: [64, 16, 4]}
                data: digits.csv
                held-out: 0
                epochs: 20
                batch-size: 20
                output: out.onnx
                optimizer: {rate: 0.02, momentum: 0, weight-decay: 0.02, schedule: constant, clip: 1.0e9}
                watch: {what: [], dear: charges}
                """, folder, RecipeReader.Overrides.none(), 2), "run");
        List<JsonNode> lines = watched("run");
        assertEquals(21, lines.size());
        String space = lines.getFirst().path("charge").properties().iterator().next().getKey();
        double first = lines.getFirst().path("charge").path(space).path("sum").asDouble();
        double predicted = first;
        for (int i = 1; i < lines.size(); i++) {
            double time = 0.02 * (lines.get(i).path("step").asLong() - lines.get(i - 1).path("step").asLong());
            double before = lines.get(i - 1).path("charge").path(space).path("sum").asDouble();
            double after = lines.get(i).path("charge").path(space).path("sum").asDouble();
            JsonNode rate = lines.get(i).path("charge-rate").path(space);
            assertEquals(after - before, rate.path("measured").asDouble() * time, 1e-9 * Math.abs(after));
            assertEquals(after, before + rate.path("predicted").asDouble() * time, FOLLOWS * Math.abs(after),
                    "epoch " + i);
            predicted += rate.path("predicted").asDouble() * time;
        }
        double last = lines.getLast().path("charge").path(space).path("sum").asDouble();
        assertEquals(1, predicted / last, FOLLOWS);
        assertTrue(Math.abs(first / last - 1) > 20 * FOLLOWS, "it has moved: " + first + " to " + last);
    }

    @Test
    void whatCannotBePredictedIsSaid() throws IOException {
        TrainResult result = run(digits("optimizer: {kind: adam}\nwatch: {dear: charges}\n"), "adam");
        assertTrue(result.findings().stream().map(Finding::kind).anyMatch("charge-not-predicted"::equals));
        assertTrue(watched("adam").stream().allMatch(line -> line.path("charge-rate").properties().stream()
                .noneMatch(e -> e.getValue().has("predicted"))));
        Toy.digits(folder, 400);
        result = run(new TrainRequest("recipe.yaml", """
                network: {dense: [64, 8, 4], activation: gelu}
                data: digits.csv
                epochs: 1
                output: out.onnx
                watch: {dear: charges}
                """, folder, RecipeReader.Overrides.none(), 2), "gelu");
        assertTrue(result.findings().stream().map(Finding::kind).anyMatch("nothing-to-watch"::equals));
    }

    /** A decay that nothing withstands takes all units of all Spaces; it is said when, and what keeps them. */
    @Test
    void unitsThatDieAreSaidWithWhenAndWhatToDo() throws IOException {
        TrainResult result = run(digits("""
                optimizer: {rate: 0.1, momentum: 0, weight-decay: 1.5, schedule: constant}
                watch: true
                """), "dying");
        List<Finding> died = result.findings().stream().filter(f -> f.kind().equals("units-died")).toList();
        assertFalse(died.isEmpty(), result.findings().toString());
        assertEquals(Finding.Severity.WARNING, died.getFirst().severity());
        assertTrue(died.getFirst().message().contains("add 'remove: {syre: {sigma: "),
                died.getFirst().message());
    }

    @Test
    void whereNothingIsWrongNothingIsSaid() throws IOException {
        TrainResult result = run(digits("watch: {dear: dormant}\n"), "sound");
        assertEquals(List.of(), result.findings());
    }

    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "{what: [charges]}|recipe.yaml line 6: watch.what[0]: must be one of distances, counts, ranks, balance",
            "{dear: [breaking, breaking]}|watch.dear[1]: breaking is named twice",
            "{dear-every: 2}|nothing dear is measured; name it under 'dear'",
            "{every: 0}|must be at least 1, found 0", "{evry: 5}|did you mean 'every'?",
            "often|expected true or false, found 'often'"})
    void whatIsWrongIsSaid(String watch, String expected) throws IOException {
        TrainRequest request = digits("watch: " + watch + "\n");
        String message = assertThrows(TrainException.class, () -> Train.prepare(request)).getMessage();
        assertTrue(message.contains(expected), message);
    }

    @Test
    void shortWaysToSayIt() throws IOException {
        assertEquals(Watch.cheap(), digits("watch: true\n").recipe().watch());
        assertEquals(Watch.none(), digits("watch: false\n").recipe().watch());
        assertEquals(Watch.none(), digits("").recipe().watch());
        assertEquals(List.of("watch: distances, counts, ranks, balance every 10 steps", "watch: breaking every epoch"),
                digits("watch: {every: 10, dear: breaking}\n").recipe().watch().plan());
    }
}
