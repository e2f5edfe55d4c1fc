package dev.orbifold.certificate;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Inside;
import dev.orbifold.engine.Jacobian;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** Makes a {@link Certificate}. */
final class Certifier {
    /** Random combinations of outputs that inner values are asked about. */
    private static final int DRAWS = 2;
    /** Outputs for every parameter, and outputs beyond that: units that are rarely active need samples too. */
    private static final double ROWS_PER_PARAMETER = 1;
    private static final double ROWS_PER_PARAMETER_UNFORMED = 3;
    private static final int ROWS = 2000;
    /** Beyond this many parameters the Jacobian is not formed. */
    static final int FORMED = 9000;
    private static final int LARGEST = 200_000;
    /** Tangents may take this part of the heap: their basis and what is left of them take as much again, outside it. */
    private static final int SHARE = 4;
    /** Samples in a batch where the Jacobian is not formed. */
    private static final int BATCH = 1024;
    /** Parameters named per unexplained direction. */
    private static final int NAMED = 4;
    /** A smallest singular value this near to zero could be rounding. */
    private static final double CLOSE = 1e-9;

    private final Verified verified;
    private final Graph graph;
    private final List<Map<String, TensorData>> batches;
    private final Seed seed;
    private final int formed;
    private final Consumer<String> progress;
    private final Theta theta;
    private final List<Finding> findings = new ArrayList<>();
    private final List<double[]> dead = new ArrayList<>();
    private final List<double[]> unexcited = new ArrayList<>();
    private final List<double[]> unread = new ArrayList<>();
    private final Map<Cause, Integer> explained = new EnumMap<>(Cause.class);

    /**
     * Of a Graph on data.
     *
     * @param formed the largest number of parameters for which the Jacobian is formed
     * @param progress is told what is done next
     */
    Certifier(Verified verified, Theta theta, List<Map<String, TensorData>> batches, Seed seed, int formed,
            Consumer<String> progress) {
        this.progress = progress;
        this.formed = formed;
        this.verified = verified;
        this.graph = verified.units().graph();
        this.batches = batches;
        this.seed = seed;
        this.theta = theta;
    }

    /**
     * The parameters of a Graph.
     *
     * @throws CertificateException if there are none, they are not finite, or they or their tangents are too many
     */
    static Theta theta(Verified verified) {
        Graph graph = verified.units().graph();
        Theta theta;
        try (Program program = Program.compile(graph, Device.cpu(), DataType.DOUBLE)) {
            theta = Theta.of(graph, program.trainable());
        }
        if (theta.size() == 0) {
            throw new CertificateException("the model has no trainable parameters, so there is nothing to certify");
        }
        if (theta.size() > LARGEST) {
            throw new CertificateException("the model has " + theta.size() + " trainable parameters; the certificate is"
                    + " made for at most " + LARGEST);
        }
        theta.places().forEach((name, place) -> {
            if (Arrays.stream(place.values()).anyMatch(x -> !Double.isFinite(x))) {
                throw new CertificateException(name + " holds values that are not finite numbers");
            }
        });
        long tangents = GroupTangents.count(verified);
        if (tangents * theta.size() > Runtime.getRuntime().maxMemory() / SHARE / Double.BYTES) {
            throw new CertificateException("the symmetries have " + tangents + " tangents of " + theta.size()
                    + " numbers, too many for the memory of this Java; -Xmx gives it more");
        }
        return theta;
    }

    /**
     * Batches until outputs outnumber parameters, or the source has no more: of one sample each where the Jacobian is formed,
     * else large ones.
     */
    static List<Map<String, TensorData>> batches(Graph graph, Theta theta, Inputs inputs, int formed) {
        int parameters = theta.size();
        int batch = Math.min(parameters <= formed ? 1 : BATCH, inputs.available());
        List<Map<String, TensorData>> batches = new ArrayList<>(List.of(inputs.batch(0, batch)));
        int each;
        try (Jacobian one = Jacobian.of(graph, List.of(), batches)) {
            each = Math.max(1, one.rows());
        }
        double rows = batch == 1 ? ROWS_PER_PARAMETER * parameters + ROWS : ROWS_PER_PARAMETER_UNFORMED * parameters;
        for (int i = 1; i < Math.ceil(rows / each) && (long) i * batch < inputs.available(); i++) {
            batches.add(inputs.batch(i, batch));
        }
        return batches;
    }

