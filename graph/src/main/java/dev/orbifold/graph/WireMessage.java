package dev.orbifold.graph;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A protobuf message being written: a rope of byte ranges, so that tensors are never copied on their way to a file. */
final class WireMessage {
    private static final int COPIED_BELOW = 512;
    private static final int AT_ONCE = 1 << 26;

    private final List<MemorySegment> chunks = new ArrayList<>();
    private byte[] pending = new byte[64];
    private int used;
    private long size;

    /** Appends fields as they are, tags included. */
    WireMessage raw(MemorySegment fields) {
        long length = fields.byteSize();
        size += length;
        if (length < COPIED_BELOW) {
            room((int) length);
            MemorySegment.copy(fields, ValueLayout.JAVA_BYTE, 0, pending, used, (int) length);
            used += (int) length;
        } else {
            flush();
            chunks.add(fields);
        }
        return this;
    }

    /** Appends an integer field. */
    WireMessage integer(int field, long value) {
        varint((long) field << 3 | Wire.VARINT);
        varint(value);
        return this;
    }

    /** Appends a float field. */
    WireMessage real(int field, float value) {
        varint((long) field << 3 | Wire.FIXED32);
        int bits = Float.floatToRawIntBits(value);
        for (int shift = 0; shift < 32; shift += 8) {
            one(bits >>> shift);
        }
        return this;
    }

    /** Appends a field of bytes. */
    WireMessage bytes(int field, MemorySegment value) {
        varint((long) field << 3 | Wire.BYTES);
        varint(value.byteSize());
        return raw(value);
    }

    /** Appends a string field. */
    WireMessage text(int field, String value) {
        return bytes(field, MemorySegment.ofArray(value.getBytes(StandardCharsets.UTF_8)));
    }

    /** Appends a message field. */
    WireMessage message(int field, WireMessage value) {
        varint((long) field << 3 | Wire.BYTES);
        varint(value.size);
        return append(value);
    }

    /** Appends the fields of another message. */
    WireMessage append(WireMessage other) {
        other.flush();
        other.chunks.forEach(this::raw);
        return this;
    }

    /** The number of bytes so far. */
    long size() {
        return size;
    }

    /** All bytes, for messages below 2 GB. */
    byte[] toBytes() {
        flush();
        MemorySegment all = MemorySegment.ofArray(new byte[Math.toIntExact(size)]);
        long at = 0;
        for (MemorySegment chunk : chunks) {
            MemorySegment.copy(chunk, 0, all, at, chunk.byteSize());
            at += chunk.byteSize();
        }
        return (byte[]) all.heapBase().orElseThrow();
    }

    /** Writes all bytes. */
    void writeTo(WritableByteChannel channel) throws IOException {
        flush();
        for (MemorySegment chunk : chunks) {
            write(chunk, channel);
        }
    }

    /** Writes one range of bytes of any length. */
    static void write(MemorySegment bytes, WritableByteChannel channel) throws IOException {
        for (long at = 0; at < bytes.byteSize(); at += AT_ONCE) {
            ByteBuffer part = bytes.asSlice(at, Math.min(AT_ONCE, bytes.byteSize() - at)).asByteBuffer();
            while (part.hasRemaining()) {
                channel.write(part);
            }
        }
    }

    private void varint(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            one((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        one((int) rest);
    }

    private void one(int b) {
        room(1);
        pending[used++] = (byte) b;
        size++;
    }

    private void room(int length) {
        if (used + length > pending.length) {
            pending = Arrays.copyOf(pending, Math.max(used + length, 2 * pending.length));
        }
    }

    private void flush() {
        if (used > 0) {
            chunks.add(MemorySegment.ofArray(Arrays.copyOf(pending, used)));
            used = 0;
        }
    }
}
