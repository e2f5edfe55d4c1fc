package dev.orbifold.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A Run being written: the folder with everything one command did, locked against other processes until it is closed.
 *
 * <p>
 * Everything but the metrics is written atomically, so whatever kills the process leaves a Run that {@link #resume}
 * continues.
 */
public final class RunFolder implements AutoCloseable {
    static final String SCHEMA = "orbifold.run/1";
    static final String RUN = "run.json";
    static final String CONFIGURATION = "configuration.json";
    static final String ENVIRONMENT = "environment.json";
    static final String SEEDS = "seeds.json";
    static final String INPUTS = "inputs.json";
    static final String METRICS = "metrics.jsonl";
    static final String FINDINGS = "findings.json";
    static final String RESULT = "result.json";
    static final String STATE = "state.json";
    static final String REPORT = "report.html";
    private static final String CHECKPOINTS = "checkpoints";
    private static final String MODELS = "models";
    private static final String TENSORBOARD = "tensorboard";
    /** What is there before {@link #RUN} makes the folder a Run: left by a process killed while creating it. */
    private static final Set<String> BEFORE_RUN = Set.of(RunLock.FILE, METRICS, CHECKPOINTS, MODELS, STATE);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    /**
     * What a Run is of.
     *
     * @param command such as {@code compress}
     * @param arguments behind the command, as typed
     */
    record Header(String schema, String orbifold, String command, List<String> arguments, Instant created) {
    }

    private final Path folder;
    private final RunLock lock;
    private final MetricsLog metrics;
    private final Checkpoints checkpoints;

    private RunFolder(Path folder, RunLock lock, MetricsLog metrics) {
        this.folder = folder;
        this.lock = lock;
        this.metrics = metrics;
        this.checkpoints = new Checkpoints(folder.resolve(CHECKPOINTS), metrics);
    }

    /** The folder used where the user names none: {@code <command>-<time>} below the given one, and not there yet. */
    public static Path fresh(Path below, String command) {
        String name = command + "-" + TIME.format(LocalDateTime.now(ZoneId.systemDefault()));
        Path folder = below.resolve(name);
        for (int i = 2; Files.exists(folder); i++) {
            folder = below.resolve(name + "-" + i);
        }
        return folder;
    }

    /**
     * Says whether {@link #create} would refuse the folder because of what lies there, without touching anything.
     *
     * @throws RunException if it is a Run already, a file, or a folder with something else in it
     */
    public static void checkFree(Path folder) {
        if (Files.exists(folder.resolve(RUN))) {
            throw new RunException(folder + " is a Run already; continue it with `" + Typed.command("resume", folder)
                    + "`, or choose another folder with --run");
        }
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new RunException(folder + " is a file, but a Run is a folder; choose another one with --run");
        }
        try (Stream<Path> files = Files.list(folder)) {
            List<String> names = files.map(file -> file.getFileName().toString()).toList();
            if (!names.isEmpty() && !(names.contains(RunLock.FILE) && BEFORE_RUN.containsAll(names))) {
                throw new RunException(
                        folder + " is not empty and not a Run; choose an empty or new folder with --run");
            }
        } catch (IOException e) {
            throw Storage.failure("list", folder, e);
        }
    }

    /**
     * Creates the folder, locks it and marks it as running. Called once the inputs have been checked.
     *
     * @param command such as {@code compress}
     * @param arguments behind the command, as typed
     * @throws RunException if the folder holds something already, or cannot be written
     */
    public static RunFolder create(Path folder, String command, List<String> arguments) {
        checkFree(folder);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw Storage.failure("create", folder, e);
        }
        RunFolder run = locked(folder);
        boolean created = false;
        try {
            checkFree(folder);
            run.state(RunState.Status.RUNNING, 0, Typed.command("resume", folder));
            run.json(RUN, new Header(SCHEMA, Environment.version(), command, List.copyOf(arguments), Instant.now()));
            created = true;
            return run;
        } finally {
            if (!created) {
                run.close();
            }
        }
    }

    /**
     * Opens an existing Run for writing and locks it; what a killed process left behind in its metrics is put in order.
     *
     * @throws RunException if there is no Run, or another process is working on it
     */
    public static RunFolder open(Path folder) {
        RunView.checkIsRun(folder);
        return locked(folder);
    }

    private static RunFolder locked(Path folder) {
        RunLock lock = RunLock.take(folder);
        boolean opened = false;
        try {
            Files.createDirectories(folder.resolve(CHECKPOINTS));
            Files.createDirectories(folder.resolve(MODELS));
            RunFolder run = new RunFolder(folder, lock, MetricsLog.open(folder.resolve(METRICS)));
            opened = true;
            return run;
        } catch (IOException e) {
            throw Storage.failure("create", folder, e);
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    /**
     * Goes back to the newest whole checkpoint: marks the Run as running and forgets the metrics written behind that
     * checkpoint, all of them where there is none. The caller closes the checkpoint.
     */
    public Optional<Checkpoint> resume() {
        state(RunState.Status.RUNNING, 0, Typed.command("resume", folder));
        Optional<Checkpoint> checkpoint = checkpoints.latest();
        metrics.cutTo(checkpoint.map(Checkpoint::metricsLength).orElse(0L));
        return checkpoint;
    }

    /** The folder. */
    public Path path() {
        return folder;
    }

    /** The same Run for reading. */
    public RunView view() {
        return RunView.of(folder);
    }

    /** The log of metrics. */
    public MetricsLog metrics() {
        return metrics;
    }

    /**
     * Keeps the numbers of all metrics, those there are and those to come, as TensorBoard reads them too, in the folder
     * {@code tensorboard}; a Run that goes on from a checkpoint forgets those behind it here as well.
     *
     * @throws RunException if that cannot be written
     */
    public void tensorboard() {
        metrics.mirror(folder.resolve(TENSORBOARD), view().created());
    }

    /** The checkpoints. */
    public Checkpoints checkpoints() {
        return checkpoints;
    }

    /** Where a model of this name belongs, for example {@code smaller.onnx}. */
    public Path model(String name) {
        return folder.resolve(MODELS).resolve(name);
    }

    /** Where the report belongs. */
    public Path report() {
        return folder.resolve(REPORT);
    }

    /** Records the resolved configuration: a record or a map. */
    public void configuration(Object configuration) {
        json(CONFIGURATION, configuration);
    }

    /** Records what the Run runs on. */
    public void environment(Environment environment) {
        json(ENVIRONMENT, environment);
    }

    /** Records the seeds by name. */
    public void seeds(Map<String, Long> seeds) {
        json(SEEDS, seeds);
    }

    /** Records the files the Run was given. */
    public void inputs(List<InputFile> inputs) {
        json(INPUTS, inputs);
    }

    /** Records the Findings, replacing those recorded before. */
    public void findings(List<?> findings) {
        json(FINDINGS, findings);
    }

    /** Records the result: a record or a map whose first field is {@code schema}. */
    public void result(Object result) {
        json(RESULT, result);
    }

    /** Records how the Run stands; see {@link RunState}. */
    public void state(RunState.Status status, int exitCode, String next) {
        json(STATE, RunState.now(status, exitCode, next));
    }

    private void json(String name, Object value) {
        Storage.write(folder.resolve(name), Json.pretty(value).getBytes(StandardCharsets.UTF_8));
    }

    /** Lets go of the Run; its state stays as recorded last. */
    @Override
    public void close() {
        try (lock; metrics) {
            return;
        }
    }
}
