package dev.orbifold.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads {@code data} and {@code tasks} of a recipe. */
final class SourceReader {
    /** Each holds an order of all inputs, and takes an epoch at least. */
    private static final int MOST_TASKS = 10_000;

    private static final int SAMPLES = 4000;
    private static final int TEST = 1000;

    private final Path folder;
    private final RecipeReader.Overrides overrides;

    SourceReader(Path folder, RecipeReader.Overrides overrides) {
        this.folder = folder;
        this.overrides = overrides;
    }

    /** The data of a recipe, or what was typed in its place. */
    DataSource data(RecipeNode root) {
        Optional<RecipeNode> data = root.get("data");
        if (data.isEmpty() && overrides.data().isEmpty()) {
            throw root.wrong("'data' is missing; name it in the recipe or with --data");
        }
        Optional<Path> typed = overrides.data();
        return data.map(node -> source(node, typed)).orElseGet(
                () -> new DataRequest(absolute(typed.orElseThrow()), overrides.mean(), overrides.std()));
    }

    private DataSource source(RecipeNode node, Optional<Path> typed) {
        List<Double> mean = overrides.mean();
        List<Double> std = overrides.std();
        if (!node.isMapping()) {
            return new DataRequest(absolute(typed.orElseGet(() -> folder.resolve(node.text()))), mean, std);
        }
        Optional<RecipeNode> path = node.get("path");
        Optional<RecipeNode> ownMean = node.get("mean");
        Optional<RecipeNode> ownStd = node.get("std");
        Optional<RecipeNode> planted = node.get("planted");
        node.noOthers();
        List<Double> deviations = ownStd.stream().flatMap(n -> n.list().stream())
                .map(n -> n.number(Double.MIN_NORMAL, Double.MAX_VALUE)).toList();
        if (planted.isPresent()) {
            if (path.or(() -> ownMean).or(() -> ownStd).isPresent()) {
                throw node.wrong("planted data are drawn, not read: leave 'path', 'mean' and 'std' out");
            }
            Planted drawn = planted(planted.get());
            if (typed.isPresent()) {
                return new DataRequest(absolute(typed.get()), mean, std);
            }
            if (!mean.isEmpty() || !std.isEmpty()) {
                throw planted.get().wrong("planted data are drawn as they are; leave --mean and --std out");
            }
            return drawn;
        }
        Path file = typed.orElseGet(() -> folder.resolve(
                path.orElseThrow(() -> node.wrong("'path' is missing, or 'planted' data")).text()));
        return new DataRequest(absolute(file), mean.isEmpty() ? RecipeReader.numbers(ownMean) : mean,
                std.isEmpty() ? deviations : std);
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private static Planted planted(RecipeNode node) {
        Optional<RecipeNode> linear = node.get("linear");
        Optional<RecipeNode> disk = node.get("disk");
        Optional<RecipeNode> sparse = node.get("sparse");
        double noise = node.get("noise").map(n -> n.number(0, Double.MAX_VALUE)).orElse(0.0);
        int samples = node.get("samples").map(n -> n.whole(2)).orElse(SAMPLES);
        int test = node.get("test").map(n -> n.whole(1)).orElse(TEST);
        node.noOthers();
        List<Planted.Law> laws = Stream.of(linear.map(SourceReader::linear), disk.map(SourceReader::disk),
                sparse.map(SourceReader::sparse)).flatMap(Optional::stream).toList();
        if (laws.size() != 1) {
            throw node.wrong("name one of a 'linear' map, 'sparse' weights and a 'disk'");
        }
        Planted.Law law = laws.getFirst();
        int widest = Math.max(law.inputs(), law.outputs());
        if ((long) Math.max(samples, test) * widest > NetworkReader.MOST_DRAWN) {
            throw node.wrong(String.format(Locale.ROOT,
                    "%,d samples of %,d numbers are too many: at most %,d numbers are drawn", Math.max(samples, test),
                    widest, NetworkReader.MOST_DRAWN));
        }
        return new Planted(law, noise, samples, test);
    }

    private static Planted.Law linear(RecipeNode node) {
        RecipeNode values = node.require("singular");
        List<Double> singular = values.list().stream().map(n -> n.number(0, Double.MAX_VALUE)).toList();
        int inputs = node.get("inputs").map(n -> n.whole(1)).orElse(singular.size());
        int outputs = node.get("outputs").map(n -> n.whole(1)).orElse(singular.size());
        node.noOthers();
        if (singular.isEmpty() || singular.size() > Math.min(inputs, outputs)) {
            throw values.wrong("a map of " + inputs + " inputs to " + outputs + " outputs has 1 to "
                    + Math.min(inputs, outputs) + " singular values, found " + singular.size());
        }
        return new Planted.Linear(singular, inputs, outputs);
    }

    private static Planted.Law sparse(RecipeNode node) {
        RecipeNode values = node.require("weights");
        List<Double> weights = values.list().stream().map(RecipeNode::number).toList();
        int inputs = node.require("inputs").whole(1);
        node.noOthers();
        if (weights.isEmpty() || weights.size() > inputs) {
            throw values.wrong("of " + inputs + " inputs, 1 to " + inputs + " have a weight, found " + weights.size());
        }
        return new Planted.Sparse(weights, inputs);
    }

    private static Planted.Law disk(RecipeNode node) {
        double radius = node.get("radius").map(n -> n.number(Double.MIN_NORMAL, Double.MAX_VALUE)).orElse(1.0);
        boolean gate = node.require("learn").oneOf("gate", "norm").equals("gate");
        node.noOthers();
        return new Planted.Disk(radius, gate);
    }

    /** The tasks of a recipe. */
    Tasks tasks(RecipeNode node) {
        Optional<RecipeNode> permuted = node.get("permuted");
        Optional<RecipeNode> then = node.get("then");
        node.noOthers();
        if (permuted.isPresent() == then.isPresent()) {
            throw node.wrong("name either how many tasks with 'permuted' inputs, or further data: 'then'");
        }
        if (permuted.isPresent()) {
            int tasks = permuted.get().whole(2);
            if (tasks > MOST_TASKS) {
                throw permuted.get().wrong("at most " + MOST_TASKS + " tasks, found " + tasks);
            }
            return new Tasks(tasks, List.of());
        }
        List<DataSource> all = new ArrayList<>();
        then.get().list().forEach(n -> all.add(source(n, Optional.empty())));
        if (all.isEmpty()) {
            throw then.get().wrong("name at least one");
        }
        return new Tasks(1, all);
    }
}
