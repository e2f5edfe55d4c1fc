package dev.orbifold.symmetry;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * One or more axes of a value that carry coordinates: for every position the coordinate it shows and the leg, which of
 * that coordinate's positions it is. Several axes are carried jointly after a reshape has split a typed axis.
 *
 * @param axes the axes of the value, most significant first; none of size 1
 * @param sizes their sizes
 * @param node for every position (row-major over the axes) the coordinate, or -1 where the position is fixed
 * @param leg for every position its leg; pairs of coordinate and leg do not repeat within a part
 */
record Part(int[] axes, int[] sizes, int[] node, int[] leg) {
    /** A part on one axis. */
    static Part of(int axis, Elements elements) {
        return new Part(new int[] {axis}, new int[] {elements.size()}, elements.node(), elements.leg());
    }

    /** The positions' coordinates and legs. */
    Elements elements() {
        return new Elements(node, leg);
    }

    /** Whether the part lies on several axes. */
    boolean joint() {
        return axes.length > 1;
    }

    /** Whether a value of the given sizes, -1 where one is not known, has this part's sizes along its axes. */
    boolean fits(long[] dims) {
        for (int i = 0; i < axes.length; i++) {
            if (axes[i] >= dims.length || dims[axes[i]] != sizes[i]) {
                return false;
            }
        }
        return true;
    }

    /** Where an axis of the value stands among this part's axes, or -1. */
    int indexOf(int axis) {
        for (int i = 0; i < axes.length; i++) {
            if (axes[i] == axis) {
                return i;
            }
        }
        return -1;
    }

    /** The same part on other axes of another value. */
    Part on(int... newAxes) {
        return new Part(newAxes, sizes, node, leg);
    }

    /** How far apart two neighbours along the part's i-th axis lie. */
    int stride(int i) {
        int stride = 1;
        for (int a = i + 1; a < sizes.length; a++) {
            stride *= sizes[a];
        }
        return stride;
    }

    /** The part with only the given positions of its i-th axis; legs are made distinct where positions repeat. */
    Part select(int i, int[] indices) {
        int[] newSizes = sizes.clone();
        newSizes[i] = indices.length;
        int stride = stride(i);
        int outer = node.length / Math.max(1, stride * sizes[i]);
        int[] newNode = new int[outer * indices.length * stride];
        int[] newLeg = new int[newNode.length];
        int at = 0;
        for (int o = 0; o < outer; o++) {
            for (int index : indices) {
                int from = (o * sizes[i] + index) * stride;
                System.arraycopy(node, from, newNode, at, stride);
                System.arraycopy(leg, from, newLeg, at, stride);
                at += stride;
            }
        }
        Elements distinct = new Elements(newNode, newLeg).distinct();
        return new Part(axes, newSizes, distinct.node(), distinct.leg());
    }

    /** The part without its i-th axis, which must have size 1. */
    Part without(int i) {
        return new Part(remove(axes, i), remove(sizes, i), node, leg);
    }

    /** The part with its axes in increasing order. */
    Part sorted() {
        Integer[] order = new Integer[axes.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (x, y) -> axes[x] - axes[y]);
        int[] newAxes = new int[axes.length];
        int[] newSizes = new int[axes.length];
        for (int i = 0; i < order.length; i++) {
            newAxes[i] = axes[order[i]];
            newSizes[i] = sizes[order[i]];
        }
        if (Arrays.equals(newAxes, axes)) {
            return this;
        }
        int[] newNode = new int[node.length];
        int[] newLeg = new int[node.length];
        int[] index = new int[axes.length];
        for (int to = 0; to < node.length; to++) {
            int rest = to;
            for (int i = order.length - 1; i >= 0; i--) {
                index[order[i]] = rest % newSizes[i];
                rest /= newSizes[i];
            }
            int from = 0;
            for (int i = 0; i < axes.length; i++) {
                from = from * sizes[i] + index[i];
            }
            newNode[to] = node[from];
            newLeg[to] = leg[from];
        }
        return new Part(newAxes, newSizes, newNode, newLeg);
    }

    /**
     * The same positions on fewer axes: an axis is left out where the coordinate does not depend on it and its effect on
     * the legs is the same for all coordinates, so that it is an ordinary, untyped axis.
     */
    Part simplified() {
        Part part = this;
        for (int i = part.axes.length - 1; i >= 0 && part.joint(); i--) {
            if (part.sizes[i] == 1 || part.droppable(i)) {
                part = part.select(i, new int[] {0}).without(i);
            }
        }
        return part;
    }

    private boolean droppable(int i) {
        int stride = stride(i);
        int size = sizes[i];
        Map<Long, Integer> legs = new HashMap<>();
        for (int p = 0; p < node.length; p++) {
            int along = p / stride % size;
            int base = p - along * stride;
            if (node[p] != node[base]) {
                return false;
            }
            Integer known = legs.putIfAbsent(((long) along << 32) | leg[base], leg[p]);
            if (node[p] >= 0 && known != null && known != leg[p]) {
                return false;
            }
        }
        return true;
    }

    private static int[] remove(int[] from, int i) {
        int[] rest = new int[from.length - 1];
        System.arraycopy(from, 0, rest, 0, i);
        System.arraycopy(from, i + 1, rest, i, rest.length - i);
        return rest;
    }
}
