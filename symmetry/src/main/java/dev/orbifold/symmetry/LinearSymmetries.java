package dev.orbifold.symmetry;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The continuous symmetries of a Graph that mix coordinates, beside the permutations and scalings of {@link Symmetries}:
 * spaces between contractions (GL), spaces that are only normalised (O), planes under rotary embedding.
 *
 * @param graph the Graph
 * @param spaces the Spaces, in the order in which parameters meet them
 * @param findings spaces that numbers, not operators, keep from being mixed
 */
public record LinearSymmetries(Graph graph, List<LinearSpace> spaces, List<Finding> findings) {
    /** Copies the lists. */
    public LinearSymmetries {
        spaces = List.copyOf(spaces);
        findings = List.copyOf(findings);
    }

    /** Without findings. */
    public LinearSymmetries(Graph graph, List<LinearSpace> spaces) {
        this(graph, spaces, List.of());
    }

    /** Infers them. Parameters the exporter merged should be un-shared first ({@link Unshare}). */
    public static LinearSymmetries of(Graph graph) {
        return of(graph, Shapes.of(graph));
    }

    /** Infers them from shapes that are known already. */
    static LinearSymmetries of(Graph graph, Shapes shapes) {
        LinearInference inference = new LinearInference(graph, shapes);
        inference.run();
        Builder builder = new Builder(graph, inference);
        List<LinearSpace> spaces = builder.build();
        return new LinearSymmetries(graph, spaces, builder.findings);
    }

    /** The same symmetries without some Spaces. */
    LinearSymmetries without(Set<Integer> ids) {
        return new LinearSymmetries(graph, spaces.stream().filter(s -> !ids.contains(s.id())).toList(), findings);
    }

    private static final class Builder {
        /** A scale this small beside the largest cannot be divided by. */
        private static final double TINY = 1e-4;

        private final Graph graph;
        private final LinearInference inference;
        private final Frames frames;
        private final Map<Integer, List<LinearFold>> folds = new HashMap<>();
        private final List<Finding> findings = new ArrayList<>();

        Builder(Graph graph, LinearInference inference) {
            this.graph = graph;
            this.inference = inference;
            this.frames = inference.frames();
        }

        List<LinearSpace> build() {
            foldNorms();
            Map<Integer, List<Met>> met = met();
            Map<Integer, List<LinearFold>> moved = new HashMap<>();
            folds.forEach((leaf, list) -> moved
                    .computeIfAbsent(frames.find(new Ref(leaf, false)).id(), k -> new ArrayList<>()).addAll(list));
            List<LinearSpace> spaces = new ArrayList<>();
            Set<String> names = new LinkedHashSet<>();
            met.forEach((leaf, places) -> group(leaf).ifPresent(group -> {
                List<Integer> dependence = dependence(leaf, places);
                int copies = dependence.stream().mapToInt(d -> frames.size(new Ref(d, false))).reduce(1,
                        (a, b) -> a * b);
                List<LinearSlot> slots = places.stream().map(m -> slot(m, dependence)).toList();
                spaces.add(new LinearSpace(spaces.size(), name(names, slots.get(0)),
                        frames.size(new Ref(leaf, false)), copies, group, slots,
                        moved.getOrDefault(leaf, List.of())));
            }));
            return spaces;
        }

        /** One place of a leaf on an axis of a parameter. */
        private record Met(String parameter, int axis, Place place) {
        }

        private Map<Integer, List<Met>> met() {
            Map<Integer, List<Met>> met = new LinkedHashMap<>();
            inference.parameterTypes().forEach((parameter, axes) -> {
                for (int axis = 0; axis < axes.size(); axis++) {
                    if (axes.get(axis).isPresent()) {
                        for (Place place : Place.on(frames, axes.get(axis).get())) {
                            met.computeIfAbsent(place.leaf().id(), k -> new ArrayList<>())
                                    .add(new Met(parameter, axis, place));
                        }
                    }
                }
            });
            return met;
        }

        /** Makes the spaces before and after a norm one where its scale folds; elsewhere neither of them is mixed. */
        private void foldNorms() {
            List<LinearInference.Fold> open = new ArrayList<>(inference.folds());
            Map<Integer, List<Met>> met = met();
            List<LinearInference.Fold> one = new ArrayList<>();
            for (LinearInference.Fold fold : inference.folds()) {
                partner(fold).filter(other -> open.contains(fold) && open.contains(other)).ifPresent(other -> {
                    folded(fold, met, List.of(scaleSlot(other.scale())));
                    open.removeAll(List.of(fold, other));
                    one.addAll(List.of(fold, other));
                });
            }
            boolean changed = true;
            while (changed) {
                changed = open.removeIf(fold -> {
                    if (foldable(fold, met)) {
                        return false;
                    }
                    if (NormScales.commutes(frames, fold.after(), scale(fold.scale()))) {
                        one.add(fold);
                    } else {
                        if (wouldMix(fold)) {
                            findings.add(NormScales.finding(fold.scale(), frames.size(fold.before())));
                        }
                        inference.end(fold.before());
                        inference.end(fold.after());
                    }
                    return true;
                });
            }
            open.forEach(fold -> folded(fold, met, List.of()));
            one.addAll(open);
            one.forEach(fold -> frames.unify(fold.before(), fold.after()));
        }

