package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The entries of a memory-mapped zip file: stored ones as slices of it, deflated ones inflated. Source: PKWARE
 * APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3 (zip64).
 */
final class ZipEntries {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int END64 = 0x06064b50;
    private static final int LOCATOR64 = 0x07064b50;
    private static final long FULL = 0xffffffffL;

    private final MemorySegment zip;
    private final String what;

    private ZipEntries(MemorySegment zip, String what) {
        this.zip = zip;
        this.what = what;
    }

    /**
     * Reads the directory and the entries.
     *
     * @throws GraphException if the bytes are not a complete zip file
     */
    static Map<String, MemorySegment> of(MemorySegment zip, String what) {
        return new ZipEntries(zip, what).read();
    }

    private Map<String, MemorySegment> read() {
        long end = end();
        long count = u16(end + 10);
        long at = u32(end + 16);
        if (at == FULL || count == 0xffff) {
            long locator = end - 20;
            if (locator < 0 || i32(locator) != LOCATOR64) {
                throw damaged("its zip64 directory is missing");
            }
            long end64 = i64(locator + 8);
            if (i32(end64) != END64) {
                throw damaged("its zip64 directory is not where it should be");
            }
            count = i64(end64 + 32);
            at = i64(end64 + 48);
        }
        Map<String, MemorySegment> entries = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            if (i32(at) != CENTRAL) {
                throw damaged("entry " + i + " of its directory is not where it should be");
            }
            String name = text(at + 46, u16(at + 28));
            if (entries.put(name, entry(at, name)) != null) {
                throw damaged("it holds '" + name + "' twice");
            }
            at += 46 + u16(at + 28) + u16(at + 30) + u16(at + 32);
        }
        return entries;
    }

    private long end() {
        for (long at = zip.byteSize() - 22; at >= 0 && at >= zip.byteSize() - 22 - 0xffff; at--) {
            if (i32(at) == END) {
                return at;
            }
        }
        throw new GraphException(what + " is not an npz file, or is truncated: it has no zip directory");
    }

    private MemorySegment entry(long central, String name) {
        long packed = u32(central + 20);
        long size = u32(central + 24);
        long local = u32(central + 42);
        if (packed == FULL || size == FULL || local == FULL) {
            long extra = central + 46 + u16(central + 28);
            long until = extra + u16(central + 30);
            while (extra + 4 <= until && u16(extra) != 1) {
                extra += 4 + u16(extra + 2);
            }
            long at = extra + 4;
            if (size == FULL) {
                size = i64(at);
                at += 8;
            }
            if (packed == FULL) {
                packed = i64(at);
                at += 8;
            }
            if (local == FULL) {
                local = i64(at);
            }
        }
        if (i32(local) != LOCAL) {
            throw damaged("'" + name + "' is not where its directory says");
        }
        MemorySegment data = slice(local + 30 + u16(local + 26) + u16(local + 28), packed);
        int method = u16(central + 10);
        if ((u16(central + 8) & 1) != 0) {
            throw damaged("'" + name + "' is encrypted");
        }
        return switch (method) {
            case 0 -> data;
            case 8 -> inflated(data, size, name);
            default -> throw damaged("'" + name + "' is compressed with method " + method + ", supported is deflate");
        };
    }

    private MemorySegment inflated(MemorySegment data, long size, String name) {
        // Deflate cannot shrink more than 1032 to 1, so a larger claim is false.
        if (size < 0 || size > Integer.MAX_VALUE - 8 || size > 1100 * (data.byteSize() + 16)) {
            throw damaged("'" + name + "' cannot inflate to " + size + " bytes");
        }
        Inflater inflater = new Inflater(true);
        try {
            byte[] result = new byte[(int) size];
            inflater.setInput(data.toArray(ValueLayout.JAVA_BYTE));
            int done = 0;
            int more = 1;
            while (done < result.length && more > 0) {
                more = inflater.inflate(result, done, result.length - done);
                done += more;
            }
            if (done < result.length) {
                throw damaged("'" + name + "' inflates to " + done + " bytes, expected " + size);
            }
            return MemorySegment.ofArray(result);
        } catch (DataFormatException e) {
            throw new GraphException(what + " is damaged: '" + name + "' cannot be inflated: " + e.getMessage(), e);
        } finally {
            inflater.end();
        }
    }

    private MemorySegment slice(long at, long length) {
        if (at < 0 || length < 0 || at > zip.byteSize() || length > zip.byteSize() - at) {
            throw damaged("it should have " + length + " bytes at " + at + ", it ends at " + zip.byteSize());
        }
        return zip.asSlice(at, length);
    }

    private String text(long at, int length) {
        return new String(slice(at, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private int u16(long at) {
        return Short.toUnsignedInt(slice(at, 2).get(SHORT, 0));
    }

    private int i32(long at) {
        return slice(at, 4).get(INT, 0);
    }

    private long u32(long at) {
        return Integer.toUnsignedLong(i32(at));
    }

    private long i64(long at) {
        return slice(at, 8).get(LONG, 0);
    }

    private GraphException damaged(String how) {
        return new GraphException(what + " is damaged: " + how);
    }
}
