package dev.orbifold.train;

import java.nio.file.Path;

/**
 * One compression, complete: what {@link Compress#prepare} checks and a Run keeps as its configuration.
 *
 * @param model the ONNX file to compress
 * @param data what to train and test on
 * @param output where the compressed ONNX file goes
 * @param options how
 * @param precision {@code auto}, {@code float32} or {@code bfloat16}
 * @param threads threads that compute
 */
public record CompressRequest(Path model, DataRequest data, Path output, CompressOptions options, String precision,
        int threads) {
}
