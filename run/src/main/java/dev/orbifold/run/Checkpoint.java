package dev.orbifold.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/** One checkpoint, memory-mapped, every section checked against its CRC-32C when it was opened. */
public final class Checkpoint implements AutoCloseable {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int CHUNK = 1 << 24;

    private final Path file;
    private final Arena arena;
    private final MemorySegment mapped;
    private final CheckpointWriter.Directory directory;
    private final Map<String, CheckpointWriter.Section> sections = new LinkedHashMap<>();

    private Checkpoint(Path file, Arena arena, MemorySegment mapped, CheckpointWriter.Directory directory) {
        this.file = file;
        this.arena = arena;
        this.mapped = mapped;
        this.directory = directory;
        for (CheckpointWriter.Section section : directory.sections()) {
            sections.put(section.name(), section);
        }
    }

    /** Opens a file, or is empty where it is cut off, damaged or no checkpoint. */
    static Optional<Checkpoint> open(Path file) {
        Arena arena = Arena.ofShared();
        boolean kept = false;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            Optional<CheckpointWriter.Directory> directory = directory(mapped);
            kept = directory.isPresent();
            return directory.map(d -> new Checkpoint(file, arena, mapped, d));
        } catch (IOException e) {
            throw Storage.failure("read", file, e);
        } finally {
            if (!kept) {
                arena.close();
            }
        }
    }

    private static Optional<CheckpointWriter.Directory> directory(MemorySegment mapped) {
        long size = mapped.byteSize();
        if (size < CheckpointWriter.ALIGNMENT + CheckpointWriter.TRAILER
                || mapped.get(LONG, 0) != CheckpointWriter.MAGIC
                || mapped.get(LONG, size - Long.BYTES) != CheckpointWriter.MAGIC) {
            return Optional.empty();
        }
        long trailer = size - CheckpointWriter.TRAILER;
        long offset = mapped.get(LONG, trailer);
        long length = mapped.get(LONG, trailer + 8);
        if (offset < CheckpointWriter.ALIGNMENT || length < 0 || offset > trailer || length != trailer - offset
                || crc(mapped.asSlice(offset, length)) != mapped.get(LONG, trailer + 16)) {
            return Optional.empty();
        }
        String text = new String(mapped.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        CheckpointWriter.Directory directory = Json.convert(Json.parse(text), CheckpointWriter.Directory.class);
        boolean whole = directory.sections().stream().allMatch(s -> crc(mapped.asSlice(s.offset(), s.length())) == s
                .crc());
        return whole ? Optional.of(directory) : Optional.empty();
    }

    private static long crc(MemorySegment data) {
        CRC32C crc = new CRC32C();
        for (long done = 0; done < data.byteSize(); done += CHUNK) {
            crc.update(data.asSlice(done, Math.min(CHUNK, data.byteSize() - done)).asByteBuffer());
        }
        return crc.getValue();
    }

    /** The optimizer steps done when it was written. */
    public long step() {
        return directory.step();
    }

    /** The sections' names in the order they were written. */
    public Set<String> names() {
        return Collections.unmodifiableSet(sections.keySet());
    }

    /** The section's bytes in the mapped file, aligned to 64 bytes, read-only, valid until this is closed. */
    public MemorySegment segment(String name) {
        CheckpointWriter.Section section = sections.get(name);
        if (section == null) {
            throw new RunException("checkpoint " + file + " has no section " + name + ", only " + sections.keySet());
        }
        return mapped.asSlice(section.offset(), section.length());
    }

    /** A copy of the section's bytes. */
    public byte[] bytes(String name) {
        return segment(name).toArray(ValueLayout.JAVA_BYTE);
    }

    /** The section as a JSON tree. */
    public JsonNode json(String name) {
        return Json.parse(new String(bytes(name), StandardCharsets.UTF_8));
    }

    /** The section as a value of the type, usually a record. */
    public <T> T json(String name, Class<T> type) {
        return Json.convert(json(name), type);
    }

    /** Where it lies. */
    public Path file() {
        return file;
    }

    long metricsLength() {
        return directory.metricsLength();
    }

    @Override
    public void close() {
        arena.close();
    }
}
