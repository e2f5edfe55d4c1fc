package dev.orbifold.constraint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntBinaryOperator;

/** Which entries of a matrix units × inputs, row after row, are equal under a tie. */
final class TiePatterns {
    private TiePatterns() {
    }

    /** @throws ConstraintException if the shape does not allow the tie */
    static List<int[]> of(Condition.Ties ties, long units, long inputs) {
        int rows = Math.toIntExact(units);
        int columns = Math.toIntExact(inputs);
        return switch (ties) {
            case Condition.Ties.Pairs pairs -> pairs(rows, columns, pairs.share());
            case Condition.Ties.Mirrored image -> mirrored(rows, columns, image);
            case Condition.Ties.Circulant c -> {
                square("circulant", rows, columns);
                yield by(rows, columns, (r, k) -> Math.floorMod(k - r, columns));
            }
            case Condition.Ties.Toeplitz t -> by(rows, columns, (r, k) -> k - r + rows);
            case Condition.Ties.Symmetric s -> {
                square("symmetric", rows, columns);
                yield by(rows, columns, (r, k) -> Math.min(r, k) * columns + Math.max(r, k));
            }
            case Condition.Ties.Listed l -> listed(l.classes());
            case Condition.Ties.Shared s -> throw new ConstraintException("weights are shared by several Parameters");
        };
    }

    private static void square(String what, int rows, int columns) {
        if (rows != columns) {
            throw new ConstraintException("only a square matrix can be " + what + "; this one is " + rows + " × "
                    + columns);
        }
    }

    private static List<int[]> by(int rows, int columns, IntBinaryOperator key) {
        int[] classes = new int[rows * columns];
        for (int r = 0; r < rows; r++) {
            for (int k = 0; k < columns; k++) {
                classes[r * columns + k] = key.applyAsInt(r, k);
            }
        }
        return listed(classes);
    }

    /** Entries of one number are a class; −1 for none. */
    static List<int[]> listed(int[] classes) {
        Map<Integer, List<Integer>> members = new LinkedHashMap<>();
        for (int i = 0; i < classes.length; i++) {
            if (classes[i] >= 0) {
                members.computeIfAbsent(classes[i], k -> new ArrayList<>()).add(i);
            }
        }
        return members.values().stream().filter(m -> m.size() > 1)
                .map(m -> m.stream().mapToInt(Integer::intValue).toArray()).toList();
    }

    private static List<int[]> pairs(int rows, int columns, double share) {
        int paired = (int) Math.floor(share * rows / 2 + 1e-9);
        if (paired == 0) {
            throw new ConstraintException("a share of " + share + " of " + rows + " units pairs no two of them");
        }
        List<int[]> classes = new ArrayList<>();
        for (int p = 0; p < paired; p++) {
            for (int k = 0; k < columns; k++) {
                classes.add(new int[] {2 * p * columns + k, (2 * p + 1) * columns + k});
            }
        }
        return classes;
    }

    private static List<int[]> mirrored(int rows, int columns, Condition.Ties.Mirrored image) {
        int size = image.height() * image.width();
        if (size < 1 || columns % size != 0) {
            throw new ConstraintException("an image of " + image.height() + " × " + image.width()
                    + " does not fit a unit with " + columns + " inputs");
        }
        List<int[]> classes = new ArrayList<>();
        int lines = rows * columns / image.width();
        for (int line = 0; line < lines; line++) {
            for (int x = 0; x < image.width() / 2; x++) {
                classes.add(new int[] {line * image.width() + x, (line + 1) * image.width() - 1 - x});
            }
        }
        return classes;
    }
}
