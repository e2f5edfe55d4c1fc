package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Optimizer.Kind;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Seed;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The fused update against plain operations, and its providers against each other. */
class FactorUpdateTest {
    /** Float32 rounding of a few hundred steps, relative to numbers of size 1. */
    private static final float ROUNDING = 2e-4f;
    /** One step on numbers of up to 20, in which sums may be associated differently. */
    private static final float ONE_STEP = 1e-5f;
    private static final int N = 1000 + 7;
    private static final List<Kind> KINDS = List.of(new Kind.Sgd(0.9, false, 0), new Kind.Sgd(0.9, true, 0),
            new Kind.Adam(0.9, 0.99, 1e-8, 0, false));

    @BeforeAll
    static void load() {
        Natives.load();
    }

    private static float[] normals(RandomGenerator random, int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Reparametrization form(int depth, float[] w, Kind kind) {
        return new Reparametrization(new Whole(w.length), new Elementwise(depth, w.length),
                Tensors.of(Device.cpu(), w, w.length), kind, false, 0.05, new Start.Balanced(),
                new Seed(0), Device.cpu());
    }

    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void onePassDoesWhatPlainOperationsDo(int depth) {
        for (Kind kind : KINDS) {
            RandomGenerator random = new Seed(depth).generator();
            float[] w = normals(random, N);
            float[] target = normals(random, N);
            try (PointerScope scope = new PointerScope(); Arena arena = Arena.ofConfined();
                    Reparametrization fused = form(depth, w, kind); Reparametrization plain = form(depth, w, kind)) {
                MemorySegment product = arena.allocate(4L * N, 64);
                MemorySegment.copy(w, 0, product, ValueLayout.JAVA_FLOAT, 0, N);
                MemorySegment gradient = arena.allocate(4L * N, 64);
                Tensor goal = Tensors.of(Device.cpu(), target, N);
                for (int step = 0; step < 200; step++) {
                    for (int i = 0; i < N; i++) {
                        gradient.setAtIndex(ValueLayout.JAVA_FLOAT, i,
                                product.getAtIndex(ValueLayout.JAVA_FLOAT, i) - target[i]);
                    }
                    fused.step(gradient, product, 0.01, 0.5);
                    try (PointerScope inner = new PointerScope()) {
                        plain.step(plain.entries().sub(goal), 0.01, 0.5);
                        plain.snap();
                    }
                }
                assertArrayEquals(Tensors.toData(plain.entries()).toFloats(),
                        product.toArray(ValueLayout.JAVA_FLOAT), ROUNDING, kind.toString());
                assertArrayEquals(Tensors.toData(plain.factors()).toFloats(),
                        Tensors.toData(fused.factors()).toFloats(), ROUNDING, kind.toString());
            }
        }
    }

    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void bothProvidersAgree(int depth) {
        for (Kind kind : KINDS) {
            float[][] ends = new float[2][];
            FactorUpdate[] providers = {new ScalarFactorUpdate(), new VectorFactorUpdate()};
            for (int p = 0; p < 2; p++) {
                RandomGenerator random = new Seed(depth).generator();
                int stride = 1024;
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment g = filled(arena, normals(random, N));
                    MemorySegment factors = filled(arena, normals(random, depth * stride));
                    MemorySegment first = filled(arena, normals(random, depth * stride));
                    MemorySegment second = kind instanceof Kind.Adam ? filled(arena, squares(random, depth * stride))
                            : first;
                    MemorySegment w = filled(arena, new float[N]);
                    FactorUpdate.Memory memory = new FactorUpdate.Memory(g, w, factors, first, second, stride, depth);
                    FusedFactors.step(providers[p], List.of(new FusedFactors.Part(memory, N, kind, 3, 0.02, 1e-3)),
                            0.01, 1);
                    ends[p] = concat(w, factors, first, second);
                }
            }
            assertArrayEquals(ends[0], ends[1], ONE_STEP, kind.toString());
        }
    }

    private static float[] squares(RandomGenerator random, int n) {
        float[] values = normals(random, n);
        for (int i = 0; i < n; i++) {
            values[i] *= values[i];
        }
        return values;
    }

    private static MemorySegment filled(Arena arena, float[] values) {
        return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
    }

    private static float[] concat(MemorySegment... parts) {
        int n = 0;
        for (MemorySegment part : parts) {
            n += (int) (part.byteSize() / 4);
        }
        float[] all = new float[n];
        int at = 0;
        for (MemorySegment part : parts) {
            int length = (int) (part.byteSize() / 4);
            MemorySegment.copy(part, ValueLayout.JAVA_FLOAT, 0, all, at, length);
            at += length;
        }
        return all;
    }

