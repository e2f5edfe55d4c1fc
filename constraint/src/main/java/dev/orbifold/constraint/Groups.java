package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Tensors;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Which coordinates go to zero together. Every coordinate belongs to one group. */
public sealed interface Groups {
    /** The number of groups. */
    long count();

    /** The number of coordinates. */
    long coordinates();

    /** Per coordinate, the number of its group: [coordinates]. */
    Tensor spread(Tensor perGroup);

    /** Per group, the sum over its coordinates: [count]. */
    Tensor total(Tensor perCoordinate);

    /** The cells of a scheme whose cells are sets of coordinates: single ones, or groups. */
    static Optional<Groups> of(Scheme scheme) {
        return switch (scheme) {
            case Elementwise e -> Optional.of(new Aligned(new long[] {e.coordinates()}, new boolean[] {true}));
            case Gated g -> Optional.of(g.groups());
            case Ranked r -> Optional.empty();
            case Tucker t -> Optional.empty();
        };
    }

    /**
     * Groups by position: the coordinates are seen in a shape, and those that agree on some of its axes are a group. Units,
     * channels, input features, heads and blocks are of this kind.
     */
    final class Aligned implements Groups {
        private final long[] view;
        private final long[] kept;
        private final long[] summed;

        /**
         * @param view the shape, of rank 1 or more
         * @param own per axis, whether a group has one index there
         * @throws ConstraintException if no axis is kept
         */
        public Aligned(long[] view, boolean[] own) {
            this.view = view.clone();
            this.kept = view.clone();
            int n = 0;
            this.summed = new long[view.length];
            for (int axis = 0; axis < view.length; axis++) {
                if (!own[axis]) {
                    kept[axis] = 1;
                    summed[n++] = axis;
                }
            }
            if (n == view.length) {
                throw new ConstraintException("groups need an axis along which they differ");
            }
            this.sums = Arrays.copyOf(summed, n);
        }

        private final long[] sums;

        @Override
        public long count() {
            return Arrays.stream(kept).reduce(1, Math::multiplyExact);
        }

        @Override
        public long coordinates() {
            return Arrays.stream(view).reduce(1, Math::multiplyExact);
        }

        @Override
        public Tensor spread(Tensor perGroup) {
            return perGroup.view(kept).expand(view).reshape(-1);
        }

        @Override
        public Tensor total(Tensor perCoordinate) {
            Tensor shaped = perCoordinate.view(view);
            return sums.length == 0 ? shaped.reshape(-1)
                    : shaped.sum(sums, false, new ScalarTypeOptional()).reshape(-1);
        }
    }

    /** Groups by list. */
    final class Listed implements Groups {
        private final long count;
        private final Tensor group;

        /**
         * @param group per coordinate, its group from 0; belongs to the caller's pointer scope
         * @throws ConstraintException if a group between 0 and the last has no coordinate
         */
        public Listed(int[] group, Device device) {
            int most = Arrays.stream(group).max().orElse(-1);
            if (most >= group.length) {
                throw new ConstraintException("group " + most + " of only " + group.length
                        + " entries: groups are numbered from 0 without gaps");
            }
            int[] sizes = new int[most + 1];
            for (int g : group) {
                if (g < 0) {
                    throw new ConstraintException("every coordinate needs a group, found group " + g);
                }
                sizes[g]++;
            }
            for (int g = 0; g < sizes.length; g++) {
                if (sizes[g] == 0) {
                    throw new ConstraintException("group " + g + " is empty");
                }
            }
            this.count = sizes.length;
            this.group = Tensors.of(device, Arrays.stream(group).asLongStream().toArray(), group.length);
        }

        @Override
        public long count() {
            return count;
        }

        @Override
        public long coordinates() {
            return group.numel();
        }

        @Override
        public Tensor spread(Tensor perGroup) {
            return perGroup.index_select(0, group);
        }

        @Override
        public Tensor total(Tensor perCoordinate) {
            Tensor sums = torch.empty_like(perCoordinate).resize_(count).zero_();
            return sums.index_add_(0, group, perCoordinate);
        }
    }
}
