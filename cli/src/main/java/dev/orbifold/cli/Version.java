package dev.orbifold.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The versions this build is made of, as written down by the build. */
final class Version implements IVersionProvider {
    private static final Properties VALUES = load();

    private static Properties load() {
        Properties values = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in == null) {
                throw new IllegalStateException("version.properties is missing next to " + Version.class.getName());
            }
            values.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return values;
    }

    /** The version of Orbifold, for example {@code 0.1.0}. */
    static String orbifold() {
        return VALUES.getProperty("version");
    }

    /** The version of libtorch's Java binding. */
    static String libtorch() {
        return VALUES.getProperty("libtorch");
    }

    /** The version of ONNX Runtime. */
    static String onnxRuntime() {
        return VALUES.getProperty("onnxruntime");
    }

    @Override
    public String[] getVersion() {
        return new String[] {"orbifold " + orbifold(), "libtorch " + libtorch(), "ONNX Runtime " + onnxRuntime(),
                "Java " + Runtime.version()};
    }
}
