package dev.orbifold.train;

import dev.orbifold.graph.Finding;
import dev.orbifold.run.Checkpoint;
import dev.orbifold.run.CheckpointWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/** What a checkpoint of a compression holds, bit for bit. */
final class Snapshot {
    private static final String POSITION = "position";

    private Snapshot() {
    }

    /**
     * Where training stands.
     *
     * @param step steps done
     * @param removals how many times units were taken out: the number of the Graph's file in the Run
     * @param constrained whether gates are on
     * @param maxError largest difference any removal made
     * @param score held-out accuracy, or minus the loss
     * @param optimizerSteps steps the optimizer counts
     * @param good whether a network that is good enough lies in the Run
     * @param paused whether the budget waits for the accuracy to come back
     * @param granted steps the budget has moved on for
     * @param findings so far
     * @param sums of the journal
     */
    record Position(long step, int removals, boolean constrained, double maxError, double score, long optimizerSteps,
            boolean good, boolean paused, long granted, List<Finding> findings, Journal.Sums sums) {
    }

    static void write(CheckpointWriter writer, Stage stage, Position position) throws IOException {
        writer.putJson(POSITION, position);
        for (Map.Entry<String, MemorySegment> section : stage.student().weights().sections().entrySet()) {
            writer.put(section.getKey(), section.getValue());
        }
        for (Map.Entry<String, MemorySegment> section : stage.student().optimizer().sections().entrySet()) {
            writer.put(section.getKey(), section.getValue());
        }
        if (stage.steered().isPresent()) {
            writer.put("gates", MemorySegment.ofArray(stage.steered().get().gates().state()));
            writer.put("steering", MemorySegment.ofArray(stage.steered().get().steering().state()));
        }
    }

    static Position position(Checkpoint checkpoint) {
        return checkpoint.json(POSITION, Position.class);
    }

    static void restore(Checkpoint checkpoint, Stage stage, Position position) {
        stage.student().weights().restore(checkpoint::segment);
        stage.student().optimizer().restore(checkpoint::segment, position.optimizerSteps());
        stage.steered().ifPresent(s -> {
            s.gates().restore(doubles(checkpoint.segment("gates")));
            s.steering().restore(doubles(checkpoint.segment("steering")));
        });
    }

    private static double[] doubles(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_DOUBLE);
    }
}
