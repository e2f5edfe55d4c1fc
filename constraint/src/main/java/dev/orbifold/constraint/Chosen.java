package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import java.util.BitSet;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Some entries are coordinates, in the order given; all others are free. */
public final class Chosen implements Chart {
    private final long entries;
    private final Tensor chosen;
    private final Tensor others;

    private Chosen(long entries, Tensor chosen, Tensor others) {
        this.entries = entries;
        this.chosen = chosen;
        this.others = others;
    }

    /**
     * @param entries n
     * @param chosen positions below n, each once
     * @throws ConstraintException if there are none, or one is out of range or given twice
     */
    public static Chosen of(long entries, long[] chosen, Device device) {
        if (chosen.length == 0) {
            throw new ConstraintException("a constraint on no entry at all");
        }
        BitSet taken = new BitSet();
        for (long position : chosen) {
            if (position < 0 || position >= entries) {
                throw new ConstraintException("entry " + position + " does not exist; there are " + entries);
            }
            if (taken.get((int) position)) {
                throw new ConstraintException("entry " + position + " is named twice");
            }
            taken.set((int) position);
        }
        long[] others = new long[Math.toIntExact(entries - chosen.length)];
        int at = 0;
        for (int i = taken.nextClearBit(0); i < entries; i = taken.nextClearBit(i + 1)) {
            others[at++] = i;
        }
        return new Chosen(entries, Tensors.of(device, chosen, chosen.length),
                Tensors.of(device, others, others.length));
    }

    @Override
    public long entries() {
        return entries;
    }

    @Override
    public long coordinates() {
        return chosen.numel();
    }

    @Override
    public long rest() {
        return others.numel();
    }

    @Override
    public Tensor coordinates(Tensor entries) {
        return entries.index_select(0, chosen);
    }

    @Override
    public Tensor rest(Tensor entries) {
        return entries.index_select(0, others);
    }

    @Override
    public Tensor join(Tensor coordinates, Tensor rest) {
        Tensor all = torch.empty_like(coordinates).resize_(entries);
        all.index_copy_(0, chosen, coordinates);
        return all.index_copy_(0, others, rest);
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
