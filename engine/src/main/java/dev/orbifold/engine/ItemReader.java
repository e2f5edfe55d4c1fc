package dev.orbifold.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Writes normalised, moved items of one shape into memory. Holds scratch space: one per thread. */
final class ItemReader {
    private final Items items;
    private final Normalization normalization;
    private final int channels;
    private final int height;
    private final int width;
    private final float[][] tables;
    private final byte[] bytes;
    private final float[] floats;
    private final float[] moved;
    private final long[] longs;
    private final int[] places;
    private final float[] placed;

    /**
     * A reader of such items.
     *
     * @param tables the images of all byte values, per channel; unused for other items
     * @param shape of an item; rank 3 is channels, height and width, anything else one channel
     * @param places where each element of what is written comes from; empty where all stay
     */
    ItemReader(Items items, Normalization normalization, float[][] tables, long[] shape, int[] places) {
        this.places = places;
        this.placed = new float[places.length];
        this.items = items;
        this.normalization = normalization;
        this.tables = tables;
        int elements = items.elements();
        boolean image = shape.length == 3;
        this.channels = channels(shape);
        this.height = image ? (int) shape[1] : 1;
        this.width = elements / channels / height;
        this.bytes = new byte[items instanceof Items.Bytes ? elements : 0];
        this.floats = new float[elements];
        this.moved = new float[items instanceof Items.Floats ? elements : 0];
        this.longs = new long[items instanceof Items.Longs || items instanceof Items.Windows ? elements : 0];
    }

    /** The channels of an item: its first axis if it has more than one. */
    static int channels(long[] shape) {
        return shape.length >= 2 ? (int) shape[0] : 1;
    }

    /** Writes the item as float32 from a byte offset on. */
    void floats(int item, Move move, MemorySegment into, long offset) {
        switch (items) {
            case Items.Bytes stored -> {
                stored.read(item, bytes);
                fromBytes(move);
                write(floats, into, offset);
            }
            case Items.Floats stored -> {
                stored.read(item, floats);
                normalize();
                write(move.equals(Move.NONE) ? floats : place(move), into, offset);
            }
            case Items.Longs stored -> {
                stored.read(item, longs);
                for (int i = 0; i < longs.length; i++) {
                    floats[i] = longs[i];
                }
                normalize();
                write(floats, into, offset);
            }
            case Items.Windows stored -> throw new DataException("tokens cannot be read as real numbers");
        }
    }

    /** Writes the item, or the tokens so many places further, as int64 from a byte offset on. */
    void longs(int item, int shift, MemorySegment into, long offset) {
        switch (items) {
            case Items.Longs stored -> stored.read(item, longs);
            case Items.Windows stored -> stored.read(item, shift, longs);
            default -> throw new DataException("real numbers cannot be read as token ids");
        }
        MemorySegment.copy(longs, 0, into, ValueLayout.JAVA_LONG_UNALIGNED, offset, longs.length);
    }

    private void write(float[] read, MemorySegment into, long offset) {
        for (int i = 0; i < places.length; i++) {
            placed[i] = read[places[i]];
        }
        float[] values = places.length == 0 ? read : placed;
        MemorySegment.copy(values, 0, into, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, values.length);
    }

    private void fromBytes(Move move) {
        int plane = height * width;
        for (int c = 0; c < channels; c++) {
            float[] table = tables[c];
            if (move.equals(Move.NONE)) {
                for (int i = c * plane; i < (c + 1) * plane; i++) {
                    floats[i] = table[bytes[i] & 0xFF];
                }
                continue;
            }
            for (int y = 0; y < height; y++) {
                int to = c * plane + y * width;
                int from = c * plane + (y + move.down()) * width;
                boolean inside = y + move.down() >= 0 && y + move.down() < height;
                for (int x = 0; x < width; x++) {
                    int source = (move.flip() ? width - 1 - x : x) + move.right();
                    floats[to + x] = inside && source >= 0 && source < width ? table[bytes[from + source] & 0xFF]
                            : table[0];
                }
            }
        }
    }

    private void normalize() {
        if (normalization.isIdentity()) {
            return;
        }
        int plane = height * width;
        for (int i = 0; i < floats.length; i++) {
            floats[i] = normalization.apply(i / plane, floats[i]);
        }
    }

    private float[] place(Move move) {
        int plane = height * width;
        for (int c = 0; c < channels; c++) {
            Arrays.fill(moved, c * plane, (c + 1) * plane, normalization.apply(c, 0));
            for (int y = Math.max(0, -move.down()); y < Math.min(height, height - move.down()); y++) {
                int to = c * plane + y * width;
                int from = c * plane + (y + move.down()) * width;
                for (int x = 0; x < width; x++) {
                    int source = (move.flip() ? width - 1 - x : x) + move.right();
                    if (source >= 0 && source < width) {
                        moved[to + x] = floats[from + source];
                    }
                }
            }
        }
        return moved;
    }
}
