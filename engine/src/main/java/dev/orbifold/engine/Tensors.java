package dev.orbifold.engine;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Copies between {@link TensorData} on the host and libtorch's tensors. */
public final class Tensors {
    private Tensors() {
    }

    /**
     * The element type libtorch uses for an ONNX one.
     *
     * @throws EngineException if libtorch has none
     */
    public static ScalarType scalarType(DataType type) {
        return switch (type) {
            case FLOAT -> ScalarType.Float;
            case DOUBLE -> ScalarType.Double;
            case FLOAT16 -> ScalarType.Half;
            case BFLOAT16 -> ScalarType.BFloat16;
            case INT64 -> ScalarType.Long;
            case INT32 -> ScalarType.Int;
            case INT16 -> ScalarType.Short;
            case INT8 -> ScalarType.Char;
            case UINT8 -> ScalarType.Byte;
            case UINT16 -> ScalarType.UInt16;
            case UINT32 -> ScalarType.UInt32;
            case UINT64 -> ScalarType.UInt64;
            case BOOL -> ScalarType.Bool;
            default -> throw new EngineException("tensors of type " + type + " cannot be computed with");
        };
    }

    /**
     * The ONNX element type of libtorch's.
     *
     * @throws EngineException if ONNX has none, or none Orbifold reads
     */
    public static DataType dataType(ScalarType type) {
        return switch (type.intern()) {
            case Float -> DataType.FLOAT;
            case Double -> DataType.DOUBLE;
            case Half -> DataType.FLOAT16;
            case BFloat16 -> DataType.BFLOAT16;
            case Long -> DataType.INT64;
            case Int -> DataType.INT32;
            case Short -> DataType.INT16;
            case Char -> DataType.INT8;
            case Byte -> DataType.UINT8;
            case UInt16 -> DataType.UINT16;
            case UInt32 -> DataType.UINT32;
            case UInt64 -> DataType.UINT64;
            case Bool -> DataType.BOOL;
            default -> throw new EngineException("libtorch's element type " + type + " has no counterpart in ONNX");
        };
    }

    /** A new tensor on the device with the same type, shape and elements; belongs to the caller's pointer scope. */
    public static Tensor of(TensorData data, Device device) {
        Natives.load();
        ScalarType type = scalarType(data.type());
        if (device.isCpu()) {
            return filled(data, type, device);
        }
        try (PointerScope scope = new PointerScope()) {
            Tensor moved = filled(data, type, Device.cpu()).to(device.torch(), type);
            return adopt(moved, scope);
        }
    }

    private static Tensor filled(TensorData data, ScalarType type, Device device) {
        Tensor tensor = empty(type, device, data.dims());
        if (data.elements() > 0) {
            segment(tensor).copyFrom(data.bytes());
        }
        return tensor;
    }

    /** A new float32 tensor on the device holding a copy of the values; belongs to the caller's pointer scope. */
    public static Tensor of(Device device, float[] values, long... dims) {
        return of(TensorData.of(values, dims), device);
    }

    /** A new int64 tensor on the device holding a copy of the values; belongs to the caller's pointer scope. */
    public static Tensor of(Device device, long[] values, long... dims) {
        return of(TensorData.of(values, dims), device);
    }

    /** A new tensor with undefined elements. */
    public static Tensor empty(ScalarType type, Device device, long... dims) {
        Natives.load();
        try (PointerScope scope = new PointerScope()) {
            return adopt(torch.torch_empty(dims, device.options(type), new org.bytedeco.pytorch.MemoryFormatOptional()),
                    scope);
        }
    }

    /** A copy on the host of a tensor on any device; elements in row-major order. */
    public static TensorData toData(Tensor tensor) {
        try (PointerScope scope = new PointerScope()) {
            Tensor host = tensor.detach().cpu().contiguous();
            long[] dims = dims(host);
            DataType type = dataType(host.scalar_type());
            byte[] bytes = new byte[Math.toIntExact(host.nbytes())];
            if (bytes.length > 0) {
                MemorySegment.copy(segment(host), 0, MemorySegment.ofArray(bytes), 0, bytes.length);
            }
            return new TensorData(type, dims, MemorySegment.ofArray(bytes));
        }
    }

    /** The sizes of the tensor's axes. */
    public static long[] dims(Tensor tensor) {
        long[] dims = new long[(int) tensor.dim()];
        for (int axis = 0; axis < dims.length; axis++) {
            dims[axis] = tensor.size(axis);
        }
        return dims;
    }

    /**
     * The memory of a contiguous tensor on the CPU, from its first element; valid while the tensor lives, and not guarded
     * against its end.
     *
     * @throws EngineException if the tensor is elsewhere or not contiguous
     */
    public static MemorySegment segment(Tensor tensor) {
        if (!tensor.is_cpu() || !tensor.is_contiguous()) {
            throw new EngineException("only a contiguous tensor on the CPU can be seen as memory; copy it there first");
        }
        try (PointerScope scope = new PointerScope()) {
            return MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
        }
    }

    /** Lets a pointer outlive the innermost scope: it moves to the scope around that one, or to the caller's care. */
    static <P extends Pointer> P adopt(P pointer, PointerScope inner) {
        boolean attached = false;
        Iterator<PointerScope> scopes = PointerScope.getScopeIterator();
        while (scopes != null && scopes.hasNext() && !attached) {
            PointerScope scope = scopes.next();
            if (scope != inner) {
                scope.attach(pointer);
                attached = true;
            }
        }
        if (!attached) {
            pointer.retainReference();
        }
        inner.detach(pointer);
        return pointer;
    }
}
