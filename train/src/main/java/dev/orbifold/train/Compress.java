package dev.orbifold.train;

import dev.orbifold.engine.Augmentation;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Device;
import dev.orbifold.engine.Loader;
import dev.orbifold.engine.Natives;
import dev.orbifold.engine.Part;
import dev.orbifold.engine.Precision;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.Cost;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Unsupported;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.run.Checkpoint;
import dev.orbifold.run.Environment;
import dev.orbifold.run.InputFile;
import dev.orbifold.run.RunFolder;
import dev.orbifold.run.RunState;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Unshare;
import dev.orbifold.symmetry.Verification;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Compresses a trained model on data: the main job. */
public final class Compress implements AutoCloseable {
    private static final double HELD_OUT = 0.1;
    private static final int VERIFIED = 4;
    private static final int REHEARSED = 64;
    private static final ValueLayout.OfFloat LITTLE =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * What was decided by measuring before the first step, and must stay as it was when a Run is resumed.
     *
     * @param precision the arithmetic
     * @param padding of random shifts
     * @param flip whether images are flipped
     */
    record Decided(Precision precision, int padding, boolean flip) {
    }

    /**
     * What a Run keeps to be continued.
     *
     * @param request what was asked for
     * @param decided what was measured, once it was
     */
    record Configuration(CompressRequest request, Optional<Decided> decided) {
    }

    private final CompressRequest request;
    private final Graph model;
    private final Graph original;
    private final DataSet data;
    private final Part.Split split;
    private final Device device;
    private final Objective objective;
    private final Evaluator.Factory witness;
    private final List<Finding> findings;
    private final Steered steered;

    private Compress(CompressRequest request) {
        this.request = request;
        checkOutput();
        this.model = OnnxFile.read(request.model());
        Unsupported.reason(model).ifPresent(reason -> {
            throw new TrainException(reason);
        });
        CompressOptions options = request.options();
        this.objective = Objective.of(model, options.loss(), options.smoothing(), options.distill(),
                options.temperature());
        Seed seed = new Seed(options.seed());
        this.data = request.data().open(seed.split("data"), objective.input());
        Natives.load();
        Natives.threads(request.threads());
        this.device = Device.best();
        this.witness = OnnxRuntime.factory(request.threads());
        Unshare unshared = Unshare.of(model);
        this.findings = new ArrayList<>(unshared.findings());
        Program.compile(unshared.graph(), device).close();
        objective.requireFit(model, data);
        this.split = data.train().split(HELD_OUT, seed.split("held-out"));
        rehearse(unshared.graph());
        Verification verification = Verification.check(Symmetries.of(unshared.graph()), witness, VERIFIED,
                seed.split("verification"));
        findings.addAll(verification.symmetries().findings());
        findings.addAll(verification.findings());
        this.original = unshared.graph();
        this.steered = Steered.of(original, options, new dev.orbifold.constraint.Steering.Options(0.98, 1, 2));
        checkReachable();
    }

    /**
     * Reads and checks everything, before any folder or file is made.
     *
     * @throws RuntimeException of the module that found the input wrong, with one sentence for the user
     */
    public static Compress prepare(CompressRequest request) {
        return new Compress(request);
    }

    /** What training could not start from is found here, on a few samples, before there is a Run. */
    private void rehearse(Graph graph) {
        graph.parameters().forEach((name, data) -> {
            if (data.type().isReal() && data.type() != DataType.FLOAT) {
                throw new TrainException("parameter '" + name + "' is " + data.type()
                        + ", but only float32 is trained; export the model in float32");
            }
            if (data.type() == DataType.FLOAT && anyNaN(data.bytes())) {
                throw new TrainException("parameter '" + name + "' of " + request.model()
                        + " has values that are no numbers (NaN); nothing can be trained from them");
            }
        });
        Part few = split.held().select(IntStream.range(0, Math.min(REHEARSED, split.held().size())).toArray());
        try (Program program = Program.compile(graph, device);
                Loader loader = Loader.evaluation(few, REHEARSED, device)) {
            double loss = objective.evaluate(program, Map.of(), loader).loss();
            if (!Double.isFinite(loss)) {
                throw new TrainException(
                        "the loss of " + request.model() + " on " + request.data().path() + " is " + loss
                                + " before any training; check the data, --mean and --std");
            }
        }
    }

