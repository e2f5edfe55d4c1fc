package dev.orbifold.run;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * How Orbifold writes JSON: records by component, paths as text, empty optionals and numbers that are not finite as
 * {@code null}, instants in ISO 8601.
 */
public final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder().addModule(new Jdk8Module())
            .addModule(new JavaTimeModule()).addModule(values()).disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    /** How Jackson names a place in a text that it does not show. */
    private static final Pattern SOURCE = Pattern.compile("\\[Source: [^;\\]]*; (line: \\d+, column: \\d+)\\]");

    private Json() {
    }

    /** The value on one line. */
    public static String line(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw unwritable(value, e);
        }
    }

    /** The value indented for people, with a newline at the end. */
    public static String pretty(Object value) {
        try {
            return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n";
        } catch (JsonProcessingException e) {
            throw unwritable(value, e);
        }
    }

    /** The value as a tree. */
    public static JsonNode tree(Object value) {
        return MAPPER.valueToTree(value);
    }

    /**
     * Reads one JSON document from a text.
     *
     * @throws RunException if it is not JSON
     */
    public static JsonNode parse(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new RunException("not JSON: " + reason(e), e);
        }
    }

    /**
     * Reads one JSON file.
     *
     * @throws RunException if it cannot be read, is empty or is not JSON
     */
    public static JsonNode read(Path file) {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw Storage.failure("read", file, e);
        }
        if (text.isBlank()) {
            throw new RunException(file + " is not JSON: it is empty");
        }
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new RunException(file + " is not JSON: " + reason(e), e);
        }
    }

    /**
     * Turns a tree into a value of the type, usually a record.
     *
     * @throws RunException if the tree does not fit the type
     */
    public static <T> T convert(JsonNode tree, Class<T> type) {
        try {
            return MAPPER.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw new RunException("JSON does not fit " + type.getSimpleName() + ": " + reason(e), e);
        }
    }

    /** What is wrong with a text, without what only Jackson's own users understand. */
    private static String reason(JsonProcessingException e) {
        if (e instanceof JsonEOFException) {
            JsonLocation end = e.getLocation();
            return "it ends too early, at line " + end.getLineNr() + ", column " + end.getColumnNr();
        }
        String message = SOURCE.matcher(e.getOriginalMessage()).replaceAll("$1");
        return message.isEmpty() ? message : Character.toLowerCase(message.charAt(0)) + message.substring(1);
    }

    private static RunException unwritable(Object value, JsonProcessingException e) {
        return new RunException("cannot write a " + value.getClass().getName() + " as JSON: " + e.getOriginalMessage(),
                e);
    }

    private static SimpleModule values() {
        SimpleModule module = new SimpleModule("orbifold");
        module.addSerializer(Double.class, new Finite<>(Double.class));
        module.addSerializer(double.class, new Finite<>(double.class));
        module.addSerializer(Float.class, new Finite<>(Float.class));
        module.addSerializer(float.class, new Finite<>(float.class));
        module.addSerializer(Path.class, new PathText());
        return module;
    }

    private static final class Finite<T extends Number> extends StdSerializer<T> {
        private static final long serialVersionUID = 1L;

        Finite(Class<T> type) {
            super(type);
        }

        @Override
        public void serialize(T value, JsonGenerator generator, SerializerProvider provider) throws IOException {
            if (!Double.isFinite(value.doubleValue())) {
                generator.writeNull();
            } else if (value instanceof Float single) {
                generator.writeNumber(single);
            } else {
                generator.writeNumber(value.doubleValue());
            }
        }
    }

    private static final class PathText extends StdSerializer<Path> {
        private static final long serialVersionUID = 1L;

        PathText() {
            super(Path.class);
        }

        @Override
        public void serialize(Path value, JsonGenerator generator, SerializerProvider provider) throws IOException {
            generator.writeString(value.toString());
        }
    }
}
