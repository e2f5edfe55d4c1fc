package dev.orbifold.engine;

import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Where tensors live. The choice is made here and nowhere else. */
public final class Device {
    private static final Device CPU = new Device("cpu");

    private final String name;

    private Device(String name) {
        this.name = name;
    }

    /** The processor and its memory. */
    public static Device cpu() {
        return CPU;
    }

    /** The fastest device there is: the first CUDA device where libtorch's build and the machine have one, else the CPU. */
    public static Device best() {
        Natives.load();
        return torch.cuda_is_available() ? new Device("cuda:0") : CPU;
    }

    /** The device's name as libtorch spells it, such as {@code cpu} or {@code cuda:0}. */
    public String name() {
        return name;
    }

    /** Whether this is the CPU, whose tensors the host can read without copying. */
    public boolean isCpu() {
        return name.equals("cpu");
    }

    /** Waits until everything this device was asked to compute is done, as timings need. */
    public void synchronize() {
        if (!isCpu()) {
            torch.cuda_synchronize();
        }
    }

    /** libtorch's object for this device; belongs to the caller's pointer scope. */
    public org.bytedeco.pytorch.Device torch() {
        Natives.load();
        return new org.bytedeco.pytorch.Device(name);
    }

    /** Options for a new tensor of the given element type on this device; belongs to the caller's pointer scope. */
    public TensorOptions options(torch.ScalarType type) {
        Natives.load();
        return new TensorOptions(type).device(new org.bytedeco.pytorch.DeviceOptional(torch()));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Device that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
