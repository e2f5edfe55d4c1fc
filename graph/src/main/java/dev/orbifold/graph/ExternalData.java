package dev.orbifold.graph;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The files beside a model that hold its large tensors, memory-mapped once each; none may lie outside its folder. */
final class ExternalData {
    private final Optional<Path> folder;
    private final Map<String, MemorySegment> maps = new HashMap<>();

    /** Resolves locations against the model's folder; without one, external data is refused. */
    ExternalData(Optional<Path> folder) {
        this.folder = folder;
    }

    /** Maps a whole file; the map lives as long as anything refers to it. */
    static MemorySegment map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
        }
    }

    /** What went wrong with a file, in words. */
    static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (e instanceof FileSystemException f && f.getReason() != null) {
            return f.getReason();
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /**
     * The bytes of one tensor.
     *
     * @param entries the tensor's {@code external_data}: location, offset, length
     * @param length the bytes its type and shape need
     */
    MemorySegment bytes(Map<String, String> entries, long length, String tensor) {
        String location = entries.getOrDefault("location", "");
        if (location.isEmpty()) {
            throw new GraphException("external data of tensor '" + tensor + "' names no file");
        }
        MemorySegment file = maps.computeIfAbsent(location, l -> open(l, tensor));
        long offset = number(entries, "offset", 0, tensor);
        long stored = number(entries, "length", length, tensor);
        if (stored != length) {
            throw new GraphException("external data of tensor '" + tensor + "' in '" + location + "' should have "
                    + length + " bytes by its type and shape, its entry says " + stored);
        }
        if (offset > file.byteSize() || length > file.byteSize() - offset) {
            throw new GraphException("external data file '" + location + "' is too short for tensor '" + tensor
                    + "': it needs " + length + " bytes from byte " + offset + " on, the file has " + file.byteSize());
        }
        return file.asSlice(offset, length);
    }

    private MemorySegment open(String location, String tensor) {
        String where = "external data '" + location + "' of tensor '" + tensor + "' ";
        Path base = folder.orElseThrow(() -> new GraphException(where + "cannot be read: the model is not in a file"));
        try {
            Path realBase = base.toRealPath();
            Path relative = Path.of(location);
            boolean leaves = relative.isAbsolute() || location.startsWith("/") || location.startsWith("\\");
            for (String part : location.split("[/\\\\]", -1)) {
                leaves |= part.equals("..");
            }
            if (leaves || !realBase.resolve(relative).toRealPath().startsWith(realBase)) {
                throw new GraphException(
                        where + "lies outside the model's folder " + base + "; put it beside the model");
            }
            Path file = realBase.resolve(relative).toRealPath();
            if (!Files.isRegularFile(file)) {
                throw new GraphException(where + "is not a file");
            }
            return map(file);
        } catch (InvalidPathException e) {
            throw new GraphException(where + "is not a path", e);
        } catch (IOException e) {
            throw new GraphException(where + "cannot be read from " + base + ": " + reason(e), e);
        }
    }

    private static long number(Map<String, String> entries, String key, long orElse, String tensor) {
        String text = entries.get(key);
        if (text == null || text.isEmpty()) {
            return orElse;
        }
        try {
            long value = Long.parseLong(text);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new GraphException(
                    "external data of tensor '" + tensor + "' has " + key + " '" + text + "', expected a number", e);
        }
        throw new GraphException("external data of tensor '" + tensor + "' has a negative " + key + ": " + text);
    }
}
