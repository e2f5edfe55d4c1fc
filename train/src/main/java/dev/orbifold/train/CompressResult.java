package dev.orbifold.train;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import java.util.List;

/**
 * What compression reached.
 *
 * @param graph the compressed Graph
 * @param before the model as it came
 * @param after the model as it is written
 * @param maxError largest output difference any removal made, divided by the output range
 * @param samples how many inputs each removal was checked on
 * @param widths every Space that could shrink, with its width before and after
 * @param met whether the target was met
 * @param verdict one sentence for people
 * @param findings what the user should know
 */
public record CompressResult(Graph graph, Standing before, Standing after, double maxError, int samples,
        List<SpaceWidth> widths, boolean met, String verdict, List<Finding> findings) implements Reached {
    /**
     * What a model is worth and what it costs.
     *
     * @param accuracy test accuracy in percent, NaN where the task has none
     * @param loss mean test loss, nats per target for classes
     * @param parameters weights
     * @param macs multiply-adds at batch 1
     * @param bytes size of the ONNX file with its external data
     * @param latencyMillis median of one inference at batch 1 on one thread in ONNX Runtime
     */
    public record Standing(double accuracy, double loss, long parameters, long macs, long bytes,
            double latencyMillis) {
    }

    /**
     * A Space's width before and after.
     *
     * @param name the Space's name
     * @param from units before
     * @param to units after
     */
    public record SpaceWidth(String name, int from, int to) {
    }

    /** Copies the lists. */
    public CompressResult {
        widths = List.copyOf(widths);
        findings = List.copyOf(findings);
    }
}
