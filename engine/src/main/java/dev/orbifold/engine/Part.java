package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.ValueInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The training or the test part of a {@link DataSet}: items with targets, read by index from any thread. Immutable;
 * {@link #select} and {@link #split} are views.
 */
public final class Part {
    private final String source;
    private final Items items;
    private final Targets targets;
    private final int[] order;
    private final Normalization normalization;
    private final DataType inputType;
    private final long[] shape;
    private final float[][] tables;
    private final int[] places;

    private Part(String source, Items items, Targets targets, int[] order, Normalization normalization,
            DataType inputType, long[] shape, int[] places) {
        this.places = places;
        this.source = source;
        this.items = items;
        this.targets = targets;
        this.order = order;
        this.normalization = normalization;
        this.inputType = inputType;
        this.shape = shape;
        int channels = ItemReader.channels(shape);
        this.tables = items instanceof Items.Bytes ? normalization.tables(channels) : new float[0][];
    }

    static Part of(String source, Items items, Targets targets, Normalization normalization, long... shape) {
        if (items.size() != targets.size()) {
            throw new DataException(source + " has " + items.size() + " items but " + targets.size() + " targets");
        }
        if (items.size() == 0) {
            throw new DataException(source + " has no items");
        }
        DataType type = items instanceof Items.Longs || items instanceof Items.Windows ? DataType.INT64
                : DataType.FLOAT;
        int[] all = IntStream.range(0, items.size()).toArray();
        return new Part(source, items, targets, all, normalization, type, shape, new int[0]);
    }

    /** The file or folder it was read from, for messages. */
    public String source() {
        return source;
    }

    /** How many items there are. */
    public int size() {
        return order.length;
    }

    /** The shape of one item, without the batch. */
    public long[] itemShape() {
        return shape.clone();
    }

    /** The element type of inputs: FLOAT or INT64. */
    public DataType inputType() {
        return inputType;
    }

    /** Bytes of one item as the model sees it. */
    public long itemBytes() {
        return (long) items.elements() * inputType.bytes();
    }

    /** The number of classes or token ids; 0 where targets are real numbers. */
    public int classes() {
        return targets.classes();
    }

    /** The element type of targets: INT64 for classes and tokens, FLOAT for numbers. */
    public DataType targetType() {
        return targets instanceof Targets.Rows || targets instanceof Targets.Same ? DataType.FLOAT : DataType.INT64;
    }

    /** The shape of one item's target, without the batch; empty for one class per item. */
    public long[] targetShape() {
        return switch (targets) {
            case Targets.Classes c -> new long[0];
            case Targets.Rows rows -> new long[] {rows.width()};
            case Targets.Same same -> new long[] {same.width()};
            case Targets.Tokens tokens -> new long[] {tokens.width()};
            case Targets.Next next -> new long[] {next.width()};
        };
    }

    /** The targets one item has: 1, or the tokens of a window. */
    public int targetsPerItem() {
        return (int) Arrays.stream(targetShape()).reduce(1, (a, b) -> a * b);
    }

    /**
     * The class of an item.
     *
     * @throws DataException if targets are not one class per item
     */
    public int label(int index) {
        if (targets instanceof Targets.Classes c) {
            return c.labels()[order[index]];
        }
        throw new DataException("the targets of " + source + " are not one class per item");
    }

    /** Writes one item, normalised, in row-major order from the byte offset on; safe from any thread. */
    public void read(int index, MemorySegment into, long offset) {
        read(reader(), index, Move.NONE, into, offset);
    }

    ItemReader reader() {
        return new ItemReader(items, normalization, tables, shape, places);
    }

    void read(ItemReader reader, int index, Move move, MemorySegment into, long offset) {
        if (inputType == DataType.INT64) {
            reader.longs(order[index], 0, into, offset);
        } else {
            reader.floats(order[index], move, into, offset);
        }
    }

    /** Writes one item's target from the byte offset on. */
    public void readTarget(int index, MemorySegment into, long offset) {
        readTarget(reader(), index, into, offset);
    }

    void readTarget(ItemReader reader, int index, MemorySegment into, long offset) {
        int item = order[index];
        switch (targets) {
            case Targets.Classes c -> into.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, c.labels()[item]);
            case Targets.Rows rows -> MemorySegment.copy(rows.values(), item * rows.width(), into,
                    ValueLayout.JAVA_FLOAT_UNALIGNED, offset, rows.width());
            case Targets.Same same -> reader.floats(item, Move.NONE, into, offset);
            case Targets.Tokens tokens -> MemorySegment.copy(tokens.values(), item * tokens.width(), into,
                    ValueLayout.JAVA_LONG_UNALIGNED, offset, tokens.width());
            case Targets.Next next -> reader.longs(item, 1, into, offset);
        }
    }

    /** Whether items are decoded each time they are read, so that reading is worth several threads. */
    boolean isDecodedOnRead() {
        return items instanceof EncodedImages;
    }

    /** Whether items are images, which can be shifted and flipped. */
    public boolean isImages() {
        return shape.length == 3 && inputType == DataType.FLOAT;
    }

    /** The items at these indices, in this order; the same item may come several times. */
    public Part select(int[] indices) {
        int[] chosen = Arrays.stream(indices).map(i -> order[i]).toArray();
        return new Part(source, items, targets, chosen, normalization, inputType, shape, places);
    }

    /**
     * The same items with their numbers in another order, the same for every item: number i is what was number order[i].
     *
     * @param order each number from 0 to the elements of an item − 1 once
     * @throws DataException if items are tokens, or the order is none
     */
    public Part permuted(int[] order) {
        if (inputType == DataType.INT64) {
            throw new DataException("the items of " + source + " are tokens; only numbers change places");
        }
        int elements = items.elements();
        if (!Arrays.equals(Arrays.stream(order).sorted().toArray(), IntStream.range(0, elements).toArray())) {
            throw new DataException("the items of " + source + " have " + elements
                    + " numbers; an order names each of them once, found " + order.length);
        }
        int[] now = Arrays.stream(order).map(i -> places.length == 0 ? i : places[i]).toArray();
        return new Part(source, items, targets, this.order, normalization, inputType, shape, now);
    }

    /**
     * Two parts without a common item.
     *
     * @param kept the larger share
     * @param held what is held out
     */
    public record Split(Part kept, Part held) {
    }

    /**
     * Holds out a share of the items at random, of every class the same share; both parts keep the order of this one.
     *
     * @param fraction held out, between 0 and 1
     * @throws DataException if a part would be empty
     */
    public Split split(double fraction, Seed seed) {
        boolean[] held = Stratification.hold(classOfItems(), fraction, seed);
        int[] out = IntStream.range(0, size()).filter(i -> held[i]).toArray();
        int[] in = IntStream.range(0, size()).filter(i -> !held[i]).toArray();
        if (out.length == 0 || in.length == 0) {
            throw new DataException(
                    source + " has " + size() + " items, too few to hold out a fraction of " + fraction);
        }
        return new Split(select(in), select(out));
    }

    /**
     * The same items, each its own target: its numbers as the model sees them, in one row.
     *
     * @throws DataException if items are tokens
     */
    public Part reconstructing() {
        if (inputType == DataType.INT64) {
            throw new DataException("the items of " + source + " are tokens; only numbers can be reconstructed");
        }
        Targets same = new Targets.Same(items.size(), items.elements());
        return new Part(source, items, same, order, normalization, inputType, shape, places);
    }

    private int[] classOfItems() {
        return targets instanceof Targets.Classes ? IntStream.range(0, size()).map(this::label).toArray()
                : new int[size()];
    }

    /**
     * The same items in the shape and element type of a model's input, whose first axis is the batch. A flat item becomes
     * any shape with as many elements, and back; axes of size 1 come and go.
     *
     * @throws MisfitException if they do not fit; states both shapes
     */
    public Part adapt(ValueInfo input) {
        DataType type = input.type().orElse(inputType) == DataType.INT64 ? DataType.INT64 : DataType.FLOAT;
        if (type == DataType.INT64 && inputType == DataType.FLOAT) {
            throw new MisfitException("the model's input " + input.name() + " wants INT64 tokens, but the items of "
                    + source + " are real numbers");
        }
        if (type == DataType.FLOAT && items instanceof Items.Windows) {
            throw new MisfitException(
                    "the model's input " + input.name() + " wants real numbers, but " + source
                            + " is a text of tokens");
        }
        long[] fitted = input.shape().map(this::fitted).orElse(shape);
        return new Part(source, items, targets, order, normalization, type, fitted, places);
    }

    private long[] fitted(Shape wanted) {
        if (wanted.rank() == 0) {
            throw misfit(wanted);
        }
        long[] sizes = new long[wanted.rank() - 1];
        long known = 1;
        int open = -1;
        for (int axis = 1; axis <= sizes.length; axis++) {
            sizes[axis - 1] = wanted.dim(axis).size();
            if (wanted.dim(axis).isFixed()) {
                known *= sizes[axis - 1];
            } else if (sizes.length == shape.length) {
                sizes[axis - 1] = shape[axis - 1];
                known *= shape[axis - 1];
            } else if (open < 0) {
                open = axis - 1;
            } else {
                throw misfit(wanted);
            }
        }
        if (open >= 0) {
            sizes[open] = known == 0 ? 0 : items.elements() / known;
            known *= sizes[open];
        }
        long[] mine = withoutOnes(shape);
        long[] theirs = withoutOnes(sizes);
        boolean alike = Arrays.equals(mine, theirs) || mine.length <= 1 || theirs.length <= 1;
        if (known != items.elements() || !alike) {
            throw misfit(wanted);
        }
        return sizes;
    }

    private MisfitException misfit(Shape wanted) {
        return new MisfitException("the items of " + source + " have shape " + text(shape) + ", " + items.elements()
                + " elements, which does not fit the model's input " + wanted);
    }

    private static long[] withoutOnes(long[] sizes) {
        return Arrays.stream(sizes).filter(s -> s != 1).toArray();
    }

    private static String text(long[] sizes) {
        return Shape.of(sizes).toString();
    }

    /** Checks that the normalisation has one number for all channels or one for each. */
    Part checked() {
        if (inputType == DataType.FLOAT) {
            normalization.fit(ItemReader.channels(shape), source);
        }
        return this;
    }

    /**
     * Checks that a model with so many outputs can answer every target.
     *
     * @throws DataException naming the first label or token that is out of range, with its file and row
     */
    public Part requireClasses(int outputs) {
        switch (targets) {
            case Targets.Classes c -> {
                for (int item : order) {
                    if (c.labels()[item] >= outputs) {
                        throw new DataException(
                                "label " + c.labels()[item] + " in row " + (item + c.firstRow()) + " of "
                                        + c.source() + " is out of range: the model has " + outputs + " classes");
                    }
                }
            }
            case Targets.Tokens tokens when tokens.classes() > outputs -> throw new DataException("token "
                    + (tokens.classes() - 1) + " in " + tokens.source() + " is out of range: the model knows "
                    + outputs);
            case Targets.Next next when next.classes() > outputs -> throw new DataException(next.source() + " has "
                    + next.classes() + " different characters, but the model knows " + outputs);
            default -> {
            }
        }
        return this;
    }
}
