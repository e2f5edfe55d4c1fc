package dev.orbifold.symmetry;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

    /** One {@code signs-not-sought} per activation whose correction would be too large to work out. */
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
            return Corrections.walk(known, centre, random.doubles(most + 1, 0.5, 1.5).toArray()).isPresent();
        } catch (Offset.TooLarge e) {
            findings.add(new Finding(Finding.Severity.INFO, "signs-not-sought", centre.value(),
                    "whether biases can correct flipped signs behind " + centre.value() + " was not worked out: "
                            + e.getMessage()));
            return false;
        }
    }
}
