package dev.orbifold.structure;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.AxisType;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * The units of a Graph that do nothing but add a constant: dead ones whose writers are exactly zero or constant, and unread
 * ones whose readers are exactly zero. Data without a judgement: whether a unit may go is the options' business.
 *
 * @param symmetries the Graph and its Spaces
 * @param silent per Space the units no reader gets anything from: they can be taken out as they are
 * @param constant per Space the units that every reader gets nothing but a constant from, which fits into its bias: they can
 *            be taken out after {@link BiasFold}
 * @param zero per Space the units all of whose writing entries are exactly zero
 * @param findings units that look dead and have to stay, and why
 */
public record DeadUnits(Symmetries symmetries, List<BitSet> silent, List<BitSet> constant, List<BitSet> zero,
        List<Finding> findings) {
    /** How a unit is read at one place; the worst place decides. */
    private enum Reading {
        UNREAD, SILENT, FOLDS, STUCK, LIVE
    }

    /** Copies the lists. */
    public DeadUnits {
        silent = List.copyOf(silent);
        constant = List.copyOf(constant);
        zero = List.copyOf(zero);
        findings = List.copyOf(findings);
    }

    /** Looks for dead units in every Space. */
    public static DeadUnits of(Symmetries symmetries) {
        return new Search(symmetries).run();
    }

    /** The units of a Space that can be taken out, silent or constant. */
    public BitSet removable(int space) {
        BitSet all = (BitSet) silent.get(space).clone();
        all.or(constant.get(space));
        return all;
    }

    /** Units that can be taken out of all Spaces together, before any option holds some back. */
    public int count() {
        int n = 0;
        for (int s = 0; s < silent.size(); s++) {
            n += removable(s).cardinality();
        }
        return n;
    }

    private static final class Search {
        private final Graph graph;
        private final Symmetries symmetries;
        private final Axes axes;
        private final Constants constants;
        private final Reading[][] worst;
        private final List<Finding> findings = new ArrayList<>();

        Search(Symmetries symmetries) {
            this.symmetries = symmetries;
            graph = symmetries.graph();
            axes = new Axes(symmetries);
            constants = Constants.of(symmetries);
            worst = new Reading[symmetries.spaces().size()][];
            for (Space space : symmetries.spaces()) {
                worst[space.id()] = new Reading[space.dimension()];
                Arrays.fill(worst[space.id()], Reading.UNREAD);
            }
        }

        DeadUnits run() {
            graph.nodes().forEach(this::read);
            List<BitSet> silent = new ArrayList<>();
            List<BitSet> constant = new ArrayList<>();
            List<BitSet> zero = new ArrayList<>();
            for (Space space : symmetries.spaces()) {
                BitSet quiet = new BitSet();
                BitSet folds = new BitSet();
                BitSet written = writtenByZeros(space);
                for (int u = 0; u < space.dimension() && space.shrinkable(); u++) {
                    quiet.set(u, worst[space.id()][u] == Reading.SILENT);
                    folds.set(u, worst[space.id()][u] == Reading.FOLDS);
                }
                silent.add(quiet);
                constant.add(folds);
                zero.add(written);
                unknown(space, written);
            }
            return new DeadUnits(symmetries, silent, constant, zero, findings);
        }

        private void unknown(Space space, BitSet written) {
            BitSet live = new BitSet();
            for (int u = 0; u < space.dimension(); u++) {
                live.set(u, worst[space.id()][u] == Reading.LIVE);
            }
            live.and(written);
            if (!live.isEmpty() && space.shrinkable()) {
                findings.add(new Finding(Finding.Severity.INFO, "constant-not-determined", space.name(),
                        live.cardinality() + " of " + space.dimension()
                                + " units are written by zeros alone, but what they carry to their readers is not known to be "
                                + "constant; they stay"));
            }
        }

        private BitSet writtenByZeros(Space space) {
            BitSet zero = new BitSet();
            zero.set(0, space.dimension());
            boolean writers = false;
            for (Slot slot : space.slots()) {
                if (slot.role() == Slot.Role.WRITES) {
                    Optional<TensorData> tensor = axes.constant(slot.parameter());
                    writers |= tensor.isPresent();
                    tensor.ifPresent(t -> clearNonZero(t, slot, zero));
                }
            }
            return writers ? zero : new BitSet();
        }

        private static void clearNonZero(TensorData tensor, Slot slot, BitSet zero) {
            Known known = Known.of(tensor);
            for (int i = 0; i < slot.unit().length; i++) {
                if (slot.unit()[i] >= 0 && known.at(slot.axis(), i) != 0) {
                    zero.clear(slot.unit()[i]);
                }
            }
        }

        private void read(Node node) {
            if (axes.constant(node.output(0)).isPresent() || node.opType().equals("Shape")
                    || node.opType().equals("Size")) {
                return;
            }
            Optional<Contraction> contraction = Contraction.of(node, axes).filter(c -> !c.isDepthwise());
            contraction.ifPresent(this::read);
            for (int i = 0; i < node.inputs().size(); i++) {
                String value = node.input(i);
                if (graph.parameters().containsKey(value) || axes.constant(value).isPresent()) {
                    continue;
                }
                for (int a = 0; a < axes.types(value).size(); a++) {
                    int axis = a;
                    boolean contracted = contraction.isPresent() && contraction.get().input() == i
                            && Math.floorMod(contraction.get().inAxis(), axes.types(value).size()) == a;
                    if (!contracted) {
                        int input = i;
                        axes.type(value, a).ifPresent(t -> passed(node, input, axis, t));
                    }
                }
            }
        }

        private void read(Contraction contraction) {
            String value = contraction.node().input(contraction.input());
            Optional<AxisType> type = axes.type(value, contraction.inAxis());
            if (type.isEmpty()) {
                return;
            }
            int[] stuck = new int[symmetries.spaces().size()];
            double[] example = new double[stuck.length];
            for (int i = 0; i < type.get().space().length; i++) {
                int space = type.get().space()[i];
                if (space < 0) {
                    continue;
                }
                double carried = constants.at(value, contraction.inAxis(), i);
                Reading reading = carried == 0 || contraction.ignores(i) ? Reading.SILENT
                        : Double.isNaN(carried) ? Reading.LIVE
                                : BiasFold.fits(contraction, axes) ? Reading.FOLDS : Reading.STUCK;
                if (reading == Reading.STUCK) {
                    stuck[space]++;
                    example[space] = carried;
                }
                worsen(space, type.get().unit()[i], reading);
            }
            for (int s = 0; s < stuck.length; s++) {
                if (stuck[s] > 0 && symmetries.spaces().get(s).shrinkable()) {
                    findings.add(new Finding(Finding.Severity.INFO, "constant-behind-padding",
                            symmetries.spaces().get(s).name(),
                            stuck[s] + " inputs of " + contraction.node().label() + " carry a constant, such as "
                                    + (float) example[s] + ", that does not fit into its bias because "
                                    + (contraction.pads() ? "it pads with zeros"
                                            : "its bias is not a vector of constants")
                                    + "; their units stay"));
                }
            }
        }

        /** A unit that ends at a node which is no contraction by constants, or passes it on its way to others. */
        private void passed(Node node, int input, int axis, AxisType type) {
            String value = node.input(input);
            EinsumLetters letters = EinsumLetters.of(node);
            boolean product = node.opType().equals("MatMul") || node.opType().equals("Einsum")
                    || node.opType().equals("Gemm") || node.opType().equals("Attention") && input < 2;
            for (int i = 0; i < type.space().length; i++) {
                int space = type.space()[i];
                if (space < 0) {
                    continue;
                }
                int unit = type.unit()[i];
                boolean goesOn = node.outputs().stream().anyMatch(out -> axes.carries(out, space));
                if (!goesOn) {
                    boolean zero = product && constants.at(value, axis, i) == 0
                            || letters.zero(letters.letter(input, axis), i, node, constants);
                    worsen(space, unit, zero ? Reading.SILENT : Reading.LIVE);
                }
            }
        }

        private void worsen(int space, int unit, Reading reading) {
            if (reading.compareTo(worst[space][unit]) > 0) {
                worst[space][unit] = reading;
            }
        }
    }
}
