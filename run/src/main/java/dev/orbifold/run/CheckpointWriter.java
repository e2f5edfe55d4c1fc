package dev.orbifold.run;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Receives the named sections of one checkpoint and streams them to its file.
 *
 * <p>
 * The file: 64 bytes of header, the sections each starting at a multiple of 64 bytes, a directory in JSON, and a trailer of
 * {@link #TRAILER} bytes (directory offset and length, CRC-32C of the directory, {@link #MAGIC}; little-endian).
 */
public final class CheckpointWriter {
    static final int ALIGNMENT = 64;
    static final int TRAILER = 32;
    static final long MAGIC = 0x3150_4b43_4642_524fL;
    private static final int CHUNK = 1 << 24;

    /** One section's place in the file. */
    record Section(String name, long offset, long length, long crc) {
    }

    /** The directory at the end of the file. */
    record Directory(long step, long metricsLength, List<Section> sections) {
    }

    private final FileChannel channel;
    private final List<Section> sections = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    CheckpointWriter(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Writes the bytes of the segment, without copying them where the segment is native memory or a byte array.
     *
     * @throws IOException if the disk refuses
     * @throws IllegalArgumentException if the name was used before
     */
    public void put(String name, MemorySegment data) throws IOException {
        if (!names.add(name)) {
            throw new IllegalArgumentException("two checkpoint sections are named " + name);
        }
        pad();
        long offset = channel.position();
        CRC32C crc = new CRC32C();
        for (long done = 0; done < data.byteSize();) {
            long size = Math.min(CHUNK, data.byteSize() - done);
            ByteBuffer chunk = buffer(data.asSlice(done, size));
            crc.update(chunk.duplicate());
            Storage.writeFully(channel, chunk);
            done += size;
        }
        sections.add(new Section(name, offset, data.byteSize(), crc.getValue()));
    }

    /** Writes a section of bytes. */
    public void put(String name, byte[] data) throws IOException {
        put(name, MemorySegment.ofArray(data));
    }

    /** Writes a section of JSON: a record, a map, a list. */
    public void putJson(String name, Object value) throws IOException {
        put(name, Json.line(value).getBytes(StandardCharsets.UTF_8));
    }

    void begin() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(ALIGNMENT).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(0, MAGIC);
        Storage.writeFully(channel, header);
    }

    void end(long step, long metricsLength) throws IOException {
        pad();
        byte[] directory = Json.line(new Directory(step, metricsLength, List.copyOf(sections)))
                .getBytes(StandardCharsets.UTF_8);
        CRC32C crc = new CRC32C();
        crc.update(directory);
        ByteBuffer trailer = ByteBuffer.allocate(TRAILER).order(ByteOrder.LITTLE_ENDIAN);
        trailer.putLong(channel.position()).putLong(directory.length).putLong(crc.getValue()).putLong(MAGIC).flip();
        Storage.writeFully(channel, ByteBuffer.wrap(directory));
        Storage.writeFully(channel, trailer);
    }

    private void pad() throws IOException {
        int over = (int) (channel.position() % ALIGNMENT);
        if (over != 0) {
            Storage.writeFully(channel, ByteBuffer.allocate(ALIGNMENT - over));
        }
    }

    private static ByteBuffer buffer(MemorySegment segment) {
        if (segment.isNative() || segment.heapBase().filter(byte[].class::isInstance).isPresent()) {
            return segment.asByteBuffer();
        }
        return ByteBuffer.wrap(segment.toArray(ValueLayout.JAVA_BYTE));
    }
}
