package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orbifold.run.Json;

/** The one JSON document a command prints on standard output. */
public final class JsonOutput {
    private JsonOutput() {
    }

    /**
     * The value's fields behind the {@code schema} field, indented, with a newline at the end.
     *
     * @param schema such as {@code orbifold.scan/1}
     * @param value a record, a map or a JSON object; a schema field of its own is replaced
     * @throws IllegalArgumentException if the value is not written as a JSON object, or the schema is not name/version
     */
    public static String document(String schema, Object value) {
        if (!schema.matches("orbifold\\.[a-z-]+/[0-9]+")) {
            throw new IllegalArgumentException("schema \"" + schema + "\" is not like orbifold.scan/1");
        }
        JsonNode tree = Json.tree(value);
        if (!(tree instanceof ObjectNode fields)) {
            throw new IllegalArgumentException(
                    schema + " must be a JSON object, but " + value.getClass().getName() + " is " + tree.getNodeType());
        }
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("schema", schema);
        fields.properties().stream().filter(field -> !field.getKey().equals("schema"))
                .forEach(field -> document.set(field.getKey(), field.getValue()));
        return Json.pretty(document);
    }
}
