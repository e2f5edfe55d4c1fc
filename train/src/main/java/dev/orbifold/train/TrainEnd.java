package dev.orbifold.train;

import dev.orbifold.constraint.Chart;
import dev.orbifold.constraint.DualityGap;
import dev.orbifold.constraint.Reparametrization;
import dev.orbifold.constraint.Scheme;
import dev.orbifold.constraint.Tucker;
import dev.orbifold.constraint.Whole;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.structure.Equality;
import dev.orbifold.structure.Factored;
import dev.orbifold.structure.Shrink;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * The end of {@code train}: factors fold into plain weights, lost ranks become two smaller matrices, collapsed units leave,
 * ONNX Runtime compares, the test part is looked at for the first time.
 */
final class TrainEnd {
    private static final int SAMPLES = 256;
    /** The largest output difference, over the output range, that counts as equal. */
    private static final double SAME = 1e-4;

    private final Recipe recipe;
    private final Graph start;
    private final Learner learner;
    private final DataSet data;
    private final Part fit;
    private final Objective objective;
    private final int threads;
    private final Optional<Fates> fates;
    private final RunFolder run;
    private final Progress progress;

    TrainEnd(Recipe recipe, Graph start, Learner learner, DataSet data, Part fit, Objective objective, int threads,
            Optional<Fates> fates, RunFolder run, Progress progress) {
        this.fates = fates;
        this.recipe = recipe;
        this.start = start;
        this.learner = learner;
        this.data = data;
        this.fit = fit;
        this.objective = objective;
        this.threads = threads;
        this.run = run;
        this.progress = progress;
    }

    TrainResult result(List<Finding> before) {
        progress.message(learner.placement().held().isEmpty() ? "reading the weights out"
                : "folding the factors into plain weights");
        Graph folded = learner.folded();
        List<Finding> findings = new ArrayList<>(before);
        findings.addAll(CollapseFindings.of(recipe, learner.symmetries(), start, folded, learner.placement().taken(),
                run.view().metrics()));
        List<TrainResult.Outcome> outcomes = new ArrayList<>();
        if (learner.placement().held().stream().anyMatch(TrainEnd::pulled)) {
            learner.gradients(fit);
        }
        learner.placement().held().forEach(h -> outcomes.add(outcome(h, folded)));
        learner.placement().pairs().forEach(p -> outcomes.add(outcome(p)));
        learner.placement().rivals().forEach(r -> outcomes.add(outcome(r)));
        Evaluator.Factory witness = OnnxRuntime.factory(threads);
        List<Map<String, TensorData>> samples = objective.samples(data.test(), SAMPLES);
        Graph written = smaller(folded, witness, samples, findings);
        Equality equality = Equality.check(folded, written, witness, samples);
        Path kept = run.model("trained.onnx");
        OnnxFile.write(written, kept);
        progress.message("testing the network before and after");
        Graph given = original();
        List<CompressResult.Standing> standings = Evaluation.of(List.of(given, written),
                List.of(originalFile(), kept), data.test(), objective, recipe.loss(), threads, progress);
        Optional<Fates.Table> became = fates.map(f -> f.table(folded)).filter(t -> t.units() > 0);
        fates.ifPresent(f -> findings.addAll(f.findings(folded)));
        Optional<Variational.Latents> latents = objective.variational().map(v -> latents(v, written, witness));
        latents.ifPresent(l -> findings.addAll(TrainFindings.silent(l, recipe)));
        boolean met = learner.placement().steering().stream().allMatch(Placement.Steering::met)
                && learner.placement().rivals().stream().allMatch(TrainEnd::met);
        findings.addAll(new TrainFindings(recipe, learner.placement(), outcomes).of(standings.getFirst(),
                standings.getLast(), data.classes()));
        TrainResult result = new TrainResult(standings.getFirst(), standings.getLast(), recipe.fresh(),
                TrainResult.Weights.of(given, written), outcomes,
                equality.maxError(), Math.min(SAMPLES, data.test().size()),
                verdict(standings.getLast(), outcomes, became, latents), met, findings, became, latents);
        OnnxFile.write(written, recipe.output());
        run.findings(findings);
        run.result(json(result));
        run.state(RunState.Status.DONE, met ? 0 : 1, "");
        return result;
    }

    /** What the user has: the file as it is, without the copies that training makes of what is read in several places. */
    private Graph original() {
        return recipe.origin() instanceof Recipe.Origin.Model m && !m.random() ? OnnxFile.read(m.path()) : start;
    }

