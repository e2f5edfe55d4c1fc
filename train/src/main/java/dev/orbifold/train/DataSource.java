package dev.orbifold.train;

import dev.orbifold.engine.DataSet;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.ValueInfo;
import java.nio.file.Path;
import java.util.Optional;

/** Where a training gets its data from. */
public sealed interface DataSource permits DataRequest, Planted {
    /** The data, shaped for a model's input; the same for the same seed. */
    DataSet open(Seed seed, ValueInfo input);

    /** What it is read from, where that is a file or folder. */
    Optional<Path> file();

    /** What it is, for messages and results: a path, or what is planted. */
    String words();
}
