package dev.orbifold.train;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * A place in a recipe: knows its line, reads what stands there as what is wanted, and says in one sentence what is wrong
 * otherwise. A mapping remembers which of its keys were asked for, so that keys nobody knows are noticed.
 */
final class RecipeNode {
    /** What stands for the value of a series. */
    static final String VALUE = "$";
    private static final double SMALL = 1e-6;
    private static final double HUNDRED = 100;

    private final Source source;
    private final String path;
    private final Node node;
    private final Optional<String> value;
    private final Set<String> known = new LinkedHashSet<>();

    /**
     * Where a text comes from.
     *
     * @param name of a file or an option
     * @param lines whether it has lines that people can look up
     */
    private record Source(String name, boolean lines) {
        String at(int line) {
            return lines ? name + " line " + line : name;
        }
    }

    private RecipeNode(Source source, String path, Node node, Optional<String> value) {
        this.source = source;
        this.path = path;
        this.node = node;
        this.value = value;
    }

    private RecipeNode at(String place, Node below) {
        return new RecipeNode(source, place, below, value);
    }

    /** The same with a value wherever {@link #VALUE} stands. */
    RecipeNode with(String given) {
        return new RecipeNode(source, path, node, Optional.of(given));
    }

    /** This mapping with the keys of another on top: mappings join key by key, everything else is replaced. */
    RecipeNode under(RecipeNode top) {
        return new RecipeNode(source, path, joined(node, top.node), value);
    }

    /** Whether a word stands anywhere in here. */
    boolean holds(String word) {
        return holds(node, word);
    }

    private static boolean holds(Node in, String word) {
        return switch (in) {
            case ScalarNode scalar -> scalar.getValue().equals(word);
            case SequenceNode sequence -> sequence.getValue().stream().anyMatch(n -> holds(n, word));
            case MappingNode mapping -> mapping.getValue().stream().anyMatch(t -> holds(t.getValueNode(), word));
            default -> false;
        };
    }

    /** The keys behind which {@link #VALUE} stands, each as its path without places in lists, in order. */
    Set<String> valued() {
        Set<String> paths = new LinkedHashSet<>();
        if (node instanceof ScalarNode scalar && scalar.getValue().equals(VALUE)) {
            paths.add(path.replaceAll("\\[\\d+]", ""));
        }
        List<RecipeNode> below = node instanceof MappingNode ? List.copyOf(entries().values())
                : node instanceof SequenceNode ? list() : List.of();
        below.forEach(one -> paths.addAll(one.valued()));
        return paths;
    }

    /** This mapping without some keys. */
    RecipeNode without(Set<String> keys) {
        return new RecipeNode(source, path, mapping(node,
                tuples().stream().filter(t -> !(t.getKeyNode() instanceof ScalarNode k && keys.contains(k.getValue())))
                        .toList()),
                value);
    }

    private static Node joined(Node below, Node top) {
        if (!(below instanceof MappingNode under && top instanceof MappingNode over)) {
            return top;
        }
        Map<String, NodeTuple> all = new LinkedHashMap<>();
        for (MappingNode part : List.of(under, over)) {
            for (NodeTuple tuple : part.getValue()) {
                String key = tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
                NodeTuple had = all.get(key);
                all.put(key, had == null ? tuple
                        : new NodeTuple(tuple.getKeyNode(), joined(had.getValueNode(), tuple.getValueNode())));
            }
        }
        return mapping(below, List.copyOf(all.values()));
    }

    private static Node mapping(Node like, List<NodeTuple> tuples) {
        return new MappingNode(like.getTag(), true, tuples, like.getStartMark(), like.getEndMark(),
                DumperOptions.FlowStyle.BLOCK);
    }

    /**
     * The root of a recipe, which must be a mapping.
     *
     * @param source the file's name, for messages
     * @throws TrainException if the text is no YAML, with the line
     */
    static RecipeNode parse(String source, String text) {
        return parse(new Source(source, true), text);
    }

    /**
     * What was typed as one word on the command line, keys with values; it has no lines.
     *
     * @param option what it was typed behind
     */
    static RecipeNode typed(String option, String text) {
        return parse(new Source(option, false), "{" + text + "}");
    }

