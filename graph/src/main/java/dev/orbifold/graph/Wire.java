package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.DoubleConsumer;
import java.util.function.LongConsumer;

/**
 * A cursor over the fields of one protobuf message, which copies nothing: payloads are slices of the message's bytes.
 * Every malformed byte ends in a {@link GraphException}. Source: protobuf encoding, "Message structure".
 */
final class Wire {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int FIXED32 = 5;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment message;
    private final String what;
    private long at;
    private long start;
    private int field;
    private int type;
    private long value;
    private long payload;

    /** Starts before the first field; {@code what} names the message in errors. */
    Wire(MemorySegment message, String what) {
        this.message = message;
        this.what = what;
    }

    /** Moves to the next field; false at the end of the message. */
    boolean next() {
        if (at >= message.byteSize()) {
            return false;
        }
        start = at;
        long tag = varint();
        field = (int) (tag >>> 3);
        type = (int) (tag & 7);
        if (tag >>> 32 != 0 || field == 0) {
            throw damaged("a field cannot have the number " + (tag >>> 3));
        }
        payload = at;
        switch (type) {
            case VARINT -> value = varint();
            case FIXED64 -> {
                need(8);
                value = message.get(LONG, at);
                at += 8;
            }
            case FIXED32 -> {
                need(4);
                value = message.get(INT, at);
                at += 4;
            }
            case BYTES -> {
                long length = varint();
                need(length);
                payload = at;
                at += length;
            }
            default -> throw damaged("wire type " + type + " of field " + field + " is not used by ONNX");
        }
        return true;
    }

    /** The number of the current field. */
    int field() {
        return field;
    }

    /** The current field with its tag and length. */
    MemorySegment whole() {
        return message.asSlice(start, at - start);
    }

    /** The integer of the current field. */
    long integer() {
        expect(VARINT);
        return value;
    }

    /** The float of the current field. */
    float real() {
        expect(FIXED32);
        return Float.intBitsToFloat((int) value);
    }

    /** The payload of the current field: bytes, a string or a message. */
    MemorySegment bytes() {
        expect(BYTES);
        return message.asSlice(payload, at - payload);
    }

    /** The string of the current field. */
    String text() {
        byte[] utf8 = bytes().toArray(ValueLayout.JAVA_BYTE);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new GraphException(what + " is damaged at byte " + payload + ": a text is not UTF-8", e);
        }
    }

    /** The integers of the current field of a repeated integer, packed or not. */
    void integers(LongConsumer to) {
        if (type == VARINT) {
            to.accept(value);
            return;
        }
        Wire packed = new Wire(bytes(), what);
        while (packed.at < packed.message.byteSize()) {
            to.accept(packed.varint());
        }
    }

    /** The floats of the current field of a repeated float, packed or not. */
    void reals(DoubleConsumer to) {
        if (type == FIXED32) {
            to.accept(real());
            return;
        }
        MemorySegment packed = whole(4);
        for (long i = 0; i < packed.byteSize(); i += 4) {
            to.accept(Float.intBitsToFloat(packed.get(INT, i)));
        }
    }

    /** The little-endian bytes of the current field of a repeated fixed-width number, packed or not. */
    MemorySegment fixed(int width) {
        if (type == (width == 4 ? FIXED32 : FIXED64)) {
            return message.asSlice(payload, width);
        }
        return whole(width);
    }

    private MemorySegment whole(int width) {
        MemorySegment packed = bytes();
        if (packed.byteSize() % width != 0) {
            throw damaged("a packed list of " + packed.byteSize() + " bytes does not divide into elements of " + width);
        }
        return packed;
    }

    private void expect(int expected) {
        if (type != expected) {
            throw damaged("field " + field + " should have wire type " + expected + ", found " + type);
        }
    }

    private void need(long length) {
        if (length < 0 || length > message.byteSize() - at) {
            throw damaged("field " + field + " needs " + Long.toUnsignedString(length) + " bytes, only "
                    + (message.byteSize() - at) + " are left");
        }
    }

    private long varint() {
        long result = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (at >= message.byteSize()) {
                throw damaged("it ends inside a number");
            }
            byte b = message.get(ValueLayout.JAVA_BYTE, at++);
            result |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return result;
            }
        }
        throw damaged("a number is longer than ten bytes");
    }

    private GraphException damaged(String how) {
        return new GraphException(what + " is truncated or damaged at byte " + start + ": " + how);
    }
}
