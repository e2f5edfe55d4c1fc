package dev.orbifold.engine;

/** What a {@link Program} is run for. */
public enum Mode {
    /** Batch normalization takes the batch's statistics and updates the running ones; Dropout drops. */
    TRAINING,
    /** Batch normalization takes the running statistics; Dropout passes everything. */
    EVALUATION
}
