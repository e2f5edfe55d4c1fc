package dev.orbifold.symmetry;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Follows a shift of one parameter, or of one value, through a Graph: every value gets the Offset or the Level that the shift adds to it, until
 * another parameter takes it back, an operator does not see it, or something would show it. What would show it must be 0,
 * which is a condition on the numbers of the shift.
 */
final class ShiftWalk {
    /**
     * A parameter that takes an Offset back.
     *
     * @param operand where the parameter is added, and how its elements lie there
     * @param change what is added to it, aligned at the right of the operand's axes
     */
    record Absorbed(ShiftOperand operand, Offset change) {
    }

    /**
     * What must hold for the shift to change nothing.
     *
     * @param offset the Offset
     * @param along the axes along which it must not vary; where there are none it must be 0
     */
    record Condition(Offset offset, boolean[] along) {
        /** Adds the relations between the numbers of the shift. */
        void into(NullSpace space) {
            Form[] forms = offset.forms();
            int[] strides = Offset.strides(offset.dims());
            int[] step = IntStream.range(0, strides.length).map(a -> along.length > 0 && along[a] ? 0 : strides[a])
                    .toArray();
            int[] first = Offset.walk(offset.dims(), step);
            Form.Sum sum = new Form.Sum(offset.columns());
            for (int i = 0; i < forms.length; i++) {
                if (along.length == 0) {
                    space.add(forms[i]);
                } else if (first[i] != i) {
                    space.add(sum.add(forms[i], 1).add(forms[first[i]], -1).take());
                }
            }
        }
    }

    private final ShiftFacts facts;
    private final ShiftOperands operands;
    /** Absorbing parameters are read behind the node of this number. */
    private final int after;
    private final Map<String, Offset> offsets = new HashMap<>();
    private final Map<String, Level> levels = new HashMap<>();
    private final List<Absorbed> absorbed = new ArrayList<>();
    private final List<Condition> conditions = new ArrayList<>();
    private final Set<String> insideNorms = new HashSet<>();

    /** A walk from a parameter that is shifted by the given Offset, of the parameter's rank. */
    ShiftWalk(ShiftFacts facts, String parameter, Offset start) {
        this.facts = facts;
        this.operands = new ShiftOperands(facts);
        this.after = facts.order(parameter);
        offsets.put(parameter, start);
    }

    private ShiftWalk(ShiftFacts facts) {
        this.facts = facts;
        this.operands = new ShiftOperands(facts);
        this.after = -1;
    }

    /** A walk from a value that a node makes, which grows by the given Offset; every parameter may take it back. */
    static ShiftWalk from(ShiftFacts facts, String value, Offset start) {
        ShiftWalk walk = new ShiftWalk(facts);
        walk.offset(value, start);
        return walk;
    }

    /** Follows the shift to the outputs. */
    ShiftWalk run() {
        for (Node node : facts.graph().nodes()) {
            facts.composites().endingIn(node).ifPresent(c -> {
                if (c instanceof Composites.Norm norm) {
                    insideNorms.add(norm.input());
                }
            });
        }
        for (Node node : facts.graph().nodes()) {
            for (Attribute attribute : node.attributes().values()) {
                if (attribute instanceof Attribute.Subgraph subgraph) {
                    subgraph.captured().forEach(this::block);
                }
            }
            boolean norm = facts.composites().endingIn(node)
                    .map(c -> c instanceof Composites.Norm n && moves(n.input())).orElse(false);
            if (norm || node.inputs().stream().anyMatch(this::moves)) {
                step(node);
            }
        }
        facts.graph().outputs().forEach(o -> block(o.name()));
        return this;
    }

    private void step(Node node) {
        Optional<Composites.Composite> composite = facts.composites().endingIn(node);
        if (composite.isPresent() && composite.get() instanceof Composites.Norm norm) {
            ShiftNorms.composite(norm, node, this);
        } else if (composite.isPresent() || facts.composites().consumes(node)) {
            node.inputs().stream().filter(i -> !insideNorms.contains(i)).forEach(this::block);
        } else {
            ShiftRules.of(node).ifPresentOrElse(rule -> rule.apply(node, this),
                    () -> node.inputs().forEach(this::block));
        }
    }

    ShiftFacts facts() {
        return facts;
    }

    List<Absorbed> absorbed() {
        return List.copyOf(absorbed);
    }

    List<Condition> conditions() {
        return List.copyOf(conditions);
    }

    /** Whether the shift adds anything to a value. */
    boolean moves(String value) {
        return offsets.containsKey(value) || levels.containsKey(value);
    }

    Optional<Offset> offset(String value) {
        return Optional.ofNullable(offsets.get(value));
    }

    Optional<Level> level(String value) {
        return Optional.ofNullable(levels.get(value));
    }

    /** A value that does not depend on the inputs, nor on the shift. */
    Optional<ShiftFacts.Constant> constant(String value) {
        return moves(value) || value.isEmpty() ? Optional.empty() : facts.constant(value);
    }

    void offset(String value, Offset offset) {
        if (!value.isEmpty()) {
            offsets.put(value, offset);
        }
    }

    void level(String value, Level level) {
        if (!value.isEmpty()) {
            levels.put(value, level);
        }
    }

    /** What the shift adds to a value must be 0. */
    void block(String value) {
        offset(value).ifPresent(this::zero);
        level(value).ifPresent(this::block);
    }

    /** What makes a Level must be 0. */
    void block(Level level) {
        level.causes().forEach(this::zero);
    }

    /** An Offset must be 0. */
    void zero(Offset offset) {
        conditions.add(new Condition(offset, new boolean[0]));
    }

    /** Something does not see what is the same along some axes: the rest must be 0. */
    void same(String value, boolean... along) {
        offset(value).ifPresent(o -> {
            boolean seen = IntStream.range(0, o.rank()).anyMatch(a -> along[a] && o.varies(a));
            // Every reader of a stream asks the same of the same Offset.
            if (seen && conditions.stream().noneMatch(c -> c.offset() == o && Arrays.equals(c.along(), along))) {
                conditions.add(new Condition(o, along));
            }
        });
        level(value).ifPresent(l -> {
            if (IntStream.range(0, along.length).anyMatch(a -> along[a] && !l.constant()[a])) {
                block(l);
            }
        });
    }

    /**
     * Lets a parameter take an Offset back.
     *
     * @param value a value that is added, or a parameter behind it
     * @param change what has to be added to the value
     */
    boolean absorb(String value, Offset change) {
        Optional<Absorbed> found = operands.absorber(value, change)
                .filter(a -> facts.order(a.operand().parameter()) > after);
        found.ifPresent(absorbed::add);
        return found.isPresent();
    }
}
