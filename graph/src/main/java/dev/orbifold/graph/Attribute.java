package dev.orbifold.graph;

import java.util.List;

/** The value of a node's attribute. */
public sealed interface Attribute {
    /** One integer. */
    record Int(long value) implements Attribute {
    }

    /** One float32. */
    record Real(float value) implements Attribute {
    }

    /** One string, UTF-8. */
    record Text(String value) implements Attribute {
    }

    /** One tensor. */
    record Tensor(TensorData value) implements Attribute {
    }

    /** A list of integers. */
    record Ints(List<Long> values) implements Attribute {
        /** Copies the values. */
        public Ints {
            values = List.copyOf(values);
        }
    }

    /** A list of float32 numbers. */
    record Reals(List<Float> values) implements Attribute {
        /** Copies the values. */
        public Reals {
            values = List.copyOf(values);
        }
    }

    /** A list of strings. */
    record Texts(List<String> values) implements Attribute {
        /** Copies the values. */
        public Texts {
            values = List.copyOf(values);
        }
    }

    /**
     * A subgraph (If, Loop, Scan): kept as it is and analysed as opaque.
     *
     * @param captured names of outer values the subgraph reads
     */
    record Subgraph(List<String> captured) implements Attribute {
        /** Copies the names. */
        public Subgraph {
            captured = List.copyOf(captured);
        }
    }

    /** An attribute of a kind Orbifold does not look into (sparse tensors, types, lists of tensors or graphs). */
    record Opaque(String kind) implements Attribute {
    }
}
