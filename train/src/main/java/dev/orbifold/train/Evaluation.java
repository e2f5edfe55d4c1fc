package dev.orbifold.train;

import java.nio.file.Path;

/** Measures a model on the test part of its data, in ONNX Runtime. */
public final class Evaluation {
    private Evaluation() {
    }

    /**
     * Loss, accuracy, cost and latency of a model file.
     *
     * @param loss what the loss is
     * @param threads threads that compute, but for the latency, which is of one
     */
    public static CompressResult.Standing of(Path model, DataRequest data, CompressOptions.LossKind loss, int threads,
            Progress progress) {
        throw new UnsupportedOperationException("in work");
    }
}
