package dev.orbifold.certificate;

import dev.orbifold.symmetry.Group;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A basis of the Lie algebra of a Group whose maps mix coordinates, symmetric matrices told apart: these bring conserved
 * charges. Where the Group's own basis has a matrix that is neither, it has the transpose as well, and the sum and the
 * difference of both stand for them.
 */
final class Generators {
    /** A matrix, and whether it is symmetric. */
    record Generator(double[][] matrix, boolean symmetric) {
    }

    private Generators() {
    }

    static List<Generator> of(Group group, int n) {
        List<Generator> all = new ArrayList<>();
        group.generators(n).forEach(generator -> {
            double[][] a = new double[n][n];
            for (int e = 0; e < generator.value().length; e++) {
                a[generator.row()[e]][generator.column()[e]] += generator.value()[e];
            }
            double[][] sum = plus(a, 1);
            double[][] difference = plus(a, -1);
            if (isZero(difference)) {
                all.add(new Generator(a, true));
            } else if (isZero(sum)) {
                all.add(new Generator(a, false));
            } else if (generator.row()[0] < generator.column()[0]) {
                all.add(new Generator(sum, true));
                all.add(new Generator(difference, false));
            }
        });
        return all;
    }

    /** A plus a multiple of its transpose. */
    private static double[][] plus(double[][] a, double factor) {
        double[][] result = new double[a.length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a.length; j++) {
                result[i][j] = a[i][j] + factor * a[j][i];
            }
        }
        return result;
    }

    private static boolean isZero(double[][] a) {
        return Arrays.stream(a).allMatch(row -> Arrays.stream(row).allMatch(x -> x == 0));
    }
}