    Certificate run() {
        try (PointerScope scope = new PointerScope();
                Jacobian jacobian = Jacobian.of(graph, theta.names(), batches)) {
            progress.accept(theta.size() + " parameters, " + samples() + " inputs; looking inside");
            List<Column> group = GroupTangents.of(verified, theta);
            Families families = new Families(graph, theta);
            List<Site> sites = Site.of(graph, theta);
            List<Inside> seen = seen(sites, families);
            List<List<Reading>> readings = sites.stream().map(s -> Reading.of(s, seen,
                    s.node().opType().equals("Gather") ? s.ins() : 0)).toList();
            local(sites, readings);
            List<double[]> tangents = group.stream().map(Column::values).toList();
            progress.accept(theta.size() <= formed ? "forming the Jacobian and its null space"
                    : "asking products with the Jacobian, which is too large to be formed");
            NullSpace space = theta.size() <= formed
                    ? new FormedNullSpace(checked(jacobian.matrix()), List.of(tangents, dead, unexcited, unread),
                            seed.split("null"))
                    : new UnformedNullSpace(jacobian,
                            new Preconditioner(theta, jacobian, sites, readings, seed.split("moments")),
                            seed.split("null"), progress);
            Basis basis = new Basis(space.coordinates());
            progress.accept("sorting null directions by cause");
            explained.put(Cause.GROUP, basis.add(symmetric(space, tangents)));
            explained.put(Cause.DEAD, basis.add(space.exact(dead)));
            explained.put(Cause.SHIFT, basis.add(space.within(families.shifts())));
            explained.put(Cause.NEVER_EXCITED, basis.add(space.exact(unexcited)));
            explained.put(Cause.NEVER_READ, basis.add(space.exact(unread)));
            explained.put(Cause.LINEAR_PIECE,
                    basis.add(space.supported(families.linearPieces(verified.units(), seen))));
            int handed = basis.add(space.within(families.handedOn(verified, space.sought())));
            for (BitSet around : families.aroundNorms(verified)) {
                handed += basis.add(space.supported(around));
            }
            explained.put(Cause.HANDED_ON, handed);
            Basis charges = new Basis(space.coordinates());
            charges.add(space.exact(group.stream().filter(Column::charge).map(Column::values).toList()));
            return certificate(space, basis, charges.dimension(), jacobian.rows());
        }
    }

    private Certificate certificate(NullSpace space, Basis basis, int conserved, int rows) {
        List<Certificate.Direction> remainder = new ArrayList<>();
        for (double[] direction : Algebra.columns(space.beside(basis))) {
            remainder.add(new Certificate.Direction(theta.parts(direction), theta.shares(direction, NAMED)));
        }
        if (!remainder.isEmpty()) {
            findings.add(new Finding(Finding.Severity.INFO, "certificate-unexplained", graph.name(), remainder.size()
                    + " directions change no output at first order and have no cause that was looked for: a symmetry is"
                    + " missing, or these inputs or the form of the model leave more open"));
        }
        if (rows < theta.size() - basis.dimension() - remainder.size() + 1) {
            findings.add(new Finding(Finding.Severity.WARNING, "certificate-data", graph.name(),
                    "the outputs on all inputs are " + rows + " numbers, no more than the functional dimension; more"
                            + " inputs would show more"));
        }
        if (space.smallestNonZero() < CLOSE) {
            findings.add(new Finding(Finding.Severity.WARNING, "certificate-gap", graph.name(),
                    "the smallest singular value that counts is " + space.smallestNonZero()
                            + " of the largest, the largest that does not " + space.largestZero()
                            + "; some directions counted as zero or not may be the other"));
        }
        return new Certificate(theta.size(), theta.size() - basis.dimension() - remainder.size(), explained,
                remainder.size(), conserved, space.largestZero(), space.smallestNonZero(), samples(), remainder,
                findings);
    }

    /** A Jacobian that says something. */
    private static Tensor checked(Tensor jacobian) {
        double largest = jacobian.numel() == 0 ? 0 : jacobian.abs().max().item_double();
        if (!Double.isFinite(largest)) {
            throw new CertificateException("the derivatives of the outputs are not finite numbers");
        }
        if (largest == 0) {
            throw new CertificateException(
                    "no output can be differentiated by the parameters, or none depends on them");
        }
        return jacobian;
    }

    private int samples() {
        return batches.stream().mapToInt(b -> b.values().stream().filter(t -> t.rank() > 0)
                .mapToInt(t -> (int) t.dim(0)).max().orElse(1)).sum();
    }

    private List<Inside> seen(List<Site> sites, Families families) {
        Set<String> names = new LinkedHashSet<>(Reading.values(sites));
        families.pieces().forEach(p -> {
            names.add(p.before());
            names.add(p.after());
        });
        return Inside.of(graph, List.copyOf(names), batches, DRAWS, seed.split("cotangents"));
    }

    private void local(List<Site> sites, List<List<Reading>> readings) {
        Set<String> moving = moving();
        for (int s = 0; s < sites.size(); s++) {
            for (int group = 0; group < readings.get(s).size(); group++) {
                LocalTangents local = new LocalTangents(theta, sites.get(s), group, readings.get(s).get(group),
                        moving.contains(sites.get(s).input()));
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

    /** The coordinates of tangents of symmetries; one outside the null space is a defect. */
    private Tensor symmetric(NullSpace space, List<double[]> tangents) {
        Tensor inside = space.exact(tangents);
        long lost = tangents.size() - inside.size(1);
        if (lost > 0) {
            findings.add(new Finding(Finding.Severity.ERROR, "certificate-defect", graph.name(), lost + " of "
                    + tangents.size()
                    + " tangents of symmetries change the outputs at first order; they are not counted;"
                    + " please report the model's operators"));
        }
        return inside;
    }
}
