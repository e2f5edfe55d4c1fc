package dev.orbifold.cli;

import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.OnnxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where a model goes, checked before any work. */
final class Destination {
    @Option(names = {"-o", "--output"}, required = true, paramLabel = "OUT",
            description = "The ONNX file to write.") private Path output = Path.of("");

    /** The path as typed. */
    Path typed() {
        return output;
    }

    /**
     * The path, absolute.
     *
     * @throws GraphException if no file can be written there
     */
    Path checked(Output reporter, Path model) {
        return checked(output, reporter, model);
    }

    /**
     * Any path, absolute.
     *
     * @param model what is read, and must not be lost
     * @throws GraphException if no file can be written there
     */
    static Path checked(Path output, Output reporter, Path model) {
        Path target = output.toAbsolutePath().normalize();
        Path folder = target.getParent();
        if (Files.isDirectory(target) || folder == null) {
            throw new GraphException("cannot write " + output + ": it is a folder; name a file with -o");
        }
        if (!Files.isDirectory(folder)) {
            throw new GraphException("cannot write " + output + ": the folder " + folder
                    + " does not exist; create it, or name another file with -o");
        }
        if (!Files.isWritable(folder) || Files.exists(target) && !Files.isWritable(target)) {
            throw new GraphException("cannot write " + output + ": permission denied; name another file with -o");
        }
        try {
            if (Files.exists(target) && Files.exists(model) && Files.isSameFile(target, model)) {
                throw reporter.wrong("-o names the model itself, " + output
                        + ", which would be lost; name another file");
            }
        } catch (IOException e) {
            throw new GraphException("cannot look at " + output + ": " + e.getMessage(), e);
        }
        if (Files.exists(target) && !isModel(target)) {
            // It may be the data, or the weights of this very model.
            throw reporter.wrong("-o names the file " + output
                    + ", which is no ONNX model and would be lost; name another file, or remove it");
        }
        return target;
    }

    private static boolean isModel(Path file) {
        try {
            OnnxFile.read(file);
            return true;
        } catch (GraphException e) {
            return false;
        }
    }
}
