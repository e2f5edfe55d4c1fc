package dev.orbifold.train;

import dev.orbifold.constraint.Condition;
import dev.orbifold.constraint.Constraint;
import dev.orbifold.constraint.Start;
import dev.orbifold.constraint.Rival;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads one entry of a recipe's {@code constraints}. */
final class ConstraintReader {
    /** What may be asked, by key. */
    static final Map<String, String> KEYS = keys();
    /** The excess of a free start of single entries under a goal, where nothing else brings factors into balance. */
    private static final double STEERED = 1;
    private static final double REACHED_BY = 0.5;
    private static final double LEAST = 1e-9;

    private final RecipeNode node;
    private final int number;
    private final Path folder;

    ConstraintReader(RecipeNode node, int number, Path folder) {
        this.node = node;
        this.number = number;
        this.folder = folder;
    }

    private static Map<String, String> keys() {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("sparse", "elements, units, inputs, kernels, an N:M pattern, {blocks: [h, w]} or {sets: FILE}");
        keys.put("rank", "the largest share of the full rank, above 0 to 1");
        keys.put("tucker", "the largest share of each axis, above 0 to 1, or {share: S, layers: N}");
        keys.put("tied",
                "pairs, circulant, toeplitz, symmetric, shared, {pairs: SHARE}, {mirror: [height, width]} or {classes: FILE}");
        keys.put("zero-sum", "true: every unit's inputs sum to 0");
        keys.put("pieces", "inputs in a row, or all: constant in pieces");
        keys.put("matrix", "an .npz with O");
        return keys;
    }

    Recipe.Asked asked() {
        String name = node.get("name").map(RecipeNode::text).orElse("constraint-" + (number + 1));
        List<String> parameters = words("parameters");
        List<String> spaces = words("spaces");
        if (parameters.isEmpty() == spaces.isEmpty()) {
            throw node
                    .wrong("a constraint is put either on 'parameters' or on 'spaces', names or patterns with * and ?");
        }
        for (String key : List.of("by", "depth", "zeros", "zeros-by", "lambda", "sign-in", "start")) {
            node.get(key);
        }
        KEYS.keySet().forEach(node::get);
        node.noOthers();
        Condition condition = condition(spaces);
        int depth = node.get("depth").map(n -> n.whole(2)).orElse(2);
        Optional<Double> goal = node.get("zeros").map(n -> n.number(0, 1));
        double until = node.get("zeros-by").map(n -> n.number(LEAST, 1)).orElse(REACHED_BY);
        Optional<RecipeNode> lambda = node.get("lambda");
        refuseUseless(condition, lambda.isPresent());
        if (condition instanceof Condition.Pattern pattern) {
            goal = Optional.of((pattern.of() - pattern.kept()) / (double) pattern.of());
        }
        if (goal.isEmpty() && lambda.isEmpty() && ties(condition)) {
            goal = Optional.of(1.0);
        }
        boolean capped = condition instanceof Condition.Rank r && r.most() < 1
                || condition instanceof Condition.TuckerRank t && t.most() < 1;
        Optional<Rival> rival = rival();
        if (rival.isPresent()) {
            fits(rival.get(), condition, goal.isPresent(), lambda.isPresent());
        } else if (goal.isEmpty() && lambda.isEmpty() && !capped) {
            throw node.wrong("name a 'lambda', the share of 'zeros' to reach, or both");
        }
        Recipe.Lambda over = lambda.map(LambdaReader::read).orElse(Recipe.Lambda.constant(0));
        Start start = start(goal.isPresent() && lambda.isEmpty()
                && (condition instanceof Condition.Elements || condition instanceof Condition.Pattern));
        if (goal.isPresent() && rival.isEmpty()) {
            refuseBoth(condition, over);
        }
        if (over.budget().isPresent() && (depth != 2 || !(start instanceof Start.Shifted))) {
            throw node.wrong("a budget of λ is PILoT's: it needs depth 2 and start: pilot");
        }
        if (condition instanceof Condition.PairRanks) {
            for (String key : List.of("start", "sign-in", "depth")) {
                node.get(key).ifPresent(n -> {
                    throw n.wrong("the rank of a product of the network's own has no further factors; leave it out");
                });
            }
        }
        int signIn = node.get("sign-in").map(n -> n.whole(1)).orElse(0);
        if (signIn > 0 && (depth != 2 || !(condition instanceof Condition.Elements))) {
            throw node.require("sign-in")
                    .wrong("Sign-In has two factors of single entries: sparse: elements, depth: 2");
        }
        Optional<Double> aimed = goal;
        Constraint constraint = node.checked(() -> new Constraint(name, parameters, condition, depth, over.at(0), aimed,
                start));
        return new Recipe.Asked(constraint, rival, over, until, signIn, file(), node.place());
    }