        private void folded(LinearInference.Fold fold, Map<Integer, List<Met>> met, List<LinearSlot> more) {
            int after = frames.find(fold.after()).id();
            boolean opposite = frames.find(fold.after()).dual();
            List<LinearSlot> slots = new ArrayList<>(more);
            met.getOrDefault(after, List.of()).stream().map(m -> slot(m, List.of()))
                    .forEach(s -> slots.add(opposite ? turned(s) : s));
            LinearFold folded = new LinearFold(fold.scale(), slots);
            frames.leaves(fold.before()).stream().map(Ref::id).distinct()
                    .forEach(leaf -> folds.computeIfAbsent(leaf, k -> new ArrayList<>()).add(folded));
        }

        /**
         * The norm whose result is summed against this norm's, as keys against queries, where the two scales can become one
         * number: the first folds into the second.
         */
        private Optional<LinearInference.Fold> partner(LinearInference.Fold fold) {
            List<Ref> after = frames.leaves(fold.after());
            List<LinearInference.Fold> here = inference.folds().stream().filter(f -> frames.leaves(f.after()).stream()
                    .anyMatch(l -> l.id() == after.get(0).id())).toList();
            if (after.size() != 1 || frames.caps(after.get(0)) != 0 || here.size() != 2 || uses(fold.scale()) != 1) {
                return Optional.empty();
            }
            LinearInference.Fold other = here.get(here.get(0) == fold ? 1 : 0);
            boolean summed = frames.find(other.after()).equals(after.get(0).opposite());
            return summed && uses(other.scale()) == 1
                    && NormScales.oneProduct(scale(fold.scale()), scale(other.scale())) ? Optional.of(other)
                            : Optional.empty();
        }

        private LinearSlot scaleSlot(String scale) {
            int[] coordinate = new int[scale(scale).length];
            Arrays.setAll(coordinate, i -> i);
            int axis = graph.parameter(scale).map(TensorData::rank).orElse(1) - 1;
            return new LinearSlot(scale, axis, true, coordinate, new int[coordinate.length], List.of(),
                    new int[coordinate.length]);
        }

        private double[] scale(String name) {
            return graph.parameter(name).map(TensorData::toDoubles).orElse(new double[0]);
        }

        /** Whether nothing but the scale keeps what lies before and after a norm from being mixed. */
        private boolean wouldMix(LinearInference.Fold fold) {
            return frames.leaves(fold.before()).stream().allMatch(b -> frames.leaves(fold.after()).stream()
                    .anyMatch(a -> group(frames.caps(a) | frames.caps(b), frames.size(a)).isPresent()));
        }

        private static LinearSlot turned(LinearSlot slot) {
            return new LinearSlot(slot.parameter(), slot.axis(), !slot.dual(), slot.coordinate(), slot.copy(),
                    slot.along(), slot.row());
        }

        private boolean foldable(LinearInference.Fold fold, Map<Integer, List<Met>> met) {
            List<Ref> before = frames.leaves(fold.before());
            List<Ref> after = frames.leaves(fold.after());
            if (!frames.isSum(fold.before()) || after.size() != 1
                    || before.stream().anyMatch(b -> group(b.id()).isEmpty() || b.id() == after.get(0).id())
                    || frames.caps(after.get(0)) != 0) {
                return false;
            }
            long here = inference.folds().stream().filter(
                    f -> f.scale().equals(fold.scale())
                            || frames.leaves(f.after()).stream().anyMatch(l -> l.id() == after.get(0).id()))
                    .count();
            double[] scale = graph.parameter(fold.scale()).map(TensorData::toDoubles).orElse(new double[0]);
            double largest = Arrays.stream(scale).map(Math::abs).max().orElse(0);
            return here == 1 && uses(fold.scale()) == 1 && scale.length == frames.size(fold.after())
                    && Arrays.stream(scale).allMatch(s -> Math.abs(s) > TINY * largest)
                    && met.getOrDefault(after.get(0).id(), List.of()).stream()
                            .allMatch(m -> graph.parameters().containsKey(m.parameter()));
        }

