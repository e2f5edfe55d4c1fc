package dev.orbifold.train;

import dev.orbifold.engine.DataException;
import dev.orbifold.engine.EngineException;
import dev.orbifold.graph.GraphException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where what a recipe asks for was written, so that what fails once model and data are opened is still said with its line.
 *
 * @param lines by the path of a key, such as {@code data.path}, where it stands; none of what was typed instead
 * @param typed by the path of a key, the option behind which its value was typed
 */
record Places(Map<String, String> lines, Map<String, String> typed) {
    /** Keys of a recipe are nested so deeply, as far as they are looked up here: {@code tasks.then[0].path}. */
    private static final int DEEP = 4;

    /** Copies the maps. */
    Places {
        lines = Map.copyOf(lines);
        typed = Map.copyOf(typed);
    }

    /** The places of a whole recipe, and of what was typed beside it. */
    static Places of(RecipeNode root, RecipeReader.Overrides overrides) {
        Map<String, String> lines = new LinkedHashMap<>(root.places(DEEP));
        Map<String, String> typed = new LinkedHashMap<>();
        overrides.model().ifPresent(m -> typed.put("model", "--model"));
        overrides.data().ifPresent(d -> typed.put("data.path", "--data"));
        overrides.batch().ifPresent(b -> typed.put("batch-size", "--batch-size"));
        overrides.output().ifPresent(o -> typed.put("output", "-o"));
        lines.keySet().removeAll(typed.keySet());
        if (overrides.model().isPresent()) {
            lines.remove("network");
        }
        if (overrides.data().isPresent()) {
            lines.keySet().removeAll(List.of("data", "data.planted"));
        }
        if (!overrides.mean().isEmpty()) {
            lines.keySet().removeIf(key -> key.endsWith(".mean"));
        }
        if (!overrides.std().isEmpty()) {
            lines.keySet().removeIf(key -> key.endsWith(".std"));
        }
        return new Places(lines, typed);
    }

    /** The line or the option that asked for something; empty where it is a default. */
    Optional<String> of(String key) {
        return Optional.ofNullable(lines.get(key)).or(() -> Optional.ofNullable(typed.get(key)));
    }

    /** Does what may fail for what stands behind one of these keys, of which the first that the recipe has is named. */
    <T> T checked(Supplier<T> work, String... keys) {
        try {
            return work.get();
        } catch (GraphException | DataException | EngineException | TrainException e) {
            throw located(e, String.valueOf(e.getMessage()), keys);
        }
    }

    /** The same of what returns nothing. */
    void check(Runnable work, String... keys) {
        checked(() -> {
            work.run();
            return true;
        }, keys);
    }

    /**
     * A failure with the line that asked for what failed, of the kind that it is; as it is where the recipe has none of the
     * keys, because it was typed, or is a default.
     */
    RuntimeException located(RuntimeException e, String problem, String... keys) {
        Optional<String> line = List.of(keys).stream().filter(lines::containsKey).findFirst().map(lines::get);
        if (line.isEmpty()) {
            return e;
        }
        String message = line.get() + ": " + problem;
        return switch (e) {
            case DataException d -> new DataException(message, d);
            case GraphException g -> new GraphException(message, g);
            case EngineException n -> new EngineException(message, n);
            default -> new TrainException(message, e);
        };
    }
}
