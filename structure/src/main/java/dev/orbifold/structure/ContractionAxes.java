package dev.orbifold.structure;

import dev.orbifold.graph.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which axes a contraction's multiply-adds are the product of. */
final class ContractionAxes {
    /** One axis of one value. */
    record Axis(String value, int axis) {
    }

    private ContractionAxes() {
    }

    static List<Axis> of(Node node, Axes axes) {
        List<Axis> over = new ArrayList<>();
        switch (node.opType()) {
            case "Conv", "ConvTranspose" -> {
                over.add(new Axis(node.input(1), 0));
                over.add(new Axis(node.input(1), 1));
            }
            case "Gemm" -> {
                boolean transA = node.integer("transA", 0) != 0;
                over.add(new Axis(node.input(0), transA ? 0 : 1));
                over.add(new Axis(node.output(0), 0));
                over.add(new Axis(node.output(0), 1));
            }
            case "MatMul" -> {
                over.add(new Axis(node.input(0), -1));
                for (int a = 0; a < axes.rank(node.output(0)); a++) {
                    over.add(new Axis(node.output(0), a));
                }
            }
            case "Einsum" -> einsum(node, axes).values().forEach(over::add);
            default -> {
                for (int a = 0; a < axes.rank(node.output(0)); a++) {
                    over.add(new Axis(node.output(0), a));
                }
            }
        }
        return over;
    }

    /** One representative axis per index letter of an Einsum without ellipsis; empty where it has one. */
    static Map<Character, Axis> einsum(Node node, Axes axes) {
        Map<Character, Axis> letters = new LinkedHashMap<>();
        List<String> terms = EinsumLetters.of(node).inputs();
        for (int t = 0; t < terms.size(); t++) {
            for (int a = 0; a < terms.get(t).length(); a++) {
                Axis axis = new Axis(node.input(t), a);
                char letter = terms.get(t).charAt(a);
                if (!letters.containsKey(letter) || axes.type(axis.value(), axis.axis()).isPresent()) {
                    letters.put(letter, axis);
                }
            }
        }
        return letters;
    }
}
