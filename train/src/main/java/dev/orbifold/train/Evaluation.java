package dev.orbifold.train;

import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Unsupported;
import dev.orbifold.ort.Latency;
import dev.orbifold.ort.OnnxRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Measures models on the test part of their data, in ONNX Runtime. */
public final class Evaluation {
    private Evaluation() {
    }

    /**
     * Loss, accuracy, cost and latency of a model file.
     *
     * @param loss what the loss is
     * @param seed of the split of data without a test part
     * @param threads threads that compute, but for the latency, which is of one
     */
    public static CompressResult.Standing of(Path model, DataRequest data, CompressOptions.LossKind loss, long seed,
            int threads, Progress progress) {
        Graph graph = OnnxFile.read(model);
        Unsupported.reason(graph).ifPresent(reason -> {
            throw new TrainException(reason);
        });
        Objective objective = Objective.of(graph, loss, 0, 0, 1);
        DataSet opened = data.open(new Seed(seed).split("data"), objective.input());
        objective.requireFit(graph, opened);
        return of(List.of(graph), List.of(model), opened.test(), objective, loss, threads, progress).getFirst();
    }

    /** The same for several Graphs and the files they are in, latencies measured against each other. */
    static List<CompressResult.Standing> of(List<Graph> graphs, List<Path> files, Part test, Objective objective,
            CompressOptions.LossKind loss, int threads, Progress progress) {
        double[] latency = Latency.measure(graphs, objective.samples(test, 1).getFirst());
        List<CompressResult.Standing> standings = new ArrayList<>();
        for (int i = 0; i < graphs.size(); i++) {
            try (Evaluator evaluator = OnnxRuntime.open(graphs.get(i), threads)) {
                Objective.Seen seen = Judge.of(evaluator, objective, test, loss, progress);
                Cost cost = Cost.of(graphs.get(i));
                standings.add(new CompressResult.Standing(seen.accuracy(), seen.loss(), cost.parameters(), cost.macs(),
                        bytes(files.get(i)), latency[i]));
            }
        }
        return standings;
    }

    /** The size of a model file, with the external data that lie beside it under its name. */
    private static long bytes(Path file) {
        try {
            long size = Files.size(file);
            Path external = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("."))
                    .resolve(file.getFileName() + ".data");
            return Files.exists(external) ? size + Files.size(external) : size;
        } catch (IOException e) {
            throw new TrainException("cannot tell the size of " + file + ": " + e.getMessage(), e);
        }
    }
}
