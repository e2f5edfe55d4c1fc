package dev.orbifold.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class NativesTest {
    /** What a child process does: loads from several threads at once, computes, prints what it found. */
    static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) throws Exception {
            try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
                for (Future<?> done : threads.invokeAll(
                        IntStream.range(0, 4).mapToObj(i -> Executors.callable(Natives::load)).toList())) {
                    done.get();
                }
            }
            Natives.load();
            try (PointerScope scope = new PointerScope()) {
                Tensor ones = Tensors.of(Device.cpu(), new float[] {1, 2, 3, 4}, 2, 2);
                float sum = ones.mm(ones).sum().item_float();
                float denormal = Tensors.of(Device.cpu(), new float[] {1e-30f}, 1).mul(new Scalar(1e-10)).item_float();
                System.out.println(
                        "sum " + sum + ", denormal " + denormal + ", policy " + environment("OMP_WAIT_POLICY"));
            }
        }

        private static String environment(String name) throws Exception {
            Linker linker = Linker.nativeLinker();
            try (var arena = java.lang.foreign.Arena.ofConfined()) {
                MemorySegment value = (MemorySegment) linker
                        .downcallHandle(linker.defaultLookup().find("getenv").orElseThrow(),
                                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS))
                        .invokeExact(arena.allocateFrom(name));
                return value.address() == 0 ? "unset" : value.reinterpret(Long.MAX_VALUE).getString(0);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static String runChild(Path cache, Map<String, String> environment)
            throws IOException, InterruptedException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        ProcessBuilder builder = new ProcessBuilder(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                        "-Xshare:auto",
                        "--enable-native-access=ALL-UNNAMED", "-Dorg.bytedeco.javacpp.cachedir=" + cache, "-cp",
                        classPath,
                        Child.class.getName()));
        builder.environment().remove("OMP_WAIT_POLICY");
        builder.environment().remove("GOMP_SPINCOUNT");
        // It would make the child say what it picked up.
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        builder.environment().putAll(environment);
        builder.redirectErrorStream(true);
        Process child = builder.start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, child.waitFor(), output);
        return output.strip();
    }

    @Test
    void loadsFromAnEmptyCacheAndFromAFullOne() throws Exception {
        Path cache = Files.createTempDirectory("orbifold-natives");
        try {
            load(cache);
        } finally {
            // Links in the cache may lead out of it; they are removed, never followed.
            try (Stream<Path> files = Files.walk(cache)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void load(Path cache) throws Exception {
        // [[1,2],[3,4]]² = [[7,10],[15,22]]; 1e-30 · 1e-10 is a denormal float32 and must be flushed.
        assertEquals("sum 54.0, denormal 0.0, policy passive", runChild(cache, Map.of()), "empty cache");
        assertEquals("sum 54.0, denormal 0.0, policy active", runChild(cache, Map.of("OMP_WAIT_POLICY", "active")),
                "full cache, the user's policy kept");
        assertEquals("sum 54.0, denormal 0.0, policy unset", runChild(cache, Map.of("GOMP_SPINCOUNT", "7")),
                "full cache, the user's spin count kept");
    }

    @Test
    void saysWhereLibtorchHasNoLibraries() throws Exception {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-Dorg.bytedeco.javacpp.platform=linux-arm64", "-cp", classPath,
                Child.class.getName()).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(1, child.waitFor(), output);
        assertTrue(output.contains("libtorch has no libraries for linux-arm64"), output);
    }

    @Test
    void countsThreads() {
        int before = Natives.threads();
        Natives.threads(1);
        assertEquals(1, Natives.threads());
        Natives.threads(before);
        assertThrows(EngineException.class, () -> Natives.threads(0));
    }
}
