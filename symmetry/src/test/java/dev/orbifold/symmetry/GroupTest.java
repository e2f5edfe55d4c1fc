package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.Group.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The laws of the meet, on the whole family. */
class GroupTest {
    private static final Group SIGNS = new Group.Monomial(Group.Diagonal.SIGNS);
    private static final Group REAL = new Group.Monomial(Group.Diagonal.REAL);
    /** Groups on any number of coordinates. */
    private static final List<Group> ANY = List.of(SIGNS, new Group.Monomial(Group.Diagonal.POSITIVE), REAL,
            new Group.Permutation(), new Group.Trivial(), new Group.General(), new Group.Orthogonal(),
            new Group.OrthogonalFixingOnes());
    private static final List<Group> PLANES = List.of(new Group.RotationScaling(), new Group.Rotation());
    /** Groups of several parts, on six coordinates. */
    static final List<Group> PARTS = List.of(Group.heads(3, 2, new Group.General()),
            Group.heads(2, 3, new Group.Orthogonal()), Group.heads(3, 2, new Group.Rotation()),
            Group.heads(2, 3, new Group.Trivial()), Group.heads(2, 3, REAL),
            Group.heads(2, 3, Group.sum(List.of(block(2, new Group.RotationScaling()), block(1, SIGNS)))),
            Group.sum(2, 3, new Group.OrthogonalFixingOnes()), Group.sum(3, 2, new Group.RotationScaling()),
            Group.sum(List.of(block(4, new Group.Permutation()), block(2, new Group.General()))),
            Group.sum(List.of(block(4, Group.heads(2, 2, new Group.General())), block(1, SIGNS),
                    block(1, new Group.Trivial()))),
            Group.sum(List.of(block(1, new Group.Trivial()), block(5, new Group.Orthogonal()))));
    static final List<Group> ALL =
            Stream.of(ANY, PLANES, List.<Group>of(new Group.Shift()), PARTS).flatMap(List::stream)
                    .toList();

    private static Block block(int size, Group group) {
        return new Block(size, group);
    }

    /** The Groups that act on n coordinates. */
    static List<Group> on(int n) {
        return Stream.of(ANY, n == 2 ? PLANES : List.<Group>of(), List.<Group>of(new Group.Shift()),
                n == 6 ? PARTS : List.<Group>of()).flatMap(List::stream).toList();
    }

    /** A random Group on n coordinates, of parts within parts. */
    private static Group random(int n, RandomGenerator random) {
        int kind = random.nextInt(3);
        List<Integer> counts = IntStream.rangeClosed(2, n).filter(k -> n % k == 0).boxed().toList();
        if (kind == 0 && !counts.isEmpty()) {
            int count = counts.get(random.nextInt(counts.size()));
            return Group.heads(count, n / count, random(n / count, random));
        }
        if (kind == 1 && n > 1) {
            int first = 1 + random.nextInt(n - 1);
            return Group.sum(List.of(block(first, random(first, random)), block(n - first, random(n - first, random))));
        }
        List<Group> simple = Stream.concat(ANY.stream(), n == 2 ? PLANES.stream() : Stream.empty()).toList();
        return simple.get(random.nextInt(simple.size()));
    }

    private static void isASemilattice(List<Group> groups) {
        for (Group a : groups) {
            assertEquals(a, a.meet(a));
            for (Group b : groups) {
                assertEquals(a.meet(b), b.meet(a), () -> a + " and " + b);
                assertEquals(a.meet(b), a.meet(a.meet(b)), () -> a + " and " + b);
                for (Group c : groups) {
                    assertEquals(a.meet(b).meet(c), a.meet(b.meet(c)), () -> a + ", " + b + " and " + c);
                }
            }
        }
    }

    @Test
    void theFamilyIsComplete() {
        assertEquals(Group.class.getPermittedSubclasses().length,
                ALL.stream().map(Group::getClass).distinct().count());
    }

    @Test
    void isometriesOfLargerGroups() {
        assertEquals(new Group.Rotation(), new Group.Orthogonal().meet(new Group.RotationScaling()));
        assertEquals(new Group.OrthogonalFixingOnes(), new Group.Orthogonal().meet(new Group.OrthogonalFixingOnes()));
        assertEquals(SIGNS, new Group.Orthogonal().meet(REAL));
        assertEquals(new Group.Permutation(), new Group.OrthogonalFixingOnes().meet(REAL));
    }

    @ParameterizedTest @ValueSource(ints = {2, 5, 6})
    void meetIsASemilattice(int n) {
        isASemilattice(on(n));
    }

