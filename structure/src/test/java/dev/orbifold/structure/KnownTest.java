package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.graph.TensorData;
import org.junit.jupiter.api.Test;

class KnownTest {
    private static final double VARIES = Double.NaN;

    @Test
    void slicesOfATensorByHand() {
        Known known = Known.of(TensorData.of(new float[] {1, 1, 2, 1, 1, 1}, 2, 3));
        assertArrayEquals(new double[] {VARIES, 1}, known.axes()[0]);
        assertArrayEquals(new double[] {1, 1, VARIES}, known.axes()[1]);
        assertEquals(VARIES, known.whole());
        assertEquals(1, known.at(-1, 1));
    }

    @Test
    void aScalarIsConstant() {
        assertEquals(3, Known.of(TensorData.of(new float[] {3})).whole());
        assertEquals(3, Known.of(TensorData.of(new float[] {3, 3}, 2)).at(7, 0));
    }

    @Test
    void functionsApplyToWhatIsKnown() {
        Known known = Known.of(TensorData.of(new float[] {0, -2, 5}, 3)).map(x -> Math.max(0, x) + 1);
        assertArrayEquals(new double[] {1, 1, 6}, known.axes()[0]);
    }
}