    /** Infinities are left to the rehearsal: masks have them. */
    private static boolean anyNaN(MemorySegment floats) {
        for (long at = 0; at < floats.byteSize(); at += Float.BYTES) {
            if (Float.isNaN(floats.get(LITTLE, at))) {
                return true;
            }
        }
        return false;
    }

    private void checkReachable() {
        CompressOptions options = request.options();
        List<String> idle = Steered.shrinkOptions(options).idle(steered.symmetries());
        if (!idle.isEmpty()) {
            throw new TrainException("--exclude " + String.join(", ", idle) + " fits no Space and no parameter of "
                    + request.model() + "; its Spaces are " + steered.symmetries().spaces().stream().map(Space::name)
                            .toList());
        }
        if (steered.layout().size() == 0) {
            throw new TrainException("nothing in " + request.model()
                    + " can shrink: no Space has units that may go. Findings: " + findings);
        }
        if (options.target() instanceof Target.MaxDrop && !objective.hard().isClassification()) {
            throw new TrainException("--max-drop is in accuracy points, which the loss "
                    + options.loss().name().toLowerCase(Locale.ROOT)
                    + " does not have; ask for --speedup or --keep instead");
        }
        double now = steered.price().at(steered.layout().widths());
        double least = steered.floor(options);
        double wanted = switch (options.target()) {
            case Target.Speedup s -> now / s.factor();
            case Target.Keep k -> k.share() * Cost.of(model).parameters();
            case Target.MaxDrop d -> now;
        };
        if (least > wanted) {
            String unit = options.target() instanceof Target.Keep ? "parameters" : "MACs";
            throw new TrainException(String.format(Locale.ROOT,
                    "the target of %,.0f %s cannot be reached: with every Space at its smallest width %,.0f of %,.0f are "
                            + "left (%.2f times fewer). Ask for less, or allow smaller widths with --min-width",
                    wanted, unit, least, now, now / least));
        }
    }

