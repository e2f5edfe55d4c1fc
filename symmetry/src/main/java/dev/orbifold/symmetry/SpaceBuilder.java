package dev.orbifold.symmetry;

import dev.orbifold.graph.Finding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Makes Spaces, Slots and axis types of an Inference that has run. */
final class SpaceBuilder {
    private final Inference inference;
    private final Coordinates coordinates;
    private final Units units;
    private final int[] spaceOf;
    private final int[] unitOf;
    private final List<List<Integer>> members = new ArrayList<>();
    private final Map<Integer, String> kept = new HashMap<>();
    private final Set<String> names = new HashSet<>();

    SpaceBuilder(Inference inference) {
        this.inference = inference;
        this.coordinates = inference.coordinates();
        this.units = new Units(coordinates);
        this.spaceOf = new int[coordinates.count()];
        this.unitOf = new int[coordinates.count()];
        Arrays.fill(spaceOf, -1);
        Arrays.fill(unitOf, -1);
    }

    /** The result. */
    Symmetries build() {
        BitSet written = new BitSet();
        for (Typed type : inference.parameterTypes().values()) {
            for (Part part : type.parts()) {
                for (int node : part.node()) {
                    if (coordinates.role(node) == Slot.Role.WRITES) {
                        written.set(units.root(node));
                    }
                }
            }
        }
        for (List<Integer> roots : units.exchangeable()) {
            if (roots.size() > 1 && written.get(roots.get(0))) {
                for (int u = 0; u < roots.size(); u++) {
                    spaceOf[roots.get(u)] = members.size();
                    unitOf[roots.get(u)] = u;
                }
                members.add(roots);
            }
        }
        new TreeMap<>(coordinates.keeps()).forEach((node, reason) -> keep(node, reason));
        Map<String, List<Optional<AxisType>>> axes = new LinkedHashMap<>();
        inference.types().forEach((value, type) -> axes.put(value, axes(value, type)));
        List<List<SlotNodes>> slots = slots();
        ScaleSystem[] systems = systems();
        Centres centres = Centres.restrict(inference, units, n -> spaceOf[units.root(n)],
                n -> unitOf[units.root(n)], systems);
        List<Space> spaces = new ArrayList<>();
        List<Scaling> scalings = new ArrayList<>();
        for (int s = 0; s < members.size(); s++) {
            List<SlotNodes> here = slots.get(s);
            List<Scaling> own = Scalings.of(s, systems[s], here.stream().map(SlotNodes::ranks).toList(),
                    here.stream().map(x -> x.slot().role() == Slot.Role.READS).toList(), centres.turning(s));
            Optional<Scaling> primary = own.stream().filter(x -> reads(here, x)).findFirst();
            scalings.addAll(own);
            Group group = primary.<Group>map(p -> new Group.Monomial(p.diagonal())).orElse(new Group.Permutation());
            spaces.add(new Space(s, name(here), members.get(s).size(), group, withExponents(here, primary),
                    Optional.ofNullable(kept.get(s))));
        }
        List<Finding> findings = new ArrayList<>(inference.findings());
        findings.addAll(centres.findings());
        findings.addAll(unmoved(written));
        return new Symmetries(inference.graph(), inference.shapes(), spaces, Collections.unmodifiableMap(axes),
                scalings,
                findings);
    }

    /** A Slot whose exponent is not known yet, and which coordinate of the unit each of its legs is. */
    private record SlotNodes(Slot slot, int[] ranks, boolean contraction) {
    }

    private void keep(int node, String reason) {
        int space = spaceOf[units.root(node)];
        if (space >= 0) {
            kept.putIfAbsent(space, reason);
        }
    }

    private List<List<SlotNodes>> slots() {
        List<List<SlotNodes>> slots = new ArrayList<>();
        members.forEach(m -> slots.add(new ArrayList<>()));
        inference.parameterTypes().forEach((parameter, type) -> {
            for (Part part : type.parts()) {
                int[] nodes = part.node();
                int[] space = Arrays.stream(nodes).map(n -> spaceOf[units.root(n)]).toArray();
                for (int s : Arrays.stream(space).filter(x -> x >= 0).distinct().toArray()) {
                    slots.get(s).add(slot(parameter, part.axes()[0], nodes, space, s));
                }
            }
        });
        return slots;
    }