    /** Coordinates that carry nothing end at exactly zero, and stay there whatever the gradient says. */
    @Test
    void zeroAbsorbs() {
        float[] w = new float[64];
        java.util.Arrays.fill(w, 0.1f);
        for (Kind kind : KINDS) {
            try (PointerScope scope = new PointerScope(); Arena arena = Arena.ofConfined();
                    Reparametrization form = form(2, w, kind)) {
                MemorySegment product = arena.allocate(4L * 64, 64);
                MemorySegment gradient = arena.allocate(4L * 64, 64);
                form.lambda(1);
                for (int step = 0; step < 2000; step++) {
                    form.step(gradient, product, 0.01, 1);
                }
                assertArrayEquals(new float[64], product.toArray(ValueLayout.JAVA_FLOAT), kind.toString());
                gradient.fill((byte) 0x3f);
                form.step(gradient, product, 0.01, 1);
                assertArrayEquals(new float[64], product.toArray(ValueLayout.JAVA_FLOAT), kind.toString());
                assertEquals(64, form.scheme().closed(form.factors()));
            }
        }
    }

    @Test
    void aFactorThatCrossesZeroAloneIsNotSnapped() {
        try (PointerScope scope = new PointerScope(); Arena arena = Arena.ofConfined()) {
            MemorySegment g = filled(arena, new float[] {0});
            MemorySegment factors = arena.allocate(4L * 32, 64);
            factors.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 1f);
            factors.setAtIndex(ValueLayout.JAVA_FLOAT, 16, 1e-12f);
            MemorySegment momenta = arena.allocate(4L * 32, 64);
            MemorySegment w = filled(arena, new float[] {0});
            FactorUpdate.Memory memory = new FactorUpdate.Memory(g, w, factors, momenta, momenta, 16, 2);
            FusedFactors.step(FactorUpdate.PROVIDER,
                    List.of(new FusedFactors.Part(memory, 1, new Kind.Sgd(0, false, 0), 1, 0, 1e-3)), 0.1, 1);
            assertEquals(1f, factors.getAtIndex(ValueLayout.JAVA_FLOAT, 0));
            assertTrue(factors.getAtIndex(ValueLayout.JAVA_FLOAT, 16) > 0);
        }
    }

    /**
     * Elements planted small vanish wherever in a vector they lie, with their momenta; those with one factor at the
     * threshold, and those that are 0 in one factor alone, stay.
     */
    @ParameterizedTest @ValueSource(ints = {2, 3, 4})
    void exactlyWhatIsSmallSnaps(int depth) {
        float zero = 1e-3f;
        int stride = 1024;
        for (FactorUpdate update : List.of(new ScalarFactorUpdate(), new VectorFactorUpdate())) {
            for (Kind kind : KINDS) {
                for (int planted = 0; planted < 70; planted++) {
                    try (Arena arena = Arena.ofConfined()) {
                        float[] start = new float[depth * stride];
                        java.util.Arrays.fill(start, 0.5f);
                        for (int d = 0; d < depth; d++) {
                            start[d * stride + planted] = d % 2 == 0 ? 9e-4f : -9e-4f;
                            start[d * stride + planted + 1] = d == depth - 1 ? -zero : 0;
                            start[d * stride + planted + 2] = 0;
                        }
                        MemorySegment factors = filled(arena, start);
                        MemorySegment momenta = filled(arena, new float[depth * stride]);
                        MemorySegment w = filled(arena, new float[N]);
                        FactorUpdate.Memory memory = new FactorUpdate.Memory(filled(arena, new float[N]), w, factors,
                                momenta, momenta, stride, depth);
                        FusedFactors.step(update, List.of(new FusedFactors.Part(memory, N, kind, 1, 0, zero)), 0.1, 1);
                        for (int d = 0; d < depth; d++) {
                            start[d * stride + planted] = 0;
                        }
                        assertArrayEquals(start, factors.toArray(ValueLayout.JAVA_FLOAT), update + " " + kind);
                        assertEquals(0, w.getAtIndex(ValueLayout.JAVA_FLOAT, planted));
                    }
                }
            }
        }
    }

    /** A step sweeps forward or backward by its number; the numbers are the same. */
    @Test
    void theDirectionOfASweepChangesNothing() {
        int n = 70 * 1024 + 5;
        float[][] ends = new float[2][];
        for (int back = 0; back < 2; back++) {
            try (Arena arena = Arena.ofShared()) {
                RandomGenerator random = new Seed(2).generator();
                List<FusedFactors.Part> parts = new ArrayList<>();
                for (int depth = 2; depth <= 3; depth++) {
                    MemorySegment momenta = filled(arena, normals(random, depth * n));
                    parts.add(new FusedFactors.Part(
                            new FactorUpdate.Memory(filled(arena, normals(random, n)), filled(arena, new float[n]),
                                    filled(arena, normals(random, depth * n)), momenta, momenta, n, depth),
                            n, new Kind.Sgd(0.9, false, 0), 1 + back, 0.01, 1e-3));
                }
                FusedFactors.step(FactorUpdate.PROVIDER, parts, 0.01, 1);
                ends[back] = concat(parts.stream().map(FusedFactors.Part::memory)
                        .flatMap(m -> java.util.stream.Stream.of(m.product(), m.factors(), m.first()))
                        .toArray(MemorySegment[]::new));
            }
        }
        assertArrayEquals(ends[0], ends[1]);
    }

    /** Factors of large Parameters never begin at the same place of a page, whatever the Parameter's size. */
    @Test
    void largeFactorsDoNotMeetInTheCache() {
        for (long n = 8192; n < 40_000; n += 37) {
            for (int depth = 2; depth <= 4; depth++) {
                long stride = new Elementwise(depth, n).stride();
                assertTrue(stride >= n && stride < n + 1024 + 16 && stride % 16 == 0, "stride " + stride + " for " + n);
                for (int d = 1; d < depth; d++) {
                    long apart = d * stride * Float.BYTES % 4096;
                    assertTrue(apart >= 512 && apart <= 4096 - 512, apart + " bytes apart");
                }
            }
        }
    }

    /** Several constraints in one step, whose blocks no thread's share begins or ends with, move as each by itself. */
    @Test
    void partsOfOneStepDoNotMeet() {
        int[] sizes = {70 * 1024 + 5, 3, 90 * 1024, 17};
        float[][] together = new float[sizes.length][];
        float[][] alone = new float[sizes.length][];
        for (float[][] ends : List.of(together, alone)) {
            try (Arena arena = Arena.ofShared()) {
                RandomGenerator random = new Seed(1).generator();
                List<FusedFactors.Part> parts = new ArrayList<>();
                for (int p = 0; p < sizes.length; p++) {
                    int depth = 2 + p % 3;
                    int stride = sizes[p] + 15;
                    MemorySegment momenta = filled(arena, normals(random, depth * stride));
                    parts.add(new FusedFactors.Part(new FactorUpdate.Memory(filled(arena, normals(random, sizes[p])),
                            filled(arena, new float[sizes[p]]), filled(arena, normals(random, depth * stride)), momenta,
                            momenta, stride, depth), sizes[p], new Kind.Sgd(0.9, false, 0), 1, 0.01 * p, 1e-3));
                }
                if (ends == together) {
                    FusedFactors.step(FactorUpdate.PROVIDER, parts, 0.01, 1);
                } else {
                    parts.forEach(part -> FusedFactors.step(FactorUpdate.PROVIDER, List.of(part), 0.01, 1));
                }
                for (int p = 0; p < sizes.length; p++) {
                    FactorUpdate.Memory memory = parts.get(p).memory();
                    ends[p] = concat(memory.product(), memory.factors(), memory.first());
                }
            }
        }
        for (int p = 0; p < sizes.length; p++) {
            assertArrayEquals(alone[p], together[p], ONE_STEP);
        }
    }

    /** Providers go by addresses, so what does not fit must be refused before. */
    @Test
    void refusesWhatLiesElsewhere() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment n = arena.allocate(4 * 16, 64);
            MemorySegment factors = arena.allocate(4 * 32, 64);
            for (FactorUpdate update : List.of(new ScalarFactorUpdate(), new VectorFactorUpdate())) {
                FactorUpdate.Memory memory = new FactorUpdate.Memory(n, n, factors, factors, factors, 16, 2);
                assertThrows(IndexOutOfBoundsException.class,
                        () -> update.sgd(memory, 0, 32, 0.1f, 0.9f, false, 0, 1, 0));
                FactorUpdate.Memory deep = new FactorUpdate.Memory(n, n, factors, factors, factors, 16, 3);
                assertThrows(IndexOutOfBoundsException.class,
                        () -> update.adam(deep, 0, 16, 0.1f, 0.9f, 0.9f, 1e-8f, 0, 1, 0));
            }
            MemorySegment heap = MemorySegment.ofArray(new float[16]);
            assertThrows(IllegalArgumentException.class,
                    () -> new FactorUpdate.Memory(heap, n, factors, factors, factors, 16, 2));
        }
    }
}
