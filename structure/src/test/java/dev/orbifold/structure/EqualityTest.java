package dev.orbifold.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What two Graphs' outputs say about their equality, with outputs by hand. */
class EqualityTest {
    private static final float NAN = Float.NaN;
    private static final float INFINITE = Float.POSITIVE_INFINITY;

    /** Says the same whatever it is asked. */
    private record Known(float[] outputs) implements Evaluator {
        @Override
        public Map<String, TensorData> run(Map<String, TensorData> inputs) {
            return Map.of("y", TensorData.of(outputs, 1, outputs.length));
        }

        @Override
        public void close() {
        }
    }

    /** Compares two runs with these outputs; the Graphs themselves play no part. */
    private static Equality compare(float[] before, float[] after) {
        Deque<float[]> outputs = new ArrayDeque<>(List.of(before, after));
        Evaluator.Factory factory = graph -> new Known(outputs.removeFirst());
        Graph graph = Graph.of("none", List.of(), List.of(), List.of(), Map.of());
        return Equality.check(graph, graph, factory, List.of(Map.of("x", TensorData.of(new float[] {0}, 1, 1))));
    }

    @Test
    void theDifferenceIsAShareOfTheRange() {
        assertEquals(0.25, compare(new float[] {-1, 3}, new float[] {-1, 2}).maxError());
        assertEquals(0, compare(new float[] {-1, 3}, new float[] {-1, 3}).maxError());
    }

    @Test
    void whatIsNotANumberInBothProvesNothing() {
        Equality some = compare(new float[] {1, NAN}, new float[] {1, NAN});
        assertTrue(some.isVoid() && Double.isNaN(some.maxError()), some.toString());
        assertTrue(compare(new float[] {NAN, NAN}, new float[] {NAN, NAN}).isVoid());
        assertTrue(compare(new float[] {INFINITE, -INFINITE}, new float[] {INFINITE, -INFINITE}).isVoid());
    }

    @Test
    void whatIsANumberInOneOnlyDiffers() {
        assertEquals(Double.POSITIVE_INFINITY, compare(new float[] {1, 2}, new float[] {1, NAN}).maxError());
        assertEquals(Double.POSITIVE_INFINITY, compare(new float[] {NAN, 2}, new float[] {1, 2}).maxError());
        assertEquals(Double.POSITIVE_INFINITY, compare(new float[] {1, INFINITE}, new float[] {1, 2}).maxError());
        assertEquals(Double.POSITIVE_INFINITY, compare(new float[] {NAN, INFINITE}, new float[] {NAN, 2}).maxError());
        assertFalse(compare(new float[] {1, 2}, new float[] {1, NAN}).isVoid());
    }

    /** A mask of infinities has no part in the range, in which a difference would vanish. */
    @Test
    void infinitiesInBothDoNotHideADifference() {
        assertEquals(0.5, compare(new float[] {0, 2, -INFINITE}, new float[] {1, 2, -INFINITE}).maxError());
        assertEquals(0, compare(new float[] {0, 2, -INFINITE}, new float[] {0, 2, -INFINITE}).maxError());
    }
}
