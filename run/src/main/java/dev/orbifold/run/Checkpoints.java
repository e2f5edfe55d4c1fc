package dev.orbifold.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The states a Run can be continued from: one file each, the last two kept. */
public final class Checkpoints {
    private static final Pattern NAME = Pattern.compile("step-(\\d+)\\.checkpoint");
    private static final int KEPT = 2;

    /** Puts the sections of one checkpoint. */
    @FunctionalInterface
    public interface Content {
        /** Writes everything needed to continue from here. */
        void writeTo(CheckpointWriter writer) throws IOException;
    }

    private record Entry(Path file, long step) {
    }

    private final Path folder;
    private final MetricsLog metrics;

    Checkpoints(Path folder, MetricsLog metrics) {
        this.folder = folder;
        this.metrics = metrics;
    }

    /**
     * Writes a checkpoint durably and atomically, then deletes all but the last two. The metrics written so far belong to
     * it: those behind it are forgotten when the Run is continued from it.
     *
     * @param step optimizer steps done, over all phases
     * @throws RunException if the disk refuses; the checkpoints before it are untouched
     */
    public void write(long step, Content content) {
        metrics.force();
        long metricsLength = metrics.length();
        Path file = folder.resolve(String.format(Locale.ROOT, "step-%09d.checkpoint", step));
        Storage.write(file, channel -> {
            CheckpointWriter writer = new CheckpointWriter(channel);
            writer.begin();
            content.writeTo(writer);
            writer.end(step, metricsLength);
        });
        List<Entry> entries = entries();
        entries.stream().filter(entry -> entry.step() > step).forEach(Checkpoints::delete);
        entries.stream().filter(entry -> entry.step() <= step).skip(KEPT).forEach(Checkpoints::delete);
    }

    /** The newest checkpoint that is whole; the caller closes it. */
    public Optional<Checkpoint> latest() {
        for (Entry entry : entries()) {
            Optional<Checkpoint> checkpoint = Checkpoint.open(entry.file());
            if (checkpoint.isPresent()) {
                return checkpoint;
            }
        }
        return Optional.empty();
    }

    /** The checkpoints that are newer than the newest whole one, and so damaged: what they held is lost. */
    public List<Path> damaged() {
        List<Path> damaged = new ArrayList<>();
        for (Entry entry : entries()) {
            try (Checkpoint whole = Checkpoint.open(entry.file()).orElse(null)) {
                if (whole != null) {
                    break;
                }
                damaged.add(entry.file());
            }
        }
        return damaged;
    }

    /** Deletes all checkpoints, once the Run is done and none is needed any more. */
    public void clear() {
        entries().forEach(Checkpoints::delete);
    }

    private List<Entry> entries() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.flatMap(file -> {
                Matcher matcher = NAME.matcher(file.getFileName().toString());
                return matcher.matches() ? Stream.of(new Entry(file, Long.parseLong(matcher.group(1)))) : Stream.of();
            }).sorted(Comparator.comparingLong(Entry::step).reversed()).toList();
        } catch (IOException e) {
            throw Storage.failure("list", folder, e);
        }
    }

    private static void delete(Entry entry) {
        try {
            Files.deleteIfExists(entry.file());
        } catch (IOException e) {
            throw Storage.failure("delete", entry.file(), e);
        }
    }
}
