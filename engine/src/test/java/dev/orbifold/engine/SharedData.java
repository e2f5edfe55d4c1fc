package dev.orbifold.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Finds the data and models shared beside the checkout; tests that need them are skipped where there are none. */
final class SharedData {
    private SharedData() {
    }

    static Path find(String relative) {
        String named = System.getProperty("ORBIFOLD_SHARED", System.getenv().getOrDefault("ORBIFOLD_SHARED", ""));
        if (!named.isEmpty() && Files.exists(Path.of(named).resolve(relative))) {
            return Path.of(named).resolve(relative);
        }
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null) {
            Path candidate = folder.resolve("shared").resolve(relative);
            if (Files.exists(candidate)) {
                return candidate;
            }
            folder = folder.getParent();
        }
        Assumptions.abort("there is no shared/" + relative + " beside this checkout");
        throw new AssertionError();
    }
}
