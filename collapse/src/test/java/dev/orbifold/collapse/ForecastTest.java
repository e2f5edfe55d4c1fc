package dev.orbifold.collapse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.engine.Loss;
import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import dev.orbifold.symmetry.LinearSymmetries;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Unshare;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForecastTest extends SmallNets {
    /** Ascent to 1e-3 of the direction and Lanczos to 1e-2 of the eigenvalue: both see values to the square of that. */
    private static final double SAME = 2e-3;
    /** Sums in float32. */
    private static final double FLOAT = 1e-4;
    /** 6 inputs, 5 units, 7 units, 4 outputs. */
    private Graph dense(String activation) {
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("a", weights(0.6, 5, 6));
        parameters.put("a0", weights(0.3, 5));
        parameters.put("b", weights(0.6, 7, 5));
        parameters.put("b0", weights(0.3, 7));
        parameters.put("c", weights(0.6, CLASSES, 7));
        parameters.put("c0", weights(0.3, CLASSES));
        return graph(List.of(dense("p", "x", "a", "a0"), node(activation, "q", Map.of(), "p"),
                dense("r", "q", "b", "b0"), node(activation, "s", Map.of(), "r"), dense("y", "s", "c", "c0")),
                parameters, 6);
    }

    private static Forecast forecast(Graph graph, List<Examples> data, ForecastOptions options) {
        return Forecast.of(Symmetries.of(graph), LinearSymmetries.of(graph).spaces(), graph, data, loss(), options,
                Watcher.NONE);
    }

    private static List<SpaceForecast> of(Forecast forecast, Prediction.Kind kind) {
        return forecast.spaces().stream().filter(s -> s.kind() == kind).toList();
    }

    /** A tanh unit's threshold by the data that pass it is the eigenvalue that Lanczos finds, which knows no data. */
    @Test
    void theThresholdOfATanhUnitIsItsBlocksEigenvalue() {
        Graph graph = dense("Tanh");
        List<Examples> data = data(4, 16, CLASSES, 6);
        ForecastOptions options = options(0.1, 1e-3, 0);
        List<SpaceForecast> spaces = of(forecast(graph, data, options), Prediction.Kind.SIGN);
        assertEquals(2, spaces.size());
        MirrorForecast mirrors =
                new MirrorForecast(graph, data, loss(), LossCurvature.Method.EXACT, options, Watcher.NONE);
        Symmetries symmetries = Symmetries.of(graph);
        for (SpaceForecast found : spaces) {
            assertEquals(SpaceForecast.Method.OWN_MAXIMUM, found.method());
            Space space = symmetries.spaces().stream().filter(s -> s.name().equals(found.space())).findFirst()
                    .orElseThrow();
            List<Prediction> exact = mirrors.signs(symmetries, space, space.name(), 0, Integer.MAX_VALUE);
            for (int unit = 0; unit < space.dimension(); unit++) {
                Prediction own = found.predictions().get(unit);
                double planted = exact.get(unit).threshold();
                assertTrue(planted > 0.01);
                assertEquals(planted, own.threshold(), SAME * planted, "unit " + unit + " of " + space.name());
                assertEquals(exact.get(unit).distance(), own.distance(), FLOAT * own.distance());
                assertEquals(-planted, own.law().mean(), SAME * planted, "the batches share the threshold");
                assertEquals(exact.get(unit).exponent().value(), own.exponent().value(), SAME * 0.1);
            }
        }
    }

    /** A ReLU unit turned to the maximum that was found has it along its own direction, by gradients of the whole network. */
    @Test
    void aReluUnitAtItsMaximumHasItsThresholdAlongItself() {
        Graph graph = dense("Relu");
        List<Examples> data = data(4, 32, CLASSES, 6);
        ForecastOptions options = options(0.1, 1e-3, 0);
        Symmetries symmetries = Symmetries.of(graph);
        Space space = symmetries.spaces().get(1);
        Scaling scaling = symmetries.scalings(space).get(0);
        UnitSite site = UnitSite.of(symmetries, space, scaling).site().orElseThrow();
        double[][] in = site.inputs(graph);
        double[][] out = site.outputs(graph);
        try (SiteData seen = new SiteData(graph, site, data, loss())) {
            int unit = 2;
            UnitThreshold.Maximum maximum;
            try (UnitThreshold threshold = UnitThreshold.ofEach(seen.inputs(), seen.gradientsWithout(new int[] {unit}),
                    site.slopes())) {
                maximum = threshold.reached(new double[][] {in[unit]}, new double[][] {out[unit]}).get(0);
            }
            float[] b = graph.parameter("b").orElseThrow().toFloats();
            float[] b0 = graph.parameter("b0").orElseThrow().toFloats();
            float[] c = graph.parameter("c").orElseThrow().toFloats();
            for (int i = 0; i < 5; i++) {
                b[unit * 5 + i] = (float) maximum.input()[i];
            }
            b0[unit] = (float) maximum.input()[5];
            for (int o = 0; o < CLASSES; o++) {
                c[o * 7 + unit] = (float) maximum.output()[o];
            }
            Graph turned = graph.replacing(Map.of("b", TensorData.of(b, 7, 5), "b0", TensorData.of(b0, 7), "c",
                    TensorData.of(c, CLASSES, 7)));
            Prediction before = own(graph, space, scaling, data, options).get(unit);
            Prediction after = own(turned, space, scaling, data, options).get(unit);
            assertTrue(maximum.value() > 0.01, "there is something to gain: " + maximum.value());
            assertEquals(maximum.value(), -after.law().mean(), FLOAT + SAME * maximum.value());
            assertTrue(before.threshold() < after.threshold(), "it had not been there");
            Prediction found = of(forecast(graph, data, options), Prediction.Kind.UNIT).get(1).predictions().get(unit);
            assertEquals(maximum.value(), found.threshold(), FLOAT);
        }
    }

    private static List<Prediction> own(Graph graph, Space space, Scaling scaling, List<Examples> data,
            ForecastOptions options) {
        try (LossCurvature curvature = LossCurvature.of(graph, List.of("a", "a0", "b", "b0", "c", "c0"), data, loss(),
                dev.orbifold.engine.Mode.EVALUATION, LossCurvature.Method.EXACT, dev.orbifold.engine.Device.cpu(),
                DataType.FLOAT)) {
            return UnitForecast
                    .own(graph, space, space.name(), scaling, curvature, Integer.MAX_VALUE, options, Watcher.NONE)
                    .predictions();
        }
    }

    /** Without noise a mirror attracts from its threshold on, and with every small rate; with noise the interval may be open. */
    @ParameterizedTest @ValueSource(strings = {"Relu", "Tanh"})
    void theVerdictTurnsAtTheThreshold(String activation) {
        Graph graph = dense(activation);
        Examples one = data(1, 64, CLASSES, 6).get(0);
        List<Examples> same = List.of(one, one, one);
        List<Prediction> first = forecast(graph, same, options(0.01, 0, 0)).spaces().get(0).predictions();
        for (Prediction plain : first) {
            assertTrue(plain.threshold() == 0 || plain.verdict() == Lyapunov.Verdict.ESCAPES, plain::toString);
        }
        double decay = first.stream().mapToDouble(Prediction::threshold).sorted().skip(2).findFirst().orElseThrow();
        for (double share : new double[] {0.98, 1.02}) {
            SpaceForecast found = forecast(graph, same, options(0.01, share * decay, 0)).spaces().get(0);
            for (Prediction p : found.predictions()) {
                assertEquals(p.threshold() < share * decay ? Lyapunov.Verdict.COLLAPSES : Lyapunov.Verdict.ESCAPES,
                        p.verdict(), p::toString);
            }
            long below = first.stream().filter(p -> p.threshold() < share * decay).count();
            assertTrue(share < 1 ? below <= 2 : below >= 3, "several may come to one maximum");
            assertEquals(below, found.count(Lyapunov.Verdict.COLLAPSES));
            double[][] phase = found.attracting(new double[] {1e-3, 0.01}, new double[] {0, share * decay, 100});
            assertEquals(below / 5.0, phase[1][1], 1e-12);
            assertEquals(1, phase[0][2], "a decay of 100 takes everything");
        }
    }

    /** Twins that were put in are the nearest pair, at distance 0, and the point is on their mirror. */
    @Test
    void plantedTwinsAreTheNearestPair() {
        Graph plain = dense("Relu");
        Graph graph = plain.replacing(Map.of("b", twin(plain, "b", 0, 1, 4), "b0", twin(plain, "b0", 0, 1, 4), "c",
                twin(plain, "c", 1, 1, 4)));
        Forecast forecast = forecast(graph, data(3, 16, CLASSES, 6), options(0.1, 1e-3, 2));
        SpaceForecast pairs = of(forecast, Prediction.Kind.PAIR).get(1);
        assertEquals(21, pairs.mirrors());
        assertEquals(2, pairs.predictions().size());
        assertEquals("units 1 and 4", pairs.predictions().get(0).mirror());
        assertEquals(0, pairs.predictions().get(0).distance());
        assertTrue(pairs.predictions().get(1).distance() > 0.1);
    }

    private static TensorData twin(Graph graph, String name, int axis, int unit, int other) {
        TensorData tensor = graph.parameter(name).orElseThrow();
        int[] from = java.util.stream.IntStream.range(0, (int) tensor.dim(axis)).map(i -> i == other ? unit : i)
                .toArray();
        return tensor.select(axis, from);
    }

    /** A linear bottleneck: the nearest lost rank is the direction of the smallest singular value of its two sides. */
    @Test
    void theNearestLostRankIsTheSmallestDirection() {
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        // In a basis that is turned by 30 degrees, the third coordinate is small on both sides.
        double cos = Math.sqrt(0.75);
        double sin = 0.5;
        double[][] u = random.matrix(3, 6, 1);
        double[][] w = random.matrix(3, CLASSES, 1);
        Vectors.scale(u[2], 0.01);
        Vectors.scale(w[2], 0.01);
        parameters.put("u", TensorData.of(turned(u, cos, sin, false), 3, 6));
        parameters.put("w", TensorData.of(turned(w, cos, sin, true), CLASSES, 3));
        Graph graph = graph(List.of(dense("h", "x", "u"), dense("y", "h", "w")), parameters, 6);
        Forecast forecast = forecast(graph, data(3, 16, CLASSES, 6), options(0.1, 1e-3, 0));
        SpaceForecast ranks = of(forecast, Prediction.Kind.ROTATION).get(0);
        assertEquals(1, ranks.predictions().size());
        double distance = ranks.predictions().get(0).distance();
        double planted = Math.hypot(Vectors.length(u[2]), Vectors.length(w[2]));
        // The other rows have a part along these two; what is nearest may be a little nearer.
        assertTrue(distance <= planted * (1 + FLOAT) && distance > planted / 2, distance + " beside " + planted);
    }

    /** Rows of a basis mixed by a rotation of the last two coordinates; columns for readers. */
    private static float[] turned(double[][] rows, double cos, double sin, boolean transposed) {
        double[][] moved = {rows[0], new double[rows[0].length], new double[rows[0].length]};
        Vectors.add(moved[1], cos, rows[1]);
        Vectors.add(moved[1], sin, rows[2]);
        Vectors.add(moved[2], -sin, rows[1]);
        Vectors.add(moved[2], cos, rows[2]);
        int n = rows[0].length;
        float[] flat = new float[3 * n];
        for (int r = 0; r < 3; r++) {
            for (int k = 0; k < n; k++) {
                flat[transposed ? k * 3 + r : r * n + k] = (float) moved[r][k];
            }
        }
        return flat;
    }

    /** Channels before batch norm by their block Hessian, those behind a ReLU and a pooling at their own maximum. */
    @Test
    void channelsBeforeBatchNormAreJudged() {
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("k", weights(0.5, 3, 1, 3, 3));
        parameters.put("scale", weights(0.5, 3));
        parameters.put("shift", weights(0.5, 3));
        parameters.put("mean", weights(0.2, 3));
        parameters.put("variance", TensorData.of(new float[] {0.5f, 1, 2}, 3));
        parameters.put("w", weights(0.4, CLASSES, 12));
        Graph graph = graph(List.of(node("Conv", "z", Map.of(), "x", "k"),
                node("BatchNormalization", "n", Map.of(), "z", "scale", "shift", "mean", "variance"),
                node("Relu", "r", Map.of(), "n"),
                node("MaxPool", "p", Map.of("kernel_shape", new Attribute.Ints(List.of(2L, 2L)), "strides",
                        new Attribute.Ints(List.of(2L, 2L))), "r"),
                node("Flatten", "f", Map.of(), "p"), dense("y", "f", "w")), parameters, 1, 6, 6);
        Forecast forecast = forecast(graph, data(3, 8, CLASSES, 1, 6, 6), options(0.1, 1e-3, 1));
        SpaceForecast signs = of(forecast, Prediction.Kind.SIGN).get(0);
        assertEquals(SpaceForecast.Method.BLOCK_HESSIAN, signs.method());
        assertEquals(3, signs.predictions().size());
        for (Prediction p : signs.predictions()) {
            // Bilinear in weights and scale: whatever the sign of its curvature, there is a direction that bends down.
            assertTrue(p.threshold() > 0, p::toString);
        }
        SpaceForecast units = of(forecast, Prediction.Kind.UNIT).get(0);
        assertEquals(SpaceForecast.Method.OWN_MAXIMUM, units.method());
        assertEquals(3, units.predictions().size());
        assertNotEquals(signs.space(), units.space(), "two scalings of one Space");
        assertTrue(forecast.findings().stream()
                .anyMatch(f -> f.kind().equals("before-batch-norm") && f.place().equals(signs.space())));
        assertTrue(kinds(forecast).containsAll(List.of("running-statistics", "no-second-derivative", "few-batches")),
                () -> kinds(forecast).toString());
    }

    /** At u = 0 an |x| has a kink, and so has a pair of units without in-weights; a tanh has none. */
    @Test
    void ofMirrorsWithAKinkNothingIsSaid() {
        List<Examples> data = data(4, 24, CLASSES, 6);
        Forecast kinked = forecast(dense("Abs"), data, options(0.1, 1e-2, 0));
        assertEquals(2, kinds(kinked).stream().filter("kink-on-mirror"::equals).count(), kinds(kinked).toString());
        assertEquals(List.of(), of(kinked, Prediction.Kind.SIGN));
        assertTrue(!kinds(forecast(dense("Tanh"), data, options(0.1, 1e-2, 3))).contains("kink-on-mirror"));
        Graph relu = dense("Relu");
        float[] in = relu.parameter("a").orElseThrow().toFloats();
        float[] bias = relu.parameter("a0").orElseThrow().toFloats();
        java.util.Arrays.fill(in, 0, 12, 0);
        java.util.Arrays.fill(bias, 0, 2, 0);
        Graph dead = relu.replacing(Map.of("a", TensorData.of(in, 5, 6), "a0", TensorData.of(bias, 5)));
        Forecast some = forecast(dead, data, options(0.1, 1e-2, 10));
        assertTrue(kinds(some).contains("kink-on-mirror"), kinds(some).toString());
        SpaceForecast pairs = of(some, Prediction.Kind.PAIR).get(0);
        assertEquals(9, pairs.predictions().size(), pairs.predictions().stream().map(Prediction::mirror).toList()
                + " all pairs of five units but that of the dead ones");
        assertTrue(pairs.predictions().stream().noneMatch(p -> p.mirror().equals("units 0 and 1")));
    }

    /** Weights that are read twice move as one: the Hessian as a whole is that of the model, not that of its copies. */
    @Test
    void theHessianIsThatOfSharedWeights() {
        Map<String, TensorData> parameters = new LinkedHashMap<>();
        parameters.put("a", weights(0.6, 6, 6));
        parameters.put("c", weights(0.6, CLASSES, 6));
        Graph shared = graph(List.of(dense("p", "x", "a"), node("Tanh", "q", Map.of(), "p"), dense("r", "q", "a"),
                node("Tanh", "s", Map.of(), "r"), dense("y", "s", "c")), parameters, 6);
        Symmetries copies = Symmetries.of(Unshare.of(shared).graph());
        List<Examples> data = data(4, 24, CLASSES, 6);
        ForecastOptions options = new ForecastOptions(0.1, 0, 0, 0, 2, name -> false, new Seed(3));
        double top = Forecast.of(copies, List.of(), shared, data, loss(), options, Watcher.NONE).hessian()
                .orElseThrow().top().get(0).value();
        double apart = Forecast.of(copies, List.of(), copies.graph(), data, loss(), options, Watcher.NONE).hessian()
                .orElseThrow().top().get(0).value();
        try (LossCurvature curvature = LossCurvature.of(shared, List.of("a", "c"), data, loss(),
                dev.orbifold.engine.Mode.EVALUATION, LossCurvature.Method.EXACT, dev.orbifold.engine.Device.cpu(),
                DataType.FLOAT)) {
            double planted = Lanczos.of(curvature, curvature.dimension(),
                    new Lanczos.Options(1, 0, 1e-4, 1e-6, 24, 100, new Seed(5))).top().get(0).value();
            assertEquals(planted, top, SAME * planted);
            assertTrue(Math.abs(apart - planted) > 10 * SAME * planted, "copies have another one: " + apart);
        }
    }

    private static List<String> kinds(Forecast forecast) {
        return forecast.findings().stream().map(f -> f.kind()).toList();
    }

    @Test
    void whatIsPoorIsSaid() {
        Graph graph = dense("Relu");
        ForecastOptions options = options(0.1, 0, 0);
        assertTrue(kinds(forecast(graph, data(9, 8, 1, 6), options)).contains("one-class"));
        assertTrue(!kinds(forecast(graph, data(9, 8, 3, 6), options)).contains("one-class"));
        ForecastOptions none = new ForecastOptions(0.1, 0, 0, 0, 0, name -> false, new Seed(0));
        assertEquals(List.of("no-second-derivative", "no-mirrors"), kinds(forecast(graph, data(9, 8, 3, 6), none)));
        assertThrows(CollapseException.class, () -> forecast(graph, data(1, 8, 3, 6), options));
        List<Examples> uneven = new ArrayList<>(data(2, 8, 3, 6));
        uneven.addAll(data(1, 5, 3, 6));
        assertThrows(CollapseException.class, () -> forecast(graph, uneven, options));
        assertThrows(CollapseException.class, () -> options(0.1, -1, 0));
        assertThrows(CollapseException.class, () -> options(0, 0, 0));
        TensorData huge = TensorData.of(new float[] {1e30f, 0, 0, 0, 0, 0, 0}, 7);
        TensorData more = TensorData.of(new float[28], CLASSES, 7);
        float[] wide = more.toFloats();
        wide[0] = 1e30f;
        wide[7] = 1e30f;
        Graph broken = graph.replacing(Map.of("b0", huge, "c", TensorData.of(wide, CLASSES, 7)));
        assertThrows(CollapseException.class, () -> forecast(broken, data(9, 8, 3, 6), options));
    }

    /** A dead unit has no direction: a random one is taken, and said. */
    @Test
    void aDeadUnitIsSaid() {
        Graph plain = dense("Relu");
        float[] b = plain.parameter("b").orElseThrow().toFloats();
        float[] b0 = plain.parameter("b0").orElseThrow().toFloats();
        java.util.Arrays.fill(b, 0, 5, 0);
        b0[0] = 0;
        Graph graph = plain.replacing(Map.of("b", TensorData.of(b, 7, 5), "b0", TensorData.of(b0, 7)));
        Forecast forecast = forecast(graph, data(9, 8, CLASSES, 6), options(0.1, 0, 0));
        assertTrue(kinds(forecast).contains("on-mirror"));
        assertEquals(7, of(forecast, Prediction.Kind.UNIT).get(1).predictions().size());
    }
}
