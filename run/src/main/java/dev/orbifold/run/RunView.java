package dev.orbifold.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A Run being read, whether or not a process is working on it: takes no lock and changes nothing. */
public final class RunView {
    private static final long LATEST = 1 << 16;

    private final Path folder;

    private RunView(Path folder) {
        this.folder = folder;
    }

    /**
     * Opens a Run for reading.
     *
     * @throws RunException if there is no Run
     */
    public static RunView of(Path folder) {
        checkIsRun(folder);
        return new RunView(folder);
    }

    static void checkIsRun(Path folder) {
        if (!Files.isRegularFile(folder.resolve(RunFolder.RUN))) {
            throw new RunException((Files.isDirectory(folder) ? folder + " is not a Run: it has no " + RunFolder.RUN
                    : "there is no Run " + folder) + "; name the folder a command printed or was given with --run");
        }
        String schema = Json.read(folder.resolve(RunFolder.RUN)).path("schema").asText();
        if (!RunFolder.SCHEMA.equals(schema)) {
            throw new RunException(folder + " is a Run of schema \"" + schema + "\", but this version reads \""
                    + RunFolder.SCHEMA + "\"; use the version of Orbifold that wrote it");
        }
    }

    /** The folder. */
    public Path path() {
        return folder;
    }

    /** Such as {@code compress}. */
    public String command() {
        return header().command();
    }

    /** The version of Orbifold that began it. */
    public String version() {
        return header().orbifold();
    }

    /** What stood behind the command. */
    public List<String> arguments() {
        return header().arguments();
    }

    /** When the Run was created. */
    public Instant created() {
        return header().created();
    }

    private RunFolder.Header header() {
        return Json.convert(Json.read(folder.resolve(RunFolder.RUN)), RunFolder.Header.class);
    }

    /**
     * How the Run stands; one whose process is gone without a word counts as interrupted.
     *
     * @throws RunException if its file does not say so
     */
    public RunState state() {
        Path file = folder.resolve(RunFolder.STATE);
        JsonNode tree = Json.read(file);
        if (!tree.path("status").isTextual()) {
            throw new RunException(file + " does not say how the Run stands: it has no status");
        }
        return Json.convert(tree, RunState.class).seen();
    }

    /** The resolved configuration. */
    public Optional<JsonNode> configuration() {
        return json(RunFolder.CONFIGURATION);
    }

    /**
     * The resolved configuration as the record it was written from.
     *
     * @throws RunException if there is none, or it does not fit
     */
    public <T> T configuration(Class<T> type) {
        return Json.convert(Json.read(folder.resolve(RunFolder.CONFIGURATION)), type);
    }

    /** What the Run ran on. */
    public Optional<Environment> environment() {
        return json(RunFolder.ENVIRONMENT).map(tree -> Json.convert(tree, Environment.class));
    }

    /** The seeds by name. */
    public Optional<JsonNode> seeds() {
        return json(RunFolder.SEEDS);
    }

    /** The files the Run was given. */
    public List<InputFile> inputs() {
        return json(RunFolder.INPUTS).map(tree -> List.of(Json.convert(tree, InputFile[].class))).orElse(List.of());
    }

    /** The Findings; empty where none were recorded yet, which is not the same as an empty list. */
    public Optional<JsonNode> findings() {
        return json(RunFolder.FINDINGS);
    }

    /** The result. */
    public Optional<JsonNode> result() {
        return json(RunFolder.RESULT);
    }

    /**
     * The metrics, one tree per line; a last line torn by a crash is left out.
     *
     * @throws RunException if another line is not JSON
     */
    public List<JsonNode> metrics() {
        Path file = folder.resolve(RunFolder.METRICS);
        if (!Files.exists(file)) {
            return List.of();
        }
        String text;
        try {
            text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw Storage.failure("read", file, e);
        }
        List<JsonNode> lines = new ArrayList<>();
        for (int start = 0, end = text.indexOf('\n'); end >= 0; start = end + 1, end = text.indexOf('\n', start)) {
            try {
                lines.add(Json.parse(text.substring(start, end)));
            } catch (RunException e) {
                throw new RunException(file + ", line " + (lines.size() + 1) + ": " + e.getMessage(), e);
            }
        }
        return lines;
    }

    /**
     * The last lines of the metrics, as far as they fit 64 KiB, without those that are not JSON.
     *
     * @throws RunException if the file is there and cannot be read
     */
    public List<JsonNode> latestMetrics() {
        MetricsTail tail = tail();
        tail.skipTo(LATEST);
        tail.advance();
        return tail.lines();
    }

    /** When the state, the Findings and the result were written, and how long the metrics are; 0 for what is not there. */
    public List<Long> stamps() {
        return List.of(written(RunFolder.STATE), written(RunFolder.FINDINGS), written(RunFolder.RESULT),
                folder.resolve(RunFolder.METRICS).toFile().length());
    }

    private long written(String name) {
        return folder.resolve(name).toFile().lastModified();
    }

    /** The same metrics, to be looked at again and again while they grow. */
    public MetricsTail tail() {
        return new MetricsTail(folder.resolve(RunFolder.METRICS));
    }

    /** The Runs of an experiment's trainings, {@code trials/*}, in the order in which they are done; none elsewhere. */
    public List<RunView> trials() {
        Path trials = folder.resolve("trials");
        if (!Files.isDirectory(trials)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(trials)) {
            return folders.filter(trial -> Files.isRegularFile(trial.resolve(RunFolder.RUN)))
                    .sorted(Comparator.comparing(RunView::order, Arrays::compare).thenComparing(Path::compareTo))
                    .map(RunView::of).toList();
        } catch (IOException e) {
            throw Storage.failure("list", trials, e);
        }
    }

    /** {@code 2-10-0} is series 2, value 10, seed 0; seeds come first, as in training. */
    private static long[] order(Path trial) {
        String name = String.valueOf(trial.getFileName());
        if (!name.matches("\\d{1,9}-\\d{1,9}-\\d{1,18}")) {
            return new long[0];
        }
        String[] parts = name.split("-", -1);
        return new long[] {Long.parseLong(parts[2]), Long.parseLong(parts[0]), Long.parseLong(parts[1])};
    }

    /** Where the report belongs. */
    public Path report() {
        return folder.resolve(RunFolder.REPORT);
    }

    /** Where models are written. */
    public Path models() {
        return folder.resolve("models");
    }

    private Optional<JsonNode> json(String name) {
        Path file = folder.resolve(name);
        return Files.exists(file) ? Optional.of(Json.read(file)) : Optional.empty();
    }
}
