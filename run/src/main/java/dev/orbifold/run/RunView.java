package dev.orbifold.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A Run being read, whether or not a process is working on it: takes no lock and changes nothing. */
public final class RunView {
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

    /** How the Run stands; one whose process is gone without a word counts as interrupted. */
    public RunState state() {
        return Json.convert(Json.read(folder.resolve(RunFolder.STATE)), RunState.class).seen();
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
