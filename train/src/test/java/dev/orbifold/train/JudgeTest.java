package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.DataOptions;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Distillation;
import dev.orbifold.engine.Loss;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JudgeTest {
    private static final double EXACT = 1e-6;

    /** Says what it is given: inputs are the logits. */
    private static Evaluator mirror() {
        return new Evaluator() {
            @Override
            public Map<String, TensorData> run(Map<String, TensorData> inputs) {
                return Map.of("y", inputs.get("x"));
            }

            @Override
            public void close() {
            }
        };
    }

    private static Objective objective(String output) {
        Loss loss = new Loss.MeanSquaredError();
        return new Objective(ValueInfo.of("x", DataType.FLOAT, Shape.of(1, 1)), output, loss,
                new Distillation(loss, 0, 1, true), Optional.empty());
    }

    private static Part part(String rows, int columns) {
        StringBuilder csv = new StringBuilder();
        for (int c = 0; c < columns; c++) {
            csv.append('x').append(c).append(',');
        }
        csv.append("label\n").append(rows);
        return DataSet.csv("rows.csv", new ByteArrayInputStream(csv.toString().getBytes(StandardCharsets.UTF_8)),
                DataOptions.defaults()).train();
    }

    @Test
    void classesByHand() {
        // The same two rows many times, so that every split of them has both: logits (0, ln 3), labels 1 and 0.
        Part part = part("0,1.0986123,1\n0,1.0986123,0\n".repeat(50), 2);
        Objective.Seen seen = Judge.of(mirror(), objective("y"), part, CompressOptions.LossKind.CROSS_ENTROPY,
                Progress.SILENT);
        // softmax = (1/4, 3/4); half of the targets are right.
        assertEquals(50, seen.accuracy(), EXACT);
        assertEquals(-0.5 * (Math.log(0.75) + Math.log(0.25)), seen.loss(), EXACT);
    }

    @Test
    void squaresByHand() {
        Part part = part("1.5,0.5\n".repeat(20), 1);
        Objective.Seen seen = Judge.of(mirror(), objective("y"), part, CompressOptions.LossKind.MSE, Progress.SILENT);
        assertEquals(1, seen.loss(), EXACT);
        assertTrue(Double.isNaN(seen.accuracy()));
        assertEquals(-1, seen.score(), EXACT);
    }

    @Test
    void logisticByHand() {
        Part part = part("2,0.25\n".repeat(20), 1);
        double expected = -0.25 * Math.log(1 / (1 + Math.exp(-2))) - 0.75 * Math.log(1 / (1 + Math.exp(2)));
        assertEquals(expected,
                Judge.of(mirror(), objective("y"), part, CompressOptions.LossKind.BCE, Progress.SILENT).loss(), EXACT);
    }

    @Test
    void anOutputThatIsNotThereIsNamed() {
        Part part = part("1.5,0.5\n".repeat(20), 1);
        TrainException thrown = assertThrows(TrainException.class,
                () -> Judge.of(mirror(), objective("z"), part, CompressOptions.LossKind.MSE, Progress.SILENT));
        assertTrue(thrown.getMessage().contains("z"), thrown.getMessage());
    }
}
