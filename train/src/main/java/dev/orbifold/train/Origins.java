package dev.orbifold.train;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Program;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.Unsupported;
import dev.orbifold.symmetry.Unshare;
import java.util.List;
import java.util.Map;

/** From where a recipe says that its network comes to the Graph that training starts from. */
final class Origins {
    private Origins() {
    }

    /**
     * The network, its weights drawn where they are.
     *
     * @param findings gets what the user should know
     * @param copies gets the copies of Parameters that are read in several places
     * @throws TrainException if it cannot be trained
     */
    static Graph open(Recipe recipe, Seed seed, Device device, List<Finding> findings,
            Map<String, List<String>> copies) {
        return switch (recipe.origin()) {
            case Recipe.Origin.Dense dense -> Networks.dense(dense, seed.split("network"));
            case Recipe.Origin.Autoencoder widths -> Networks.autoencoder(widths, seed.split("network"));
            case Recipe.Origin.Model model -> {
                Graph graph = OnnxFile.read(model.path());
                Unsupported.reason(graph).ifPresent(reason -> {
                    throw new TrainException(reason);
                });
                Unshare unshared = SharedUses.apart(graph, recipe);
                findings.addAll(unshared.findings());
                copies.putAll(unshared.copies());
                unshared.graph().parameters().forEach((name, values) -> {
                    if (values.type().isReal() && values.type() != DataType.FLOAT) {
                        throw new TrainException("parameter '" + name + "' is " + values.type()
                                + ", but only float32 is trained; export the model in float32");
                    }
                });
                if (!model.random()) {
                    finite(unshared.graph());
                    yield unshared.graph();
                }
                try (Program program = Program.compile(unshared.graph(), device)) {
                    yield Networks.redrawn(unshared.graph(), program, seed.split("network"));
                }
            }
        };
    }

    private static void finite(Graph graph) {
        graph.parameters().forEach((name, values) -> {
            if (values.type() == DataType.FLOAT) {
                for (float value : values.toFloats()) {
                    if (!Float.isFinite(value)) {
                        throw new TrainException("parameter '" + name + "' of the model holds " + value
                                + ", from which nothing can be trained");
                    }
                }
            }
        });
    }

    /** What is minimised of that network. */
    static Objective objective(Graph graph, Recipe recipe) {
        return recipe.origin() instanceof Recipe.Origin.Autoencoder of
                ? Objective.variational(graph, recipe.loss(), new Variational(of.widths().getLast(), of.beta()))
                : Objective.of(graph, recipe.loss(), recipe.smoothing(), 0, 1);
    }

    /** Where it comes from, in words. */
    static String words(Recipe.Origin origin) {
        return switch (origin) {
            case Recipe.Origin.Dense d -> "dense " + d.widths() + " " + d.activation();
            case Recipe.Origin.Autoencoder a -> "variational " + a.widths() + " " + a.activation() + ", β = "
                    + PlanWords.number(a.beta());
            case Recipe.Origin.Model m -> m.path() + (m.random() ? " with random weights" : "");
        };
    }

    /** What results call it. */
    static String name(Recipe.Origin origin) {
        return switch (origin) {
            case Recipe.Origin.Dense d -> "dense";
            case Recipe.Origin.Autoencoder a -> "variational";
            case Recipe.Origin.Model m -> String.valueOf(m.path().getFileName());
        };
    }
}
