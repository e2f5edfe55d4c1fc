package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Mirror;
import dev.orbifold.symmetry.Normal;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Mirrors judged by the block Hessian OᵀHO at their nearest point, one after the other. */
final class MirrorForecast {
    /** Products with the Hessian that one mirror takes in one go, and about as many as most take. */
    static final int STEPS = 24;
    /** How many times as many pairs as are asked for are looked at before there are too few. */
    private static final int SPARE = 4;

    private final Graph graph;
    private final List<Examples> data;
    private final DataLoss loss;
    private final LossCurvature.Method method;
    private final ForecastOptions options;
    private final Watcher watcher;
    private int kinked;

    /** A pair of units, and how far their weights are apart over the length of both. */
    record Pair(int i, int j, double distance) {
    }

    MirrorForecast(Graph graph, List<Examples> data, DataLoss loss, LossCurvature.Method method,
            ForecastOptions options, Watcher watcher) {
        this.graph = graph;
        this.data = data;
        this.loss = loss;
        this.method = method;
        this.options = options;
        this.watcher = watcher;
    }

    /** Says of how many mirrors since the last time nothing could be said, as the loss has a kink on them. */
    Optional<Finding> kinked(String space, String kind) {
        int count = kinked;
        kinked = 0;
        return count == 0 ? Optional.empty()
                : Optional.of(new Finding(Finding.Severity.WARNING, "kink-on-mirror", space, "on " + count
                        + " of the mirrors that were looked at (" + kind
                        + ") the loss has a kink, as |x| has at 0: there is"
                        + " no second derivative across them, and whether they attract is not said"));
    }

    /**
     * The signs of units, by one of the Space's scalings.
     *
     * @param name of the Space, as predictions have it
     * @param most how many: those that are nearest to their mirrors
     */
    List<Prediction> signs(Symmetries symmetries, Space space, String name, int scaling, int most) {
        List<Prediction> predictions = new ArrayList<>();
        double[] distances = IntStream.range(0, space.dimension())
                .mapToDouble(unit -> Mirror.sign(symmetries, space, scaling, unit).distance(graph)).toArray();
        int[] units = nearest(distances, most);
        int done = 0;
        for (int unit : units) {
            Mirror mirror = Mirror.sign(symmetries, space, scaling, unit);
            // Running statistics of a norm lie across the mirror as well, and are no parameters of the curvature.
            Graph near = mirror.project(graph);
            judged(name, "unit " + unit, Prediction.Kind.SIGN, new int[] {unit}, near,
                    curvature -> Columns.of(mirror, near, curvature.parameters()), mirror.distance(graph))
                    .ifPresent(predictions::add);
            watcher.at(name, ++done, units.length);
        }
        return predictions;
    }

