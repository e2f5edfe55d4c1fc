package dev.orbifold.cli;

import dev.orbifold.engine.DataException;
import dev.orbifold.engine.DataOptions;
import dev.orbifold.train.DataRequest;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Which data a command uses, and how it is normalised. */
final class DataArguments {
    @Option(names = "--data", required = true, paramLabel = "DATA", description = {
            "A folder of IDX files; .npz or .npy; .csv[.gz] with a label column; a folder or .tar of images,"
                    + " one folder per class; .txt."}) private Path data = Path.of("");

    @Option(names = "--mean", split = ",", paramLabel = "M",
            description = "Subtracted per channel, from pixels of 0 to 1.") private List<Double> mean = List.of();

    @Option(names = "--std", split = ",", paramLabel = "S",
            description = "Divided by per channel, after the mean.") private List<Double> std = List.of();

    DataRequest request(Output output) {
        output.checked(DataException.class, () -> DataOptions.defaults().normalized(mean, std));
        return new DataRequest(data.toAbsolutePath().normalize(), mean, std);
    }
}
