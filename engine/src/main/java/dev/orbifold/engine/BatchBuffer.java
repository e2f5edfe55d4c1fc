package dev.orbifold.engine;

import dev.orbifold.graph.Seed;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** Host memory for one batch, filled without touching libtorch, and seen as tensors. */
final class BatchBuffer implements AutoCloseable {
    private static final int GRAIN = 16;

    private final Part part;
    private final Tensor inputs;
    private final Tensor targets;
    private final MemorySegment inputMemory;
    private final MemorySegment targetMemory;
    private final long itemBytes;
    private final long targetBytes;
    private final ItemReader reader;

    BatchBuffer(Part part, int capacity) {
        this.part = part;
        try (PointerScope scope = new PointerScope()) {
            this.inputs = lasting(Tensors.empty(Tensors.scalarType(part.inputType()), Device.cpu(),
                    batched(capacity, part.itemShape())));
            this.targets = lasting(Tensors.empty(Tensors.scalarType(part.targetType()), Device.cpu(),
                    batched(capacity, part.targetShape())));
        }
        this.inputMemory = Tensors.segment(inputs);
        this.targetMemory = Tensors.segment(targets);
        this.itemBytes = part.itemBytes();
        this.targetBytes = (long) part.targetsPerItem() * part.targetType().bytes();
        this.reader = part.reader();
    }

    /** Keeps a pointer beyond the scope it was made in; its keeper frees it. */
    static <P extends Pointer> P lasting(P pointer) {
        pointer.retainReference();
        return pointer;
    }

    static long[] batched(long items, long[] shape) {
        long[] dims = new long[shape.length + 1];
        dims[0] = items;
        System.arraycopy(shape, 0, dims, 1, shape.length);
        return dims;
    }

    /** Writes these items of the part, moved as the epoch's seed says. */
    void fill(int[] indices, Augmentation augmentation, Seed epoch) {
        if (part.isDecodedOnRead()) {
            Workers.run(indices.length, GRAIN, Workers.COUNT,
                    (from, to) -> fill(part.reader(), indices, from, to, augmentation, epoch));
        } else {
            fill(reader, indices, 0, indices.length, augmentation, epoch);
        }
    }

    private void fill(ItemReader with, int[] indices, int from, int to, Augmentation augmentation, Seed epoch) {
        for (int i = from; i < to; i++) {
            part.read(with, indices[i], augmentation.draw(epoch, indices[i]), inputMemory, i * itemBytes);
            part.readTarget(with, indices[i], targetMemory, i * targetBytes);
        }
    }

    /** The first so many items on the device, as tensors of their own reference, for {@link #release}. */
    Batch batch(int[] indices, Device device) {
        long n = indices.length;
        try (PointerScope scope = new PointerScope()) {
            Tensor x = n == inputs.size(0) ? inputs : inputs.narrow(0, 0, n);
            Tensor y = n == inputs.size(0) ? targets : targets.narrow(0, 0, n);
            if (!device.isCpu()) {
                x = x.to(device.torch(), Tensors.scalarType(part.inputType()));
                y = y.to(device.torch(), Tensors.scalarType(part.targetType()));
            }
            return new Batch(lasting(x), lasting(y), indices);
        }
    }

    /** Gives a batch's references up. */
    static void release(Batch batch) {
        batch.inputs().releaseReference();
        batch.targets().releaseReference();
    }

    /** All items of the part on the device, in their order, for {@link #release}. */
    static Batch whole(Part part, Device device) {
        int n = part.size();
        int[] all = new int[n];
        Arrays.setAll(all, i -> i);
        try (BatchBuffer buffer = new BatchBuffer(part, n)) {
            Workers.run(n, 1024, Workers.COUNT,
                    (from, to) -> buffer.fill(part.reader(), all, from, to, Augmentation.NONE, new Seed(0)));
            return buffer.batch(all, device);
        }
    }

    @Override
    public void close() {
        inputs.releaseReference();
        targets.releaseReference();
    }
}