    private SlotNodes slot(String parameter, int axis, int[] nodes, int[] space, int s) {
        int[] ranks = java.util.stream.IntStream.range(0, nodes.length).filter(i -> space[i] == s)
                .map(i -> units.rank(nodes[i])).sorted().distinct().toArray();
        int[] unit = new int[nodes.length];
        int[] leg = new int[nodes.length];
        int model = -1;
        for (int i = 0; i < nodes.length; i++) {
            boolean here = space[i] == s;
            unit[i] = here ? unitOf[units.root(nodes[i])] : -1;
            leg[i] = here ? Arrays.binarySearch(ranks, units.rank(nodes[i])) : 0;
            model = here && model < 0 ? nodes[i] : model;
        }
        Slot slot = new Slot(parameter, axis, coordinates.role(model), unit, leg, 0);
        return new SlotNodes(slot, ranks, coordinates.contracted(model));
    }

    private ScaleSystem[] systems() {
        ScaleSystem[] systems = new ScaleSystem[members.size()];
        BitSet contracted = new BitSet();
        for (int node = 0; node < coordinates.count(); node++) {
            contracted.set(node, coordinates.contracted(node));
        }
        BitSet[] free = new BitSet[members.size()];
        for (int node = 0; node < coordinates.count(); node++) {
            int root = units.root(node);
            int s = spaceOf[root];
            if (s >= 0 && members.get(s).get(0) == root) {
                free[s] = free[s] == null ? new BitSet() : free[s];
                free[s].set(units.rank(node), contracted.get(node));
            }
        }
        for (int s = 0; s < systems.length; s++) {
            systems[s] = new ScaleSystem(units.size(members.get(s).get(0)), free[s]);
        }
        for (Site site : coordinates.sites()) {
            Elements first = site.rows().get(0);
            for (int i = 0; i < first.size() && !site.scales().isEmpty(); i++) {
                int root = first.node()[i] < 0 ? -1 : units.root(first.node()[i]);
                int s = root < 0 ? -1 : spaceOf[root];
                if (s >= 0 && members.get(s).get(0) == root) {
                    int[] ranks = new int[site.rows().size()];
                    for (int r = 0; r < ranks.length; r++) {
                        ranks[r] = units.rank(site.rows().get(r).node()[i]);
                    }
                    site.scales().forEach(scales -> systems[s].add(ranks, scales));
                }
            }
        }
        return systems;
    }

    private static boolean reads(List<SlotNodes> slots, Scaling scaling) {
        for (int i = 0; i < slots.size(); i++) {
            if (slots.get(i).slot().role() == Slot.Role.READS
                    && Arrays.stream(scaling.powers().get(i)).anyMatch(p -> p != 0)) {
                return true;
            }
        }
        return false;
    }

