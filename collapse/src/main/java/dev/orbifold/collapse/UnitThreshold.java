package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The weight decay that keeps a unit dead whose activation only commutes with positive scales, such as a ReLU. At its dead
 * state, in-weights u and out-weights w both 0, the loss has no Hessian, but to first order in small weights L = L₀ + w·c(u),
 * with c(a) = E[g·act(a·x)] homogeneous in a: x is what the unit reads, g = ∂ℓ/∂(what the unit adds to the output). Along
 * u ∝ a, w ∝ b, balanced, weights grow at the rate −b·c(a) − wd, so that the unit dies from every start where wd is
 * above the maximum of ‖c(a)‖ over ‖a‖ = 1 (theory, 1.6). That is a maximum over a cone and has local ones; each
 * unit follows its own.
 */
public final class UnitThreshold implements AutoCloseable {
    /** What units are pulled by: of all of them, or of some that have gradients of their own. */
    private final class Pulls implements UnitPulls {
        private final Tensor own;

        Pulls(Tensor own) {
            this.own = own;
        }

        @Override
        public Point at(double[][] a, double @Nullable [][] b) {
            return UnitThreshold.this.at(a, b, own);
        }

        @Override
        public UnitPulls only(int[] units) {
            return each ? new Pulls(g.index_select(0,
                    Tensors.of(Device.cpu(), Arrays.stream(units).asLongStream().toArray(), units.length))) : this;
        }
    }

    /** Of the value: what may be left of the gradient along the sphere; the value is off by the square of it. */
    static final double FLAT = 1e-7;
    static final int STEPS = 5000;
    /** The same where there are many units, or nobody asks for more digits. */
    static final double FLAT_QUICK = 1e-3;
    static final int STEPS_QUICK = 4000;
    /** Maxima whose values differ by less, relatively, and whose directions by less than {@link #ANGLE}, are one. */
    private static final double SAME = 1e-3;
    /** In 1 − cosine. */
    private static final double ANGLE = 1e-2;

    /**
     * An activation that commutes with positive scales.
     *
     * @param below its slope for negative numbers: 0 for a ReLU
     * @param above its slope for positive numbers
     */
    public record Slopes(double below, double above) {
        /** A ReLU. */
        public static final Slopes RELU = new Slopes(0, 1);
    }

    /**
     * A local maximum of −b·c(a) over unit vectors.
     *
     * @param value wd* for units that come here, 0 or below where they die without decay; in units of weight decay
     * @param input a [d]
     * @param output b [outputs]
     * @param starts how many starts came here
     */
    public record Maximum(double value, double[] input, double[] output, int starts) {
    }

    private final PointerScope scope;
    private final Slopes slopes;
    private final Tensor x;
    private final Tensor g;
    private final int width;
    private final int outputs;
    /** Whether every unit has gradients of its own: g is [units, n, outputs]. */
    private final boolean each;
    private final boolean quick;
    private int unsettled;

    private UnitThreshold(TensorData inputs, TensorData gradients, Slopes slopes, boolean quick) {
        this.slopes = slopes;
        width = (int) inputs.dim(1);
        outputs = (int) gradients.dim(gradients.rank() - 1);
        each = gradients.rank() == 3;
        this.quick = quick;
        // Extended: what is made here lives until close, whatever scope the caller is in.
        scope = new PointerScope().extend();
        try {
            x = Tensors.of(inputs, Device.cpu()).to(ScalarType.Double);
            g = Tensors.of(gradients, Device.cpu()).to(ScalarType.Double).div(new Scalar((double) inputs.dim(0)));
        } finally {
            scope.close();
        }
    }

    /**
     * The threshold for units that read and write the same.
     *
     * @param inputs x [n, d] for n samples, real; a bias is a column of ones. Kept in float64, 8·n·d bytes
     * @param gradients g [n, outputs], real: per sample, not divided by n
     * @throws CollapseException if the shapes do not fit
     */
    public static UnitThreshold of(TensorData inputs, TensorData gradients, Slopes slopes) {
        if (inputs.rank() != 2 || gradients.rank() != 2 || inputs.dim(0) != gradients.dim(0) || inputs.elements() == 0
                || gradients.elements() == 0) {
            throw new CollapseException("a unit's threshold needs inputs [n, d] and gradients [n, outputs], found "
                    + inputs.shape() + " and " + gradients.shape());
        }
        Natives.load();
        return new UnitThreshold(inputs, gradients, slopes, false);
    }

    /** The same to three digits. */
    static UnitThreshold roughly(TensorData inputs, TensorData gradients, Slopes slopes) {
        Natives.load();
        return new UnitThreshold(inputs, gradients, slopes, true);
    }