    /** Heads of sizes that do not divide each other, sums with any borders, parts within parts. */
    @ParameterizedTest @ValueSource(ints = {2, 3, 4, 6, 8, 12, 24, 30})
    void meetOfRandomPartsIsASemilattice(int n) {
        for (int seed = 0; seed < 40; seed++) {
            RandomGenerator random = new Seed(seed).split(n).generator();
            List<Group> groups = new ArrayList<>();
            for (int k = 0; k < 6; k++) {
                groups.add(random(n, random));
            }
            isASemilattice(groups);
        }
    }

    @Test
    void signsAndPositiveScalesShareOnlyPermutations() {
        assertEquals(new Group.Permutation(), SIGNS.meet(new Group.Monomial(Group.Diagonal.POSITIVE)));
        assertEquals(SIGNS, REAL.meet(SIGNS));
    }

    @Test
    void headsKeepThePartsOfHeads() {
        Group heads = Group.heads(3, 4, new Group.General());
        assertEquals(Group.heads(3, 4, new Group.Orthogonal()), heads.meet(new Group.Orthogonal()));
        assertEquals(Group.heads(3, 4, new Group.Permutation()), heads.meet(new Group.Permutation()));
        // Planes within heads
        Group planes = Group.sum(6, 2, new Group.RotationScaling());
        assertEquals(planes, heads.meet(planes));
        assertEquals(Group.heads(3, 4, Group.heads(2, 2, new Group.Rotation())),
                heads.meet(Group.heads(6, 2, new Group.Rotation())));
        // A border in the middle of the second head: it cannot change places, and falls apart
        assertEquals(Group.sum(List.of(block(4, new Group.General()), block(2, new Group.General()),
                block(2, new Group.General()), block(4, new Group.General()))),
                heads.meet(Group.sum(2, 6, new Group.General())));
        assertEquals(Group.sum(List.of(block(8, Group.heads(2, 4, new Group.General())),
                block(4, new Group.Orthogonal()))),
                heads.meet(Group.sum(List.of(block(8, new Group.General()), block(4, new Group.Orthogonal())))));
    }

    @Test
    void headsThatOverlapLieInHeadsOfBoth() {
        Group met = Group.heads(6, 2, new Group.General()).meet(Group.heads(4, 3, new Group.General()));
        assertEquals(Group.heads(2, 6, Group.sum(List.of(block(2, new Group.General()), block(1, REAL), block(1, REAL),
                block(2, new Group.General())))), met);
    }

    @Test
    void simplestNames() {
        assertEquals(new Group.General(), Group.heads(1, 4, new Group.General()));
        assertEquals(new Group.Permutation(), Group.heads(4, 1, new Group.Trivial()));
        assertEquals(REAL, Group.heads(4, 1, new Group.General()));
        assertEquals(new Group.Trivial(), Group.sum(3, 1, new Group.Permutation()));
        assertEquals(Group.sum(3, 2, new Group.General()),
                Group.sum(List.of(block(4, Group.sum(2, 2, new Group.General())),
                        block(2, new Group.General()))));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        for (Supplier<Group> wrong : List.<Supplier<Group>>of(() -> Group.sum(List.of()),
                () -> Group.sum(2, 3, new Group.Rotation()), () -> Group.heads(2, 3, new Group.Shift()),
                () -> Group.heads(0, 3, new Group.General()), () -> Group.sum(2, 0, new Group.General()),
                () -> Group.heads(2, 3, Group.heads(2, 2, new Group.General())),
                () -> new Group.Heads(1, 3, new Group.General()), () -> new Group.Heads(3, 1, REAL),
                () -> new Group.BlockSum(List.of(block(1, new Group.Trivial()), block(2, new Group.Trivial()))),
                () -> Group.heads(2, 3, REAL).meet(Group.heads(2, 4, REAL)),
                () -> Group.heads(2, 3, REAL).meet(new Group.Rotation()),
                () -> Group.sum(2, 3, REAL).meet(new Group.Rotation()))) {
            assertThrows(SymmetryException.class, wrong::get);
        }
        Group heads = Group.heads(2, 3, new Group.General());
        assertThrows(SymmetryException.class, () -> heads.manifold(5));
        assertThrows(SymmetryException.class, () -> heads.generators(5));
        assertThrows(SymmetryException.class, () -> heads.mirrors(5));
        assertThrows(SymmetryException.class, () -> heads.mirror(5, new Seed(0)));
        assertThrows(SymmetryException.class, () -> LinearMap.random(heads, 5, new Seed(0)));
    }
}
