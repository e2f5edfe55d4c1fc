package dev.orbifold.train;

import dev.orbifold.engine.DataOptions;
import dev.orbifold.engine.DataSet;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.ValueInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which data to use and how to normalise it.
 *
 * @param path a file or folder in one of the formats of {@link DataSet#open}
 * @param mean subtracted per channel; empty for the format's default
 * @param std divided by per channel; empty for the format's default
 */
public record DataRequest(Path path, List<Double> mean, List<Double> std) implements DataSource {
    /** Copies the lists. */
    public DataRequest {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
    }

    @Override
    public DataSet open(Seed seed, ValueInfo input) {
        return DataSet.open(path, DataOptions.defaults().normalized(mean, std).seeded(seed).fitting(input))
                .adapt(input);
    }

    @Override
    public Optional<Path> file() {
        return Optional.of(path);
    }

    @Override
    public String words() {
        return path.toString();
    }
}
