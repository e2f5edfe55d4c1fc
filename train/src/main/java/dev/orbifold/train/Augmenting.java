package dev.orbifold.train;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Decides which random changes of training images are harmless: those under which the model that is to be compressed keeps
 * its accuracy. What the model was never taught to see through, such as flipped digits, it does not keep.
 */
final class Augmenting {
    private static final int BATCH = 256;
    /** Accuracy points a shift may cost the original model on the held-out part; it answers for the shifted images. */
    private static final double SHIFT = 6;
    /** Accuracy points a flip may cost it: a flip changes what an image shows, or it does not. */
    private static final double FLIP = 2;

    private Augmenting() {
    }

    static Augmentation choose(CompressOptions options, Graph original, Objective objective, Part held, Device device) {
        if (!held.isImages() || !objective.hard().isClassification()) {
            return Augmentation.NONE;
        }
        int eighth = (int) Math.max(1, held.itemShape()[2] / 8);
        return switch (options.augment()) {
            case NONE -> Augmentation.NONE;
            case CROP -> new Augmentation(eighth, false);
            case CROP_FLIP -> new Augmentation(eighth, true);
            case AUTO -> measured(new Seed(options.seed()), original, objective, held, device, eighth);
        };
    }

    private static Augmentation measured(Seed seed, Graph original, Objective objective, Part held, Device device,
            int eighth) {
        try (Program program = Program.compile(original, device)) {
            double plain = accuracy(program, objective, held, Augmentation.NONE, seed);
            boolean flip = accuracy(program, objective, held, new Augmentation(0, true), seed) >= plain - FLIP;
            int padding = eighth;
            while (padding > 0
                    && accuracy(program, objective, held, new Augmentation(padding, false), seed) < plain - SHIFT) {
                padding /= 2;
            }
            return new Augmentation(padding, flip);
        }
    }

    private static double accuracy(Program program, Objective objective, Part held, Augmentation augmentation,
            Seed seed) {
        long right = 0;
        long all = 0;
        try (Loader loader = Loader.training(held, BATCH, seed.split("augmentation"), augmentation,
                program.device())) {
            for (Batch batch : loader.epoch(0)) {
                try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
                    Tensor outputs = objective.answer(
                            program.run(Map.of(objective.input().name(), batch.inputs()), Mode.EVALUATION));
                    right += Loss.correct(outputs, batch.targets());
                    all += batch.targets().numel();
                }
            }
        }
        return 100.0 * right / all;
    }
}
