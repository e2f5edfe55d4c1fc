package dev.orbifold.certificate;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Inside;
import dev.orbifold.engine.Jacobian;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.RandomInputs;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** Makes a {@link Certificate}. */
final class Certifier {
    /** A unit column that is no closer than this to the null space is not in it. */
    private static final double OUTSIDE = 1e-6;
    /** A unit column whose image is smaller than this share of the norm is in the null space: rounding is 1e-15. */
    private static final double TAKEN = 1e-12;
    /** Random combinations of outputs that inner values are asked about. */
    private static final int DRAWS = 2;
    /** Outputs for every parameter, and outputs beyond that: units that are rarely active need samples too. */
    private static final double ROWS_PER_PARAMETER = 1.5;
    private static final int ROWS = 3000;
    /** Beyond this many parameters the Jacobian is not formed. */
    private static final int LARGEST = 9000;
    /** A smallest singular value this near to zero could be rounding. */
    private static final double CLOSE = 1e-9;

    private final Verified verified;
    private final Graph graph;
    private final List<Map<String, TensorData>> batches;
    private final Seed seed;
    private final Theta theta;
    private final List<Finding> findings = new ArrayList<>();
    private final Map<Cause, Integer> explained = new EnumMap<>(Cause.class);

    Certifier(Verified verified, List<Map<String, TensorData>> batches, Seed seed) {
        this.verified = verified;
        this.graph = verified.units().graph();
        this.batches = batches;
        this.seed = seed;
        this.theta = Theta.of(graph, trainable(graph));
        if (theta.size() == 0) {
            throw new CertificateException("the model has no trainable parameters, so there is nothing to certify");
        }
        if (theta.size() > LARGEST) {
            throw new CertificateException("the model has " + theta.size() + " trainable parameters; the certificate is"
                    + " made for at most " + LARGEST);
        }
    }

    private static List<String> trainable(Graph graph) {
        try (Program program = Program.compile(graph, Device.cpu(), DataType.DOUBLE)) {
            return program.trainable();
        }
    }

    /** Random batches of one sample until outputs outnumber parameters. */
    static List<Map<String, TensorData>> inputs(Verified verified, Seed seed) {
        Graph graph = verified.units().graph();
        int parameters = Theta.of(graph, trainable(graph)).size();
        Map<String, TensorData> first = RandomInputs.of(graph, verified.units().shapes(), 1, seed.split(0));
        int each;
        try (Jacobian one = Jacobian.of(graph, List.of(), List.of(first))) {
            each = Math.max(1, one.rows());
        }
        List<Map<String, TensorData>> batches = new ArrayList<>(List.of(first));
        int wanted = (int) Math.ceil((ROWS_PER_PARAMETER * parameters + ROWS) / each);
        for (int i = 1; i < wanted; i++) {
            batches.add(RandomInputs.of(graph, verified.units().shapes(), 1, seed.split(i)));
        }
        return batches;
    }

    Certificate run() {
        try (PointerScope scope = new PointerScope();
                Jacobian jacobian = Jacobian.of(graph, theta.names(), batches)) {
            List<Column> group = GroupTangents.of(verified, theta);
            Families families = new Families(graph, theta);
            List<Site> sites = Site.of(graph, theta);
            List<Inside> seen = seen(sites, families);
            List<double[]> dead = new ArrayList<>();
            List<double[]> unexcited = new ArrayList<>();
            List<double[]> unread = new ArrayList<>();
            local(sites, seen, dead, unexcited, unread);
            Tensor triangle = Algebra.triangle(jacobian.matrix());
            double norm = Kernel.largest(triangle, seed.split("norm"));
            Basis known = new Basis(theta.size());
            for (List<double[]> columns : List.of(group.stream().map(Column::values).toList(), dead, unexcited,
                    unread)) {
                known.add(taken(triangle, norm, columns));
            }
            Kernel kernel = Kernel.of(triangle, norm, known.columns(), seed.split("kernel"));
            Basis basis = new Basis(kernel.dimension());
            explained.put(Cause.GROUP, basis.add(symmetric(kernel, group)));
            explained.put(Cause.SHIFT, within(kernel, basis, families.shifts()));
            explained.put(Cause.DEAD, basis.add(exact(kernel, dead)));
            explained.put(Cause.NEVER_EXCITED, basis.add(exact(kernel, unexcited)));
            explained.put(Cause.NEVER_READ, basis.add(exact(kernel, unread)));
            explained.put(Cause.LINEAR_PIECE,
                    supported(kernel, basis, families.linearPieces(verified.units(), seen)));
            explained.put(Cause.HANDED_ON, within(kernel, basis, families.handedOn(verified)));
            return certificate(kernel, basis, conserved(kernel, group));
        }
    }

    private Certificate certificate(Kernel kernel, Basis basis, int conserved) {
        int left = kernel.dimension() - basis.dimension();
        if (kernel.smallestNonZero() < CLOSE) {
            findings.add(new Finding(Finding.Severity.WARNING, "certificate-gap", graph.name(),
                    "the smallest singular value that counts is " + kernel.smallestNonZero()
                            + " of the largest, the largest that does not " + kernel.largestZero()
                            + "; some directions counted as zero or not may be the other"));
        }
        return new Certificate(theta.size(), theta.size() - kernel.dimension(), explained, left, conserved,
                kernel.largestZero(), kernel.smallestNonZero(), samples(), left == 0 ? List.of()
                        : remainder(kernel, basis, left),
                findings);
    }