    private Path originalFile() {
        return recipe.origin() instanceof Recipe.Origin.Model m && !m.random() ? m.path() : run.model("start.onnx");
    }

    private Variational.Latents latents(Variational variational, Graph written, Evaluator.Factory witness) {
        try (Evaluator evaluator = witness.open(written)) {
            return variational.latents(evaluator, objective.samples(data.test(), data.test().size()));
        }
    }

    private static boolean pulled(Placement.Held held) {
        return held.term().form().lambda() > 0;
    }

    private static boolean met(Placement.Rivalled rival) {
        long cells = rival.cells().cells();
        return rival.cells().closed() >= Math.floor(rival.asked().constraint().goal().orElse(0.0) * cells + 1e-9);
    }

    /** Ranks that were lost become two matrices where that is smaller; then units that have collapsed leave. */
    private Graph smaller(Graph folded, Evaluator.Factory witness, List<Map<String, TensorData>> samples,
            List<Finding> findings) {
        Graph graph = folded;
        for (Placement.Held held : learner.placement().held()) {
            if (held.form().scheme() instanceof dev.orbifold.constraint.Ranked) {
                for (String parameter : held.form().parameters()) {
                    Factored factored = Factored.of(graph, parameter, Factored.TOLERANCE);
                    findings.addAll(factored.findings());
                    graph = factored.graph();
                }
            }
            if (held.form().parameters().size() > 1) {
                graph = Factored.shared(graph, held.form().parameters());
            }
        }
        if (recipe.shrink() && !recipe.constraints().isEmpty()) {
            KeptWidths kept = new KeptWidths(learner.placement());
            Shrink shrink = Shrink.lossless(graph, kept.options(graph), witness, samples);
            findings.addAll(shrink.findings());
            findings.addAll(kept.findings(shrink.after()));
            if (Cost.of(shrink.after()).parameters() > Cost.of(graph).parameters()) {
                findings.add(new Finding(Finding.Severity.INFO, "shrink-no-smaller", recipe.output().toString(),
                        "taking out what has collapsed would make more parameters of parameters that are read in several"
                                + " places; the model is written without"));
            } else if (shrink.equality().maxError() <= SAME) {
                graph = shrink.after();
            } else {
                findings.add(new Finding(Finding.Severity.WARNING, "shrink-refused", recipe.output().toString(),
                        String.format(Locale.ROOT, "taking out what has collapsed moved an output by %.1e of the range;"
                                + " the model is written without", shrink.equality().maxError())));
            }
        }
        return graph;
    }

    private TrainResult.Outcome outcome(Placement.Held held, Graph folded) {
        try (PointerScope scope = new PointerScope()) {
            Reparametrization form = held.term().form();
            Scheme scheme = form.scheme();
            Tensor sizes = scheme.sizes(form.factors());
            double threshold = Scheme.ZERO;
            return new TrainResult.Outcome(held.term().name(), held.form().parameters(),
                    words(held, form), Train.words(scheme),
                    scheme.depth(), goal(held.asked()), form.lambda(), scheme.cells(), scheme.closed(form.factors()),
                    new TrainResult.Outcome.Nearby(below(sizes, 10 * threshold), below(sizes, threshold / 10)),
                    form.penalty(), scheme.imbalance(form.factors()), gap(held, folded),
                    pulled(held) ? learner.constrained().stationarity(held.term()).relative() : Double.NaN,
                    left(form.chart(), held, folded));
        }
    }

    /** The condition, with the rank that is left where that is what was asked for. */
    private static String words(Placement.Held held, Reparametrization form) {
        String words = held.asked().constraint().condition().words();
        if (!(form.scheme() instanceof dev.orbifold.constraint.Ranked) || held.form().parameters().size() > 1) {
            return words;
        }
        return words + ", now " + (form.cells() - form.closed());
    }

    /** The relative duality gap on the training data, where the problem is convex and the penalty covers the weight. */
    private double gap(Placement.Held held, Graph folded) {
        Optional<LinearModel> linear = LinearModel.of(folded);
        Reparametrization form = held.term().form();
        boolean convex = linear.isPresent() && recipe.smoothing() == 0 && form.lambda() > 0
                && form.chart() instanceof Whole && form.scheme().depth() == 2 && !(form.scheme() instanceof Tucker)
                && held.form().parameters().equals(List.of(linear.get().weight())) && linear.get().outputsFirst()
                && learner.placement().held().size() == 1;
        if (!convex) {
            return Double.NaN;
        }
        Tensor weight = linear.get().weight(folded);
        return DualityGap.of(LinearModel.loss(recipe.loss()), LinearModel.inputs(fit),
                LinearModel.targets(fit, (int) weight.size(0), recipe.loss()), weight, linear.get().bias(folded),
                linear.get().bias().isPresent(), form.scheme(), form.lambda()).relative();
    }

