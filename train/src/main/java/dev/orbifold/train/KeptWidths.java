package dev.orbifold.train;

import dev.orbifold.constraint.Condition;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.structure.Shrink;
import dev.orbifold.structure.ShrinkOptions;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Spaces that keep their width when collapsed units are taken out, because a constraint holds for the entries of a Parameter
 * by their place: with a column less, fours are others, rows no longer sum to 0, and a circulant matrix is none.
 */
final class KeptWidths {
    /** Which axes of a Parameter a Condition counts along. */
    private enum Along {
        NOTHING,
        INPUTS,
        EVERYTHING
    }

    /** The names of constraints, by Parameter, of which no unit that it reads may go. */
    private final Map<String, String> read = new LinkedHashMap<>();
    /** The same where no unit may go at all. */
    private final Map<String, String> all = new LinkedHashMap<>();

    KeptWidths(Placement placement) {
        placement.held().forEach(h -> note(h.asked(), h.form().parameters()));
        placement.rivals().forEach(r -> note(r.asked(), r.cells().parameters()));
    }

    private void note(Recipe.Asked asked, List<String> parameters) {
        String name = asked.constraint().name();
        switch (along(asked.constraint().condition())) {
            case INPUTS -> parameters.forEach(p -> read.putIfAbsent(p, name));
            case EVERYTHING -> parameters.forEach(p -> all.putIfAbsent(p, name));
            case NOTHING -> {
            }
        }
    }

    private static Along along(Condition condition) {
        return switch (condition) {
            case Condition.Pattern p -> Along.INPUTS;
            case Condition.ZeroSums z -> Along.INPUTS;
            case Condition.Pieces p -> Along.INPUTS;
            case Condition.Ties.Mirrored m -> Along.INPUTS;
            case Condition.Ties.Pairs p -> Along.NOTHING;
            case Condition.Ties t -> Along.EVERYTHING;
            case Condition.Matrix m -> Along.EVERYTHING;
            default -> Along.NOTHING;
        };
    }

    private void each(Symmetries symmetries, BiConsumer<Space, Slot> found) {
        for (Space space : symmetries.spaces()) {
            space.slots().stream().filter(s -> constraint(s).isPresent()).findFirst()
                    .ifPresent(s -> found.accept(space, s));
        }
    }

    private Optional<String> constraint(Slot slot) {
        Optional<String> whole = Optional.ofNullable(all.get(slot.parameter()));
        return slot.role() == Slot.Role.READS ? whole.or(() -> Optional.ofNullable(read.get(slot.parameter()))) : whole;
    }

    /** What is to be left alone in a Graph. */
    ShrinkOptions options(Graph graph) {
        List<String> spaces = new ArrayList<>();
        if (!read.isEmpty() || !all.isEmpty()) {
            each(Symmetries.of(graph), (space, slot) -> spaces.add(space.name()));
        }
        return ShrinkOptions.DEFAULT.withExclude(spaces);
    }

    /** Units of such Spaces that have died and stay. */
    List<Finding> findings(Graph graph) {
        if (read.isEmpty() && all.isEmpty()) {
            return List.of();
        }
        List<Finding> findings = new ArrayList<>();
        Symmetries symmetries = Symmetries.of(graph);
        List<BitSet> keep = Shrink.round(symmetries.graph(), ShrinkOptions.DEFAULT).keep();
        each(symmetries, (space, slot) -> {
            int dead = space.dimension() - keep.get(space.id()).cardinality();
            if (dead > 0) {
                findings.add(new Finding(Finding.Severity.INFO, "width-kept", space.name(), String.format(Locale.ROOT,
                        "%d of %d units have died and stay in the file: constraint %s holds for %s as it"
                                + " stands, and would not with fewer of its inputs",
                        dead, space.dimension(), constraint(slot).orElseThrow(), slot.parameter())));
            }
        });
        return findings;
    }
}
