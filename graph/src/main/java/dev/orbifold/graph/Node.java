package dev.orbifold.graph;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One operator application of a Graph.
 *
 * @param name its name in the file, possibly empty
 * @param opType the operator, for example {@code Conv}
 * @param domain the operator set; empty for ONNX's own ({@code ai.onnx} is normalised to empty)
 * @param inputs names of the values it reads; an empty name is an omitted optional input
 * @param outputs names of the values it makes; an empty name is an unused output
 * @param attributes its attributes by name
 */
public record Node(String name, String opType, String domain, List<String> inputs, List<String> outputs,
        Map<String, Attribute> attributes) {
    /** Copies the lists; attribute order is kept. */
    public Node {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }

    /** A node of ONNX's own operator set. */
    public static Node of(String name, String opType, List<String> inputs, List<String> outputs,
            Map<String, Attribute> attributes) {
        return new Node(name, opType, "", inputs, outputs, attributes);
    }

    /** How messages call the node: operator and name, or operator and first output where it has no name. */
    public String label() {
        String op = domain.isEmpty() ? opType : domain + "." + opType;
        return op + " " + (name.isEmpty() ? "→ " + (outputs.isEmpty() ? "?" : outputs.get(0)) : name);
    }

    /** Whether the optional input is present. */
    public boolean hasInput(int index) {
        return index < inputs.size() && !inputs.get(index).isEmpty();
    }

    /** The input's name, or the empty string where it is omitted. */
    public String input(int index) {
        return index < inputs.size() ? inputs.get(index) : "";
    }

    /** The output's name, or the empty string where it is omitted. */
    public String output(int index) {
        return index < outputs.size() ? outputs.get(index) : "";
    }

    /** The attribute, if given. */
    public Optional<Attribute> attribute(String key) {
        return Optional.ofNullable(attributes.get(key));
    }

    /** An integer attribute or its default. */
    public long integer(String key, long orElse) {
        return attributes.get(key) instanceof Attribute.Int i ? i.value() : orElse;
    }

    /** A real attribute or its default. */
    public float real(String key, float orElse) {
        return attributes.get(key) instanceof Attribute.Real r ? r.value() : orElse;
    }

    /** A string attribute or its default. */
    public String text(String key, String orElse) {
        return attributes.get(key) instanceof Attribute.Text t ? t.value() : orElse;
    }

    /** A list-of-integers attribute, if given. */
    public Optional<long[]> integers(String key) {
        return attributes.get(key) instanceof Attribute.Ints list
                ? Optional.of(list.values().stream().mapToLong(Long::longValue).toArray())
                : Optional.empty();
    }

    /** The same node with other inputs. */
    public Node withInputs(List<String> newInputs) {
        return new Node(name, opType, domain, newInputs, outputs, attributes);
    }

    /** The same node with one attribute set. */
    public Node with(String key, Attribute value) {
        Map<String, Attribute> changed = new LinkedHashMap<>(attributes);
        changed.put(key, value);
        return new Node(name, opType, domain, inputs, outputs, changed);
    }
}
