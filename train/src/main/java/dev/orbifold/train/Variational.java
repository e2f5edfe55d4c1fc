package dev.orbifold.train;

import dev.orbifold.engine.Part;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What a variational autoencoder is trained for beside reconstruction: β times the divergence of its posterior
 * N(μ, σ²) from N(0, 1), in nats per item, ½Σ(μ² + σ² − 1 − ln σ²) (Kingma and Welling, ICLR 2014; β: Higgins et al., ICLR
 * 2017).
 *
 * @param latents how many latents there are
 * @param beta β
 */
record Variational(int latents, double beta) {
    /** The graph input [batch, latents] that takes a draw of N(0, 1) for every latent: z = μ + σ·noise. */
    static final String NOISE = "noise";
    /** The graph output [batch, latents] that says μ. */
    static final String MEAN = "mean";
    /** The graph output [batch, latents] that says ln σ². */
    static final String LOG_VARIANCE = "log-variance";
    /** The variance of μ over the data up to which a latent says nothing (Burda et al., ICLR 2016). */
    private static final double SILENT = 0.01;

    /** Draws for one batch. */
    TensorData noise(long items, Seed seed) {
        RandomGenerator random = seed.generator();
        float[] values = new float[Math.toIntExact(items * latents)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return TensorData.of(values, items, latents);
    }

    /** β times the divergence, its mean over a batch, a scalar to differentiate; belongs to the caller's pointer scope. */
    Tensor penalty(Map<String, Tensor> outputs) {
        Tensor mean = float32(output(outputs, MEAN));
        Tensor log = float32(output(outputs, LOG_VARIANCE));
        Tensor each = mean.mul(mean).add(log.exp()).sub(log).sub(new Scalar(1.0));
        return each.sum().mul(new Scalar(0.5 * beta / mean.size(0)));
    }

    /** One of the outputs that {@link Networks#autoencoder} makes. */
    static <T> T output(Map<String, T> outputs, String name) {
        return Optional.ofNullable(outputs.get(name)).orElseThrow();
    }

    private static Tensor float32(Tensor tensor) {
        return tensor.to(ScalarType.Float);
    }

    /** The same of what an independent runtime answered, summed over the batch. */
    double penalty(TensorData mean, TensorData log) {
        double sum = 0;
        for (long i = 0; i < mean.elements(); i++) {
            double m = mean.doubleAt(i);
            double l = log.doubleAt(i);
            sum += m * m + Math.exp(l) - 1 - l;
        }
        return beta * sum / 2;
    }

    /**
     * What became of the latents.
     *
     * @param active those whose μ varies over the data: its variance is above 0.01
     * @param latents all of them
     * @param divergence of the posterior from N(0, 1), nats per item
     */
    public record Latents(int active, int latents, double divergence) {
    }

    /** Looks at the latents of a network on batches of inputs. */
    Latents latents(Evaluator evaluator, List<Map<String, TensorData>> batches) {
        double[] sum = new double[latents];
        double[] squares = new double[latents];
        double divergence = 0;
        long items = 0;
        for (Map<String, TensorData> batch : batches) {
            Map<String, TensorData> outputs = evaluator.run(batch);
            TensorData mean = output(outputs, MEAN);
            divergence += new Variational(latents, 1).penalty(mean, output(outputs, LOG_VARIANCE));
            items += mean.dim(0);
            for (int i = 0; i < mean.elements(); i++) {
                sum[i % latents] += mean.doubleAt(i);
                squares[i % latents] += mean.doubleAt(i) * mean.doubleAt(i);
            }
        }
        int active = 0;
        for (int k = 0; k < latents; k++) {
            double average = sum[k] / items;
            active += squares[k] / items - average * average > SILENT ? 1 : 0;
        }
        return new Latents(active, latents, divergence / items);
    }

    /** Checks that inputs can be read as probabilities, as binary cross-entropy reads what it is to reconstruct. */
    static void requireProbabilities(Part part) {
        MemorySegment item = MemorySegment.ofArray(new byte[Math.toIntExact(part.itemBytes())]);
        for (int i = 0; i < Math.min(part.size(), 1000); i++) {
            part.read(i, item, 0);
            for (float value : item.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)) {
                if (!(value >= 0 && value <= 1)) {
                    throw new TrainException("bce reads what is reconstructed as probabilities, but " + part.source()
                            + " has " + value + " in item " + i
                            + "; scale the data to 0 to 1 with mean and std, or ask for 'loss: mse'");
                }
            }
        }
    }
}
