package dev.orbifold.collapse;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Ascent of many units' −b·c(a) at once, each from its own start with a step of its own.
 *
 * <p>
 * The value is linear in a between samples and has a kink where a sample enters or leaves what the unit sees. Between kinks a
 * unit takes a step that raises the value, longer after each success and shorter after each failure. At a kink every single
 * gradient can point across it while the value still rises along it, so that such steps shrink to nothing far from any
 * maximum. From there the unit slides: it takes every step, from one side of the kink to the other and back, which on
 * average follows the flow along it (Filippov, 1988), and shortens steps once the best value seen has stopped rising.
 */
final class UnitAscent {
    /** Below this step the first part has settled, or stands at a kink. */
    private static final double STALLED = 1e-9;
    /** The first step of sliding, and how often that is halved. */
    private static final double SLIDE = 0.05;
    private static final int HALVINGS = 9;
    private static final int HALVINGS_EXACT = 24;
    /** Steps over which the best value must rise by the share … or the step is halved. */
    private static final int PATIENCE = 30;
    /** … of itself, for one step of the full length; less for shorter ones. */
    private static final double RISE = 1e-3;

    private final UnitPulls units;
    private final double longest;
    private final double flat;
    private final int most;
    private final int halvings;
    private final boolean joint;
    private final UnitPulls.Point now;
    /** Per unit. */
    private final double[] step;
    private final boolean[] sliding;
    private final boolean[] done;
    private final int[] halved;
    private final int[] patience;
    private final double[] mark;
    /** While sliding: where the unit is; {@link #now} is the best point it has seen. */
    private final double[][] a;
    private final double[][] b;
    private final double[][] alongA;
    private final double[][] alongB;

    private UnitAscent(UnitPulls units, double[][] starts, double @Nullable [][] ends, boolean quick) {
        this.units = units;
        this.joint = ends != null;
        // A step of the joint flow is short, so that each unit stays in its own basin.
        this.longest = joint ? 0.1 : 1e6;
        this.flat = quick ? UnitThreshold.FLAT_QUICK : UnitThreshold.FLAT;
        this.most = quick ? UnitThreshold.STEPS_QUICK : UnitThreshold.STEPS;
        this.halvings = quick ? HALVINGS : HALVINGS_EXACT;
        this.now = units.at(starts, ends);
        int s = starts.length;
        this.step = new double[s];
        Arrays.fill(step, joint ? longest : 0.5);
        this.sliding = new boolean[s];
        this.done = new boolean[s];
        this.halved = new int[s];
        this.patience = new int[s];
        this.mark = new double[s];
        this.a = new double[s][];
        this.b = new double[s][];
        this.alongA = new double[s][];
        this.alongB = new double[s][];
    }

    /**
     * Where an ascent ends.
     *
     * @param point the highest that each unit came
     * @param unsettled how many were still rising after the most steps: their values are too low
     */
    record End(UnitPulls.Point point, int unsettled) {
    }

    /**
     * Ascends.
     *
     * @param a the directions that units start from, of length 1
     * @param b the same of out-weights; null where they follow: the best for every a
     * @param quick to three digits
     */
    static End of(UnitPulls units, double[][] a, double @Nullable [][] b, boolean quick) {
        UnitAscent ascent = new UnitAscent(units, a, b, quick);
        int moving = ascent.run();
        return new End(ascent.now, moving);
    }

    private int run() {
        int[] moving = moving();
        try (PointerScope scope = new PointerScope()) {
            int[] chosen = IntStream.range(0, done.length).toArray();
            UnitPulls pulls = units;
            for (int i = 0; i < most && moving.length > 0; i++) {
                if (moving.length <= chosen.length / 2) {
                    // Data of units that have come to rest are not read any more.
                    chosen = moving;
                    pulls = units.only(chosen);
                }
                advance(chosen, pulls);
                moving = moving();
            }
        }
        return moving.length;
    }

    private int[] moving() {
        for (int k = 0; k < done.length; k++) {
            if (!done[k] && !sliding[k]) {
                double size = size(now.alongA()[k], now.alongB()[k]);
                boolean level = size == 0 || sideways(now.alongA()[k], now.a()[k]) <= flat * size
                        && (!joint || sideways(now.alongB()[k], now.b()[k]) <= flat * size);
                done[k] = level;
                if (!level && step[k] < STALLED) {
                    slide(k);
                }
            }
        }
        return IntStream.range(0, done.length).filter(k -> !done[k]).toArray();
    }

    private void slide(int k) {
        sliding[k] = true;
        step[k] = SLIDE;
        back(k);
        mark[k] = now.value()[k];
    }

    /** To the best point that was seen. */
    private void back(int k) {
        a[k] = now.a()[k];
        b[k] = now.b()[k];
        alongA[k] = now.alongA()[k];
        alongB[k] = now.alongB()[k];
        patience[k] = 0;
    }

    private void advance(int[] chosen, UnitPulls pulls) {
        double[][] nextA = new double[chosen.length][];
        double[][] nextB = new double[chosen.length][];
        for (int j = 0; j < chosen.length; j++) {
            int k = chosen[j];
            double[] fromA = sliding[k] ? a[k] : now.a()[k];
            double[] fromB = sliding[k] ? b[k] : now.b()[k];
            double[] upA = sliding[k] ? alongA[k] : now.alongA()[k];
            double[] upB = sliding[k] ? alongB[k] : now.alongB()[k];
            double size = size(upA, upB);
            boolean rests = done[k] || size == 0;
            nextA[j] = rests ? fromA : UnitThreshold.moved(fromA, upA, step[k] / size);
            nextB[j] = rests || !joint ? fromB : UnitThreshold.moved(fromB, upB, step[k] / size);
        }
        UnitPulls.Point next = pulls.at(nextA, joint ? nextB : null);
        for (int j = 0; j < chosen.length; j++) {
            int k = chosen[j];
            if (done[k]) {
                continue;
            }
            boolean higher = sliding[k] ? next.value()[j] > now.value()[k] : next.value()[j] >= now.value()[k];
            if (higher) {
                now.a()[k] = next.a()[j];
                now.b()[k] = next.b()[j];
                now.value()[k] = next.value()[j];
                now.alongA()[k] = next.alongA()[j];
                now.alongB()[k] = next.alongB()[j];
            }
            if (sliding[k]) {
                a[k] = next.a()[j];
                b[k] = next.b()[j];
                alongA[k] = next.alongA()[j];
                alongB[k] = next.alongB()[j];
                slid(k);
            } else {
                step[k] = higher ? Math.min(longest, 2 * step[k]) : step[k] / 4;
            }
        }
    }

    /** Counts a step of sliding; shorter ones follow where the best value has stopped rising. */
    private void slid(int k) {
        if (now.value()[k] - mark[k] > RISE * step[k] / SLIDE * Math.abs(mark[k])) {
            mark[k] = now.value()[k];
            patience[k] = 0;
        } else if (++patience[k] >= PATIENCE) {
            step[k] /= 2;
            back(k);
            done[k] = ++halved[k] > halvings;
        }
    }

    private static double size(double[] alongA, double[] alongB) {
        return Math.max(Vectors.length(alongA), Vectors.length(alongB));
    }

    private static double sideways(double[] gradient, double[] at) {
        return Vectors.length(UnitThreshold.tangent(gradient, at));
    }
}
