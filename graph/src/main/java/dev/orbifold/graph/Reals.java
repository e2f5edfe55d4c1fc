package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Copies runs of real numbers between tensors and doubles, in pieces that stay in the cache. Not for several threads at
 * once.
 */
public final class Reals {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int PIECE = 2048;

    private final float[] piece = new float[PIECE];

    /**
     * Reads elements of a tensor, converted where its type is not real.
     *
     * @param first the row-major index of the first one
     * @param at where it goes
     */
    public void read(TensorData from, long first, double[] to, int at, int count) {
        if (from.type() == DataType.DOUBLE) {
            MemorySegment.copy(from.bytes(), DOUBLE, first * Double.BYTES, to, at, count);
        } else if (from.type() == DataType.FLOAT) {
            for (int done = 0; done < count; done += PIECE) {
                int n = Math.min(PIECE, count - done);
                MemorySegment.copy(from.bytes(), FLOAT, (first + done) * Float.BYTES, piece, 0, n);
                widen(piece, to, at + done, n);
            }
        } else {
            for (int i = 0; i < count; i++) {
                to[at + i] = from.doubleAt(first + i);
            }
        }
    }

    /**
     * Writes elements of a real type, rounded to the nearest.
     *
     * @param at the first number to write
     * @param first the row-major index it goes to
     * @throws GraphException if the type is not real
     */
    public void write(double[] from, int at, int count, DataType type, MemorySegment to, long first) {
        switch (type) {
            case DOUBLE -> MemorySegment.copy(from, at, to, DOUBLE, first * Double.BYTES, count);
            case FLOAT -> {
                for (int done = 0; done < count; done += PIECE) {
                    int n = Math.min(PIECE, count - done);
                    narrow(from, at + done, piece, n);
                    MemorySegment.copy(piece, 0, to, FLOAT, (first + done) * Float.BYTES, n);
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    to.setAtIndex(SHORT, first + i, half(type, (float) from[at + i]));
                }
            }
        }
    }

    private static short half(DataType type, float value) {
        int bits = Float.floatToRawIntBits(value);
        return switch (type) {
            case FLOAT16 -> Float.floatToFloat16(value);
            case BFLOAT16 -> (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
            default -> throw new GraphException("elements of type " + type + " are not real numbers");
        };
    }

    private static void widen(float[] from, double[] to, int at, int count) {
        for (int i = 0; i < count; i++) {
            to[at + i] = from[i];
        }
    }

    private static void narrow(double[] from, int at, float[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = (float) from[at + i];
        }
    }
}
