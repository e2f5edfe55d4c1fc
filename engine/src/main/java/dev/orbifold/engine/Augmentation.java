package dev.orbifold.engine;

import dev.orbifold.graph.Seed;
import java.util.random.RandomGenerator;

/**
 * Random changes of training images that leave their class what it is. Every draw depends on seed, epoch and item alone.
 *
 * @param padding the image is shifted by up to so many pixels each way, as if cropped from a padded one; pixels of value
 *        0 come in
 * @param flip whether half of the images are mirrored left to right
 */
public record Augmentation(int padding, boolean flip) {
    /** Images stay as they are. */
    public static final Augmentation NONE = new Augmentation(0, false);

    /**
     * Checks the padding.
     *
     * @throws DataException if it is negative
     */
    public Augmentation {
        if (padding < 0) {
            throw new DataException("the padding of a random crop must not be negative, found " + padding);
        }
    }

    /** Whether nothing is changed. */
    public boolean isNone() {
        return padding == 0 && !flip;
    }

    Move draw(Seed epoch, int item) {
        if (isNone()) {
            return Move.NONE;
        }
        RandomGenerator random = epoch.split(item).generator();
        int down = random.nextInt(2 * padding + 1) - padding;
        int right = random.nextInt(2 * padding + 1) - padding;
        return new Move(down, right, flip && random.nextBoolean());
    }
}
