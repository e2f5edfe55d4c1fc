package dev.orbifold.graph;

import java.util.Optional;

/**
 * What a Graph declares of one value.
 *
 * @param name the value's name
 * @param type its element type, if declared as a tensor
 * @param shape its shape, if declared
 */
public record ValueInfo(String name, Optional<DataType> type, Optional<Shape> shape) {
    /** A declared tensor. */
    public static ValueInfo of(String name, DataType type, Shape shape) {
        return new ValueInfo(name, Optional.of(type), Optional.of(shape));
    }
}
