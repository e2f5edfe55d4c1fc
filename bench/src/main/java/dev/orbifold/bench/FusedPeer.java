package dev.orbifold.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** The updates of {@code peers/fused.c}, called on the ranges and threads that Java's run on, in the same order. */
final class FusedPeer {
    /** Names the compiled library. */
    private static final String PROPERTY = "orbifold.bench.fused";
    /** As the product cuts its work. */
    private static final int BLOCK = 1024;
    private static final int GRAIN = 64;
    private static final int RUN = 16 * BLOCK;

    private final MethodHandle plain;
    private final MethodHandle two;
    private final MethodHandle three;
    private boolean backward;

    private FusedPeer(SymbolLookup library) {
        Linker linker = Linker.nativeLinker();
        plain = linker.downcallHandle(library.findOrThrow("plain"), FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS,
                JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT));
        FunctionDescriptor fused = FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG,
                JAVA_LONG, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT);
        two = linker.downcallHandle(library.findOrThrow("two"), fused);
        three = linker.downcallHandle(library.findOrThrow("three"), fused);
    }

    /** Opens the library that the system property {@code orbifold.bench.fused} names. */
    static FusedPeer open() {
        String file = System.getProperty(PROPERTY);
        if (file == null) {
            throw new IllegalStateException("the system property " + PROPERTY
                    + " must name the library made from peers/fused.c; bench/fused does so");
        }
        return new FusedPeer(SymbolLookup.libraryLookup(Path.of(file), Arena.global()));
    }

    /** SGD with momentum on n weights. */
    void plain(long n, MemorySegment weights, MemorySegment gradients, MemorySegment momenta, float rate,
            float momentum, float decay) {
        ranges(n, (from, to) -> {
            try {
                plain.invokeExact(weights, gradients, momenta, from, to, rate, momentum, decay, 1f);
            } catch (Throwable e) {
                throw new IllegalStateException("the call into C failed", e);
            }
        });
    }

    /** The same on D factors of every weight; D is 2 or 3. Sweeps forward and backward in turn. */
    void fused(int depth, long n, MemorySegment gradients, MemorySegment weights, MemorySegment factors,
            MemorySegment momenta, long stride, float rate, float momentum, float decay, float zero) {
        MethodHandle handle = depth == 2 ? two : three;
        backward = !backward;
        boolean back = backward;
        ranges(n, (first, last) -> {
            long count = (last - first + RUN - 1) / RUN;
            for (long i = 0; i < count; i++) {
                long from = first + RUN * (back ? count - 1 - i : i);
                long to = Math.min(last, from + RUN);
                try {
                    handle.invokeExact(gradients, weights, factors, momenta, stride, from, to, rate, momentum, decay,
                            1f, zero);
                } catch (Throwable e) {
                    throw new IllegalStateException("the call into C failed", e);
                }
            }
        });
    }

    @FunctionalInterface
    private interface Stretch {
        void run(long from, long to);
    }

    private static void ranges(long n, Stretch work) {
        int blocks = Math.toIntExact((n + BLOCK - 1) / BLOCK);
        Workers.run(blocks, GRAIN, Natives.threads(), (first, last) -> {
            Natives.load();
            work.run((long) first * BLOCK, Math.min(n, (long) last * BLOCK));
        });
    }
}
