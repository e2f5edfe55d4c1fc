package dev.orbifold.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The raw inputs of a data set: equally many elements per item, read by number from any thread. */
sealed interface Items {
    /** How many items there are. */
    int size();

    /** Elements per item. */
    int elements();

    /** Items of bytes. */
    sealed interface Bytes extends Items permits StoredBytes, EncodedImages {
        /** Copies an item's elements to the front of the array. */
        void read(int item, byte[] into);
    }

    /** Bytes in memory, on or off the heap or mapped, item after item. */
    record StoredBytes(MemorySegment memory, int size, int elements) implements Bytes {
        /** Room for so many items, outside the heap. */
        static StoredBytes allocate(int size, int elements) {
            return new StoredBytes(Arena.ofAuto().allocate((long) size * elements, 64), size, elements);
        }

        @Override
        public void read(int item, byte[] into) {
            MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, (long) item * elements, into, 0, elements);
        }
    }

    /** Single-precision numbers, item after item. */
    record Floats(MemorySegment memory, int size, int elements) implements Items {
        void read(int item, float[] into) {
            MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT_UNALIGNED, (long) item * elements * Float.BYTES, into, 0,
                    elements);
        }
    }

    /** Whole numbers, such as token ids, in rows. */
    record Longs(long[] values, int size, int elements) implements Items {
        void read(int item, long[] into) {
            System.arraycopy(values, item * elements, into, 0, elements);
        }
    }

    /** Consecutive windows of one long row of tokens; an item's targets are the tokens one further. */
    record Windows(int[] tokens, int from, int size, int elements) implements Items {
        void read(int item, int shift, long[] into) {
            int at = from + item * elements + shift;
            for (int i = 0; i < elements; i++) {
                into[i] = tokens[at + i];
            }
        }
    }
}
