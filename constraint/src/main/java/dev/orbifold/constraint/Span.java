package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Any O: the coordinates are z = Qᵀw with Q an orthonormal basis of its columns, the rest is what Q leaves of w. Q is kept
 * by the blocks that columns with common entries form ({@link Columns}); blocks of one shape act together.
 */
public final class Span implements Chart {
    /**
     * @param index entries of all blocks, [count · height]
     * @param bases Q of each, [count, height, width]
     */
    private record Bucket(long count, long height, long width, Tensor index, Tensor bases) {
    }

    private final long entries;
    private final List<Bucket> buckets;

    private Span(long entries, List<Bucket> buckets) {
        this.entries = entries;
        this.buckets = buckets;
    }

    /** The coordinates along orthonormalised columns. */
    public static Span of(Columns columns, ScalarType type, Device device) {
        List<Bucket> buckets = new ArrayList<>();
        columns.byShape().forEach(alike -> {
            int count = alike.size();
            int height = alike.getFirst().entries().length;
            int width = alike.getFirst().width();
            long[] index = new long[count * height];
            double[] bases = new double[count * height * width];
            for (int b = 0; b < count; b++) {
                for (int i = 0; i < height; i++) {
                    index[b * height + i] = alike.get(b).entries()[i];
                }
                System.arraycopy(alike.get(b).basis(), 0, bases, b * height * width, height * width);
            }
            buckets.add(new Bucket(count, height, width, Tensors.of(device, index, index.length),
                    Tensors.of(TensorData.of(bases, count, height, width), device).to(device.torch(), type)));
        });
        return new Span(columns.entries(), List.copyOf(buckets));
    }

    @Override
    public long entries() {
        return entries;
    }

    @Override
    public long coordinates() {
        return buckets.stream().mapToLong(b -> b.count() * b.width()).sum();
    }

    @Override
    public long rest() {
        return entries;
    }

    @Override
    public Tensor coordinates(Tensor entries) {
        Tensor[] parts = buckets.stream().map(b -> {
            Tensor own = entries.index_select(0, b.index()).view(b.count(), 1, b.height());
            return torch.bmm(own, b.bases()).reshape(-1);
        }).toArray(Tensor[]::new);
        return parts.length == 1 ? parts[0] : torch.cat(new TensorVector(parts), 0);
    }

    /** O z. */
    private Tensor spread(Tensor coordinates) {
        Tensor all = torch.zeros_like(coordinates.narrow(0, 0, 1)).resize_(entries).zero_();
        long at = 0;
        for (Bucket b : buckets) {
            Tensor own = coordinates.narrow(0, at, b.count() * b.width()).view(b.count(), b.width(), 1);
            all.index_copy_(0, b.index(), torch.bmm(b.bases(), own).reshape(-1));
            at += b.count() * b.width();
        }
        return all;
    }

    @Override
    public Tensor rest(Tensor entries) {
        return entries.sub(spread(coordinates(entries)));
    }

    @Override
    public Tensor join(Tensor coordinates, Tensor rest) {
        return rest.add(spread(coordinates.sub(coordinates(rest))));
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