        /** How often a parameter is read, or shown; a scale that becomes 1 must be seen by its norm alone. */
        private long uses(String parameter) {
            return graph.nodes().stream().flatMap(n -> java.util.stream.Stream.concat(n.inputs().stream(),
                    n.attributes().values().stream().flatMap(a -> a instanceof Attribute.Subgraph inner
                            ? inner.captured().stream()
                            : java.util.stream.Stream.empty())))
                    .filter(parameter::equals).count()
                    + graph.outputs().stream().filter(o -> o.name().equals(parameter)).count();
        }

        private Optional<Group> group(int leaf) {
            return group(frames.caps(new Ref(leaf, false)), frames.size(new Ref(leaf, false)));
        }

        private static Optional<Group> group(int caps, int size) {
            boolean isometry = (caps & Frames.ISOMETRY) != 0;
            boolean ones = (caps & Frames.ONES) != 0;
            boolean complex = (caps & Frames.COMPLEX) != 0;
            if ((caps & Frames.BASIS) != 0 || complex && (size != 2 || ones) || isometry && size == 1
                    || ones && size <= 2) {
                return Optional.empty();
            }
            return Optional.of(complex ? isometry ? new Group.Rotation() : new Group.RotationScaling()
                    : ones ? new Group.OrthogonalFixingOnes()
                            : isometry ? new Group.Orthogonal() : new Group.General());
        }

        /** Positions beside a leaf: on its own axis of the parameter, or along another. */
        private record Beside(int leaf, int axis, int[] index) {
        }

        /** The positions beside a leaf, without those that lie there twice. */
        private List<Beside> besides(Met m) {
            List<Beside> all = new ArrayList<>();
            for (int k = 0; k < m.place().beside().size(); k++) {
                all.add(new Beside(frames.find(m.place().beside().get(k)).id(), m.axis(),
                        m.place().besideIndex().get(k)));
            }
            List<Optional<Ref>> axes = inference.type(m.parameter());
            for (int axis = 0; axis < axes.size(); axis++) {
                if (axis != m.axis() && axes.get(axis).isPresent()) {
                    for (Place place : Place.on(frames, axes.get(axis).get())) {
                        if (Arrays.stream(place.coordinate()).allMatch(c -> c >= 0)) {
                            all.add(new Beside(frames.find(place.leaf()).id(), axis, place.coordinate()));
                        }
                    }
                }
            }
            return all.stream().filter(b -> all.stream().filter(o -> o.leaf() == b.leaf()).count() == 1)
                    .filter(b -> (frames.caps(new Ref(b.leaf(), false)) & Frames.BASIS) != 0).toList();
        }

        /** The leaves of positions on which the maps of a leaf may depend: they are beside it wherever it is. */
        private List<Integer> dependence(int leaf, List<Met> places) {
            Set<Integer> common = new LinkedHashSet<>();
            besides(places.get(0)).forEach(b -> common.add(b.leaf()));
            for (Met m : places) {
                common.retainAll(besides(m).stream().map(Beside::leaf).toList());
            }
            common.removeIf(b -> !frames.mayDependOn(new Ref(leaf, false), new Ref(b, false)));
            return List.copyOf(common);
        }

        private LinearSlot slot(Met m, List<Integer> dependence) {
            int[] coordinate = m.place().coordinate();
            int[] copy = new int[coordinate.length];
            List<LinearSlot.Along> along = new ArrayList<>();
            List<Beside> besides = dependence.isEmpty() ? List.of() : besides(m);
            int stride = 1;
            for (int d : dependence.reversed()) {
                int each = stride;
                Beside beside = besides.stream().filter(b -> b.leaf() == d).findFirst().orElseThrow();
                int[] added = Arrays.stream(beside.index()).map(i -> Math.max(i, 0) * each).toArray();
                if (beside.axis() == m.axis()) {
                    Arrays.setAll(copy, i -> copy[i] + added[i]);
                } else {
                    along.add(new LinearSlot.Along(beside.axis(), added));
                }
                stride *= frames.size(new Ref(d, false));
            }
            Map<Long, Integer> seen = new HashMap<>();
            int[] row = new int[coordinate.length];
            for (int i = 0; i < row.length; i++) {
                row[i] = coordinate[i] < 0 ? 0
                        : seen.merge(((long) copy[i] << 32) | coordinate[i], 1, Integer::sum) - 1;
            }
            return new LinearSlot(m.parameter(), m.axis(), m.place().leaf().dual(), coordinate, copy, along, row);
        }

        private String name(Set<String> taken, LinearSlot slot) {
            String base = Names.of(slot.parameter(), inference.firstUse(slot.parameter()));
            String name = base;
            for (int k = 2; !taken.add(name); k++) {
                name = base + "#" + k;
            }
            return name;
        }
    }
}
