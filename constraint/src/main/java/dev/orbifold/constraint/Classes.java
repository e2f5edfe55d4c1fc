package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Entries fall into classes; the coordinates are what differs within a class, so that at 0 all entries of a class are
 * equal, to the last bit: ties. Clones of units, symmetric filters, circulant and Toeplitz matrices, weights shared
 * across layers are all of this kind.
 */
public final class Classes implements Chart {
    private record Bucket(int size, long count, Tensor index, Helmert basis) {
        long differences() {
            return count * (size - 1);
        }
    }

    private final long entries;
    private final Tensor single;
    private final List<Bucket> buckets;

    private Classes(long entries, Tensor single, List<Bucket> buckets) {
        this.entries = entries;
        this.single = single;
        this.buckets = buckets;
    }

    /**
     * @param entries n
     * @param classes positions below n that are tied together; entries in no class, and classes of one, are free
     * @throws ConstraintException if nothing is tied, or an entry is out of range or in two classes
     */
    public static Classes of(long entries, List<int[]> classes, ScalarType type, Device device) {
        BitSet taken = new BitSet();
        SortedMap<Integer, List<int[]>> bySize = new TreeMap<>();
        for (int[] members : classes) {
            for (int position : members) {
                if (position < 0 || position >= entries) {
                    throw new ConstraintException("entry " + position + " does not exist; there are " + entries);
                }
                if (taken.get(position)) {
                    throw new ConstraintException("entry " + position + " is in two classes");
                }
                taken.set(position);
            }
            if (members.length > 1) {
                bySize.computeIfAbsent(members.length, k -> new ArrayList<>()).add(members);
            } else {
                for (int position : members) {
                    taken.clear(position);
                }
            }
        }
        if (bySize.isEmpty()) {
            throw new ConstraintException("no two entries are tied to each other");
        }
        List<Bucket> buckets = new ArrayList<>();
        bySize.forEach((size, members) -> {
            long[] index = new long[size * members.size()];
            for (int c = 0; c < members.size(); c++) {
                for (int i = 0; i < size; i++) {
                    index[c * size + i] = members.get(c)[i];
                }
            }
            buckets.add(new Bucket(size, members.size(), Tensors.of(device, index, index.length),
                    new Helmert(size, type, device)));
        });
        long[] single = new long[Math.toIntExact(entries - taken.cardinality())];
        int at = 0;
        for (int i = taken.nextClearBit(0); i < entries; i = taken.nextClearBit(i + 1)) {
            single[at++] = i;
        }
        return new Classes(entries, Tensors.of(device, single, single.length), List.copyOf(buckets));
    }

    @Override
    public long entries() {
        return entries;
    }

    @Override
    public long coordinates() {
        return buckets.stream().mapToLong(Bucket::differences).sum();
    }

    @Override
    public long rest() {
        return entries - coordinates();
    }

    @Override
    public Tensor coordinates(Tensor entries) {
        return joined(buckets.stream().map(b -> b.basis().differences(rows(b, entries))).toList());
    }

    @Override
    public Tensor rest(Tensor entries) {
        List<Tensor> parts = new ArrayList<>();
        parts.add(entries.index_select(0, single));
        buckets.forEach(b -> parts.add(b.basis().sums(rows(b, entries))));
        return joined(parts);
    }

    private static Tensor rows(Bucket bucket, Tensor entries) {
        return entries.index_select(0, bucket.index()).view(bucket.count(), bucket.size());
    }

    private static Tensor joined(List<Tensor> parts) {
        Tensor[] flat = parts.stream().map(p -> p.reshape(-1)).toArray(Tensor[]::new);
        return flat.length == 1 ? flat[0] : torch.cat(new TensorVector(flat), 0);
    }

    @Override
    public Tensor join(Tensor coordinates, Tensor rest) {
        Tensor all = torch.empty_like(rest).resize_(entries);
        all.index_copy_(0, single, rest.narrow(0, 0, single.numel()));
        long z = 0;
        long r = single.numel();
        for (Bucket bucket : buckets) {
            Tensor rows = bucket.basis().rows(
                    coordinates.narrow(0, z, bucket.differences()).view(bucket.count(), bucket.size() - 1),
                    rest.narrow(0, r, bucket.count()).view(bucket.count(), 1));
            all.index_copy_(0, bucket.index(), rows.reshape(-1));
            z += bucket.differences();
            r += bucket.count();
        }
        return all;
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