    /** Refuses keys that would say nothing, or against what the condition says already. */
    private void refuseUseless(Condition condition, boolean lambda) {
        if (condition instanceof Condition.Pattern pattern) {
            node.get("zeros").filter(n -> Math.abs(n.number() - (pattern.of() - pattern.kept()) / (double) pattern.of())
                    > LEAST).ifPresent(n -> {
                        throw n.wrong("a pattern says itself how many are zero; leave it out");
                    });
            node.get("lambda").filter(n -> node.get("by").filter(by -> by.is("penalty")).isEmpty())
                    .ifPresent(n -> {
                        throw n.wrong("a pattern is steered, no λ would end in it; leave it out");
                    });
        }
        if (condition instanceof Condition.TuckerRank) {
            for (String key : List.of("depth", "start")) {
                node.get(key).ifPresent(n -> {
                    throw n.wrong("a Tucker form has a core and matrices, balanced; leave it out");
                });
            }
        }
        if (lambda && node.get("zeros").isEmpty()) {
            node.get("zeros-by").ifPresent(n -> {
                throw n.wrong("only 'zeros' are reached by a time; λ has 'until' and 'off'");
            });
        }
    }

    /** Refuses a λ beside a goal where it would say nothing. */
    private void refuseBoth(Condition condition, Recipe.Lambda over) {
        node.get("lambda").ifPresent(n -> {
            if (over.budget().isPresent()) {
                throw n.wrong("a budget and the share of 'zeros' are two goals; name one");
            }
            if (condition instanceof Condition.PairRanks) {
                throw n.wrong(
                        "the rank of a product of the network's own goes by λ or to a share of 'zeros', not both");
            }
        });
    }

    /** The file that sets, classes or O lie in. */
    private Optional<Path> file() {
        return node.get("matrix").map(n -> n.isMapping() ? n.require("file") : n)
                .or(() -> node.get("sparse").filter(RecipeNode::isMapping).flatMap(n -> n.get("sets")))
                .or(() -> node.get("tied").filter(RecipeNode::isMapping).flatMap(n -> n.get("classes")))
                .map(n -> Conditions.file(n, folder));
    }

    private Optional<Rival> rival() {
        return node.get("by").map(n -> n.oneOf("factors", "proximal", "penalty", "magnitude", "slimming"))
                .filter(word -> !word.equals("factors")).map(word -> Rival.valueOf(word.toUpperCase(Locale.ROOT)));
    }

    /** Checks that what only factors have is not asked of a rival, and that it gets what it needs. */
    private void fits(Rival rival, Condition condition, boolean goal, boolean lambda) {
        for (String key : List.of("depth", "sign-in", "start")) {
            node.get(key).ifPresent(n -> {
                throw n.wrong("only factors have this; a constraint held by " + rival.word() + " has none");
            });
        }
        if (node.get("sparse").isEmpty()) {
            throw node.wrong(rival.word() + " is a way to 'sparse' weights, to nothing else");
        }
        if (rival == Rival.SLIMMING && !(condition instanceof Condition.Units)) {
            throw node.wrong("slimming is put on 'spaces', sparse: units");
        }
        if (goal != rival.cuts() || lambda != rival.pulls()) {
            throw node.wrong(rival.word() + " needs " + (rival.pulls() ? "a 'lambda'" : "no 'lambda'") + " and "
                    + (rival.cuts() ? "the share of 'zeros' to cut" : "no share of 'zeros'"));
        }
    }

    private static boolean ties(Condition condition) {
        return condition instanceof Condition.Ties || condition instanceof Condition.Clones
                || condition instanceof Condition.ZeroSums;
    }

    private List<String> words(String key) {
        return node.get(key).map(n -> n.list().stream().map(RecipeNode::text).toList()).orElse(List.of());
    }

    private Start start(boolean entries) {
        Optional<RecipeNode> start = node.get("start");
        if (start.isEmpty()) {
            return entries ? new Start.Free(Optional.of(STEERED))
                    : new Start.Free();
        }
        RecipeNode given = start.get();
        if (given.isMapping()) {
            Optional<Double> excess = given.get("free").map(RecipeNode::number);
            if (excess.isPresent()) {
                given.noOthers();
                return given.checked(() -> new Start.Free(excess));
            }
            double beta = given.require("pilot").number();
            given.noOthers();
            return given.checked(() -> new Start.Shifted(beta));
        }
        return switch (given.oneOf("free", "balanced", "published", "pilot")) {
            case "published" -> new Start.Published();
            case "pilot" -> new Start.Shifted(1);
            case "balanced" -> new Start.Balanced();
            default -> new Start.Free();
        };
    }

