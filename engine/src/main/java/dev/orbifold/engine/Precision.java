package dev.orbifold.engine;

import java.util.Locale;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** In which numbers the products of training are computed; weights and their updates stay in float32. */
public enum Precision {
    /** The faster one, measured on this machine and model: see {@link #measure}. */
    AUTO,
    /** float32 throughout. */
    FLOAT32,
    /** Matrix products and convolutions in bfloat16, by libtorch's autocast. */
    BFLOAT16;

    private static final int ROUNDS = 7;
    /** bfloat16 must save at least this share of the time to be worth its coarser numbers. */
    private static final double WORTH = 0.1;

    /** The name on the command line. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Ends the precision of a thread. */
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Computes in this precision on the calling thread until the scope is closed; to be closed on the same thread,
     * innermost first, and before the weights change: bfloat16 keeps the weights it has converted until then, so that
     * every training step needs a scope of its own.
     *
     * @throws EngineException for {@link #AUTO}, which is to be measured first
     */
    public Scope open(Device device) {
        Natives.load();
        return switch (this) {
            case AUTO -> throw new EngineException("measure which precision is faster before computing in it");
            case FLOAT32, BFLOAT16 -> autocast(device.isCpu() ? DeviceType.CPU : DeviceType.CUDA, this == BFLOAT16);
        };
    }

    private static Scope autocast(DeviceType type, boolean enabled) {
        boolean before = torch.is_autocast_enabled(type);
        ScalarType dtype = torch.get_autocast_dtype(type);
        torch.set_autocast_enabled(type, enabled);
        torch.set_autocast_dtype(type, ScalarType.BFloat16);
        int unused = torch.increment_nesting();
        return () -> {
            if (torch.decrement_nesting() == 0) {
                torch.clear_cache();
            }
            torch.set_autocast_enabled(type, before);
            torch.set_autocast_dtype(type, dtype);
        };
    }

    /**
     * What a measurement found.
     *
     * @param faster FLOAT32 or BFLOAT16
     * @param float32Millis shortest time of a step in float32
     * @param bfloat16Millis shortest time of a step in bfloat16
     */
    public record Measured(Precision faster, double float32Millis, double bfloat16Millis) {
    }

    /**
     * Times steps in both precisions, alternately, after one of each that does not count; the shortest time of each says
     * what the machine can do undisturbed. bfloat16 is taken only where it is at least a tenth faster.
     *
     * @param step one training step whose effects do not matter, forward and backward
     */
    public static Measured measure(Device device, Runnable step) {
        double wide = Double.POSITIVE_INFINITY;
        double narrow = Double.POSITIVE_INFINITY;
        for (int round = 0; round <= ROUNDS; round++) {
            double inFloat32 = time(FLOAT32, device, step);
            double inBfloat16 = time(BFLOAT16, device, step);
            if (round > 0) {
                wide = Math.min(wide, inFloat32);
                narrow = Math.min(narrow, inBfloat16);
            }
        }
        return new Measured(narrow <= (1 - WORTH) * wide ? BFLOAT16 : FLOAT32, wide, narrow);
    }

    private static double time(Precision precision, Device device, Runnable step) {
        device.synchronize();
        long start = System.nanoTime();
        try (Scope scope = precision.open(device)) {
            step.run();
        }
        device.synchronize();
        return (System.nanoTime() - start) / 1e6;
    }
}