    private static List<Slot> withExponents(List<SlotNodes> slots, Optional<Scaling> primary) {
        List<Slot> result = new ArrayList<>();
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i).slot();
            double exponent = 0;
            if (primary.isPresent()) {
                double[] powers = primary.get().powers().get(i);
                boolean alike = Arrays.stream(powers).allMatch(p -> p == powers[0]);
                exponent = alike ? powers[0] : 0;
            }
            result.add(new Slot(slot.parameter(), slot.axis(), slot.role(), slot.unit(), slot.leg(), exponent));
        }
        return result;
    }

    private String name(List<SlotNodes> slots) {
        SlotNodes first = slots.stream().filter(s -> s.slot().role() == Slot.Role.WRITES && s.contraction()).findFirst()
                .or(() -> slots.stream().filter(s -> s.slot().role() == Slot.Role.WRITES).findFirst())
                .orElse(slots.get(0));
        String base = Names.of(first.slot().parameter(), inference.firstUse(first.slot().parameter()));
        String name = base;
        for (int k = 2; !names.add(name); k++) {
            name = base + "/" + k;
        }
        return name;
    }

    private List<Optional<AxisType>> axes(String value, Typed type) {
        List<Optional<AxisType>> axes =
                new ArrayList<>(Collections.nCopies(Math.max(type.rank(), 0), Optional.empty()));
        for (Part part : type.parts()) {
            boolean any = Arrays.stream(part.node()).anyMatch(n -> n >= 0 && spaceOf[units.root(n)] >= 0);
            if (!any) {
                continue;
            }
            int along = -1;
            for (int i = 0; i < part.axes().length && along < 0; i++) {
                along = blocksAlong(part, i) ? i : -1;
            }
            if (along >= 0) {
                axes.set(part.axes()[along], Optional.of(axis(part, along)));
            } else {
                for (int node : part.node()) {
                    if (node >= 0) {
                        keep(node, "the value " + value + " interleaves its units over several axes");
                    }
                }
            }
        }
        return axes;
    }

    private boolean blocksAlong(Part part, int i) {
        if (!part.joint()) {
            return true;
        }
        int[] unit = new int[part.sizes()[i]];
        Arrays.fill(unit, -2);
        int stride = part.stride(i);
        for (int p = 0; p < part.node().length; p++) {
            int at = p / stride % unit.length;
            int root = part.node()[p] < 0 ? -1 : units.root(part.node()[p]);
            if (unit[at] == -2) {
                unit[at] = root;
            } else if (unit[at] != root) {
                return false;
            }
        }
        return true;
    }

    private AxisType axis(Part part, int i) {
        int size = part.sizes()[i];
        int stride = part.stride(i);
        int[] space = new int[size];
        int[] unit = new int[size];
        int[] leg = new int[size];
        long[] key = new long[size];
        boolean alike = true;
        for (int at = 0; at < size; at++) {
            int node = part.node()[at * stride];
            int s = node < 0 ? -1 : spaceOf[units.root(node)];
            space[at] = s;
            unit[at] = s < 0 ? -1 : unitOf[units.root(node)];
            key[at] = s < 0 ? -1 : ((long) units.rank(node) << 32) | part.leg()[at * stride];
            alike &= s < 0 || at == 0 || s == space[at - 1] && key[at] == key[at - 1];
        }
        if (alike) {
            return new AxisType(space, unit, leg);
        }
        Map<Integer, TreeMap<Long, Integer>> legs = new HashMap<>();
        for (int turn = 0; turn < 2; turn++) {
            for (int at = 0; at < size; at++) {
                if (space[at] >= 0) {
                    TreeMap<Long, Integer> known = legs.computeIfAbsent(space[at], x -> new TreeMap<>());
                    leg[at] = turn == 0 ? 0 : known.getOrDefault(key[at], 0);
                    known.putIfAbsent(key[at], 0);
                }
            }
            for (TreeMap<Long, Integer> known : legs.values()) {
                int next = 0;
                for (Map.Entry<Long, Integer> entry : known.entrySet()) {
                    entry.setValue(next++);
                }
            }
        }
        return new AxisType(space, unit, leg);
    }

    /** Units of weights that no Space holds: without a partner, or fixed by something else than a graph output. */
    private List<Finding> unmoved(BitSet written) {
        List<Finding> findings = new ArrayList<>();
        inference.parameterTypes().forEach((parameter, type) -> {
            for (Part part : type.parts()) {
                int[] roots = Arrays.stream(part.node())
                        .filter(n -> coordinates.role(n) == Slot.Role.WRITES && coordinates.contracted(n))
                        .map(units::root).filter(r -> spaceOf[r] < 0 && written.get(r)).distinct().toArray();
                String where = " of the units along axis " + part.axes()[0] + " of " + parameter;
                long single = Arrays.stream(roots).filter(r -> !units.fixed(r)).count();
                if (single > 0) {
                    findings.add(new Finding(Finding.Severity.INFO, "units-without-partner", parameter,
                            single + where + " can be exchanged with no other and are kept as they are"));
                }
                long fixed = Arrays.stream(roots).filter(r -> units.fixed(r) && !shown(r)).count();
                if (fixed > 0) {
                    String reason = units.reason(
                            Arrays.stream(roots).filter(r -> units.fixed(r) && !shown(r)).findFirst().orElseThrow());
                    findings.add(new Finding(Finding.Severity.INFO, "units-fixed", parameter,
                            fixed + where + " are kept as they are: " + reason));
                }
            }
        });
        return findings;
    }

    private boolean shown(int root) {
        return units.reason(root).startsWith(Inference.SHOWN);
    }
}
