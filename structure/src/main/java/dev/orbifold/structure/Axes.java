package dev.orbifold.structure;

import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.Shapes;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.AxisType;
import dev.orbifold.symmetry.Symmetries;
import java.util.List;
import java.util.Optional;

/** Answers about the axes of values: which Spaces they carry, how long they are, what is constant. */
record Axes(Symmetries symmetries) {
    Shapes shapes() {
        return symmetries.shapes();
    }

    /** The type of an axis; negative axes count from the end. */
    Optional<AxisType> type(String value, int axis) {
        List<Optional<AxisType>> types = symmetries.axes().get(value);
        if (types == null) {
            return Optional.empty();
        }
        int at = axis < 0 ? axis + types.size() : axis;
        return at >= 0 && at < types.size() ? types.get(at) : Optional.empty();
    }

    /** The types of all axes of a value; empty where none is known. */
    List<Optional<AxisType>> types(String value) {
        List<Optional<AxisType>> types = symmetries.axes().get(value);
        return types == null ? List.of() : types;
    }

    Optional<Shape> shape(String value) {
        return value.isEmpty() ? Optional.empty() : shapes().shape(value);
    }

    /** The number of axes, or -1 where it is not known. */
    int rank(String value) {
        return shape(value).map(Shape::rank).orElse(-1);
    }

    /** The length of an axis, or -1 where it is not a known number. */
    int size(String value, int axis) {
        Optional<Shape> shape = shape(value);
        if (shape.isEmpty()) {
            return -1;
        }
        int at = axis < 0 ? axis + shape.get().rank() : axis;
        if (at < 0 || at >= shape.get().rank()) {
            return -1;
        }
        Dim dim = shape.get().dim(at);
        return dim.isFixed() && dim.size() <= Integer.MAX_VALUE ? (int) dim.size() : -1;
    }

    /** The content of a value that does not depend on the inputs. */
    Optional<TensorData> constant(String value) {
        return value.isEmpty() ? Optional.empty() : shapes().constant(value);
    }

    /** Whether some axis of the value carries the Space. */
    boolean carries(String value, int space) {
        for (Optional<AxisType> type : types(value)) {
            if (type.isPresent()) {
                for (int s : type.get().space()) {
                    if (s == space) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
