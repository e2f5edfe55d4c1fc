package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnitBranchesTest extends SmallNets {
    /** Ascent to 1e-3 of the direction sees the value to the square of that; sliding along kinks stops at 1e-3 of it. */
    private static final double SAME = 4e-3;
    /** Sums in float32 of gradients that a unit of a thousandth of its size sees. */
    private static final double FLOAT = 2e-4;
    /** Directions around a maximum, and how far they are away, in radians. */
    private static final int AROUND = 40;
    private static final double AWAY = 0.03;

    private static Node conv(String output, String... inputs) {
        return node("Conv", output, Map.of("pads", new Attribute.Ints(List.of(1L, 1L, 1L, 1L))), inputs);
    }

    private static Attribute pair(long value) {
        return new Attribute.Ints(List.of(value, value));
    }

    /** 2 channels of 4 × 4, a first convolution k, whatever is between, and 4 classes. */
    private Graph net(String between) {
        Map<String, TensorData> p = new LinkedHashMap<>();
        p.put("k", weights(0.4, 3, 2, 3, 3));
        p.put("k0", weights(0.2, 3));
        List<Node> nodes = new ArrayList<>(List.of(conv("z", "x", "k", "k0")));
        String end = "r";
        int features = 48;
        switch (between) {
            case "flatten" -> nodes.add(node("Relu", "r", Map.of(), "z"));
            case "square" -> {
                nodes.add(node("Relu", "s", Map.of(), "z"));
                nodes.add(node("Mul", "r", Map.of(), "s", "s"));
            }
            case "pool" -> {
                nodes.add(node("Relu", "s", Map.of(), "z"));
                nodes.add(node("MaxPool", "r", Map.of("kernel_shape", pair(2), "strides", pair(2)), "s"));
                features = 12;
            }
            case "average" -> {
                nodes.add(node("LeakyRelu", "s", Map.of("alpha", new Attribute.Real(0.1f)), "z"));
                nodes.add(node("GlobalAveragePool", "r", Map.of(), "s"));
                features = 3;
            }
            case "norm" -> {
                p.put("g", weights(0.7, 3));
                p.put("h", weights(0.5, 3));
                p.put("mean", weights(0.2, 3));
                p.put("variance", TensorData.of(new float[] {0.5f, 1, 2}, 3));
                p.put("l", weights(0.4, 2, 3, 3, 3));
                nodes.add(node("BatchNormalization", "n", Map.of(), "z", "g", "h", "mean", "variance"));
                nodes.add(node("Relu", "s", Map.of(), "n"));
                nodes.add(conv("t", "s", "l"));
                nodes.add(node("Sigmoid", "r", Map.of(), "t"));
                features = 32;
            }
            case "twice" -> {
                p.put("l", weights(0.4, 2, 3, 3, 3));
                p.put("m", weights(0.4, 2, 3, 1, 1));
                nodes.add(node("Relu", "s", Map.of(), "z"));
                nodes.add(conv("t", "s", "l"));
                nodes.add(node("Conv", "u", Map.of(), "s", "m"));
                nodes.add(node("Tanh", "v", Map.of(), "t"));
                nodes.add(node("Mul", "r", Map.of(), "u", "v"));
                features = 32;
            }
            case "stream" -> {
                p.put("l", weights(0.4, 5, 3, 3, 3));
                p.put("m", weights(0.4, 3, 5, 3, 3));
                nodes.add(node("Relu", "s", Map.of(), "z"));
                nodes.add(conv("t", "s", "l"));
                nodes.add(node("Sigmoid", "u", Map.of(), "t"));
                nodes.add(conv("v", "u", "m"));
                nodes.add(node("Add", "w", Map.of(), "s", "v"));
                nodes.add(node("Relu", "r", Map.of(), "w"));
            }
            default -> throw new IllegalArgumentException(between);
        }
        nodes.add(node("Flatten", "f", Map.of(), end));
        p.put("c", weights(0.3, CLASSES, features));
        nodes.add(dense("y", "f", "c"));
        return graph(nodes, p, 2, 4, 4);
    }

    /** The Space of the first convolution's channels, with the positive scale that their weights cancel. */
    private static Scaling scaling(Symmetries symmetries, Space space) {
        return symmetries.scalings(space).stream().filter(s -> s.diagonal() == Group.Diagonal.POSITIVE).findFirst()
                .orElseThrow();
    }

    private static Space space(Symmetries symmetries) {
        return symmetries.spaces().stream()
                .filter(s -> s.slots().stream().anyMatch(slot -> slot.parameter().equals("k"))).findFirst()
                .orElseThrow();
    }

    private static LossCurvature curvature(Graph graph, List<Examples> data) {
        List<String> weights = graph.parameters().keySet().stream()
                .filter(name -> !List.of("mean", "variance").contains(name)).toList();
        return LossCurvature.of(graph, weights, data, loss(), Mode.EVALUATION, LossCurvature.Method.EXACT,
                Device.cpu(), DataType.FLOAT);
    }

    /**
     * A unit turned to the maximum that was found has it along its own direction, by gradients of the whole network that know
     * nothing of branches; and directions around it have less.
     */
    @ParameterizedTest @ValueSource(strings = {"flatten", "pool", "average", "norm", "twice", "stream"})
    void aUnitAtItsMaximumHasItsThresholdAlongItself(String between) {
        Graph graph = net(between);
        List<Examples> data = data(4, 24, CLASSES, 2, 4, 4);
        ForecastOptions options = options(0.1, 1e-3, 0);
        Symmetries symmetries = Symmetries.of(graph);
        Space space = space(symmetries);
        Scaling scaling = scaling(symmetries, space);
        int risen = 0;
        try (UnitBranches branches = new UnitBranches(symmetries, space, scaling, loss());
                LossCurvature curvature = curvature(graph, data)) {
            UnitEntries entries = new UnitEntries(graph, space, curvature.parameters());
            List<Prediction> found =
                    UnitForecast.branched(space, space.name(), branches, data, 3, options, Watcher.NONE)
                            .predictions();
            for (int unit = 0; unit < 3; unit++) {
                int[] in = entries.places(unit, scaling, true);
                int[] out = entries.places(unit, scaling, false);
                double[] theta = curvature.weights();
                Along before = along(curvature, theta, in, out);
                UnitPulls.Point end;
                try (UnitBranch branch = branches.unit(unit)) {
                    branches.feed(branch, unit, data);
                    end = UnitAscent.of(branch, new double[][] {before.a()}, new double[][] {before.b()}, true)
                            .point();
                }
                double value = end.value()[0];
                assertEquals(value, -found.get(unit).law().mean(), FLOAT + SAME * value, "the batches share it");
                assertEquals(Math.max(0, value), found.get(unit).threshold(), FLOAT + SAME * value);
                Along after = along(curvature, turned(theta, in, out, end.a()[0], end.b()[0]), in, out);
                assertEquals(value, after.value(), FLOAT + SAME * value, "unit " + unit);
                assertTrue(before.value() < value + FLOAT, "it does not fall");
                risen += value > before.value() + 10 * FLOAT ? 1 : 0;
                for (int k = 0; k < AROUND; k++) {
                    double[] a = beside(end.a()[0]);
                    double[] b = beside(end.b()[0]);
                    double other = along(curvature, turned(theta, in, out, a, b), in, out).value();
                    assertTrue(other <= value + FLOAT + SAME * value, other + " beside " + value);
                }
                curvature.moveTo(theta);
            }
        }
        assertTrue(risen > 0, "units had somewhere to turn to");
    }

    /** Directions of a unit and the growth along them, from gradients of the whole network where the unit is small. */
    private record Along(double[] a, double[] b, double value) {
    }

    private static Along along(LossCurvature curvature, double[] theta, int[] in, int[] out) {
        double small = 0x1p-10;
        double[] a = unit(theta, in);
        double[] b = unit(theta, out);
        double[] near = turned(theta, in, out, a, b);
        Arrays.stream(in).forEach(i -> near[i] *= small);
        Arrays.stream(out).forEach(i -> near[i] *= small);
        curvature.moveTo(near);
        double[] gradient = curvature.gradient();
        double sum = 0;
        for (int i = 0; i < out.length; i++) {
            sum -= b[i] * gradient[out[i]] / small;
        }
        return new Along(a, b, sum);
    }

    private static double[] unit(double[] theta, int[] places) {
        double[] unit = Arrays.stream(places).mapToDouble(i -> theta[i]).toArray();
        Vectors.scale(unit, 1 / Vectors.length(unit));
        return unit;
    }

    private static double[] turned(double[] theta, int[] in, int[] out, double[] a, double[] b) {
        double[] turned = theta.clone();
        for (int i = 0; i < in.length; i++) {
            turned[in[i]] = a[i];
        }
        for (int i = 0; i < out.length; i++) {
            turned[out[i]] = b[i];
        }
        return turned;
    }

    private double[] beside(double[] direction) {
        double[] aside = new double[direction.length];
        Arrays.setAll(aside, i -> random.normal());
        return UnitThreshold.moved(direction, aside, AWAY / Vectors.length(aside));
    }

    /** Between dense layers it is what the threshold says that holds all data at once. */
    @Test
    void aDenseUnitIsTheSameBothWays() {
        Map<String, TensorData> p = new LinkedHashMap<>();
        p.put("k", weights(0.5, 5, 6));
        p.put("k0", weights(0.3, 5));
        p.put("c", weights(0.5, CLASSES, 5));
        Graph graph = graph(List.of(dense("z", "x", "k", "k0"), node("Relu", "r", Map.of(), "z"),
                dense("y", "r", "c")), p, 6);
        List<Examples> data = data(5, 40, CLASSES, 6);
        Symmetries symmetries = Symmetries.of(graph);
        Space space = space(symmetries);
        Scaling scaling = scaling(symmetries, space);
        ForecastOptions options = options(0.1, 1e-3, 0);
        List<Prediction> dense = UnitForecast.separated(graph, space, space.name(),
                UnitSite.of(symmetries, space, scaling).site().orElseThrow(), Prediction.Kind.UNIT, data, loss(),
                options, Watcher.NONE).predictions();
        try (UnitBranches branches = new UnitBranches(symmetries, space, scaling, loss())) {
            List<Prediction> alone =
                    UnitForecast.branched(space, space.name(), branches, data, 5, options, Watcher.NONE)
                            .predictions();
            for (int unit = 0; unit < 5; unit++) {
                assertEquals(dense.get(unit).threshold(), alone.get(unit).threshold(),
                        FLOAT + SAME * dense.get(unit).threshold());
                assertEquals(dense.get(unit).distance(), alone.get(unit).distance(), FLOAT);
                assertEquals(dense.get(unit).exponent().value(), alone.get(unit).exponent().value(),
                        0.1 * (FLOAT + SAME * dense.get(unit).threshold()));
            }
        }
    }

    /** Behind a norm the scale and the shift are what moves; the convolution before it is data. */
    @Test
    void theBranchOfANormedChannelBeginsAtItsNorm() {
        Graph graph = net("norm");
        Symmetries symmetries = Symmetries.of(graph);
        Space space = space(symmetries);
        try (UnitBranches branches = new UnitBranches(symmetries, space, scaling(symmetries, space), loss())) {
            double[] scale = graph.parameter("g").orElseThrow().toDoubles();
            double[] shift = graph.parameter("h").orElseThrow().toDoubles();
            assertArrayEquals(new double[] {scale[1], shift[1]}, branches.input(1), 0);
            assertEquals(18, branches.output(1).length);
        }
    }

    /** A squared unit has no growth in first order: there is no maximum to look for, and it is judged as it points. */
    @Test
    void whatScalesByAnotherPowerIsNotSeparated() {
        Graph graph = net("square");
        Symmetries symmetries = Symmetries.of(graph);
        Space space = space(symmetries);
        Scaling scaling = scaling(symmetries, space);
        UnitBranches.Inseparable why = assertThrows(UnitBranches.Inseparable.class,
                () -> new UnitBranches(symmetries, space, scaling, loss()));
        assertTrue(why.getMessage().contains("another power"), why.getMessage());
        Forecast forecast = Forecast.of(symmetries, List.of(), graph, data(4, 24, CLASSES, 2, 4, 4), loss(),
                options(0.1, 1e-2, 0), Watcher.NONE);
        SpaceForecast units = forecast.spaces().stream().filter(s -> s.kind() == Prediction.Kind.UNIT).findFirst()
                .orElseThrow();
        assertEquals(SpaceForecast.Method.OWN_DIRECTION, units.method());
        assertTrue(forecast.findings().stream().anyMatch(f -> f.kind().equals("own-direction")
                && f.place().equals(space.name())));
        assertEquals(3, units.count(Lyapunov.Verdict.COLLAPSES), "nothing holds it");
    }
}
