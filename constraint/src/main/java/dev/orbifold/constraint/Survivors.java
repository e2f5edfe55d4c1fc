package dev.orbifold.constraint;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Tensors;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Coordinates once their zeros are final: what is left trains as plain numbers, zeros stay. A product of factors moves by
 * η·Σ_d Π_{e≠d} ω_e² per unit of gradient, large coordinates fast and small ones slowly; plain numbers all move alike.
 */
final class Survivors implements AutoCloseable {
    private final PointerScope scope;
    private final Tensor values;
    private final Tensor gradient;
    private final Tensor alive;
    private final Optimizer optimizer;

    /**
     * Goes on from coordinates z.
     *
     * @param z flat; what is 0 stays 0
     * @param kind how they move, decay included
     */
    Survivors(Tensor z, Kind kind, boolean decays, Device device) {
        this.scope = new PointerScope().extend();
        try {
            this.values = z.clone();
            this.gradient = torch.zeros_like(z);
            this.alive = z.ne(Scalars.ZERO).to(z.scalar_type());
            this.optimizer = Optimizer.over(kind, values, gradient, device,
                    List.of(new Optimizer.Stretch(0, values.numel(), decays ? kind.decay() : 0)));
        } finally {
            scope.close();
        }
    }

    /** z. */
    Tensor values() {
        return values;
    }

    /** One step along ∂L/∂z. */
    void step(Tensor pulled, double rate, double scale) {
        gradient.copy_(pulled.mul(alive));
        optimizer.scaled(rate, scale);
    }

    /** The bytes a checkpoint needs, by section name. */
    Map<String, MemorySegment> sections() {
        Map<String, MemorySegment> sections = new LinkedHashMap<>();
        sections.put("survivors", Tensors.toData(values).bytes());
        optimizer.sections().forEach((name, bytes) -> sections.put("survivors/" + name, bytes));
        return sections;
    }

    /** Restores what {@link #sections} gave, bit for bit, and the step count. */
    void restore(Function<String, MemorySegment> sections, long steps, Device device) {
        try (PointerScope inner = new PointerScope()) {
            values.copy_(Tensors.of(new dev.orbifold.graph.TensorData(Tensors.dataType(values.scalar_type()),
                    Tensors.dims(values), sections.apply("survivors")), device));
            alive.copy_(values.ne(Scalars.ZERO).to(values.scalar_type()));
        }
        optimizer.restore(name -> sections.apply("survivors/" + name), steps);
    }

    @Override
    public void close() {
        optimizer.close();
        scope.deallocate();
    }
}
