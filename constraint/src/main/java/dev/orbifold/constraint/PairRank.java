package dev.orbifold.constraint;

import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Tensors;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSlot;
import dev.orbifold.symmetry.LinearSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The rank of a product that the network itself multiplies, such as query by key or value by output: both sides are factors
 * already, so that nothing is reparametrized. Weight decay λ on both is the nuclear norm of their product (theory, 2); the
 * mirror of a direction n of the Space is ⟨n, ·⟩ = 0 on both sides, and on it the rank drops (theory, 1, fourth row).
 *
 * <p>
 * Cells are coordinates of the Space, one by one in each copy. They mean singular values once {@link #balance} has put the
 * Space into coordinates in which both sides have the same diagonal Gram matrix, a map of the Space's own Group that changes
 * no output; {@link #align} rotates back into such coordinates what training has turned.
 */
public final class PairRank implements Steerable, AutoCloseable {
    /**
     * Where the Space meets a parameter.
     *
     * @param place the parameter
     * @param axis the axis of the coordinates
     * @param dual whether it is moved by the inverse transpose
     * @param index positions on the axis, [occurrences · dimension], an occurrence being one copy's coordinates in order
     * @param copy per occurrence its copy
     */
    private record Side(FlatWeights.Place place, int axis, boolean dual, Tensor index, Tensor copy) {
    }

    private final LinearSpace space;
    private final FlatWeights weights;
    private final List<Tensor> moments;
    private final List<Side> sides = new ArrayList<>();
    private final PointerScope scope;

    /**
     * Watches a Space of a network in training.
     *
     * @param space it; its Group must let coordinates mix freely
     * @param weights the network's weights
     * @param moments the optimizer's, laid out like the weights, that turn with them; those that know no direction (Adam's
     *        squares) left out
     * @throws ConstraintException if coordinates cannot be mixed, or meet a parameter in a way that is not followed
     */
    public PairRank(LinearSpace space, FlatWeights weights, List<Tensor> moments) {
        if (!(space.group() instanceof Group.General) || !space.folds().isEmpty()) {
            throw new ConstraintException(
                    "the coordinates of Space " + space.name() + " cannot be mixed freely (its Group is "
                            + space.group() + "), so that its rank cannot be gathered");
        }
        this.space = space;
        this.weights = weights;
        this.moments = List.copyOf(moments);
        this.scope = new PointerScope().extend();
        try {
            for (LinearSlot slot : space.slots()) {
                sides.add(side(slot));
            }
        } finally {
            scope.close();
        }
    }

    private Side side(LinearSlot slot) {
        if (!slot.along().isEmpty()) {
            throw new ConstraintException("the heads of Space " + space.name() + " have an axis of their own in "
                    + slot.parameter() + ", which is not followed");
        }
        FlatWeights.Place place = weights.places().stream().filter(p -> p.name().equals(slot.parameter())).findFirst()
                .orElseThrow(() -> new ConstraintException("parameter " + slot.parameter() + " is not trained"));
        Map<List<Integer>, long[]> occurrences = new TreeMap<>((a, b) -> Arrays.compare(
                a.stream().mapToInt(Integer::intValue).toArray(), b.stream().mapToInt(Integer::intValue).toArray()));
        for (int i = 0; i < slot.coordinate().length; i++) {
            if (slot.coordinate()[i] >= 0) {
                occurrences.computeIfAbsent(List.of(slot.copy()[i], slot.row()[i]),
                        k -> new long[space.dimension()])[slot.coordinate()[i]] = i;
            }
        }
        long[] index = occurrences.values().stream().flatMapToLong(Arrays::stream).toArray();
        long[] copy = occurrences.keySet().stream().mapToLong(k -> k.get(0)).toArray();
        return new Side(place, slot.axis(), slot.dual(), Tensors.of(weights.device(), index, index.length),
                Tensors.of(weights.device(), copy, copy.length));
    }

    /** The Space. */
    public LinearSpace space() {
        return space;
    }

    /** The parameters it meets. */
    public List<String> parameters() {
        return sides.stream().map(s -> s.place().name()).distinct().toList();
    }

    private static Tensor shaped(Tensor flat, Side side) {
        return flat.narrow(0, side.place().offset(), side.place().elements()).view(side.place().dims())
                .movedim(side.axis(), 0);
    }

    /** The coordinates of every occurrence, [occurrences, dimension, rest]. */
    private Tensor rows(Tensor flat, Side side) {
        return shaped(flat, side).index_select(0, side.index()).reshape(side.copy().numel(), space.dimension(), -1);
    }

    private void write(Tensor flat, Side side, Tensor rows) {
        Tensor target = shaped(flat, side);
        long[] dims = Tensors.dims(target);
        dims[0] = side.index().numel();
        target.index_copy_(0, side.index(), rows.reshape(dims));
    }

    /** Σ over one side of rows·rowsᵀ, [copies, dimension, dimension]. */
    private Tensor gram(boolean dual) {
        Tensor gram = torch.empty_like(weights.values()).resize_(space.copies(), space.dimension(), space.dimension())
                .zero_();
        for (Side side : sides) {
            if (side.dual() == dual) {
                Tensor rows = rows(weights.values(), side);
                gram.index_add_(0, side.copy(), torch.bmm(rows, rows.transpose(1, 2)));
            }
        }
        return gram;
    }

    /** Moves primal sides by one map per copy and dual sides by another, weights and momenta. */
    private void move(Tensor primal, Tensor dual) {
        for (Side side : sides) {
            Tensor map = (side.dual() ? dual : primal).index_select(0, side.copy());
            write(weights.values(), side, torch.bmm(map, rows(weights.values(), side)));
            // A gradient moves by the inverse transpose of what moves its weight.
            Tensor back = (side.dual() ? primal : dual).index_select(0, side.copy());
            for (Tensor moment : moments) {
                write(moment, side, torch.bmm(back, rows(moment, side)));
            }
        }
    }

    /**
     * Moves the Space, by a map of its Group that changes no output, so that both sides have the same diagonal Gram matrix: the
     * singular values of the product, largest first.
     */
    public void balance() {
        try (PointerScope inner = new PointerScope()) {
            Tensor p = gram(false).to(torch.ScalarType.Double);
            Tensor d = gram(true).to(torch.ScalarType.Double);
            Tensor root = power(p, 0.5);
            var eigen = torch.linalg_eigh(torch.bmm(torch.bmm(root, d), root));
            Tensor turn = eigen.get1().flip(2);
            Tensor largest = eigen.get0().amax(new long[] {1}, true);
            Tensor values = eigen.get0().flip(1).maximum(largest.mul(new Scalar(1e-14))).clamp_min(new Scalar(1e-300))
                    .pow(new Scalar(0.25));
            Tensor primal = torch.bmm(turn.transpose(1, 2).mul(values.unsqueeze(2)), power(p, -0.5));
            Tensor dual = torch.bmm(turn.transpose(1, 2).div(values.unsqueeze(2)), root);
            move(primal.to(weights.values().scalar_type()), dual.to(weights.values().scalar_type()));
        }
    }

    /** A power of symmetric matrices; eigenvalues of 0 are taken for the rounding that they are. */
    private static Tensor power(Tensor symmetric, double exponent) {
        var eigen = torch.linalg_eigh(symmetric);
        Tensor largest = eigen.get0().amax(new long[] {1}, true);
        Tensor values = eigen.get0().maximum(largest.mul(new Scalar(1e-12))).clamp_min(new Scalar(1e-300))
                .pow(new Scalar(exponent));
        return torch.bmm(eigen.get1().mul(values.unsqueeze(1)), eigen.get1().transpose(1, 2));
    }

    /** Rotates both sides alike into the eigenvectors of the sum of their Gram matrices, largest first. */
    @Override
    public void align() {
        try (PointerScope inner = new PointerScope()) {
            Tensor turn = torch.linalg_eigh(gram(false).add(gram(true))).get1().flip(2).transpose(1, 2);
            move(turn, turn);
        }
    }

    @Override
    public long cells() {
        return (long) space.copies() * space.dimension();
    }

    @Override
    public int depth() {
        return 2;
    }

    /** The length of each coordinate on one side times that on the other, copy by copy. */
    @Override
    public Tensor sizes() {
        Tensor primal = gram(false).diagonal(0, 1, 2);
        Tensor dual = gram(true).diagonal(0, 1, 2);
        return primal.mul(dual).sqrt().reshape(-1);
    }

    @Override
    public void push(Tensor perCell) {
        try (PointerScope inner = new PointerScope()) {
            Tensor cells = perCell.view(space.copies(), space.dimension());
            Tensor alive = cells.ne(Scalars.ZERO).to(cells.scalar_type());
            scale(cells, alive);
        }
    }

    /**
     * Adds λ·w to the gradients of both sides: weight decay that is the nuclear norm of the product.
     *
     * @param lambda λ, at least 0
     */
    public void pull(double lambda) {
        try (PointerScope inner = new PointerScope()) {
            for (Side side : sides) {
                write(weights.gradients(), side, rows(weights.gradients(), side)
                        .add(rows(weights.values(), side), new Scalar(lambda)));
            }
        }
    }

    private void scale(Tensor cells, Tensor momenta) {
        for (Side side : sides) {
            Tensor own = cells.index_select(0, side.copy()).unsqueeze(2);
            write(weights.values(), side, rows(weights.values(), side).mul(own));
            Tensor kept = momenta.index_select(0, side.copy()).unsqueeze(2);
            for (Tensor moment : moments) {
                write(moment, side, rows(moment, side).mul(kept));
            }
        }
    }

    @Override
    public void snap() {
        try (PointerScope inner = new PointerScope()) {
            Tensor lengths = torch.maximum(gram(false).diagonal(0, 1, 2), gram(true).diagonal(0, 1, 2)).sqrt();
            Tensor alive = lengths.ge(new Scalar(Depths.zero(2))).to(lengths.scalar_type());
            scale(alive, alive);
        }
    }

    @Override
    public void close() {
        scope.deallocate();
    }

    /** Where it is, for messages. */
    @Override
    public String toString() {
        return "rank of " + space.name();
    }
}