    /** The indices of the smallest numbers, ascending. */
    static int[] nearest(double[] distances, int most) {
        return IntStream.range(0, distances.length).boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> distances[i])).limit(most).mapToInt(i -> i).sorted()
                .toArray();
    }

    /** The pairs of units that are nearest to being one. */
    List<Prediction> pairs(Symmetries symmetries, Space space) {
        List<String> parameters = trainable();
        List<Prediction> predictions = new ArrayList<>();
        // Some more than are asked for: nothing is said of those with a kink on them, such as of units that are dead.
        List<Pair> nearest = nearest(new UnitEntries(graph, space, parameters), space.dimension(),
                LossCurvature.flat(graph, parameters), SPARE * options.pairs());
        int wanted = Math.min(nearest.size(), options.pairs());
        for (Pair pair : nearest) {
            if (predictions.size() == wanted) {
                break;
            }
            Mirror mirror = Mirror.pair(symmetries, space, pair.i(), pair.j());
            Graph near = mirror.project(graph);
            judged(space.name(), "units " + pair.i() + " and " + pair.j(), Prediction.Kind.PAIR,
                    new int[] {pair.i(), pair.j()}, near,
                    curvature -> Columns.of(mirror, near, curvature.parameters()), mirror.distance(graph))
                    .ifPresent(predictions::add);
            watcher.at(space.name() + ", pairs", predictions.size(), wanted);
        }
        return predictions;
    }

    /** The nearest pairs, nearest first; two dead units are not near for being both short. */
    static List<Pair> nearest(UnitEntries entries, int units, double[] theta, int count) {
        double[][] rows = IntStream.range(0, units).mapToObj(u -> entries.values(u, theta)).toArray(double[][]::new);
        return IntStream.range(0, units).parallel().boxed()
                .flatMap(i -> IntStream.range(i + 1, units)
                        .mapToObj(j -> new Pair(i, j, apart(rows[i], rows[j])))
                        .sorted(Comparator.comparingDouble(Pair::distance)).limit(count))
                .sorted(Comparator.comparingDouble(Pair::distance).thenComparingInt(Pair::i)).limit(count).toList();
    }

    private static double apart(double[] one, double[] other) {
        double lengths = Vectors.length(one) + Vectors.length(other);
        return lengths == 0 ? Double.POSITIVE_INFINITY : Vectors.length(Vectors.difference(one, other)) / lengths;
    }

    /** The direction along which every copy of a Space would lose its rank first: that of the nearest mirror. */
    List<Prediction> rotations(LinearSpace space) {
        List<Prediction> predictions = new ArrayList<>();
        for (int copy = 0; copy < space.copies(); copy++) {
            Optional<List<Normal>> normals = nearest(space, copy);
            if (normals.isEmpty()) {
                continue;
            }
            int which = copy;
            Mirror mirror = Mirror.of(space, copy, normals.get());
            Graph near = mirror.project(graph);
            judged(space.name(), space.copies() == 1 ? "the nearest direction" : "copy " + copy,
                    Prediction.Kind.ROTATION, new int[] {copy}, near,
                    curvature -> Columns.of(space, which, normals.get(), near, curvature.parameters()),
                    mirror.distance(graph)).ifPresent(predictions::add);
            watcher.at(space.name(), copy + 1, space.copies());
        }
        return predictions;
    }

    /**
     * The normals of the mirror that is nearest: the eigenvector of the smallest eigenvalue of ΣMMᵀ over all Slots, with the
     * Space's axis of the weights first. Of a plane that turns, both directions at once.
     */
    private Optional<List<Normal>> nearest(LinearSpace space, int copy) {
        int n = space.dimension();
        boolean fixed = space.group() instanceof Group.OrthogonalFixingOnes;
        if (space.group() instanceof Group.Rotation || space.group() instanceof Group.RotationScaling) {
            return Optional.of(List.of(Normal.unit(0), Normal.unit(1)));
        }
        boolean any = space.group() instanceof Group.General || space.group() instanceof Group.Orthogonal;
        if (!any && !fixed || fixed && n < 2) {
            return Optional.empty();
        }
        Graph folded = Mirror.of(space, copy, List.of()).reflect(graph);
        List<String> parameters = trainable();
        double[] theta = LossCurvature.flat(folded, parameters);
        double[][] along = new double[n][];
        for (int i = 0; i < n; i++) {
            along[i] = Columns.slots(space, copy, List.of(Normal.unit(i)), folded, parameters).stream()
                    .flatMap(List::stream).mapToDouble(c -> Columns.dot(c, theta)).toArray();
        }
        double[][] gram = new double[n][n];
        double trace = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                gram[i][j] = Vectors.dot(along[i], along[j]);
                gram[j][i] = gram[i][j];
            }
            trace += gram[i][i];
        }
        for (int i = 0; i < n && fixed; i++) {
            // Lifts the direction of ones, which no map moves, above all others.
            for (int j = 0; j < n; j++) {
                gram[i][j] += 2 * trace / n;
            }
        }
        double[] v = SymmetricMatrix.eigen(gram).vectors()[0];
        return Optional.of(List.of(new Normal(IntStream.range(0, n).toArray(), v)));
    }

    private List<String> trainable() {
        try (Program program = Program.compile(graph, Device.cpu())) {
            return program.trainable();
        }
    }

    private interface Across {
        Subspace of(LossCurvature curvature);
    }

    private Optional<Prediction> judged(String space, String name, Prediction.Kind kind, int[] units, Graph near,
            Across across,
            double distance) {
        try (LossCurvature curvature = LossCurvature.of(near, trainable(), data, loss, Mode.EVALUATION, method,
                Device.cpu(), DataType.FLOAT)) {
            Subspace subspace = across.of(curvature);
            if (Kinks.across(curvature, subspace, options.seed().split(space).split(name).split("kink").generator())) {
                kinked++;
                return Optional.empty();
            }
            MirrorCurvature found = MirrorCurvature.of(curvature, subspace,
                    new Lanczos.Options(0, 1, 1e-2, 1e-3, STEPS, 3, options.seed().split(space).split(name)));
            double[][][] blocks = MirrorCurvature.perBatch(curvature, List.of(found.direction()));
            double[] h = new double[blocks.length];
            for (int b = 0; b < h.length; b++) {
                h[b] = blocks[b][0][0];
            }
            return Optional.of(Prediction.of(space, name, kind, units, distance, found.lowest(), found.residual(),
                    new CurvatureLaw.Sampled(h), options));
        }
    }
}
