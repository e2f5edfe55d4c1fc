package dev.orbifold.symmetry;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A Graph whose parameters are tied only where the network ties them. Exporters merge equal tensors, which then are read
 * in places that have nothing to do with each other; those are duplicated here. A parameter all of whose uses lie in the
 * same Spaces with the same layout (an embedding that is also the last layer) stays shared.
 *
 * @param graph the Graph, computing the same function
 * @param findings which parameters were duplicated
 * @param inferred the Graph's symmetries, where telling the uses apart took just these, so that nobody need infer them again
 * @param copies per parameter that was duplicated although its values say that it is one, the names of its copies, itself
 *        first
 */
public record Unshare(Graph graph, List<Finding> findings, Optional<Symmetries> inferred,
        Map<String, List<String>> copies) {
    /** Copies the list and the map. */
    public Unshare {
        findings = List.copyOf(findings);
        copies = Map.copyOf(copies);
    }

    private static final String SHARED = "shared-parameter";

    /** One place where a node reads a value. */
    private record Use(int node, int input, String via) {
    }

    /** The Graph with merged parameters duplicated under names of their own. */
    public static Graph apply(Graph graph) {
        return of(graph).graph();
    }

    /** Duplicates merged parameters and says which. */
    public static Unshare of(Graph graph) {
        return of(graph, parameter -> false);
    }

    /**
     * Duplicates merged parameters but for those that the caller knows to be one, and says which.
     *
     * @param one which parameters are to stay one; one that starts with one number everywhere does so only where all uses
     *        call it by one name, because exporters merge such parameters and keep their names
     */
    public static Unshare of(Graph graph, Predicate<String> one) {
        Map<String, String> aliases = aliases(graph);
        Map<String, List<Use>> uses = uses(graph, aliases);
        uses.values().removeIf(u -> u.size() < 2);
        Map<String, TensorData> tensors = Tensors.real(graph);
        List<Finding> kept = new ArrayList<>();
        uses.entrySet().removeIf(use -> {
            boolean stays = one.test(use.getKey()) && (!sameEverywhere(tensors.get(use.getKey()))
                    || use.getValue().stream().map(Use::via).distinct().count() == 1);
            if (stays) {
                kept.add(new Finding(Finding.Severity.INFO, SHARED, use.getKey(), use.getKey() + " is read in "
                        + use.getValue().size() + " places and stays one parameter, as it was named"));
            }
            return stays;
        });
        if (uses.isEmpty()) {
            return new Unshare(graph, kept, Optional.empty(), Map.of());
        }
        Map<String, List<String>> names = names(graph, uses);
        Symmetries apart = Symmetries.of(split(graph, aliases, uses, names));
        Map<String, Set<String>> layouts = layouts(apart);
        Map<String, List<Use>> merged = new LinkedHashMap<>(uses);
        merged.keySet().removeIf(parameter -> !sameEverywhere(tensors.get(parameter))
                && names.getOrDefault(parameter, List.of()).stream()
                        .map(n -> layouts.getOrDefault(n, Set.of())).distinct().count() == 1);
        List<Finding> findings = new ArrayList<>(kept);
        merged.forEach((parameter, where) -> findings.add(new Finding(Finding.Severity.INFO, SHARED,
                parameter, parameter + " is read in " + where.size() + " places that "
                        + (sameEverywhere(tensors.get(parameter)) ? "start with one number everywhere"
                                : "do not belong together")
                        + "; every place gets its own copy: "
                        + String.join(", ", names.getOrDefault(parameter, List.of())))));
        Map<String, List<String>> copies = new LinkedHashMap<>();
        merged.keySet().stream().filter(parameter -> !sameEverywhere(tensors.get(parameter)))
                .forEach(parameter -> copies.put(parameter, names.getOrDefault(parameter, List.of())));
        if (merged.size() == uses.size()) {
            return new Unshare(apart.graph(), findings, Optional.of(apart), copies);
        }
        return new Unshare(merged.isEmpty() ? graph : split(graph, aliases, merged, names), findings, Optional.empty(),
                copies);
    }

    /** Whether a parameter says nothing by which uses could have been told apart: an initial scale or bias. */
    private static boolean sameEverywhere(@Nullable TensorData tensor) {
        if (tensor == null || tensor.elements() < 2) {
            return false;
        }
        double first = tensor.doubleAt(0);
        for (long i = 1; i < tensor.elements(); i++) {
            if (tensor.doubleAt(i) != first) {
                return false;
            }
        }
        return true;
    }

    /** Values that are a parameter under another name, through Identity nodes. */
    private static Map<String, String> aliases(Graph graph) {
        Set<String> real = Tensors.real(graph).keySet();
        Set<String> shown = new HashSet<>();
        graph.outputs().forEach(o -> shown.add(o.name()));
        graph.nodes().forEach(n -> n.attributes().values().forEach(a -> {
            if (a instanceof dev.orbifold.graph.Attribute.Subgraph subgraph) {
                shown.addAll(subgraph.captured());
            }
        }));
        Map<String, String> aliases = new HashMap<>();
        for (Node node : graph.nodes()) {
            if (node.opType().equals("Identity") && node.domain().isEmpty() && !shown.contains(node.output(0))) {
                String source = aliases.getOrDefault(node.input(0), node.input(0));
                if (real.contains(source)) {
                    aliases.put(node.output(0), source);
                }
            }
        }
        return aliases;
    }

    private static Map<String, List<Use>> uses(Graph graph, Map<String, String> aliases) {
        Map<String, List<Use>> uses = new LinkedHashMap<>();
        Tensors.real(graph).keySet().forEach(name -> uses.put(name, new ArrayList<>()));
        for (int n = 0; n < graph.nodes().size(); n++) {
            Node node = graph.nodes().get(n);
            if (aliases.containsKey(node.output(0))) {
                continue;
            }
            for (int i = 0; i < node.inputs().size(); i++) {
                String via = node.input(i);
                List<Use> known = uses.get(aliases.getOrDefault(via, via));
                if (known != null) {
                    known.add(new Use(n, i, via));
                }
            }
        }
        return uses;
    }

    /** A name per use: the one it is read under where that is free, otherwise numbered. */
    private static Map<String, List<String>> names(Graph graph, Map<String, List<Use>> uses) {
        Set<String> taken = new HashSet<>(graph.parameters().keySet());
        graph.nodes().forEach(node -> {
            if (!node.opType().equals("Identity")) {
                taken.addAll(node.outputs());
            }
        });
        Map<String, List<String>> names = new HashMap<>();
        uses.forEach((parameter, where) -> {
            List<String> own = new ArrayList<>();
            boolean kept = false;
            for (Use use : where) {
                String name = use.via();
                if (name.equals(parameter) && !kept) {
                    kept = true;
                } else {
                    for (int k = 2; !taken.add(name); k++) {
                        name = use.via() + "_" + k;
                    }
                }
                own.add(name);
            }
            if (!kept) {
                own.set(0, parameter);
            }
            names.put(parameter, own);
        });
        return names;
    }

    private static Graph split(Graph graph, Map<String, String> aliases, Map<String, List<Use>> uses,
            Map<String, List<String>> names) {
        Map<String, TensorData> real = Tensors.real(graph);
        Map<String, TensorData> added = new LinkedHashMap<>();
        Map<Integer, List<String>> inputs = new HashMap<>();
        uses.forEach((parameter, where) -> {
            for (int u = 0; u < where.size(); u++) {
                Use use = where.get(u);
                String name = names.getOrDefault(parameter, List.of()).get(u);
                inputs.computeIfAbsent(use.node(), n -> new ArrayList<>(graph.nodes().get(n).inputs())).set(use.input(),
                        name);
                TensorData tensor = real.get(parameter);
                if (!name.equals(parameter) && tensor != null) {
                    added.put(name, tensor);
                }
            }
        });
        List<Node> nodes = new ArrayList<>();
        for (int n = 0; n < graph.nodes().size(); n++) {
            Node node = graph.nodes().get(n);
            String source = aliases.get(node.output(0));
            if (source == null || !uses.containsKey(source)) {
                nodes.add(inputs.containsKey(n) ? node.withInputs(inputs.get(n)) : node);
            }
        }
        return graph.withNodes(nodes).replacing(added);
    }

    private static Map<String, Set<String>> layouts(Symmetries symmetries) {
        Map<String, Set<String>> layouts = new HashMap<>();
        for (Space space : symmetries.spaces()) {
            for (Slot slot : space.slots()) {
                layouts.computeIfAbsent(slot.parameter(), p -> new LinkedHashSet<>())
                        .add(space.id() + " " + slot.axis() + Arrays.toString(slot.unit()));
            }
        }
        return layouts;
    }
}
