package dev.orbifold.train;

import java.nio.file.Path;

/**
 * What {@code train} was asked, as a Run keeps it to be continued.
 *
 * @param name of the recipe's file
 * @param text of the recipe
 * @param folder what relative paths in it start from
 * @param overrides what was typed beside it
 * @param threads that compute
 */
public record TrainRequest(String name, String text, Path folder, RecipeReader.Overrides overrides, int threads) {
    /** The recipe, checked. */
    Recipe recipe() {
        return RecipeReader.read(name, text, folder, overrides);
    }
}
