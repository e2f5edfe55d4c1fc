package dev.orbifold.certificate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Directions of one weight that nothing notices on the data: p ⊗ q where no reader sees p, or no data excites q (theory, 7).
 */
final class LocalTangents {
    /** A combination of inputs, each scaled to unit length over the data, is never excited below this share of the largest. */
    private static final double SILENT = 1e-10;
    /** Units of wider layers are asked one by one only if they are active on fewer samples than twice their inputs. */
    private static final int NARROW = 256;

    private final Theta theta;
    private final Site site;
    private final int group;
    private final int ins;
    private final double[][] read;
    private final double[][] cotangents;

    final List<double[]> dead = new ArrayList<>();
    final List<double[]> unexcited = new ArrayList<>();
    final List<double[]> unread = new ArrayList<>();

    /**
     * Looks at one Site.
     *
     * @param inner whether what is read depends on parameters, so that silence means a dead unit
     */
    LocalTangents(Theta theta, Site site, int group, Reading reading, boolean inner) {
        this.theta = theta;
        this.site = site;
        this.group = group;
        try (PointerScope scope = new PointerScope()) {
            ins = (int) reading.read().size(1);
            read = Algebra.columns(reading.read());
            cotangents = reading.cotangents().isEmpty() ? new double[site.outs()][0]
                    : Algebra.columns(Algebra.below(reading.cotangents().toArray(new Tensor[0])));
            BitSet off = zero(cotangents);
            BitSet silent = zero(read);
            off.stream().forEach(o -> all(o, dead));
            for (int i = silent.nextSetBit(0); i >= 0; i = silent.nextSetBit(i + 1)) {
                for (int o = 0; o < site.outs(); o++) {
                    (inner ? dead : unexcited).add(entry(o, i));
                }
            }
            unexcited(off);
            unread(off);
        }
    }

    private static BitSet zero(double[][] columns) {
        BitSet zero = new BitSet();
        for (int c = 0; c < columns.length; c++) {
            zero.set(c, columns[c].length > 0 && Arrays.stream(columns[c]).allMatch(x -> x == 0));
        }
        return zero;
    }

    private void unexcited(BitSet off) {
        List<double[]> always = silentCombinations(read);
        int samples = read[0].length;
        for (int o = 0; o < site.outs(); o++) {
            if (off.get(o)) {
                continue;
            }
            BitSet active = new BitSet();
            for (int row = 0; row < cotangents[o].length; row++) {
                if (cotangents[o][row] != 0) {
                    active.set(row % samples);
                }
            }
            boolean everywhere = active.isEmpty() || active.cardinality() == samples
                    || ins > NARROW && active.cardinality() > 2 * ins;
            for (double[] q : everywhere ? always : silentCombinations(rows(active))) {
                unexcited.add(outer(o, q));
            }
        }
    }

    private double[][] rows(BitSet active) {
        int[] rows = active.stream().toArray();
        double[][] some = new double[ins][];
        for (int i = 0; i < ins; i++) {
            double[] all = read[i];
            some[i] = Arrays.stream(rows).mapToDouble(r -> all[r]).toArray();
        }
        return some;
    }

    /** Combinations of columns that vanish; columns are scaled to unit length first. */
    private static List<double[]> silentCombinations(double[][] columns) {
        double[] lengths = new double[columns.length];
        double[][] scaled = new double[columns.length][];
        for (int c = 0; c < columns.length; c++) {
            double length = Math.sqrt(Arrays.stream(columns[c]).map(x -> x * x).sum());
            lengths[c] = length;
            scaled[c] = length == 0 ? columns[c] : Arrays.stream(columns[c]).map(x -> x / length).toArray();
        }
        List<double[]> found = new ArrayList<>();
        try (PointerScope scope = new PointerScope()) {
            Tensor matrix = Algebra.columns(List.of(scaled), scaled[0].length).contiguous();
            Tensor zero = Algebra.nullSpace(matrix, SILENT * Math.sqrt(columns.length));
            for (double[] q : Algebra.columns(zero)) {
                double[] direction = new double[q.length];
                for (int c = 0; c < q.length; c++) {
                    direction[c] = lengths[c] == 0 ? q[c] : q[c] / lengths[c];
                }
                found.add(direction);
            }
        }
        return found;
    }

    private void unread(BitSet off) {
        int[] on = IntStream.range(0, site.outs()).filter(o -> !off.get(o)).toArray();
        if (on.length == 0 || cotangents[0].length == 0) {
            return;
        }
        double[][] live = new double[on.length][];
        for (int k = 0; k < on.length; k++) {
            live[k] = cotangents[on[k]];
        }
        for (double[] p : silentCombinations(live)) {
            for (int i = 0; i < ins; i++) {
                double[] column = theta.zero();
                for (int k = 0; k < on.length; k++) {
                    column[place(on[k], i)] += p[k];
                }
                unread.add(column);
            }
        }
    }

    private int place(int out, int in) {
        return site.place(theta, group, out, in);
    }

    private double[] entry(int out, int in) {
        double[] column = theta.zero();
        column[place(out, in)] = 1;
        return column;
    }

    private double[] outer(int out, double[] q) {
        double[] column = theta.zero();
        for (int i = 0; i < ins; i++) {
            column[place(out, i)] = q[i];
        }
        return column;
    }

    private void all(int out, List<double[]> to) {
        for (int i = 0; i < ins; i++) {
            to.add(entry(out, i));
        }
    }
}