    /**
     * The thresholds of several units that read the same and have gradients of their own, as where each is taken at the point
     * of its own mirror. Units are numbered; {@link #reached} takes one start for each.
     *
     * @param inputs x [n, d]
     * @param gradients g [units, n, outputs], real: per sample, not divided by n
     * @throws CollapseException if the shapes do not fit
     */
    public static UnitThreshold ofEach(TensorData inputs, TensorData gradients, Slopes slopes) {
        if (inputs.rank() != 2 || gradients.rank() != 3 || inputs.dim(0) != gradients.dim(1) || inputs.elements() == 0
                || gradients.elements() == 0) {
            throw new CollapseException("thresholds of units need inputs [n, d] and gradients [units, n, outputs],"
                    + " found " + inputs.shape() + " and " + gradients.shape());
        }
        Natives.load();
        return new UnitThreshold(inputs, gradients, slopes, true);
    }

    /** The value −b·c(a) and its gradients at several points. Where b is not given it is −c(a)/‖c(a)‖, its best. */
    UnitPulls.Point at(double[][] a, double @Nullable [][] given) {
        return at(a, given, g);
    }

    UnitPulls pulls() {
        return new Pulls(g);
    }

    private UnitPulls.Point at(double[][] a, double @Nullable [][] given, Tensor g) {
        int s = a.length;
        try (PointerScope inner = new PointerScope()) {
            Tensor z = x.mm(matrix(a, width).t());
            Tensor slope = slope(z);
            Tensor answers = z.mul(slope).t();
            double[][] c = rows(each ? answers.unsqueeze(1).bmm(g).squeeze(1) : answers.mm(g));
            double[][] b = new double[s][];
            double[] value = new double[s];
            double[][] alongB = new double[s][];
            for (int k = 0; k < s; k++) {
                alongB[k] = c[k];
                Vectors.scale(alongB[k], -1);
                double length = Vectors.length(alongB[k]);
                b[k] = given == null ? alongB[k].clone() : given[k];
                if (given == null && length > 0) {
                    Vectors.scale(b[k], 1 / length);
                }
                value[k] = Vectors.dot(b[k], alongB[k]);
            }
            Tensor ways = matrix(b, outputs);
            Tensor along = each ? g.bmm(ways.unsqueeze(2)).squeeze(2).t() : g.mm(ways.t());
            Tensor pull = along.mul(slope).mul(new Scalar(-1.0));
            return new UnitPulls.Point(a, b, value, rows(pull.t().mm(x)), alongB);
        }
    }

    /** The slope of the activation at every number. */
    private Tensor slope(Tensor z) {
        return z.gt(new Scalar(0.0)).to(ScalarType.Double).mul(new Scalar(slopes.above() - slopes.below()))
                .add(new Scalar(slopes.below()));
    }

