package dev.orbifold.train;

import dev.orbifold.engine.DataException;
import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.MisfitException;
import dev.orbifold.engine.NormalizationException;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What one network is trained on one after the other.
 *
 * @param permuted how many tasks there are where each has the data with the numbers of all items in another order, drawn by
 *        the seed; the first keeps the data's own. 1 where they do not
 * @param then further data, each a task after the first
 */
public record Tasks(int permuted, List<DataSource> then) {
    /** Copies the list. */
    public Tasks {
        then = List.copyOf(then);
    }

    /** The data alone. */
    static Tasks one() {
        return new Tasks(1, List.of());
    }

    /** How many there are. */
    public int count() {
        return Math.max(permuted, 1 + then.size());
    }

    /**
     * One of them.
     *
     * @param fit what is trained on
     * @param held what is held out of it
     * @param data both parts, before anything is held out
     */
    record Task(Part fit, Optional<Part> held, DataSet data) {
    }

    /**
     * Opens them.
     *
     * @throws TrainException if they are not equally large; names the line
     * @throws DataException if they cannot be read, or do not fit; names the line
     */
    static List<Task> open(Recipe recipe, Objective objective, Seed seed) {
        Tasks tasks = recipe.tasks();
        DataSet first = opened(recipe, 0, seed.split("data"), objective);
        List<Task> all = new ArrayList<>();
        all.add(task(first, recipe, 0, objective, seed));
        for (int t = 1; t < tasks.permuted(); t++) {
            int[] order = order(Math.toIntExact(first.train().itemBytes() / first.train().inputType().bytes()),
                    seed.split("tasks").split(t).generator());
            DataSet moved = recipe.places().checked(
                    () -> new DataSet(first.train().permuted(order), first.test().permuted(order)), "tasks.permuted");
            all.add(task(moved, recipe, 0, objective, seed));
        }
        for (DataSource next : tasks.then()) {
            int number = all.size();
            DataSet data = opened(recipe, number, seed.split("data").split(number), objective);
            all.add(task(data, recipe, number, objective, seed));
            int found = all.getLast().fit().size();
            int expected = all.getFirst().fit().size();
            if (found != expected) {
                TrainException uneven = new TrainException("tasks must be equally large: " + recipe.data().words()
                        + " has " + expected + " samples to train on, " + next.words() + " has " + found);
                throw recipe.places().located(uneven, String.valueOf(uneven.getMessage()), keys(recipe, number));
            }
        }
        return all;
    }

    /** The keys that say which data a task has, the most exact first. */
    private static String[] keys(Recipe recipe, int task) {
        String listed = "tasks.then[" + (task - 1) + "]";
        String key = task == 0 ? "data" : recipe.places().of(listed).isPresent() ? listed : "tasks.then";
        return new String[] {key + ".path", key + ".planted", key};
    }

    /** The data of a task; what is wrong with them is said with the line that asks for them. */
    private static DataSet opened(Recipe recipe, int task, Seed seed, Objective objective) {
        DataSource source = task == 0 ? recipe.data() : recipe.tasks().then().get(task - 1);
        String[] keys = keys(recipe, task);
        try {
            return source.open(seed, objective.input());
        } catch (NormalizationException e) {
            throw recipe.places().located(e, e.problem(), keys[2] + "." + e.number());
        } catch (MisfitException e) {
            throw recipe.places().located(e, String.valueOf(e.getMessage()), fitting(keys));
        } catch (DataException e) {
            throw recipe.places().located(e, String.valueOf(e.getMessage()), keys);
        }
    }

    /** What does not fit together: a network that is described, or else data, or a model. */
    private static String[] fitting(String... data) {
        return Stream.of(Stream.of("network"), Arrays.stream(data), Stream.of("model")).flatMap(s -> s)
                .toArray(String[]::new);
    }

    /**
     * Checks that a Graph can be asked about all tasks, and trained as the recipe says.
     *
     * @throws TrainException if it cannot; names the line
     * @throws DataException if it has too few classes; names the line
     */
    static void requireFit(List<Task> tasks, Graph graph, Objective objective, Recipe recipe) {
        Places places = recipe.places();
        places.check(objective::requireFreeBatch, "model");
        for (int t = 0; t < tasks.size(); t++) {
            DataSet data = tasks.get(t).data();
            String[] keys = keys(recipe, recipe.tasks().permuted() > 1 ? 0 : t);
            List<String> asked = new ArrayList<>(List.of(fitting(keys)));
            if (recipe.loss() != CompressOptions.LossKind.CROSS_ENTROPY) {
                asked.addFirst("loss");
            }
            places.check(() -> objective.requireTargets(data), "loss", keys[0], keys[2], "model");
            places.check(() -> objective.requireAnswers(graph, data), asked.toArray(String[]::new));
        }
        Part fit = tasks.getFirst().fit();
        if (recipe.augment() != CompressOptions.Augment.NONE && !fit.isImages()) {
            TrainException none = new TrainException("only images can be shifted and flipped, and the items of "
                    + fit.source() + " are given to the network as none; leave it out");
            throw places.located(none, String.valueOf(none.getMessage()), "augment");
        }
    }

    private static Task task(DataSet data, Recipe recipe, int number, Objective objective, Seed seed) {
        Places places = recipe.places();
        String[] keys = keys(recipe, number);
        Part train = data.train().size() <= recipe.samples() ? data.train()
                : data.train().select(IntStream.of(order(data.train().size(), seed.split("samples").generator()))
                        .limit(recipe.samples()).sorted().toArray());
        Optional<Part.Split> split = recipe.heldOut() > 0
                ? Optional.of(places.checked(() -> train.split(recipe.heldOut(), seed.split("held-out")),
                        train == data.train() ? "held-out" : "samples", "held-out", keys[0], keys[2]))
                : Optional.empty();
        return places.checked(() -> new Task(objective.posed(split.map(Part.Split::kept).orElse(train)),
                split.map(Part.Split::held).map(objective::posed),
                new DataSet(objective.posed(data.train()), objective.posed(data.test()))), keys);
    }

    private static int[] order(int size, RandomGenerator random) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
