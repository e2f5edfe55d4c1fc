package dev.orbifold.run;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a Run ran on.
 *
 * @param orbifold version
 * @param java vendor and version of the JVM
 * @param os name and version
 * @param platform of the natives, such as {@code linux-x86_64}
 * @param cpu name
 * @param processors the JVM may use
 * @param memoryBytes of the machine, 0 where the JVM does not tell
 * @param threads that compute
 * @param precision chosen, {@code float32} or {@code bfloat16}
 * @param libraries versions by name
 */
public record Environment(String orbifold, String java, String os, String platform, String cpu, int processors,
        long memoryBytes, int threads, String precision, Map<String, String> libraries) {
    /** Looks at this process and this machine. */
    public static Environment detect(int threads, String precision, Map<String, String> libraries) {
        return new Environment(version(), property("java.vm.vendor") + " " + property("java.runtime.version"),
                property("os.name") + " " + property("os.version"), platformName(), cpuName(),
                Runtime.getRuntime().availableProcessors(), memory(), threads, precision,
                Collections.unmodifiableMap(new TreeMap<>(libraries)));
    }

    /** Orbifold's version. */
    public static String version() {
        Properties properties = new Properties();
        try (InputStream in = Environment.class.getResourceAsStream("version.properties")) {
            if (in == null) {
                throw new IllegalStateException("version.properties is missing from the run module");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new IllegalStateException("version.properties cannot be read from the run module", e);
        }
        return properties.getProperty("version", "");
    }

    private static String platformName() {
        String os = property("os.name");
        String family = os.startsWith("Mac") ? "macosx" : os.startsWith("Windows") ? "windows" : "linux";
        String arch = property("os.arch");
        return family + "-" + switch (arch) {
            case "amd64" -> "x86_64";
            case "aarch64" -> "arm64";
            default -> arch;
        };
    }

    private static String cpuName() {
        Path info = Path.of("/proc/cpuinfo");
        if (Files.isReadable(info)) {
            try (Stream<String> lines = Files.lines(info, StandardCharsets.UTF_8)) {
                Optional<String> name = lines.filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst();
                if (name.isPresent()) {
                    return name.get();
                }
            } catch (IOException e) {
                return property("os.arch");
            }
        }
        return Optional.ofNullable(System.getenv("PROCESSOR_IDENTIFIER")).orElse(property("os.arch"));
    }

    private static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean bean
                ? bean.getTotalMemorySize()
                : 0;
    }

    private static String property(String name) {
        return System.getProperty(name, "unknown");
    }
}
