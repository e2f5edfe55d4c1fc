package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** The example models beside the checkout, where there are any. */
final class SharedModels {
    private SharedModels() {
    }

    /** Reads a model; the calling test is skipped where it is not there. */
    static Graph read(String name) {
        Optional<Path> file = folder().map(f -> f.resolve("models").resolve(name)).filter(Files::exists);
        Assumptions.assumeTrue(file.isPresent(), "no shared/models/" + name + " beside this checkout");
        return OnnxFile.read(file.orElseThrow());
    }

    private static Optional<Path> folder() {
        String named = System.getProperty("ORBIFOLD_SHARED", System.getenv().getOrDefault("ORBIFOLD_SHARED", ""));
        if (!named.isEmpty()) {
            return Optional.of(Path.of(named));
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isDirectory(at.resolve("shared").resolve("models"))) {
                return Optional.of(at.resolve("shared"));
            }
        }
        return Optional.empty();
    }
}
