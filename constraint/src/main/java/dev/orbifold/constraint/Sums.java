package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The coordinates are the sums of consecutive runs of entries, over the root of their length; what differs within a run is
 * free. At 0 every run sums to 0, to the rounding of that sum.
 */
public final class Sums implements Chart {
    private final long runs;
    private final int length;
    private final Helmert basis;

    /**
     * @param runs how many runs there are
     * @param length entries in a run, at least 2
     * @throws ConstraintException if a run is shorter
     */
    public Sums(long runs, int length, ScalarType type, Device device) {
        if (runs < 1 || length < 2) {
            throw new ConstraintException("sums of " + runs + " runs of " + length + " entries; a run needs two");
        }
        this.runs = runs;
        this.length = length;
        this.basis = new Helmert(length, type, device);
    }

    @Override
    public long entries() {
        return runs * length;
    }

    @Override
    public long coordinates() {
        return runs;
    }

    @Override
    public long rest() {
        return runs * (length - 1);
    }

    @Override
    public Tensor coordinates(Tensor entries) {
        return basis.sums(entries.view(runs, length)).reshape(-1);
    }

    @Override
    public Tensor rest(Tensor entries) {
        return basis.differences(entries.view(runs, length)).reshape(-1);
    }

    @Override
    public Tensor join(Tensor coordinates, Tensor rest) {
        return basis.rows(rest.view(runs, length - 1), coordinates.view(runs, 1)).reshape(-1);
    }

    @Override
    public Tensor pulledCoordinates(Tensor gradient) {
        return coordinates(gradient);
    }

    @Override
    public Tensor pulledRest(Tensor gradient) {
        return rest(gradient);
    }
}
