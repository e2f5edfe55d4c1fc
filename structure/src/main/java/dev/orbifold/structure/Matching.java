package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Masks;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Transform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Moves a second checkpoint towards a first, Space by Space: once in graph order, by what is matched already, then again
 * and again by everything a Space meets, as long as that brings the two nearer.
 */
final class Matching {
    /** Every round that counts brings the two nearer; networks settle within a few. */
    private static final int MOST_ROUNDS = 100;
    /** Nearer by less than this, as a share of the first checkpoint's norm, is rounding. */
    private static final double NEARER = 1e-9;

    private final Symmetries first;
    private final Axes axes;
    private final Map<Integer, Space> partners = new HashMap<>();
    private final Map<String, List<Meeting>> meetings = new HashMap<>();
    private Symmetries second;

    /** That a Space lies on an axis of a parameter. */
    private record Meeting(int axis, int space) {
    }

    Matching(Symmetries first, Symmetries second) {
        this.first = first;
        this.second = second;
        axes = new Axes(first);
        for (Space space : second.spaces()) {
            first.spaces().stream().filter(s -> same(s, space)).findFirst()
                    .ifPresent(s -> partners.put(space.id(), s));
            space.slots().forEach(slot -> meetings.computeIfAbsent(slot.parameter(), k -> new ArrayList<>())
                    .add(new Meeting(slot.axis(), space.id())));
        }
    }

    /** Whether two Spaces are moved in the same way: the values of weights decide what some operators allow. */
    private boolean same(Space a, Space b) {
        List<Scaling> left = first.scalings(a);
        List<Scaling> right = second.scalings(b);
        boolean same = a.dimension() == b.dimension() && a.slots().size() == b.slots().size()
                && left.size() == right.size();
        for (int i = 0; same && i < a.slots().size(); i++) {
            Slot x = a.slots().get(i);
            Slot y = b.slots().get(i);
            same = x.parameter().equals(y.parameter()) && x.axis() == y.axis() && x.role() == y.role()
                    && Arrays.equals(x.unit(), y.unit()) && Arrays.equals(x.leg(), y.leg());
        }
        for (int s = 0; same && s < left.size(); s++) {
            same = left.get(s).diagonal() == right.get(s).diagonal() && Arrays.deepEquals(
                    left.get(s).powers().toArray(), right.get(s).powers().toArray());
        }
        return same;
    }

    /** The names of the Spaces that stay as they are. */
    List<String> left() {
        return second.spaces().stream().filter(s -> towards(s, slot -> true).isEmpty()).map(Space::name).toList();
    }

    /** The second checkpoint, matched. */
    Graph run() {
        Symmetries start = second;
        double before = apart(start);
        inOrder();
        nearer();
        if (apart(second) > before) {
            second = start;
            nearer();
        }
        return second.graph();
    }

    private void inOrder() {
        Set<Integer> open = new HashSet<>(partners.keySet());
        while (!open.isEmpty()) {
            Space next = second.spaces().stream().filter(s -> open.contains(s.id()) && s.slots().stream().anyMatch(
                    slot -> slot.role() == Slot.Role.WRITES && weights(slot) && settled(slot, open))).findFirst()
                    .or(() -> second.spaces().stream().filter(s -> open.contains(s.id())).findFirst()).orElseThrow();
            towards(next, slot -> settled(slot, open)).or(() -> towards(next, slot -> true))
                    .ifPresent(element -> second = moved(element));
            open.remove(next.id());
        }
    }

    /** Whether a parameter says more of a unit than one number. */
    private boolean weights(Slot slot) {
        return axes.rank(slot.parameter()) > 1;
    }

    /** Whether the Spaces on the other axes of a parameter have been matched. */
    private boolean settled(Slot slot, Set<Integer> open) {
        return meetings.getOrDefault(slot.parameter(), List.of()).stream()
                .noneMatch(m -> m.axis() != slot.axis() && open.contains(m.space()));
    }

    private void nearer() {
        boolean again = true;
        for (int round = 0; round < MOST_ROUNDS && again; round++) {
            again = false;
            for (Space space : second.spaces()) {
                Optional<Symmetries> moved = towards(space, slot -> true).map(this::moved);
                if (moved.isPresent() && apart(moved.get()) < apart(second) - NEARER) {
                    second = moved.get();
                    again = true;
                }
            }
        }
    }

    private Optional<Transform.Element> towards(Space space, Predicate<Slot> slots) {
        Space partner = partners.get(space.id());
        if (partner == null) {
            return Optional.empty();
        }
        Optional<Gauge> wanted = Gauge.of(first, axes, partner, slots);
        Optional<Gauge> given = Gauge.of(second, new Axes(second), space, slots);
        return wanted.isEmpty() || given.isEmpty() ? Optional.empty()
                : Optional.of(UnitMatch.of(wanted.get(), given.get(), space, second.scalings(space)));
    }

    private Symmetries moved(Transform.Element element) {
        Graph moved = Transform.apply(second, List.of(element));
        return new Symmetries(moved, Shapes.of(moved), second.spaces(), second.axes(), second.scalings(),
                second.findings());
    }

    private double apart(Symmetries other) {
        return apart(first.graph(), other.graph());
    }

    /**
     * The norm of the difference of all weights, divided by that of the first's. What masks scores in both is a constant,
     * whose −1e9 would drown every weight; where only one of two tensors looks like a mask its weights are not numbers or
     * beyond all measure, and then the distance says so.
     */
    static double apart(Graph first, Graph second) {
        double difference = 0;
        double norm = 0;
        for (Map.Entry<String, TensorData> parameter : first.parameters().entrySet()) {
            TensorData other = second.parameters().get(parameter.getKey());
            if (other != null && parameter.getValue().type().isReal()
                    && !(Masks.isMask(parameter.getValue()) && Masks.isMask(other))) {
                double[] a = parameter.getValue().toDoubles();
                double[] b = other.toDoubles();
                for (int i = 0; i < a.length; i++) {
                    difference += (a[i] - b[i]) * (a[i] - b[i]);
                    norm += a[i] * a[i];
                }
            }
        }
        return difference == 0 ? 0 : Math.sqrt(difference / Math.max(norm, Double.MIN_NORMAL));
    }
}