    private Condition condition(List<String> spaces) {
        List<String> given = KEYS.keySet().stream().filter(k -> node.get(k).isPresent()).toList();
        if (given.size() != 1) {
            throw node.wrong((given.isEmpty() ? "says no condition" : "says several conditions: " + given)
                    + "; name one of " + String.join(", ", KEYS.keySet()));
        }
        RecipeNode value = node.require(given.getFirst());
        return value.checked(() -> switch (given.getFirst()) {
            case "sparse" -> sparse(value, spaces);
            case "tied" -> tied(value, spaces);
            case "rank" -> {
                double most = value.number(1e-9, 1);
                if (!spaces.isEmpty() && most != 1) {
                    throw value.wrong("the rank of a Space is not cut from the start: write rank: 1, and the share of"
                            + " 'zeros' to reach or a 'lambda'");
                }
                yield spaces.isEmpty() ? new Condition.Rank(most) : new Condition.PairRanks(spaces);
            }
            default -> {
                if (!spaces.isEmpty()) {
                    throw value.wrong("is put on parameters, not on Spaces");
                }
                yield switch (given.getFirst()) {
                    case "tucker" -> tucker(value);
                    case "zero-sum" -> {
                        if (!value.truth()) {
                            throw value.wrong("leave it out where sums are free");
                        }
                        yield new Condition.ZeroSums();
                    }
                    case "pieces" -> new Condition.Pieces(value.is("all") ? 0 : value.whole(2));
                    default -> Conditions.matrix(value, folder);
                };
            }
        });
    }

    private static Condition tucker(RecipeNode value) {
        if (!value.isMapping()) {
            return new Condition.TuckerRank(value.number(LEAST, 1), 1);
        }
        double share = value.require("share").number(LEAST, 1);
        int layers = value.get("layers").map(n -> n.whole(1)).orElse(1);
        value.noOthers();
        return new Condition.TuckerRank(share, layers);
    }

    private Condition sparse(RecipeNode value, List<String> spaces) {
        if (!spaces.isEmpty()) {
            value.oneOf("units");
            return new Condition.Units(spaces);
        }
        if (value.isMapping()) {
            Optional<RecipeNode> blocks = value.get("blocks");
            Optional<RecipeNode> sets = value.get("sets");
            value.noOthers();
            if (blocks.isPresent() && sets.isPresent()) {
                throw value.wrong("says both 'blocks' and 'sets'; put each into a constraint of its own");
            }
            if (blocks.isPresent()) {
                List<Integer> sizes = blocks.get().list().stream().map(n -> n.whole(1)).toList();
                if (sizes.size() != 2) {
                    throw blocks.get().wrong("a block has two sizes, [units, inputs]");
                }
                return new Condition.Blocks(sizes.get(0), sizes.get(1));
            }
            return new Condition.Sets(Conditions.integers(
                    sets.orElseThrow(() -> value.wrong("expected 'blocks' or 'sets'")), folder));
        }
        String text = value.text();
        int colon = text.indexOf(':');
        if (colon > 0) {
            try {
                return new Condition.Pattern(Integer.parseInt(text.substring(0, colon)),
                        Integer.parseInt(text.substring(colon + 1)));
            } catch (NumberFormatException e) {
                throw value.wrong("a pattern is N:M, such as \"2:4\", found '" + text + "'");
            }
        }
        return switch (value.oneOf("elements", "units", "inputs", "kernels", "\"N:M\"", "{blocks: [h, w]}",
                "{sets: FILE}")) {
            case "units" -> new Condition.Slices(Condition.Slice.UNITS);
            case "inputs" -> new Condition.Slices(Condition.Slice.INPUTS);
            case "kernels" -> new Condition.Slices(Condition.Slice.KERNELS);
            default -> new Condition.Elements();
        };
    }

    private Condition tied(RecipeNode value, List<String> spaces) {
        if (!spaces.isEmpty()) {
            double share = value.isMapping() ? value.require("pairs").number(1e-9, 1) : 1;
            if (!value.isMapping()) {
                value.oneOf("pairs");
            }
            return new Condition.Clones(spaces, share);
        }
        if (value.isMapping()) {
            Optional<RecipeNode> pairs = value.get("pairs");
            Optional<RecipeNode> mirror = value.get("mirror");
            Optional<RecipeNode> classes = value.get("classes");
            value.noOthers();
            if (java.util.stream.Stream.of(pairs, mirror, classes).filter(Optional::isPresent).count() > 1) {
                throw value.wrong("says several ties; put each into a constraint of its own");
            }
            if (pairs.isPresent()) {
                return new Condition.Ties.Pairs(pairs.get().number());
            }
            if (mirror.isPresent()) {
                List<Integer> size = mirror.get().list().stream().map(n -> n.whole(1)).toList();
                if (size.size() != 2) {
                    throw mirror.get().wrong("an image has two sizes, [height, width]");
                }
                return new Condition.Ties.Mirrored(size.get(0), size.get(1));
            }
            return new Condition.Ties.Listed(Conditions.integers(
                    classes.orElseThrow(() -> value.wrong("expected 'pairs', 'mirror' or 'classes'")), folder));
        }
        return switch (value.oneOf("pairs", "circulant", "toeplitz", "symmetric", "shared")) {
            case "pairs" -> new Condition.Ties.Pairs(1);
            case "circulant" -> new Condition.Ties.Circulant();
            case "toeplitz" -> new Condition.Ties.Toeplitz();
            case "symmetric" -> new Condition.Ties.Symmetric();
            default -> new Condition.Ties.Shared();
        };
    }
}
