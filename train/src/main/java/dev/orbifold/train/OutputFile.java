package dev.orbifold.train;

import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.OnnxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file that a training ends in, checked before any work. */
final class OutputFile {
    private static final String KEY = "output";

    private OutputFile() {
    }

    /**
     * Checks that the file can be written and that nothing is lost by it. Whether a file that is there may be overwritten is
     * not asked of what was typed: who took it has asked.
     *
     * @throws TrainException if not; names the line of the recipe, where that says the file
     */
    static void require(Recipe recipe) {
        recipe.places().check(() -> {
            requireWritable(recipe.output());
            if (!recipe.places().typed().containsKey(KEY)) {
                requireNothingLost(recipe);
            }
        }, KEY);
    }

    private static void requireWritable(Path output) {
        Path folder = output.getParent();
        if (folder == null || Files.isDirectory(output)) {
            throw new TrainException("cannot write " + output + ": it is a folder; name a file");
        }
        if (!Files.isDirectory(folder)) {
            throw new TrainException("cannot write " + output + ": the folder " + folder
                    + " does not exist; create it, or name another file");
        }
        if (!Files.isWritable(folder) || Files.exists(output) && !Files.isWritable(output)) {
            throw new TrainException("cannot write " + output + ": permission denied; name another file");
        }
    }

    private static void requireNothingLost(Recipe recipe) {
        Path output = recipe.output();
        if (!Files.exists(output)) {
            return;
        }
        try {
            if (recipe.origin() instanceof Recipe.Origin.Model m && Files.exists(m.path())
                    && Files.isSameFile(output, m.path())) {
                throw new TrainException(output + " is the model itself, which would be lost; name another file");
            }
        } catch (IOException e) {
            throw new TrainException("cannot look at " + output + ": " + e.getMessage(), e);
        }
        try {
            OnnxFile.read(output);
        } catch (GraphException e) {
            // It may be the data, or the weights of this very model.
            throw new TrainException("the file " + output
                    + " is no ONNX model and would be lost; name another file with 'output', or remove it", e);
        }
    }
}
