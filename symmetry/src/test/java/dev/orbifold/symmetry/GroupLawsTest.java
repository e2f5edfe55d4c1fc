package dev.orbifold.symmetry;

import static dev.orbifold.symmetry.Members.contains;
import static dev.orbifold.symmetry.Members.identity;
import static dev.orbifold.symmetry.Members.same;
import static dev.orbifold.symmetry.Members.times;
import static dev.orbifold.symmetry.Members.transposed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every Group of the family is a group, its random elements are members, and its generators are tangent to it. */
class GroupLawsTest {
    /** Central differences over 10⁻⁴: their error is (10⁻⁴)²/6·‖A³x‖. */
    private static final double STEP = 1e-4;
    private static final double DIFFERENCE = 1e-7;
    private static final int SEEDS = 8;

    static Stream<Group> all() {
        return GroupTest.ALL.stream();
    }

    /** The number of coordinates on which a Group is tried. */
    private static int size(Group group) {
        return group instanceof Group.Rotation || group instanceof Group.RotationScaling ? 2
                : GroupTest.PARTS.contains(group) ? 6 : 5;
    }

    /** A random element as the code that moves parameters draws it. */
    private static double[][] random(Group group, int n, Seed seed) {
        return switch (group) {
            case Group.Monomial m -> units(switch (m.diagonal()) {
                case SIGNS -> "Tanh";
                case POSITIVE -> "Relu";
                case REAL -> "Identity";
            }, group, n, seed);
            case Group.Permutation p -> units("Softplus", group, n, seed);
            case Group.Trivial t -> identity(n);
            case Group.Shift s -> {
                Net net = new Net(seed);
                String out = net.dense("b", net.dense("a", net.input("x", 3), 3, n - 1), n - 1, 2);
                Shifts shifts = Shifts.of(net.graph(out));
                double[] c = shifts.displacement(shifts.shifts().get(0), shifts.random(shifts.shifts().get(0), seed))
                        .get("a.bias");
                double[][] m = identity(n);
                IntStream.range(0, n - 1).forEach(i -> m[i][n - 1] = c[i]);
                yield m;
            }
            default -> {
                double[][] m = identity(n);
                for (LinearMap.Step step : LinearMap.random(group, n, seed).steps()) {
                    double[][] one = identity(n);
                    for (int i = 0; i < n; i++) {
                        for (int j = 0; j < n; j++) {
                            one[i][j] += step.u()[i] * step.v()[j];
                        }
                    }
                    m = times(one, m);
                }
                yield m;
            }
        };
    }

    private static double[][] units(String activation, Group expected, int n, Seed seed) {
        Net net = new Net(seed);
        String hidden = net.apply(activation, net.dense("a", net.input("x", 3), 3, n));
        Symmetries symmetries = Symmetries.of(net.graph(net.dense("b", hidden, n, 2)));
        Space space = symmetries.spaces().get(0);
        assertEquals(expected, space.group());
        Transform.Element element = Transform.element(symmetries, space, EnumSet.allOf(Transform.Kind.class), seed);
        double[][] m = new double[n][n];
        for (int u = 0; u < n; u++) {
            int unit = u;
            m[element.permutation()[u]][u] = element.factors().stream().mapToDouble(f -> f[unit]).reduce(1,
                    (a, b) -> a * b);
        }
        return m;
    }

    /** Shifts are matrices on one coordinate more. */
    private static int rows(Group group, int n) {
        return group instanceof Group.Shift ? n + 1 : n;
    }

    @ParameterizedTest @MethodSource("all")
    void randomElementsAreMembersAndCompose(Group group) {
        int n = rows(group, size(group));
        for (int s = 0; s < SEEDS; s++) {
            double[][] a = random(group, n, new Seed(s));
            double[][] b = random(group, n, new Seed(s + 100));
            assertTrue(contains(group, a), () -> group + ": " + Arrays.deepToString(a));
            assertTrue(contains(group, times(a, b)), () -> group + ": " + Arrays.deepToString(times(a, b)));
        }
    }

    @ParameterizedTest @ValueSource(ints = {2, 3, 6})
    void whatIsInTheMeetIsInBoth(int n) {
        for (Group a : GroupTest.on(n)) {
            for (Group b : GroupTest.on(n)) {
                int rows = a instanceof Group.Shift && b instanceof Group.Shift ? n + 1 : n;
                double[][] m = random(a.meet(b), rows, new Seed(3));
                assertTrue(contains(a, m) && contains(b, m),
                        () -> a + " and " + b + " meet in " + a.meet(b) + ": " + Arrays.deepToString(m));
            }
        }
    }

    /** exp(tA), by its series. */
    private static double[][] exp(Generator generator, double t, int n) {
        double[][] columns = new double[n][];
        for (int j = 0; j < n; j++) {
            double[] term = new double[n];
            term[j] = 1;
            double[] sum = term.clone();
            for (int k = 1; k < 30; k++) {
                double by = t / k;
                term = Arrays.stream(generator.times(term)).map(x -> x * by).toArray();
                for (int i = 0; i < n; i++) {
                    sum[i] += term[i];
                }
            }
            columns[j] = sum;
        }
        return transposed(columns);
    }

    @ParameterizedTest @MethodSource("all")
    void generatorsAreIndependentAndTangentAtTheIdentity(Group group) {
        int n = size(group);
        int rows = rows(group, n);
        List<Generator> generators = group.generators(n).toList();
        assertEquals(group.manifold(n), generators.size());
        NullSpace independent = new NullSpace(generators.size());
        for (int e = 0; e < rows * rows; e++) {
            double[] x = new double[rows];
            x[e % rows] = 1;
            int row = e / rows;
            double[] factors = generators.stream().mapToDouble(g -> g.times(x)[row]).toArray();
            int[] there = IntStream.range(0, factors.length).filter(k -> factors[k] != 0).toArray();
            independent.add(new Form(there, Arrays.stream(there).mapToDouble(k -> factors[k]).toArray()));
        }
        assertEquals(0, independent.basis().dimension());
        double[] x = new Seed(4).generator().doubles(rows, -1, 1).toArray();
        for (Generator generator : generators) {
            assertTrue(contains(group, exp(generator, 0.7, rows)), () -> group + ": " + generator);
            double[] slope = generator.times(x);
            for (int i = 0; i < rows; i++) {
                double ahead = row(exp(generator, STEP, rows)[i], x);
                double behind = row(exp(generator, -STEP, rows)[i], x);
                assertEquals(slope[i], (ahead - behind) / (2 * STEP), DIFFERENCE, () -> group + ": " + generator);
            }
        }
    }

    private static double row(double[] row, double[] x) {
        return IntStream.range(0, x.length).mapToDouble(k -> row[k] * x[k]).sum();
    }

    @ParameterizedTest @MethodSource("all")
    void mirrorsAreReflectionsOfTheGroup(Group group) {
        int n = size(group);
        List<List<Normal>> mirrors = Stream.concat(group.mirrors(n), group.mirror(n, new Seed(5)).stream()).toList();
        boolean none = group instanceof Group.Trivial || group instanceof Group.Shift;
        assertEquals(none, mirrors.isEmpty());
        for (List<Normal> normals : mirrors) {
            double[][] m = identity(n);
            for (Normal normal : normals) {
                double[] v = normal.vector(n);
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        m[i][j] -= 2 * v[i] * v[j];
                    }
                }
            }
            assertTrue(contains(group, m), () -> group + ": " + Arrays.deepToString(m));
            assertTrue(same(times(m, m), identity(n)));
        }
    }
}
