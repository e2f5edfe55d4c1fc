package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoublePredicate;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * f(x) = act(x U) W with the loss factor · mean‖f(x) − y‖², as a Graph and in plain arrays: what the engine says is compared
 * with training that shares no code with it.
 */
final class TwoLayer {
    static final List<String> PARAMETERS = List.of("u", "w");

    /** A distance far below the 1e-4 that training starts from; at 1e-8 it meets second-order effects of that. */
    private static final double GONE = 1e-7;

    private final String activation;
    private final double[][] x;
    private final double[][] y;
    private final double factor;
    final double[][] u;
    final double[][] w;

    /**
     * @param activation Identity, Tanh or Relu
     * @param x [n][d]
     * @param y [n][o]
     * @param u [d][h]
     * @param w [h][o]
     */
    TwoLayer(String activation, double[][] x, double[][] y, double factor, double[][] u, double[][] w) {
        this.activation = activation;
        this.x = x;
        this.y = y;
        this.factor = factor;
        this.u = copy(u);
        this.w = copy(w);
    }

    TwoLayer copy() {
        return new TwoLayer(activation, x, y, factor, u, w);
    }

    static double[][] copy(double[][] a) {
        return Arrays.stream(a).map(double[]::clone).toArray(double[][]::new);
    }

    private static TensorData tensor(double[][] a) {
        return TensorData.of(Arrays.stream(a).flatMapToDouble(Arrays::stream).toArray(), a.length, a[0].length);
    }

    private static Node node(String op, String output, String... inputs) {
        return Node.of(output, op, List.of(inputs), List.of(output), Map.of());
    }

    private static Shape shape(int columns) {
        return new Shape(List.of(Dim.named("n"), Dim.of(columns)));
    }

    /** As a Graph; Identity is left out. */
    Graph graph() {
        boolean linear = activation.equals("Identity");
        Node first = node("MatMul", linear ? "a" : "z", "x", "u");
        Node last = node("MatMul", "y", "a", "w");
        return Graph.of("two layers", List.of(ValueInfo.of("x", DataType.DOUBLE, shape(x[0].length))),
                List.of(ValueInfo.of("y", DataType.DOUBLE, shape(y[0].length))),
                linear ? List.of(first, last) : List.of(first, node(activation, "a", "z"), last),
                Map.of("u", tensor(u), "w", tensor(w)));
    }

    /** Its Hessian in float64. */
    LossCurvature curvature() {
        DataLoss loss = (outputs, targets) -> {
            Tensor rest = outputs.get("y").sub(targets);
            return rest.mul(rest).sum().mul(new Scalar(factor / x.length));
        };
        return LossCurvature.of(graph(), PARAMETERS, List.of(new Examples(Map.of("x", tensor(x)), tensor(y))), loss,
                Mode.EVALUATION, LossCurvature.Method.EXACT, Device.cpu(), DataType.DOUBLE);
    }

    /** One step of gradient descent with coupled decay. */
    void step(double rate, double decay) {
        double[][] gu = new double[u.length][u[0].length];
        double[][] gw = new double[w.length][w[0].length];
        double[] z = new double[w.length];
        double[] rest = new double[w[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < rest.length; j++) {
                rest[j] = -y[i][j];
            }
            for (int k = 0; k < z.length; k++) {
                z[k] = 0;
                for (int c = 0; c < u.length; c++) {
                    z[k] += x[i][c] * u[c][k];
                }
                for (int j = 0; j < rest.length; j++) {
                    rest[j] += value(z[k]) * w[k][j];
                }
            }
            for (int k = 0; k < z.length; k++) {
                double back = 0;
                for (int j = 0; j < rest.length; j++) {
                    gw[k][j] += rest[j] * value(z[k]);
                    back += rest[j] * w[k][j];
                }
                for (int c = 0; c < u.length; c++) {
                    gu[c][k] += back * slope(z[k]) * x[i][c];
                }
            }
        }
        move(u, gu, rate, decay);
        move(w, gw, rate, decay);
    }

    private void move(double[][] at, double[][] gradient, double rate, double decay) {
        for (int i = 0; i < at.length; i++) {
            for (int j = 0; j < at[i].length; j++) {
                at[i][j] -= rate * (2 * factor / x.length * gradient[i][j] + decay * at[i][j]);
            }
        }
    }

    private double value(double z) {
        return switch (activation) {
            case "Tanh" -> Math.tanh(z);
            case "Relu" -> Math.max(0, z);
            default -> z;
        };
    }

    private double slope(double z) {
        return switch (activation) {
            case "Tanh" -> 1 - Math.tanh(z) * Math.tanh(z);
            case "Relu" -> z > 0 ? 1 : 0;
            default -> 1;
        };
    }

    /**
     * Whether training with a decay leaves a mirror: the distance grows over the second half of the steps, when all directions
     * but the slowest have settled.
     */
    boolean escapes(double rate, double decay, int steps, ToDoubleFunction<TwoLayer> distance) {
        TwoLayer net = copy();
        for (int i = 0; i < steps / 2; i++) {
            net.step(rate, decay);
        }
        double before = distance.applyAsDouble(net);
        if (before < GONE) {
            return false;
        }
        for (int i = 0; i < steps / 2; i++) {
            net.step(rate, decay);
        }
        return distance.applyAsDouble(net) > before || before > 0.05;
    }

    /** The decay where escaping ends, to a thousandth. */
    static double switching(double low, double high, DoublePredicate escapes) {
        double from = low;
        double to = high;
        while (to - from > 1e-3 * high) {
            double middle = (from + to) / 2;
            if (escapes.test(middle)) {
                from = middle;
            } else {
                to = middle;
            }
        }
        return (from + to) / 2;
    }
}
