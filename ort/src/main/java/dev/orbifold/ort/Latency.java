package dev.orbifold.ort;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Measures how long one inference takes in ONNX Runtime: median milliseconds at batch 1 on one thread. */
public final class Latency {
    private static final int WARM_UP = 10;
    private static final int LEAST = 30;
    private static final int MOST = 200;
    private static final long BUDGET_NANOS = 1_500_000_000L;

    private Latency() {
    }

    /**
     * Measures Graphs against each other, alternating between them so that a noisy machine treats them alike.
     *
     * @param graphs the Graphs; all take the same inputs
     * @param inputs one batch of size 1
     * @return median milliseconds per Graph, in order
     */
    public static double[] measure(List<Graph> graphs, Map<String, TensorData> inputs) {
        List<Evaluator> evaluators = new ArrayList<>();
        try {
            for (Graph graph : graphs) {
                evaluators.add(OnnxRuntime.open(graph, 1));
            }
            for (int i = 0; i < WARM_UP; i++) {
                evaluators.forEach(e -> e.run(inputs));
            }
            double[][] times = new double[graphs.size()][MOST];
            int taken = 0;
            long start = System.nanoTime();
            while (taken < MOST && (taken < LEAST || System.nanoTime() - start < BUDGET_NANOS)) {
                for (int g = 0; g < times.length; g++) {
                    long before = System.nanoTime();
                    evaluators.get(g).run(inputs);
                    times[g][taken] = (System.nanoTime() - before) / 1e6;
                }
                taken++;
            }
            double[] medians = new double[times.length];
            for (int g = 0; g < times.length; g++) {
                double[] sorted = Arrays.copyOf(times[g], taken);
                Arrays.sort(sorted);
                medians[g] = sorted[taken / 2];
            }
            return medians;
        } finally {
            evaluators.forEach(Evaluator::close);
        }
    }
}