    private static Tensor matrix(double[][] rows, int width) {
        double[] flat = new double[rows.length * width];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(rows[r], 0, flat, r * width, width);
        }
        return Tensors.of(TensorData.of(flat, rows.length, width), Device.cpu());
    }

    private static double[][] rows(Tensor matrix) {
        double[] flat = Tensors.toData(matrix).toDoubles();
        int width = (int) matrix.size(1);
        double[][] rows = new double[(int) matrix.size(0)][];
        for (int r = 0; r < rows.length; r++) {
            rows[r] = Arrays.copyOfRange(flat, r * width, (r + 1) * width);
        }
        return rows;
    }

    /**
     * The local maxima of ‖c(a)‖, by projected gradient ascent from random starts, highest first; the first is wd*.
     *
     * @param starts how many; a maximum with a small basin may need many. Of a ridge, whose points are all as high, several
     *            are listed
     */
    public List<Maximum> maxima(int starts, Seed seed) {
        if (each) {
            throw new CollapseException("units with gradients of their own have no maxima in common");
        }
        RandomGenerator random = seed.generator();
        double[][] a = new double[starts][];
        for (int k = 0; k < starts; k++) {
            a[k] = Vectors.normal(width, random);
            Vectors.scale(a[k], 1 / Vectors.length(a[k]));
        }
        UnitPulls.Point end = risen(a, null);
        List<Maximum> found = new ArrayList<>();
        Integer[] order = new Integer[starts];
        Arrays.setAll(order, k -> k);
        Arrays.sort(order, Comparator.comparingDouble(k -> -end.value()[k]));
        for (int k : order) {
            int known = 0;
            while (known < found.size() && !same(found.get(known), end, k)) {
                known++;
            }
            if (known == found.size()) {
                found.add(new Maximum(end.value()[k], end.a()[k], end.b()[k], 1));
            } else {
                Maximum m = found.get(known);
                found.set(known, new Maximum(m.value(), m.input(), m.output(), m.starts() + 1));
            }
        }
        return found;
    }

    private static boolean same(Maximum m, UnitPulls.Point end, int k) {
        return m.value() - end.value()[k] <= SAME * Math.abs(m.value())
                && Vectors.dot(m.input(), end.a()[k]) >= 1 - ANGLE
                && Vectors.dot(m.output(), end.b()[k]) >= 1 - ANGLE;
    }

    /**
     * Where each of several units goes: the local maximum that gradient flow of small balanced weights comes to from a unit's
     * own directions. Its fate is to live where the value is above the weight decay, given that it starts small enough for
     * directions to settle first and large enough not to have died by then.
     *
     * @param inputs in-weights of each unit, [d] each, not 0
     * @param outputs out-weights of each unit, [outputs] each, not 0
     */
    public List<Maximum> reached(double[][] inputs, double[][] outputs) {
        if (inputs.length != outputs.length) {
            throw new CollapseException("found in-weights of " + inputs.length + " units and out-weights of "
                    + outputs.length);
        }
        if (each && inputs.length != g.size(0)) {
            throw new CollapseException("found weights of " + inputs.length + " units and gradients of " + g.size(0));
        }
        UnitPulls.Point end = risen(unit(inputs, width), unit(outputs, this.outputs));
        List<Maximum> found = new ArrayList<>();
        for (int k = 0; k < inputs.length; k++) {
            found.add(new Maximum(end.value()[k], end.a()[k], end.b()[k], 1));
        }
        return found;
    }

    /**
     * What each batch alone says of the curvature along a maximum, for {@link Lyapunov}: h = b·E[g·act(a·x)] over the batch, so
     * that the balanced pair (a, b) grows by the factor 1 − η(h + wd). The mean of h over all samples is −wd*.
     *
     * @param maximum with directions of unit length
     * @param size how many samples make a batch, in the order they were given; what is left over is not used
     * @throws CollapseException if there are fewer samples than that
     */
    public CurvatureLaw.Sampled perBatch(Maximum maximum, int size) {
        return perBatch(maximum, 0, size);
    }

    /** The same for one of several units with gradients of their own. */
    CurvatureLaw.Sampled perBatch(Maximum maximum, int unit, int size) {
        int n = (int) x.size(0);
        if (size < 1 || size > n) {
            throw new CollapseException("batches of " + size + " cannot be made of " + n + " samples");
        }
        double[] pulls;
        try (PointerScope inner = new PointerScope()) {
            Tensor z = x.mm(matrix(new double[][] {maximum.input()}, width).t());
            Tensor own = each ? g.select(0, unit) : g;
            pulls = Tensors.toData(z.mul(slope(z)).mul(own.mm(matrix(new double[][] {maximum.output()}, outputs).t())))
                    .toDoubles();
        }
        double[] means = new double[n / size];
        for (int i = 0; i < means.length * size; i++) {
            // g is divided by n already.
            means[i / size] += pulls[i] * n / size;
        }
        return new CurvatureLaw.Sampled(means);
    }

    /** What is left of a gradient at right angles to a unit vector. */
    static double[] tangent(double[] gradient, double[] at) {
        double[] tangent = gradient.clone();
        Vectors.add(tangent, -Vectors.dot(gradient, at), at);
        return tangent;
    }

    /** In-weights of length 1. */
    double[][] unitInputs(double[][] inputs) {
        return unit(inputs, width);
    }

    /** Out-weights of length 1. */
    double[][] unitOutputs(double[][] given) {
        return unit(given, outputs);
    }

    /** The standard error of the value of one of several units, from the spread over samples. */
    double error(Maximum at, int unit) {
        double[] each = perBatch(at, unit, 1).values();
        double mean = Arrays.stream(each).average().orElseThrow();
        double squares = Arrays.stream(each).map(h -> (h - mean) * (h - mean)).sum();
        return Math.sqrt(squares / Math.max(1, each.length - 1) / each.length);
    }

    private static double[][] unit(double[][] vectors, int width) {
        double[][] unit = new double[vectors.length][];
        for (int k = 0; k < unit.length; k++) {
            double length = Vectors.length(vectors[k]);
            if (vectors[k].length != width || !(length > 0)) {
                throw new CollapseException("a unit's weights must be " + width + " numbers and not all 0, found "
                        + vectors[k].length + " of length " + length);
            }
            unit[k] = vectors[k].clone();
            Vectors.scale(unit[k], 1 / length);
        }
        return unit;
    }

    private UnitPulls.Point risen(double[][] a, double @Nullable [][] b) {
        UnitAscent.End end = UnitAscent.of(pulls(), a, b, quick);
        unsettled = end.unsettled();
        return end.point();
    }

    /** How many of the last ascent's units were still rising when it ended: their values are too low. */
    int unsettled() {
        return unsettled;
    }

    /** A unit vector moved along a direction, and of unit length again. */
    static double[] moved(double[] at, double[] along, double step) {
        double[] v = at.clone();
        Vectors.add(v, step, along);
        double length = Vectors.length(v);
        if (length == 0) {
            return at.clone();
        }
        Vectors.scale(v, 1 / length);
        return v;
    }

    /** Frees the data. */
    @Override
    public void close() {
        scope.deallocate();
    }
}