    private int samples() {
        return batches.stream().mapToInt(b -> b.values().stream().filter(t -> t.rank() > 0)
                .mapToInt(t -> (int) t.dim(0)).max().orElse(1)).sum();
    }

    private List<Certificate.Direction> remainder(Kernel kernel, Basis basis, int left) {
        Tensor other = Algebra.nullSpace(basis.columns().t().contiguous(), 0.5);
        Tensor directions = kernel.directions().matmul(other.narrow(1, 0, left));
        List<Certificate.Direction> all = new ArrayList<>();
        for (double[] direction : Algebra.columns(directions)) {
            all.add(new Certificate.Direction(theta.parts(direction), theta.shares(direction, 4)));
        }
        return all;
    }

    private List<Inside> seen(List<Site> sites, Families families) {
        Set<String> names = new LinkedHashSet<>(Reading.values(sites));
        families.pieces().forEach(p -> {
            names.add(p.before());
            names.add(p.after());
        });
        return Inside.of(graph, List.copyOf(names), batches, DRAWS, seed.split("cotangents"));
    }

    private void local(List<Site> sites, List<Inside> seen, List<double[]> dead, List<double[]> unexcited,
            List<double[]> unread) {
        Set<String> moving = moving();
        for (Site site : sites) {
            List<Reading> readings = Reading.of(site, seen,
                    site.node().opType().equals("Gather") ? site.ins() : 0);
            for (int group = 0; group < readings.size(); group++) {
                LocalTangents local =
                        new LocalTangents(theta, site, group, readings.get(group), moving.contains(site.input()));
                dead.addAll(local.dead);
                unexcited.addAll(local.unexcited);
                unread.addAll(local.unread);
            }
        }
    }

    /** Values that depend on trainable parameters. */
    private Set<String> moving() {
        Set<String> moving = new LinkedHashSet<>(theta.names());
        graph.nodes().stream().filter(n -> n.inputs().stream().anyMatch(moving::contains))
                .forEach(n -> moving.addAll(n.outputs()));
        return moving;
    }

    /** Unit columns of those that the matrix takes to zero without doubt. */
    private Tensor taken(Tensor triangle, double norm, List<double[]> columns) {
        if (columns.isEmpty()) {
            return Algebra.of(new double[0], theta.size(), 0);
        }
        Tensor all = unit(Algebra.columns(columns, theta.size()));
        double[] image = Algebra.values(Algebra.lengths(triangle.matmul(all)));
        long[] kept = IntStream.range(0, image.length).filter(c -> image[c] <= TAKEN * norm).asLongStream().toArray();
        return all.index_select(1, Tensors.of(Device.cpu(), kept, kept.length));
    }

    private static Tensor unit(Tensor columns) {
        Tensor lengths = Algebra.lengths(columns);
        return columns.div(lengths.add(new org.bytedeco.pytorch.Scalar(Double.MIN_NORMAL)));
    }

    /** The coordinates in the null space of tangents of symmetries; one outside it is a defect. */
    private Tensor symmetric(Kernel kernel, List<Column> group) {
        List<double[]> columns = group.stream().map(Column::values).toList();
        Tensor inside = exact(kernel, columns);
        long lost = columns.size() - inside.size(1);
        if (lost > 0) {
            findings.add(new Finding(Finding.Severity.ERROR, "certificate-defect", graph.name(), lost + " of "
                    + columns.size()
                    + " tangents of symmetries change the outputs at first order; they are not counted;"
                    + " please report the model's operators"));
        }
        return inside;
    }

    /** The coordinates in the null space of those columns that lie in it. */
    private Tensor exact(Kernel kernel, List<double[]> columns) {
        if (columns.isEmpty() || kernel.dimension() == 0) {
            return Algebra.of(new double[0], kernel.dimension(), 0);
        }
        Tensor all = unit(Algebra.columns(columns, theta.size()));
        Tensor inside = kernel.directions().t().matmul(all);
        double[] outside = Algebra.values(Algebra.lengths(all.sub(kernel.directions().matmul(inside))));
        long[] kept = IntStream.range(0, outside.length).filter(c -> outside[c] <= OUTSIDE).asLongStream().toArray();
        return inside.index_select(1, Tensors.of(Device.cpu(), kept, kept.length));
    }

    /** Adds the part of a family's span that lies in the null space. */
    private int within(Kernel kernel, Basis basis, List<double[]> family) {
        if (family.isEmpty() || kernel.dimension() == 0) {
            return 0;
        }
        Basis span = new Basis(theta.size());
        span.add(unit(Algebra.columns(family, theta.size())));
        Tensor columns = span.columns();
        Tensor inside = kernel.directions().t().matmul(columns);
        Tensor outside = columns.sub(kernel.directions().matmul(inside));
        Tensor combinations = Algebra.nullSpace(outside.contiguous(), OUTSIDE);
        return basis.add(unit(inside.matmul(combinations)));
    }

    /** Adds the null directions that live on some entries alone. */
    private int supported(Kernel kernel, Basis basis, BitSet entries) {
        if (entries.isEmpty() || kernel.dimension() == 0) {
            return 0;
        }
        long[] others = IntStream.range(0, theta.size()).filter(e -> !entries.get(e)).asLongStream().toArray();
        Tensor elsewhere = kernel.directions().index_select(0, Tensors.of(Device.cpu(), others, others.length));
        return basis.add(Algebra.nullSpace(elsewhere, OUTSIDE));
    }

    private int conserved(Kernel kernel, List<Column> group) {
        Basis charges = new Basis(kernel.dimension());
        return charges.add(exact(kernel, group.stream().filter(Column::charge).map(Column::values).toList()));
    }
}
