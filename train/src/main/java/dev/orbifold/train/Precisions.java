package dev.orbifold.train;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.Batch;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Precision;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.Locale;
import java.util.Optional;

/** Chooses the arithmetic: what the user asked for, or whichever was measured to be faster here for this model. */
final class Precisions {
    private static final double NO_RATE = 0;

    private Precisions() {
    }

    static Precision parse(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "auto" -> Precision.AUTO;
            case "float32" -> Precision.FLOAT32;
            case "bfloat16" -> Precision.BFLOAT16;
            default -> throw new TrainException("--precision must be auto, float32 or bfloat16, found " + text);
        };
    }

    static Precision choose(CompressRequest request, Graph graph, Objective objective, Part fit, Device device) {
        Precision asked = parse(request.precision());
        if (asked != Precision.AUTO) {
            return asked;
        }
        try (Student student = new Student(graph, device, objective,
                Objective.optimizer(graph, request.options().decay()), Precision.AUTO, Optional.empty());
                Loader loader = Loader.training(fit, request.options().batch(), new Seed(0), Augmentation.NONE,
                        device)) {
            Batch batch = loader.epoch(0).next();
            return Precision.measure(device, () -> student.step(batch, Optional.empty(), Optional.empty(), NO_RATE,
                    Double.POSITIVE_INFINITY)).faster();
        }
    }
}
