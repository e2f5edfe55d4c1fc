package dev.orbifold.train;

import dev.orbifold.engine.Batch;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Precision;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The original model, whose answers the small one learns from. Where images do not change from epoch to epoch every
 * answer is computed once.
 */
final class Teacher implements AutoCloseable {
    /** The largest answers, and the largest data, kept in memory as a whole. */
    static final long CACHE_BYTES = 1L << 30;
    private static final int BATCH = 256;

    private final Program program;
    private final Objective objective;
    private final Precision precision;
    private final Optional<Tensor> cached;
    private final boolean asked;

    /**
     * Loads the original model.
     *
     * @param fit the part training goes over
     * @param fixed whether its items never change
     * @param asked whether answers will be used at all
     */
    Teacher(Graph original, Device device, Objective objective, Precision precision, Part fit, boolean fixed,
            boolean asked) {
        this.program = Program.compile(original, device);
        this.objective = objective;
        this.precision = precision;
        this.asked = asked;
        this.cached = asked && fixed ? answers(fit, device) : Optional.empty();
    }

    private Optional<Tensor> answers(Part fit, Device device) {
        try (Loader loader = Loader.evaluation(fit, BATCH, device)) {
            Tensor all = null;
            long at = 0;
            for (Batch batch : loader.epoch(0)) {
                try (PointerScope scope = new PointerScope()) {
                    Tensor answer = run(batch.inputs());
                    long[] dims = Tensors.dims(answer);
                    if (all == null) {
                        dims[0] = fit.size();
                        if (answer.nbytes() / answer.size(0) * fit.size() > CACHE_BYTES) {
                            return Optional.empty();
                        }
                        all = torch.torch_empty(dims, device.options(answer.scalar_type()),
                                new org.bytedeco.pytorch.MemoryFormatOptional());
                        all.retainReference();
                        scope.detach(all);
                    }
                    all.narrow(0, at, answer.size(0)).copy_(answer);
                    at += answer.size(0);
                }
            }
            return Optional.ofNullable(all);
        }
    }

    private Tensor run(Tensor inputs) {
        try (NoGradGuard guard = new NoGradGuard(); Precision.Scope cast = precision.open(program.device())) {
            return objective.answer(program.run(Map.of(objective.input().name(), inputs), Mode.EVALUATION));
        }
    }

    /** The answers to a batch, in the caller's pointer scope; empty if none are asked for. */
    Optional<Tensor> answers(Batch batch) {
        if (!asked) {
            return Optional.empty();
        }
        if (cached.isPresent()) {
            long[] indices = new long[batch.indices().length];
            for (int i = 0; i < indices.length; i++) {
                indices[i] = batch.indices()[i];
            }
            Tensor index = Tensors.of(program.device(), indices, indices.length);
            return Optional.of(cached.get().index_select(0, index));
        }
        return Optional.of(run(batch.inputs()));
    }

    /** How good the original is on a part. */
    Objective.Seen standing(Part part, Device device) {
        try (Loader loader = Loader.evaluation(part, BATCH, device)) {
            return objective.evaluate(program, Map.of(), loader);
        }
    }

    @Override
    public void close() {
        cached.ifPresent(Tensor::releaseReference);
        program.close();
    }
}
