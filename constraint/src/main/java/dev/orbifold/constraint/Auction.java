package dev.orbifold.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Prices units against each other: which of them carry the least for what they cost, until a budget is met. A unit's
 * value is given (what the loss would lose with it); its cost is what the {@link Price} falls by when it leaves, at the
 * widths reached so far, so that a Space whose neighbours have shrunk becomes cheaper to keep.
 *
 * <p>
 * Values of different Spaces are compared as shares: a unit's value divided by what all units left in its Space carry
 * together, to the power {@code sharing}. With 0 raw values compete, and a wide Space of many small units is emptied; with
 * 1 every Space counts as a cut of the network, through which all of its accuracy must pass.
 */
public final class Auction {
    private final GateLayout layout;
    private final Price price;
    private final int[] least;
    private final int step;
    private final double sharing;

    /**
     * An auction over the units of a layout.
     *
     * @param least the smallest width of each Space
     * @param step widths stay multiples of this where they change (1: any width)
     * @param sharing from 0, raw values, to 1, shares of what a Space carries
     */
    public Auction(GateLayout layout, Price price, int[] least, int step, double sharing) {
        this.sharing = sharing;
        this.layout = layout;
        this.price = price;
        this.least = least.clone();
        this.step = step;
    }

    /** The lowest cost any widths can have. */
    public double floor() {
        int[] widths = layout.widths();
        for (int s = 0; s < widths.length; s++) {
            while (lot(widths[s]) > 0 && widths[s] - lot(widths[s]) >= least[s]) {
                widths[s] -= lot(widths[s]);
            }
        }
        return price.at(widths);
    }

    /**
     * Chooses units to give up until the rest costs no more than the budget, or nothing more can go.
     *
     * @param value what each unit carries; not negative
     * @param gone units that have left already; they are not chosen and do not count
     * @param budget the cost to come down to
     * @return the chosen units, in the order in which they lost
     */
    public List<Integer> lose(double[] value, boolean[] gone, double budget) {
        int spaces = layout.spaces().size();
        int[] widths = new int[spaces];
        List<List<Integer>> queue = new ArrayList<>();
        double[] left = new double[spaces];
        for (int s = 0; s < spaces; s++) {
            List<Integer> units = new ArrayList<>();
            for (int u = layout.offsets()[s]; u < layout.offsets()[s + 1]; u++) {
                if (!gone[u]) {
                    left[s] += value[u];
                    units.add(u);
                }
            }
            units.sort(Comparator.<Integer>comparingDouble(u -> value[u]).thenComparing(Comparator.naturalOrder()));
            queue.add(units);
            widths[s] = units.size();
        }
        int[] next = new int[spaces];
        List<Lot> lost = new ArrayList<>();
        double cost = price.at(widths);
        while (cost > budget) {
            Lot worst = worst(queue, next, widths, left, value);
            if (worst == null) {
                break;
            }
            lost.add(worst);
            next[worst.space()] += worst.units().size();
            worst.units().forEach(unit -> left[worst.space()] -= value[unit]);
            widths[worst.space()] -= worst.units().size();
            cost = price.at(widths);
        }
        takeBack(lost, widths, budget);
        return lost.stream().flatMap(lot -> lot.units().stream()).toList();
    }

    /** Units of one Space that leave together. */
    private record Lot(int space, List<Integer> units) {
    }

    /** What carries the least for what it costs, or null where nothing may go. */
    private @Nullable Lot worst(List<List<Integer>> queue, int[] next, int[] widths, double[] left, double[] value) {
        Lot best = null;
        double bestRatio = Double.POSITIVE_INFINITY;
        for (int s = 0; s < widths.length; s++) {
            int lot = lot(widths[s]);
            if (lot == 0 || widths[s] - lot < least[s]) {
                continue;
            }
            List<Integer> units = queue.get(s).subList(next[s], next[s] + lot);
            double carried = units.stream().mapToDouble(u -> value[u]).sum();
            double share = carried > 0 ? carried / Math.pow(left[s], sharing) : 0;
            double saving = price.saving(s, lot, widths);
            double ratio = saving > 0 ? share / saving : Double.POSITIVE_INFINITY;
            if (ratio < bestRatio) {
                bestRatio = ratio;
                best = new Lot(s, units);
            }
        }
        return best;
    }

    /** The last unit to go may leave more room than its own: those that lost before it and still fit come back. */
    private void takeBack(List<Lot> lost, int[] widths, double budget) {
        for (int i = lost.size() - 1; i >= 0; i--) {
            Lot lot = lost.get(i);
            widths[lot.space()] += lot.units().size();
            if (widths[lot.space()] % step == 0 && price.at(widths) <= budget) {
                lost.remove(i);
            } else {
                widths[lot.space()] -= lot.units().size();
            }
        }
    }

    /** How many units must leave together so that the width becomes a multiple of the step. */
    private int lot(int width) {
        int over = width % step;
        return over == 0 ? Math.min(step, width) : over;
    }

    @Override
    public String toString() {
        return "Auction over " + layout.size() + " units in " + layout.spaces().size() + " Spaces, least widths "
                + Arrays.toString(least);
    }
}
