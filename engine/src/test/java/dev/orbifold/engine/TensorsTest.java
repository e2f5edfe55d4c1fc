package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorsTest {
    @ParameterizedTest @EnumSource(
            names = {"FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "INT64", "INT32", "INT16", "INT8", "UINT8", "UINT16",
                    "UINT32", "UINT64", "BOOL"})
    void copiesThereAndBack(DataType type) {
        RandomGenerator random = new Seed(1).split(type.name()).generator();
        for (long[] dims : new long[][] {{}, {3}, {0, 2}, {2, 3, 4}, {1, 5, 1, 2}}) {
            int elements = 1;
            for (long d : dims) {
                elements *= (int) d;
            }
            byte[] bytes = new byte[elements * type.bytes()];
            random.nextBytes(bytes);
            if (type == DataType.BOOL) {
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] &= 1;
                }
            }
            TensorData data = new TensorData(type, dims, MemorySegment.ofArray(bytes));
            try (PointerScope scope = new PointerScope()) {
                assertEquals(data, Tensors.toData(Tensors.of(data, Device.cpu())), () -> type + " " + data);
            }
        }
    }

    @Test
    void readsRowMajorWhateverTheStrides() {
        try (PointerScope scope = new PointerScope()) {
            Tensor tensor = Tensors.of(Device.cpu(), new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
            Tensor transposed = tensor.t();
            assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, Tensors.toData(transposed).toFloats());
            assertArrayEquals(new long[] {3, 2}, Tensors.dims(transposed));
            assertThrows(EngineException.class, () -> Tensors.segment(transposed));
            Tensors.segment(tensor).setAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, 5, 9);
            assertEquals(9, transposed.select(0, 2).select(0, 1).item_float());
        }
    }

    @Test
    void survivesTheScopeItWasMadeIn() {
        try (PointerScope outer = new PointerScope()) {
            Tensor tensor;
            try (PointerScope inner = new PointerScope()) {
                tensor = Tensors.adopt(Tensors.of(Device.cpu(), new long[] {4, 5}, 2), inner);
            }
            assertArrayEquals(new long[] {4, 5}, Tensors.toData(tensor).toLongs());
        }
    }

    @Test
    void namesTypesItCannotCompute() {
        EngineException e = assertThrows(EngineException.class, () -> Tensors.scalarType(DataType.STRING));
        assertEquals("tensors of type STRING cannot be computed with", e.getMessage());
    }
}
