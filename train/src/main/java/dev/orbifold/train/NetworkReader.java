package dev.orbifold.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads {@code model}, {@code start} and {@code network} of a recipe. */
final class NetworkReader {
    /** Numbers that are drawn lie in an array of bytes. */
    static final long MOST_DRAWN = Integer.MAX_VALUE / Float.BYTES;
    /** Those of all layers are trained in one array of numbers. */
    private static final long MOST = Integer.MAX_VALUE;

    private final Path folder;
    private final RecipeReader.Overrides overrides;

    NetworkReader(Path folder, RecipeReader.Overrides overrides) {
        this.folder = folder;
        this.overrides = overrides;
    }

    Recipe.Origin origin(RecipeNode root) {
        Optional<RecipeNode> model = root.get("model");
        Optional<RecipeNode> network = root.get("network");
        boolean random = root.get("start").map(n -> n.oneOf("trained", "random").equals("random")).orElse(false);
        if (overrides.model().isPresent()) {
            return new Recipe.Origin.Model(overrides.model().get(), random);
        }
        if (model.isPresent() == network.isPresent()) {
            throw root.wrong("name either a 'model', an ONNX file, or a 'network' to build");
        }
        if (model.isPresent()) {
            return new Recipe.Origin.Model(folder.resolve(model.get().text()).normalize(), random);
        }
        return network(network.get());
    }

    private static Recipe.Origin network(RecipeNode network) {
        Optional<RecipeNode> dense = network.get("dense");
        Optional<RecipeNode> variational = network.get("variational");
        if (dense.isPresent() == variational.isPresent()) {
            throw network.wrong("name either 'dense' layers or a 'variational' autoencoder");
        }
        Recipe.Origin origin = dense.isPresent() ? dense(network, dense.get())
                : autoencoder(network, variational.orElseThrow());
        network.noOthers();
        return origin;
    }

    private static Recipe.Origin dense(RecipeNode network, RecipeNode layers) {
        List<Integer> widths = layers.list().stream().map(n -> n.whole(1)).toList();
        if (widths.size() < 2) {
            throw network.wrong("a dense network needs at least inputs and outputs, such as [784, 300, 100, 10]");
        }
        String activation = network.get("activation")
                .map(n -> n.oneOf("relu", "tanh", "sigmoid", "gelu", "identity", "figlu")).orElse("relu");
        requireSize(layers, widths, activation.equals("figlu"), false);
        boolean bias = network.get("bias").map(RecipeNode::truth).orElse(true);
        boolean residual = network.get("residual").map(RecipeNode::truth).orElse(false);
        return new Recipe.Origin.Dense(widths, operator(activation), bias, residual, scale(network));
    }

    private static Recipe.Origin autoencoder(RecipeNode network, RecipeNode layers) {
        List<Integer> widths = layers.list().stream().map(n -> n.whole(1)).toList();
        if (widths.size() < 2) {
            throw network.wrong("an autoencoder needs at least inputs and latents, such as [784, 200, 16]");
        }
        String activation = network.get("activation").map(n -> n.oneOf("relu", "tanh", "sigmoid", "gelu"))
                .orElse("relu");
        requireSize(layers, widths, false, true);
        double beta = network.get("beta").map(n -> n.number(0, Double.MAX_VALUE)).orElse(1.0);
        return new Recipe.Origin.Autoencoder(widths, operator(activation), scale(network), beta);
    }

    /**
     * Refuses layers that no array holds.
     *
     * @param mixed whether hidden units have a square matrix besides
     * @param mirrored whether a decoder has every layer once more, and latents have a mean and a log-variance
     */
    private static void requireSize(RecipeNode layers, List<Integer> widths, boolean mixed,
            boolean mirrored) {
        long all = 0;
        for (int layer = 1; layer < widths.size(); layer++) {
            long to = widths.get(layer);
            long from = mixed && layer + 1 < widths.size() ? Math.max(to, widths.get(layer - 1))
                    : widths.get(layer - 1);
            if (from * to > MOST_DRAWN) {
                throw layers.wrong(String.format(Locale.ROOT,
                        "a layer of %,d × %,d weights is too large: a tensor of weights that are drawn holds at most %,d",
                        to, from, MOST_DRAWN));
            }
            int copies = !mirrored ? 1 : layer + 1 < widths.size() ? 2 : 3;
            all += copies * (widths.get(layer - 1) * to + to);
        }
        if (all > MOST) {
            throw layers.wrong(String.format(Locale.ROOT,
                    "a network of %,d weights is too large: at most %,d are trained", all, MOST));
        }
    }

    private static double scale(RecipeNode network) {
        return network.get("scale").map(n -> n.number(0, Double.MAX_VALUE)).orElse(1.0);
    }

    private static String operator(String word) {
        return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
    }

    /** Refuses what a variational autoencoder does not go with. */
    static void requireFit(RecipeNode root, Recipe recipe) {
        if (!(recipe.origin() instanceof Recipe.Origin.Autoencoder)) {
            return;
        }
        root.get("loss").filter(n -> n.text().equals("cross-entropy")).ifPresent(n -> {
            throw n.wrong("a variational network reconstructs its inputs, numbers: 'bce' or 'mse'");
        });
        root.get("augment").filter(n -> recipe.augment() != CompressOptions.Augment.NONE).ifPresent(n -> {
            throw n.wrong("a variational network reconstructs the images as they are; leave it out");
        });
        root.get("predict").ifPresent(n -> {
            throw n.wrong("fates are predicted of networks that are trained without noise of their own");
        });
        if (recipe.remove().reset().isPresent()) {
            throw root.get("remove").orElse(root)
                    .wrong("dormant units are measured in networks without noise of their own; leave 'reset' out");
        }
        List<Watch.Measured> asked = recipe.watch().dear().stream()
                .filter(m -> m != Watch.Measured.RANKS && m != Watch.Measured.BREAKING).sorted().toList();
        if (!asked.isEmpty()) {
            throw root.get("watch").orElse(root).wrong(asked.getFirst().word()
                    + " is measured in networks without noise of their own; of a variational one 'dear' knows ranks"
                    + " and breaking");
        }
    }
}
