package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Symmetries;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * From what a user asks for to charts and schemes: which Parameters of a Graph a {@link Constraint} is about, how their
 * entries are seen, and what goes to zero together.
 */
public final class Forms {
    /**
     * One thing to train.
     *
     * @param name of the constraint, and of the Parameter where it has several
     * @param parameters in order
     * @param chart how their entries are seen; its tensors belong to the caller's pointer scope
     * @param scheme how the coordinates are made
     * @param among consecutive cells that compete with each other under a goal; 0 for all
     * @param families numbers of consecutive cells that are of one kind, such as the units of one Space, and compete among
     *        themselves; empty where all are
     */
    public record Form(String name, List<String> parameters, Chart chart, Scheme scheme, int among,
            List<Integer> families) {
        /** Checks that families hold all cells. */
        public Form {
            families = List.copyOf(families);
            long held = families.stream().mapToLong(Integer::longValue).sum();
            if (!families.isEmpty() && (among > 0 || held != scheme.cells())) {
                throw new IllegalArgumentException("families of " + families + " do not hold " + scheme.cells()
                        + " cells");
            }
        }

        /** Numbers of consecutive cells that compete among themselves under a goal; empty for all. */
        public List<Integer> competing() {
            return among == 0 ? families : Collections.nCopies(Math.toIntExact(scheme.cells() / among), among);
        }

        /** A Form whose cells are all of one kind. */
        Form(String name, List<String> parameters, Chart chart, Scheme scheme, int among) {
            this(name, parameters, chart, scheme, among, List.of());
        }
    }

    private final Graph graph;
    private final OnParameter each;
    private final OnParameters together;
    private final OnSpaces spaces;

    /**
     * @param symmetries of the Graph that is trained
     * @param trainable names of the Parameters that are trained
     * @param type of their elements
     */
    public Forms(Symmetries symmetries, List<String> trainable, ScalarType type, Device device) {
        this.graph = symmetries.graph();
        Named named = new Named(graph, trainable);
        this.each = new OnParameter(named, type, device);
        this.together = new OnParameters(named, type, device);
        this.spaces = new OnSpaces(symmetries, named, together);
    }

    /**
     * Everything that a constraint asks to train.
     *
     * @throws ConstraintException if a name fits nothing, or a condition does not fit what it is put on
     */
    public List<Form> of(Constraint constraint) {
        try {
            return made(constraint);
        } catch (ConstraintException e) {
            throw new ConstraintException("constraint " + constraint.name() + ": " + e.getMessage());
        }
    }

    /**
     * The Spaces whose rank a constraint is about.
     *
     * @throws ConstraintException if none fits
     */
    public List<LinearSpace> pairs(Constraint constraint) {
        if (!(constraint.condition() instanceof Condition.PairRanks ranks)) {
            return List.of();
        }
        List<LinearSpace> all = LinearSymmetries.of(graph).spaces();
        List<LinearSpace> chosen = all.stream()
                .filter(s -> s.group() instanceof Group.General
                        && ranks.spaces().stream().anyMatch(g -> WeightAxes.fits(g, s.name())))
                .toList();
        if (chosen.isEmpty()) {
            throw new ConstraintException("constraint " + constraint.name() + ": " + ranks.spaces()
                    + " fits no Space whose coordinates mix freely; there are " + all.stream()
                            .filter(s -> s.group() instanceof Group.General).map(LinearSpace::name).distinct()
                            .toList());
        }
        return chosen;
    }

    private List<Form> made(Constraint constraint) {
        return switch (constraint.condition()) {
            case Condition.PairRanks ranks -> List.of();
            case Condition.Units units -> List.of(spaces.units(constraint, units.spaces()));
            case Condition.Clones clones -> List.of(spaces.clones(constraint, clones.spaces(), clones.share()));
            case Condition.Ties.Shared shared -> List.of(together.shared(constraint));
            case Condition.Sets sets -> List.of(together.listed(constraint, sets.group()));
            case Condition.Ties.Listed listed -> List.of(together.classes(constraint, listed.classes()));
            case Condition.Matrix matrix -> List.of(together.matrix(constraint, matrix));
            default -> each.of(constraint);
        };
    }
}
