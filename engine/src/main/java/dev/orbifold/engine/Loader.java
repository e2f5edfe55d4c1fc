package dev.orbifold.engine;

import dev.orbifold.graph.Seed;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Gives a {@link Part} in batches, one epoch after the other. The order of an epoch, and how its images are changed,
 * depend on seed and epoch alone; so an epoch can be taken up again at any step. The next batch is assembled on a thread
 * of its own while the last one is worked on.
 */
public final class Loader implements AutoCloseable {
    private final Part part;
    private final int batchSize;
    private final Optional<Seed> seed;
    private final Augmentation augmentation;
    private final Device device;
    private final BatchBuffer[] buffers;
    private final Optional<Batch> memory;
    private final ExecutorService assembler;
    private int epochs;

    private Loader(Part part, int batchSize, Optional<Seed> seed, Augmentation augmentation, Device device,
            boolean inMemory) {
        if (batchSize < 1) {
            throw new DataException("a batch must have at least 1 item, asked for " + batchSize);
        }
        if (!augmentation.isNone() && !part.isImages()) {
            throw new DataException("only images can be shifted and flipped; the items of " + part.source()
                    + " have shape " + Arrays.toString(part.itemShape()));
        }
        this.part = part;
        this.batchSize = Math.min(batchSize, part.size());
        this.seed = seed;
        this.augmentation = augmentation;
        this.device = device;
        this.memory = inMemory ? Optional.of(BatchBuffer.whole(part, device)) : Optional.empty();
        this.buffers = inMemory ? new BatchBuffer[0]
                : new BatchBuffer[] {new BatchBuffer(part, this.batchSize), new BatchBuffer(part, this.batchSize)};
        this.assembler = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("orbifold-loader-", 0).factory());
    }

    /** Batches for training: in random order, the last one left out where it is not full. */
    public static Loader training(Part part, int batchSize, Seed seed, Augmentation augmentation, Device device) {
        return new Loader(part, batchSize, Optional.of(seed), augmentation, device, false);
    }

    /** Batches for training without augmentation, picked from tensors that hold the whole part on the device. */
    public static Loader inMemory(Part part, int batchSize, Seed seed, Device device) {
        return new Loader(part, batchSize, Optional.of(seed), Augmentation.NONE, device, true);
    }

    /** Batches for evaluation: every item once, in the part's order, the last batch perhaps smaller. */
    public static Loader evaluation(Part part, int batchSize, Device device) {
        return new Loader(part, batchSize, Optional.empty(), Augmentation.NONE, device, false);
    }

    /** Batches per epoch. */
    public int steps() {
        return seed.isPresent() ? part.size() / batchSize : (part.size() + batchSize - 1) / batchSize;
    }

    /** The part it reads. */
    public Part part() {
        return part;
    }

    /** One epoch from its first batch on. */
    public Epoch epoch(int number) {
        return epoch(number, 0);
    }

    /**
     * The rest of an epoch; the same batches as if the steps before had been taken. Earlier epochs of this loader end.
     *
     * @param number of the epoch, from 0
     * @param fromStep how many of its batches are passed over
     */
    public Epoch epoch(int number, int fromStep) {
        if (fromStep < 0 || fromStep > steps()) {
            throw new DataException("an epoch has " + steps() + " steps; cannot start at step " + fromStep);
        }
        return new Epoch(number, fromStep, ++epochs);
    }

    /** Ends every epoch and frees the tensors of the last batch. */
    @Override
    public void close() {
        epochs++;
        assembler.close();
        for (BatchBuffer buffer : buffers) {
            buffer.close();
        }
        memory.ifPresent(BatchBuffer::release);
    }

    private int[] order(int epoch) {
        int[] order = new int[part.size()];
        Arrays.setAll(order, i -> i);
        seed.ifPresent(s -> Stratification.shuffle(order, s.split("order").split(epoch).generator()));
        return order;
    }

    /** The batches of one epoch, once. */
    public final class Epoch implements Iterable<Batch>, Iterator<Batch>, AutoCloseable {
        private final int[] order;
        private final Seed draws;
        private final int turn;
        private Optional<Tensor> orderTensor;
        private Optional<Batch> last = Optional.empty();
        private Optional<Future<int[]>> pending = Optional.empty();
        private int step;

        private Epoch(int number, int fromStep, int turn) {
            this.turn = turn;
            this.step = fromStep;
            this.order = order(number);
            this.draws = seed.orElse(new Seed(0)).split("augmentation").split(number);
            this.orderTensor = memory.map(m -> onDevice(order));
            prefetch();
        }

        /** The batches taken so far, those passed over included. */
        public int step() {
            return step;
        }

        @Override
        public Iterator<Batch> iterator() {
            return this;
        }

        @Override
        public boolean hasNext() {
            if (step >= steps()) {
                close();
            }
            return step < steps();
        }

        @Override
        public Batch next() {
            if (turn != epochs) {
                throw new IllegalStateException("a later epoch of this loader was started, or it was closed");
            }
            if (step >= steps()) {
                throw new NoSuchElementException("the epoch has " + steps() + " batches");
            }
            last.ifPresent(BatchBuffer::release);
            Batch batch = memory.isPresent() ? picked() : assembled();
            last = Optional.of(batch);
            step++;
            prefetch();
            return batch;
        }

        /** Ends the epoch and frees its last batch. */
        @Override
        public void close() {
            last.ifPresent(BatchBuffer::release);
            last = Optional.empty();
            orderTensor.ifPresent(Tensor::releaseReference);
            orderTensor = Optional.empty();
            step = steps();
        }

        private int[] indices(int at) {
            return Arrays.copyOfRange(order, at * batchSize, Math.min(order.length, (at + 1) * batchSize));
        }

        private void prefetch() {
            if (memory.isEmpty() && step < steps()) {
                int at = step;
                pending = Optional.of(assembler.submit(() -> {
                    int[] indices = indices(at);
                    buffers[at % 2].fill(indices, augmentation, draws);
                    return indices;
                }));
            }
        }

        private Batch assembled() {
            try {
                return buffers[step % 2].batch(pending.orElseThrow().get(), device);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DataException("interrupted while waiting for a batch of " + part.source(), e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw new DataException("cannot assemble a batch of " + part.source() + ": " + e.getCause(), e);
            }
        }

        private Batch picked() {
            int[] indices = indices(step);
            Batch all = memory.orElseThrow();
            try (PointerScope scope = new PointerScope()) {
                Tensor chosen = orderTensor.orElseThrow().narrow(0, (long) step * batchSize, indices.length);
                return new Batch(BatchBuffer.lasting(all.inputs().index_select(0, chosen)),
                        BatchBuffer.lasting(all.targets().index_select(0, chosen)), indices);
            }
        }

        private Tensor onDevice(int[] numbers) {
            long[] wide = Arrays.stream(numbers).asLongStream().toArray();
            try (PointerScope scope = new PointerScope()) {
                return BatchBuffer.lasting(Tensors.of(device, wide, wide.length));
            }
        }
    }
}
