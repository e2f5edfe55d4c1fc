package dev.orbifold.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Where the sources lie that a test looks at. */
final class Checkout {
    private Checkout() {
    }

    /** The root of the checkout: the nearest folder at or above the working directory that holds docs/design.md. */
    static Path root() {
        Path start = Path.of("").toAbsolutePath();
        return Stream.iterate(start, folder -> folder != null, Path::getParent)
                .filter(folder -> Files.exists(folder.resolve("docs/design.md")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("docs/design.md is in no folder at or above " + start));
    }
}
