package dev.orbifold.graph;

import java.util.List;

/**
 * One dimension of a shape: a fixed size, or a symbol such as the batch.
 *
 * @param size the size, or -1 where it is symbolic
 * @param symbol the name of a symbolic dimension; empty for a fixed size; {@code "?"} where nothing is known
 */
public record Dim(long size, String symbol) {
    /** A dimension about which nothing is known; equal to itself as a value, but never proof that two sizes agree. */
    public static final Dim UNKNOWN = new Dim(-1, "?");

    /** A dimension of the given fixed size. */
    public static Dim of(long size) {
        if (size < 0) {
            throw new GraphException("a dimension cannot be negative: " + size);
        }
        return new Dim(size, "");
    }

    /** A symbolic dimension. */
    public static Dim named(String symbol) {
        return new Dim(-1, symbol);
    }

    /** Whether the size is a number. */
    public boolean isFixed() {
        return size >= 0;
    }

    /** The number a dimension is a multiple of: the size of a fixed one, 12 of {@code 12*batch}, 1 of {@code batch}. */
    public long factor() {
        return Size.of(this).factor();
    }

    /** The symbols it is a multiple of, such as {@code [batch]} of {@code 12*batch}; none for a fixed one. */
    public List<String> symbols() {
        return Size.of(this).symbols();
    }

    @Override
    public String toString() {
        return isFixed() ? Long.toString(size) : symbol;
    }
}
