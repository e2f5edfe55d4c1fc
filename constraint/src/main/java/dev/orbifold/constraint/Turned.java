package dev.orbifold.constraint;

import org.bytedeco.pytorch.Tensor;

/** Another chart on the same entries with their axes in another order, so that what belongs together is consecutive. */
public final class Turned implements Chart {
    private final long[] dims;
    private final long[] order;
    private final long[] back;
    private final long[] turned;
    private final Chart inner;

    /** The chart on the entries in their order. */
    Chart inner() {
        return inner;
    }

    /**
     * @param dims the shape of the entries
     * @param order the axes, in the order in which the inner chart sees them
     * @param inner the chart on the entries in that order
     */
    public Turned(long[] dims, long[] order, Chart inner) {
        this.dims = dims.clone();
        this.order = order.clone();
        this.inner = inner;
        this.back = new long[order.length];
        this.turned = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            back[(int) order[i]] = i;
            turned[i] = dims[(int) order[i]];
        }
    }

    private Tensor there(Tensor entries) {
        return entries.view(dims).permute(order).reshape(-1);
    }

    @Override
    public long entries() {
        return inner.entries();
    }

    @Override
    public long coordinates() {
        return inner.coordinates();
    }

    @Override
    public long rest() {
        return inner.rest();
    }

    @Override
    public Tensor coordinates(Tensor entries) {
        return inner.coordinates(there(entries));
    }

    @Override
    public Tensor rest(Tensor entries) {
        return inner.rest(there(entries));
    }

    @Override
    public Tensor join(Tensor coordinates, Tensor rest) {
        return inner.join(coordinates, rest).view(turned).permute(back).reshape(-1);
    }

    @Override
    public Tensor pulledCoordinates(Tensor gradient) {
        return inner.pulledCoordinates(there(gradient));
    }

    @Override
    public Tensor pulledRest(Tensor gradient) {
        return inner.pulledRest(there(gradient));
    }
}