    private static RecipeNode parse(Source source, String text) {
        try {
            Node root = new Yaml(new SafeConstructor(new LoaderOptions())).compose(new StringReader(text));
            if (root == null) {
                throw new TrainException(source.name() + " is empty");
            }
            RecipeNode recipe = new RecipeNode(source, "", root, Optional.empty());
            recipe.tuples();
            return recipe;
        } catch (org.yaml.snakeyaml.reader.ReaderException e) {
            throw new TrainException(
                    source.name() + ": this is not YAML: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                    e);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            throw new TrainException(source.at(line) + ": this is not YAML: " + e.getProblem(), e);
        } catch (org.yaml.snakeyaml.error.YAMLException e) {
            throw new TrainException(source.name() + ": this is not YAML: " + e.getMessage(), e);
        }
    }

    /** The exception that says what is wrong here. */
    TrainException wrong(String what) {
        return new TrainException(
                place() + ": " + (path.isEmpty() ? "" : path + ": ") + what);
    }

    /** Where this stands: file and line, or the option behind which it was typed. */
    String place() {
        return source.at(node.getStartMark().getLine() + 1);
    }

    boolean isMapping() {
        return node instanceof MappingNode;
    }

    private List<NodeTuple> tuples() {
        if (node instanceof MappingNode mapping) {
            return mapping.getValue();
        }
        throw wrong("expected keys with values, found " + shown());
    }

    private String shown() {
        return switch (node) {
            case ScalarNode s -> "'" + s.getValue() + "'";
            case SequenceNode s -> "a list";
            default -> "a mapping";
        };
    }

    /** The keys of this mapping with what stands behind them. */
    Map<String, RecipeNode> entries() {
        Map<String, RecipeNode> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : tuples()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw wrong("keys are words");
            }
            String name = key.getValue();
            RecipeNode behind = at(path.isEmpty() ? name : path + "." + name, tuple.getValueNode());
            if (entries.put(name, behind) != null) {
                throw behind.wrong("stands here twice");
            }
        }
        return entries;
    }

    /** What stands behind a key. */
    Optional<RecipeNode> get(String key) {
        known.add(key);
        return Optional.ofNullable(entries().get(key));
    }

    /** What stands behind a key that must be there. */
    RecipeNode require(String key) {
        return get(key).orElseThrow(() -> wrong("'" + key + "' is missing"));
    }

    private static String sentence(String end) {
        return end.isEmpty() ? "." : end;
    }

    /** Refuses keys that were never asked for, with the nearest one that is known. */
    void noOthers() {
        entries().forEach((key, value) -> {
            if (!known.contains(key)) {
                throw value
                        .wrong("nobody knows this key" + sentence(Spelling.near(known, key)) + " Known here: "
                                + String.join(", ", known));
            }
        });
    }

    /** Where everything below stands, by its path: each line with that path. */
    Map<String, String> places(int deep) {
        Map<String, String> places = new LinkedHashMap<>();
        List<RecipeNode> below = node instanceof MappingNode ? List.copyOf(entries().values())
                : node instanceof SequenceNode ? list() : List.of();
        for (RecipeNode one : deep == 0 ? List.<RecipeNode>of() : below) {
            places.put(one.path, one.place() + ": " + one.path);
            places.putAll(one.places(deep - 1));
        }
        return places;
    }

    /** Whether this one word stands here. */
    boolean is(String word) {
        return node instanceof ScalarNode && text().equals(word);
    }

    /** The words that stand here. */
    String text() {
        return scalar("a word");
    }

    private String scalar(String expected) {
        if (node instanceof ScalarNode scalar) {
            String text = scalar.getValue();
            if (text.equals(VALUE)) {
                return value
                        .orElseThrow(() -> wrong(VALUE + " stands for a value of a series, and there is none here"));
            }
            return text;
        }
        throw wrong("expected " + expected + ", found " + shown());
    }

    /** A finite number, such as 1e-3. */
    double number() {
        String text = scalar("a number");
        double value;
        try {
            value = Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw wrong("expected a number, found '" + text + "'");
        }
        if (!Double.isFinite(value)) {
            throw wrong("expected a finite number, found '" + text + "'");
        }
        return value;
    }

    /** A number within bounds, both included. */
    double number(double least, double most) {
        double value = number();
        if (value < least || value > most) {
            String bounds = most == Double.MAX_VALUE
                    ? least == 0 ? "must not be negative" : "must be positive"
                    : "must lie " + (least > 0 && least < SMALL ? "above 0 and at most at " + PlanWords.number(most)
                            : "between " + PlanWords.number(least) + " and " + PlanWords.number(most));
            String hint = most == 1 && value > 1 && value <= HUNDRED
                    ? "; it is a share: " + PlanWords.number(value) + " % is " + PlanWords.number(value / HUNDRED)
                    : "";
            throw wrong(bounds + ", found " + text() + hint);
        }
        return value;
    }

    /** A whole number, at least so large. */
    int whole(int least) {
        String text = scalar("a whole number");
        int value;
        try {
            value = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw wrong("expected a whole number, found '" + text + "'");
        }
        if (value < least) {
            throw wrong("must be at least " + least + ", found " + value);
        }
        return value;
    }

    boolean truth() {
        return switch (scalar("true or false")) {
            case "true", "yes", "on" -> true;
            case "false", "no", "off" -> false;
            default -> throw wrong("expected true or false, found '" + text() + "'");
        };
    }

    /** A list, or the one thing that stands here. */
    List<RecipeNode> list() {
        if (!(node instanceof SequenceNode sequence)) {
            return List.of(this);
        }
        List<RecipeNode> items = new ArrayList<>();
        for (Node item : sequence.getValue()) {
            items.add(at(path + "[" + items.size() + "]", item));
        }
        return items;
    }

    /** One of several words. */
    String oneOf(String... words) {
        String text = scalar("one of " + String.join(", ", words));
        if (!List.of(words).contains(text)) {
            throw wrong("must be one of " + String.join(", ", words) + ", found '" + text + "'"
                    + Spelling.near(List.of(words), text));
        }
        return text;
    }

    /** Runs what may refuse, and says where it stood. */
    <T> T checked(java.util.function.Supplier<T> reading) {
        try {
            return reading.get();
        } catch (dev.orbifold.constraint.ConstraintException | dev.orbifold.engine.EngineException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }
}
