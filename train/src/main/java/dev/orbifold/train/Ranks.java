package dev.orbifold.train;

import dev.orbifold.engine.FlatWeights;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How many directions a weight uses, as numbers that move smoothly. A weight of rank 2 and more is seen as its first axis
 * times everything else, with singular values σ:
 *
 * <ul>
 * <li>the stable rank ‖W‖_F²/‖W‖₂² = Σσ²/σ₁² (Rudelson, Vershynin, J. ACM 2007);
 * <li>the effective rank exp(−Σ p log p), p = σ/Σσ (Roy, Vetterli, EUSIPCO 2007).
 * </ul>
 *
 * @param stable from 1 to the rank; 0 of a weight that is 0
 * @param effective the same; empty where the whole spectrum was not asked for
 */
record Ranks(double stable, OptionalDouble effective) {
    /** Up to this shorter side the whole spectrum costs no more than the iteration. */
    static final int SMALL = 128;
    /**
     * Steps of the power iteration on WWᵀ. ‖W‖₂ comes from below; what is missing is second order in the angle, and by then
     * below 1 % wherever σ₂ ≤ 0.9·σ₁, and below σ₁ − σ₂ elsewhere.
     */
    private static final int STEPS = 24;

    /**
     * Of every weight.
     *
     * @param whole whether all spectra are computed, not only those of small weights
     */
    static Map<String, Ranks> of(FlatWeights weights, boolean whole) {
        Map<String, Ranks> all = new LinkedHashMap<>();
        try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
            for (FlatWeights.Place place : weights.places()) {
                if (place.dims().length > 1 && place.elements() > 0) {
                    try (PointerScope inner = new PointerScope()) {
                        Tensor matrix = weights.values().narrow(0, place.offset(), place.elements())
                                .view(place.dims()[0], place.elements() / place.dims()[0]);
                        all.put(place.name(), of(matrix, whole));
                    }
                }
            }
        }
        return all;
    }

    /** Of one matrix. */
    static Ranks of(Tensor matrix, boolean whole) {
        Tensor wide = matrix.size(0) <= matrix.size(1) ? matrix : matrix.t();
        double squares = wide.to(ScalarType.Double).square().sum().item_double();
        if (squares == 0) {
            return new Ranks(0, OptionalDouble.of(0));
        }
        if (!whole && wide.size(0) > SMALL) {
            double largest = largest(wide);
            return new Ranks(squares / (largest * largest), OptionalDouble.empty());
        }
        // In float64 the Gram matrix tells singular values down to 1e-8 of the largest; smaller ones have no weight here.
        Tensor doubles = wide.to(ScalarType.Double);
        double[] values = Tensors.toData(torch.linalg_eigvalsh(doubles.matmul(doubles.t()))).toDoubles();
        double[] sigma = Arrays.stream(values).map(v -> Math.sqrt(Math.max(0, v))).toArray();
        double sum = Arrays.stream(sigma).sum();
        double entropy = Arrays.stream(sigma).map(s -> s / sum).filter(p -> p > 0).map(p -> -p * Math.log(p)).sum();
        double top = sigma[sigma.length - 1];
        return new Ranks(squares / (top * top), OptionalDouble.of(Math.exp(entropy)));
    }

    private static double largest(Tensor wide) {
        RandomGenerator random = new Seed(0).split("power iteration").generator();
        float[] start = new float[(int) wide.size(0)];
        for (int i = 0; i < start.length; i++) {
            start[i] = (float) random.nextGaussian();
        }
        Tensor v = Tensors.of(TensorData.of(start, start.length, 1), dev.orbifold.engine.Device.cpu())
                .to(wide.device(), ScalarType.Float);
        double norm = 0;
        for (int i = 0; i < STEPS; i++) {
            v = v.div(v.norm());
            Tensor across = wide.t().matmul(v);
            norm = across.norm().item_double();
            v = wide.matmul(across);
        }
        return norm;
    }
}
