package dev.orbifold.train;

import dev.orbifold.engine.DataOptions;
import dev.orbifold.engine.DataSet;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.graph.ValueInfo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Data that is drawn by the seed and read from no file, so that what there is to find is known.
 *
 * @param law how targets follow from inputs
 * @param noise standard deviation of what is added to every target
 * @param samples to train on and to hold out
 * @param test samples of the test part
 */
public record Planted(Law law, double noise, int samples, int test) implements DataSource {
    /** How targets follow from inputs. */
    public sealed interface Law {
        /** Numbers of an item. */
        int inputs();

        /** Numbers of a target. */
        int outputs();
    }

    /**
     * y = Vx, x ~ N(0, 1). V has these singular values; its singular vectors are drawn, so that E[y xᵀ] = V.
     *
     * @param singular singular values; further ones are 0
     * @param inputs columns of V
     * @param outputs rows of V
     */
    public record Linear(List<Double> singular, int inputs, int outputs) implements Law {
        /** Copies the list. */
        public Linear {
            singular = List.copyOf(singular);
        }
    }

    /**
     * y = Σ vᵢxᵢ over the first inputs, x ~ N(0, 1); the others say nothing.
     *
     * @param weights v
     * @param inputs of an item
     */
    public record Sparse(List<Double> weights, int inputs) implements Law {
        /** Copies the list. */
        public Sparse {
            weights = List.copyOf(weights);
        }

        @Override
        public int outputs() {
            return 1;
        }
    }

    /**
     * x uniform on a disk in the plane, as in the rare gate of theory, 5.
     *
     * @param radius of the disk
     * @param gate whether y = max(x₁, 0), which one ReLU unit says; otherwise y = ‖x‖, which takes several
     */
    public record Disk(double radius, boolean gate) implements Law {
        @Override
        public int inputs() {
            return 2;
        }

        @Override
        public int outputs() {
            return 1;
        }
    }

    @Override
    public DataSet open(Seed seed, ValueInfo input) {
        Seed own = seed.split("planted");
        double[][] map = law instanceof Linear linear ? map(linear, own.split("map")) : new double[0][];
        Drawn train = drawn(map, samples, own.split("train"));
        Drawn held = drawn(map, test, own.split("test"));
        return DataSet.arrays(words(), Map.of("x_train", train.x(), "y_train", train.y(), "x_test", held.x(), "y_test",
                held.y()), DataOptions.defaults().fitting(input));
    }

    @Override
    public Optional<Path> file() {
        return Optional.empty();
    }

    @Override
    public String words() {
        String what = switch (law) {
            case Linear l -> "planted linear map " + l.inputs() + " to " + l.outputs() + " with singular values "
                    + l.singular();
            case Sparse s -> "planted weights " + s.weights() + " of the first of " + s.inputs() + " inputs";
            case Disk d -> "planted " + (d.gate() ? "gate" : "norm") + " on a disk of radius "
                    + PlanWords.number(d.radius());
        };
        return noise == 0 ? what : what + ", noise " + PlanWords.number(noise);
    }

    /** Samples: x [count, inputs], y [count, outputs]. */
    private record Drawn(TensorData x, TensorData y) {
    }

    private Drawn drawn(double[][] map, int count, Seed seed) {
        RandomGenerator random = seed.generator();
        int n = law.inputs();
        int m = law.outputs();
        float[] x = new float[Math.multiplyExact(count, n)];
        float[] y = new float[Math.multiplyExact(count, m)];
        double[] item = new double[n];
        for (int s = 0; s < count; s++) {
            double[] target = answer(map, item, random);
            for (int i = 0; i < n; i++) {
                x[s * n + i] = (float) item[i];
            }
            for (int o = 0; o < m; o++) {
                y[s * m + o] = (float) (target[o] + noise * random.nextGaussian());
            }
        }
        return new Drawn(TensorData.of(x, count, n), TensorData.of(y, count, m));
    }

    /** Draws an item and says what its target is without noise. */
    private double[] answer(double[][] map, double[] item, RandomGenerator random) {
        return switch (law) {
            case Linear l -> {
                Arrays.setAll(item, i -> random.nextGaussian());
                double[] target = new double[l.outputs()];
                Arrays.setAll(target, o -> dot(map[o], item));
                yield target;
            }
            case Sparse s -> {
                Arrays.setAll(item, i -> random.nextGaussian());
                double sum = 0;
                for (int i = 0; i < s.weights().size(); i++) {
                    sum += s.weights().get(i) * item[i];
                }
                yield new double[] {sum};
            }
            case Disk d -> {
                double length = d.radius() * Math.sqrt(random.nextDouble());
                double angle = 2 * Math.PI * random.nextDouble();
                item[0] = length * Math.cos(angle);
                item[1] = length * Math.sin(angle);
                yield new double[] {d.gate() ? Math.max(item[0], 0) : length};
            }
        };
    }

    /** V = Σ sᵢ aᵢ bᵢᵀ with random orthonormal a and b. */
    static double[][] map(Linear of, Seed seed) {
        double[][] a = orthonormal(of.singular().size(), of.outputs(), seed.split("left").generator());
        double[][] b = orthonormal(of.singular().size(), of.inputs(), seed.split("right").generator());
        double[][] map = new double[of.outputs()][of.inputs()];
        for (int k = 0; k < of.singular().size(); k++) {
            for (int o = 0; o < of.outputs(); o++) {
                for (int i = 0; i < of.inputs(); i++) {
                    map[o][i] += of.singular().get(k) * a[k][o] * b[k][i];
                }
            }
        }
        return map;
    }

    /** Random orthonormal vectors: normal ones, each freed twice of those before it (Gram and Schmidt). */
    private static double[][] orthonormal(int count, int length, RandomGenerator random) {
        double[][] all = new double[count][length];
        for (int k = 0; k < count; k++) {
            double[] v = all[k];
            Arrays.setAll(v, i -> random.nextGaussian());
            for (int round = 0; round < 2; round++) {
                for (int before = 0; before < k; before++) {
                    double part = dot(all[before], v);
                    double[] u = all[before];
                    Arrays.setAll(v, i -> v[i] - part * u[i]);
                }
            }
            double size = Math.sqrt(dot(v, v));
            Arrays.setAll(v, i -> v[i] / size);
        }
        return all;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