    private TrainResult.Outcome outcome(Placement.Paired pair) {
        try (PointerScope scope = new PointerScope()) {
            Tensor sizes = pair.rank().sizes();
            return new TrainResult.Outcome(pair.name(), pair.rank().parameters(),
                    pair.asked().constraint().condition().words(), "the network's own", 2,
                    goal(pair.asked()), pair.asked().constraint().goal().isPresent() ? 0 : pair.asked().lambda().at(1),
                    pair.rank().cells(),
                    pair.rank().closed(),
                    new TrainResult.Outcome.Nearby(below(sizes, 10 * Scheme.ZERO), below(sizes, Scheme.ZERO / 10)),
                    Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
        }
    }

    private static double goal(Recipe.Asked asked) {
        return asked.constraint().goal().orElse(Double.NaN);
    }

    private static TrainResult.Outcome outcome(Placement.Rivalled rival) {
        long zero = rival.cells().closed();
        return new TrainResult.Outcome(rival.name(), rival.cells().parameters(),
                rival.asked().constraint().condition().words(), rival.cells().rival().word(), 1,
                goal(rival.asked()), rival.asked().lambda().at(1), rival.cells().cells(), zero,
                new TrainResult.Outcome.Nearby(zero, zero),
                Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }

    private static long below(Tensor sizes, double threshold) {
        return sizes.lt(new org.bytedeco.pytorch.Scalar(threshold)).sum().item_long();
    }

    /** What is left of the coordinates in the weights as they are written. */
    private double left(Chart chart, Placement.Held held, Graph folded) {
        Tensor[] parts = held.form().parameters().stream()
                .map(p -> Tensors.of(folded.parameter(p).orElseThrow(), learner.weights().device()).reshape(-1))
                .toArray(Tensor[]::new);
        Tensor w = parts.length == 1 ? parts[0]
                : org.bytedeco.pytorch.global.torch.cat(new org.bytedeco.pytorch.TensorVector(parts), 0);
        double size = w.norm().item_double();
        return size == 0 ? 0 : chart.coordinates(w).norm().item_double() / size;
    }

    private static String verdict(CompressResult.Standing after, List<TrainResult.Outcome> outcomes,
            Optional<Fates.Table> fates, Optional<Variational.Latents> latents) {
        StringBuilder text = new StringBuilder(Double.isNaN(after.accuracy())
                ? String.format(Locale.ROOT, "test loss %.5g", after.loss())
                : String.format(Locale.ROOT, "accuracy %.2f %%, test loss %.4f", after.accuracy(), after.loss()));
        outcomes.forEach(o -> text.append(String.format(Locale.ROOT, "; %s: %,d of %,d zero", o.name(), o.zero(),
                o.cells())));
        fates.ifPresent(t -> text.append("; ").append(t.text()));
        latents.ifPresent(l -> text.append(String.format(Locale.ROOT,
                "; %d of %d latents active, divergence %.2f nats per item", l.active(), l.latents(), l.divergence())));
        return text.toString();
    }

    private Map<String, Object> json(TrainResult result) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("schema", "orbifold.train/1");
        json.put("model", Map.of("path", run.model("start.onnx").toString(), "name",
                Origins.name(recipe.origin())));
        json.put("data", recipe.data().words());
        json.put("command", run.view().arguments());
        json.put("before", result.before());
        json.put("after", result.after());
        json.put("fresh", result.fresh());
        json.put("weights", result.weights());
        json.put("equality", Map.of("maxError", result.maxError(), "samples", result.samples()));
        json.put("constraints", result.constraints());
        json.put("remove", recipe.remove().words());
        result.fates().ifPresent(t -> json.put("fates", t));
        result.latents().ifPresent(l -> json.put("latents", l));
        json.put("met", result.met());
        json.put("verdict", result.verdict());
        json.put("seconds", run.metrics().seconds());
        json.put("output", recipe.output().toString());
        json.put("run", run.path().toString());
        return json;
    }
}
