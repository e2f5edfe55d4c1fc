package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a {@link Shift} adds to a value where that depends on the sample, and all that is known is along which axes it does
 * not vary: a key bias adds a number to the scores that is the same for every key.
 *
 * @param constant per axis of the value whether the level is the same all along it
 * @param causes Offsets that make it; where they are 0 there is no level
 */
record Level(boolean[] constant, List<Offset> causes) {
    /** Copies the list. */
    Level {
        causes = List.copyOf(causes);
    }

    /** With more axes in front, along which nothing varies. */
    Level aligned(int rank) {
        boolean[] to = new boolean[rank];
        Arrays.fill(to, true);
        for (int k = 1; k <= Math.min(rank, constant.length); k++) {
            to[rank - k] = constant[constant.length - k];
        }
        return new Level(to, causes);
    }

    /** The sum of two levels of one value. */
    Level plus(Level other) {
        boolean[] both = constant.clone();
        for (int a = 0; a < both.length; a++) {
            both[a] &= other.constant[a];
        }
        return new Level(both, Stream.concat(causes.stream(), other.causes.stream()).distinct().toList());
    }

    /** The same causes, other axes. */
    Level along(boolean... axes) {
        return new Level(axes, causes);
    }
}
