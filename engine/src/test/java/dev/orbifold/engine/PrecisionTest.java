package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.DataType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class PrecisionTest {
    private static DataType productType() {
        try (PointerScope scope = new PointerScope()) {
            Tensor a = Tensors.of(Device.cpu(), new float[16], 4, 4);
            return Tensors.dataType(a.mm(a).scalar_type());
        }
    }

    @Test
    void productsAreComputedInTheScopesPrecision() {
        Device cpu = Device.cpu();
        try (Precision.Scope scope = Precision.BFLOAT16.open(cpu)) {
            assertEquals(DataType.BFLOAT16, productType());
            try (Precision.Scope inner = Precision.BFLOAT16.open(cpu)) {
                assertEquals(DataType.BFLOAT16, productType());
            }
            try (Precision.Scope inner = Precision.FLOAT32.open(cpu)) {
                assertEquals(DataType.FLOAT, productType());
            }
            assertEquals(DataType.BFLOAT16, productType());
        }
        assertEquals(DataType.FLOAT, productType());
        assertThrows(EngineException.class, () -> Precision.AUTO.open(cpu));
    }

    @Test
    void theFasterPrecisionIsMeasured() {
        List<DataType> seen = new ArrayList<>();
        Precision.Measured measured = Precision.measure(Device.cpu(), () -> {
            DataType type = productType();
            seen.add(type);
            busy(type == DataType.BFLOAT16 ? 1 : 4);
        });
        assertEquals(Precision.BFLOAT16, measured.faster());
        assertTrue(measured.float32Millis() > measured.bfloat16Millis());
        assertEquals(DataType.FLOAT, seen.get(0));
        assertEquals(DataType.BFLOAT16, seen.get(1));
        assertEquals(Precision.FLOAT32,
                Precision.measure(Device.cpu(), () -> busy(productType() == DataType.BFLOAT16 ? 4 : 1)).faster());
    }

    private static void busy(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }
}
