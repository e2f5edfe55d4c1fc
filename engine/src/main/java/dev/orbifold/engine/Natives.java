package dev.orbifold.engine;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;

/**
 * Loads libtorch. Everything in this package that touches a tensor goes through {@link #load()} first; what needs no
 * tensors must not.
 */
public final class Natives {
    private static final String PACKAGE = "/org/bytedeco/pytorch/";
    /** Platforms for which libtorch is published, in the loader's names. */
    private static final List<String> PLATFORMS = List.of("linux-x86_64", "macosx-arm64", "windows-x86_64");
    /** A dependency comes before what depends on it; names that a platform does not have are passed over. */
    private static final List<String> LIBRARIES = List.of("libc10.so", "libgomp.so.1", "libc10_cuda.so",
            "libtorch_cpu.so", "libtorch_cuda_linalg.so", "libtorch_cuda.so", "libtorch.so", "libc10.dylib",
            "libomp.dylib", "libiomp5.dylib", "libtorch_cpu.dylib", "libtorch.dylib", "libiomp5md.dll", "c10.dll",
            "c10_cuda.dll", "torch_cpu.dll", "torch_cuda.dll", "torch.dll");

    private static final ThreadLocal<Boolean> FLUSHES = ThreadLocal.withInitial(() -> false);
    private static boolean loaded;

    private Natives() {
    }

    /**
     * Loads libtorch once, and makes the calling thread flush denormal numbers to zero. Extracts the libraries in the
     * order of their dependencies before the first of them is opened (a cold cache crashes the process otherwise), and
     * lets waiting threads sleep instead of spin unless {@code OMP_WAIT_POLICY} or {@code GOMP_SPINCOUNT} says
     * otherwise. Flushing belongs to a thread and is inherited by those it starts: every thread that computes with
     * tensors calls this before its first operator. Later calls on the same thread return at once.
     *
     * @throws EngineException if libtorch has no build for this platform or its libraries cannot be extracted
     */
    public static void load() {
        if (!FLUSHES.get()) {
            loadOnce();
            Context.setFlushDenormal(true);
            FLUSHES.set(true);
        }
    }

    /**
     * Sets how many threads one operator may use.
     *
     * @throws EngineException if the number is below 1
     */
    public static void threads(int number) {
        if (number < 1) {
            throw new EngineException("the number of threads must be at least 1, found " + number);
        }
        load();
        torch.set_num_threads(number);
        openblas_nolapack.blas_set_num_threads(number);
    }

    /** How many threads one operator may use. */
    public static int threads() {
        load();
        return torch.get_num_threads();
    }

    /** Seeds libtorch's own random numbers (dropout) on every device. */
    public static void seed(long seed) {
        load();
        torch.manual_seed(seed);
    }

    private static synchronized void loadOnce() {
        if (loaded) {
            return;
        }
        String platform = Loader.getPlatform();
        String found =
                extension(platform).orElseThrow(() -> new EngineException("libtorch has no libraries for " + platform
                        + " on the class path; it is published for " + String.join(", ", PLATFORMS)));
        passiveWaiting();
        extract(platform + found);
        try {
            Loader.load(torch.class);
        } catch (UnsatisfiedLinkError e) {
            throw new EngineException("libtorch cannot be loaded on " + platform + ": " + e.getMessage(), e);
        }
        loaded = true;
    }

    private static Optional<String> extension(String platform) {
        for (String extension : List.of("-gpu", "")) {
            for (String library : LIBRARIES) {
                if (Natives.class.getResource(PACKAGE + platform + extension + "/" + library) != null) {
                    return Optional.of(extension);
                }
            }
        }
        return Optional.empty();
    }

    private static void extract(String folder) {
        for (String library : LIBRARIES) {
            String resource = PACKAGE + folder + "/" + library;
            if (Natives.class.getResource(resource) == null) {
                continue;
            }
            try {
                Loader.cacheResource(Natives.class, resource);
            } catch (IOException e) {
                throw new EngineException(
                        "cannot extract " + library + " into the native cache, which the system property "
                                + "org.bytedeco.javacpp.cachedir moves: " + e.getMessage(),
                        e);
            }
        }
    }

    /** The OpenMP runtime reads its wait policy when it is loaded, so this comes before. */
    private static void passiveWaiting() {
        if (System.getenv("OMP_WAIT_POLICY") == null && System.getenv("GOMP_SPINCOUNT") == null) {
            setEnvironment("OMP_WAIT_POLICY", "passive");
        }
    }

    private static void setEnvironment(String name, String value) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> setenv = linker.defaultLookup().find("setenv");
        Optional<MemorySegment> putenv = linker.defaultLookup().find("_putenv_s");
        try (Arena arena = Arena.ofConfined()) {
            if (setenv.isPresent()) {
                MethodHandle call = linker.downcallHandle(setenv.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
                int unused = (int) call.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
            } else if (putenv.isPresent()) {
                MethodHandle call = linker.downcallHandle(putenv.get(),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
                int unused = (int) call.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value));
            }
        } catch (Throwable e) {
            throw new EngineException("cannot set " + name + " for this process; set " + name + "=" + value
                    + " in its environment instead", e);
        }
    }
}
