package dev.orbifold.engine;

import dev.orbifold.graph.TensorData;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/** The values of one run of a {@link Program}, by slot. */
final class Frame {
    /** The slot of an omitted input or an unused output. */
    static final int NONE = -1;

    private final Device device;
    private final boolean training;
    private final @Nullable Tensor[] own;
    private final @Nullable Tensor[] tensors;
    private final @Nullable HostValue[] hosts;

    /**
     * @param own the Program's own values: constants and parameters; a slot that holds another tensor was given one
     */
    Frame(Device device, boolean training, @Nullable Tensor[] own, @Nullable HostValue[] hosts) {
        this.device = device;
        this.training = training;
        this.own = own;
        this.tensors = own.clone();
        this.hosts = hosts.clone();
    }

    Device device() {
        return device;
    }

    boolean training() {
        return training;
    }

    /** Whether the caller of the run gave this slot's tensor. */
    boolean isGiven(int slot) {
        return tensors[slot] != own[slot];
    }

    boolean has(int slot) {
        return tensors[slot] != null || hosts[slot] != null;
    }

    Tensor tensor(int slot) {
        Tensor tensor = tensors[slot];
        if (tensor == null) {
            HostValue host = hosts[slot];
            if (host == null) {
                throw new EngineException("a value was read before it was computed: slot " + slot);
            }
            tensor = Tensors.of(host.data(), device);
            tensors[slot] = tensor;
        }
        return tensor;
    }

    /** The tensor in a slot, or libtorch's way of saying that there is none. */
    TensorOptional optional(int slot) {
        return slot == NONE ? new TensorOptional() : new TensorOptional(tensor(slot));
    }

    /** An integer tensor's elements on the host. */
    long[] longs(int slot) {
        return host(slot).values();
    }

    HostValue host(int slot) {
        HostValue host = hosts[slot];
        if (host == null) {
            TensorData data = Tensors.toData(tensor(slot));
            host = new HostValue(data.type(), data.dims(), data.toLongs());
        }
        return host;
    }

    /** A real tensor's elements on the host. */
    double[] reals(int slot) {
        return Tensors.toData(tensor(slot)).toDoubles();
    }

    /** The shape of the value in a slot. */
    long[] dims(int slot) {
        HostValue host = hosts[slot];
        return host != null ? host.dims() : Tensors.dims(tensor(slot));
    }

    void set(int slot, Tensor tensor) {
        if (slot != NONE) {
            tensors[slot] = tensor;
        }
    }

    void set(int slot, HostValue value) {
        if (slot != NONE) {
            hosts[slot] = value;
        }
    }

    /** Hands the tensor of one slot to another; the first is empty afterwards. */
    void move(int from, int to) {
        tensors[to] = tensors[from];
        tensors[from] = null;
    }

    void free(int slot) {
        Tensor tensor = tensors[slot];
        if (tensor != null) {
            tensor.close();
            tensors[slot] = null;
        }
        hosts[slot] = null;
    }

    /** The constant in a slot on the host, if it is one. */
    @Nullable
    HostValue hostOrNull(int slot) {
        return hosts[slot];
    }

    @Nullable
    Tensor tensorOrNull(int slot) {
        return tensors[slot];
    }
}
