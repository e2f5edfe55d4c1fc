package dev.orbifold.symmetry;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Which units may flip their signs before an activation that is odd about another number than 0: those of a Space all of which
 * later parameters can correct. What the others meet there lets no sign pass. Every activation is corrected by itself: that
 * two of them would cancel is not looked for.
 */
final class Centres {
    /** A unit's coordinate at a centre. */
    record Turning(int rank, Centre centre) {
    }

    /** How many draws of signs show how large a correction is: one may cancel by chance. */
    private static final int DRAWS = 4;
    /**
     * How many times more coarsely than the activation's own type a bias may hold its correction. The sums behind the activation
     * are about as large as the correction, and two digits of them are what outputs that agree can do without.
     */
    private static final double COARSER = 100;
    /** What outputs that are equal may differ by, as a share of their range. */
    private static final double EQUAL = 1e-4;

    private final Inference inference;
    private final List<Finding> findings = new ArrayList<>();
    private final List<List<Turning>> turning = new ArrayList<>();
    private Optional<ShiftFacts> facts = Optional.empty();

    private Centres(Inference inference) {
        this.inference = inference;
    }

    /**
     * Adds to the scale relations of the Spaces that signs do not pass where nothing takes back what they leave.
     *
     * @param space for every coordinate its Space, or -1
     * @param unit for every coordinate its unit's number
     */
    static Centres restrict(Inference inference, Units units, IntUnaryOperator space, IntUnaryOperator unit,
            ScaleSystem[] systems) {
        Centres centres = new Centres(inference);
        for (int s = 0; s < systems.length; s++) {
            centres.turning.add(new ArrayList<>());
        }
        for (Inference.Bend bend : inference.bends()) {
            int[] nodes = bend.part().node();
            int[] spaces = Arrays.stream(nodes).map(n -> n < 0 ? -1 : space.applyAsInt(n)).toArray();
            for (int s : Arrays.stream(spaces).filter(x -> x >= 0).distinct().toArray()) {
                int[] ranks = IntStream.range(0, nodes.length).map(i -> spaces[i] == s ? units.rank(nodes[i]) : -1)
                        .toArray();
                for (int rank : Arrays.stream(ranks).filter(r -> r >= 0).distinct().toArray()) {
                    int[] own = IntStream.range(0, nodes.length)
                            .map(i -> ranks[i] == rank ? unit.applyAsInt(nodes[i]) : -1).toArray();
                    centres.look(bend, rank, own, systems[s], s);
                }
            }
        }
        return centres;
    }

    /** Where the coordinates of a Space's units turn. */
    List<Turning> turning(int space) {
        return List.copyOf(turning.get(space));
    }

    /**
     * One {@code signs-not-sought} per activation whose correction would be too large to work out, and one
     * {@code signs-lost-in-rounding} per activation whose correction a bias would round away.
     */
    List<Finding> findings() {
        return List.copyOf(findings);
    }

    private void look(Inference.Bend bend, int rank, int[] unit, ScaleSystem system, int space) {
        if (system.signs().stream().noneMatch(flips -> flips[rank] != 0)) {
            return;
        }
        int[] dims = new int[inference.rank(bend.value())];
        Arrays.fill(dims, 1);
        for (int i = 0; i < bend.part().axes().length; i++) {
            dims[bend.part().axes()[i]] = bend.part().sizes()[i];
        }
        Centre centre = new Centre(bend.value(), bend.at(), dims, unit);
        if (corrected(centre)) {
            turning.get(space).add(new Turning(rank, centre));
        } else {
            system.add(new int[] {rank}, Scales.positive(0, 1));
        }
    }

    /** Whether any signs at all can be taken back: then positive random numbers can, which solve no equation by chance. */
    private boolean corrected(Centre centre) {
        ShiftFacts known = facts.orElseGet(() -> new ShiftFacts(inference.graph(), inference.shapes(), false));
        facts = Optional.of(known);
        RandomGenerator random = new Seed(0).split(centre.value()).generator();
        int most = Arrays.stream(centre.unit()).max().orElse(-1);
        try {
            return Corrections.walk(known, centre, random.doubles(most + 1, 0.5, 1.5).toArray()).isPresent()
                    && survives(known, centre, most + 1, random);
        } catch (Offset.TooLarge e) {
            findings.add(new Finding(Finding.Severity.INFO, "signs-not-sought", centre.value(),
                    "whether biases can correct flipped signs behind " + centre.value() + " was not worked out: "
                            + e.getMessage()));
            return false;
        }
    }

    /**
     * Whether biases keep enough digits of what they move by. A bias much larger than the weights whose sum it takes back rounds
     * that away: the distance between numbers next to it must be a small share of the largest correction.
     */
    private boolean survives(ShiftFacts known, Centre centre, int units, RandomGenerator random) {
        Map<String, double[]> largest = new LinkedHashMap<>();
        for (int draw = 0; draw < DRAWS; draw++) {
            double[] signs = random.ints(units, 0, 2).mapToDouble(bit -> 2 * centre.at() * (2 * bit - 1)).toArray();
            Corrections.walk(known, centre, signs).ifPresent(walk -> walk.absorbed().forEach(
                    a -> largest.merge(a.operand().parameter(), a.operand().displacement(a.change()),
                            Centres::larger)));
        }
        DataType type = inference.shapes().type(centre.value()).filter(DataType::isReal).orElse(DataType.FLOAT);
        double share = Math.min(COARSER * Precision.epsilon(type), EQUAL);
        for (Map.Entry<String, double[]> moved : largest.entrySet()) {
            TensorData bias = Objects.requireNonNull(inference.graph().parameters().get(moved.getKey()));
            double[] by = moved.getValue();
            double most = Arrays.stream(by).map(Math::abs).max().orElse(0);
            for (int i = 0; i < by.length; i++) {
                double reached = Math.abs(bias.doubleAt(i)) + Math.abs(by[i]);
                if (by[i] != 0 && Precision.spacing(bias.type(), reached) > share * most) {
                    findings.add(new Finding(Finding.Severity.INFO, "signs-lost-in-rounding", moved.getKey(),
                            String.format(Locale.ROOT,
                                    "signs before %s are left out: biases would have to take back up to"
                                            + " %.1e, and %s, which holds %.1e, rounds to multiples of %.0e there",
                                    centre.value(), most, moved.getKey(), bias.doubleAt(i),
                                    Precision.spacing(bias.type(), reached))));
                    return false;
                }
            }
        }
        return true;
    }

    private static double[] larger(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> Math.max(Math.abs(a[i]), Math.abs(b[i]))).toArray();
    }
}
