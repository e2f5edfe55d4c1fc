package dev.orbifold.structure;

import java.util.Arrays;

/**
 * The cheapest way to give every row a column of its own: shortest augmenting paths with dual prices, O(n³) (Jonker and
 * Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment problems, Computing 38, 1987).
 */
final class Assignment {
    private final double[][] cost;
    private final double[] rowPrice;
    private final double[] columnPrice;
    /** The row that holds a column, -1 while it is free. */
    private final int[] holder;

    private Assignment(double[][] cost) {
        this.cost = cost;
        rowPrice = new double[cost.length];
        columnPrice = new double[cost.length];
        holder = new int[cost.length];
        Arrays.fill(holder, -1);
    }

    /**
     * Solves one.
     *
     * @param cost a square matrix of finite numbers
     * @return for every row its column
     */
    static int[] of(double[][] cost) {
        Assignment assignment = new Assignment(cost);
        for (int row = 0; row < cost.length; row++) {
            assignment.place(row);
        }
        int[] columns = new int[cost.length];
        for (int column = 0; column < cost.length; column++) {
            columns[assignment.holder[column]] = column;
        }
        return columns;
    }

    /** Finds the cheapest chain of rows that move on, from a new row to a free column. */
    private void place(int row) {
        int n = cost.length;
        double[] length = new double[n];
        int[] from = new int[n];
        boolean[] done = new boolean[n];
        Arrays.fill(length, Double.POSITIVE_INFINITY);
        Arrays.fill(from, -1);
        int last = -1;
        int at = row;
        double far = 0;
        while (at >= 0) {
            int nearest = -1;
            for (int column = 0; column < n; column++) {
                if (done[column]) {
                    continue;
                }
                double through = far + cost[at][column] - rowPrice[at] - columnPrice[column];
                if (through < length[column]) {
                    length[column] = through;
                    from[column] = last;
                }
                if (nearest < 0 || length[column] < length[nearest]) {
                    nearest = column;
                }
            }
            last = nearest;
            far = length[last];
            done[last] = true;
            at = holder[last];
        }
        for (int column = 0; column < n; column++) {
            if (done[column] && column != last) {
                rowPrice[holder[column]] += far - length[column];
                columnPrice[column] -= far - length[column];
            }
        }
        rowPrice[row] += far;
        while (from[last] >= 0) {
            holder[last] = holder[from[last]];
            last = from[last];
        }
        holder[last] = row;
    }
}
