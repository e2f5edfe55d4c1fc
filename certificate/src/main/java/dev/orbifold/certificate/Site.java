package dev.orbifold.certificate;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A place where a trainable weight, used there alone, maps what it reads to what it writes:
 * {@code output[o] = bias[o] + Σ_i w[o, i] · input[i]} at every position, per group of channels.
 *
 * @param node the node
 * @param weight the weight
 * @param bias the bias, if it has a trainable one of its own
 * @param outs outputs per group
 * @param ins inputs per group, kernel included
 * @param groups groups of channels
 * @param transposed whether the weight lies as (ins, outs) instead of (outs, ins)
 * @param kernel height and width of a convolution's kernel; empty elsewhere
 */
record Site(Node node, String weight, Optional<String> bias, int outs, int ins, int groups, boolean transposed,
        long[] kernel) {
    /** The value that is read. */
    String input() {
        return node.opType().equals("Gather") ? node.input(1) : node.input(0);
    }

    /** The value that is written. */
    String output() {
        return node.output(0);
    }

    /** Where a weight lies in θ; the bias stands behind the inputs. */
    int place(Theta theta, int group, int out, int in) {
        return in == ins ? theta.at(bias.orElseThrow()).offset() + group * outs + out
                : theta.at(weight).offset() + (transposed ? in * outs + out : (group * outs + out) * ins + in);
    }

    /** All of a Graph. */
    static List<Site> of(Graph graph, Theta theta) {
        Map<String, Integer> uses = new HashMap<>();
        graph.nodes().forEach(n -> n.inputs().forEach(i -> uses.merge(i, 1, Integer::sum)));
        graph.outputs().forEach(o -> uses.merge(o.name(), 1, Integer::sum));
        List<Site> sites = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.domain().isEmpty()) {
                site(graph, theta, uses, node).ifPresent(sites::add);
            }
        }
        return sites;
    }

    private static Optional<Site> site(Graph graph, Theta theta, Map<String, Integer> uses, Node node) {
        String weight = node.opType().equals("Gather") ? node.input(0)
                : node.inputs().size() > 1 ? node.input(1) : "";
        if (!theta.has(weight) || uses.getOrDefault(weight, 0) != 1) {
            return Optional.empty();
        }
        long[] dims = theta.at(weight).dims();
        return switch (node.opType()) {
            case "Gemm" -> node.integer("transA", 0) != 0 || node.real("alpha", 1) != 1 ? Optional.empty()
                    : Optional.of(dense(node, weight, own(theta, uses, node, 2), dims,
                            node.integer("transB", 0) == 0));
            case "MatMul" -> dims.length != 2 ? Optional.empty()
                    : Optional.of(dense(node, weight, added(graph, theta, uses, node, (int) dims[1]), dims, true));
            case "Gather" -> dims.length != 2 || node.integer("axis", 0) != 0 ? Optional.empty()
                    : Optional.of(dense(node, weight, Optional.empty(), dims, true));
            case "Conv" -> dims.length != 4 || !symmetric(node) ? Optional.empty() : Optional.of(conv(node, weight,
                    own(theta, uses, node, 2), dims));
            default -> Optional.empty();
        };
    }

    private static Site dense(Node node, String weight, Optional<String> bias, long[] dims, boolean transposed) {
        return new Site(node, weight, bias, (int) dims[transposed ? 1 : 0], (int) dims[transposed ? 0 : 1], 1,
                transposed, new long[0]);
    }

    private static Site conv(Node node, String weight, Optional<String> bias, long[] dims) {
        int groups = (int) node.integer("group", 1);
        return new Site(node, weight, bias, (int) dims[0] / groups, (int) (dims[1] * dims[2] * dims[3]), groups,
                false, new long[] {dims[2], dims[3]});
    }

    private static boolean symmetric(Node node) {
        long[] pads = node.integers("pads").orElse(new long[4]);
        String auto = node.text("auto_pad", "NOTSET");
        return (auto.equals("NOTSET") || auto.equals("VALID")) && pads.length == 4 && pads[0] == pads[2]
                && pads[1] == pads[3];
    }

    private static Optional<String> own(Theta theta, Map<String, Integer> uses, Node node, int input) {
        return Optional.of(node.inputs().size() > input ? node.input(input) : "")
                .filter(b -> theta.has(b) && uses.getOrDefault(b, 0) == 1 && node.real("beta", 1) == 1);
    }

    /** The vector that an Add behind a product adds. */
    private static Optional<String> added(Graph graph, Theta theta, Map<String, Integer> uses, Node node, int outs) {
        if (uses.getOrDefault(node.output(0), 0) != 1) {
            return Optional.empty();
        }
        return graph.nodes().stream().filter(n -> n.opType().equals("Add") && n.inputs().contains(node.output(0)))
                .flatMap(n -> n.inputs().stream())
                .filter(b -> theta.has(b) && uses.getOrDefault(b, 0) == 1 && theta.at(b).values().length == outs
                        && Arrays.stream(theta.at(b).dims()).max().orElse(1) == outs
                        && theta.at(b).dims()[theta.at(b).dims().length - 1] == outs)
                .findFirst();
    }
}
