package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A linear form in the numbers c of a {@link Shift}: Σ factor·c[column].
 *
 * @param column which numbers, ascending
 * @param factor their factors, none of them 0
 */
record Form(int[] column, double[] factor) {
    /** The form that is 0. */
    static final Form ZERO = new Form(new int[0], new double[0]);

    /** The number itself. */
    static Form unit(int column) {
        return new Form(new int[] {column}, new double[] {1});
    }

    boolean isZero() {
        return column.length == 0;
    }

    Form times(double by) {
        return by == 1 ? this : by == 0 ? ZERO : new Form(column, Arrays.stream(factor).map(f -> f * by).toArray());
    }

    /** The value at some c. */
    double at(double[] c) {
        double sum = 0;
        for (int i = 0; i < column.length; i++) {
            sum += factor[i] * c[column[i]];
        }
        return sum;
    }

    /** Adds forms up; used again after every {@link #take}. */
    static final class Sum {
        private final double[] factors;
        private final int[] touched;
        private final boolean[] seen;
        private int count;

        /** A sum of forms in so many numbers. */
        Sum(int columns) {
            factors = new double[columns];
            touched = new int[columns];
            seen = new boolean[columns];
        }

        Sum add(Form form, double by) {
            for (int i = 0; i < form.column.length; i++) {
                int column = form.column[i];
                if (!seen[column]) {
                    seen[column] = true;
                    touched[count++] = column;
                }
                factors[column] += by * form.factor[i];
            }
            return this;
        }

        /** The sum so far; the next one starts at 0. */
        Form take() {
            int[] column = IntStream.of(Arrays.copyOf(touched, count)).filter(c -> factors[c] != 0).sorted().toArray();
            Form sum = column.length == 0 ? ZERO
                    : new Form(column, Arrays.stream(column).mapToDouble(c -> factors[c]).toArray());
            for (int i = 0; i < count; i++) {
                factors[touched[i]] = 0;
                seen[touched[i]] = false;
            }
            count = 0;
            return sum;
        }
    }
}
