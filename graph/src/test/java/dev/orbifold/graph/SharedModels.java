package dev.orbifold.graph;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Finds the example models beside the checkout; tests that need them are skipped where they are not. */
final class SharedModels {
    private SharedModels() {
    }

    static List<Path> all() throws IOException {
        Path folder = folder();
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(".onnx")).sorted().toList();
        }
    }

    static Path named(String name) {
        return folder().resolve(name);
    }

    private static Path folder() {
        Optional<Path> shared = Optional.ofNullable(System.getProperty("orbifold.shared"))
                .or(() -> Optional.ofNullable(System.getenv("ORBIFOLD_SHARED"))).map(Path::of);
        for (Path at = Path.of("").toAbsolutePath(); shared.isEmpty() && at != null; at = at.getParent()) {
            shared = Optional.of(at.resolve("shared")).filter(Files::isDirectory);
        }
        Optional<Path> models = shared.map(s -> s.resolve("models")).filter(Files::isDirectory);
        Assumptions.assumeTrue(models.isPresent(), "no example models beside the checkout (set ORBIFOLD_SHARED)");
        return models.orElseThrow();
    }
}
