package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.orbifold.graph.DataType;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LossTest {
    /** float32 sums of a few dozen terms of order one. */
    private static final double ROUNDING = 2e-6;

    private PointerScope scope = new PointerScope();

    @BeforeEach
    void open() {
        Natives.load();
        scope.close();
        scope = new PointerScope();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor floats(float[] values, long... dims) {
        return Tensors.of(Device.cpu(), values, dims);
    }

    private static Tensor classes(long[] values, long... dims) {
        return Tensors.of(Device.cpu(), values, dims);
    }

    private static float[] random(long seed, int n) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static double logSoftmax(float[] logits, int row, int classes, int c) {
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            sum += Math.exp(logits[row * classes + k]);
        }
        return logits[row * classes + c] - Math.log(sum);
    }

    @Test
    void crossEntropyOfEqualLogitsIsTheLogarithmOfTheClasses() {
        double loss = new Loss.CrossEntropy(0).of(floats(new float[8], 2, 4), classes(new long[] {0, 3}, 2))
                .item_double();
        assertEquals(Math.log(4), loss, ROUNDING);
    }

    @Test
    void smoothingMixesInTheMeanOverAllClasses() {
        for (long seed = 0; seed < 5; seed++) {
            float[] logits = random(seed, 15);
            long[] targets = {4, 0, 2};
            double smoothing = 0.1;
            double expected = 0;
            for (int row = 0; row < 3; row++) {
                double mean = 0;
                for (int c = 0; c < 5; c++) {
                    mean -= logSoftmax(logits, row, 5, c) / 5;
                }
                expected += ((1 - smoothing) * -logSoftmax(logits, row, 5, (int) targets[row]) + smoothing * mean) / 3;
            }
            double found = new Loss.CrossEntropy(smoothing).of(floats(logits, 3, 5), classes(targets, 3)).item_double();
            assertEquals(expected, found, ROUNDING, "seed " + seed);
        }
    }

    @Test
    void tokensAreJudgedOneByOne() {
        float[] logits = random(3, 24);
        long[] targets = {1, 2, 0, 3, 1, 1};
        Loss loss = new Loss.CrossEntropy(0);
        double flat = loss.of(floats(logits, 6, 4), classes(targets, 6)).item_double();
        assertEquals(flat, loss.of(floats(logits, 2, 3, 4), classes(targets, 2, 3)).item_double(), ROUNDING);
        assertEquals(flat, loss.of(floats(logits, 6, 4), classes(targets, 2, 3)).item_double(), ROUNDING);
        assertThrows(EngineException.class, () -> loss.of(floats(logits, 2, 3, 4), classes(targets, 6)));
    }

    @Test
    void regressionLossesByHand() {
        Tensor outputs = floats(new float[] {1, -1}, 2, 1);
        assertEquals((0.25 + 4) / 2,
                new Loss.MeanSquaredError().of(outputs, floats(new float[] {0.5f, 1}, 2)).item_double(), ROUNDING);
        double expected = (Math.log(1 + Math.exp(-1)) + Math.log(1 + Math.exp(-1))) / 2;
        assertEquals(expected, new Loss.BinaryCrossEntropy().of(outputs, classes(new long[] {1, 0}, 2)).item_double(),
                ROUNDING);
        assertThrows(EngineException.class,
                () -> new Loss.MeanSquaredError().of(outputs, floats(new float[3], 3)));
    }

    @Test
    void distillationIsZeroForEqualAnswersAndTheDivergenceOtherwise() {
        float[] student = random(1, 8);
        float[] teacher = random(2, 8);
        double temperature = 3;
        Tensor targets = classes(new long[] {0, 1}, 2);
        Distillation only = new Distillation(new Loss.CrossEntropy(0), 1, temperature);
        assertEquals(0, only.of(floats(student, 2, 4), targets, floats(student, 2, 4)).item_double(), ROUNDING);
        float[] cooledStudent = new float[8];
        float[] cooledTeacher = new float[8];
        for (int i = 0; i < 8; i++) {
            cooledStudent[i] = (float) (student[i] / temperature);
            cooledTeacher[i] = (float) (teacher[i] / temperature);
        }
        double expected = 0;
        for (int row = 0; row < 2; row++) {
            for (int c = 0; c < 4; c++) {
                double p = logSoftmax(cooledTeacher, row, 4, c);
                expected += Math.exp(p) * (p - logSoftmax(cooledStudent, row, 4, c)) / 2;
            }
        }
        expected *= temperature * temperature;
        assertEquals(expected, only.of(floats(student, 2, 4), targets, floats(teacher, 2, 4)).item_double(),
                10 * ROUNDING);
        double hard = new Loss.CrossEntropy(0).of(floats(student, 2, 4), targets).item_double();
        assertEquals(0.25 * hard + 0.75 * expected,
                new Distillation(new Loss.CrossEntropy(0), 0.75, temperature)
                        .of(floats(student, 2, 4), targets, floats(teacher, 2, 4)).item_double(),
                10 * ROUNDING);
    }

    @Test
    void noGradientFlowsIntoTheTeacher() {
        Tensor student = floats(random(1, 8), 2, 4);
        student.set_requires_grad(true);
        Tensor teacher = floats(random(2, 8), 2, 4);
        teacher.set_requires_grad(true);
        new Distillation(new Loss.CrossEntropy(0), 0.5, 2)
                .of(student.mul(new Scalar(1.0)), classes(new long[] {0, 1}, 2), teacher.mul(new Scalar(1.0)))
                .backward();
        assertEquals(true, student.grad().defined());
        assertEquals(false, teacher.grad().defined());
    }

    @Test
    void evaluationCountsEveryTargetOnce() {
        float[] values = {0, 1, 2, 3, 4, 5, 6};
        Part part = Part.of("made up", new Items.Floats(MemorySegment.ofArray(values), 7, 1),
                new Targets.Classes(new int[] {0, 0, 0, 1, 1, 1, 1}, 2, "made up", 0), Normalization.NONE, 1);
        Evaluation found = Evaluation.of(part.adapt(DataSetTest.input(DataType.FLOAT, -1, 1)), 3, Device.cpu(),
                new Loss.CrossEntropy(0), x -> {
                    Tensor shifted = x.sub(new Scalar(4.5));
                    return org.bytedeco.pytorch.global.torch.cat(
                            new org.bytedeco.pytorch.TensorVector(shifted.neg(), shifted), 1);
                });
        assertEquals(100.0 * 5 / 7, found.accuracy().orElseThrow(), 1e-12);
        double expected = 0;
        for (int i = 0; i < 7; i++) {
            double margin = 2 * (values[i] - 4.5) * (i < 3 ? -1 : 1);
            expected += Math.log1p(Math.exp(-margin)) / 7;
        }
        assertEquals(expected, found.loss(), 10 * ROUNDING);
        assertEquals(7, found.targets());
    }
}
