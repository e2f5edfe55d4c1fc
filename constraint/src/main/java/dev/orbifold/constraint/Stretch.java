package dev.orbifold.constraint;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Consecutive cells of something that is steered, by themselves.
 *
 * @param whole all cells
 * @param from the first of these
 * @param cells how many
 */
public record Stretch(Steerable whole, long from, long cells) implements Steerable {
    @Override
    public int depth() {
        return whole.depth();
    }

    @Override
    public Tensor sizes() {
        return whole.sizes().narrow(0, from, cells);
    }

    @Override
    public void align() {
        whole.align();
    }

    @Override
    public void push(Tensor perCell) {
        Tensor all = torch.ones_like(perCell).resize_(whole.cells()).fill_(Scalars.ONE);
        all.narrow(0, from, cells).copy_(perCell);
        whole.push(all);
    }

    @Override
    public void snap() {
        whole.snap();
    }
}
