package dev.orbifold.train;

import dev.orbifold.constraint.ConstraintException;
import dev.orbifold.constraint.Named;
import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Unshare;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parameters that a network reads in several places, under constraints. Who names one says that it is one: it stays one,
 * and what is asked of it holds in all places. Who names a Space says nothing of the other places.
 */
final class SharedUses {
    private SharedUses() {
    }

    /** The Graph in which merged parameters have copies of their own, but for those that constraints name. */
    static Unshare apart(Graph graph, Recipe recipe) {
        Named named = new Named(graph, List.copyOf(graph.parameters().keySet()));
        return Unshare.of(graph, parameter -> recipe.constraints().stream()
                .anyMatch(asked -> named.names(asked.constraint(), parameter)));
    }

    /**
     * Checks that no constraint holds some copies of a Parameter and not others.
     *
     * @param copies per Parameter of the file, what its uses are called now
     * @throws ConstraintException if one does; says which
     */
    static void require(Recipe recipe, Learner learner, Map<String, List<String>> copies) {
        for (Recipe.Asked asked : recipe.constraints()) {
            Set<String> held = new LinkedHashSet<>();
            learner.placement().held().stream().filter(h -> h.asked().equals(asked))
                    .forEach(h -> held.addAll(h.form().parameters()));
            learner.placement().pairs().stream().filter(p -> p.asked().equals(asked))
                    .forEach(p -> held.addAll(p.rank().parameters()));
            copies.forEach((parameter, own) -> {
                List<String> seen = own.stream().filter(held::contains).toList();
                if (!seen.isEmpty() && seen.size() < own.size()) {
                    throw new ConstraintException("constraint " + asked.constraint().name() + ": parameter " + parameter
                            + " is read in " + own.size() + " places, of which the named Spaces see "
                            + (seen.size() == 1 ? "one" : seen.size())
                            + ", so that it would no longer be shared; leave its Space out, or name it under"
                            + " 'parameters', where a condition holds in all places");
                }
            });
        }
    }
}
