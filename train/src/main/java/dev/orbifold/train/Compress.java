package dev.orbifold.train;

import dev.orbifold.run.RunFolder;
import java.util.List;

/** Compresses a trained model on data: the main job. */
public final class Compress implements AutoCloseable {
    private Compress() {
    }

    /**
     * Reads and checks everything, before any folder or file is made.
     *
     * @throws RuntimeException of the module that found the input wrong, with one sentence for the user
     */
    public static Compress prepare(CompressRequest request) {
        throw new UnsupportedOperationException("in work");
    }

    /** What will be done, for {@code --dry-run}: one fact a line. */
    public List<String> plan() {
        throw new UnsupportedOperationException("in work");
    }

    /**
     * Trains to the end, writes the output file, and leaves result, findings and models in the Run.
     *
     * @throws InterruptedRun if {@link Progress#stopping} asked for it; the Run can be resumed
     * @throws TrainException if the loss stops being a number; the Run is kept
     */
    public CompressResult run(RunFolder run, Progress progress) {
        throw new UnsupportedOperationException("in work");
    }

    /** Continues a Run from its last checkpoint, to the same result as without an interruption. */
    public static CompressResult resume(RunFolder run, Progress progress) {
        throw new UnsupportedOperationException("in work");
    }

    @Override
    public void close() {
    }
}
