package dev.orbifold.symmetry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All c for which given linear forms are 0. Relations between two numbers (equal along an axis, up to a scale) are most of
 * them, and are merged in classes of numbers that are multiples of each other; what is left goes through Gauss–Jordan
 * elimination with the largest entry of each row as pivot.
 */
final class NullSpace {
    /** What is this small beside a row's largest entry is rounding of float64 sums. */
    private static final double ROUNDING = 1e-9;
    /** Most multiply-adds of an elimination: a few seconds. */
    private static final double MOST_WORK = 1L << 32;

    private final int[] parent;
    /** c[i] = ratio[i] · c[parent[i]]; 0 where c[i] must be 0. */
    private final double[] ratio;
    private final List<Form> longer = new ArrayList<>();

    NullSpace(int columns) {
        parent = IntStream.range(0, columns).toArray();
        ratio = new double[columns];
        Arrays.fill(ratio, 1);
    }

    /** Adds the relation that a form is 0. */
    void add(Form form) {
        switch (form.column().length) {
            case 0 -> {
            }
            case 1 -> ratio[root(form.column()[0])] = 0;
            case 2 -> relate(form);
            default -> longer.add(form);
        }
    }

    /** The representative of a class, after which parent and ratio of i lead straight to it. */
    private int root(int i) {
        int top = i;
        double factor = 1;
        while (parent[top] != top) {
            factor *= ratio[top];
            top = parent[top];
        }
        int at = i;
        while (parent[at] != at) {
            int next = parent[at];
            double own = ratio[at];
            parent[at] = top;
            ratio[at] = factor;
            factor /= own;
            at = next;
        }
        return top;
    }

    private double toRoot(int i, int root) {
        return i == root ? 1 : ratio[i];
    }

    private void relate(Form form) {
        int i = form.column()[0];
        int j = form.column()[1];
        int a = root(i);
        int b = root(j);
        double left = form.factor()[0] * toRoot(i, a);
        double right = form.factor()[1] * toRoot(j, b);
        if (a == b) {
            if (Math.abs(left + right) > ROUNDING * Math.max(Math.abs(left), Math.abs(right))) {
                ratio[a] = 0;
            }
        } else if (ratio[a] == 0 || ratio[b] == 0) {
            ratio[a] = 0;
            ratio[b] = 0;
        } else {
            parent[a] = b;
            ratio[a] = -right / left;
        }
    }

    /**
     * An orthonormal basis of the solutions: c = form i of z for every i, as forms in z.
     *
     * @return one form per number, and the number of columns of z in {@link Basis#dimension()}
     * @throws Offset.TooLarge if the elimination would take too long
     */
    Basis basis() {
        int n = parent.length;
        int[] index = new int[n];
        Arrays.fill(index, -1);
        int count = 0;
        for (int i = 0; i < n; i++) {
            if (root(i) == i && ratio[i] != 0) {
                index[i] = count++;
            }
        }
        int[] classes = index;
        double[] weight = new double[count];
        double[] scale = new double[n];
        for (int i = 0; i < n; i++) {
            int root = root(i);
            scale[i] = ratio[root] == 0 ? 0 : toRoot(i, root);
            if (scale[i] != 0) {
                weight[classes[root]] += scale[i] * scale[i];
            }
        }
        // In units of a class's length, so that dot products of classes are those of c.
        double[] length = Arrays.stream(weight).map(Math::sqrt).toArray();
        double[][] solutions = solve(count, scale, classes, length);
        Form[] forms = new Form[n];
        Form.Sum sum = new Form.Sum(solutions.length == 0 ? count : solutions[0].length);
        for (int i = 0; i < n; i++) {
            int root = root(i);
            if (scale[i] == 0) {
                forms[i] = Form.ZERO;
            } else if (solutions.length == 0) {
                forms[i] = Form.unit(classes[root]).times(scale[i] / length[classes[root]]);
            } else {
                double[] row = solutions[classes[root]];
                int[] all = IntStream.range(0, row.length).toArray();
                forms[i] = sum.add(new Form(all, row), scale[i] / length[classes[root]]).take();
            }
        }
        return new Basis(solutions.length == 0 ? count : solutions[0].length, forms);
    }

    /**
     * Numbers that solve all relations.
     *
     * @param dimension how many numbers z they depend on
     * @param forms for every number its form in z
     */
    record Basis(int dimension, Form[] forms) {
    }

    /** Orthonormal solutions of the long relations, a row per class; no rows where there are no such relations. */
    private double[][] solve(int count, double[] scale, int[] classes, double[] length) {
        if (longer.isEmpty() || count == 0) {
            return new double[0][];
        }
        if ((double) count * count * Math.min(longer.size(), count) > MOST_WORK) {
            throw new Offset.TooLarge((long) count * longer.size());
        }
        List<double[]> rows = new ArrayList<>();
        List<Integer> pivots = new ArrayList<>();
        for (Form form : longer) {
            double[] row = new double[count];
            for (int k = 0; k < form.column().length; k++) {
                int i = form.column()[k];
                if (scale[i] != 0) {
                    int c = classes[root(i)];
                    row[c] += form.factor()[k] * scale[i] / length[c];
                }
            }
            reduce(row, rows, pivots);
            if (rows.size() == count) {
                break;
            }
        }
        int[] free = IntStream.range(0, count).filter(c -> !pivots.contains(c)).toArray();
        double[][] vectors = new double[free.length][count];
        for (int f = 0; f < free.length; f++) {
            vectors[f][free[f]] = 1;
            for (int p = 0; p < rows.size(); p++) {
                vectors[f][pivots.get(p)] = -rows.get(p)[free[f]];
            }
            orthonormalise(vectors, f);
        }
        double[][] byClass = new double[count][free.length];
        for (int f = 0; f < free.length; f++) {
            for (int c = 0; c < count; c++) {
                byClass[c][f] = vectors[f][c];
            }
        }
        return byClass;
    }

    private static void reduce(double[] row, List<double[]> rows, List<Integer> pivots) {
        double size = largest(row);
        for (int p = 0; p < rows.size(); p++) {
            subtract(row, rows.get(p), row[pivots.get(p)]);
        }
        int pivot = 0;
        for (int c = 1; c < row.length; c++) {
            pivot = Math.abs(row[c]) > Math.abs(row[pivot]) ? c : pivot;
        }
        if (Math.abs(row[pivot]) <= ROUNDING * size || row[pivot] == 0) {
            return;
        }
        double by = row[pivot];
        for (int c = 0; c < row.length; c++) {
            row[c] /= by;
        }
        for (double[] other : rows) {
            subtract(other, row, other[pivot]);
        }
        rows.add(row);
        pivots.add(pivot);
    }

    private static void subtract(double[] from, double[] row, double factor) {
        if (factor != 0) {
            for (int c = 0; c < from.length; c++) {
                from[c] -= factor * row[c];
            }
        }
    }

    private static double largest(double[] row) {
        return Arrays.stream(row).map(Math::abs).max().orElse(0);
    }

    /** Gram–Schmidt, twice, against the vectors before. */
    private static void orthonormalise(double[][] vectors, int at) {
        double[] v = vectors[at];
        for (int again = 0; again < 2; again++) {
            for (int k = 0; k < at; k++) {
                subtract(v, vectors[k], dot(v, vectors[k]));
            }
        }
        double norm = Math.sqrt(dot(v, v));
        for (int c = 0; c < v.length; c++) {
            v[c] /= norm;
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int c = 0; c < a.length; c++) {
            sum += a[c] * b[c];
        }
        return sum;
    }
}
