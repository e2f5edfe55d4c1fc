package dev.orbifold.structure;

import dev.orbifold.graph.Node;
import java.util.List;

/**
 * The index letters of an Einsum.
 *
 * @param inputs per input one letter per axis; empty where the equation has an ellipsis, about which nothing is said
 * @param output one letter per axis of the output
 */
record EinsumLetters(List<String> inputs, String output) {
    static EinsumLetters of(Node node) {
        String equation = node.text("equation", "").replace(" ", "");
        String[] sides = equation.split("->", -1);
        if (equation.contains(".") || sides.length != 2) {
            return new EinsumLetters(List.of(), "");
        }
        return new EinsumLetters(List.of(sides[0].split(",", -1)), sides[1]);
    }

    /** Whether some factor is zero wherever the letter's index has a value. */
    boolean zero(char letter, int index, Node node, Constants constants) {
        for (int i = 0; i < inputs.size(); i++) {
            for (int a = 0; a < inputs.get(i).length(); a++) {
                if (inputs.get(i).charAt(a) == letter && constants.at(node.input(i), a, index) == 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The letter of an axis of an input; a space where nothing is said about it. */
    char letter(int input, int axis) {
        return input < inputs.size() && axis < inputs.get(input).length() ? inputs.get(input).charAt(axis) : ' ';
    }
}
