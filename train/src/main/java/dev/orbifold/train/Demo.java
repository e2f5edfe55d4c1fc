package dev.orbifold.train;

import dev.orbifold.graph.Graph;
import java.nio.file.Path;

/** The example that needs nothing but itself: a small conv net and the digits it learns. */
public final class Demo {
    private Demo() {
    }

    /** A convolutional net for 8×8 digits with random weights, in the words of ONNX. */
    public static Graph network(long seed) {
        throw new UnsupportedOperationException("in work");
    }

    /** Writes the embedded digits (UCI Optical Recognition of Handwritten Digits, CC BY 4.0) into a folder. */
    public static Path digits(Path folder) {
        throw new UnsupportedOperationException("in work");
    }

    /**
     * Trains the network on the digits.
     *
     * @param epochs passes over the training part
     * @return the trained Graph
     */
    public static Graph train(Graph network, DataRequest data, int epochs, long seed, int threads, Progress progress) {
        throw new UnsupportedOperationException("in work");
    }
}
