package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import dev.orbifold.train.Recipe;
import dev.orbifold.train.RecipeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Recipes of many trainings, from the command line; and the recipes in experiments/. */
class ExperimentsTest {
    private static final Path SHIPPED = Checkout.root().resolve("experiments");
    private static final String RECIPE = """
            about: what is compared
            network: {dense: [4, 16, 4]}
            data: points.csv
            epochs: 2
            batch-size: 16
            shrink: false
            series:
              - name: factors
                values: [0.5, 0.75]
                constraints: [{parameters: '*.weight', sparse: elements, zeros: $}]
              - name: magnitude
                values: [0.5]
                constraints: [{parameters: '*.weight', sparse: elements, by: magnitude, zeros: $}]
            seeds: [0, 1]
            plot: {x: compression, y: accuracy, claim: factors win}
            """;

    @TempDir private Path folder;

    private Outcome train(String recipe, Object... more) throws IOException {
        Tiny.data(folder.resolve("points.csv"), 300);
        Path file = Files.writeString(folder.resolve("recipe.yaml"), recipe);
        return Outcome.of(Stream.concat(
                Stream.of("train", file, "--run", folder.resolve("run"), "--threads", 1), Stream.of(more)).toArray());
    }

    @Test
    void allTrainingsEndInOneTableAndOnePlot() throws IOException {
        Outcome outcome = train(RECIPE);
        assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all());
        for (String text : List.of("factors", "magnitude", "compression", "seeds", "6 trainings")) {
            assertTrue(outcome.out().contains(text), text + " is not in " + outcome.out());
        }
        String page = Files.readString(folder.resolve("run/report.html"));
        for (String text : List.of("chart-experiment", "what is compared", "factors win", "\"kind\":\"plot\"")) {
            assertTrue(page.contains(text), text);
        }
        for (String trial : List.of("trials/1-1-0/report.html", "trials/2-1-1/report.html")) {
            assertTrue(Files.exists(folder.resolve("run").resolve(trial)), trial);
            assertTrue(page.contains(trial), "no link to " + trial);
        }
        assertEquals(RunState.Status.DONE, RunView.of(folder.resolve("run")).state().status());
        Outcome again = Outcome.of("resume", folder.resolve("run"), "--json");
        assertEquals(ExitCode.DONE, again.exitCode(), again.all());
        JsonNode json = again.json();
        assertEquals("orbifold.experiment/1", json.path("schema").asText());
        assertEquals(6, json.path("points").size());
        assertEquals(4, json.path("points").get(1).path("measures").path("compression").asDouble(), 0.2);
    }

    @Test
    void aPlanSaysWhatEverySeriesDoes() throws IOException {
        Outcome outcome = train(RECIPE, "--dry-run");
        assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all());
        assertTrue(outcome.out().contains("6 trainings, 2 series, seeds [0, 1]"), outcome.out());
        assertTrue(outcome.out().contains("series magnitude"), outcome.out());
        assertTrue(outcome.out().contains("time: under 1 min for the experiment"), outcome.out());
        assertFalse(Files.exists(folder.resolve("run")));
    }

    @Test
    void whatIsWrongStartsNothing() throws IOException {
        for (String wrong : List.of(RECIPE.replace("values: [0.5]", "values: [5]"),
                RECIPE.replace("name: magnitude", "name: factors"), RECIPE.replace("plot: {x: ", "plot: {z: "),
                RECIPE.replace("lambda", "lambda").replace("    values: [0.5]\n", ""))) {
            Outcome outcome = train(wrong);
            assertEquals(ExitCode.INPUT, outcome.exitCode(), outcome.all());
            assertTrue(outcome.err().contains("recipe.yaml line "), outcome.err());
            assertFalse(Files.exists(folder.resolve("run")), outcome.all());
        }
        assertEquals(ExitCode.INPUT, train(RECIPE, "-o", folder.resolve("x.onnx")).exitCode());
    }

    /** Whatever is shipped is understood, listed, and says what it is about. */
    @TestFactory
    Stream<DynamicTest> everyShippedRecipeIsUnderstood() throws IOException {
        String page = Files.readString(SHIPPED.resolve("README.md"));
        List<Path> recipes;
        try (Stream<Path> files = Files.list(SHIPPED)) {
            recipes = files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
        }
        assertTrue(recipes.size() > 5, recipes.toString());
        return recipes.stream().map(file -> DynamicTest.dynamicTest(String.valueOf(file.getFileName()), () -> {
            RecipeReader.Overrides typed = new RecipeReader.Overrides(Optional.empty(), Optional.of(folder), List.of(),
                    List.of(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                    List.of());
            String text = Files.readString(file);
            List<Recipe> all = RecipeReader.all(String.valueOf(file.getFileName()), text, SHIPPED, typed);
            assertFalse(all.isEmpty());
            assertTrue(text.startsWith("about:"), "says what it is about");
            assertTrue(page.contains("`" + file.getFileName() + "`"), "is in the README");
        }));
    }
}
