package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A Constraint held without factors, by a {@link Rival}: the weights themselves are trained, cells that are cut stay
 * exactly zero. Single entries of all its Forms compete with each other, units within their Space.
 */
public final class Pruned {
    /** Of each Form, or of each Space's units, this many cells stay, so that no layer is cut through. */
    private static final int LEAST = 1;

    /**
     * When a share of cells is cut.
     *
     * @param zero the share, above 0, at most 1
     * @param begin the step at which the first cells go; only {@link Rival#MAGNITUDE} cuts before the end
     * @param end the step at which the share is reached
     * @param every how many steps between two cuts
     */
    public record Cut(double zero, long begin, long end, int every) {
        /** The share that is gone at a step: z(1 − (1 − t)³). */
        double share(long step) {
            double t = end <= begin ? 1 : Math.clamp((step - begin) / (double) (end - begin), 0, 1);
            return zero * (1 - Math.pow(1 - t, 3));
        }
    }

    private record Site(Forms.Form form, Region region, Groups groups, Tensor alive, Tensor scale) {
    }

    private record Cell(float[] alive, int index, float size) {
    }

    private final Rival rival;
    private final FlatWeights weights;
    private final Cut cut;
    private final List<Site> sites = new ArrayList<>();
    private boolean frozen;

    /**
     * Puts cells in their place.
     *
     * @param forms what the Constraint asks for; their tensors, and those of this, belong to the caller's pointer scope
     * @param cut when cells are cut; not looked at by {@link Rival#PROXIMAL}
     * @throws ConstraintException if a Form's cells are not sets of entries, or a unit to be slimmed has no scale
     */
    public Pruned(Rival rival, Graph graph, FlatWeights weights, List<Forms.Form> forms, Cut cut, Device device) {
        this.rival = rival;
        this.weights = weights;
        this.cut = cut;
        Set<String> scales = graph.nodes().stream().filter(n -> n.opType().equals("BatchNormalization"))
                .map(n -> n.input(1)).collect(Collectors.toSet());
        for (Forms.Form form : forms) {
            Groups groups = Groups.of(form.scheme()).filter(
                    g -> form.chart() instanceof Whole || form.chart() instanceof Chosen
                            || form.chart() instanceof Turned)
                    .orElseThrow(() -> new ConstraintException("constraint " + form.name() + ": " + rival.word()
                            + " takes single entries or groups of entries to zero, nothing else"));
            Region region = Region.of(weights, form.parameters());
            float[] alive = new float[Math.toIntExact(groups.count())];
            Arrays.fill(alive, 1);
            Tensor scale = form.chart().coordinates(marked(region, scales, device));
            if (rival == Rival.SLIMMING && groups.total(scale).min().item_double() < 1) {
                throw new ConstraintException("constraint " + form.name()
                        + ": slimming looks at the scales of batch normalisations, and not every unit has one behind it");
            }
            sites.add(new Site(form, region, groups, Tensors.of(device, alive, alive.length), scale));
        }
    }

    /** Per entry 1 where it is a scale of a batch normalisation, else 0. */
    private static Tensor marked(Region region, Set<String> scales, Device device) {
        float[] marks = new float[Math.toIntExact(region.entries())];
        int at = 0;
        for (FlatWeights.Place place : region.places()) {
            int n = Math.toIntExact(place.elements());
            if (scales.contains(place.name())) {
                Arrays.fill(marks, at, at + n, 1);
            }
            at += n;
        }
        return Tensors.of(device, marks, marks.length);
    }

    /** How cells go. */
    public Rival rival() {
        return rival;
    }

    /** The Parameters, in order. */
    public List<String> parameters() {
        return sites.stream().flatMap(s -> s.form().parameters().stream()).toList();
    }

    /** The number of cells. */
    public long cells() {
        return sites.stream().mapToLong(s -> s.groups().count()).sum();
    }

    /** The number of cells that are exactly zero. */
    public long closed() {
        try (PointerScope scope = new PointerScope()) {
            return sites.stream().mapToLong(s -> sizes(s).eq(Scalars.ZERO).sum().item_long()).sum();
        }
    }

    private Tensor coordinates(Site site) {
        return site.form().chart().coordinates(site.region().of(weights.values()));
    }

    private Tensor sizes(Site site) {
        Tensor z = coordinates(site);
        return site.groups().total(z.mul(z)).sqrt();
    }

    /** Before a step: adds what λ pulls with to the gradients. */
    public void pull(long step, double lambda) {
        if (rival == Rival.PROXIMAL || !rival.pulls() || lambda == 0 || step >= cut.end()) {
            return;
        }
        try (PointerScope scope = new PointerScope()) {
            for (Site site : sites) {
                Tensor z = coordinates(site);
                Tensor pull;
                if (rival == Rival.SLIMMING) {
                    pull = z.sign().mul(site.scale());
                } else {
                    Tensor size = sizes(site);
                    pull = z.div(site.groups().spread(size.masked_fill(size.eq(Scalars.ZERO), Scalars.ONE)));
                }
                Tensor gradient = site.region().of(weights.gradients());
                Tensor own = site.form().chart().coordinates(gradient).add(pull, new Scalar(lambda));
                site.region().write(site.form().chart().join(own, site.form().chart().rest(gradient)),
                        weights.gradients());
            }
        }
    }

