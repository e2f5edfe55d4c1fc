package dev.orbifold.symmetry;

import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A direction of unit length among n coordinates, given by those that are not 0. Orthonormal ones are the columns of O of a
 * mirror (theory, 1): the reflection is I − 2·O·Oᵀ.
 *
 * @param coordinate which coordinates, ascending
 * @param value their values, of length 1 together
 */
public record Normal(int[] coordinate, double[] value) {
    private static final double HALF = Math.sqrt(0.5);

    /** The direction of one coordinate. */
    public static Normal unit(int coordinate) {
        return new Normal(new int[] {coordinate}, new double[] {1});
    }

    /** The direction in which two coordinates differ, (e_i − e_j)/√2 with i &lt; j. */
    public static Normal difference(int i, int j) {
        return new Normal(new int[] {i, j}, new double[] {HALF, -HALF});
    }

    /** The direction as a vector of n coordinates. */
    public double[] vector(int n) {
        double[] vector = new double[n];
        for (int k = 0; k < coordinate.length; k++) {
            vector[coordinate[k]] = value[k];
        }
        return vector;
    }

    /** The mirrors of a Group that can be counted, each by its normals; of heads, exchanges of two whole ones too. */
    static Stream<List<Normal>> all(Group group, int n) {
        Stream<List<Normal>> units = IntStream.range(0, n).mapToObj(u -> List.of(unit(u)));
        Stream<List<Normal>> pairs = IntStream.range(0, n).boxed()
                .flatMap(i -> IntStream.range(i + 1, n).mapToObj(j -> List.of(difference(i, j))));
        return switch (group) {
            case Group.Monomial m when m.diagonal() == Group.Diagonal.POSITIVE -> pairs;
            case Group.Monomial m -> Stream.concat(units, pairs);
            case Group.Permutation p -> pairs;
            case Group.Rotation r -> Stream.of(List.of(unit(0), unit(1)));
            case Group.RotationScaling r -> Stream.of(List.of(unit(0), unit(1)));
            case Group.General g -> Stream.empty();
            case Group.Orthogonal o -> Stream.empty();
            case Group.OrthogonalFixingOnes f -> Stream.empty();
            case Group.Shift s -> Stream.empty();
            case Group.Trivial t -> Stream.empty();
            case Group.Heads h -> Stream.concat(
                    IntStream.range(0, h.count()).boxed()
                            .flatMap(k -> all(h.inner(), h.size()).map(m -> from(m, k * h.size()))),
                    IntStream.range(0, h.count()).boxed().flatMap(i -> IntStream.range(i + 1, h.count())
                            .mapToObj(j -> exchange(h, i, j))));
            case Group.BlockSum b -> NormalForm.placed(b).stream()
                    .flatMap(p -> all(p.group(), p.size()).map(m -> from(m, p.first())));
        };
    }

    /** The mirror on which two heads are the same: one difference per coordinate. */
    private static List<Normal> exchange(Group.Heads heads, int i, int j) {
        return IntStream.range(0, heads.size())
                .mapToObj(c -> difference(i * heads.size() + c, j * heads.size() + c)).toList();
    }

    /** The same mirror on the coordinates from a first one on. */
    private static List<Normal> from(List<Normal> mirror, int first) {
        return mirror.stream()
                .map(m -> new Normal(Arrays.stream(m.coordinate).map(c -> first + c).toArray(), m.value)).toList();
    }

    /** A random mirror of a Group; empty where it has none. */
    static Optional<List<Normal>> random(Group group, int n, Seed seed) {
        RandomGenerator random = seed.generator();
        return switch (group) {
            case Group.General g -> Optional.of(List.of(direction(random, n, false)));
            case Group.Orthogonal o -> Optional.of(List.of(direction(random, n, false)));
            case Group.OrthogonalFixingOnes f
                    -> n < 2 ? Optional.empty() : Optional.of(List.of(direction(random, n, true)));
            case Group.Heads h -> {
                int i = random.nextInt(h.count());
                int j = (i + 1 + random.nextInt(h.count() - 1)) % h.count();
                Optional<List<Normal>> inner = random(h.inner(), h.size(), seed.split("inner"));
                yield inner.isPresent() && random.nextBoolean() ? inner.map(m -> from(m, i * h.size()))
                        : Optional.of(exchange(h, Math.min(i, j), Math.max(i, j)));
            }
            case Group.BlockSum b -> {
                List<List<Normal>> one = new ArrayList<>();
                for (NormalForm.Placed p : NormalForm.placed(b)) {
                    random(p.group(), p.size(), seed.split(p.first())).ifPresent(m -> one.add(from(m, p.first())));
                }
                yield one.isEmpty() ? Optional.empty() : Optional.of(one.get(random.nextInt(one.size())));
            }
            default -> {
                long count = all(group, n).count();
                yield count == 0 ? Optional.empty() : all(group, n).skip(random.nextLong(count)).findFirst();
            }
        };
    }

    private static Normal direction(RandomGenerator random, int n, boolean centred) {
        double[] v = random.doubles(n).map(x -> random.nextGaussian()).toArray();
        double mean = centred ? Arrays.stream(v).average().orElse(0) : 0;
        double[] moved = Arrays.stream(v).map(x -> x - mean).toArray();
        double norm = Math.sqrt(Arrays.stream(moved).map(x -> x * x).sum());
        return new Normal(IntStream.range(0, n).toArray(), Arrays.stream(moved).map(x -> x / norm).toArray());
    }
}
