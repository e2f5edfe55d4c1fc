package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Merges again the parameters that were duplicated for an edit and came out of it equal. */
final class Resharing {
    private Resharing() {
    }

    /**
     * The edited Graph with its equal copies merged.
     *
     * @param shared the Graph as it was
     * @param unshared the same with parameters duplicated
     * @param edited what an edit made of that
     */
    static Graph of(Graph shared, Graph unshared, Graph edited) {
        if (shared == unshared) {
            return edited;
        }
        Map<TensorData, String> originals = new IdentityHashMap<>();
        shared.parameters().forEach((name, tensor) -> originals.put(tensor, name));
        Map<String, String> merged = new HashMap<>();
        unshared.parameters().forEach((name, tensor) -> {
            String original = originals.get(tensor);
            if (original != null && !original.equals(name) && edited.parameter(name).isPresent()
                    && edited.parameter(name).equals(edited.parameter(original))) {
                merged.put(name, original);
            }
        });
        Map<String, TensorData> parameters = new LinkedHashMap<>(edited.parameters());
        parameters.keySet().removeAll(merged.keySet());
        return edited.mapNodes(node -> {
            List<String> inputs = new ArrayList<>(node.inputs());
            inputs.replaceAll(name -> merged.getOrDefault(name, name));
            return inputs.equals(node.inputs()) ? node : node.withInputs(inputs);
        }).withParameters(parameters);
    }
}
