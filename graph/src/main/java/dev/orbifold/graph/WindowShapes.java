package dev.orbifold.graph;

import dev.orbifold.graph.ShapeRules.Line;
import dev.orbifold.graph.ShapeRules.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Shape rules of convolutions and pooling. Source: ONNX operators, "Conv", "ConvTranspose" and "MaxPool". */
final class WindowShapes {
    private WindowShapes() {
    }

    static void lines(Map<String, Line> table) {
        table.put("Conv", new Line(Type.SAME, WindowShapes::convolution));
        table.put("ConvTranspose", new Line(Type.SAME, WindowShapes::transposed));
        for (String op : List.of("MaxPool", "AveragePool", "LpPool")) {
            table.put(op, new Line(Type.SAME, WindowShapes::pool));
        }
        for (String op : List.of("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")) {
            table.put(op, new Line(Type.SAME, WindowShapes::global));
        }
    }

    /** How a window moves along the spatial axes. */
    private record Window(long[] kernel, long[] strides, long[] dilations, long[] pads, String autoPad, boolean ceil) {
        static Window of(NodeFacts n, long[] kernel) {
            int axes = kernel.length;
            Window w = new Window(kernel, n.node().integers("strides").orElse(ones(axes)),
                    n.node().integers("dilations").orElse(ones(axes)),
                    n.node().integers("pads").orElse(new long[2 * axes]), n.node().text("auto_pad", "NOTSET"),
                    n.node().integer("ceil_mode", 0) != 0);
            if (w.strides.length != axes || w.dilations.length != axes || w.pads.length != 2 * axes) {
                throw n.fail("strides, dilations and pads should have " + axes + ", " + axes + " and " + 2 * axes
                        + " entries for a kernel " + Arrays.toString(kernel) + ", found " + w.strides.length + ", "
                        + w.dilations.length + " and " + w.pads.length);
            }
            if (Arrays.stream(w.strides).anyMatch(s -> s <= 0) || Arrays.stream(w.dilations).anyMatch(d -> d <= 0)) {
                throw n.fail("strides and dilations should be positive, found " + Arrays.toString(w.strides) + " and "
                        + Arrays.toString(w.dilations));
            }
            return w;
        }

        private static long[] ones(int axes) {
            long[] ones = new long[axes];
            Arrays.fill(ones, 1);
            return ones;
        }

        /** The extent of the window with its gaps. */
        long extent(int axis) {
            return (kernel[axis] - 1) * dilations[axis] + 1;
        }

        long padding(int axis) {
            return autoPad.equals("VALID") ? 0 : pads[axis] + pads[axis + kernel.length];
        }

        Dim along(int axis, Dim dim, NodeFacts n, Shape x) {
            Size size = Size.of(dim);
            Size stride = Size.of(strides[axis]);
            if (autoPad.startsWith("SAME")) {
                return size.plus(stride).minus(Size.of(1)).over(stride).dim();
            }
            Size room = size.plus(Size.of(padding(axis) - extent(axis)));
            if (room.isConstant() && room.factor() < 0) {
                throw n.fail("the window " + Arrays.toString(kernel) + " is larger than the padded input " + x);
            }
            if (!ceil) {
                return room.over(stride).plus(Size.of(1)).dim();
            }
            if (!room.isConstant()) {
                return strides[axis] == 1 ? room.plus(Size.of(1)).dim() : Dim.UNKNOWN;
            }
            long count = Math.ceilDiv(room.factor(), strides[axis]) + 1;
            // A window may not begin in the padding behind the input.
            boolean beyond = (count - 1) * strides[axis] >= dim.size() + pads[axis];
            return Dim.of(beyond ? count - 1 : count);
        }
    }

    private static long[] kernel(NodeFacts n, Optional<Shape> weight, int axes) {
        long[] kernel = n.node().integers("kernel_shape").orElseGet(() -> {
            Shape w = weight.orElseThrow(() -> n.fail("kernel_shape is missing"));
            if (!new Shape(w.dims().subList(2, w.rank())).isFixed()) {
                throw NodeFacts.NotKnown.IT;
            }
            return new Shape(w.dims().subList(2, w.rank())).sizes(1);
        });
        if (kernel.length != axes) {
            throw n.fail("the kernel " + Arrays.toString(kernel) + " should have " + axes + " axes");
        }
        if (weight.isPresent()) {
            for (int i = 0; i < axes; i++) {
                n.agree(Dim.of(kernel[i]), weight.get().dim(i + 2), "kernel_shape and the weight " + weight.get());
            }
        }
        return kernel;
    }

