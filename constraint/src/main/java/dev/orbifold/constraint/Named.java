package dev.orbifold.constraint;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which Parameters the words of a constraint mean. A Parameter is also known by what Identity nodes call it.
 */
public final class Named {
    private final Graph graph;
    private final List<String> trainable;
    private final Map<String, String> known;

    /**
     * @param graph whose Parameters are named
     * @param trainable those that are trained
     */
    public Named(Graph graph, List<String> trainable) {
        this.graph = graph;
        this.trainable = List.copyOf(trainable);
        this.known = known(graph, trainable);
    }

    /** Every name, with the Parameter it stands for. */
    private static Map<String, String> known(Graph graph, List<String> trainable) {
        Map<String, String> known = new LinkedHashMap<>();
        trainable.forEach(name -> known.put(name, name));
        for (Node node : graph.nodes()) {
            String source = known.get(node.inputs().isEmpty() ? "" : node.input(0));
            if (node.opType().equals("Identity") && source != null) {
                known.put(node.output(0), source);
            }
        }
        return known;
    }

    /** What batch and instance normalisations read besides their input: scales, shifts, statistics. */
    Set<String> normed() {
        Set<String> normed = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            if (node.opType().equals("BatchNormalization") || node.opType().equals("InstanceNormalization")) {
                normed.addAll(node.inputs().subList(1, node.inputs().size()));
            }
        }
        return normed;
    }

    /** Whether a constraint names a Parameter as a weight, as {@link #weights} would list it. */
    public boolean names(Constraint constraint, String parameter) {
        return fitting(constraint).contains(parameter) && weight(constraint, parameter);
    }

    private Set<String> fitting(Constraint constraint) {
        Set<String> meant = new LinkedHashSet<>();
        known.forEach((name, parameter) -> {
            if (constraint.parameters().stream().anyMatch(word -> WeightAxes.fits(word, name))) {
                meant.add(parameter);
            }
        });
        return meant;
    }

    /**
     * The Parameters that words fit, in the order of the Graph.
     *
     * @throws ConstraintException if a word fits none
     */
    List<String> of(Constraint constraint) {
        List<String> idle = constraint.parameters().stream()
                .filter(word -> known.keySet().stream().noneMatch(name -> WeightAxes.fits(word, name))).toList();
        if (!idle.isEmpty()) {
            throw new ConstraintException(idle + " fits no Parameter that is trained; there are " + trainable);
        }
        Set<String> meant = fitting(constraint);
        return trainable.stream().filter(meant::contains).toList();
    }

    private boolean weight(Constraint constraint, String parameter) {
        return data(parameter).rank() >= 2 || constraint.parameters().stream()
                .anyMatch(word -> parameter.equals(known.getOrDefault(word, word)));
    }

    /**
     * Those of rank 2 and more, as weight decay and pruning count weights; biases and norms only where named in full.
     *
     * @throws ConstraintException if a word fits none, or all only biases and scales
     */
    List<String> weights(Constraint constraint) {
        List<String> names = of(constraint);
        List<String> weights = names.stream().filter(n -> weight(constraint, n)).toList();
        if (weights.isEmpty()) {
            throw new ConstraintException(constraint.parameters() + " fits only biases and scales; name them in full to"
                    + " constrain them: " + names);
        }
        return weights;
    }

    TensorData data(String name) {
        return graph.parameter(name).orElseThrow();
    }

    long entries(List<String> names) {
        return names.stream().mapToLong(n -> data(n).elements()).sum();
    }

    boolean alike(List<String> names) {
        return names.stream().map(n -> Arrays.toString(data(n).dims())).distinct().count() == 1;
    }

    void fits(List<String> names, long given) {
        if (entries(names) != given) {
            throw new ConstraintException("a list of " + given + " numbers does not fit the " + entries(names)
                    + " entries of " + names);
        }
    }

    WeightAxes axes(String name) {
        return WeightAxes.of(graph, name).orElseThrow(() -> new ConstraintException("it is not clear which axis of "
                + name + " counts units: no operator that is understood uses it, or two that disagree"));
    }
}