    /**
     * After a step: cells shrink, or are cut, and what was cut stays zero.
     *
     * @param rate how far a constant gradient of 1 moves a weight per step in the long run: η/(1 − μ) with momentum μ, so
     *        that proximal steps have their fixed point where the penalty λ puts it
     */
    public void after(long step, double rate, double lambda) {
        try (PointerScope scope = new PointerScope()) {
            if (rival == Rival.PROXIMAL) {
                shrink(rate * lambda);
                return;
            }
            boolean choosing = rival == Rival.MAGNITUDE
                    ? step == cut.end() || step >= cut.begin() && step < cut.end() && step % cut.every() == 0
                    : step == cut.end();
            if (choosing) {
                choose(step >= cut.end() ? cut.zero() : cut.share(step));
                frozen = true;
            }
            if (frozen) {
                sites.forEach(s -> scale(s, s.alive()));
            }
        }
    }

    /**
     * z ← z·max(0, 1 − ηλ/‖z‖). What was zero after the last of these stays zero once λ is 0 again: the optimizer's own step,
     * which comes before, moves what has a momentum.
     */
    private void shrink(double by) {
        if (by > 0) {
            for (Site site : sites) {
                Tensor left = sizes(site).reciprocal().mul(new Scalar(-by)).add(Scalars.ONE).clamp_min(Scalars.ZERO);
                scale(site, left);
                site.alive().copy_(left.ne(Scalars.ZERO).to(site.alive().scalar_type()));
            }
            frozen = false;
            return;
        }
        if (!frozen) {
            frozen = sites.stream().anyMatch(s -> s.alive().min().item_double() == 0);
        }
        if (frozen) {
            sites.forEach(s -> scale(s, s.alive()));
        }
    }

    private void scale(Site site, Tensor perCell) {
        Tensor w = site.region().of(weights.values());
        Chart chart = site.form().chart();
        // The sum makes zeros positive.
        Tensor z = chart.coordinates(w).mul(site.groups().spread(perCell)).add(Scalars.ZERO);
        site.region().write(chart.join(z, chart.rest(w)), weights.values());
    }

    /** Cuts a share of the cells: of every pattern's block, of every family, or of all Forms together. */
    private void choose(double share) {
        List<Cell> everywhere = new ArrayList<>();
        Map<Site, float[]> left = new IdentityHashMap<>();
        for (Site site : sites) {
            float[] sizes = floats(score(site));
            float[] alive = floats(site.alive());
            List<Cell> own = new ArrayList<>();
            for (int c = 0; c < sizes.length; c++) {
                own.add(new Cell(alive, c, alive[c] == 0 ? -1 : sizes[c]));
            }
            Arrays.fill(alive, 1);
            List<Integer> competing = site.form().competing();
            int from = 0;
            for (int n : competing) {
                cut(own.subList(from, from + n), share, site.form().among() > 0 ? 0 : LEAST);
                from += n;
            }
            if (competing.isEmpty()) {
                everywhere.addAll(own);
            }
            left.put(site, alive);
        }
        cut(everywhere, share, LEAST);
        left.forEach((site, alive) -> site.alive().copy_(Tensors.of(weights.device(), alive, alive.length)));
    }

    /** Cuts the smallest ones; at least so many of each Form stay. */
    private static void cut(List<Cell> cells, double share, int least) {
        List<Cell> order = new ArrayList<>(cells);
        order.sort(Comparator.comparingDouble(Cell::size));
        int going = Aim.going(share, cells.size());
        Map<float[], Integer> stay = new IdentityHashMap<>();
        order.forEach(c -> stay.merge(c.alive(), 1, Integer::sum));
        for (Cell c : order) {
            int more = stay.getOrDefault(c.alive(), 0);
            if (going > 0 && more > least) {
                stay.put(c.alive(), more - 1);
                c.alive()[c.index()] = 0;
                going--;
            }
        }
    }

    /** What decides which cells go: the root mean square of their entries, or the size of a unit's scale. */
    private Tensor score(Site site) {
        Tensor z = coordinates(site);
        Tensor squares = z.mul(z);
        return rival == Rival.SLIMMING ? site.groups().total(squares.mul(site.scale())).sqrt()
                : site.groups().total(squares).div(site.groups().total(torch.ones_like(z))).sqrt();
    }

    private static float[] floats(Tensor tensor) {
        return Tensors.toData(tensor.to(torch.ScalarType.Float)).toFloats();
    }

    /** What a checkpoint needs: which cells are alive, and whether that is final. */
    public byte[] state() {
        try (PointerScope scope = new PointerScope()) {
            byte[] state = new byte[Math.toIntExact(cells()) + 1];
            int at = 0;
            state[at++] = (byte) (frozen ? 1 : 0);
            for (Site site : sites) {
                for (float alive : floats(site.alive())) {
                    state[at++] = (byte) alive;
                }
            }
            return state;
        }
    }

    /** Restores what {@link #state} gave. */
    public void restore(byte[] state) {
        if (state.length != cells() + 1) {
            throw new ConstraintException("a state of " + state.length + " bytes does not fit " + cells() + " cells");
        }
        frozen = state[0] != 0;
        int at = 1;
        try (PointerScope scope = new PointerScope()) {
            for (Site site : sites) {
                float[] alive = new float[Math.toIntExact(site.groups().count())];
                for (int c = 0; c < alive.length; c++) {
                    alive[c] = state[at++];
                }
                site.alive().copy_(Tensors.of(weights.device(), alive, alive.length));
            }
        }
    }
}
