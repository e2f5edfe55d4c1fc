package dev.orbifold.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** Finds the shared models that tests use where they are there. */
final class SharedModels {
    private SharedModels() {
    }

    /** The file of that name; the test is skipped where there is none. */
    static Path file(String name) {
        Optional<Path> folder = folder();
        Assumptions.assumeTrue(folder.isPresent(), "skipped: no folder named shared above the working directory and"
                + " ORBIFOLD_SHARED is not set");
        Path file = folder.orElseThrow().resolve("models").resolve(name);
        Assumptions.assumeTrue(Files.exists(file), () -> "skipped: " + file + " is not there");
        return file;
    }

    private static Optional<Path> folder() {
        String given = System.getProperty("ORBIFOLD_SHARED", System.getenv().getOrDefault("ORBIFOLD_SHARED", ""));
        if (!given.isEmpty()) {
            return Optional.of(Path.of(given));
        }
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path shared = at.resolve("shared");
            if (Files.isDirectory(shared)) {
                return Optional.of(shared);
            }
            Path beside = at.resolveSibling("shared");
            if (Files.isDirectory(beside)) {
                return Optional.of(beside);
            }
        }
        return Optional.empty();
    }
}
