package dev.orbifold.train;

import dev.orbifold.engine.Optimizer;
import dev.orbifold.engine.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** From the text of a recipe to a {@link Recipe}; whatever is wrong is said with its line, before anything starts. */
public final class RecipeReader {
    /** Decays beyond it overflow float32 within few steps, and none of them leaves anything. */
    private static final double MOST_DECAY = 1e6;

    private static final List<String> TRAINED = List.of("sgd", "adam", "adamw");
    /** The kinds of optimizer that know a key, where not all do. */
    private static final Map<String, List<String>> KINDS_OF_KEYS = kindsOfKeys();
    private static final int FATE_SAMPLES = 512;
    private static final double FATE_DEAD = 0.01;
    private static final double RATE = 0.1;
    private static final double ADAM_RATE = 1e-3;
    private static final double MOMENTUM = 0.9;
    private static final double CLIP = 5;
    private static final String VARPRO = "varpro";
    /** The relative duality gap at which variable projection stops. */
    private static final double GAP = 1e-6;

    /**
     * What was typed beside the recipe, and wins over it.
     *
     * @param model an ONNX file
     * @param data data
     * @param mean subtracted per channel
     * @param std divided by per channel
     * @param epochs passes over the training part
     * @param batch samples per step
     * @param rate the highest learning rate
     * @param seed of every random draw
     * @param output where the model goes
     * @param constraints further constraints, each as the keys of an entry
     */
    public record Overrides(Optional<Path> model, Optional<Path> data, List<Double> mean, List<Double> std,
            Optional<Integer> epochs, Optional<Integer> batch, Optional<Double> rate, Optional<Long> seed,
            Optional<Path> output, List<String> constraints) {
        /** Copies the lists. */
        public Overrides {
            mean = List.copyOf(mean);
            std = List.copyOf(std);
            constraints = List.copyOf(constraints);
        }

        /** The same with another seed and output. */
        Overrides to(long drawn, Path other) {
            return new Overrides(model, data, mean, std, epochs, batch, rate, Optional.of(drawn), Optional.of(other),
                    constraints);
        }

        /** Nothing beside the recipe. */
        public static Overrides none() {
            return new Overrides(Optional.empty(), Optional.empty(), List.of(), List.of(), Optional.empty(),
                    Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), List.of());
        }
    }

    private final Path folder;
    private final Overrides overrides;
    private final RecipeNode root;

    private RecipeReader(Path folder, Overrides overrides, RecipeNode root) {
        this.folder = folder;
        this.overrides = overrides;
        this.root = root;
    }

    /**
     * Reads a recipe.
     *
     * @param name of the file, for messages
     * @param text its content
     * @param folder what relative paths in it start from
     * @param overrides what wins over it
     * @throws TrainException if anything is wrong; names the line
     */
    public static Recipe read(String name, String text, Path folder, Overrides overrides) {
        return new RecipeReader(folder, overrides, RecipeNode.parse(name, text)).recipe();
    }

    /**
     * Reads everything that a recipe asks for: one training, or all of an experiment.
     *
     * @throws TrainException if anything is wrong; names the line
     */
    public static List<Recipe> all(String name, String text, Path folder, Overrides overrides) {
        return Experiment.of(name, text)
                .map(e -> e.trials().stream().map(t -> read(name, text, folder, overrides, t)).toList())
                .orElseGet(() -> List.of(read(name, text, folder, overrides)));
    }

    /**
     * Reads what one training of an experiment is to do.
     *
     * @param trial which of its trainings
     * @throws TrainException if anything is wrong; names the line
     */
    static Recipe read(String name, String text, Path folder, Overrides overrides, Experiment.Trial trial) {
        return new RecipeReader(folder, overrides, Experiment.chosen(RecipeNode.parse(name, text), trial)).recipe();
    }

    private Recipe recipe() {
        root.get("about");
        Recipe.Origin origin = new NetworkReader(folder, overrides).origin(root);
        SourceReader sources = new SourceReader(folder, overrides);
        DataSource data = sources.data(root);
        Optional<RecipeNode> following = root.get("tasks");
        Tasks tasks = following.map(sources::tasks).orElse(Tasks.one());
        int samples = root.get("samples").map(n -> n.whole(2)).orElse(Integer.MAX_VALUE);
        String loss = root.get("loss").map(n -> n.oneOf("cross-entropy", "mse", "bce"))
                .orElse(origin instanceof Recipe.Origin.Autoencoder ? "bce" : "cross-entropy");
        CompressOptions.LossKind kind =
                CompressOptions.LossKind.valueOf(loss.toUpperCase(Locale.ROOT).replace('-', '_'));
        if (kind == CompressOptions.LossKind.CROSS_ENTROPY && data instanceof Planted) {
            throw root.get("loss").orElse(root).wrong("planted targets are numbers, not classes; ask for 'loss: mse'");
        }
        double smoothing = root.get("label-smoothing").map(n -> n.number(0, 0.999)).orElse(0.0);
        int epochs = overrides.epochs().orElse(root.get("epochs").map(n -> n.whole(1)).orElse(10))
                * tasks.count();
        int batch = overrides.batch().orElse(root.get("batch-size").map(this::batch).orElse(CompressOptions.BATCH));
        long seed = overrides.seed().orElse(root.get("seed").map(n -> (long) n.whole(0)).orElse(0L));
        double heldOut = root.get("held-out").map(n -> n.number(0, 0.9)).orElse(0.1);
        Optional<RecipeNode> optimizer = root.get("optimizer");
        Optimizer.Kind how = optimizer.map(this::optimizer).orElse(new Optimizer.Kind.Sgd(MOMENTUM, true,
                CompressOptions.DECAY));
        Optional<Double> projected =
                optimizer.filter(n -> n.get("kind").filter(k -> k.text().equals(VARPRO)).isPresent())
                        .map(n -> n.get("gap").map(g -> g.number(0, 1)).orElse(GAP));
        Schedule rate = rate(optimizer, how);
        if (following.isPresent()) {
            requireSteady(following.get(), rate, projected, root.get("predict"));
        }
        double clip = optimizer.flatMap(n -> n.get("clip")).map(n -> n.number(Double.MIN_NORMAL, Double.MAX_VALUE))
                .orElse(CLIP);
        Optional<Recipe.Ham> ham = optimizer.flatMap(n -> n.get("ham")).map(this::ham);
        optimizer.ifPresent(RecipeNode::noOthers);
        CompressOptions.Augment augment = CompressOptions.Augment.valueOf(root.get("augment")
                .map(n -> n.oneOf("none", "crop", "crop-flip")).orElse("none").toUpperCase(Locale.ROOT)
                .replace('-', '_'));
        List<Recipe.Asked> constraints = constraints();
        Optional<RecipeNode> removing = root.get("remove");
        Prevention remove = removing.map(PreventionReader::read).orElse(Prevention.none());
        if (removing.isPresent() && remove.isNone()) {
            throw removing.get()
                    .wrong("'remove' names nothing to remove: syre, asymmetric, noise, shrink-and-perturb or"
                            + " reset");
        }
        if (projected.isPresent() && !remove.isNone()) {
            throw removing.get().wrong("varpro solves instead of training, so that there is nothing to remove from");
        }
        boolean shrink = root.get("shrink").map(RecipeNode::truth).orElse(true);
        String precision = root.get("precision").map(n -> n.oneOf("auto", "float32", "bfloat16")).orElse("float32");
        Optional<RecipeNode> watching = root.get("watch");
        Watch watch = watching.map(Watch::read).orElse(Watch.none());
        if (projected.isPresent() && !watch.isNone()) {
            throw watching.get().wrong("varpro solves instead of training, so that there are no steps to watch");
        }
        boolean tensorboard = root.get("tensorboard").map(RecipeNode::truth).orElse(false);
        Optional<Recipe.Predict> predict = root.get("predict").map(n -> predict(n, how, projected, constraints));
        Path output = overrides.output().or(() -> root.get("output").map(n -> folder.resolve(n.text())))
                .orElse(Path.of("trained.onnx"));
        root.get("output");
        root.get("series").ifPresent(n -> {
            throw n.wrong("an experiment of many trainings is read as such");
        });
        root.noOthers();
        Recipe recipe =
                new Recipe(origin, data, tasks, samples, kind, smoothing, epochs, batch, seed, heldOut, how, projected,
                        rate,
                        clip,
                        augment,
                        constraints, remove, ham, shrink, precision, predict, watch, tensorboard,
                        output.toAbsolutePath().normalize(), Places.of(root, overrides));
        NetworkReader.requireFit(root, recipe);
        return recipe;
    }

    private List<Recipe.Asked> constraints() {
        List<RecipeNode> nodes = new ArrayList<>();
        root.get("constraints").ifPresent(list -> nodes.addAll(list.list()));
        int number = 0;
        for (String typed : overrides.constraints()) {
            nodes.add(RecipeNode.typed("--constrain " + ++number, typed));
        }
        List<Recipe.Asked> constraints = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (RecipeNode node : nodes) {
            Recipe.Asked asked = new ConstraintReader(node, constraints.size(), folder).asked();
            String name = asked.constraint().name();
            if (!names.add(name)) {
                throw node.get("name").orElse(node)
                        .wrong("another constraint is called '" + name + "' already; give each a name of its own");
            }
            constraints.add(asked);
        }
        return constraints;
    }

    private static void requireSteady(RecipeNode tasks, Schedule rate, Optional<Double> projected,
            Optional<RecipeNode> predict) {
        if (projected.isPresent() || predict.isPresent()) {
            throw tasks.wrong("stand in a training of SGD or Adam, without 'predict'");
        }
        if (!(rate instanceof Schedule.Constant)) {
            throw tasks
                    .wrong("need 'schedule: constant' of the optimizer, without 'warm-up': a rate that falls over all"
                            + " tasks would leave the last ones little to learn with");
        }
    }

    private static Recipe.Predict predict(RecipeNode node, Optimizer.Kind how, Optional<Double> projected,
            List<Recipe.Asked> constraints) {
        RecipeNode share = node.require("at");
        double at = share.number(0, 1);
        int samples = node.get("samples").map(n -> n.whole(2)).orElse(FATE_SAMPLES);
        Optional<RecipeNode> below = node.get("dead");
        double dead = below.map(n -> n.number(0, 1)).orElse(FATE_DEAD);
        node.noOthers();
        if (at == 0 || at == 1) {
            throw share.wrong("must lie above 0 and below 1, found " + share.text());
        }
        if (dead == 0 || dead == 1) {
            throw below.orElse(node).wrong("must lie above 0 and below 1, found " + dead);
        }
        if (!(how instanceof Optimizer.Kind.Sgd) || projected.isPresent()) {
            throw node.wrong("fates are predicted for SGD, whose decay is coupled; name no other optimizer");
        }
        if (!constraints.isEmpty()) {
            throw node.wrong("constraints decay in ways of their own, in which fates are not predicted");
        }
        return new Recipe.Predict(at, samples, dead, node.place());
    }

    private int batch(RecipeNode node) {
        return node.is("all") ? 0 : node.whole(1);
    }

    static List<Double> numbers(Optional<RecipeNode> node) {
        return node.map(n -> n.list().stream().map(RecipeNode::number).toList()).orElse(List.of());
    }

    private Optimizer.Kind optimizer(RecipeNode node) {
        String kind = node.get("kind").map(n -> n.oneOf("sgd", "adam", "adamw", VARPRO)).orElse("sgd");
        refuseForeign(node, kind);
        double decay = node.get("weight-decay").map(n -> n.number(0, MOST_DECAY)).orElse(CompressOptions.DECAY);
        double momentum = node.get("momentum").map(n -> n.number(0, 0.9999)).orElse(MOMENTUM);
        node.get("gap");
        boolean nesterov = node.get("nesterov").map(RecipeNode::truth).orElse(false);
        List<Double> betas = numbers(node.get("betas"));
        double epsilon = node.get("epsilon").map(n -> n.number(0, 1)).orElse(1e-8);
        if (!betas.isEmpty() && (betas.size() != 2 || betas.stream().anyMatch(b -> b < 0 || b >= 1))) {
            throw node.wrong("betas are two numbers from 0 to below 1, found " + betas);
        }
        double first = betas.isEmpty() ? 0.9 : betas.getFirst();
        double second = betas.isEmpty() ? 0.999 : betas.getLast();
        return switch (kind) {
            case "adam" -> new Optimizer.Kind.Adam(first, second, epsilon, decay, false);
            case "adamw" -> new Optimizer.Kind.Adam(first, second, epsilon, decay, true);
            default -> new Optimizer.Kind.Sgd(momentum, nesterov, decay);
        };
    }

    private static Map<String, List<String>> kindsOfKeys() {
        Map<String, List<String>> kinds = new LinkedHashMap<>();
        List.of("momentum", "nesterov").forEach(key -> kinds.put(key, List.of("sgd")));
        List.of("betas", "epsilon").forEach(key -> kinds.put(key, List.of("adam", "adamw")));
        kinds.put("gap", List.of(VARPRO));
        List.of("rate", "schedule", "warm-up", "weight-decay", "clip", "ham").forEach(key -> kinds.put(key, TRAINED));
        return kinds;
    }

    /** Refuses keys of another kind of optimizer, which would say nothing. */
    private static void refuseForeign(RecipeNode node, String kind) {
        KINDS_OF_KEYS.forEach((key, kinds) -> node.get(key).filter(n -> !kinds.contains(kind)).ifPresent(n -> {
            throw n.wrong("kind: " + kind + " knows no '" + key + "', it is for " + String.join(" and ", kinds)
                    + "; leave it out");
        }));
    }

    private Schedule rate(Optional<RecipeNode> node, Optimizer.Kind kind) {
        double usual = kind instanceof Optimizer.Kind.Adam ? ADAM_RATE : RATE;
        double peak = overrides.rate()
                .orElse(node.flatMap(n -> n.get("rate")).map(n -> n.number(Double.MIN_NORMAL, Double.MAX_VALUE))
                        .orElse(usual));
        node.ifPresent(n -> n.get("rate"));
        String shape = node.flatMap(n -> n.get("schedule")).map(n -> n.oneOf("cosine", "constant", "one-cycle"))
                .orElse("cosine");
        double warm = node.flatMap(n -> n.get("warm-up")).map(n -> n.number(0, 0.9)).orElse(0.0);
        Schedule base = switch (shape) {
            case "constant" -> new Schedule.Constant(peak);
            case "one-cycle" -> Schedule.OneCycle.to(peak);
            default -> new Schedule.Cosine(peak, 0);
        };
        return warm > 0 ? new Schedule.WarmUp(warm, base) : base;
    }

    private Recipe.Ham ham(RecipeNode node) {
        double alpha = node.get("alpha").map(n -> n.number(0, Double.MAX_VALUE)).orElse(200.0);
        double beta = node.get("beta").map(n -> n.number(0, Double.MAX_VALUE)).orElse(0.0);
        node.noOthers();
        return new Recipe.Ham(alpha, beta);
    }

    /** Conditions by the key that asks for them, for documentation and messages. */
    static Map<String, String> conditions() {
        return ConstraintReader.KEYS;
    }
}
