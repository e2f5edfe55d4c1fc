package dev.orbifold.train;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.run.RunFolder;
import java.nio.file.Path;
import java.util.List;

/** Trains recipes in a folder, for tests. */
record Trained(Path folder) {
    TrainRequest request(String recipe) {
        return new TrainRequest("recipe.yaml", recipe, folder, RecipeReader.Overrides.none(), 2);
    }

    TrainResult run(String recipe, String name) {
        try (Train train = Train.prepare(request(recipe));
                RunFolder run = RunFolder.create(folder.resolve(name), "train", List.of())) {
            return train.run(run, Progress.SILENT);
        }
    }

    /** What lies at {@code out.onnx}. */
    Graph written() {
        return OnnxFile.read(folder.resolve("out.onnx"));
    }

    float[] weight(String parameter) {
        return written().parameter(parameter).orElseThrow().toFloats();
    }

    long[] dims(String parameter) {
        return written().parameter(parameter).orElseThrow().dims();
    }
}
