package dev.orbifold.train;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code train} was asked, as a Run keeps it to be continued.
 *
 * @param name of the recipe's file
 * @param text of the recipe
 * @param folder what relative paths in it start from
 * @param overrides what was typed beside it
 * @param threads that compute
 * @param trial which training of an experiment, where the recipe is one
 */
public record TrainRequest(String name, String text, Path folder, RecipeReader.Overrides overrides, int threads,
        Optional<Experiment.Trial> trial) {
    /** A request for the single training that a recipe describes. */
    public TrainRequest(String name, String text, Path folder, RecipeReader.Overrides overrides, int threads) {
        this(name, text, folder, overrides, threads, Optional.empty());
    }

    /** One training of this experiment, written where its own Run keeps models. */
    TrainRequest of(Experiment.Trial one, Path output) {
        return new TrainRequest(name, text, folder, overrides.to(one.seed(), output), threads, Optional.of(one));
    }

    /** The recipe, checked. */
    Recipe recipe() {
        return trial.map(t -> RecipeReader.read(name, text, folder, overrides, t))
                .orElseGet(() -> RecipeReader.read(name, text, folder, overrides));
    }
}
