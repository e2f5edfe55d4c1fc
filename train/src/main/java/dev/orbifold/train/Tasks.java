package dev.orbifold.train;

import dev.orbifold.engine.DataSet;
import dev.orbifold.engine.Part;
import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

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
     * @throws TrainException if they are not equally large
     */
    static List<Task> open(Recipe recipe, Objective objective, Seed seed) {
        Tasks tasks = recipe.tasks();
        DataSet first = recipe.data().open(seed.split("data"), objective.input());
        List<Task> all = new ArrayList<>();
        all.add(task(first, recipe, objective, seed));
        for (int t = 1; t < tasks.permuted(); t++) {
            int[] order = order(Math.toIntExact(first.train().itemBytes() / first.train().inputType().bytes()),
                    seed.split("tasks").split(t).generator());
            all.add(task(new DataSet(first.train().permuted(order), first.test().permuted(order)), recipe, objective,
                    seed));
        }
        for (DataSource next : tasks.then()) {
            DataSet data = next.open(seed.split("data").split(all.size()), objective.input());
            all.add(task(data, recipe, objective, seed));
            int found = all.getLast().fit().size();
            int expected = all.getFirst().fit().size();
            if (found != expected) {
                throw new TrainException("tasks must be equally large: " + recipe.data().words() + " has " + expected
                        + " samples to train on, " + next.words() + " has " + found);
            }
        }
        return all;
    }

    private static Task task(DataSet data, Recipe recipe, Objective objective, Seed seed) {
        Part train = data.train().size() <= recipe.samples() ? data.train()
                : data.train().select(IntStream.of(order(data.train().size(), seed.split("samples").generator()))
                        .limit(recipe.samples()).sorted().toArray());
        Optional<Part.Split> split = recipe.heldOut() > 0
                ? Optional.of(train.split(recipe.heldOut(), seed.split("held-out"))) : Optional.empty();
        return new Task(objective.posed(split.map(Part.Split::kept).orElse(train)),
                split.map(Part.Split::held).map(objective::posed),
                new DataSet(objective.posed(data.train()), objective.posed(data.test())));
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
