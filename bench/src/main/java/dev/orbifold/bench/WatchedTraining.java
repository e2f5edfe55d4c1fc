package dev.orbifold.bench;

import dev.orbifold.run.RunFolder;
import dev.orbifold.train.InterruptedRun;
import dev.orbifold.train.Progress;
import dev.orbifold.train.RecipeReader;
import dev.orbifold.train.Train;
import dev.orbifold.train.TrainRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What {@code watch} costs beside training: the same steps with and without the cheap measurements every 50 steps, in turn.
 * Prints the medians of both, their ratio, and the median of the ratios of neighbours.
 *
 * <p>
 * Arguments: model, data, rounds, threads. {@code bench/watching} runs it.
 */
public final class WatchedTraining {
    /** Steps of a round; two measurements fall into them. */
    private static final int STEPS = 100;
    /** Steps before them, in which kernels warm up; no measurement falls into them but the one before the first step. */
    private static final int WARM_UP = 10;

    private WatchedTraining() {
    }

    /** Stops after the steps of a round; seconds from the last step of the warm-up on. */
    private static final class Clock implements Progress {
        private long began;
        private long now;
        private long step;
        /** Of every step after the warm-up, in seconds. */
        private final List<Double> each = new ArrayList<>();

        @Override
        public void message(String text) {
            if (text.startsWith("watching took")) {
                System.out.println(text + ", the first measurement and its compilation included");
            }
        }

        @Override
        public void step(String phase, long done, long steps, double accuracy, double macs) {
            long last = now;
            now = System.nanoTime();
            step = done;
            if (done > WARM_UP) {
                each.add((now - last) / 1e9);
            }
            if (done == WARM_UP) {
                began = now;
            }
        }

        @Override
        public boolean stopping() {
            return step >= STEPS + WARM_UP;
        }

        double seconds() {
            return (now - began) / 1e9;
        }
    }

    /**
     * Measures.
     *
     * @throws IOException if the folder for the Runs cannot be made
     */
    public static void main(String[] arguments) throws IOException {
        int rounds = Integer.parseInt(arguments[2]);
        Path folder = Files.createTempDirectory("orbifold-watching");
        List<Double> without = new ArrayList<>();
        List<Double> with = new ArrayList<>();
        List<Double> plainSteps = new ArrayList<>();
        List<Double> watchedSteps = new ArrayList<>();
        try {
            for (int round = -1; round < rounds; round++) {
                Clock bare = timed(arguments, folder.resolve("plain" + round), "");
                Clock watching = timed(arguments, folder.resolve("watched" + round), "watch: true\n");
                double plain = bare.seconds();
                double watched = watching.seconds();
                if (round >= 0) {
                    plainSteps.addAll(bare.each);
                    watchedSteps.addAll(watching.each);
                    without.add(plain);
                    with.add(watched);
                    System.out.printf(Locale.ROOT, "round %d: %.3f s without, %.3f s with, ratio %.4f%n", round, plain,
                            watched, watched / plain);
                }
            }
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
        double[] ratios = new double[rounds];
        Arrays.setAll(ratios, i -> with.get(i) / without.get(i));
        System.out.printf(Locale.ROOT,
                "%d steps, medians of %d rounds: %.3f s without, %.3f s with, ratio %.4f; median of the rounds' ratios"
                        + " %.4f%n",
                STEPS, rounds, median(without), median(with), median(with) / median(without),
                median(Arrays.stream(ratios).boxed().toList()));
        // What else runs on the machine disturbs single steps; their medians hardly feel it, nor measuring steps, 1 in 50.
        System.out.printf(Locale.ROOT, "a step that measures nothing: %.4f s without, %.4f s with, ratio %.4f%n",
                median(plainSteps), median(watchedSteps), median(watchedSteps) / median(plainSteps));
    }

    private static double median(List<Double> numbers) {
        double[] sorted = numbers.stream().mapToDouble(x -> x).sorted().toArray();
        int n = sorted.length;
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    private static Clock timed(String[] arguments, Path run, String more) {
        String recipe = "model: " + Path.of(arguments[0]).toAbsolutePath() + "\ndata: "
                + Path.of(arguments[1]).toAbsolutePath()
                + "\nheld-out: 0\nbatch-size: 128\noptimizer: {rate: 0.01}\n" + more;
        Clock clock = new Clock();
        try (Train train = Train
                .prepare(new TrainRequest("bench", recipe, Objects.requireNonNull(run.getParent(), "a run in a folder"),
                        RecipeReader.Overrides.none(), Integer.parseInt(arguments[3])));
                RunFolder folder = RunFolder.create(run, "train", List.of())) {
            train.run(folder, clock);
            throw new IllegalStateException("the data is too small for " + (STEPS + WARM_UP) + " steps");
        } catch (InterruptedRun stopped) {
            return clock;
        }
    }
}
