package dev.orbifold.cli;

import dev.orbifold.certificate.Cause;
import dev.orbifold.certificate.Certificate;
import dev.orbifold.certificate.CertificateException;
import dev.orbifold.certificate.Inputs;
import dev.orbifold.engine.DataException;
import dev.orbifold.engine.DataOptions;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.EngineException;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.report.Table;
import dev.orbifold.report.Units;
import dev.orbifold.symmetry.Verified;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Option;

/** {@code scan --certify}: whether a symmetry is missing. */
final class Certification {
    /** The file of the directions that no cause explains, in the Run's folder. */
    static final String REMAINDER = "unexplained.npz";
    /** Unexplained directions that the terminal shows. */
    private static final int SHOWN = 3;

    @Option(names = "--certify",
            description = "Also certify on data that no continuous symmetry is missing; loads libtorch.") private boolean wanted;

    @Option(names = "--data", paramLabel = "DATA",
            description = "Certify on these inputs (default: random ones), in any format that `evaluate` reads.") private Optional<
                    Path> data = Optional.empty();

    @Option(names = "--mean", split = ",", paramLabel = "M",
            description = "Subtracted from the data per channel, from pixels of 0 to 1.") private List<Double> mean =
                    List.of();

    @Option(names = "--std", split = ",", paramLabel = "S",
            description = "Divided by per channel, after the mean.") private List<Double> std = List.of();

    /** Whether a certificate is wanted; complains of data without one. */
    boolean wanted(Output output) {
        if (!wanted && (data.isPresent() || !mean.isEmpty() || !std.isEmpty())) {
            throw output.wrong("--data, --mean and --std are for --certify; a scan itself needs no data");
        }
        if (wanted) {
            output.checked(DataException.class, () -> DataOptions.defaults().normalized(mean, std));
        }
        return wanted;
    }

    /** The certificate; empty, with a Finding that says why, where none can be made. */
    Optional<Certificate> certificate(Path model, Verified verified, long seed, Output output,
            Collection<Finding> findings) {
        AtomicBoolean said = new AtomicBoolean();
        Seed own = new Seed(seed).split("certificate");
        try {
            // The first step is taken once it is known that the model is not too large.
            Certificate certificate = Certificate.of(verified, inputs(verified, own), own, step -> {
                if (!said.getAndSet(true)) {
                    output.say("certifying; the larger the model the longer, up to minutes");
                }
                output.say("  " + step);
            });
            findings.addAll(certificate.findings());
            return Optional.of(certificate);
        } catch (CertificateException | EngineException e) {
            findings.add(new Finding(Finding.Severity.ERROR, "certificate-not-made",
                    String.valueOf(model.getFileName()), String.valueOf(e.getMessage())));
            return Optional.empty();
        }
    }

    /** What to certify on. */
    private Inputs inputs(Verified verified, Seed seed) {
        Graph graph = verified.units().graph();
        if (data.isEmpty()) {
            return new Inputs.Random(graph, verified.units().shapes(), seed.split("inputs"));
        }
        if (graph.inputs().size() != 1) {
            throw new DataException("a data set feeds models with one input; this one has " + graph.inputs().size()
                    + ". Without --data it is certified on random inputs");
        }
        DataSet set = DataSet.open(data.get().toAbsolutePath().normalize(), DataOptions.defaults()
                .normalized(mean, std).seeded(seed).fitting(graph.inputs().get(0))).adapt(graph.inputs().get(0));
        return Inputs.Items.of(set.train(), graph.inputs().get(0).name(), seed.split("order"));
    }

    /** For {@code --json}. */
    static Map<String, Object> fields(Certificate certificate) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("parameters", certificate.parameters());
        fields.put("functionalDimension", certificate.functionalDimension());
        fields.put("explained", certificate.explainedTotal());
        fields.put("unexplained", certificate.unexplained());
        Map<String, Integer> causes = new LinkedHashMap<>();
        certificate.explained().forEach((cause, count) -> causes.put(cause.words(), count));
        fields.put("causes", causes);
        fields.put("conserved", certificate.conserved());
        fields.put("samples", certificate.samples());
        fields.put("largestZero", certificate.largestZero());
        if (!Double.isNaN(certificate.smallestNonZero()) && !Double.isInfinite(certificate.smallestNonZero())) {
            fields.put("smallestNonZero", certificate.smallestNonZero());
        }
        fields.put("remainder", certificate.remainder().stream().map(Certificate.Direction::largest).toList());
        if (!certificate.remainder().isEmpty()) {
            fields.put("file", REMAINDER);
        }
        return fields;
    }

    /** A dimension is exact or worth nothing. */
    private static String exact(int count) {
        return String.format(Locale.ROOT, "%,d", count).replace(',', ' ');
    }

    /** For people. */
    static String text(Certificate certificate) {
        Table table = new Table().left("").right("");
        table.row("parameters", exact(certificate.parameters()));
        table.row("functional dimension", exact(certificate.functionalDimension()));
        table.row("null directions", exact(certificate.nullity()));
        for (Map.Entry<Cause, Integer> cause : certificate.explained().entrySet()) {
            if (cause.getValue() > 0) {
                table.row("  " + cause.getKey().words(), exact(cause.getValue()));
            }
        }
        table.row("  unexplained", exact(certificate.unexplained()));
        table.row("conserved by gradient flow", exact(certificate.conserved()));
        StringBuilder text = new StringBuilder("Certificate on " + certificate.samples() + " inputs:\n").append(table
                .text());
        text.append(certificate.unexplained() == 0
                ? "Every null direction has a cause: no continuous symmetry is missing on these inputs.\n"
                : "A symmetry is missing, or these inputs or the model's form leave more open: see " + REMAINDER
                        + ".\n");
        int more = certificate.remainder().size() - SHOWN;
        for (Certificate.Direction direction : certificate.remainder().stream().limit(SHOWN).toList()) {
            List<String> shares = new ArrayList<>();
            direction.largest().forEach((name, share) -> shares.add(name + " " + Units.percent(100 * share)));
            text.append("  ").append(String.join(", ", shares)).append('\n');
        }
        if (more > 0) {
            text.append("  and ").append(more).append(" more\n");
        }
        return text.toString();
    }

    /** Writes the unexplained directions: per parameter one array, a direction per row. */
    static void write(Certificate certificate, Path folder) {
        if (certificate.remainder().isEmpty()) {
            return;
        }
        Map<String, TensorData> arrays = new LinkedHashMap<>();
        certificate.remainder().get(0).parts().forEach((name, first) -> {
            long[] dims = new long[first.rank() + 1];
            dims[0] = certificate.remainder().size();
            System.arraycopy(first.dims(), 0, dims, 1, first.rank());
            double[] all = new double[Math.toIntExact(dims[0] * first.elements())];
            for (int d = 0; d < dims[0]; d++) {
                TensorData part = certificate.remainder().get(d).parts().get(name);
                if (part != null) {
                    System.arraycopy(part.toDoubles(), 0, all, (int) (d * first.elements()), (int) first.elements());
                }
            }
            arrays.put(name, TensorData.of(all, dims));
        });
        NumpyFile.write(arrays, folder.resolve(REMAINDER));
    }
}
