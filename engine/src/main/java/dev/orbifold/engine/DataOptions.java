package dev.orbifold.engine;

import dev.orbifold.graph.Seed;
import dev.orbifold.graph.ValueInfo;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;

/**
 * How a data set is read.
 *
 * @param mean subtracted per channel; empty for 0, one number for all channels alike
 * @param std what the difference is divided by, per channel; empty for 1, one number for all channels alike
 * @param seed of the 80/20 split of a data set without a test part
 * @param input the model's input, whose shape (its first axis is the batch) and element type the items take on; without
 *        it items stay as the files have them
 * @param memory bytes that decoded images may take; more are decoded again for every batch
 */
public record DataOptions(List<Double> mean, List<Double> std, Seed seed, Optional<ValueInfo> input, long memory) {
    /**
     * Checks the numbers.
     *
     * @throws NormalizationException if a number is not finite or a standard deviation is not positive
     */
    public DataOptions {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        for (double m : mean) {
            if (!Double.isFinite(m)) {
                throw new NormalizationException("mean", "must be finite, found " + m);
            }
        }
        for (double s : std) {
            if (!Double.isFinite(s) || s <= 0) {
                throw new NormalizationException("std", "must be positive, found " + s);
            }
        }
    }

    /** Items as the files have them, seed 0, a third of the machine's memory. */
    public static DataOptions defaults() {
        return new DataOptions(List.of(), List.of(), new Seed(0), Optional.empty(), physicalMemory() / 3);
    }

    /** The same with other normalisation. */
    public DataOptions normalized(List<Double> newMean, List<Double> newStd) {
        return new DataOptions(newMean, newStd, seed, input, memory);
    }

    /** The same with another seed. */
    public DataOptions seeded(Seed newSeed) {
        return new DataOptions(mean, std, newSeed, input, memory);
    }

    /** The same for a model with that input. */
    public DataOptions fitting(ValueInfo newInput) {
        return new DataOptions(mean, std, seed, Optional.of(newInput), memory);
    }

    /** The same with another memory budget in bytes. */
    public DataOptions within(long newMemory) {
        return new DataOptions(mean, std, seed, input, newMemory);
    }

    private static long physicalMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getTotalMemorySize() : Runtime.getRuntime().maxMemory();
    }
}
