package dev.orbifold.constraint;

import dev.orbifold.constraint.Forms.Form;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Conditions on the units of Spaces: on everything that writes them, in every Parameter. */
final class OnSpaces {
    private final Symmetries symmetries;
    private final Named named;
    private final OnParameters entries;

    OnSpaces(Symmetries symmetries, Named named, OnParameters entries) {
        this.symmetries = symmetries;
        this.named = named;
        this.entries = entries;
    }

    private List<Space> chosen(List<String> globs) {
        List<Space> chosen = symmetries.spaces().stream().filter(s -> s.shrinkable() && s.dimension() > 1)
                .filter(s -> globs.stream().anyMatch(g -> WeightAxes.fits(g, s.name()))).toList();
        if (chosen.isEmpty()) {
            throw new ConstraintException(globs + " fits no Space that can shrink; there are "
                    + symmetries.spaces().stream().filter(Space::shrinkable).map(Space::name).toList());
        }
        return chosen;
    }

    /** Per entry of all Parameters that write the Spaces, what the gate layout puts on it. */
    Form units(Constraint constraint, List<String> globs) {
        GateLayout layout = layout(chosen(globs));
        List<String> names = layout.gated().stream().map(GateLayout.GatedAxis::parameter).distinct().toList();
        Form form = entries.grouped(constraint, names, spread(layout, names));
        return new Form(form.name(), form.parameters(), form.chart(), form.scheme(), 0,
                Arrays.stream(layout.widths()).boxed().toList());
    }

    private GateLayout layout(List<Space> spaces) {
        return GateLayout.of(symmetries, s -> spaces.stream().anyMatch(c -> c.id() == s.id()));
    }

    private int[] spread(GateLayout layout, List<String> names) {
        int[] group = new int[Math.toIntExact(named.entries(names))];
        Arrays.fill(group, -1);
        for (GateLayout.GatedAxis axis : layout.gated()) {
            int from = Math.toIntExact(named.entries(names.subList(0, names.indexOf(axis.parameter()))));
            long[] dims = named.data(axis.parameter()).dims();
            int inner = 1;
            for (int a = axis.axis() + 1; a < dims.length; a++) {
                inner *= (int) dims[a];
            }
            int n = axis.gate().length;
            int all = Math.toIntExact(named.data(axis.parameter()).elements());
            for (int i = 0; i < all; i++) {
                int gate = axis.gate()[i / inner % n];
                if (gate < layout.size()) {
                    if (group[from + i] >= 0) {
                        throw new ConstraintException(axis.parameter() + " writes units of two Spaces at once;"
                                + " constrain one of them");
                    }
                    group[from + i] = gate;
                }
            }
        }
        return group;
    }

    /**
     * Entry k of unit 2i and entry k of unit 2i + 1 are a class, in everything that writes the Spaces.
     *
     * @throws ConstraintException if a batch normalisation is among the writers: its running statistics are no weights
     */
    Form clones(Constraint constraint, List<String> globs, double share) {
        List<Space> spaces = chosen(globs);
        for (Space space : spaces) {
            Set<String> normed = named.normed();
            space.slots().stream().filter(s -> s.role() == Slot.Role.WRITES && normed.contains(s.parameter()))
                    .findFirst()
                    .ifPresent(s -> {
                        throw new ConstraintException("the units of Space " + space.name()
                                + " pass a batch normalisation ("
                                + s.parameter() + "), whose running statistics no constraint can tie; fold it into the"
                                + " weights before, or tie the weights by 'parameters'");
                    });
        }
        GateLayout layout = layout(spaces);
        List<String> names = layout.gated().stream().map(GateLayout.GatedAxis::parameter).distinct().toList();
        int[] unit = spread(layout, names);
        int[] seen = new int[layout.size()];
        int[] size = new int[layout.size()];
        Arrays.stream(unit).filter(u -> u >= 0).forEach(u -> size[u]++);
        List<int[]> pairs = new ArrayList<>();
        for (int s = 0; s < layout.spaces().size(); s++) {
            int paired = (int) Math.floor(share * layout.spaces().get(s).dimension() / 2 + 1e-9);
            for (int p = 0; p < paired; p++) {
                int first = layout.offsets()[s] + 2 * p;
                pairs.add(new int[] {first, first + 1});
            }
        }
        if (pairs.isEmpty()) {
            throw new ConstraintException("a share of " + share + " pairs no two units");
        }
        int[] classOf = new int[unit.length];
        Arrays.fill(classOf, -1);
        int[] from = new int[layout.size()];
        int next = 0;
        for (int[] pair : pairs) {
            if (size[pair[0]] != size[pair[1]]) {
                throw new ConstraintException("two units of one Space are written by different numbers of weights");
            }
            from[pair[0]] = next;
            from[pair[1]] = next;
            next += size[pair[0]];
        }
        boolean[] tied = new boolean[layout.size()];
        pairs.forEach(p -> {
            tied[p[0]] = true;
            tied[p[1]] = true;
        });
        for (int i = 0; i < unit.length; i++) {
            if (unit[i] >= 0 && tied[unit[i]]) {
                classOf[i] = from[unit[i]] + seen[unit[i]]++;
            }
        }
        return entries.tied(constraint, names, classOf);
    }
}