    /** What will be done, for {@code --dry-run}: one fact a line. */
    public List<String> plan() {
        CompressOptions options = request.options();
        Cost cost = Cost.of(original);
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "model: %s, %,d parameters, %,d MACs", request.model(), cost.parameters(),
                cost.macs()));
        lines.add(String.format(Locale.ROOT, "data: %s, %,d samples to train on, %,d held out of them, %,d to test",
                request.data().path(), split.kept().size(), split.held().size(), data.test().size()));
        lines.add(String.format(Locale.ROOT, "target: %s %s", options.target().kind(), options.target().value()));
        lines.add(String.format(Locale.ROOT, "training: %d epochs of %d steps, batch %d, learning rate up to %s",
                options.epochs(), split.kept().size() / options.batch(), options.batch(),
                Compression.rate(options, original)));
        lines.add("Spaces that can shrink: " + steered.layout().spaces().stream()
                .map(s -> s.name() + " " + s.dimension()).toList());
        List<String> fixed = steered.symmetries().spaces().stream()
                .filter(s -> !steered.layout().spaces().contains(s))
                .map(s -> "  " + s.name() + " " + s.dimension() + ": " + reason(s)).toList();
        lines.add("Spaces that cannot shrink" + (fixed.isEmpty() ? ": none" : ":"));
        lines.addAll(fixed);
        return lines;
    }

    /** Why no unit of a Space without gates may go. */
    private String reason(Space space) {
        if (space.kept().isPresent()) {
            return space.kept().get();
        }
        if (Steered.shrinkOptions(request.options()).excludes(space)) {
            return "excluded by --exclude";
        }
        return space.dimension() < 2 ? "it has a single unit" : "no Parameter writes it";
    }

    /**
     * Trains to the end, writes the output file, and leaves result, findings and models in the Run.
     *
     * @throws InterruptedRun if {@link Progress#stopping} asked for it; the Run can be resumed
     * @throws TrainException if the loss stops being a number; the Run is kept
     */
    public CompressResult run(RunFolder run, Progress progress) {
        run.configuration(new Configuration(request, Optional.empty()));
        run.inputs(List.of(InputFile.of("model", request.model()), InputFile.of("data", request.data().path())));
        run.seeds(Map.of("seed", request.options().seed()));
        progress.message("measuring what suits this machine and model");
        Augmentation augmentation = Augmenting.choose(request.options(), original, objective, split.held(), device);
        Precision precision = Precisions.choose(request, original, objective, split.kept(), device);
        progress.message("training in " + precision.text() + (augmentation.isNone() ? ", images as they are"
                : ", images shifted by up to " + augmentation.padding() + " pixels"
                        + (augmentation.flip() ? " and flipped" : "")));
        Decided decided = new Decided(precision, augmentation.padding(), augmentation.flip());
        run.configuration(new Configuration(request, Optional.of(decided)));
        run.environment(Environment.detect(request.threads(), precision.text(), libraries()));
        return train(run, progress, decided, Optional.empty());
    }

    /**
     * Continues a Run from its last checkpoint, to the same result as without an interruption.
     *
     * @throws dev.orbifold.run.RunException if model or data are not what the Run was given
     */
    public static CompressResult resume(RunFolder run, Progress progress) {
        run.view().inputs().forEach(InputFile::checkUnchanged);
        Configuration configuration = run.view().configuration(Configuration.class);
        Optional<Decided> decided = configuration.decided();
        try (Compress compress = prepare(configuration.request())) {
            if (decided.isEmpty()) {
                return compress.run(run, progress);
            }
            Optional<Checkpoint> checkpoint = run.resume();
            try {
                compress.findings.addAll(Resumed.damaged(run, checkpoint, progress));
                return compress.train(run, progress, decided.get(), checkpoint);
            } finally {
                checkpoint.ifPresent(Checkpoint::close);
            }
        }
    }

    private CompressResult train(RunFolder run, Progress progress, Decided decided, Optional<Checkpoint> from) {
        run.findings(findings);
        Compression.Setup setup =
                new Compression.Setup(model, original, split.kept(), split.held(), request.options(), device,
                        decided.precision(), new Augmentation(decided.padding(), decided.flip()), objective, witness);
        try (Compression compression = new Compression(setup, run, progress, from)) {
            Graph small = compression.train();
            List<Finding> all = new ArrayList<>(findings);
            all.addAll(compression.findings());
            CompressResult result = Finish.of(request, model, original, small, data.test(), objective,
                    compression.maxError(), all, run, progress);
            run.state(RunState.Status.DONE, result.met() ? 0 : 1, "");
            return result;
        }
    }

    static Map<String, String> libraries() {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("pytorch", version(org.bytedeco.pytorch.Tensor.class));
        versions.put("onnxruntime", OnnxRuntime.version());
        return versions;
    }

    private static String version(Class<?> of) {
        return Optional.ofNullable(of.getPackage().getImplementationVersion()).orElse("unknown");
    }

    private void checkOutput() {
        Path output = request.output().toAbsolutePath();
        Path folder = output.getParent();
        if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
            throw new TrainException(
                    "cannot write " + output + ": " + folder + " is not a folder that can be written to");
        }
        if (Files.isDirectory(output)) {
            throw new TrainException("cannot write " + output + ": it is a folder");
        }
    }

    @Override
    public void close() {
    }
}