    private static void convolution(NodeFacts n) {
        Shape x = n.shape(0);
        Shape weight = n.shape(1);
        n.rank(0, x, 3, Integer.MAX_VALUE);
        n.rank(1, weight, x.rank(), x.rank());
        long group = n.node().integer("group", 1);
        Size taken = Size.of(weight.dim(1)).times(Size.of(group));
        n.agree(x.dim(1), taken.dim(), "the channels of '" + n.node().input(0) + "' " + x + " and those of the weight "
                + weight + " times group " + group);
        if (group <= 0 || weight.dim(0).isFixed() && weight.dim(0).size() % group != 0) {
            throw n.fail("the " + weight.dim(0) + " output channels cannot be divided into " + group + " groups");
        }
        bias(n, weight.dim(0));
        Window window = Window.of(n, kernel(n, Optional.of(weight), x.rank() - 2));
        List<Dim> dims = new ArrayList<>(List.of(x.dim(0), weight.dim(0)));
        for (int i = 0; i < x.rank() - 2; i++) {
            dims.add(window.along(i, x.dim(i + 2), n, x));
        }
        n.shape(0, dims);
    }

    private static void bias(NodeFacts n, Dim channels) {
        if (n.maybeShape(2).isPresent()) {
            Shape bias = n.shape(2);
            n.rank(2, bias, 1, 1);
            n.agree(channels, bias.dim(0), "the output channels and the bias '" + n.node().input(2) + "'");
        }
    }

    private static void transposed(NodeFacts n) {
        Shape x = n.shape(0);
        Shape weight = n.shape(1);
        n.rank(0, x, 3, Integer.MAX_VALUE);
        n.rank(1, weight, x.rank(), x.rank());
        n.agree(x.dim(1), weight.dim(0), "the channels of '" + n.node().input(0) + "' and of the weight " + weight);
        Dim channels = Size.of(weight.dim(1)).times(Size.of(n.node().integer("group", 1))).dim();
        bias(n, channels);
        int axes = x.rank() - 2;
        Window window = Window.of(n, kernel(n, Optional.of(weight), axes));
        long[] more = n.node().integers("output_padding").orElse(new long[axes]);
        Optional<long[]> wanted = n.node().integers("output_shape");
        List<Dim> dims = new ArrayList<>(List.of(x.dim(0), channels));
        for (int i = 0; i < axes; i++) {
            Size size = Size.of(x.dim(i + 2));
            Size stride = Size.of(window.strides()[i]);
            if (wanted.isPresent()) {
                dims.add(Dim.of(wanted.get()[wanted.get().length - axes + i]));
            } else if (window.autoPad().startsWith("SAME")) {
                dims.add(size.times(stride).dim());
            } else {
                dims.add(size.minus(Size.of(1)).times(stride)
                        .plus(Size.of(more[i] + window.extent(i) - window.padding(i))).dim());
            }
        }
        n.shape(0, dims);
    }

    private static void pool(NodeFacts n) {
        Shape x = n.shape(0);
        n.rank(0, x, 3, Integer.MAX_VALUE);
        Window window = Window.of(n, kernel(n, Optional.empty(), x.rank() - 2));
        List<Dim> dims = new ArrayList<>(List.of(x.dim(0), x.dim(1)));
        for (int i = 0; i < x.rank() - 2; i++) {
            dims.add(window.along(i, x.dim(i + 2), n, x));
        }
        n.shape(0, dims);
        n.type(1, DataType.INT64);
        n.shape(1, dims);
    }

    private static void global(NodeFacts n) {
        Shape x = n.shape(0);
        n.rank(0, x, 2, Integer.MAX_VALUE);
        List<Dim> dims = new ArrayList<>(x.dims());
        for (int i = 2; i < dims.size(); i++) {
            dims.set(i, Dim.of(1));
        }
        n.shape(0, dims);
    }
}
