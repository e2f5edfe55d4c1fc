package dev.orbifold.graph;

import java.nio.file.Path;

/** Reads and writes ONNX files. */
public final class OnnxFile {
    private OnnxFile() {
    }

    /**
     * Reads a model, memory-mapped.
     *
     * @throws GraphException if it cannot be read; one sentence that names the file and what is wrong with it
     */
    public static Graph read(Path file) {
        throw new UnsupportedOperationException("in work");
    }

    /** Writes a model atomically; what did not change since it was read is written back byte for byte. */
    public static void write(Graph graph, Path file) {
        throw new UnsupportedOperationException("in work");
    }

    /** The bytes {@link #write} would write, with all tensors inside (for runtimes that load from memory). */
    public static byte[] bytes(Graph graph) {
        throw new UnsupportedOperationException("in work");
    }
}
